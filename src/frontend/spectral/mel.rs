//! The mel filter bank: librosa's `filters.mel` with Slaney's norm (each triangle has area 1 over Hz).

use super::{
    config::{FeaturesConfig, Frames, MelScale},
    filterbank::FilterBank,
};

/// Triangular filters, `n_mels` of them, over the bins of a power spectrum.
pub(in crate::frontend) fn mel_bank(config: &FeaturesConfig, frames: &Frames) -> FilterBank {
    let fmax = config.fmax.map_or_else(|| f64::from(frames.sample_rate) / 2.0, f64::from);
    let edges = edges(config.n_mels, f64::from(config.fmin), fmax, config.mel_scale);
    FilterBank::new(edges.array_windows().map(|&[low, peak, high]| {
        let weight = |k| {
            let f = frames.frequency(k);
            let triangle = ((f - low) / (peak - low)).min((high - f) / (high - peak)).max(0.0);
            // Rounded to single precision before the norm is applied, as librosa does.
            (f64::from(triangle as f32) * 2.0 / (high - low)) as f32
        };
        (0..frames.bins()).map(weight).collect()
    }))
}

/// The corners of the triangles, Hz: `n_mels + 2` points evenly spaced in mel.
fn edges(n_mels: usize, fmin: f64, fmax: f64, scale: MelScale) -> Vec<f64> {
    let (low, high) = (scale.mel(fmin), scale.mel(fmax));
    let step = (high - low) / (n_mels + 1) as f64;
    (0..n_mels + 2).map(|i| if i == n_mels + 1 { scale.hz(high) } else { scale.hz(low + step * i as f64) }).collect()
}

/// Slaney's scale: mel per Hz below its corner.
const LINEAR: f64 = 3.0 / 200.0;
/// Slaney's scale: where the linear part ends, Hz.
const CORNER: f64 = 1000.0;

/// Slaney's scale: growth of log-frequency per mel above the corner.
fn log_step() -> f64 {
    6.4_f64.ln() / 27.0
}

impl MelScale {
    /// Hz → mel.
    fn mel(self, hz: f64) -> f64 {
        match self {
            Self::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
            Self::Slaney if hz < CORNER => hz * LINEAR,
            Self::Slaney => CORNER * LINEAR + (hz / CORNER).ln() / log_step(),
        }
    }

    /// Mel → Hz.
    fn hz(self, mel: f64) -> f64 {
        match self {
            Self::Htk => 700.0 * (10_f64.powf(mel / 2595.0) - 1.0),
            Self::Slaney if mel < CORNER * LINEAR => mel / LINEAR,
            Self::Slaney => CORNER * (log_step() * (mel - CORNER * LINEAR)).exp(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_go_there_and_back() {
        for scale in [MelScale::Slaney, MelScale::Htk] {
            for hz in [0.0, 440.0, 1000.0, 8000.0] {
                approx::assert_abs_diff_eq!(scale.hz(scale.mel(hz)), hz, epsilon = 1e-9);
            }
        }
        approx::assert_abs_diff_eq!(MelScale::Slaney.mel(1000.0), 15.0, epsilon = 1e-12);
        approx::assert_abs_diff_eq!(MelScale::Htk.mel(1000.0), 999.985_537, epsilon = 1e-5);
    }

    #[test]
    fn a_band_has_unit_area() {
        let frames = Frames { sample_rate: 22_050, length: 2048, hop: 512 };
        let bank = mel_bank(&FeaturesConfig { n_mels: 20, ..FeaturesConfig::default() }, &frames);
        let flat = vec![1.0; frames.bins().next_multiple_of(16)];
        let mut out = [0.0; 20];
        bank.apply(&flat, &mut out);
        for area in out {
            approx::assert_relative_eq!(area * frames.frequency(1) as f32, 1.0, max_relative = 0.02);
        }
    }
}
