//! What a two-dimensional convolution over frames and bands needs beside the one over frames: neighbouring bands side by
//! side, and the greater of each pair of bands; with their backward passes.
//!
//! Every number of a result is written by one task, and its terms are added in ascending order: no result depends on the
//! number of threads.

use rayon::prelude::*;

/// `[batch, bands, frames, channels]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planes {
    /// Items.
    pub batch: usize,
    /// Bands of each.
    pub bands: usize,
    /// Frames of each band.
    pub frames: usize,
    /// Numbers of each frame of a band.
    pub channels: usize,
}

impl Planes {
    /// Numbers of one band.
    fn band(self) -> usize {
        self.frames * self.channels
    }

    /// Numbers in all.
    fn numbers(self) -> usize {
        self.batch * self.bands * self.band()
    }
}

/// The bands that a convolution of `kernel` bands, an odd number, sees around each, as `(place in the kernel, band)`.
fn seen(band: usize, bands: usize, kernel: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..kernel).filter_map(move |i| Some((i, (band + i).checked_sub(kernel / 2)?))).filter(move |&(_, of)| of < bands)
}

/// `[batch × bands, frames, kernel × channels]`: beside each band's channels those of its neighbours, low to high; zero beyond
/// the lowest and the highest.
pub fn neighbours(x: &[f32], planes: Planes, kernel: usize) -> Vec<f32> {
    assert_eq!(x.len(), planes.numbers());
    let Planes { bands, channels, .. } = planes;
    let mut wide = vec![0.0; kernel * planes.numbers()];
    if planes.band() == 0 {
        return wide;
    }
    wide.par_chunks_mut(kernel * planes.band()).enumerate().for_each(|(item, wide)| {
        for (i, of) in seen(item % bands, bands, kernel) {
            let from = &x[(item / bands * bands + of) * planes.band()..][..planes.band()];
            if channels == 1 {
                wide.iter_mut().skip(i).step_by(kernel).zip(from).for_each(|(to, from)| *to = *from);
                continue;
            }
            for (to, from) in wide.chunks_exact_mut(kernel * channels).zip(from.chunks_exact(channels)) {
                to[i * channels..][..channels].copy_from_slice(from);
            }
        }
    });
    wide
}

/// The gradient of [`neighbours`]' input.
pub fn neighbours_backward(d_wide: &[f32], planes: Planes, kernel: usize) -> Vec<f32> {
    assert_eq!(d_wide.len(), kernel * planes.numbers());
    let Planes { bands, channels, .. } = planes;
    let mut d_x = vec![0.0; planes.numbers()];
    if planes.band() == 0 {
        return d_x;
    }
    d_x.par_chunks_mut(planes.band()).enumerate().for_each(|(item, d_x)| {
        // Band b stands at place i of the band that is i − kernel / 2 below it.
        for (back, by) in seen(item % bands, bands, kernel) {
            let i = kernel - 1 - back;
            let from = &d_wide[(item / bands * bands + by) * kernel * planes.band()..][..kernel * planes.band()];
            for (to, from) in d_x.chunks_exact_mut(channels).zip(from.chunks_exact(kernel * channels)) {
                to.iter_mut().zip(&from[i * channels..][..channels]).for_each(|(to, from)| *to += from);
            }
        }
    });
    d_x
}

/// `[batch, bands / 2, frames, channels]`: the greater of each two bands, NaN where one is NaN. An odd band has no part in it.
pub fn greater(x: &[f32], planes: Planes) -> Vec<f32> {
    assert_eq!(x.len(), planes.numbers());
    let pairs = planes.bands / 2;
    let mut y = vec![0.0; planes.batch * pairs * planes.band()];
    if y.is_empty() {
        return y;
    }
    y.par_chunks_mut(planes.band()).enumerate().for_each(|(pair, y)| {
        let (lower, upper) = lower_and_upper(x, planes, pair / pairs, pair % pairs);
        for ((y, lower), upper) in y.iter_mut().zip(lower).zip(upper) {
            *y = if is_second(*lower, *upper) { *upper } else { *lower };
        }
    });
    y
}

/// The gradient of [`greater`]'s input, which goes to the one that was the greater; to the first of two equal ones.
pub fn greater_backward(x: &[f32], planes: Planes, d_y: &[f32]) -> Vec<f32> {
    let (pairs, band) = (planes.bands / 2, planes.band());
    assert_eq!((x.len(), d_y.len()), (planes.numbers(), planes.batch * pairs * band));
    let mut d_x = vec![0.0; planes.numbers()];
    if d_y.is_empty() {
        return d_x;
    }
    d_x.par_chunks_mut(planes.bands * band).enumerate().for_each(|(item, d_x)| {
        for (pair, d_x) in d_x.chunks_exact_mut(2 * band).enumerate() {
            let (lower, upper) = lower_and_upper(x, planes, item, pair);
            let d_y = &d_y[(item * pairs + pair) * band..][..band];
            let (d_lower, d_upper) = d_x.split_at_mut(band);
            for (k, d_y) in d_y.iter().enumerate() {
                let second = is_second(lower[k], upper[k]);
                d_lower[k] = if second { 0.0 } else { *d_y };
                d_upper[k] = if second { *d_y } else { 0.0 };
            }
        }
    });
    d_x
}

#[inline(always)]
fn is_second(lower: f32, upper: f32) -> bool {
    upper > lower || (upper.is_nan() && !lower.is_nan())
}

fn lower_and_upper(x: &[f32], planes: Planes, item: usize, pair: usize) -> (&[f32], &[f32]) {
    x[(item * planes.bands + 2 * pair) * planes.band()..][..2 * planes.band()].split_at(planes.band())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::Numbers;

    const SHAPES: [Planes; 3] = [
        Planes { batch: 2, bands: 7, frames: 5, channels: 1 },
        Planes { batch: 3, bands: 4, frames: 2, channels: 5 },
        Planes { batch: 1, bands: 2, frames: 0, channels: 3 },
    ];

    #[test]
    fn neighbours_stand_beside_each_band_and_their_gradients_come_back_to_where_they_are_from() {
        for planes in SHAPES {
            for kernel in [1, 3, 5] {
                let Planes { batch, bands, frames, channels } = planes;
                let x = Numbers(1).take(planes.numbers());
                let d_wide = Numbers(2).take(kernel * planes.numbers());
                let (mut wide, mut d_x) = (vec![0.0; d_wide.len()], vec![0.0; x.len()]);
                for k in 0..wide.len() {
                    let (channel, i) = (k % channels, k / channels % kernel);
                    let (frame, band) = (k / channels / kernel % frames, k / channels / kernel / frames % bands);
                    let item = k / channels / kernel / frames / bands;
                    assert!(item < batch);
                    let Some(of) = (band + i).checked_sub(kernel / 2).filter(|&of| of < bands) else { continue };
                    let at = ((item * bands + of) * frames + frame) * channels + channel;
                    wide[k] = x[at];
                    d_x[at] += d_wide[k];
                }
                assert_eq!(neighbours(&x, planes, kernel), wide, "{planes:?} {kernel}");
                for (ours, theirs) in neighbours_backward(&d_wide, planes, kernel).iter().zip(&d_x) {
                    assert!((ours - theirs).abs() < 1e-6, "{planes:?} {kernel}");
                }
            }
        }
    }

    #[test]
    fn of_two_bands_the_greater_stays_and_has_the_gradient_the_first_where_both_are_equal_and_a_nan_is_not_hidden() {
        let planes = Planes { batch: 1, bands: 3, frames: 1, channels: 4 };
        let x = [1.0, 2.0, 3.0, f32::NAN, 5.0, 2.0, f32::NAN, 0.0, 9.0, 9.0, 9.0, 9.0];
        let y = greater(&x, planes);
        assert_eq!((&y[..2], y[2].is_nan(), y[3].is_nan()), (&[5.0, 2.0][..], true, true));
        let d_x = greater_backward(&x, planes, &[1.0, 2.0, 3.0, 4.0]);
        assert_eq!(d_x, [0.0, 2.0, 0.0, 4.0, 1.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        for planes in SHAPES {
            let x = Numbers(3).take(planes.numbers());
            let y = greater(&x, planes);
            let d_x = greater_backward(&x, planes, &y);
            // Each number of the result came from one place, to which it goes back.
            assert_eq!(y.len(), planes.batch * (planes.bands / 2) * planes.band());
            assert!(d_x.iter().zip(&x).all(|(d, x)| d == x || *d == 0.0));
            assert_eq!(d_x.iter().filter(|d| **d != 0.0).count(), y.iter().filter(|y| **y != 0.0).count());
        }
    }
}
