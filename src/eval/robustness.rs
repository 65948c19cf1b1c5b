//! Answers to altered clips, compared with the answers to the same clips as they are, speaker by speaker.

use serde::{Deserialize, Serialize};

use super::{
    Bootstrap, Interval, Judgements, Tally,
    bootstrap::{Units, counts, percentiles},
    calibration::{BINS, expected_error, reliability},
};
use crate::numeric::argmax;

/// A clip, answered as it is and altered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Twice<'a> {
    /// The speaker.
    pub speaker: &'a str,
    /// The class it is.
    pub truth: usize,
    /// The probability of every class, of the clip as it is.
    pub clean: &'a [f32],
    /// The same of the altered clip; none where it could not be answered, which counts as wrong and as changed.
    pub altered: Option<&'a [f32]>,
}

impl Twice<'_> {
    /// The class, whether it was recognised before and after, and whether the answer stayed: all that is counted.
    fn outcome(&self) -> u64 {
        let (before, after) = (argmax(self.clean), self.altered.map(argmax));
        let hit = |answer: usize| u64::from(answer == self.truth);
        8 * self.truth as u64 + 4 * hit(before) + 2 * after.map_or(0, hit) + u64::from(after == Some(before))
    }
}

/// What an alteration does to a recogniser. Shares are from 0 to 1; intervals are 95 % and by speaker, none of a single one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Robustness {
    /// Clips.
    pub clips: usize,
    /// Speakers of the clips.
    pub speakers: usize,
    /// Altered clips that could not be answered.
    pub unanswered: usize,
    /// Unweighted average recall of the altered clips.
    pub uar: f64,
    /// Its interval.
    pub uar_interval: Option<Interval>,
    /// The UAR less that of the clips as they are.
    pub difference: f64,
    /// Its interval, paired: a speaker is drawn with both answers to each clip.
    pub difference_interval: Option<Interval>,
    /// The share of answers that are the same emotion as before.
    pub unchanged: f64,
    /// Its interval.
    pub unchanged_interval: Option<Interval>,
    /// Expected calibration error of the altered clips that were answered.
    pub calibration_error: Option<f64>,
    /// The same less that of the clips as they are.
    pub calibration_change: Option<f64>,
    /// Mean probability of the answer given, of the altered clips that were answered.
    pub confidence: Option<f64>,
}

impl Robustness {
    /// Compares; `None` without clips.
    #[must_use]
    pub fn of(classes: usize, clips: &[Twice<'_>], bootstrap: Bootstrap) -> Option<Self> {
        if clips.is_empty() || classes == 0 {
            return None;
        }
        let units = Units::new(counts(clips.iter().map(|clip| (clip.speaker, clip.outcome())).collect()));
        let figures = |draw: &mut dyn Iterator<Item = (u64, u64)>| {
            // Where an answer is wrong it does not matter which it is: a class beyond all others stands for it.
            let [mut before, mut after] = [Tally::new(classes + 1), Tally::new(classes + 1)];
            let (mut same, mut all) = (0, 0);
            for (outcome, times) in draw {
                let truth = (outcome / 8) as usize;
                let said = |hit: u64| if hit == 1 { truth } else { classes };
                before.add(truth, said(outcome >> 2 & 1), times);
                after.add(truth, said(outcome >> 1 & 1), times);
                same += (outcome & 1) * times;
                all += times;
            }
            let uar = after.figures()[0];
            [uar, uar - before.figures()[0], same as f64 / all as f64]
        };
        let [uar, difference, unchanged] = figures(&mut clips.iter().map(|clip| (clip.outcome(), 1)));
        let drawn = match units.len() {
            0 | 1 => vec![],
            _ => units.draw(bootstrap, "robustness", |draw| {
                let each = draw.flat_map(|(held, times)| held.iter().map(move |&(outcome, n)| (outcome, n * times)));
                figures(&mut { each })
            }),
        };
        let within = |figure: usize| {
            (!drawn.is_empty()).then(|| percentiles(drawn.iter().map(|figures| figures[figure]).collect()))
        };
        let error = |which: &dyn Fn(&Twice<'_>) -> Option<Vec<f64>>| {
            let mut judgements = Judgements::of(classes, []);
            for clip in clips {
                if let Some(probabilities) = which(clip) {
                    judgements.push(clip.truth, probabilities);
                }
            }
            expected_error(&reliability(&judgements, BINS))
        };
        let wide = |probabilities: &[f32]| probabilities.iter().map(|&p| f64::from(p)).collect();
        let clean_error = error(&|clip| Some(wide(clip.clean)));
        let calibration_error = error(&|clip| clip.altered.map(wide));
        let confidences: Vec<f64> =
            clips.iter().filter_map(|clip| clip.altered).map(|p| f64::from(p[argmax(p)])).collect();
        Some(Self {
            clips: clips.len(),
            speakers: units.len(),
            unanswered: clips.iter().filter(|clip| clip.altered.is_none()).count(),
            uar,
            uar_interval: within(0),
            difference,
            difference_interval: within(1),
            unchanged,
            unchanged_interval: within(2),
            calibration_error,
            calibration_change: calibration_error.zip(clean_error).map(|(after, before)| after - before),
            confidence: (!confidences.is_empty()).then(|| confidences.iter().sum::<f64>() / confidences.len() as f64),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::Decision;

    const BOOTSTRAP: Bootstrap = Bootstrap { samples: 500, seed: 1 };
    const SPEAKERS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    const SURE: [[f32; 2]; 2] = [[0.9, 0.1], [0.2, 0.8]];

    /// 20 clips of each of six speakers, right as they are; every `nth` of the altered ones is wrong.
    fn clips(nth: usize) -> Vec<Twice<'static>> {
        let of = |i: usize| {
            let (truth, wrong) = (i % 2, (i / 2 + i % 2).is_multiple_of(nth));
            let altered = if wrong { SURE[1 - truth].as_slice() } else { SURE[truth].as_slice() };
            Twice { speaker: SPEAKERS[i / 20], truth, clean: &SURE[truth], altered: Some(altered) }
        };
        (0..120).map(of).collect()
    }

    #[test]
    fn nothing_altered_changes_nothing() {
        let same: Vec<_> = clips(7).into_iter().map(|clip| Twice { altered: Some(clip.clean), ..clip }).collect();
        let found = Robustness::of(2, &same, BOOTSTRAP).unwrap();
        assert_eq!((found.difference, found.unchanged, found.uar), (0.0, 1.0, 1.0));
        assert_eq!(found.difference_interval, Some(Interval { low: 0.0, high: 0.0 }));
        assert!(found.calibration_change.unwrap().abs() < 1e-12);
        assert_eq!(Decision::at_least(-0.05, found.difference_interval, found.speakers), Decision::Passed);
    }

    #[test]
    fn figures_are_those_of_counting() {
        let clips = clips(4);
        let wrong = clips.iter().filter(|clip| argmax(clip.altered.unwrap()) != clip.truth).count();
        assert!(wrong > 10);
        let found = Robustness::of(2, &clips, BOOTSTRAP).unwrap();
        assert!((found.unchanged - (120 - wrong) as f64 / 120.0).abs() < 1e-12);
        assert!((found.uar - 1.0 - found.difference).abs() < 1e-12 && found.difference < -0.2);
        let interval = found.difference_interval.unwrap();
        assert!(interval.low <= found.difference && found.difference <= interval.high && interval.high < -0.05);
        assert_eq!(Decision::at_least(-0.05, found.difference_interval, found.speakers), Decision::Failed);
        assert_eq!(Decision::at_least(-0.05, found.difference_interval, 3), Decision::NotDecided, "three speakers");
        let unanswered: Vec<_> = clips.iter().map(|clip| Twice { altered: None, ..*clip }).collect();
        let none = Robustness::of(2, &unanswered, BOOTSTRAP).unwrap();
        assert_eq!((none.uar, none.unchanged, none.unanswered, none.calibration_error), (0.0, 0.0, 120, None));
    }

    #[test]
    fn one_speaker_decides_nothing() {
        let one: Vec<_> = clips(4).into_iter().filter(|clip| clip.speaker == "a").collect();
        let found = Robustness::of(2, &one, BOOTSTRAP).unwrap();
        assert_eq!(found.difference_interval, None);
        assert_eq!(Decision::at_least(-0.05, None, 1).and(Decision::Passed), Decision::NotDecided);
        assert_eq!(Decision::Failed.and(Decision::NotDecided), Decision::Failed);
    }
}
