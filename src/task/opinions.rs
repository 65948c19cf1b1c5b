//! What others hold a clip's class to be, read from the columns that `task.opinions` names.

use std::collections::{BTreeMap, BTreeSet};

use super::TaskConfig;
use crate::{
    corpus::{Clip, Number, nearest_column, settled},
    error::{Error, Result},
};

/// What stands between the classes of a tie, as in CREMA-D's tables.
const TIE: char = ':';

/// What clips are taught as.
#[derive(Debug, Clone, PartialEq)]
pub struct Opinions {
    /// A share of each class, of each clip: the mean of its class and of what others say.
    pub shares: Vec<Vec<f32>>,
    /// Whether others say anything of the clip.
    pub given: Vec<bool>,
}

impl TaskConfig {
    /// Checks what needs no clips.
    pub(super) fn validate_opinions(&self) -> Result<()> {
        for (at, column) in self.opinions.iter().enumerate() {
            let lower = column.to_lowercase();
            if column.trim().is_empty() {
                return Err(Error::Config(format!("task.opinions: \"{column}\" is no column's name")));
            }
            if self.opinions[..at].iter().any(|other| other.to_lowercase() == lower) {
                return Err(Error::Config(format!("task.opinions names {column} twice")));
            }
        }
        Ok(())
    }

    /// What each clip is taught as; nothing where `task.opinions` names no columns. A cell names an emotion, of which `class_of` makes a
    /// class as `[labels]` does of clips' own, or a class, whole or by a beginning that means no other class (`A`), or several in a tie
    /// (`A:D`); an empty one says nothing, and neither does an emotion that `[labels]` leaves out. `emotions` are those of each corpus,
    /// whether they are left out or not: a beginning is that of one of the clip's own corpus.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where no clip has an opinion in one of the columns; [`Error::Data`] naming the clip with its row, the column
    /// and the cell where that is no class, or where another row says something else.
    pub fn read_opinions(
        &self,
        clips: &[Clip],
        labels: &[usize],
        classes: &[String],
        class_of: &dyn Fn(&str) -> Option<String>,
        emotions: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Option<Opinions>> {
        if self.opinions.is_empty() {
            return Ok(None);
        }
        let all: BTreeSet<&str> = emotions.values().flatten().map(String::as_str).collect();
        let none = BTreeSet::new();
        let mut said = vec![0; self.opinions.len()];
        let (mut shares, mut given) = (Vec::with_capacity(clips.len()), Vec::with_capacity(clips.len()));
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
                let own = emotions.get(&clip.corpus).unwrap_or(&none);
                let named = Words { all: &all, own, classes, class_of }.named(&cell).map_err(|problem| {
                    let place = clip.place();
                    Error::Data(format!("{place}: {column} = \"{cell}\", a column of task.opinions: {problem}"))
                })?;
                if named.is_empty() {
                    continue;
                }
                *said += 1;
                opinions += 1.0;
                named.iter().for_each(|&class| sum[class] += 1.0 / named.len() as f64);
            }
            shares.push(sum.into_iter().map(|sum| (sum / opinions) as f32).collect());
            given.push(opinions > 1.0);
        }
        match self.opinions.iter().zip(said).find(|(_, said)| *said == 0) {
            None => Ok(Some(Opinions { shares, given })),
            Some((column, _)) => Err(nothing_in(column, clips)),
        }
    }
}

/// Why a column has no opinions.
fn nothing_in(column: &str, clips: &[Clip]) -> Error {
    let known: BTreeSet<&str> = clips.iter().flat_map(Clip::columns).collect();
    let lower = column.to_lowercase();
    let problem = if ["path", "emotion", "speaker"].contains(&lower.as_str()) {
        format!("{column} is what the clips have by themselves, and no other opinion")
    } else if known.iter().any(|name| name.to_lowercase() == lower) {
        format!("the column {column} says of no clip which of the classes it is")
    } else {
        let near = nearest_column(column, known.iter().copied());
        let near = near.map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default();
        let known: Vec<&str> = known.into_iter().collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        format!(
            "no clip has the column {column}{near}; there are {known}. CREMA-D has its votes in processedResults/summaryTable.csv"
        )
    };
    Error::Config(format!("task.opinions: {problem}"))
}

/// What cells may say.
struct Words<'a> {
    /// The emotions of all corpora.
    all: &'a BTreeSet<&'a str>,
    /// Those of the clip's corpus.
    own: &'a BTreeSet<String>,
    classes: &'a [String],
    class_of: &'a dyn Fn(&str) -> Option<String>,
}

impl Words<'_> {
    /// The classes that a cell names, places among the classes.
    fn named(&self, cell: &str) -> std::result::Result<Vec<usize>, String> {
        let mut named = Vec::new();
        for part in cell.split(TIE).map(str::trim) {
            named.extend(self.class(part)?);
        }
        Ok(named)
    }

    /// The class that a word means; nothing where `[labels]` leaves it out.
    fn class(&self, word: &str) -> std::result::Result<Option<usize>, String> {
        let lower = word.to_lowercase();
        let wrong = |problem: &str| {
            let own: Vec<&str> = self.own.iter().map(String::as_str).collect();
            Err(format!("\"{word}\" {problem}: write one of {}", own.join(", ")))
        };
        if lower.is_empty() {
            return wrong("is no emotion");
        }
        // An emotion before a class of its name: the map may make it another.
        if let Some(emotion) = self.all.iter().find(|emotion| emotion.to_lowercase() == lower) {
            return Ok(self.of_emotion(emotion));
        }
        if let Some(class) = self.classes.iter().position(|class| class.to_lowercase() == lower) {
            return Ok(Some(class));
        }
        let begins = self.own.iter().filter(|emotion| emotion.to_lowercase().starts_with(&lower));
        let meant: BTreeSet<Option<usize>> = begins.map(|emotion| self.of_emotion(emotion)).collect();
        match meant.into_iter().collect::<Vec<_>>()[..] {
            [one] => Ok(one),
            [] => wrong("is no emotion of the corpus"),
            _ => wrong("is the beginning of several emotions"),
        }
    }

    fn of_emotion(&self, emotion: &str) -> Option<usize> {
        let class = (self.class_of)(emotion)?;
        self.classes.iter().position(|known| *known == class)
    }
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
        of(cells, opinions, &[("bored", "drop"), ("cross", "angry")])
    }

    /// Clips of anger, where clips of boredom are dropped.
    fn of(cells: &[&[(&str, &str)]], opinions: &[&str], map: &[(&str, &str)]) -> Result<Option<Vec<Vec<f32>>>> {
        let config =
            TaskConfig { opinions: opinions.iter().map(ToString::to_string).collect(), ..TaskConfig::default() };
        config.validate()?;
        let mut clips: Vec<Clip> = cells.iter().map(|cells| clip(cells)).collect();
        let mut labels = vec![0; clips.len()];
        let others = ["cross", "disgust", "sad", "surprise"];
        clips.extend(others.iter().map(|emotion| Clip { emotion: (*emotion).to_owned(), ..clip(&[]) }));
        labels.extend([0, 1, 2, 3]);
        let classes = ["angry", "disgust", "sad", "surprise"].map(String::from);
        // Another corpus has other emotions with the same beginnings.
        let own = ["angry", "bored", "cross", "disgust", "sad", "surprise"].map(String::from).into();
        let emotions =
            [("c".to_owned(), own), ("d".to_owned(), ["anxious", "delight"].map(String::from).into())].into();
        let class_of = |emotion: &str| {
            let class = map.iter().find(|(from, _)| *from == emotion).map_or(emotion, |(_, to)| to);
            (class != "drop").then(|| class.to_owned())
        };
        let read = config.read_opinions(&clips, &labels, &classes, &class_of, &emotions)?;
        Ok(read.map(|read| read.shares[..cells.len()].to_vec()))
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
        assert!(ambiguous.contains("several emotions: write one of angry, bored, cross,"), "{ambiguous}");
        assert!(error(&[&[("voice", "x")]], &["voice"]).contains("no emotion of the corpus"));
        assert!(error(&[&[("voice", "3")]], &["voice"]).contains("voice = \"3\""));
        assert!(error(&[&[("voice", "A:")]], &["voice"]).contains("is no emotion"));
        let absent = error(&[&[("voice", "A")]], &["voices"]);
        assert!(absent.contains("did you mean \"voice\""), "{absent}");
        assert!(error(&[&[]], &["voice", "Voice"]).contains("twice"));
        assert!(error(&[&[]], &[" "]).contains("no column's name"));
        assert!(error(&[&[]], &["Emotion"]).contains("by themselves"));
        assert!(error(&[&[("voice", "bored")]], &["voice"]).contains("says of no clip"));
    }

    #[test]
    fn a_word_means_what_it_means_of_a_clip() {
        let mapped = |map: &[(&str, &str)], cell: &str| {
            let other: &[(&str, &str)] = &[("voice", "disgust")];
            of(&[&[("voice", cell)], other], &["voice"], map).unwrap().unwrap().remove(0)
        };
        // The map comes before a class of the same name, for initials as for words.
        assert_eq!(mapped(&[("angry", "sad"), ("sad", "angry")], "angry"), [0.5, 0.0, 0.5, 0.0]);
        assert_eq!(mapped(&[("angry", "sad"), ("sad", "angry")], "a"), [0.5, 0.0, 0.5, 0.0]);
        // What is dropped says nothing; what only dropped emotions begin with, too.
        assert_eq!(mapped(&[("bored", "drop")], "B"), [1.0, 0.0, 0.0, 0.0]);
        // Several emotions of one class are one.
        assert_eq!(mapped(&[("surprise", "sad")], "S"), [0.5, 0.0, 0.5, 0.0]);
    }
}
