//! What a recogniser says of a piece of speech.

use std::sync::Arc;

use serde::{Serialize, Serializer, ser::SerializeStruct};

/// The probabilities of all emotions.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    classes: Arc<[String]>,
    probabilities: Vec<f32>,
    seconds: f64,
    notes: Vec<String>,
}

impl Answer {
    pub(super) fn new(classes: Arc<[String]>, probabilities: Vec<f32>, seconds: f64, notes: Vec<String>) -> Self {
        Self { classes, probabilities, seconds, notes }
    }

    /// The most probable emotion; the first of several with the same probability.
    #[must_use]
    pub fn emotion(&self) -> &str {
        self.ranked().first().map_or("", |(emotion, _)| emotion)
    }

    /// Its probability, from 0 to 1.
    #[must_use]
    pub fn confidence(&self) -> f32 {
        self.ranked().first().map_or(0.0, |&(_, probability)| probability)
    }

    /// The probability of every class, in the order of [`Answer::classes`]; together 1.
    #[must_use]
    pub fn probabilities(&self) -> &[f32] {
        &self.probabilities
    }

    /// The emotions that the recogniser knows.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The emotions with their probabilities, the most probable first.
    #[must_use]
    pub fn ranked(&self) -> Vec<(&str, f32)> {
        let mut ranked: Vec<(&str, f32)> =
            self.classes.iter().map(String::as_str).zip(self.probabilities.iter().copied()).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1));
        ranked
    }

    /// How long the audio is, in seconds, as it was given.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// What should be known before the answer is trusted; nothing where the audio is as the training's was.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// As programs read it: `emotion`, `confidence`, `probabilities` by emotion, `seconds`, `notes`.
impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct ByClass<'a>(&'a Answer);
        impl Serialize for ByClass<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.classes.iter().zip(&self.0.probabilities))
            }
        }
        let mut answer = serializer.serialize_struct("Answer", 5)?;
        answer.serialize_field("emotion", self.emotion())?;
        answer.serialize_field("confidence", &self.confidence())?;
        answer.serialize_field("probabilities", &ByClass(self))?;
        answer.serialize_field("seconds", &self.seconds)?;
        answer.serialize_field("notes", &self.notes)?;
        answer.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_written_as_an_object() {
        let classes: Arc<[String]> = ["angry", "sad"].map(String::from).into();
        let answer = Answer::new(classes, vec![0.25, 0.75], 1.5, vec!["short".into()]);
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"emotion":"sad","confidence":0.75,"probabilities":{"angry":0.25,"sad":0.75},"seconds":1.5,"notes":["short"]}"#
        );
    }
}
