//! Weight averaging: a second set of weights, the mean of those that training went through. It is the averaged set that
//! is validated, picked by its validation UAR, tested and put into the bundle; training itself goes on from its own.

use serde::{Deserialize, Serialize};

use crate::{error::Result, model::weights::Weights, setting::out_of_range};

/// `train.averaging`: what is averaged, by name or as a table with a `kind`. Running statistics of normalisation are
/// averaged with the parameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Averaging {
    /// Nothing.
    None(Off),
    /// Every step's weights, later ones more (Polyak & Juditsky 1992; exponential as in Tarvainen & Valpola 2017).
    Ema(Ema),
    /// The unweighted mean of the weights at the end of each later epoch (Izmailov et al. 2018).
    Swa(Swa),
}

impl Default for Averaging {
    fn default() -> Self {
        Self::None(Off {})
    }
}

/// No settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Off {}

/// Settings of `ema`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ema {
    /// What is kept of the mean at each step; less in the first steps, (1 + n) / (10 + n) in the nth.
    pub decay: f64,
}

impl Default for Ema {
    fn default() -> Self {
        Self { decay: 0.99 }
    }
}

/// Settings of `swa`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Swa {
    /// The part of `train.epochs` after which averaging begins; until then nothing is averaged.
    pub start: f64,
}

impl Default for Swa {
    fn default() -> Self {
        Self { start: 0.5 }
    }
}

impl Averaging {
    /// Whether it is what a config without one means.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn validate(&self) -> Result<()> {
        let (key, value) = match *self {
            Self::None(_) => return Ok(()),
            Self::Ema(Ema { decay }) => ("train.averaging.decay", decay),
            Self::Swa(Swa { start }) => ("train.averaging.start", start),
        };
        if (0.0..1.0).contains(&value) { Ok(()) } else { Err(out_of_range(key, value, "a part, from 0 to below 1")) }
    }

    /// Takes a step's weights into the mean; `steps` are those taken, this one included.
    pub(crate) fn after_step(&self, mean: &mut Option<Weights>, steps: u64, weights: impl FnOnce() -> Weights) {
        if let Self::Ema(Ema { decay }) = *self {
            let n = steps as f64;
            take_in(mean, weights(), 1.0 - decay.min((1.0 + n) / (10.0 + n)));
        }
    }

    /// Takes the weights at the end of an epoch (from 1) of `epochs` into the mean.
    pub(crate) fn after_epoch(
        &self,
        mean: &mut Option<Weights>,
        epoch: usize,
        epochs: usize,
        weights: impl FnOnce() -> Weights,
    ) {
        if let Self::Swa(Swa { start }) = *self {
            let before = (start * epochs as f64).floor() as usize;
            if epoch > before {
                take_in(mean, weights(), 1.0 / (epoch - before) as f64);
            }
        }
    }
}

/// Moves the mean by `share` of the way to the weights; the first weights are the mean.
fn take_in(mean: &mut Option<Weights>, weights: Weights, share: f64) {
    let Some(mean) = mean else {
        *mean = Some(weights);
        return;
    };
    let share = share as f32;
    // Both come from the same network and hence have the same names in the same order.
    for (mean, weight) in mean.values_mut().zip(weights.values()) {
        for (mean, value) in mean.values.iter_mut().zip(&weight.values) {
            *mean += share * (value - *mean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrays::Weight;

    fn weights(value: f32) -> Weights {
        Weights::from([("w".to_owned(), Weight { shape: vec![1], values: vec![value] })])
    }

    fn value(mean: &Option<Weights>) -> Option<f32> {
        mean.as_ref().map(|mean| mean["w"].values[0])
    }

    #[test]
    fn swa_is_the_plain_mean_of_the_later_epochs() {
        let swa = Averaging::Swa(Swa { start: 0.5 });
        let mut mean = None;
        for epoch in 1..=4 {
            swa.after_step(&mut mean, epoch as u64, || unreachable!());
            swa.after_epoch(&mut mean, epoch, 5, || weights(epoch as f32));
            assert_eq!(value(&mean), [None, None, Some(3.0), Some(3.5)][epoch - 1]);
        }
    }

    #[test]
    fn ema_forgets_its_start_soon_and_then_decays_as_asked() {
        let ema = Averaging::Ema(Ema { decay: 0.5 });
        let mut mean = None;
        ema.after_step(&mut mean, 1, || weights(8.0));
        ema.after_step(&mut mean, 2, || weights(0.0)); // 3 / 12 is kept
        assert_eq!(value(&mean), Some(2.0));
        ema.after_step(&mut mean, 100, || weights(0.0));
        assert_eq!(value(&mean), Some(1.0));
        ema.after_epoch(&mut mean, 1, 2, || unreachable!());
    }
}
