//! The linear head: no epochs, but the one solution of a convex problem.

use super::{fit::Run, penalty::picked, score::Scorer};
use crate::{
    arrays::Weight,
    error::{Error, Result},
    events::{EpochEnd, EpochRecord, Observer, RunStart},
    model::{Net, weights},
    task::Solver,
    train::{Dataset, Examples, Item, Measured, SOLVED, State},
};

/// What a solver found: `weights` `[outputs, dims]`.
struct Solution {
    weights: Vec<f64>,
    intercepts: Vec<f64>,
    loss: f64,
    words: String,
}

/// What the head learns from: a row for each window of a clip and of its altered copies.
pub(super) struct Rows {
    dims: usize,
    outputs: usize,
    /// `[rows, dims]`.
    values: Vec<f32>,
    /// `[rows, outputs]`.
    targets: Vec<f32>,
    /// How much each row counts.
    weights: Vec<f32>,
    /// Whose each row is.
    clips: Vec<usize>,
}

impl Rows {
    /// Those of `members`. Every clip counts once: its windows share its weight, and so do its altered copies, as
    /// `augment.share` says.
    fn of(run: &Run, data: &Dataset, members: &[usize]) -> Result<Self> {
        let prepared = run.prepared;
        let (experiment, task) = (&prepared.experiment, &prepared.task);
        let counts = task.class_counts(members, prepared.classes.len());
        let class_weights = experiment.train.class_weights.resolve(&prepared.classes, &counts)?;
        let (dims, outputs) = (data.dims(), task.heads().all());
        let mut rows = Self { dims, outputs, values: vec![], targets: vec![], weights: vec![], clips: vec![] };
        for item in data.windows_of(members) {
            let copies = data.copies(item.clip);
            let share = if copies == 0 { 0.0 } else { experiment.augment.share as f32 };
            for copy in std::iter::once(None).chain((0..copies).map(Some)) {
                let part = if copy.is_some() { share / copies as f32 } else { 1.0 - share };
                let (target, counts) = task.weighed(item.clip, class_weights.as_deref());
                let weight = part * counts / data.count(item.clip) as f32;
                if weight == 0.0 {
                    continue;
                }
                rows.values.extend(mean_frame(data, item, copy, dims)?);
                rows.targets.extend(target);
                rows.weights.push(weight);
                rows.clips.push(item.clip);
            }
        }
        Ok(rows)
    }

    /// The rows of the clips that `kept` tells of.
    pub(super) fn only(&self, kept: impl Fn(usize) -> bool) -> Self {
        let at: Vec<usize> = (0..self.clips.len()).filter(|&row| kept(self.clips[row])).collect();
        let part = |values: &[f32], width: usize| {
            at.iter().flat_map(|&row| &values[row * width..][..width]).copied().collect::<Vec<f32>>()
        };
        Self {
            dims: self.dims,
            outputs: self.outputs,
            values: part(&self.values, self.dims),
            targets: part(&self.targets, self.outputs),
            weights: part(&self.weights, 1),
            clips: at.iter().map(|&row| self.clips[row]).collect(),
        }
    }

    fn solution(&self, solver: Solver, c: f64, tolerance: f64) -> Result<Solution> {
        match solver {
            Solver::Logistic => {
                let mut targets = self.targets.clone();
                for (target, weight) in targets.chunks_exact_mut(self.outputs).zip(&self.weights) {
                    target.iter_mut().for_each(|part| *part *= weight);
                }
                let (rows, dims, classes) = (&self.values, self.dims, self.outputs);
                let fitted = Examples { rows, dims, targets: &targets, classes }.fit_to(c, tolerance)?;
                let words = format!("solved in {} steps", fitted.steps);
                Ok(Solution { weights: fitted.weights, intercepts: fitted.intercepts, loss: fitted.loss, words })
            }
            Solver::Ridge => ridge(&self.values, self.dims, &self.targets, &self.weights, c),
        }
    }

    /// The network that they teach with the inverse strength `c` of the penalty, its loss on them, and words for the log; logistic
    /// regression to a tolerance.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] naming the run where there is no solution.
    pub(super) fn teach(&self, run: &Run, c: f64, tolerance: f64) -> Result<(Net, f64, String)> {
        let (dims, outputs) = (self.dims, self.outputs);
        let solution = self.solution(run.prepared.task.kind().solver(), c, tolerance).map_err(|error| match error {
            Error::Data(problem) => Error::Data(format!("{}: {problem}", run.label())),
            other => other,
        })?;
        // [dims, outputs], as the layer keeps them.
        let weight = (0..dims * outputs).map(|i| solution.weights[(i % outputs) * dims + i / outputs] as f32).collect();
        let bias = solution.intercepts.iter().map(|&b| b as f32).collect();
        let layer = [
            ("classes.weight".to_owned(), Weight { shape: vec![dims, outputs], values: weight }),
            ("classes.bias".to_owned(), Weight { shape: vec![outputs], values: bias }),
        ];
        let net = Net::new(&run.prepared.experiment.model, dims, outputs, &run.devices[0]);
        Ok((weights::write(net, layer.into_iter().collect())?, solution.loss, solution.words))
    }
}

/// Solves for the head on the fold's training side, with the strength of the penalty that it has.
pub(super) fn solve(run: &Run, data: &Dataset, observer: &dyn Observer) -> Result<(Net, State, f64)> {
    let prepared = run.prepared;
    let members = prepared.training_side(run.fold);
    // Looks at the targets of the side.
    prepared.task.loss(&members)?;
    let rows = Rows::of(run, data, &members)?;
    let label = run.label();
    observer.run_started(&RunStart { label: &label, epochs: 1, history: &[] })?;
    let c = match prepared.experiment.model.c.settled() {
        Some(c) => c,
        None => picked(run, data, &rows, &members, observer)?,
    };
    let (net, loss, words) = rows.teach(run, c, SOLVED)?;
    let validation = Scorer::new(prepared, data, &net, &run.devices[0]).score(&run.fold.validation)?;
    let mut state = State { epoch: 1, run: Some(run.record.id()), ..State::default() };
    let record = EpochRecord {
        epoch: 1,
        train_loss: loss,
        validation_loss: validation.judged.loss,
        validation: validation.judged.figure,
        learning_rate: 0.0,
    };
    state.end_epoch(record);
    observer.log(&format!("{label}  {words}"));
    observer.epoch_ended(&EpochEnd { label: &label, record: &record, history: &state.history, best: true })?;
    observer.run_ended();
    Ok((net, state, c))
}

/// Least squares with a penalty.
fn ridge(rows: &[f32], dims: usize, targets: &[f32], weights: &[f32], c: f64) -> Result<Solution> {
    let fitted = Measured { rows, dims, targets, weights }.fit(c)?;
    let words = format!("solved for {dims} columns");
    Ok(Solution { weights: fitted.weights, intercepts: fitted.intercepts, loss: fitted.loss, words })
}

/// The mean of a window's scaled frames.
fn mean_frame(data: &Dataset, item: Item, copy: Option<usize>, dims: usize) -> Result<Vec<f32>> {
    let rows = data.rows(item, copy)?;
    let frames = (rows.len() / dims.max(1)).max(1) as f32;
    let mut mean = vec![0f32; dims];
    for row in rows.chunks_exact(dims.max(1)) {
        mean.iter_mut().zip(row).for_each(|(mean, value)| *mean += value);
    }
    mean.iter_mut().for_each(|mean| *mean /= frames);
    Ok(mean)
}
