//! What a recogniser says of a piece of speech.

use std::sync::Arc;

use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use crate::{
    adapt::{Estimate, Off},
    task::Scale,
};

/// The probabilities of all emotions; of a recogniser that has learnt numbers, the values of its targets; of one that has learnt both,
/// both.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    classes: Arc<[String]>,
    probabilities: Vec<f32>,
    targets: Arc<[String]>,
    scales: Arc<[Scale]>,
    values: Vec<f32>,
    seconds: f64,
    notes: Vec<String>,
    adapted: Option<Adapted>,
}

/// How far an answer is adapted to its speaker.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Adapted {
    /// Seconds of the speaker's speech that were heard.
    pub seconds: f64,
    /// From 0, as for anybody, to 1, as for this speaker alone.
    pub degree: f64,
    /// Why it is left off, where it is.
    pub off: Option<Off>,
}

impl Adapted {
    /// By the estimates of each bundle: off where all are.
    pub(super) fn of(estimates: &[Estimate]) -> Self {
        let count = estimates.len().max(1) as f64;
        let off = estimates.iter().map(|estimate| estimate.off).find(Option::is_none);
        Self {
            seconds: estimates.first().map_or(0.0, |estimate| estimate.seconds),
            degree: estimates.iter().map(|estimate| estimate.degree).sum::<f64>() / count,
            off: off.unwrap_or_else(|| Some(estimates.first().and_then(|of| of.off).unwrap_or(Off::NothingHeard))),
        }
    }

    /// The same as rows of JSON have it: `heard_seconds`, `degree`, and why it is `off`, where it is.
    #[must_use]
    pub fn object(&self) -> serde_json::Value {
        serde_json::json!({ "heard_seconds": self.seconds, "degree": self.degree, "off": self.off.map(Off::words) })
    }

    /// The same in a few words, for a row of many.
    #[must_use]
    pub fn short(&self) -> String {
        match self.off {
            None => format!("adapted {:.0} %, {:.1} s", 100.0 * self.degree, self.seconds),
            Some(Off::NothingHeard) => "not adapted: nothing heard".into(),
            Some(Off::OneEmotion) => format!("not adapted: one emotion in {:.1} s", self.seconds),
        }
    }

    /// What is said of it to people.
    #[must_use]
    pub fn words(&self) -> String {
        match self.off {
            None => format!("adapted to the speaker: {:.0} %, by {:.1} s heard", 100.0 * self.degree, self.seconds),
            Some(off) => format!("not adapted, {:.1} s heard: {}", self.seconds, off.words()),
        }
    }
}

impl Answer {
    pub(super) fn new(classes: Arc<[String]>, probabilities: Vec<f32>, seconds: f64, notes: Vec<String>) -> Self {
        let (targets, scales) = (Arc::new([]), Arc::new([]));
        Self { classes, probabilities, targets, scales, values: Vec::new(), seconds, notes, adapted: None }
    }

    pub(super) fn with(self, adapted: Option<Adapted>) -> Self {
        Self { adapted, ..self }
    }

    /// Of parts of the targets' ranges.
    pub(super) fn of_numbers(
        targets: Arc<[String]>,
        scales: Arc<[Scale]>,
        parts: &[f32],
        seconds: f64,
        notes: Vec<String>,
    ) -> Self {
        let values = scales.iter().zip(parts).map(|(scale, &part)| scale.value(part)).collect();
        let (classes, probabilities) = (targets.clone(), Vec::new());
        Self { classes, probabilities, targets, scales, values, seconds, notes, adapted: None }
    }

    /// The same with the values of targets beside the emotions, of parts of their ranges.
    pub(super) fn with_numbers(self, targets: Arc<[String]>, scales: Arc<[Scale]>, parts: &[f32]) -> Self {
        let values = scales.iter().zip(parts).map(|(scale, &part)| scale.value(part)).collect();
        Self { targets, scales, values, ..self }
    }

    /// The targets; nothing where the recogniser has learnt classes alone.
    #[must_use]
    pub fn targets(&self) -> &[String] {
        &self.targets
    }

    /// The targets with their values and ranges.
    pub(super) fn numbers(&self) -> impl Iterator<Item = (&String, f32, Scale)> {
        let values = self.values.iter().copied().zip(self.scales.iter().copied());
        self.targets.iter().zip(values).map(|(name, (value, scale))| (name, value, scale))
    }

    /// The value of every target, in the order of [`Answer::targets`] and each within its range; nothing where the recogniser
    /// has learnt classes alone.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The range of every target; nothing where the recogniser has learnt classes alone.
    #[must_use]
    pub fn scales(&self) -> &[Scale] {
        &self.scales
    }

    /// The most probable emotion; the first of several with the same probability. Empty where the recogniser has learnt numbers.
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

    /// The emotions that the recogniser knows; its targets, where it has learnt these alone.
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

    /// How far it is adapted to its speaker; none where that was not asked for.
    #[must_use]
    pub fn adapted(&self) -> Option<&Adapted> {
        self.adapted.as_ref()
    }
}

/// As programs read it: `emotion`, `confidence`, `probabilities` by emotion, `seconds`, `notes`, and where it was asked for `adapted`;
/// of numbers `values` and `ranges` by target, `seconds`, `notes`; of both all of these.
impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct ByClass<'a>(&'a Answer);
        impl Serialize for ByClass<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.classes.iter().zip(&self.0.probabilities))
            }
        }
        struct Named<'a, T>(&'a [String], &'a [T]);
        impl<T: Serialize> Serialize for Named<'_, T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().zip(self.1))
            }
        }
        let (classes, numbers) = (!self.probabilities.is_empty(), !self.scales.is_empty());
        let fields =
            2 + if classes { 3 } else { 0 } + if numbers { 2 } else { 0 } + usize::from(self.adapted.is_some());
        let mut answer = serializer.serialize_struct("Answer", fields)?;
        if classes {
            answer.serialize_field("emotion", self.emotion())?;
            answer.serialize_field("confidence", &self.confidence())?;
            answer.serialize_field("probabilities", &ByClass(self))?;
        }
        if numbers {
            answer.serialize_field("values", &Named(&self.targets, &self.values))?;
            answer.serialize_field("ranges", &Named(&self.targets, &self.scales))?;
        }
        answer.serialize_field("seconds", &self.seconds)?;
        answer.serialize_field("notes", &self.notes)?;
        if let Some(adapted) = &self.adapted {
            answer.serialize_field("adapted", adapted)?;
        }
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
        let scales: Arc<[Scale]> = [Scale { low: 1.0, high: 7.0 }].into();
        let answer = Answer::of_numbers(["arousal".to_owned()].into(), scales, &[0.25], 1.5, vec![]);
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"values":{"arousal":2.5},"ranges":{"arousal":[1.0,7.0]},"seconds":1.5,"notes":[]}"#
        );
        assert_eq!((answer.emotion(), answer.values()), ("", &[2.5][..]));
        let classes: Arc<[String]> = ["angry", "sad"].map(String::from).into();
        let scales: Arc<[Scale]> = [Scale { low: 1.0, high: 7.0 }].into();
        let both = Answer::new(classes, vec![0.25, 0.75], 1.5, vec![]);
        let both = both.with_numbers(["arousal".to_owned()].into(), scales, &[0.25]);
        assert_eq!(
            serde_json::to_string(&both).unwrap(),
            r#"{"emotion":"sad","confidence":0.75,"probabilities":{"angry":0.25,"sad":0.75},"values":{"arousal":2.5},"ranges":{"arousal":[1.0,7.0]},"seconds":1.5,"notes":[]}"#
        );
    }
}
