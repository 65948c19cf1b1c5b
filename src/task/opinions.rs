//! What others hold a clip's class to be, read from the columns that `task.opinions` names.

use super::TaskConfig;
use crate::{
    config::LabelsConfig,
    corpus::{Clip, Number, nearest_column, settled},
    error::{Error, Result},
};

/// What stands between the classes of a tie, as in CREMA-D's tables.
const TIE: char = ':';

impl TaskConfig {
    /// Checks what needs no clips.
    pub(super) fn validate_opinions(&self) -> Result<()> {
        for (at, column) in self.opinions.iter().enumerate() {
            let lower = column.to_lowercase();
            if self.opinions[..at].iter().any(|other| other.to_lowercase() == lower) {
                return Err(Error::Config(format!("task.opinions names {column} twice")));
            }
        }
        Ok(())
    }

    /// What each clip is taught as, a share of each class: the mean of its class and of what its cells in the columns of
    /// `task.opinions` say; nothing where no columns are named. A cell names a class or emotion, whole or by a beginning that no
    /// other class has (`A`), or several in a tie (`A:D`); an empty one says nothing, and neither does an emotion that `[labels]`
    /// drops.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where no clip has a cell in one of the columns; [`Error::Data`] naming the clip with its row, the column
    /// and the cell where that is no class, or where another row says something else.
    pub fn read_opinions(
        &self,
        clips: &[Clip],
        labels: &[usize],
        classes: &[String],
        rule: &LabelsConfig,
    ) -> Result<Option<Vec<Vec<f32>>>> {
        if self.opinions.is_empty() {
            return Ok(None);
        }
        let mut said = vec![0; self.opinions.len()];
        let mut shares = Vec::with_capacity(clips.len());
        for (clip, &label) in clips.iter().zip(labels) {
            let mut sum = vec![0f64; classes.len()];
            sum[label] = 1.0;
            let mut opinions = 1.0;
            for (column, said) in self.opinions.iter().zip(&mut said) {
                settled(clip, column)?;
                let cell = match clip.number(column) {
                    Number::Missing => continue,
                    Number::Is(number) => number.to_string(),
                    Number::Other(cell) => cell,
                };
                let named = named(&cell, classes, rule).map_err(|problem| {
                    let place = clip.place();
                    Error::Data(format!("{place}: {column} = \"{cell}\", a column of task.opinions: {problem}"))
                })?;
                *said += 1;
                if named.is_empty() {
                    continue;
                }
                opinions += 1.0;
                named.iter().for_each(|&class| sum[class] += 1.0 / named.len() as f64);
            }
            shares.push(sum.into_iter().map(|sum| (sum / opinions) as f32).collect());
        }
        match self.opinions.iter().zip(said).find(|(_, said)| *said == 0) {
            None => Ok(Some(shares)),
            Some((column, _)) => {
                let known: std::collections::BTreeSet<&str> = clips.iter().flat_map(Clip::columns).collect();
                let near = nearest_column(column, known.iter().copied());
                let near = near.map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default();
                Err(Error::Config(format!(
                    "task.opinions: no clip has anything in the column {column}{near}; there are {}. CREMA-D has its votes in \
                     processedResults/summaryTable.csv",
                    if known.is_empty() { "none".to_owned() } else { known.into_iter().collect::<Vec<_>>().join(", ") }
                )))
            }
        }
    }
}

/// The classes that a cell names, places in `classes`.
fn named(cell: &str, classes: &[String], rule: &LabelsConfig) -> std::result::Result<Vec<usize>, String> {
    let mut named = Vec::new();
    for part in cell.split(TIE).map(str::trim) {
        let lower = part.to_lowercase();
        let begins = |class: &&String| class.to_lowercase().starts_with(&lower);
        let at = |name: &str| classes.iter().position(|class| class.to_lowercase() == name.to_lowercase());
        let wrong = |problem: &str| Err(format!("\"{part}\" {problem} ({}): mend the table", classes.join(", ")));
        if lower.is_empty() {
            return wrong("names none of the classes");
        }
        if let Some(class) = at(part) {
            named.push(class);
            continue;
        }
        // What the map makes of it, as of the emotions of clips.
        match rule.classes_of([part]).iter().next() {
            None => continue,
            Some(class) => {
                if let Some(class) = at(class) {
                    named.push(class);
                    continue;
                }
            }
        }
        match classes.iter().filter(begins).collect::<Vec<_>>()[..] {
            [class] => named.extend(at(class)),
            [] => return wrong("names none of the classes"),
            _ => return wrong("is the beginning of several classes"),
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Metadata, Source};

    fn clip(cells: &[(&str, &str)]) -> Clip {
        let extra = cells.iter().map(|(column, cell)| ((*column).to_owned(), (*cell).to_owned())).collect();
        Clip {
            id: "c/s/1".into(),
            corpus: "c".into(),
            speaker: "s".into(),
            emotion: "angry".into(),
            source: Source::File("1.wav".into()),
            meta: Metadata { extra, row: Some(7), ..Metadata::default() },
        }
    }

    fn read(cells: &[&[(&str, &str)]], opinions: &[&str]) -> Result<Option<Vec<Vec<f32>>>> {
        let config =
            TaskConfig { opinions: opinions.iter().map(ToString::to_string).collect(), ..TaskConfig::default() };
        config.validate()?;
        let clips: Vec<Clip> = cells.iter().map(|cells| clip(cells)).collect();
        let classes = ["angry", "disgust", "sad", "surprise"].map(String::from);
        let map = [("bored".to_owned(), "drop".to_owned()), ("cross".to_owned(), "angry".to_owned())].into();
        let rule = LabelsConfig { map, ..LabelsConfig::default() };
        config.read_opinions(&clips, &vec![0; clips.len()], &classes, &rule)
    }

    #[test]
    fn a_clip_is_taught_as_the_mean_of_its_class_and_of_what_others_say() {
        assert_eq!(read(&[&[]], &[]).unwrap(), None);
        let shares = read(
            &[
                &[("Voice", "D"), ("face", "angry")],
                &[("voice", "A:D"), ("face", "")],
                &[("Voice", "bored")],
                &[("Voice", "Cross"), ("face", "SAD")],
                &[],
            ],
            &["voice", "face"],
        );
        let third = 1.0 / 3.0;
        let expected = [
            [2.0 * third, third, 0.0, 0.0],
            [0.75, 0.25, 0.0, 0.0],
            [1.0, 0.0, 0.0, 0.0],
            [2.0 * third, 0.0, third, 0.0],
            [1.0, 0.0, 0.0, 0.0],
        ];
        for (ours, expected) in shares.unwrap().unwrap().iter().zip(expected) {
            assert!(ours.iter().zip(expected).all(|(a, b): (&f32, f32)| (a - b).abs() < 1e-6), "{ours:?} {expected:?}");
        }
    }

    #[test]
    fn what_is_no_class_is_an_error_that_names_the_cell() {
        let error = |cells: &[&[(&str, &str)]], opinions: &[&str]| read(cells, opinions).unwrap_err().to_string();
        let ambiguous = error(&[&[("voice", "S")]], &["voice"]);
        assert!(ambiguous.contains("row 7") && ambiguous.contains("voice = \"S\""), "{ambiguous}");
        assert!(ambiguous.contains("several classes (angry, disgust, sad, surprise)"), "{ambiguous}");
        assert!(error(&[&[("voice", "x")]], &["voice"]).contains("names none of the classes"));
        assert!(error(&[&[("voice", "3")]], &["voice"]).contains("voice = \"3\""));
        assert!(error(&[&[("voice", "A:")]], &["voice"]).contains("names none"));
        let absent = error(&[&[("voice", "A")]], &["voices"]);
        assert!(absent.contains("did you mean \"voice\""), "{absent}");
        assert!(error(&[&[]], &["voice", "Voice"]).contains("twice"));
    }
}
