//! Predicting a side of a fold, and what the loop must know of it.

use burn::{
    module::Module,
    tensor::{Device, activation::log_softmax},
};

use super::data::Dataset;
use crate::{
    audio::Windows,
    error::Result,
    eval::{Confusion, scores},
    model::Net,
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
    // By the number of the window, whatever batch it was in: the order of a sum matters to its last bits.
    let mut by_clip = std::collections::HashMap::<usize, std::collections::BTreeMap<usize, Vec<f32>>>::new();
    for batch in data.plain_batches(members, batch_size) {
        let logits = net.forward(data.batch(&batch, &device)?, None);
        // [batch, classes]
        let rows: Vec<f32> = log_softmax(logits, 1).into_data().iter::<f32>().collect();
        for (item, row) in batch.iter().zip(rows.chunks_exact(classes.len())) {
            by_clip.entry(item.clip).or_default().insert(item.window, row.to_vec());
        }
    }
    let average =
        |windows: std::collections::BTreeMap<_, _>| Windows::average(&windows.into_values().collect::<Vec<_>>());
    let log_probabilities: Vec<Vec<f32>> =
        members.iter().filter_map(|clip| by_clip.remove(clip)).map(average).collect();
    let truth = members.iter().map(|&clip| labels[clip]);
    let loss: f64 = truth.clone().zip(&log_probabilities).map(|(class, row)| -f64::from(row[class])).sum();
    let pairs = truth.zip(log_probabilities.iter().map(|row| argmax(row)));
    let uar = Confusion::from_pairs(classes.to_vec(), pairs).ok().and_then(|c| scores::uar(&c)).unwrap_or(f64::NAN);
    Ok(Scored { loss: loss / members.len().max(1) as f64, uar, log_probabilities })
}

/// The first of the largest values.
pub(super) fn argmax(row: &[f32]) -> usize {
    row.iter().enumerate().fold(0, |best, (i, value)| if *value > row[best] { i } else { best })
}
