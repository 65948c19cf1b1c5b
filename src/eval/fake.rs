//! Made-up predictions for tests.

use rand::RngExt;

use crate::{
    rng,
    run::{Prediction, Predictions},
};

/// `clips` clips of each of `speakers` speakers (at most ten), predicted under every seed; about a share of `right` of
/// them are recognised, and probabilities go with the predictions.
pub(crate) fn predictions(speakers: usize, clips: usize, classes: usize, seeds: &[u64], right: f64) -> Predictions {
    let mut rows = vec![];
    for &seed in seeds {
        let mut stream = rng::stream(seed, &[&"fake predictions"]);
        for (speaker, clip) in (0..speakers).flat_map(|s| (0..clips).map(move |c| (s, c))) {
            let truth = clip % classes;
            let wanted = if stream.random::<f64>() < right { truth } else { stream.random_range(0..classes) };
            let mut probabilities: Vec<f32> = (0..classes).map(|_| stream.random::<f32>() + 0.01).collect();
            probabilities[wanted] += 1.0;
            let sum: f32 = probabilities.iter().sum();
            probabilities.iter_mut().for_each(|p| *p /= sum);
            rows.push(Prediction {
                clip: format!("c/{speaker}/{clip:03}"),
                speaker: format!("c/{speaker}"),
                fold: "0".into(),
                seed,
                truth,
                prediction: wanted,
                probabilities,
            });
        }
    }
    Predictions { classes: (0..classes).map(|class| format!("class {class}")).collect(), rows }
}
