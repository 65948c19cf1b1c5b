//! The spectral features as a front end.

use super::{
    super::{Frontend, Matrix, Part, Worker},
    Extractor, FeaturesConfig, Kind, VERSION,
};
use crate::error::{Error, Result};

/// The kinds of each part. What shares its work is in one: another range for the pitch does not cost the MFCC.
const PARTS: [&[Kind]; 3] = [
    &[Kind::Mfcc, Kind::Delta, Kind::Delta2, Kind::Mel],
    &[
        Kind::Chroma,
        Kind::Centroid,
        Kind::Bandwidth,
        Kind::Rolloff,
        Kind::Contrast,
        Kind::Flatness,
        Kind::Zcr,
        Kind::Rms,
    ],
    &[Kind::Pitch],
];

/// The features of a `[features]` table, ready to compute.
pub struct Spectral {
    config: FeaturesConfig,
    sample_rate: u32,
    parts: Vec<Part>,
    prototype: SpectralWorker,
}

impl Spectral {
    /// The features of `config` for clips at `sample_rate` (Hz).
    ///
    /// # Errors
    ///
    /// As [`FeaturesConfig::validate`].
    pub fn new(config: &FeaturesConfig, sample_rate: u32) -> Result<Self> {
        let (mut parts, mut each) = (Vec::new(), Vec::new());
        for (kinds, columns) in layout(config) {
            let identity = serde_json::to_vec(&config.of_kinds(&kinds, sample_rate))
                .map_err(|e| Error::Data(format!("cannot write the settings as JSON: {e}")))?;
            each.push(Extractor::new(&FeaturesConfig { kinds, ..config.clone() }, sample_rate)?);
            parts.push(Part { version: VERSION, identity, columns });
        }
        let prototype = SpectralWorker { whole: Extractor::new(config, sample_rate)?, each, parts: parts.clone() };
        Ok(Self { config: config.clone(), sample_rate, parts, prototype })
    }
}

/// The kinds of each part that has any, with their columns in the whole matrix.
fn layout(config: &FeaturesConfig) -> Vec<(Vec<Kind>, Vec<std::ops::Range<usize>>)> {
    let mut at = 0;
    let places: Vec<_> = config
        .kinds
        .iter()
        .map(|&kind| {
            let width = kind.width(config);
            at += width;
            (kind, at - width..at)
        })
        .collect();
    let of = |part: &&[Kind]| places.iter().filter(|(kind, _)| part.contains(kind)).cloned().unzip();
    PARTS.iter().map(of).filter(|(kinds, _): &(Vec<Kind>, _)| !kinds.is_empty()).collect()
}

impl Frontend for Spectral {
    fn columns(&self) -> Vec<String> {
        self.config.columns()
    }

    fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn step_seconds(&self) -> f64 {
        self.config.step_seconds(self.sample_rate)
    }

    fn frame_length(&self) -> usize {
        self.prototype.whole.frame_and_hop().0
    }

    fn worker(&self) -> Box<dyn Worker> {
        Box::new(self.prototype.clone())
    }
}

/// Extractors at work.
#[derive(Clone)]
struct SpectralWorker {
    /// Of all columns: one transform serves them all.
    whole: Extractor,
    /// Of each part's.
    each: Vec<Extractor>,
    parts: Vec<Part>,
}

impl Worker for SpectralWorker {
    fn compute(&mut self, samples: &[f32], wanted: &[usize]) -> Result<Vec<Matrix>> {
        if wanted.len() == self.parts.len() {
            let matrix = self.whole.extract(samples);
            return Ok(self.parts.iter().map(|part| part.cut(&matrix)).collect());
        }
        Ok(wanted.iter().map(|&part| self.each[part].extract(samples)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_one_part() {
        for kind in Kind::ALL {
            assert_eq!(PARTS.iter().filter(|part| part.contains(&kind)).count(), 1, "{kind}");
        }
    }

    #[test]
    fn parts_computed_apart_are_those_computed_at_once() {
        let kinds = vec![Kind::Zcr, Kind::Mfcc, Kind::Pitch, Kind::Chroma, Kind::Delta];
        let config = FeaturesConfig { kinds, n_mfcc: 2, n_chroma: 3, ..FeaturesConfig::default() };
        let spectral = Spectral::new(&config, 22_050).unwrap();
        assert_eq!((spectral.dims(), spectral.columns().len()), (9, 9));
        assert_eq!(spectral.parts().iter().map(Part::width).collect::<Vec<_>>(), [4, 4, 1]);
        let samples: Vec<f32> = (0..9_000).map(|i| 0.3 * (i as f32 * 0.1).sin()).collect();
        let mut worker = spectral.worker();
        let at_once = worker.compute(&samples, &[0, 1, 2]).unwrap();
        for (part, expected) in at_once.iter().enumerate() {
            assert_eq!(worker.compute(&samples, &[part]).unwrap()[0], *expected);
        }
    }
}
