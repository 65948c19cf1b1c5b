//! Where layers of an encoder start to learn: what they give is standardised, and a linear head above them is the one that a
//! frozen encoder would have. What the head does not know yet would else tear at the layers (Kumar et al. 2022, "Fine-Tuning
//! can Distort Pretrained Features", <https://arxiv.org/abs/2202.10054>).

use burn::module::Module;

use super::fit::Run;
use crate::{
    arrays::Weight,
    error::{Error, Result},
    events::Observer,
    frontend::{ScalerFit, ScalerScope},
    model::{
        Kind, Net, NetInput, pad,
        weights::{self, Weights},
    },
    train::{Dataset, Examples, Item},
};

/// The network with a standardisation fitted on the fold's training side, and a linear head solved for on it.
pub(super) fn settled(run: &Run, data: &Dataset, net: Net, observer: &dyn Observer) -> Result<Net> {
    let experiment = &run.prepared.experiment;
    let items = data.windows_of(&run.prepared.training_side(run.fold));
    let mut net = net;
    if experiment.features.scaler != ScalerScope::None {
        let Some(upper) = net.upper().map(Module::valid) else { return Ok(net) };
        let width = upper.config().width();
        let mut fit = ScalerFit::new(width);
        each_batch(run, data, &items, |_, NetInput { features, lengths }| {
            let (columns, frames) = upper.forward(features, lengths);
            let [_, longest, _] = columns.dims();
            let values: Vec<f32> = columns.into_data().iter::<f32>().collect();
            for (rows, frames) in values.chunks_exact((longest * width).max(1)).zip(frames) {
                fit.add(&rows[..frames * width]);
            }
        })?;
        let fitted = fit.finish();
        net = with(net, [("upper.mean", vec![width], fitted.mean), ("upper.std", vec![width], fitted.std)])?;
    }
    if experiment.model.kind != Kind::Linear {
        return Ok(net);
    }
    let (outputs, task) = (run.prepared.task.outputs().len(), &run.prepared.task);
    let counts = task.class_counts(&run.prepared.training_side(run.fold), run.prepared.classes.len());
    let class_weights = experiment.train.class_weights.resolve(&run.prepared.classes, &counts)?;
    let head = net.valid();
    let (mut dims, mut rows, mut targets) = (0, Vec::new(), Vec::new());
    each_batch(run, data, &items, |batch, input| {
        let seen = head.penultimate(input);
        dims = seen.dims()[1];
        rows.extend(seen.into_data().iter::<f32>());
        for item in batch {
            let (target, counts) = task.weighed(item.clip, class_weights.as_deref());
            let weight = counts / data.count(item.clip) as f32;
            targets.extend(target.into_iter().map(|part| part * weight));
        }
    })?;
    let fitted = Examples { rows: &rows, dims, targets: &targets, classes: outputs }
        .fit(experiment.model.c.least())
        .map_err(|error| Error::Data(format!("{}: {error}", run.label())))?;
    observer.log(&format!(
        "{}  begins with the head of a frozen encoder, solved in {} steps",
        run.label(),
        fitted.steps
    ));
    // [dims, outputs], as the layer keeps them.
    let weight = (0..dims * outputs).map(|i| fitted.weights[(i % outputs) * dims + i / outputs] as f32).collect();
    let bias = fitted.intercepts.iter().map(|&b| b as f32).collect();
    with(net, [("classes.weight", vec![dims, outputs], weight), ("classes.bias", vec![outputs], bias)])
}

/// Shows `see` the items in batches, as they are validated.
fn each_batch(run: &Run, data: &Dataset, items: &[Item], mut see: impl FnMut(&[Item], NetInput)) -> Result<()> {
    let device = run.devices[0].clone().inner();
    for batch in items.chunks(run.prepared.experiment.train.batch_size.max(1)) {
        let rows = batch.iter().map(|&item| data.rows(item, None)).collect::<Result<Vec<_>>>()?;
        let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
        see(batch, pad(&rows, data.dims(), data.min_frames(), &device));
    }
    Ok(())
}

/// The network with some of its weights replaced.
fn with<const N: usize>(net: Net, arrays: [(&str, Vec<usize>, Vec<f32>); N]) -> Result<Net> {
    let mut all: Weights = weights::read(&net);
    for (name, shape, values) in arrays {
        all.insert(name.to_owned(), Weight { shape, values });
    }
    weights::write(net, all)
}
