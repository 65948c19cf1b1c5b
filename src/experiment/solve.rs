//! The linear head: no epochs, but the one solution of a convex problem.

use std::time::Instant;

use super::{fit::Run, score::Scorer};
use crate::{
    arrays::Weight,
    error::{Error, Result},
    events::{EpochEnd, EpochRecord, Observer, RunStart},
    model::{Net, weights},
    task::Solver,
    train::{Dataset, Examples, Item, Measured, State},
};

/// What a solver found: `weights` `[outputs, dims]`.
struct Solution {
    weights: Vec<f64>,
    intercepts: Vec<f64>,
    loss: f64,
    words: String,
}

/// Solves for the head on the fold's training side. Every clip counts once: its windows share its weight, and so do its
/// altered copies, as `augment.share` says.
pub(super) fn solve(run: &Run, data: &Dataset, observer: &dyn Observer) -> Result<(Net, State)> {
    let started = Instant::now();
    let prepared = run.prepared;
    let (experiment, task) = (&prepared.experiment, &prepared.task);
    let (dims, outputs) = (data.dims(), task.heads().all());
    let members = prepared.training_side(run.fold);
    // Looks at the targets of the side.
    task.loss(&members)?;
    let mut counts = vec![0; prepared.classes.len()];
    members.iter().for_each(|&clip| counts[prepared.labels[clip]] += 1);
    let class_weights = experiment.train.class_weights.resolve(&prepared.classes, &counts)?;
    let (mut rows, mut targets, mut weights) = (Vec::new(), Vec::new(), Vec::new());
    for item in data.windows_of(&members) {
        let copies = data.copies(item.clip);
        let share = if copies == 0 { 0.0 } else { experiment.augment.share as f32 };
        for copy in std::iter::once(None).chain((0..copies).map(Some)) {
            let part = if copy.is_some() { share / copies as f32 } else { 1.0 - share };
            let label = prepared.labels[item.clip];
            let weight =
                part * class_weights.as_ref().map_or(1.0, |weights| weights[label]) / data.count(item.clip) as f32;
            if weight == 0.0 {
                continue;
            }
            rows.extend(mean_frame(data, item, copy, dims)?);
            targets.extend(task.target(item.clip));
            weights.push(weight);
        }
    }
    let label = run.label();
    observer.run_started(&RunStart { label: &label, epochs: 1, history: &[] })?;
    let c = experiment.model.c;
    let solution = match task.kind().solver() {
        Solver::Logistic => logistic(&rows, dims, targets, &weights, outputs, c),
        Solver::Ridge => ridge(&rows, dims, &targets, &weights, c),
    };
    let solution = solution.map_err(|error| match error {
        Error::Data(problem) => Error::Data(format!("{label}: {problem}")),
        other => other,
    })?;
    // [dims, outputs], as the layer keeps them.
    let weight = (0..dims * outputs).map(|i| solution.weights[(i % outputs) * dims + i / outputs] as f32).collect();
    let bias = solution.intercepts.iter().map(|&b| b as f32).collect();
    let layer = [
        ("classes.weight".to_owned(), Weight { shape: vec![dims, outputs], values: weight }),
        ("classes.bias".to_owned(), Weight { shape: vec![outputs], values: bias }),
    ];
    let net = Net::new(&experiment.model, dims, outputs, &run.devices[0]);
    let net = weights::write(net, layer.into_iter().collect())?;
    let validation = Scorer::new(prepared, data, &net, &run.devices[0]).score(&run.fold.validation)?;
    let mut state = State { epoch: 1, run: Some(run.record.id()), ..State::default() };
    let record = EpochRecord {
        epoch: 1,
        train_loss: solution.loss,
        validation_loss: validation.judged.loss,
        validation: validation.judged.figure,
        learning_rate: 0.0,
    };
    state.end_epoch(record);
    state.seconds = started.elapsed().as_secs_f64();
    observer.log(&format!("{label}  {}", solution.words));
    observer.epoch_ended(&EpochEnd { label: &label, record: &record, history: &state.history, best: true })?;
    observer.run_ended();
    Ok((net, state))
}

/// The logistic regression; each row counts for each class as much as its weight times its target.
fn logistic(
    rows: &[f32],
    dims: usize,
    mut targets: Vec<f32>,
    weights: &[f32],
    classes: usize,
    c: f64,
) -> Result<Solution> {
    for (target, weight) in targets.chunks_exact_mut(classes).zip(weights) {
        target.iter_mut().for_each(|part| *part *= weight);
    }
    let fitted = Examples { rows, dims, targets: &targets, classes }.fit(c)?;
    let words = format!("solved in {} steps", fitted.steps);
    Ok(Solution { weights: fitted.weights, intercepts: fitted.intercepts, loss: fitted.loss, words })
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
