//! How sure answers may be that are adapted to a speaker.

use std::collections::BTreeMap;

use crate::{
    adapt::{Adaptation, Estimate, Heard, SHARPNESS},
    eval::{Judgements, proper::log_loss, temperature},
    numeric::softmax,
};

/// The ratio of one that is tried to the next.
const STEP: f64 = 1.02;

/// How much sharper answers may be that are adapted to all that was heard of a speaker than answers as they come, by the clips of
/// speakers that the network has not learnt from, each with its class: as much as makes their log loss least, at the temperature
/// at which that of answers as they come is least. None without clips.
pub(super) fn sharpness(adaptation: &Adaptation, speakers: &BTreeMap<String, Vec<(usize, Heard)>>) -> Option<f64> {
    let judged = |of: &Adaptation, logits: &dyn Fn(&Estimate, &Heard) -> Vec<f64>| {
        let mut judged = Judgements::of(of.means.len(), []);
        for clips in speakers.values() {
            let known = of.estimate(clips.iter().map(|(_, heard)| heard));
            clips.iter().for_each(|(class, heard)| judged.push(*class, softmax(&logits(&known, heard))));
        }
        judged
    };
    let plain = judged(adaptation, &|_, heard| heard.logs.iter().map(|&log| f64::from(log)).collect());
    let temperature = temperature::fit(&plain)?;
    let loss = |sharpness: f64| {
        let of = Adaptation { sharpness: Some(sharpness), ..adaptation.clone() };
        let logits = |known: &Estimate, heard: &Heard| {
            known.adapted(&heard.logs, &heard.scores).into_iter().map(|log| log / temperature).collect()
        };
        log_loss(&judged(&of, &logits)).unwrap_or(f64::INFINITY)
    };
    let tried = std::iter::successors(Some(*SHARPNESS.start()), |s| Some(s * STEP));
    let losses = tried.take_while(|s| SHARPNESS.contains(s)).map(|s| (s, loss(s)));
    losses.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(sharpness, _)| sharpness)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;
    use crate::{adapt::Labelled, rng};

    /// Forty clips of each class a speaker, of whose log-probabilities a part is the speaker's and not the class's.
    fn speakers(own: f32) -> BTreeMap<String, Vec<(usize, Heard)>> {
        let mut stream = rng::stream(1, &[&"sharpness"]);
        let mut clip = |speaker: usize, class: usize| {
            let of_speaker = |k: usize| if k == speaker % 3 { own } else { 0.0 };
            let mut log =
                |k: usize| if k == class { 2.0 } else { 0.0 } + of_speaker(k) + stream.random_range(-2.0..2.0f32);
            (class, Heard { logs: (0..3).map(&mut log).collect(), scores: vec![], seconds: 2.5 })
        };
        (0..4).map(|speaker| (speaker.to_string(), (0..120).map(|i| clip(speaker, i % 3)).collect())).collect()
    }

    fn adaptation(speakers: &BTreeMap<String, Vec<(usize, Heard)>>) -> Adaptation {
        let labelled = |(speaker, clips): (&'_ String, &'_ Vec<(usize, Heard)>)| -> Vec<(String, usize, Vec<f32>)> {
            clips.iter().map(|(class, heard)| (speaker.clone(), *class, heard.logs.clone())).collect()
        };
        let clips: Vec<(String, usize, Vec<f32>)> = speakers.iter().flat_map(labelled).collect();
        let labelled: Vec<Labelled> = clips
            .iter()
            .map(|(speaker, class, logs)| Labelled { speaker, class: *class, seconds: 2.5, logs, altered: vec![] })
            .collect();
        Adaptation::fit(3, &labelled).unwrap()
    }

    #[test]
    fn answers_are_sharper_as_far_as_adaptation_makes_them_better() {
        let [far, near] = [speakers(4.0), speakers(0.0)].map(|of| sharpness(&adaptation(&of), &of).unwrap());
        assert!(far > 1.5 && far < 4.0 && near < 1.2, "{far}, {near}");
        assert_eq!(sharpness(&adaptation(&speakers(4.0)), &BTreeMap::new()), None);
    }
}
