//! A speaker's offset from unlabelled clips, and the gate that leaves it off.

use serde::{Deserialize, Serialize};

use super::{
    Adaptation,
    matrix::{Factor, dot, times, trace},
    plane::{centred, coordinates},
};
use crate::numeric::softmax;

/// How much of an independent observation a clip is: clips of one speaker, room and day are alike, and spreads have
/// longer tails than the model's. Chosen on CREMA-D's validation speakers (reports/adaptation.md).
const EVIDENCE: f64 = 0.2;
/// A clip counts as so many clips of usual length at the most, however long it is.
const LONGEST: f64 = 4.0;
/// How many emotions must be heard, as the exponential of the proportions' entropy: 1 is one, 2 are two in equal shares.
const LEAST_EMOTIONS: f64 = 1.5;
/// From how many emotions on, and up to how many, the offset moves to the plain mean of what was heard: where as many are
/// heard, what the mean takes away with the speaker is little, and it needs no model of where a stranger's emotions lie. A
/// second head, where there is one, speaks as far. Chosen on CREMA-D's validation speakers (reports/adaptation.md).
const DIVERSE: [f64; 2] = [2.0, 4.0];
/// The clips of usual length at which the mean has half of its weight.
const MEAN_HALF: f64 = 20.0;
/// The second head's part where the mean has all: the first head's answers less the mean are others, and both together are right
/// more often than either. Chosen on CREMA-D's validation speakers (reports/adaptation.md).
const SECOND: f64 = 2.0 / 3.0;
/// Rounds of expectation and maximisation: the offset moves by less than a thousandth after them.
const ROUNDS: usize = 25;

/// A clip that was heard of a speaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// The log-probability of every class, before any temperature.
    pub logs: Vec<f32>,
    /// What the second head makes of it ([`CentredHead::scores`](super::CentredHead::scores)); nothing where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<f32>,
    /// How long it is, in seconds; of a window that overlaps one before it, how much of it is new.
    pub seconds: f64,
}

/// Why an adaptation is left off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Off {
    /// No speech of the speaker was heard yet.
    NothingHeard,
    /// What was heard seems to be of one emotion: an offset would take it away with the speaker.
    OneEmotion,
}

impl Off {
    /// The reason, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NothingHeard => "no speech of this speaker was heard yet",
            Self::OneEmotion => {
                "what was heard of this speaker seems to be of one emotion, which cannot be told from the voice"
            }
        }
    }
}

/// What is known of a speaker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// What is taken from the log-probability of every class; zeros where the adaptation is left off.
    pub offset: Vec<f64>,
    /// What becomes of the second head's scores; none where it has no part in the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub centred: Option<Centred>,
    /// What log-probabilities less the offset are multiplied by.
    #[serde(default = "one")]
    pub sharpness: f64,
    /// How much of the speaker's own mean is in the answers, from 0 to 1: what a clip's distance from training makes doubtful is
    /// taken away with it to that part.
    #[serde(default)]
    pub mean: f64,
    /// Seconds of speech that were heard.
    pub seconds: f64,
    /// How far it is adapted: from 0, the population, to 1, the speaker alone.
    pub degree: f64,
    /// How many emotions seem to be heard, as the exponential of the proportions' entropy.
    pub emotions: f64,
    /// Why it is left off, where it is.
    pub off: Option<Off>,
}

fn one() -> f64 {
    1.0
}

/// A second head's part in a speaker's answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Centred {
    /// What is taken from its scores: their mean over what was heard, less its intercepts.
    pub offset: Vec<f64>,
    /// Its part, from 0 to 1.
    pub share: f64,
}

impl Estimate {
    /// Log-probabilities less the offset, mixed with the second head's where it has a part; they are not normalised.
    #[must_use]
    pub fn adapted(&self, logs: &[f32], scores: &[f32]) -> Vec<f64> {
        let less = |values: &[f32], offset: &[f64]| -> Vec<f64> {
            values.iter().zip(offset).map(|(&value, offset)| f64::from(value) - offset).collect()
        };
        let plain = less(logs, &self.offset);
        let mixed: Vec<f64> = match &self.centred {
            Some(Centred { offset, share }) if scores.len() == logs.len() => {
                let mix = |(plain, score)| (1.0 - share) * plain + share * score;
                plain.into_iter().zip(less(scores, offset)).map(mix).collect()
            }
            _ => plain,
        };
        mixed.into_iter().map(|log| self.sharpness * log).collect()
    }
}

/// What expectation and maximisation come to.
struct Settled {
    offset: Vec<f64>,
    /// The precision of the offset.
    posterior: Factor,
    /// How many emotions seem to be heard.
    emotions: f64,
}

impl Adaptation {
    /// The offset of a speaker of whom these clips were heard.
    #[must_use]
    pub fn estimate<'a>(&self, heard: impl IntoIterator<Item = &'a Heard>) -> Estimate {
        self.estimate_of(heard, None)
    }

    /// What each of several networks that vote knows of a speaker. How many emotions are heard is counted by the first: one that hears
    /// rooms takes those that are not its own for a voice that hardly changes.
    #[must_use]
    pub fn together<'a, H: IntoIterator<Item = &'a Heard>>(
        each: impl IntoIterator<Item = (&'a Self, H)>,
    ) -> Vec<Estimate> {
        let mut emotions = None;
        let estimate = |(of, heard): (&Self, H)| {
            let estimate = of.estimate_of(heard, emotions);
            emotions = emotions.or(Some(estimate.emotions));
            estimate
        };
        each.into_iter().map(estimate).collect()
    }

    /// The same where `counted` emotions are heard; of none the number is found.
    fn estimate_of<'a>(&self, heard: impl IntoIterator<Item = &'a Heard>, counted: Option<f64>) -> Estimate {
        let classes = self.means.len();
        let (mut points, mut scores, mut seconds) = (Vec::new(), Vec::new(), 0.0);
        for clip in heard {
            let usual = (clip.seconds / self.seconds).clamp(0.0, LONGEST);
            seconds += clip.seconds.max(0.0);
            points.push((coordinates(&clip.logs), EVIDENCE * usual));
            scores.push((&clip.scores, EVIDENCE * usual));
        }
        let nothing = |off| Estimate {
            offset: vec![0.0; classes],
            centred: None,
            sharpness: 1.0,
            mean: 0.0,
            seconds,
            degree: 0.0,
            emotions: 0.0,
            off: Some(off),
        };
        let Some(Settled { mut offset, posterior, emotions }) = self.settle(&points) else {
            return nothing(Off::NothingHeard);
        };
        let total: f64 = points.iter().map(|(_, weight)| weight).sum();
        let mut emotions = counted.unwrap_or(emotions);
        if emotions < LEAST_EMOTIONS {
            return Estimate { emotions, ..nothing(Off::OneEmotion) };
        }
        // What one head takes for several emotions of a speaker, the other tells better: it has more to see of one who is known.
        if let Some(second) = self.second.as_ref().filter(|_| counted.is_none() && emotions >= DIVERSE[0]) {
            let points: Vec<_> = scores.iter().map(|(scores, weight)| (coordinates(scores), *weight)).collect();
            let fits = scores.iter().all(|(scores, _)| scores.len() == classes);
            emotions = second.settle(&points).filter(|_| fits).map_or(emotions, |of| of.emotions.max(emotions));
        }
        let clips = total / EVIDENCE;
        let diverse =
            ((emotions - DIVERSE[0]) / (DIVERSE[1] - DIVERSE[0])).clamp(0.0, 1.0) * clips / (clips + MEAN_HALF);
        let second = self.second(&scores, total).map(|offset| Centred { offset, share: SECOND * diverse });
        let mean = self.mean_offset(&points, total);
        offset.iter_mut().zip(&mean).for_each(|(offset, mean)| *offset += diverse * (mean - *offset));
        let degree = 1.0 - trace(&posterior.inverse()) / trace(&self.prior);
        Estimate {
            offset: centred(&offset),
            centred: second,
            sharpness: self.sharpness.unwrap_or(1.0).powf(diverse),
            mean: diverse,
            seconds,
            degree: degree.clamp(0.0, 1.0),
            emotions,
            off: None,
        }
    }

    /// Finds offset and proportions together; none where nothing was heard.
    fn settle(&self, points: &[(Vec<f64>, f64)]) -> Option<Settled> {
        let classes = self.means.len();
        let total: f64 = points.iter().map(|(_, weight)| weight).sum();
        // The spreads have inverses where the bundle was checked.
        let (within, prior) = (Factor::of(&self.within)?.inverse(), Factor::of(&self.prior)?.inverse());
        let precision: Vec<Vec<f64>> =
            within.iter().zip(&prior).map(|(w, p)| w.iter().zip(p).map(|(w, p)| total * w + p).collect()).collect();
        let posterior = Factor::of(&precision).filter(|_| total > 0.0)?;
        let mut offset = vec![0.0; classes - 1];
        let mut shares = vec![1.0 / classes as f64; classes];
        for _ in 0..ROUNDS {
            let mut sum = vec![0.0; offset.len()];
            let mut next = vec![0.0; classes];
            for (at, weight) in points {
                let expected = self.expected(at, &offset, &shares, &within);
                for (class, part) in expected.iter().enumerate() {
                    next[class] += weight * part / total;
                    let mean = &self.means[class];
                    sum.iter_mut().zip(at.iter().zip(mean)).for_each(|(sum, (x, m))| *sum += weight * part * (x - m));
                }
            }
            shares = next;
            offset = posterior.solve(&times(&within, &sum));
        }
        let emotions = shares.iter().filter(|&&p| p > 0.0).map(|p| -p * p.ln()).sum::<f64>().exp();
        Some(Settled { offset, posterior, emotions })
    }

    /// What is taken from the second head's scores; none without a second head, and where what was heard before there was one
    /// has no scores.
    fn second(&self, scores: &[(&Vec<f32>, f64)], total: f64) -> Option<Vec<f64>> {
        let bias = self.centred.as_ref()?.bias();
        if scores.iter().any(|(scores, _)| scores.len() != bias.len()) {
            return None;
        }
        let mut offset: Vec<f64> = bias.iter().map(|&bias| -f64::from(bias)).collect();
        for (scores, weight) in scores {
            offset.iter_mut().zip(*scores).for_each(|(sum, &score)| *sum += weight * f64::from(score) / total);
        }
        Some(offset)
    }

    /// How far the mean of what was heard lies from that of the classes, all as frequent.
    fn mean_offset(&self, points: &[(Vec<f64>, f64)], total: f64) -> Vec<f64> {
        let classes = self.means.len() as f64;
        let mut mean = vec![0.0; self.within.len()];
        for (at, weight) in points {
            mean.iter_mut().zip(at).for_each(|(mean, x)| *mean += weight * x / total);
        }
        for of in &self.means {
            mean.iter_mut().zip(of).for_each(|(mean, m)| *mean -= m / classes);
        }
        mean
    }

    /// How probable each class is of a clip at this point.
    fn expected(&self, at: &[f64], offset: &[f64], shares: &[f64], within: &[Vec<f64>]) -> Vec<f64> {
        let logs: Vec<f64> = self
            .means
            .iter()
            .zip(shares)
            .map(|(mean, share)| {
                let rest: Vec<f64> = at.iter().zip(mean).zip(offset).map(|((x, m), o)| x - m - o).collect();
                share.max(f64::MIN_POSITIVE).ln() - 0.5 * dot(&rest, &times(within, &rest))
            })
            .collect();
        softmax(&logs)
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::{adapt::Labelled, rng};

    /// Log-probabilities of a clip of a class, spread a little, moved by an offset.
    fn clip(class: usize, offset: [f32; 3], stream: &mut impl rand::Rng) -> Vec<f32> {
        (0..3).map(|k| if k == class { 4.0 } else { 0.0 } + offset[k] + stream.random_range(-1.5..1.5f32)).collect()
    }

    /// Fitted on five speakers whose offsets are of length one or so, with copies that are moved by as much.
    fn fitted() -> Adaptation {
        let stream = &mut rng::stream(3, &[&"adapt"]);
        let mut draw = || [0; 3].map(|_| stream.random_range(-1.5..1.5f32));
        let offsets: Vec<[f32; 3]> = (0..5).map(|_| draw()).collect();
        let copies: Vec<[f32; 3]> = (0..150).map(|_| draw()).collect();
        let stream = &mut rng::stream(4, &[&"adapt"]);
        let logs: Vec<Vec<f32>> = (0..150).map(|i| clip(i % 3, offsets[i / 30], stream)).collect();
        let add = |i: usize| logs[i].iter().zip(copies[i]).map(|(log, more)| log + more).collect::<Vec<f32>>();
        let altered: Vec<Vec<f32>> = (0..150).map(add).collect();
        let clips: Vec<Labelled> = (0..150)
            .map(|i| Labelled {
                speaker: ["a", "b", "c", "d", "e"][i / 30],
                class: i % 3,
                seconds: 2.5,
                logs: &logs[i],
                altered: vec![&altered[i]],
            })
            .collect();
        assert!(Adaptation::fit(3, &clips[..60]).is_none(), "two speakers");
        assert!(Adaptation::fit(4, &clips).is_none(), "a class without clips");
        let without: Vec<Labelled> = clips.iter().map(|clip| Labelled { altered: vec![], ..clip.clone() }).collect();
        assert!(Adaptation::fit(3, &without).unwrap().prior[0][1].abs() < 1e-12);
        Adaptation::fit(3, &clips).unwrap()
    }

    const OFFSET: [f32; 3] = [2.5, -2.0, -0.5];

    fn heard(counts: [usize; 3]) -> Vec<Heard> {
        let stream = &mut rng::stream(5, &[&"adapt"]);
        (0..3)
            .flat_map(|class| std::iter::repeat_n(class, counts[class]))
            .map(|class| Heard { logs: clip(class, OFFSET, stream), scores: vec![], seconds: 2.5 })
            .collect()
    }

    fn distance(estimate: &Estimate) -> f64 {
        let off = estimate.offset.iter().zip(OFFSET).map(|(found, true_)| (found - f64::from(true_)).powi(2));
        off.sum::<f64>().sqrt()
    }

    #[test]
    fn the_first_counts_the_emotions_for_all_that_vote() {
        let of = fitted();
        // The other one sees little of what the speaker changes.
        let flat = |clips: &[Heard]| -> Vec<Heard> {
            let less = |clip: &Heard| Heard { logs: clip.logs.iter().map(|log| 0.2 * log).collect(), ..clip.clone() };
            clips.iter().map(less).collect()
        };
        let (many, one) = (heard([20, 20, 20]), heard([0, 0, 30]));
        let each = Adaptation::together([(&of, &many), (&of, &flat(&many))]);
        assert_eq!(each[0], of.estimate(&many));
        assert_eq!(each[1].emotions, each[0].emotions);
        assert!(of.estimate(&flat(&many)).emotions < each[1].emotions);
        assert!(each[1].mean == each[0].mean && each[0].mean > 0.3, "{each:?}");
        let each = Adaptation::together([(&of, &one), (&of, &flat(&many)[..30].to_vec())]);
        assert!(each.iter().all(|estimate| estimate.off == Some(Off::OneEmotion)), "{each:?}");
        assert_eq!(Adaptation::together([(&of, &vec![]), (&of, &many)])[0].off, Some(Off::NothingHeard));
    }

    #[test]
    fn the_offset_is_found_whatever_the_proportions() {
        let adaptation = fitted();
        for counts in [[20, 20, 20], [40, 10, 10], [10, 40, 10], [30, 10, 0]] {
            let estimate = adaptation.estimate(&heard(counts));
            assert_eq!(estimate.off, None, "{counts:?} {estimate:?}");
            assert!(distance(&estimate) < 1.0 && estimate.degree > 0.8, "{counts:?} {estimate:?}");
        }
    }

    #[test]
    fn where_many_emotions_are_heard_their_mean_is_believed() {
        // Emotions that lie nearer to each other than the model knows, as on corpora far from training: it sees few of them,
        // and takes a part of the offset for emotions.
        let adaptation = Adaptation { prior: vec![vec![0.02, 0.0], vec![0.0, 0.02]], ..fitted() };
        let narrow = adaptation.estimate(&heard([20, 20, 20]));
        let skewed = adaptation.estimate(&heard([0, 8, 2]));
        assert!(narrow.emotions > 2.0 && skewed.emotions < 2.0, "{narrow:?} {skewed:?}");
        // 60 clips of usual length: three quarters of the way at the most, by as much as there are more than two emotions.
        let mean = adaptation
            .mean_offset(&heard([20, 20, 20]).iter().map(|h| (coordinates(&h.logs), 0.2)).collect::<Vec<_>>(), 12.0);
        let length = |x: &[f64]| x.iter().map(|v| v * v).sum::<f64>().sqrt();
        let moved = (narrow.emotions - 2.0) / 2.0 * 0.75;
        assert!(length(&narrow.offset) > 0.95 * moved * length(&mean), "{narrow:?} {mean:?}");
    }

    #[test]
    fn where_many_emotions_are_heard_the_second_head_answers() {
        use crate::adapt::CentredHead;
        // It reads the log-probabilities themselves, twice as large.
        let head = CentredHead::new(vec![2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 2.0], vec![0.0, 0.5, 0.0]).unwrap();
        let scored = |counts| -> Vec<Heard> {
            heard(counts).into_iter().map(|clip| Heard { scores: head.scores(&clip.logs), ..clip }).collect()
        };
        let adaptation = Adaptation { centred: Some(head.clone()), ..fitted() };
        let many = adaptation.estimate(&scored([20, 20, 20]));
        let Centred { offset, share } = many.centred.clone().unwrap();
        // 60 clips of usual length: three quarters of two thirds of the way at the most.
        assert!((0.2..0.5).contains(&share), "{many:?}");
        let clip = clip(1, OFFSET, &mut rng::stream(6, &[&"adapt"]));
        let mixed = many.adapted(&clip, &head.scores(&clip));
        for k in 0..3 {
            let plain = f64::from(clip[k]) - many.offset[k];
            let second = 2.0 * f64::from(clip[k]) - offset[k];
            assert!((mixed[k] - (1.0 - share) * plain - share * second).abs() < 1e-6);
        }
        // Sharper by as much as the mean has of its part.
        let sharp = Adaptation { sharpness: Some(2.0), ..adaptation.clone() }.estimate(&scored([20, 20, 20]));
        assert!((sharp.sharpness.log2() - share / SECOND).abs() < 1e-9);
        let twice = sharp.adapted(&clip, &head.scores(&clip));
        assert!(twice.iter().zip(&mixed).all(|(twice, once)| (twice - sharp.sharpness * once).abs() < 1e-6));
        // The intercepts are in what is taken away, and the speaker's mean is 0 without them.
        let mean = scored([20, 20, 20]).iter().map(|clip| f64::from(clip.scores[1])).sum::<f64>() / 60.0;
        assert!((offset[1] - (mean - 0.5)).abs() < 1e-6);
        // Few emotions give it no part, and clips that were heard before there was one take it away.
        assert!(adaptation.estimate(&scored([0, 8, 2])).centred.is_none_or(|centred| centred.share == 0.0));
        let mut older = scored([20, 20, 20]);
        older[0].scores.clear();
        assert_eq!(adaptation.estimate(&older), fitted().estimate(&older));
    }

    #[test]
    fn the_second_head_tells_how_many_emotions_are_heard_where_the_first_hears_several() {
        use crate::adapt::CentredHead;
        let scored = |counts| -> Vec<Heard> {
            heard(counts).into_iter().map(|clip| Heard { scores: clip.logs.clone(), ..clip }).collect()
        };
        // To the first head the classes are nearly one; to the second they are what they are.
        let near = fitted().means.iter().map(|mean| mean.iter().map(|x| 0.55 * x).collect()).collect();
        let head = CentredHead::new(vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0], vec![0.0; 3]);
        let first = Adaptation { means: near, centred: head, ..fitted() };
        let both = Adaptation { second: Some(Box::new(fitted())), ..first.clone() };
        let share = |of: &Adaptation, counts| of.estimate(&scored(counts)).centred.map_or(0.0, |centred| centred.share);
        let [alone, together] = [&first, &both].map(|of| of.estimate(&scored([20, 20, 20])));
        assert!(alone.emotions >= 2.0 && together.emotions > alone.emotions, "{alone:?}\n{together:?}");
        assert!(share(&both, [20, 20, 20]) > share(&first, [20, 20, 20]));
        // Where the first hears few, nothing changes; nor where it is alone with what was heard.
        assert_eq!(both.estimate(&scored([0, 0, 30])), first.estimate(&scored([0, 0, 30])));
        assert_eq!(both.estimate(&heard([20, 20, 20])), first.estimate(&heard([20, 20, 20])));
    }

    #[test]
    fn more_seconds_adapt_further_and_one_emotion_not_at_all() {
        let adaptation = fitted();
        let degrees: Vec<f64> =
            [4, 8, 40].map(|n| adaptation.estimate(&heard([n; 3]))).map(|estimate| estimate.degree).into();
        assert!(degrees[0] > 0.0 && degrees[0] < degrees[1] && degrees[1] < degrees[2] && degrees[2] < 1.0);
        let one = adaptation.estimate(&heard([0, 0, 30]));
        assert_eq!((one.off, one.degree, one.seconds), (Some(Off::OneEmotion), 0.0, 75.0));
        assert!(one.offset.iter().all(|offset| *offset == 0.0) && one.emotions < 1.5);
        let none = adaptation.estimate([]);
        assert_eq!((none.off, none.seconds), (Some(Off::NothingHeard), 0.0));
        assert_eq!(none.adapted(&[-1.0, -2.0, -0.5], &[]), [-1.0, -2.0, -0.5]);
        // What counts is how much was heard, not in how many pieces.
        let halves: Vec<Heard> = heard([6; 3])
            .into_iter()
            .flat_map(|clip| [Heard { seconds: 1.25, ..clip.clone() }, Heard { seconds: 1.25, ..clip }])
            .collect();
        let (whole, halves) = (adaptation.estimate(&heard([6; 3])), adaptation.estimate(&halves));
        assert!((whole.degree - halves.degree).abs() < 1e-9);
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let adaptation = fitted();
        assert!(adaptation.check(3).is_ok());
        assert!(adaptation.check(4).unwrap_err().contains("4 classes"));
        assert!(Adaptation { seconds: 0.0, ..adaptation.clone() }.check(3).unwrap_err().contains("0 s"));
        let twice = Adaptation { second: Some(Box::new(adaptation.clone())), ..adaptation.clone() };
        assert!(twice.check(3).is_ok());
        let blunt = Adaptation { sharpness: Some(0.5), ..adaptation.clone() };
        assert!(blunt.check(3).unwrap_err().contains("sharpness 0.5"));
        let thrice = Adaptation { second: Some(Box::new(twice)), ..adaptation.clone() };
        assert!(thrice.check(3).unwrap_err().contains("second head with a second head"));
        let prior = vec![vec![1.0, 2.0], vec![2.0, 1.0]];
        assert!(Adaptation { prior, ..adaptation }.check(3).unwrap_err().contains("spread"));
    }
}
