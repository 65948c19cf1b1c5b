//! Predicting a side of a fold, and what the loop must know of it.

use burn::{
    module::Module,
    tensor::{Device, activation::log_softmax},
};

use super::data::Dataset;
use crate::{
    eval::{Confusion, scores},
    model::Net,
    predict::SideFigures,
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

/// Predicts `members` with the network as it is used: no dropout, running statistics.
pub(super) fn score(
    net: &Net,
    data: &Dataset,
    members: &[usize],
    labels: &[usize],
    classes: &[String],
    batch_size: usize,
    device: &Device,
) -> Scored {
    let net = net.valid();
    let device = device.clone().inner();
    let mut by_clip = std::collections::HashMap::new();
    for batch in data.plain_batches(members, batch_size) {
        let logits = net.forward(data.batch(&batch, &device), None);
        // [batch, classes]
        let rows: Vec<f32> = log_softmax(logits, 1).into_data().iter::<f32>().collect();
        for (&clip, row) in batch.iter().zip(rows.chunks_exact(classes.len())) {
            by_clip.insert(clip, row.to_vec());
        }
    }
    let log_probabilities: Vec<Vec<f32>> = members.iter().filter_map(|clip| by_clip.remove(clip)).collect();
    let truth = members.iter().map(|&clip| labels[clip]);
    let loss: f64 = truth.clone().zip(&log_probabilities).map(|(class, row)| -f64::from(row[class])).sum();
    let pairs = truth.zip(log_probabilities.iter().map(|row| argmax(row)));
    let uar = Confusion::from_pairs(classes.to_vec(), pairs).ok().and_then(|c| scores::uar(&c)).unwrap_or(f64::NAN);
    Scored { loss: loss / members.len().max(1) as f64, uar, log_probabilities }
}

/// What the network's penultimate layer makes of `members`, a vector each in the order asked for.
pub(super) fn embed(net: &Net, data: &Dataset, members: &[usize], batch_size: usize, device: &Device) -> Vec<Vec<f32>> {
    let net = net.valid();
    let device = device.clone().inner();
    let mut by_clip = std::collections::HashMap::new();
    for batch in data.plain_batches(members, batch_size) {
        let vectors = net.penultimate(data.batch(&batch, &device));
        let [_, width] = vectors.dims();
        let values: Vec<f32> = vectors.into_data().iter::<f32>().collect();
        by_clip.extend(batch.into_iter().zip(values.chunks_exact(width).map(<[f32]>::to_vec)));
    }
    members.iter().filter_map(|clip| by_clip.remove(clip)).collect()
}

/// The first of the largest values.
pub(super) fn argmax(row: &[f32]) -> usize {
    row.iter().enumerate().fold(0, |best, (i, value)| if *value > row[best] { i } else { best })
}
