//! Learning-rate schedules. The step size is a function of where the training stands and of the epochs that are done,
//! both of which a checkpoint holds: a resumed run goes on with the same.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};

use super::checkpoint::rank;
use crate::{
    error::{Error, Result},
    events::EpochRecord,
    setting::out_of_range,
};

/// `train.schedule`: how the step size changes, by name or as a table with a `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Schedule {
    /// `train.learning_rate` throughout.
    Constant(Constant),
    /// Half a cosine down (Loshchilov & Hutter 2017, without restarts) after a linear rise.
    Cosine(Cosine),
    /// Times a factor every so many epochs.
    Step(Step),
    /// Up and down once, `train.learning_rate` being the peak (Smith & Topin 2018, with PyTorch's cosines).
    OneCycle(OneCycle),
    /// Times a factor when validation has not got better for some epochs.
    Plateau(Plateau),
}

impl Default for Schedule {
    fn default() -> Self {
        Self::Constant(Constant {})
    }
}

/// No settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Constant {}

/// Settings of `cosine`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cosine {
    /// Epochs of linear rise from zero; may be a fraction.
    pub warmup: f64,
    /// What remains after the last of `train.epochs`, as a part of the learning rate.
    pub floor: f64,
}

impl Default for Cosine {
    fn default() -> Self {
        Self { warmup: 1.0, floor: 0.0 }
    }
}

/// Settings of `step`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Step {
    /// Epochs between two changes.
    pub every: usize,
    /// What the step size is multiplied by.
    pub factor: f64,
}

impl Default for Step {
    fn default() -> Self {
        Self { every: 20, factor: 0.1 }
    }
}

/// Settings of `one-cycle`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OneCycle {
    /// The part of the training in which the step size rises.
    pub rise: f64,
    /// What it starts from, as a part of the learning rate.
    pub start: f64,
    /// What it ends with, as a part of the learning rate.
    pub end: f64,
}

impl Default for OneCycle {
    fn default() -> Self {
        Self { rise: 0.3, start: 0.04, end: 4e-6 }
    }
}

/// Settings of `plateau`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Plateau {
    /// Epochs without a better validation UAR (the lower loss breaks a tie) after which the step size is cut.
    pub patience: usize,
    /// What it is multiplied by.
    pub factor: f64,
    /// The least that it becomes, as a part of the learning rate.
    pub floor: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { patience: 5, factor: 0.5, floor: 1e-3 }
    }
}

/// Where a training stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Epochs done, the part of the one under way included.
    pub done: f64,
    /// `train.epochs`.
    pub epochs: usize,
    /// The epochs that are done.
    pub history: &'a [EpochRecord],
}

impl Schedule {
    /// Whether it is what a config without one means.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The step size for the next batch, `peak` being `train.learning_rate`.
    pub(crate) fn rate(&self, peak: f64, at: Place) -> f64 {
        let epochs = at.epochs as f64;
        match *self {
            Self::Constant(_) => peak,
            // The first batch of a rise from zero would learn nothing: rates are those of a batch's end in the limit.
            Self::Cosine(Cosine { warmup, .. }) if at.done < warmup => peak * (at.done / warmup).max(1e-3),
            Self::Cosine(Cosine { warmup, floor }) => peak * fall(1.0, floor, (at.done - warmup) / (epochs - warmup)),
            Self::Step(Step { every, factor }) => peak * factor.powf((at.done / every as f64).floor()),
            Self::OneCycle(OneCycle { rise, start, end }) => {
                let done = at.done / epochs;
                peak * if done < rise {
                    fall(start, 1.0, done / rise)
                } else {
                    fall(1.0, end, (done - rise) / (1.0 - rise))
                }
            }
            Self::Plateau(Plateau { patience, factor, floor }) => {
                let (mut share, mut since, mut best) = (1.0, 0, None);
                for epoch in at.history {
                    if best.is_none_or(|best| rank(epoch) > best) {
                        (best, since) = (Some(rank(epoch)), 0);
                        continue;
                    }
                    since += 1;
                    if since == patience {
                        (share, since) = (f64::max(share * factor, floor), 0);
                    }
                }
                peak * share
            }
        }
    }

    /// Checks the settings against each other and the training's.
    pub(super) fn validate(&self, epochs: usize, patience: usize) -> Result<()> {
        let part = |key: &str, value: f64, lowest_is_in: bool| {
            let inside = value < 1.0 && if lowest_is_in { value >= 0.0 } else { value > 0.0 };
            let rule = if lowest_is_in { "a part, from 0 to below 1" } else { "a part, between 0 and 1" };
            if inside { Ok(()) } else { Err(out_of_range(&format!("train.schedule.{key}"), value, rule)) }
        };
        match *self {
            Self::Constant(_) => Ok(()),
            Self::Cosine(Cosine { warmup, floor }) => {
                if !(0.0..epochs as f64).contains(&warmup) {
                    let rule = format!("epochs, from 0 to below train.epochs = {epochs}");
                    return Err(out_of_range("train.schedule.warmup", warmup, &rule));
                }
                part("floor", floor, true)
            }
            Self::Step(Step { every, factor }) => {
                if every == 0 {
                    return Err(out_of_range("train.schedule.every", every, "epochs, 1 or more"));
                }
                part("factor", factor, false)
            }
            Self::OneCycle(OneCycle { rise, start, end }) => {
                part("rise", rise, false)?;
                part("start", start, false)?;
                part("end", end, true)
            }
            Self::Plateau(Plateau { patience: wait, factor, floor }) => {
                if wait == 0 || wait >= patience {
                    return Err(Error::Config(format!(
                        "train.schedule.patience = {wait}: from 1 to below train.patience = {patience}, after which the \
                         training stops"
                    )));
                }
                part("factor", factor, false)?;
                part("floor", floor, true)
            }
        }
    }
}

/// Half a cosine from one value to another, `done` going from 0 to 1.
fn fall(from: f64, to: f64, done: f64) -> f64 {
    to + (from - to) * (1.0 + (PI * done.clamp(0.0, 1.0)).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Figure;

    fn rates<const N: usize>(schedule: Schedule, done: [f64; N]) -> [f64; N] {
        done.map(|done| schedule.rate(0.1, Place { done, epochs: 10, history: &[] }))
    }

    fn assert_close<const N: usize>(ours: [f64; N], expected: [f64; N]) {
        for (a, b) in ours.iter().zip(expected) {
            approx::assert_relative_eq!(*a, b, max_relative = 1e-9);
        }
    }

    #[test]
    fn step_sizes_are_those_of_the_papers() {
        assert_close(rates(Schedule::default(), [0.0, 9.9]), [0.1, 0.1]);
        let cosine = Schedule::Cosine(Cosine { warmup: 2.0, floor: 0.1 });
        assert_close(rates(cosine, [0.5, 1.0, 2.0, 6.0, 10.0]), [0.025, 0.05, 0.1, 0.055, 0.01]);
        assert_close(rates(Schedule::Step(Step { every: 4, factor: 0.5 }), [3.9, 4.0, 8.0]), [0.1, 0.05, 0.025]);
        // PyTorch 2: OneCycleLR(max_lr=0.1, total_steps=11, pct_start=0.3) at steps 0, 3 and 10.
        assert_close(rates(Schedule::OneCycle(OneCycle::default()), [0.0, 3.0, 10.0]), [0.004, 0.1, 4e-7]);
    }

    #[test]
    fn a_plateau_cuts_once_the_patience_is_over_and_again_after_as_long() {
        let plateau = Schedule::Plateau(Plateau { patience: 2, factor: 0.5, floor: 0.3 });
        let mut history: Vec<EpochRecord> = Vec::new();
        let mut rates = Vec::new();
        for (i, uar) in [0.3, 0.4, 0.4, 0.3, 0.4, 0.5, 0.5, 0.5, 0.5, 0.5].into_iter().enumerate() {
            let record = EpochRecord {
                epoch: i + 1,
                train_loss: 1.0,
                validation_loss: 1.0,
                validation: Figure::Uar(uar),
                learning_rate: 0.0,
            };
            history.push(record);
            rates.push(plateau.rate(1.0, Place { done: (i + 1) as f64, epochs: 10, history: &history }));
        }
        assert_eq!(rates, [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.5, 0.3, 0.3, 0.3]);
    }
}
