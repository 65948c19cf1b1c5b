//! Labelled clips of speakers that the network has not learnt from → [`Adaptation`].

use std::collections::BTreeMap;

use super::{
    Adaptation,
    matrix::{add_square, trace},
    plane::coordinates,
};

/// Fewer speakers say nothing of how speakers differ.
const LEAST_SPEAKERS: usize = 3;
/// Fewer clips of a class do not say where it lies.
const LEAST_CLIPS: usize = 3;

/// A clip that an adaptation is fitted on.
#[derive(Debug, Clone)]
pub struct Labelled<'a> {
    /// The speaker.
    pub speaker: &'a str,
    /// The class.
    pub class: usize,
    /// How long it is, in seconds.
    pub seconds: f64,
    /// The log-probability of every class.
    pub logs: &'a [f32],
    /// The same of its altered copies, each of another microphone or room.
    pub altered: Vec<&'a [f32]>,
}

impl Adaptation {
    /// Fits it; none where the clips are of fewer than three speakers, or a class has fewer than three of them.
    ///
    /// The prior is the spread of the speakers' offsets, alike in all directions as a few speakers say no more, and that of
    /// what altered copies differ by from their clips; without copies it is the former twice.
    #[must_use]
    pub fn fit(classes: usize, clips: &[Labelled<'_>]) -> Option<Self> {
        let width = classes.checked_sub(1).filter(|width| *width > 0)?;
        let zero = || vec![vec![0.0; width]; width];
        let each: Vec<(&str, usize, Vec<f64>)> = clips
            .iter()
            .flat_map(|clip| {
                let all = std::iter::once(&clip.logs).chain(&clip.altered);
                all.map(move |logs| (clip.speaker, clip.class, coordinates(logs)))
            })
            .collect();
        if clips.iter().any(|clip| clip.class >= classes || clip.logs.len() != classes) {
            return None;
        }
        let mut counts = vec![0; classes];
        clips.iter().for_each(|clip| counts[clip.class] += 1);
        let mut means = vec![vec![0.0; width]; classes];
        let mut of_class = vec![0.0; classes];
        for (_, class, at) in &each {
            of_class[*class] += 1.0;
            means[*class].iter_mut().zip(at).for_each(|(mean, x)| *mean += x);
        }
        for (mean, n) in means.iter_mut().zip(&of_class) {
            mean.iter_mut().for_each(|mean| *mean /= n);
        }
        let mut speakers: BTreeMap<&str, (Vec<f64>, f64)> = BTreeMap::new();
        let residual =
            |class: usize, at: &[f64]| -> Vec<f64> { at.iter().zip(&means[class]).map(|(x, m)| x - m).collect() };
        for (speaker, class, at) in &each {
            let (sum, n) = speakers.entry(speaker).or_insert_with(|| (vec![0.0; width], 0.0));
            sum.iter_mut().zip(residual(*class, at)).for_each(|(sum, r)| *sum += r);
            *n += 1.0;
        }
        if speakers.len() < LEAST_SPEAKERS || counts.iter().any(|&n| n < LEAST_CLIPS) {
            return None;
        }
        speakers.values_mut().for_each(|(sum, n)| sum.iter_mut().for_each(|sum| *sum /= *n));
        let mut within = zero();
        for (speaker, class, at) in &each {
            let rest: Vec<f64> = residual(*class, at).iter().zip(&speakers[speaker].0).map(|(r, o)| r - o).collect();
            add_square(&mut within, &rest, 1.0 / each.len() as f64);
        }
        // A little in all directions, so that no spread is 0.
        let little = 1e-3 * trace(&within) / width as f64 + 1e-6;
        within.iter_mut().enumerate().for_each(|(i, row)| row[i] += little);
        let mut between = zero();
        let count = speakers.len() as f64;
        let mut middle = vec![0.0; width];
        for (offset, _) in speakers.values() {
            middle.iter_mut().zip(offset).for_each(|(middle, o)| *middle += o / count);
        }
        for (offset, _) in speakers.values() {
            let from: Vec<f64> = offset.iter().zip(&middle).map(|(o, m)| o - m).collect();
            add_square(&mut between, &from, 1.0 / (count - 1.0));
        }
        // Means of a speaker's clips differ by chance, too.
        let chance = trace(&within) * speakers.values().map(|(_, n)| 1.0 / n).sum::<f64>() / count;
        let spread = ((trace(&between) - chance) / width as f64).max(little);
        let mut prior = zero();
        let copies: usize = clips.iter().map(|clip| clip.altered.len()).sum();
        prior.iter_mut().enumerate().for_each(|(i, row)| row[i] = if copies == 0 { 2.0 * spread } else { spread });
        for clip in clips {
            let plain = coordinates(clip.logs);
            for altered in &clip.altered {
                let moved: Vec<f64> = coordinates(altered).iter().zip(&plain).map(|(a, p)| a - p).collect();
                add_square(&mut prior, &moved, 1.0 / copies as f64);
            }
        }
        let seconds = clips.iter().map(|clip| clip.seconds).sum::<f64>() / clips.len() as f64;
        let found = Self {
            seconds,
            speakers: speakers.len(),
            means,
            within,
            prior,
            centred: None,
            second: None,
            sharpness: None,
        };
        found.check(classes).is_ok().then_some(found)
    }
}
