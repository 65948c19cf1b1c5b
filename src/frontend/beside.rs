//! Two front ends side by side: the columns of one, then those of the other.

use std::sync::Arc;

use super::{Frontend, Matrix, Part, Worker};
use crate::error::Result;

/// Two front ends whose matrices have as many frames as each other: pooled ones.
pub struct Beside {
    first: Arc<dyn Frontend>,
    second: Arc<dyn Frontend>,
    parts: Vec<Part>,
}

impl Beside {
    /// The columns of `first`, then those of `second`.
    pub fn new(first: Arc<dyn Frontend>, second: Arc<dyn Frontend>) -> Self {
        let width = first.dims();
        let moved = |part: &Part| Part {
            columns: part.columns.iter().map(|of| of.start + width..of.end + width).collect(),
            ..part.clone()
        };
        let parts = first.parts().iter().cloned().chain(second.parts().iter().map(moved)).collect();
        Self { first, second, parts }
    }
}

impl Frontend for Beside {
    fn columns(&self) -> Vec<String> {
        [self.first.columns(), self.second.columns()].concat()
    }

    fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn step_seconds(&self) -> f64 {
        self.first.step_seconds()
    }

    fn frame_length(&self) -> usize {
        self.first.frame_length().max(self.second.frame_length())
    }

    fn worker(&self) -> Box<dyn Worker> {
        let (first, second) = (self.first.worker(), self.second.worker());
        Box::new(BesideWorker { first, second, split: self.first.parts().len() })
    }
}

struct BesideWorker {
    first: Box<dyn Worker>,
    second: Box<dyn Worker>,
    /// The first part of the second front end.
    split: usize,
}

impl Worker for BesideWorker {
    fn compute(&mut self, samples: &[f32], wanted: &[usize]) -> Result<Vec<Matrix>> {
        let (first, second): (Vec<usize>, Vec<usize>) = wanted.iter().partition(|&&part| part < self.split);
        let second: Vec<usize> = second.into_iter().map(|part| part - self.split).collect();
        let mut matrices = if first.is_empty() { Vec::new() } else { self.first.compute(samples, &first)? };
        if !second.is_empty() {
            matrices.extend(self.second.compute(samples, &second)?);
        }
        Ok(matrices)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontend::{FeaturesConfig, Pool, Pooled, Spectral, spectral::Kind};

    #[test]
    fn columns_stand_side_by_side_and_parts_are_found_in_both() {
        let of = |kinds: &[Kind]| -> Arc<dyn Frontend> {
            let config = FeaturesConfig { kinds: kinds.to_vec(), n_mfcc: 2, ..FeaturesConfig::default() };
            Arc::new(Pooled::new(Spectral::new(&config, 22_050).unwrap(), Pool::Mean))
        };
        let (first, second) = (of(&[Kind::Mfcc, Kind::Zcr]), of(&[Kind::Rms, Kind::Pitch]));
        let beside = Beside::new(first.clone(), second.clone());
        assert_eq!(beside.columns(), ["mean_mfcc_0", "mean_mfcc_1", "mean_zcr", "mean_rms", "mean_pitch"]);
        let samples: Vec<f32> = (0..9_000).map(|i| 0.3 * (i as f32 * 0.1).sin()).collect();
        let whole = |frontend: &dyn Frontend| frontend.whole(frontend.worker().as_mut(), &samples).unwrap().into_vec();
        assert_eq!(whole(&beside), [whole(first.as_ref()), whole(second.as_ref())].concat());
        let some = beside.worker().compute(&samples, &[1, 3]).unwrap();
        assert_eq!((some[0].as_slice(), some[1].as_slice()), (&whole(&beside)[2..3], &whole(&beside)[4..5]));
    }
}
