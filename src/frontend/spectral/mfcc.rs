//! Cepstral coefficients: the orthonormal DCT-II of a frame's mel spectrum in decibels, liftered; librosa's `mfcc`.

use std::f64::consts::PI;

use super::projection::Projection;

/// The part of the transform that is wanted, as a table; 13 coefficients, the usual number, are one block of 16.
pub(super) type Dct = Projection<16>;

/// The transform of `n_mels` values to `n_mfcc`; `lifter` 0 for none.
pub(super) fn dct(n_mels: usize, n_mfcc: usize, lifter: f32) -> Dct {
    Projection::new(n_mels, n_mfcc, |i, band| weight(n_mels, lifter, i, band))
}

/// What coefficient `i` has of a band.
pub(super) fn weight(n_mels: usize, lifter: f32, i: usize, band: usize) -> f64 {
    let n = n_mels as f64;
    let lifter = f64::from(lifter);
    let norm = if i == 0 { (1.0 / n).sqrt() } else { (2.0 / n).sqrt() };
    let lift = if lifter > 0.0 { 1.0 + lifter / 2.0 * (PI * (i + 1) as f64 / lifter).sin() } else { 1.0 };
    norm * lift * (PI * i as f64 * (band as f64 + 0.5) / n).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transform_is_orthonormal() {
        let (mut rows, dct) = (vec![[0.0; 20]; 20], dct(20, 20, 0.0));
        for (band, row) in rows.iter_mut().enumerate() {
            let mut impulse = [0.0; 20];
            impulse[band] = 1.0;
            dct.apply(&impulse, row);
        }
        for i in 0..20 {
            for j in 0..20 {
                let product: f32 = rows.iter().map(|row| row[i] * row[j]).sum();
                approx::assert_abs_diff_eq!(product, if i == j { 1.0 } else { 0.0 }, epsilon = 1e-6);
            }
        }
    }

    #[test]
    fn a_level_spectrum_has_only_the_zeroth_coefficient() {
        let mut out = [9.0; 4];
        dct(64, 4, 0.0).apply(&[-3.0; 64], &mut out);
        approx::assert_abs_diff_eq!(out[..], [-24.0, 0.0, 0.0, 0.0], epsilon = 1e-4);
    }

    #[test]
    fn liftering_scales_each_coefficient() {
        let (mut plain, mut lifted) = ([0.0; 3], [0.0; 3]);
        let spectrum = [1.0, 5.0, 2.0, 0.5];
        dct(4, 3, 0.0).apply(&spectrum, &mut plain);
        dct(4, 3, 22.0).apply(&spectrum, &mut lifted);
        for i in 0..3 {
            let lift = 1.0 + 11.0 * (std::f32::consts::PI * (i + 1) as f32 / 22.0).sin();
            approx::assert_relative_eq!(lifted[i], plain[i] * lift, max_relative = 1e-5);
        }
    }
}
