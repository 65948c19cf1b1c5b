//! Numbers that a corpus says of a clip: ratings in a table, levels of intensity.

use super::{Clip, spelling::nearest};
use crate::error::{Error, Result};

/// The column of the acted intensity, on a scale from 0 to 1.
pub const INTENSITY: &str = "intensity";

/// What the columns begin with that say how many listeners heard a class.
pub const VOTES_PREFIX: &str = "votes_";

/// The column of how many listeners there were.
pub const LISTENERS: &str = "listeners";

/// Levels of intensity by their names. A level is the middle of its part of the scale from 0 to 1 that the levels of its corpus
/// cut into equal parts: the second of RAVDESS's two is 0.75, the second of CREMA-D's three 0.5. So levels of corpora that
/// have another number of them stand on one scale.
const LEVELS: [(&str, f64); 5] =
    [("normal", 0.25), ("strong", 0.75), ("low", 1.0 / 6.0), ("medium", 0.5), ("high", 5.0 / 6.0)];

/// What a cell says.
#[derive(Debug, Clone, PartialEq)]
pub enum Number {
    /// Nothing: it is empty, or the corpus does not have it of this clip.
    Missing,
    /// A finite number.
    Is(f64),
    /// Something else, as it is written.
    Other(String),
}

/// The column whose name is most like this one, where any is.
#[must_use]
pub fn nearest_column<'a>(name: &str, columns: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    nearest(name, columns)
}

/// The place of a level of intensity on the scale from 0 to 1.
#[must_use]
pub fn level(name: &str) -> Option<f64> {
    LEVELS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, level)| *level)
}

/// Where a row of the table lists a clip again with another number: an error, for whoever learns from the column.
///
/// # Errors
///
/// [`Error::Data`] naming both rows, the column and both cells.
pub fn settled(clip: &Clip, column: &str) -> Result<()> {
    let Some((row, other)) = clip.contested(column) else { return Ok(()) };
    let ours = match clip.number(column) {
        Number::Is(value) => value.to_string(),
        Number::Other(cell) => format!("\"{cell}\""),
        Number::Missing => "empty".to_owned(),
    };
    let other = if other.trim().is_empty() { "empty" } else { other };
    Err(Error::Data(format!(
        "{}: {column} is {ours}, and {other} in row {row}, which lists the same clip again: write one row a clip, as with the mean of \
         its ratings or the sum of its votes",
        clip.place()
    )))
}

/// What to write in place of a cell that has a decimal comma; nothing of any other.
#[must_use]
pub fn with_a_point(cell: &str) -> Option<String> {
    let pointed = cell.trim().replace(',', ".");
    (cell.matches(',').count() == 1 && pointed.parse::<f64>().is_ok_and(f64::is_finite)).then_some(pointed)
}

impl Clip {
    /// Whether another row of the table lists the clip again and says something else in a column: that row's number, and what
    /// it says.
    #[must_use]
    pub fn contested(&self, column: &str) -> Option<(usize, &str)> {
        let lower = column.to_lowercase();
        let found = self.meta.contested.iter().find(|(name, _)| name.to_lowercase() == lower);
        let (row, cell) = found.map(|(_, (row, cell))| (*row, cell.as_str()))?;
        (self.number(column) != read(cell)).then_some((row, cell))
    }

    /// The number in a column: one of a table's own columns by its name in any case, or `age`, `intensity` (a number, or one
    /// of the levels that [`level`] knows), `repetition`.
    #[must_use]
    pub fn number(&self, column: &str) -> Number {
        let meta = &self.meta;
        let lower = column.to_lowercase();
        let own = || {
            meta.extra
                .get(column)
                .or_else(|| meta.extra.iter().find(|(name, _)| name.to_lowercase() == lower).map(|(_, cell)| cell))
        };
        let whole = |number: Option<u32>| number.map(|number| Number::Is(f64::from(number)));
        let known = match lower.as_str() {
            "age" => whole(meta.age),
            "repetition" => whole(meta.repetition),
            INTENSITY => meta.intensity.as_deref().map(|cell| match level(cell) {
                Some(level) => Number::Is(level),
                None => read(cell),
            }),
            _ => None,
        };
        known.unwrap_or_else(|| own().map_or(Number::Missing, |cell| read(cell)))
    }

    /// The columns that [`Clip::number`] knows of this clip.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        let meta = &self.meta;
        let known = [
            ("age", meta.age.is_some()),
            (INTENSITY, meta.intensity.is_some()),
            ("repetition", meta.repetition.is_some()),
        ];
        let known = known.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| name);
        known.chain(meta.extra.keys().map(String::as_str))
    }

    /// Where a message finds the clip: its id, and its row where a table lists it.
    #[must_use]
    pub fn place(&self) -> String {
        match self.meta.row {
            Some(row) => format!("{} (row {row} of the table)", self.id),
            None => self.id.clone(),
        }
    }
}

/// A cell as programs write it: `nan` is what an empty one becomes.
fn read(cell: &str) -> Number {
    let cell = cell.trim();
    if ["", "nan", "na", "none", "null"].contains(&cell.to_ascii_lowercase().as_str()) {
        return Number::Missing;
    }
    match cell.parse::<f64>() {
        Ok(number) if number.is_finite() => Number::Is(number),
        _ => Number::Other(cell.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Metadata, Source};

    #[test]
    fn cells_are_numbers_levels_nothing_or_what_is_written() {
        let cells = [("Arousal", "3.5"), ("valence", " nan "), ("x", "high"), ("y", "inf"), ("z", "1e-3")];
        let meta = Metadata {
            intensity: Some("Medium".into()),
            age: Some(31),
            extra: cells.map(|(name, cell)| (name.to_owned(), cell.to_owned())).into(),
            ..Metadata::default()
        };
        let source = Source::File("a.wav".into());
        let clip =
            Clip { id: "c/s/a".into(), corpus: "c".into(), speaker: "s".into(), emotion: "sad".into(), source, meta };
        for (column, expected) in [
            ("arousal", Number::Is(3.5)),
            ("valence", Number::Missing),
            ("dominance", Number::Missing),
            ("x", Number::Other("high".into())),
            ("y", Number::Other("inf".into())),
            ("z", Number::Is(0.001)),
            ("age", Number::Is(31.0)),
            ("intensity", Number::Is(0.5)),
        ] {
            assert_eq!(clip.number(column), expected, "{column}");
        }
        assert_eq!(clip.columns().collect::<Vec<_>>(), ["age", "intensity", "Arousal", "valence", "x", "y", "z"]);
        assert!(level("strong") > level("normal") && level("loud").is_none());
    }
}
