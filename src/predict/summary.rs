//! What a recording comes to, or a channel of it: how its time is shared among the emotions.

use serde_json::{Map, Value, json};

use super::{Style, Window};

/// How the time of a recording is shared among the emotions, and the mean of each number.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// How long the recording is.
    pub seconds: f64,
    /// Seconds that are answered for.
    pub speech: f64,
    /// Of these, the part that is "uncertain".
    pub uncertain: f64,
    /// Of these, the part of each emotion where it is not; the order is that of the classes. With `uncertain` they make 1.
    pub shares: Vec<(String, f64)>,
    /// The mean of each target over the seconds that are answered for.
    pub means: Vec<(String, f64)>,
}

/// Adds up the rows of a recording, or of a channel of it.
#[derive(Debug, Clone)]
pub struct Tally {
    /// Until where time is accounted for.
    end: f64,
    speech: f64,
    uncertain: f64,
    emotions: Vec<(String, f64)>,
    targets: Vec<(String, f64)>,
}

impl Tally {
    /// Of a recogniser that knows these emotions and these targets.
    #[must_use]
    pub fn new(emotions: &[String], targets: &[String]) -> Self {
        let none = |names: &[String]| names.iter().map(|name| (name.clone(), 0.0)).collect();
        Self { end: 0.0, speech: 0.0, uncertain: 0.0, emotions: none(emotions), targets: none(targets) }
    }

    /// A row stands for the time that no row before it stands for: windows overlap.
    pub fn add(&mut self, style: &Style, window: &Window) {
        let seconds = (window.end - window.start.max(self.end)).max(0.0);
        self.end = self.end.max(window.end);
        let Some(answer) = &window.answer else { return };
        self.speech += seconds;
        let values = answer.values().iter().map(|&value| f64::from(value));
        self.targets.iter_mut().zip(values).for_each(|((_, sum), value)| *sum += seconds * value);
        if self.emotions.is_empty() {
            return;
        }
        if answer.confidence() < style.threshold {
            self.uncertain += seconds;
        } else if let Some((_, sum)) = self.emotions.iter_mut().find(|(emotion, _)| emotion == answer.emotion()) {
            *sum += seconds;
        }
    }

    /// The recording is this long.
    pub fn until(&mut self, seconds: f64) {
        self.end = self.end.max(seconds);
    }

    /// What it comes to by now.
    #[must_use]
    pub fn summary(&self) -> Summary {
        // To four digits: what the hop of windows is good for.
        let rounded = |x: f64| (1e4 * x).round() / 1e4;
        let part = |x: f64| if self.speech > 0.0 { rounded(x / self.speech) } else { 0.0 };
        let parts = |sums: &[(String, f64)]| {
            let sums = sums.iter().filter(|_| self.speech > 0.0);
            sums.map(|(name, sum)| (name.clone(), part(*sum))).collect()
        };
        Summary {
            seconds: rounded(self.end),
            speech: rounded(self.speech),
            uncertain: part(self.uncertain),
            shares: parts(&self.emotions),
            means: parts(&self.targets),
        }
    }

    /// As programs read it.
    #[must_use]
    pub fn object(&self) -> Map<String, Value> {
        let Summary { seconds, speech, uncertain, shares, means } = self.summary();
        let named = |parts: Vec<(String, f64)>| -> Map<String, Value> {
            parts.into_iter().map(|(name, part)| (name, json!(part))).collect()
        };
        let mut object = Map::new();
        object.insert("seconds".into(), json!(seconds));
        object.insert("speech".into(), json!(speech));
        if !self.emotions.is_empty() {
            object.insert("uncertain".into(), json!(uncertain));
            object.insert("shares".into(), named(shares).into());
        }
        if !self.targets.is_empty() {
            object.insert("means".into(), named(means).into());
        }
        object
    }

    /// As people read it.
    pub(super) fn text(&self) -> String {
        let Summary { seconds, speech, uncertain, mut shares, means } = self.summary();
        let answered = format!("answered {speech:.1} of {seconds:.1} s");
        if speech == 0.0 {
            return answered;
        }
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        let shares = shares.into_iter().filter(|(_, share)| *share > 0.0);
        let uncertain = (uncertain > 0.0).then(|| ("uncertain".to_owned(), uncertain));
        let shares = shares.chain(uncertain).map(|(name, share)| format!("{name} {:.0} %", 100.0 * share));
        let said: Vec<String> = shares.chain(means.iter().map(|(name, mean)| format!("{name} {mean:.2}"))).collect();
        format!("{answered}: {}", said.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{predict::Answer, task::Scale};

    #[test]
    fn time_is_counted_once_and_shared() {
        let classes: Arc<[String]> = ["angry", "sad"].map(String::from).into();
        let answer = |p: f32| {
            let answer = Answer::new(classes.clone(), vec![p, 1.0 - p], 3.0, vec![]);
            Some(answer.with_numbers(["arousal".to_owned()].into(), [Scale::UNIT].into(), &[0.25]))
        };
        let style = Style { threshold: 0.7, ..Style::default() };
        let mut tally = Tally::new(&classes, &["arousal".to_owned()]);
        assert_eq!(tally.text(), "answered 0.0 of 0.0 s");
        for (start, answer) in [(0.0, answer(0.9)), (1.0, answer(0.6)), (2.0, answer(0.1)), (3.0, None)] {
            tally.add(&style, &Window { start, end: start + 3.0, answer });
        }
        let summary = tally.summary();
        assert_eq!((summary.seconds, summary.speech, summary.uncertain), (6.0, 5.0, 0.2));
        assert_eq!(summary.shares, [("angry".to_owned(), 0.6), ("sad".to_owned(), 0.2)]);
        assert_eq!(tally.text(), "answered 5.0 of 6.0 s: angry 60 %, sad 20 %, uncertain 20 %, arousal 0.25");
        let object = Value::from(tally.object());
        assert_eq!(
            object,
            json!({"seconds": 6.0, "speech": 5.0, "uncertain": 0.2, "shares": {"angry": 0.6, "sad": 0.2}, "means": {"arousal": 0.25}})
        );
    }
}
