//! Pooling over time before the cache: a clip's frames become one vector of statistics.

use serde::{Deserialize, Serialize};

use super::{Frontend, Matrix, Part, Worker};
use crate::error::Result;

/// How a clip's frames become one vector.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum Pool {
    /// They do not: the model sees all frames.
    #[default]
    #[serde(rename = "none")]
    None,
    /// The mean over time.
    #[serde(rename = "mean")]
    Mean,
    /// The mean over time, then the standard deviation (of the population).
    #[serde(rename = "mean+std")]
    MeanStd,
}

impl Pool {
    /// The name in a config.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mean => "mean",
            Self::MeanStd => "mean+std",
        }
    }

    /// How many columns come of `dims`.
    #[must_use]
    pub const fn width(self, dims: usize) -> usize {
        match self {
            Self::None | Self::Mean => dims,
            Self::MeanStd => 2 * dims,
        }
    }

    /// The names of the columns that come of the named ones.
    #[must_use]
    pub fn columns(self, names: Vec<String>) -> Vec<String> {
        let of = |statistic: &str| names.iter().map(|name| format!("{statistic}_{name}")).collect::<Vec<_>>();
        match self {
            Self::None => names,
            Self::Mean => of("mean"),
            Self::MeanStd => [of("mean"), of("std")].concat(),
        }
    }

    /// The pooled matrix, of one frame; the same matrix where nothing is pooled.
    #[must_use]
    pub fn apply(self, matrix: Matrix) -> Matrix {
        if self == Self::None {
            return matrix;
        }
        let (dims, frames) = (matrix.dims(), matrix.frames().max(1) as f64);
        let mut mean = vec![0f64; dims];
        for row in matrix.rows() {
            mean.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        mean.iter_mut().for_each(|sum| *sum /= frames);
        let mut pooled = Matrix::zeros(1, self.width(dims));
        let out = pooled.row_mut(0);
        out.iter_mut().zip(&mean).for_each(|(out, &mean)| *out = mean as f32);
        if self == Self::MeanStd {
            let mut squares = vec![0f64; dims];
            for row in matrix.rows() {
                for ((sum, &x), mean) in squares.iter_mut().zip(row).zip(&mean) {
                    *sum += (f64::from(x) - mean).powi(2);
                }
            }
            out[dims..].iter_mut().zip(squares).for_each(|(out, sum)| *out = (sum / frames).sqrt() as f32);
        }
        pooled
    }
}

/// A front end whose frames are pooled.
pub struct Pooled<F> {
    inner: F,
    pool: Pool,
    parts: Vec<Part>,
}

impl<F: Frontend> Pooled<F> {
    /// Pools what `inner` gives. Columns follow each other by part, then by statistic.
    pub fn new(inner: F, pool: Pool) -> Self {
        let mut at = 0;
        let part = |part: &Part| {
            let width = pool.width(part.width());
            at += width;
            let identity = [pool.name().as_bytes(), b" of ", &part.identity].concat();
            Part { version: part.version, identity, columns: std::iter::once(at - width..at).collect() }
        };
        let parts = inner.parts().iter().map(part).collect();
        Self { inner, pool, parts }
    }
}

impl<F: Frontend> Frontend for Pooled<F> {
    fn columns(&self) -> Vec<String> {
        let names = self.inner.columns();
        let of = |part: &Part| {
            let own = part.columns.iter().flat_map(|columns| names[columns.clone()].to_vec()).collect();
            self.pool.columns(own)
        };
        self.inner.parts().iter().flat_map(of).collect()
    }

    fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn step_seconds(&self) -> f64 {
        self.inner.step_seconds()
    }

    fn frame_length(&self) -> usize {
        self.inner.frame_length()
    }

    fn worker(&self) -> Box<dyn Worker> {
        Box::new(PooledWorker { inner: self.inner.worker(), pool: self.pool })
    }
}

struct PooledWorker {
    inner: Box<dyn Worker>,
    pool: Pool,
}

impl Worker for PooledWorker {
    fn compute(&mut self, samples: &[f32], wanted: &[usize]) -> Result<Vec<Matrix>> {
        Ok(self.inner.compute(samples, wanted)?.into_iter().map(|matrix| self.pool.apply(matrix)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frontend::{FeaturesConfig, Spectral, spectral::Kind};

    #[test]
    fn the_mean_and_the_deviation_are_those_of_the_frames() {
        let matrix = Matrix::new(4, 2, vec![1., 10., 2., 10., 3., 10., 6., 10.]).unwrap();
        assert_eq!(Pool::Mean.apply(matrix.clone()).as_slice(), [3.0, 10.0]);
        let pooled = Pool::MeanStd.apply(matrix.clone());
        assert_eq!((pooled.frames(), pooled.as_slice()), (1, &[3.0, 10.0, 3.5f32.sqrt(), 0.0][..]));
        assert_eq!(Pool::None.apply(matrix.clone()), matrix);
    }

    #[test]
    fn a_front_end_is_pooled_part_by_part() {
        let kinds = vec![Kind::Zcr, Kind::Mfcc, Kind::Rms];
        let config = FeaturesConfig { kinds, n_mfcc: 2, ..FeaturesConfig::default() };
        let pooled = Pooled::new(Spectral::new(&config, 22_050).unwrap(), Pool::MeanStd);
        let expected =
            ["mean_mfcc_0", "mean_mfcc_1", "std_mfcc_0", "std_mfcc_1", "mean_zcr", "mean_rms", "std_zcr", "std_rms"];
        assert_eq!((pooled.columns(), pooled.dims()), (expected.map(String::from).to_vec(), 8));
        let samples: Vec<f32> = (0..9_000).map(|i| 0.3 * (i as f32 * 0.1).sin()).collect();
        let whole = pooled.whole(pooled.worker().as_mut(), &samples).unwrap();
        let frames = Spectral::new(&config, 22_050).unwrap();
        let frames = frames.whole(frames.worker().as_mut(), &samples).unwrap();
        let rms: f32 = frames.rows().map(|row| row[3]).sum::<f32>() / frames.frames() as f32;
        assert!(whole.frames() == 1 && (whole.as_slice()[5] - rms).abs() < 1e-6);
    }
}
