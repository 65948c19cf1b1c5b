//! The linear head: no epochs, but the one solution of a convex problem.

use std::time::Instant;

use super::{fit::Run, score::Scorer};
use crate::{
    arrays::Weight,
    error::{Error, Result},
    events::{EpochEnd, EpochRecord, Observer, RunStart},
    model::{Net, weights},
    train::{Dataset, Examples, Item, State},
};

/// Fits the logistic regression on the fold's training side. Every clip counts once: its windows share its weight, and so
/// do its altered copies, as `augment.share` says.
pub(super) fn solve(run: &Run, data: &Dataset, observer: &dyn Observer) -> Result<(Net, State)> {
    let started = Instant::now();
    let prepared = run.prepared;
    let experiment = &prepared.experiment;
    let (dims, classes) = (data.dims(), prepared.classes.len());
    let members = prepared.training_side(run.fold);
    let mut counts = vec![0; classes];
    members.iter().for_each(|&clip| counts[prepared.labels[clip]] += 1);
    let class_weights = experiment.train.class_weights.resolve(&prepared.classes, &counts)?;
    let smoothing = experiment.train.label_smoothing as f32;
    let (mut rows, mut targets) = (Vec::new(), Vec::new());
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
            targets.extend((0..classes).map(|class| {
                let own = if class == label { 1.0 - smoothing } else { 0.0 };
                weight * (own + smoothing / classes as f32)
            }));
        }
    }
    let label = run.label();
    observer.run_started(&RunStart { label: &label, epochs: 1, history: &[] })?;
    let examples = Examples { rows: &rows, dims, targets: &targets, classes };
    let fitted = examples.fit(experiment.model.c).map_err(|error| match error {
        Error::Data(problem) => Error::Data(format!("{label}: {problem}")),
        other => other,
    })?;
    // [dims, classes], as the layer keeps them.
    let weight = (0..dims * classes).map(|i| fitted.weights[(i % classes) * dims + i / classes] as f32).collect();
    let bias = fitted.intercepts.iter().map(|&b| b as f32).collect();
    let solution = [
        ("classes.weight".to_owned(), Weight { shape: vec![dims, classes], values: weight }),
        ("classes.bias".to_owned(), Weight { shape: vec![classes], values: bias }),
    ];
    let net = Net::new(&experiment.model, dims, classes, &run.devices[0]);
    let net = weights::write(net, solution.into_iter().collect())?;
    let validation = Scorer::new(prepared, data, &net, &run.devices[0]).score(&run.fold.validation)?;
    let mut state = State { epoch: 1, run: Some(run.record.id()), ..State::default() };
    let record = EpochRecord {
        epoch: 1,
        train_loss: fitted.loss,
        validation_loss: validation.judged.loss,
        validation: validation.judged.figure,
        learning_rate: 0.0,
    };
    state.end_epoch(record);
    state.seconds = started.elapsed().as_secs_f64();
    observer.log(&format!("{label}  solved in {} steps", fitted.steps));
    observer.epoch_ended(&EpochEnd { label: &label, record: &record, history: &state.history, best: true })?;
    observer.run_ended();
    Ok((net, state))
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
