//! One run: a fold and a seed, from the initial weights to the predictions and the bundle.
//!
//! Everything random is a function of (seed, epoch, batch), so that a run that is killed and resumed from its last
//! checkpoint ends with the same bits as one that was not.

use std::{collections::BTreeMap, path::Path, time::Instant};

use burn::{module::Module, tensor::Device};

use super::{
    Prepared, calibration,
    centred::{Second, centred},
    checkpoints::{Checkpoints, removed},
    distillation::{Distillation, Teachers},
    init::Start,
    log::Log,
    metrics::Metrics,
    network::initial,
    scaling::Scalers,
    score::{Scored, Scorer},
    sharpness::sharpness,
    solve::solve,
    tensorboard::TensorBoard,
    upper::settled,
    view::View,
    write_metadata::write_metadata,
};
use crate::{
    adapt::{Adaptation, Heard, Labelled},
    arrays::Precision,
    bundle::{Bundle, BundleEncoder, Doubt, Figures, distance},
    cache::Entry,
    duration::duration,
    error::{Error, Result},
    eval::{Judgements, temperature},
    events::{All, EpochEnd, EpochRecord, Observer, RunStart},
    files::write_json,
    frontend::Scaler,
    model::{
        ModelConfig, Net, Penalty,
        weights::{self, Weights},
    },
    numeric::argmax,
    protocol::Fold,
    rng,
    run::{
        Done, Embeddings, Look, PartRecord, Prediction, RunDir, RunRecord, SplitRow, Temperatures, write_predictions,
    },
    task::{self, Part},
    train::{Answers, Batches, Calibration, Checkpoint, Dataset, Item, Optimiser, Place, Replicas, Select, State},
};

/// One run's inputs.
pub(super) struct Run<'a> {
    pub prepared: &'a Prepared,
    pub entries: &'a [Entry],
    /// The altered copies of each clip of the training side, in its order.
    pub copies: Vec<Vec<Entry>>,
    /// Those of each clip of the validation side, for `train.calibration`; else none.
    pub validation_copies: Vec<Vec<Entry>>,
    /// What the head that knows speakers sees of the clips, where that is not what the network sees.
    pub view: Option<View>,
    pub fold: &'a Fold,
    pub record: RunRecord,
    /// The fold's clips, each with what was read of it.
    pub split: Vec<SplitRow>,
    pub dir: RunDir,
    /// The experiment's folder, which has the log of looks.
    pub experiment: &'a Path,
    /// What computes: several share each batch.
    pub devices: Vec<Device>,
    /// What to start from in place of random weights.
    pub start: Option<Start>,
    /// Whose answers are the targets in place of labels.
    pub distillation: Option<Distillation>,
    /// Their answers, where they hear clips for themselves.
    pub answers: Option<Answers>,
    /// The encoder whose states the network sees.
    pub encoder: Option<BundleEncoder>,
    /// Where it lies.
    pub models: &'a Path,
    /// Runs of this call that are not done, this one included.
    pub runs_left: usize,
    /// Who is told.
    pub observer: &'a dyn Observer,
    /// Whether to go on from the last checkpoint, where there is one.
    pub resume: bool,
}

/// What is fitted on the validation side once the network is trained.
#[derive(Default)]
struct Calibrated {
    temperature: Option<f64>,
    doubt: Option<Doubt>,
    adaptation: Option<Adaptation>,
}

impl Run<'_> {
    /// Trains, predicts and leaves the bundle. `done.json` is written last.
    pub(super) fn go(&self) -> Result<Done> {
        let started = Instant::now();
        let scalers = Scalers::fit(self.prepared, self.entries, self.fold)?;
        let distillation = self.distillation.as_ref();
        let teachers = distillation.map(|of| of.on(scalers.of_bundle(), &self.devices[0])).transpose()?.flatten();
        write_metadata(&self.dir, self.prepared, self.entries, &self.split, &self.record)?;
        let log = Log::open(&self.dir.log())?;
        let (metrics, tensorboard) = (Metrics(self.dir.metrics()), TensorBoard::new(self.dir.tensorboard()));
        let observer = All(vec![&metrics, &tensorboard, &log, self.observer]);
        let data = scalers.dataset(self.prepared, self.entries, &self.copies, self.fold);
        let penalty = &self.prepared.experiment.model.c;
        let (net, state, c) = match self.prepared.experiment.is_solved() {
            true => solve(self, &data, &observer),
            false => self.train(&data, teachers.as_ref(), &observer).map(|(net, state)| (net, state, penalty.least())),
        }
        .map_err(|error| removed(&self.dir).unwrap_or(error))?;

        let scorer = Scorer::new(self.prepared, &data, &net, &self.devices[0]);
        let validation = scorer.score(&self.fold.validation)?;
        self.write(&self.dir.validation(), &self.fold.validation, &validation)?;
        let best_epoch = self.kept_epoch(&state);
        let mut done = Done {
            best_epoch,
            epochs: state.history.len(),
            task: ranked(self.prepared.task.kind()),
            validation: state.history.get(best_epoch.wrapping_sub(1)).map_or(f64::NAN, |e| e.validation.value()),
            test: f64::NAN,
            seconds: state.seconds + started.elapsed().as_secs_f64(),
            c: penalty.settled().is_none().then_some(c),
        };
        if self.record.candidate {
            write_json(&self.dir.done(), &done)?;
            return Ok(done);
        }
        // Noted before it happens, so that a crash hides no look.
        let picked = if self.record.protocol.leak.is_some_and(|leak| leak.selection_on_test) { done.epochs } else { 0 };
        Look::of(&self.record, &self.split, picked + 1).add(self.experiment)?;
        let test = scorer.score(&self.fold.test)?;
        self.write(&self.dir.predictions(), &self.fold.test, &test)?;
        self.write_parts(&scorer, &validation, &test)?;
        self.embeddings(&scorer)?.write(&self.dir.embeddings())?;
        let figures = Figures { best_epoch, validation: validation.figures(), test: test.figures() };
        // On training clips it would say how sure the network is of its training data.
        let probabilities = self.prepared.task.kind().has_classes();
        let mut calibrated = match self.record.protocol.validation_learnt || !probabilities {
            true => Calibrated::default(),
            false => self.calibrate(&scalers, &net, &validation)?,
        };
        if calibrated.adaptation.is_none() && self.view.is_some() {
            observer.log(&format!(
                "{}  [speaker] has no effect: there is nobody to learn adaptation from (three validation speakers, with three clips \
                 of each class)",
                self.label()
            ));
        }
        if let Some(adaptation) = &mut calibrated.adaptation {
            let sides = [&self.prepared.training_side(self.fold)[..], &self.fold.validation[..]];
            if let Some(Second { head, scores }) = centred(self, &scalers, &net, c, sides, &validation)? {
                if let Some(view) = &self.view {
                    view.scores(self.prepared, &head, &self.fold.test)?.write(&self.dir.speaker_scores())?;
                }
                adaptation.second = self.adaptation(&scores, &[]).map(Box::new);
                adaptation.centred = Some(head);
                adaptation.sharpness = sharpness(adaptation, &self.heard(&validation.answers, &scores));
            }
        }
        if let (Some(temperature), Some(doubt)) = (calibrated.temperature, calibrated.doubt) {
            let far = Self::distances(&data, &self.fold.test)?;
            let of =
                |(&clip, far): (&usize, f64)| (self.prepared.clips[clip].id.clone(), temperature * doubt.factor(far));
            Temperatures(self.fold.test.iter().zip(far).map(of).collect()).write(&self.dir.temperatures())?;
        }
        self.bundle(&net, c, scalers.of_bundle(), calibrated, figures).save_in(&self.dir.bundle())?;
        done.test = test.judged.figure.value();
        done.seconds = state.seconds + started.elapsed().as_secs_f64();
        write_json(&self.dir.done(), &done)?;
        Ok(done)
    }

    /// The run's name for people.
    pub(super) fn label(&self) -> String {
        let brand = self.record.protocol.brand.as_ref().map(|brand| format!("{brand}: ")).unwrap_or_default();
        format!("{brand}fold {} seed {}", self.fold.name, self.seed())
    }

    pub(super) fn seed(&self) -> u64 {
        self.record.seed
    }

    fn train(&self, data: &Dataset, teachers: Option<&Teachers>, observer: &dyn Observer) -> Result<(Net, State)> {
        let settings = &self.prepared.experiment.train;
        let replicas = Replicas::new(&self.devices);
        let device = replicas.first();
        let label = self.label();
        let of = (data.dims(), self.models);
        let hints = self.answers.as_ref().map_or(0, Answers::hints);
        let mut net = initial(self.prepared, self.encoder.as_ref(), of, hints, self.seed(), device)?;
        let mut optimiser = Optimiser::new(settings);
        let mut state = State { epoch: 1, run: Some(self.record.id()), ..State::default() };
        let mut average = None;
        let checkpoints = Checkpoints { dir: &self.dir, run: self.record.id(), keep: settings.keep_checkpoints };
        let started = Instant::now();
        if let Some(checkpoint) = if self.resume { checkpoints.newest(observer)? } else { None } {
            net = weights::write(net, checkpoint.weights)?;
            [optimiser.first, optimiser.second] = checkpoint.optimiser;
            optimiser.steps = checkpoint.state.steps;
            state = State { run: state.run, ..checkpoint.state };
            average = checkpoint.average;
        } else if let Some(start) = &self.start {
            net = start.apply(net)?;
            observer.log(&format!("{label}  {}", start.words));
        } else if net.upper().is_some() {
            net = settled(self, data, net, observer)?;
        }
        // The layers of the encoder come first in the network, and learn at a rate of their own.
        let upper = net.upper().map_or(0, |upper| weights::flatten(upper).len());
        let own = self.prepared.experiment.encoder.as_ref().map_or(1.0, |of| of.rate() / settings.learning_rate);
        if let Some(distillation) = &self.distillation {
            observer.log(&format!("{label}  {}", distillation.words()));
        }
        let (earlier, done_before) = (state.seconds, state.history.len());
        let _ended = Ended(observer);
        observer.run_started(&RunStart { label: &label, epochs: settings.epochs, history: &state.history })?;
        let training = Batches {
            data,
            task: &*self.prepared.task,
            answers: self.answers.as_ref(),
            augment: &self.prepared.experiment.augment,
            seed: self.seed(),
        };
        let trained = self.prepared.training_side(self.fold);
        let mut loss = self.prepared.task.loss(&trained)?;
        if let Some(hints) = self.answers.as_ref().and_then(|answers| answers.hints.as_ref()) {
            loss = hints.beside(loss, self.prepared.task.heads().all());
        }
        let windows = data.windows_of(&trained);

        while !self.finished(&state) {
            let batches = settings.sampling.batches(
                &windows,
                |clip| self.prepared.task.stratum(clip),
                settings.batch_size,
                self.seed(),
                state.epoch,
            );
            let rate = |done: usize, history: &[EpochRecord]| {
                let done = (history.len() as f64) + done as f64 / batches.len() as f64;
                settings.schedule.rate(settings.learning_rate, Place { done, epochs: settings.epochs, history })
            };
            observer.epoch_started(state.epoch, windows.len())?;
            for (i, batch) in batches.iter().enumerate().skip(state.batch) {
                if observer.stop_requested() {
                    state.seconds = earlier + started.elapsed().as_secs_f64();
                    checkpoints.save(&checkpoint(&net, &optimiser, &state, &average))?;
                    return Err(Error::Interrupted(format!(
                        "stopped in epoch {} of {label}; go on with the same command and --resume",
                        state.epoch
                    )));
                }
                let (input, mut targets) = training.batch(batch, state.epoch, i, device)?;
                if let Some(teachers) = teachers {
                    targets = teachers.targets(&input, targets);
                }
                let (value, gradient) = replicas.gradient(&net, &*loss, input, targets, |part| match part {
                    0 => rng::stream(self.seed(), &[&"dropout", &state.epoch, &i]),
                    part => rng::stream(self.seed(), &[&"dropout", &state.epoch, &i, &part]),
                });
                let (updated, norm) = optimiser.step_parts(rate(i, &state.history), (upper, own), net, gradient);
                net = updated;
                if !value.is_finite() || !norm.is_finite() {
                    return Err(self.diverged(&state, i, batch, data, [value, norm]));
                }
                settings.averaging.after_step(&mut average, optimiser.steps, || weights::read(&net));
                state.batch = i + 1;
                state.steps = optimiser.steps;
                state.loss_sum += value * batch.len() as f64;
                state.seen += batch.len();
                observer.step(state.seen, value)?;
            }
            settings.averaging.after_epoch(&mut average, state.epoch, settings.epochs, || weights::read(&net));
            let validated = validated(&net, average.as_ref())?;
            let scorer = Scorer::new(self.prepared, data, &validated, &self.devices[0]);
            let validation = scorer.score(&self.fold.validation)?;
            let record = EpochRecord {
                epoch: state.epoch,
                train_loss: state.loss_sum / state.seen.max(1) as f64,
                validation_loss: validation.judged.loss,
                validation: validation.judged.figure,
                learning_rate: rate(batches.len().saturating_sub(1), &state.history),
            };
            state.end_epoch(record);
            state.seconds = earlier + started.elapsed().as_secs_f64();
            checkpoints.save(&checkpoint(&net, &optimiser, &state, &average))?;
            // Where the last epoch is kept, none is the best.
            let best = settings.select == Select::Best && state.best == Some(record.epoch);
            observer.epoch_ended(&EpochEnd { label: &label, record: &record, history: &state.history, best })?;
            if self.runs_left > 1 && state.history.len() == done_before + 1 {
                let most = started.elapsed().as_secs_f64() * (settings.epochs * self.runs_left - done_before) as f64;
                self.observer.log(&format!("{label}  {} runs to do: {} at most", self.runs_left, duration(most)));
            }
        }
        state.seconds = earlier;
        let (average, last) = match settings.select {
            // Whatever the last epoch was.
            Select::Best => {
                let best = Checkpoint::load(&self.dir.best_checkpoint())?;
                (best.average, best.weights)
            }
            Select::Last => (average, weights::read(&net)),
        };
        Ok((weights::write(net, average.unwrap_or(last))?, state))
    }

    fn finished(&self, state: &State) -> bool {
        let settings = &self.prepared.experiment.train;
        let since_best = state.history.len() - state.best.unwrap_or(0).min(state.history.len());
        let out_of_patience = settings.select == Select::Best && since_best >= settings.patience;
        state.history.len() >= settings.epochs || out_of_patience
    }

    /// The epoch whose network is kept, from 1.
    fn kept_epoch(&self, state: &State) -> usize {
        let last = state.history.len();
        match self.prepared.experiment.train.select {
            Select::Best => state.best.unwrap_or(last),
            Select::Last => last,
        }
    }

    fn embeddings(&self, scorer: &Scorer) -> Result<Embeddings> {
        let test = &self.fold.test;
        let clips = test.iter().map(|&clip| self.prepared.clips[clip].id.clone()).collect();
        Ok(Embeddings { clips, vectors: scorer.embed(test)? })
    }

    /// Writes the predictions of a side.
    fn write(&self, path: &Path, members: &[usize], scored: &Scored) -> Result<()> {
        let task = &self.prepared.task;
        let cells = |(&clip, answer): (&usize, &Vec<f32>)| (self.named(clip), task.cells(clip, answer));
        let rows = members.iter().zip(&scored.answers).map(cells);
        write_predictions(path, &task.columns(), rows)
    }

    /// What is learnt beside the class: the numbers of both sides, and a figure of each part.
    fn write_parts(&self, scorer: &Scorer, validation: &Scored, test: &Scored) -> Result<()> {
        let parts = self.prepared.task.beside();
        if parts.is_empty() {
            return Ok(());
        }
        let numbers: Vec<&Part> = parts.iter().filter(|part| part.is_answer()).collect();
        let columns: Vec<String> = numbers.iter().flat_map(|part| part.task.columns()).collect();
        let sides = [
            (self.dir.validation_numbers(), &self.fold.validation, validation),
            (self.dir.numbers(), &self.fold.test, test),
        ];
        for (path, members, scored) in sides.into_iter().filter(|_| !numbers.is_empty()) {
            let answers: Vec<Vec<Vec<f32>>> = numbers.iter().map(|part| part.answers(&scored.answers)).collect();
            let rows = members.iter().enumerate().map(|(at, &clip)| {
                let each = numbers.iter().zip(&answers);
                (self.named(clip), each.flat_map(|(part, answers)| part.task.cells(clip, &answers[at])).collect())
            });
            write_predictions(&path, &columns, rows)?;
        }
        let learnt = self.prepared.training_side(self.fold);
        let training = scorer.score(&learnt)?;
        let sides = [(&learnt[..], &training), (&self.fold.validation[..], validation), (&self.fold.test[..], test)];
        let of = |part: &Part| {
            let figure = |(members, scored): (&[usize], &Scored), strangers: bool| {
                let told = !members.is_empty() && (!strangers || part.is_told_of_strangers());
                let judged = told.then(|| part.task.judge(members, &part.answers(&scored.answers)).figure.value());
                judged.filter(|value| value.is_finite())
            };
            PartRecord {
                name: part.name.clone(),
                task: part.task.kind(),
                outputs: part.task.outputs().len(),
                weight: part.weight,
                adversarial: part.adversarial,
                training: figure(sides[0], false),
                validation: figure(sides[1], true),
                test: figure(sides[2], true),
            }
        };
        let parts: Vec<PartRecord> = parts.iter().map(of).collect();
        write_json(&self.dir.parts(), &parts)
    }

    /// The columns of a prediction that say which clip it is of.
    fn named(&self, clip: usize) -> [String; 4] {
        let of = &self.prepared.clips[clip];
        [of.id.clone(), of.speaker_key(), self.fold.name.clone(), self.seed().to_string()]
    }

    /// The predictions of a side, for its temperature.
    fn judgements(&self, members: &[usize], scored: &Scored) -> Judgements {
        let classes = self.prepared.classes.len();
        let rows: Vec<Prediction> = members
            .iter()
            .zip(&scored.answers)
            .map(|(&clip, answer)| {
                let of = &self.prepared.clips[clip];
                let probabilities: Vec<f32> = answer.iter().take(classes).map(|p| p.exp().min(1.0)).collect();
                Prediction {
                    clip: of.id.clone(),
                    speaker: of.speaker_key(),
                    fold: self.fold.name.clone(),
                    seed: self.seed(),
                    truth: self.prepared.labels[clip],
                    prediction: argmax(&probabilities),
                    probabilities,
                }
            })
            .collect();
        Judgements::of(classes, &rows)
    }

    /// How far each of some clips lies from those of training.
    fn distances(data: &Dataset, members: &[usize]) -> Result<Vec<f64>> {
        members.iter().map(|&clip| Ok(distance(&data.rows_of(clip, 0..data.frames_of(clip))?))).collect()
    }

    /// The temperature, what makes the network doubt its answer where the config asks for it, and what it must know to
    /// adapt to a speaker.
    fn calibrate(&self, scalers: &Scalers, net: &Net, validation: &Scored) -> Result<Calibrated> {
        let members = &self.fold.validation;
        let settings = &self.prepared.experiment.train;
        let mut answers = self.judgements(members, validation);
        let data = scalers.dataset(self.prepared, self.entries, &[], self.fold);
        let (mut far, mut altered) = (Vec::new(), Vec::new());
        match settings.calibration {
            Calibration::Validation => {
                let (temperature, adaptation) = (temperature::fit(&answers), self.adaptation(&validation.answers, &[]));
                return Ok(Calibrated { temperature, doubt: None, adaptation });
            }
            Calibration::Altered => {
                far.extend(Self::distances(&data, members)?);
                let copies = self.validation_copies.iter().map(Vec::len).min().unwrap_or(0);
                for copy in 0..copies {
                    let mut entries = self.entries.to_vec();
                    members
                        .iter()
                        .zip(&self.validation_copies)
                        .for_each(|(&clip, copies)| entries[clip] = copies[copy].clone());
                    let data = scalers.dataset(self.prepared, &entries, &[], self.fold);
                    let scored = Scorer::new(self.prepared, &data, net, &self.devices[0]).score(members)?;
                    answers.append(self.judgements(members, &scored));
                    far.extend(Self::distances(&data, members)?);
                    altered.push(scored);
                }
            }
            Calibration::Corpora => {
                answers = Judgements::of(self.prepared.classes.len(), []);
                let corpus = |clip: &usize| &self.prepared.clips[*clip].corpus;
                let mut groups = vec![members.clone()];
                for name in &settings.calibrate_on {
                    let group: Vec<usize> =
                        self.fold.test.iter().filter(|clip| corpus(clip) == name).copied().collect();
                    if group.is_empty() {
                        return Err(Error::Config(format!(
                            "train.calibrate_on names {name}, and the test side of {} has no clip of it",
                            self.label()
                        )));
                    }
                    groups.push(group);
                }
                let each = groups.iter().map(Vec::len).min().unwrap_or(0);
                for group in &groups {
                    let members: Vec<usize> = (0..each).map(|i| group[i * group.len() / each]).collect();
                    let scored = Scorer::new(self.prepared, &data, net, &self.devices[0]).score(&members)?;
                    answers.append(self.judgements(&members, &scored));
                    far.extend(Self::distances(&data, &members)?);
                }
            }
        }
        let fitted = calibration::fit(&answers, &far, settings.uncertain_below);
        Ok(Calibrated {
            temperature: fitted.map(|(temperature, _)| temperature),
            doubt: fitted.map(|(_, doubt)| doubt),
            adaptation: self.adaptation(&validation.answers, &altered),
        })
    }

    /// What an adaptation must know, from what a head says of the validation side and its altered copies.
    fn adaptation(&self, validation: &[Vec<f32>], altered: &[Scored]) -> Option<Adaptation> {
        let members = &self.fold.validation;
        let speakers: Vec<String> = members.iter().map(|&clip| self.prepared.clips[clip].speaker_key()).collect();
        let classes = self.prepared.classes.len();
        let labelled = |(at, &clip): (usize, &usize)| Labelled {
            speaker: &speakers[at],
            class: self.prepared.labels[clip],
            seconds: self.seconds(clip),
            logs: part(&validation[at], classes),
            altered: altered.iter().map(|scored| part(&scored.answers[at], classes)).collect(),
        };
        let clips: Vec<Labelled> = members.iter().enumerate().map(labelled).collect();
        Adaptation::fit(classes, &clips)
    }

    /// What both heads say of the validation side, by speaker, with each clip's class.
    fn heard(&self, answers: &[Vec<f32>], scores: &[Vec<f32>]) -> BTreeMap<String, Vec<(usize, Heard)>> {
        let classes = self.prepared.classes.len();
        let mut speakers = BTreeMap::<String, Vec<(usize, Heard)>>::new();
        for ((&clip, answer), scores) in self.fold.validation.iter().zip(answers).zip(scores) {
            let logs = part(answer, classes).to_vec();
            let heard = Heard { logs, scores: scores.clone(), seconds: self.seconds(clip) };
            let of = speakers.entry(self.prepared.clips[clip].speaker_key()).or_default();
            of.push((self.prepared.labels[clip], heard));
        }
        speakers
    }

    /// How long a clip is, in seconds.
    fn seconds(&self, clip: usize) -> f64 {
        let frames = self.prepared.experiment.step_seconds() * self.entries[clip].frames() as f64;
        self.prepared.seconds.get(clip).copied().flatten().unwrap_or(frames)
    }

    fn bundle(
        &self,
        net: &Net,
        c: f64,
        scaler: Option<&Scaler>,
        Calibrated { temperature, doubt, adaptation }: Calibrated,
        figures: Figures,
    ) -> Bundle {
        let experiment = &self.prepared.experiment;
        let second = adaptation.as_ref().is_some_and(|adaptation| adaptation.centred.is_some());
        Bundle {
            task: self.prepared.task.kind(),
            classes: self.record.classes.clone(),
            targets: self.record.targets.clone(),
            scales: self.record.scales.clone(),
            audio: experiment.audio.clone(),
            features: experiment.features.clone(),
            encoder: self.encoder.clone(),
            speaker: experiment.speaker.clone().filter(|_| second),
            model: ModelConfig { c: Penalty::One(c), ..experiment.model.clone() },
            scaler: scaler.cloned(),
            temperature,
            doubt,
            adaptation,
            figures: Some(figures),
            precision: Precision::F32,
            record: self.record.clone(),
            weights: weights::read(&net.clone().without_training()),
            inside: None,
            beside: Vec::new(),
            factor: None,
            vote: None,
        }
    }

    /// Why the loss or the gradient of a batch is not a number: a clip whose features are out of all proportion, or the
    /// training as a whole.
    fn diverged(&self, state: &State, i: usize, batch: &[Item], data: &Dataset, [loss, norm]: [f64; 2]) -> Error {
        // Standardised features are below 10 and plain ones below 10^5.
        const OUT_OF_PROPORTION: f32 = 1e6;
        let id = |item: &Item| self.prepared.clips[item.clip].id.as_str();
        let largest = |item: &Item| match data.rows(*item, None) {
            Ok(rows) => rows.iter().fold(0f32, |most, x| if x.is_nan() { f32::INFINITY } else { most.max(x.abs()) }),
            Err(_) => 0.0,
        };
        let place = format!("epoch {}, batch {}", state.epoch, i + 1);
        let extreme: Vec<String> = batch
            .iter()
            .map(|item| (id(item), largest(item)))
            .filter(|(_, largest)| *largest > OUT_OF_PROPORTION)
            .map(|(id, largest)| format!("{id} (features up to {largest:.1e})"))
            .collect();
        if !extreme.is_empty() {
            return Error::Data(format!(
                "the loss in {place} is {loss}: the features of these clips are out of all proportion: {}; mend or remove \
                 their files, or set features.scaler",
                extreme.join(", ")
            ));
        }
        let clips: Vec<&str> = batch.iter().map(id).collect();
        Error::Data(format!(
            "training diverged in {place}: loss {loss}, gradient norm {norm}; lower train.learning_rate or set \
             train.clip_norm. The batch: {}",
            clips.join(", ")
        ))
    }
}

/// The task whose figure ranks the epochs.
fn ranked(kind: task::Kind) -> task::Kind {
    match kind {
        task::Kind::MultiTask => task::Kind::Classification,
        other => other,
    }
}

/// Tells an observer that the run's epochs are over, however they ended.
struct Ended<'a>(&'a dyn Observer);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.run_ended();
    }
}

/// The network that is validated, as it is used: no dropout, running statistics; with the mean of weights where there is
/// one.
fn validated(net: &Net, average: Option<&Weights>) -> Result<Net> {
    // A plain clone would share its running statistics.
    let net = net.valid();
    match average {
        Some(average) => weights::write(net, average.clone()),
        None => Ok(net),
    }
}

/// The log-probabilities of an answer, behind which numbers may stand.
fn part(answer: &[f32], classes: usize) -> &[f32] {
    answer.get(..classes).unwrap_or_default()
}

fn checkpoint(net: &Net, optimiser: &Optimiser, state: &State, average: &Option<Weights>) -> Checkpoint {
    Checkpoint {
        state: state.clone(),
        weights: weights::read(net),
        optimiser: [optimiser.first.clone(), optimiser.second.clone()],
        average: average.clone(),
    }
}
