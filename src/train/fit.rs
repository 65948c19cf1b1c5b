//! One run: a fold and a seed, from the initial weights to the predictions and the bundle.
//!
//! Everything random is a function of (seed, epoch, batch), so that a run that is killed and resumed from its last
//! checkpoint ends with the same bits as one that was not.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use burn::tensor::{Device, Tensor, activation::log_softmax};

use super::{
    batch::Batches,
    checkpoint::{Checkpoint, State},
    data::{Dataset, Item, Scaling},
    experiment::Prepared,
    log::Log,
    optimiser::Optimiser,
    score::{Scored, argmax, score},
    watch::Watch,
};
use crate::{
    cache::Entry,
    config::Experiment,
    corpus::Clip,
    error::{Error, Result},
    features::{Scaler, ScalerFit, ScalerScope},
    files::{create_dir, write_json, write_whole},
    model::{Net, weights},
    predict::Bundle,
    protocol::Fold,
    rng,
    run::{ClipRecord, Done, EpochRecord, Prediction, Predictions, RunDir, RunRecord},
};

/// One run's inputs.
pub(super) struct Run<'a> {
    pub prepared: &'a Prepared,
    pub entries: &'a [Entry],
    /// The altered copies of each clip of the training side, in its order.
    pub copies: Vec<Vec<Entry>>,
    pub fold: &'a Fold,
    pub record: RunRecord,
    pub dir: RunDir,
    pub device: Device,
    /// Whether Burn's dashboard shows the run.
    pub dashboard: bool,
    /// Whether to go on from the last checkpoint, where there is one.
    pub resume: bool,
}

/// A device's generator is the process's: initialising a network must not be interleaved with another's.
static INITIALISING: Mutex<()> = Mutex::new(());

impl Run<'_> {
    /// Trains, predicts and leaves the bundle. `done.json` is written last.
    pub(super) fn go(&self) -> Result<Done> {
        self.write_what_is_known()?;
        let mut log = Log::open(&self.dir.log())?;
        let started = Instant::now();
        let scalers = self.scalers()?;
        let Experiment { audio, features, model, .. } = &self.prepared.experiment;
        let scaling = self.prepared.clips.iter().map(|clip| scalers.of(clip)).collect();
        let windows = audio.windows(features.step_seconds(audio.sample_rate));
        let mut data = Dataset::new(self.entries, scaling, windows, model.min_frames());
        for (&clip, copies) in self.fold.train.iter().zip(&self.copies) {
            data.add_copies(clip, copies);
        }
        let (net, state) = self.train(&data, &mut log)?;

        let test = self.predict(&net, &data, &self.fold.test)?;
        let validation = self.predict(&net, &data, &self.fold.validation)?;
        self.table(&self.fold.validation, &validation).write(&self.dir.validation())?;
        self.table(&self.fold.test, &test).write(&self.dir.predictions())?;
        self.bundle(&net, scalers.of_bundle()).save(&self.dir.bundle())?;
        let best_epoch = state.best.unwrap_or(state.history.len());
        let done = Done {
            best_epoch,
            epochs: state.history.len(),
            validation_uar: state.history.get(best_epoch.wrapping_sub(1)).map_or(f64::NAN, |e| e.validation_uar),
            test_uar: test.uar,
            seconds: state.seconds + started.elapsed().as_secs_f64(),
        };
        write_json(&self.dir.done(), &done)?;
        Ok(done)
    }

    fn seed(&self) -> u64 {
        self.record.seed
    }

    /// Config, record and split: on disk before the long work starts.
    fn write_what_is_known(&self) -> Result<()> {
        create_dir(self.dir.path())?;
        let mut resolved = self.prepared.experiment.clone();
        resolved.seed = self.seed();
        let text = resolved.to_toml()?;
        write_whole(&self.dir.config(), |file| file.write_all(text.as_bytes()))?;
        write_json(&self.dir.record(), &self.record)?;
        if !self.prepared.excluded.is_empty() {
            write_whole(&self.dir.excluded(), |file| {
                let mut csv = csv::Writer::from_writer(file);
                csv.write_record(["path", "reason"])?;
                for file in &self.prepared.excluded {
                    csv.write_record([file.path.to_string_lossy().as_ref(), &file.reason])?;
                }
                csv.flush()
            })?;
        }
        self.write_clips()?;
        let sides = [("train", &self.fold.train), ("validation", &self.fold.validation), ("test", &self.fold.test)];
        let mut rows: Vec<(usize, &str)> =
            sides.iter().flat_map(|(side, members)| members.iter().map(|&clip| (clip, *side))).collect();
        rows.sort_unstable();
        write_whole(&self.dir.split(), |file| {
            let mut csv = csv::Writer::from_writer(file);
            csv.write_record(["clip", "speaker", "emotion", "side"])?;
            for (clip, side) in rows {
                let of = &self.prepared.clips[clip];
                let class = &self.prepared.classes[self.prepared.labels[clip]];
                csv.write_record([&of.id, &of.speaker_key(), class, side])?;
            }
            csv.flush()
        })
    }

    /// What is known of each clip; of how long it is, what its frames say.
    fn write_clips(&self) -> Result<()> {
        let experiment = &self.prepared.experiment;
        let step = experiment.features.step_seconds(experiment.audio.sample_rate);
        let records: Vec<ClipRecord> = self
            .prepared
            .clips
            .iter()
            .zip(self.entries)
            .map(|(clip, entry)| ClipRecord::of(clip, step * entry.frames().saturating_sub(1) as f64))
            .collect();
        ClipRecord::write_all(&self.dir.clips(), &records)
    }

    fn scalers(&self) -> Result<Scalers> {
        let dims = self.entries.first().map_or(0, Entry::dims);
        let fit = |members: &[usize]| -> Result<Scaler> {
            let mut fit = ScalerFit::new(dims);
            for &clip in members {
                fit.add(&self.entries[clip].values()?);
            }
            Ok(fit.finish())
        };
        Ok(match self.prepared.experiment.features.scaler {
            ScalerScope::None => Scalers::None,
            ScalerScope::Train => Scalers::Train(fit(&self.fold.train)?),
            ScalerScope::Utterance => Scalers::Utterance,
            ScalerScope::Speaker => {
                let mut speakers = std::collections::BTreeMap::<String, Vec<usize>>::new();
                for (i, clip) in self.prepared.clips.iter().enumerate() {
                    speakers.entry(clip.speaker_key()).or_default().push(i);
                }
                let fitted = speakers.into_iter().map(|(speaker, members)| Ok((speaker, fit(&members)?)));
                Scalers::Speaker(fitted.collect::<Result<_>>()?)
            }
        })
    }

    fn train(&self, data: &Dataset, log: &mut Log) -> Result<(Net, State)> {
        let device = self.device.clone().autodiff();
        let settings = &self.prepared.experiment.train;
        let mut net = self.initial(data, &device);
        let mut optimiser = Optimiser::new(settings);
        let mut state = State { epoch: 1, ..State::default() };
        let started = Instant::now();
        if let Some(checkpoint) = self.last_checkpoint()? {
            net = weights::write(net, checkpoint.weights)?;
            [optimiser.first, optimiser.second] = checkpoint.optimiser;
            optimiser.steps = checkpoint.state.steps;
            state = checkpoint.state;
        }
        let earlier = state.seconds;
        let label = format!("fold {} seed {}", self.fold.name, self.seed());
        let mut watch = Watch::new(self.dashboard, &label, settings.epochs, state.history.len())?;
        let training = Batches {
            data,
            labels: &self.prepared.labels,
            classes: self.prepared.classes.len(),
            augment: &self.prepared.experiment.augment,
            label_smoothing: settings.label_smoothing,
            seed: self.seed(),
        };

        while !self.finished(&state) {
            let batches = data.training_batches(&self.fold.train, settings.batch_size, self.seed(), state.epoch);
            watch.start_epoch(self.fold.train.len());
            for (i, batch) in batches.iter().enumerate().skip(state.batch) {
                if watch.stop_requested() {
                    state.seconds = earlier + started.elapsed().as_secs_f64();
                    self.checkpoint(&net, &optimiser, &state).save(&self.dir.last_checkpoint())?;
                    return Err(Error::Interrupted(format!(
                        "stopped in epoch {} of {label}; go on with the same command and --resume",
                        state.epoch
                    )));
                }
                let mut dropout = rng::stream(self.seed(), &[&"dropout", &state.epoch, &i]);
                let (input, targets) = training.batch(batch, state.epoch, i, &device)?;
                let loss = cross_entropy(net.forward(input, Some(&mut dropout)), targets);
                let value = loss.clone().into_data().iter::<f32>().next().map_or(f64::NAN, f64::from);
                let gradients = loss.backward();
                let (updated, norm) = optimiser.step(settings.learning_rate, net, &gradients);
                net = updated;
                if !value.is_finite() || !norm.is_finite() {
                    return Err(self.diverged(&state, i, batch, value, norm));
                }
                state.batch = i + 1;
                state.steps = optimiser.steps;
                state.loss_sum += value * batch.len() as f64;
                state.seen += batch.len();
                watch.batch(state.seen, value);
            }
            let validation = self.predict(&net, data, &self.fold.validation)?;
            let record = EpochRecord {
                epoch: state.epoch,
                train_loss: state.loss_sum / state.seen.max(1) as f64,
                validation_loss: validation.loss,
                validation_uar: validation.uar,
                learning_rate: settings.learning_rate,
            };
            state.end_epoch(record);
            state.seconds = earlier + started.elapsed().as_secs_f64();
            let checkpoint = self.checkpoint(&net, &optimiser, &state);
            if state.best == Some(record.epoch) {
                checkpoint.save(&self.dir.best_checkpoint())?;
            }
            checkpoint.save(&self.dir.last_checkpoint())?;
            self.write_metrics(&state)?;
            let line = format!(
                "{label}  epoch {:>3}  loss {:.4}  validation loss {:.4}  validation UAR {:.2} %{}",
                record.epoch,
                record.train_loss,
                record.validation_loss,
                100.0 * record.validation_uar,
                if state.best == Some(record.epoch) { "  best so far" } else { "" }
            );
            watch.end_epoch(&record, &line);
            log.add(&line);
        }
        // Whatever the last epoch was, the network that is kept is the best one's.
        let best = Checkpoint::load(&self.dir.best_checkpoint())?;
        self.write_metrics(&state)?;
        state.seconds = earlier;
        Ok((weights::write(net, best.weights)?, state))
    }

    fn finished(&self, state: &State) -> bool {
        let settings = &self.prepared.experiment.train;
        let since_best = state.history.len() - state.best.unwrap_or(0).min(state.history.len());
        state.history.len() >= settings.epochs || since_best >= settings.patience
    }

    fn initial(&self, data: &Dataset, device: &Device) -> Net {
        let _alone = INITIALISING.lock().unwrap_or_else(PoisonError::into_inner);
        let seed = rand::Rng::next_u64(&mut rng::stream(self.seed(), &[&"initial weights"]));
        device.seed(seed);
        let net = Net::new(&self.prepared.experiment.model, data.dims(), self.prepared.classes.len(), device);
        // Parameters are drawn when they are first looked at: look at all of them while the generator is ours.
        let _ = weights::flatten(&net);
        net
    }

    /// The last checkpoint, where the run is to be resumed and has one; the best one where the last is damaged.
    fn last_checkpoint(&self) -> Result<Option<Checkpoint>> {
        let (last, best) = (self.dir.last_checkpoint(), self.dir.best_checkpoint());
        if !self.resume || !last.exists() {
            return Ok(None);
        }
        match Checkpoint::load(&last) {
            Ok(checkpoint) => Ok(Some(checkpoint)),
            Err(damaged) => {
                eprintln!("warning: {damaged}; going on from the best epoch's checkpoint instead");
                Checkpoint::load(&best).map(Some)
            }
        }
    }

    fn checkpoint(&self, net: &Net, optimiser: &Optimiser, state: &State) -> Checkpoint {
        Checkpoint {
            state: state.clone(),
            weights: weights::read(net),
            optimiser: [optimiser.first.clone(), optimiser.second.clone()],
        }
    }

    fn write_metrics(&self, state: &State) -> Result<()> {
        write_whole(&self.dir.metrics(), |file| {
            for record in &state.history {
                serde_json::to_writer(&mut *file, record)?;
                writeln!(file)?;
            }
            Ok(())
        })
    }

    fn predict(&self, net: &Net, data: &Dataset, members: &[usize]) -> Result<Scored> {
        let prepared = self.prepared;
        let size = prepared.experiment.train.batch_size;
        score(net, data, members, &prepared.labels, &prepared.classes, size, &self.device)
    }

    fn table(&self, members: &[usize], scored: &Scored) -> Predictions {
        let rows = members.iter().zip(&scored.log_probabilities).map(|(&clip, row)| {
            let of = &self.prepared.clips[clip];
            let probabilities: Vec<f32> = row.iter().map(|p| p.exp().min(1.0)).collect();
            Prediction {
                clip: of.id.clone(),
                speaker: of.speaker_key(),
                fold: self.fold.name.clone(),
                seed: self.seed(),
                truth: self.prepared.labels[clip],
                prediction: argmax(&probabilities),
                probabilities,
            }
        });
        Predictions { classes: self.prepared.classes.clone(), rows: rows.collect() }
    }

    fn bundle(&self, net: &Net, scaler: Option<&Scaler>) -> Bundle {
        let experiment = &self.prepared.experiment;
        Bundle {
            classes: self.prepared.classes.clone(),
            audio: experiment.audio.clone(),
            features: experiment.features.clone(),
            model: experiment.model.clone(),
            scaler: scaler.cloned(),
            record: self.record.clone(),
            weights: weights::read(net),
        }
    }

    fn diverged(&self, state: &State, i: usize, batch: &[Item], loss: f64, norm: f64) -> Error {
        let clips: Vec<&str> = batch.iter().map(|item| self.prepared.clips[item.clip].id.as_str()).collect();
        Error::Data(format!(
            "training diverged in epoch {}, batch {}: loss {loss}, gradient norm {norm}; lower train.learning_rate or \
             set train.clip_norm. The batch: {}",
            state.epoch,
            i + 1,
            clips.join(", ")
        ))
    }
}

/// The scalers of a run, by scope.
enum Scalers {
    None,
    Train(Scaler),
    /// By the speaker's key.
    Speaker(std::collections::BTreeMap<String, Scaler>),
    /// Each clip's own, and each copy's.
    Utterance,
}

impl Scalers {
    /// What scales a clip. Its copies follow it; where each utterance is scaled by itself, a copy is one of its own.
    fn of(&self, clip: &Clip) -> Scaling<'_> {
        match self {
            Self::None => Scaling::None,
            Self::Train(scaler) => Scaling::By(scaler),
            Self::Speaker(scalers) => scalers.get(&clip.speaker_key()).map_or(Scaling::None, Scaling::By),
            Self::Utterance => Scaling::Own,
        }
    }

    /// What new clips are scaled by, where it is not their own.
    fn of_bundle(&self) -> Option<&Scaler> {
        match self {
            Self::Train(scaler) => Some(scaler),
            _ => None,
        }
    }
}

/// Mean cross-entropy of `logits` `[batch, classes]` against the probabilities that they should give, in nats.
fn cross_entropy(logits: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
    (log_softmax(logits, 1) * targets).sum_dim(1).mean().neg()
}
