//! The ways from a clip to what the bundles of a recogniser see: each is gone once a clip, and what stands among the columns of
//! another is taken from there.

use std::{collections::HashMap, path::Path};

use rayon::prelude::*;

use crate::{
    audio::{Audio, AudioConfig},
    bundle::{Bundle, BundleEncoder, Chain},
    error::{Error, Result},
    frontend::{EncoderConfig, FeaturesConfig, Matrix, Pool, ScalerScope, encoder::Manifest},
};

/// What makes a way's matrices what they are.
#[derive(PartialEq)]
pub(super) struct Key {
    audio: AudioConfig,
    features: FeaturesConfig,
    /// By its digest, not by where it lies.
    encoder: Option<BundleEncoder>,
    /// What the encoder is that a bundle carries: in other precisions its states are others.
    inside: Option<Manifest>,
}

impl Key {
    /// Of what the network of a bundle sees. Matrices are the same whatever they are scaled by afterwards.
    pub fn of(bundle: &Bundle) -> Self {
        Self {
            audio: bundle.audio.clone(),
            features: FeaturesConfig { scaler: ScalerScope::None, ..bundle.features.clone() },
            encoder: bundle.encoder.clone(),
            inside: bundle.inside.as_ref().map(|inside| inside.manifest().clone()),
        }
    }

    /// Of what its second head sees, where that is something else.
    pub fn of_speaker(bundle: &Bundle) -> Option<Self> {
        let (view, encoder) = (bundle.speaker.as_ref()?, bundle.encoder.as_ref()?);
        let own = Self::of(bundle);
        Some(Self {
            audio: view.audio(&own.audio),
            features: FeaturesConfig { kinds: vec![], ..own.features },
            encoder: Some(BundleEncoder { config: view.encoder(&encoder.config), ..encoder.clone() }),
            ..own
        })
    }

    /// Whether columns of the same name hold the same numbers: all is the same but which states they are, and how they are pooled.
    fn is_akin(&self, other: &Self) -> bool {
        let (Some(one), Some(two)) = (&self.encoder, &other.encoder) else { return false };
        let frozen = |of: &BundleEncoder| of.upper.is_none() && of.mixed.is_none() && of.config.pool != Pool::None;
        let rest = |of: &BundleEncoder| EncoderConfig {
            path: String::new(),
            layer: one.config.layer.clone(),
            pool: Pool::Mean,
            scaler: None,
            ..of.config.clone()
        };
        one.digest == two.digest
            && [one, two].into_iter().all(frozen)
            && rest(one) == rest(two)
            && (&self.audio, &self.features, &self.inside) == (&other.audio, &other.features, &other.inside)
    }
}

struct Way {
    key: Key,
    chain: Chain,
    columns: Vec<String>,
    /// The ways that have all of its columns, and where.
    within: Vec<(usize, Vec<usize>)>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Ways(Vec<Way>);

impl Ways {
    /// The number of a way, which `chain` makes where there is none yet.
    ///
    /// # Errors
    ///
    /// What `chain` gives.
    pub fn add(&mut self, key: Key, chain: impl FnOnce() -> Result<Chain>) -> Result<usize> {
        if let Some(at) = self.0.iter().position(|way| way.key == key) {
            return Ok(at);
        }
        let chain = chain()?;
        let mut new = Way { key, columns: chain.columns(), chain, within: vec![] };
        let at = self.0.len();
        for (other, way) in self.0.iter_mut().enumerate().filter(|(_, way)| way.key.is_akin(&new.key)) {
            if let Some(places) = places(&new.columns, &way.columns) {
                new.within.push((other, places));
            } else if let Some(places) = places(&way.columns, &new.columns) {
                way.within.push((at, places));
            }
        }
        self.0.push(new);
        Ok(at)
    }

    /// The rates, in Hz, that clips are brought to.
    pub fn sample_rates(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|way| way.chain.sample_rate())
    }

    /// The matrices of a clip that are `wanted`, by the ways' numbers.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the clip is too short for one of them; as [`Chain::matrix`].
    pub fn matrices(&self, wanted: &[usize], audio: &Audio, path: &Path) -> Result<Vec<Option<Matrix>>> {
        let seconds = audio.samples.len() as f64 / f64::from(audio.sample_rate);
        let least = wanted.iter().map(|&at| self.0[at].chain.shortest()).fold(0.0, f64::max);
        if seconds < least {
            let problem = format!("lasts {seconds:.3} s: too short to analyse (a frame is {least:.3} s)");
            return Err(Error::file(path, problem));
        }
        let is_gone = |at: &usize| !self.0[*at].within.iter().any(|(other, _)| wanted.contains(other));
        let mut gone: Vec<usize> = wanted.iter().copied().filter(is_gone).collect();
        gone.sort_unstable();
        gone.dedup();
        let matrix = |&at: &usize| self.0[at].chain.matrix(audio.clone(), path);
        let found: Vec<Matrix> = match &gone[..] {
            // Threads cost a cold start some milliseconds.
            [one] => vec![matrix(one)?],
            several => several.par_iter().map(matrix).collect::<Result<_>>()?,
        };
        let mut all: Vec<Option<Matrix>> = self.0.iter().map(|_| None).collect();
        gone.into_iter().zip(found).for_each(|(at, matrix)| all[at] = Some(matrix));
        for &at in wanted {
            if all[at].is_none() {
                let whole = self.0[at].within.iter().find_map(|(other, places)| Some((all[*other].as_ref()?, places)));
                all[at] = whole.map(|(whole, places)| taken(whole, places)).transpose()?;
            }
        }
        Ok(all)
    }
}

/// Where each of `names` stands among `all`; none where one is missing.
fn places(names: &[String], all: &[String]) -> Option<Vec<usize>> {
    let at: HashMap<&String, usize> = all.iter().zip(0..).collect();
    names.iter().map(|name| at.get(name).copied()).collect()
}

fn taken(whole: &Matrix, places: &[usize]) -> Result<Matrix> {
    let rows = (0..whole.frames()).flat_map(|frame| places.iter().map(move |&at| whole.row(frame)[at]));
    Matrix::new(whole.frames(), places.len(), rows.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name() {
        let names = |of: &[&str]| of.iter().map(ToString::to_string).collect::<Vec<_>>();
        let all = names(&["mean_state1_0", "std_state1_0", "mean_state2_0"]);
        assert_eq!(places(&names(&["mean_state2_0", "mean_state1_0"]), &all), Some(vec![2, 0]));
        assert_eq!(places(&names(&["mean_state3_0"]), &all), None);
        let whole = Matrix::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!(taken(&whole, &[2, 0]).unwrap().as_slice(), [3.0, 1.0, 6.0, 4.0]);
    }
}
