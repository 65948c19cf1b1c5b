//! `ser-train --overfit-one-batch`: two checks for those who debug, on the first of the folds asked for. Nothing is written.
//!
//! A network that cannot overfit one batch has a mistake in it; a range test (Smith 2017) shows which learning
//! rates it learns at.

use std::path::Path;

use burn::tensor::Device;

use super::{
    Options, Prepared, features::matrices, init::Start, network::initial, runs::chosen_folds, scaling::Scalers,
};
use crate::{
    augment::AugmentConfig,
    bundle::BundleEncoder,
    cache::{Cache, DEFAULT_LIMIT},
    error::{Error, Result},
    events::{Observer, Work},
    model::Net,
    protocol::Fold,
    rng,
    task::{Loss, Task},
    train::{Batches, Dataset, Item, Optimiser, part},
};

/// Steps on the one batch.
const STEPS: usize = 200;
/// The part of its first loss that an overfitted batch still has.
const TRAINED: f64 = 0.05;
/// Steps of the range test, and the rates that it goes from and to.
const RATES: usize = 100;
const FROM: f64 = 1e-6;
const TO: f64 = 1.0;
/// What is kept of the smoothed loss at each step, and how many times the least it may become before the test stops.
const SMOOTHING: f64 = 0.9;
const DIVERGED: f64 = 4.0;
/// Characters of the longest bar.
const BAR: f64 = 40.0;

/// What the checks found.
#[derive(Debug, Clone)]
pub struct OneBatch {
    /// For people: both tables with their verdicts.
    pub text: String,
    /// Whether the network overfitted the batch.
    pub learns: bool,
}

/// Runs both checks.
///
/// # Errors
///
/// [`Error::Interrupted`] where a stop was asked for; otherwise as [`super::train`].
pub fn overfit_one_batch(prepared: &Prepared, options: &Options, observer: &dyn Observer) -> Result<OneBatch> {
    let device = options.device.open()?.autodiff();
    let folds = chosen_folds(prepared, options.fold.as_deref())?;
    let Some(fold) = folds.first() else { return Err(Error::Data("the protocol has no fold".into())) };
    let seed = options.seeds.first().copied().unwrap_or(prepared.experiment.seed);
    let cache = Cache::new(
        &options.cache,
        options.cache_limit.unwrap_or(DEFAULT_LIMIT),
        &prepared.experiment.audio,
        prepared.experiment.frontend(&options.models)?,
        prepared.known.clone(),
    )?;
    let entries = matrices(prepared, &cache, observer)?;
    let encoder = prepared.experiment.encoder.as_ref();
    let encoder = encoder.map(|config| BundleEncoder::of(config, &options.models)).transpose()?;
    let start = Start::load(prepared, fold, seed, encoder.as_ref())?;
    let scalers = Scalers::fit(prepared, &entries, fold)?;
    let plain = prepared.task.plain();
    let check = Check {
        prepared,
        encoder,
        models: &options.models,
        fold,
        seed,
        start,
        data: scalers.dataset(prepared, &entries, &[], fold),
        device,
        augment: AugmentConfig::default(),
        loss: plain.loss(&[])?,
        task: plain,
        observer,
        work: observer.work("overfitting one batch", STEPS + RATES),
    };
    let (mut text, learns) = check.one_batch()?;
    text.push('\n');
    text.push_str(&check.rates()?);
    Ok(OneBatch { text, learns })
}

struct Check<'a> {
    prepared: &'a Prepared,
    /// The encoder whose states the network sees.
    encoder: Option<BundleEncoder>,
    /// Where it lies.
    models: &'a Path,
    fold: &'a Fold,
    seed: u64,
    start: Option<Start>,
    data: Dataset<'a>,
    device: Device,
    augment: AugmentConfig,
    /// The labels as they are, without smoothing.
    task: Box<dyn Task>,
    /// Of them, without weights.
    loss: Box<dyn Loss>,
    observer: &'a dyn Observer,
    work: Box<dyn Work + 'a>,
}

impl Check<'_> {
    fn net(&self) -> Result<Net> {
        let of = (self.data.dims(), self.models);
        let net = initial(self.prepared, self.encoder.as_ref(), of, 0, self.seed, &self.device)?;
        match &self.start {
            Some(start) => start.apply(net),
            None => Ok(net),
        }
    }

    /// The clips as they are, all for their class.
    fn batches(&self) -> Batches<'_> {
        Batches { data: &self.data, task: &*self.task, answers: None, augment: &self.augment, seed: self.seed }
    }

    fn clips(&self, epoch: usize) -> Vec<Vec<Item>> {
        let settings = &self.prepared.experiment.train;
        let size = settings.batch_size;
        settings.sampling.batches(
            &self.data.windows_of(&self.fold.train),
            |clip| self.task.stratum(clip),
            size,
            self.seed,
            epoch,
        )
    }

    /// A step of the plain loss; its value before it.
    fn step(&self, net: Net, optimiser: &mut Optimiser, clips: &[Item], rate: f64, step: usize) -> Result<(Net, f64)> {
        if self.observer.stop_requested() {
            return Err(Error::Interrupted("stopped; nothing was written".into()));
        }
        self.work.step();
        let (input, targets) = self.batches().batch(clips, 1, 0, &self.device)?;
        let dropout = rng::stream(self.seed, &[&"sanity", &step]);
        let (loss, gradient) = part(&net, &*self.loss, input, targets, dropout);
        Ok((optimiser.step_flat(rate, net, gradient).0, loss))
    }

    fn one_batch(&self) -> Result<(String, bool)> {
        let rate = self.prepared.experiment.train.learning_rate;
        let clips = self.clips(1).swap_remove(0);
        let mut text = format!(
            "overfitting one batch of {} clips (fold {}, seed {}; no dropout, no augmentation; learning rate {rate}, constant)\n",
            clips.len(),
            self.fold.name,
            self.seed
        );
        let mut optimiser = Optimiser::new(&self.prepared.experiment.train);
        let mut net = self.net()?.without_dropout();
        let (mut first, mut last) = (f64::NAN, f64::NAN);
        for step in 1..=STEPS {
            let loss;
            (net, loss) = self.step(net, &mut optimiser, &clips, rate, step)?;
            (first, last) = (if step == 1 { loss } else { first }, loss);
            let trained = last <= TRAINED * first;
            if step == 1 || step % 25 == 0 || trained || !loss.is_finite() {
                text.push_str(&format!("  step {step:>3}  loss {loss:>8.4}  {}\n", bar(loss / first)));
            }
            if trained {
                text.push_str("it learns: the network, the loss and the optimiser work together\n");
                return Ok((text, true));
            }
            if !loss.is_finite() {
                break;
            }
        }
        text.push_str(&format!(
            "IT DOES NOT LEARN: after {STEPS} steps {:.0} % of the first loss is left. Try another train.learning_rate (see \
             below) and no train.weight_decay; else look at the features (ser-data features) and the labels\n",
            100.0 * last / first
        ));
        Ok((text, false))
    }

    fn rates(&self) -> Result<String> {
        let settings = &self.prepared.experiment.train;
        let mut text = format!("learning-rate range test ({RATES} steps, a batch each; loss smoothed)\n");
        let mut optimiser = Optimiser::new(settings);
        let mut net = self.net()?;
        let mut clips = (1..).flat_map(|epoch| self.clips(epoch));
        let (mut mean, mut least) = (0.0, f64::INFINITY);
        let mut curve: Vec<(f64, f64)> = Vec::new();
        for step in 0..RATES {
            let rate = FROM * (TO / FROM).powf(step as f64 / (RATES - 1) as f64);
            let loss;
            (net, loss) = self.step(net, &mut optimiser, &clips.next().unwrap_or_default(), rate, step)?;
            mean = SMOOTHING * mean + (1.0 - SMOOTHING) * loss;
            let smooth = mean / (1.0 - SMOOTHING.powi(step as i32 + 1));
            if !smooth.is_finite() || smooth > DIVERGED * least {
                break;
            }
            least = least.min(smooth);
            curve.push((rate, smooth));
        }
        let highest = curve.iter().map(|(_, loss)| *loss).fold(0.0, f64::max);
        // Scale bars from the least loss, not from 0.
        let share = |loss: f64| (loss - least) / (highest - least).max(f64::MIN_POSITIVE);
        for (rate, loss) in curve.iter().step_by(5) {
            text.push_str(&format!("  {rate:>8.1e}  loss {loss:>8.4}  {}\n", bar(share(*loss))));
        }
        text.push_str(&verdict(&curve, settings.learning_rate));
        Ok(text)
    }
}

/// Where the loss falls fastest and where it is least, and what that says of the config's rate.
fn verdict(curve: &[(f64, f64)], ours: f64) -> String {
    // Over several steps, or the noise of batches is what is found.
    const OVER: usize = 10;
    let slopes = curve.iter().zip(curve.iter().skip(OVER)).map(|(a, b)| ((a.0 * b.0).sqrt(), b.1 - a.1));
    let steepest = slopes.min_by(|a, b| a.1.total_cmp(&b.1));
    let least = curve.iter().min_by(|a, b| a.1.total_cmp(&b.1));
    let (Some((steepest, _)), Some((least, _))) = (steepest, least) else {
        return "it diverges at once: look at the features\n".into();
    };
    let advice = if ours > *least {
        "train.learning_rate is higher than that: lower it"
    } else if ours < steepest / 30.0 {
        "train.learning_rate is far below: training will be slow"
    } else {
        "train.learning_rate is in the usual range"
    };
    format!("the loss falls fastest at {steepest:.1e} and is least at {least:.1e}; here it is {ours:.1e}: {advice}\n")
}

fn bar(share: f64) -> String {
    "#".repeat((BAR * share.clamp(0.0, 1.0)).round() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_finds_the_fall_and_judges_the_rate() {
        // Flat, falling from 1e-4 to 1e-2, then rising.
        let curve: Vec<(f64, f64)> = (0..60)
            .map(|i| {
                let exponent = -6.0 + f64::from(i) / 10.0;
                let loss = 2.0 - (exponent + 4.0).clamp(0.0, 2.0) + (exponent + 2.0).max(0.0);
                (10f64.powf(exponent), loss)
            })
            .collect();
        assert!(verdict(&curve, 1e-3).contains("least at 1.0e-2"), "{}", verdict(&curve, 1e-3));
        assert!(verdict(&curve, 1e-3).contains("usual range"));
        assert!(verdict(&curve, 0.1).contains("lower it"));
        assert!(verdict(&curve, 1e-7).contains("slow"));
        assert!(verdict(&[], 1e-3).contains("diverges"));
    }
}
