//! Predicting a side of a fold, and what the loop must know of it.

use std::collections::{BTreeMap, HashMap};

use burn::{
    module::Module,
    tensor::{Device, Tensor, activation::log_softmax},
};

use crate::{
    audio::Windows,
    bundle::SideFigures,
    error::Result,
    eval::{Confusion, scores},
    model::{Net, NetInput},
    train::Dataset,
};

/// The predictions of one side.
pub(super) struct Scored {
    /// Log-probabilities of every class, by clip in the order asked for.
    pub log_probabilities: Vec<Vec<f32>>,
    /// Mean cross-entropy, in nats.
    pub loss: f64,
    /// Unweighted average recall over the classes that the side has, from 0 to 1.
    pub uar: f64,
}

impl Scored {
    /// What a bundle says of it.
    pub(super) fn figures(&self) -> SideFigures {
        let clips = self.log_probabilities.len();
        let known = |figure: f64| (clips > 0 && figure.is_finite()).then_some(figure);
        SideFigures { clips, uar: known(self.uar), loss: known(self.loss) }
    }
}

/// Predicts `members` with the network as it is used: no dropout, running statistics, the mean over a clip's windows.
pub(super) fn score(
    net: &Net,
    data: &Dataset,
    members: &[usize],
    labels: &[usize],
    classes: &[String],
    batch_size: usize,
    device: &Device,
) -> Result<Scored> {
    let net = net.valid();
    let device = device.clone().inner();
    let by_clip = by_window(data, members, batch_size, |input| log_softmax(net.forward(input, None), 1), &device)?;
    let log_probabilities: Vec<Vec<f32>> = by_clip.iter().map(|windows| Windows::average(windows)).collect();
    let truth = members.iter().map(|&clip| labels[clip]);
    let loss: f64 = truth.clone().zip(&log_probabilities).map(|(class, row)| -f64::from(row[class])).sum();
    let pairs = truth.zip(log_probabilities.iter().map(|row| argmax(row)));
    let uar = Confusion::from_pairs(classes.to_vec(), pairs).ok().and_then(|c| scores::uar(&c)).unwrap_or(f64::NAN);
    Ok(Scored { loss: loss / members.len().max(1) as f64, uar, log_probabilities })
}

/// What the network's penultimate layer makes of `members`, a vector each in the order asked for: the mean over a clip's
/// windows.
pub(super) fn embed(
    net: &Net,
    data: &Dataset,
    members: &[usize],
    batch_size: usize,
    device: &Device,
) -> Result<Vec<Vec<f32>>> {
    let net = net.valid();
    let device = device.clone().inner();
    let by_clip = by_window(data, members, batch_size, |input| net.penultimate(input), &device)?;
    let mean = |windows: &Vec<Vec<f32>>| -> Vec<f32> {
        let width = windows.first().map_or(0, Vec::len);
        (0..width).map(|i| windows.iter().map(|vector| vector[i]).sum::<f32>() / windows.len() as f32).collect()
    };
    Ok(by_clip.iter().map(mean).collect())
}

/// A row of what `output` gives for each window of each member, in their order, whatever batches the windows were in: the
/// order of a sum matters to its last bits.
fn by_window(
    data: &Dataset,
    members: &[usize],
    batch_size: usize,
    output: impl Fn(NetInput) -> Tensor<2>,
    device: &Device,
) -> Result<Vec<Vec<Vec<f32>>>> {
    let mut by_clip = HashMap::<usize, BTreeMap<usize, Vec<f32>>>::new();
    for batch in data.plain_batches(members, batch_size) {
        let rows = output(data.batch(&batch, device)?);
        let [_, width] = rows.dims();
        let rows: Vec<f32> = rows.into_data().iter::<f32>().collect();
        for (item, row) in batch.iter().zip(rows.chunks_exact(width)) {
            by_clip.entry(item.clip).or_default().insert(item.window, row.to_vec());
        }
    }
    Ok(members.iter().filter_map(|clip| by_clip.remove(clip)).map(|of| of.into_values().collect()).collect())
}

/// The first of the largest values.
pub(super) fn argmax(row: &[f32]) -> usize {
    row.iter().enumerate().fold(0, |best, (i, value)| if *value > row[best] { i } else { best })
}
