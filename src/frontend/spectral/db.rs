//! Power to decibels: librosa's `power_to_db` with `ref = 1`.

use ser_kernels::wide;

/// The smallest power told apart from none: −100 dB.
pub(super) const AMIN: f32 = 1e-10;

/// 10 log10 2. The binary logarithm is the one that machines compute fastest.
const DB_PER_OCTAVE: f32 = 3.010_3;

/// Replaces each power by its level in dB, at least −100 and at least the highest of them all less `top_db`.
///
/// A value that is not a number counts as silence.
pub(super) fn power_to_db(power: &mut [f32], top_db: f32) {
    for x in power.iter_mut() {
        *x = x.max(AMIN).log2();
    }
    // Apart from the logarithms, which are calls, these run many at a time.
    wide(
        #[inline(always)]
        || {
            power.iter_mut().for_each(|x| *x *= DB_PER_OCTAVE);
            let floor = highest(power) - top_db;
            power.iter_mut().for_each(|x| *x = x.max(floor));
        },
    );
}

/// The highest of levels, none of which is no number.
#[inline(always)]
fn highest(levels: &[f32]) -> f32 {
    let (blocks, rest) = levels.as_chunks::<16>();
    let mut highest = [f32::MIN; 16];
    for block in blocks {
        for (highest, x) in highest.iter_mut().zip(block) {
            *highest = highest.max(*x);
        }
    }
    highest.iter().chain(rest).copied().fold(f32::MIN, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decibels_stop_at_top_db_below_the_highest() {
        let mut x = [1.0, 1e-4, 1e-9, 0.0];
        power_to_db(&mut x, 80.0);
        approx::assert_abs_diff_eq!(x[..], [0.0, -40.0, -80.0, -80.0], epsilon = 1e-5);
    }

    #[test]
    fn silence_is_a_hundred_decibels_down_and_nan_is_silence() {
        let mut x = [0.0, f32::NAN];
        power_to_db(&mut x, 80.0);
        approx::assert_abs_diff_eq!(x[..], [-100.0, -100.0], epsilon = 1e-5);
        power_to_db(&mut [], 80.0);
    }
}
