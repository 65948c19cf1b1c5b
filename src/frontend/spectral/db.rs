//! Power to decibels: librosa's `power_to_db` with `ref = 1`.

/// The smallest power told apart from none: −100 dB.
pub(super) const AMIN: f32 = 1e-10;

/// 10 log10 2. The binary logarithm is the one that machines compute fastest.
const DB_PER_OCTAVE: f32 = 3.010_3;

/// Replaces each power by its level in dB, at least −100 and at least the highest of them all less `top_db`.
///
/// A value that is not a number counts as silence.
pub(super) fn power_to_db(power: &mut [f32], top_db: f32) {
    let mut highest = f32::MIN;
    for x in power.iter_mut() {
        *x = DB_PER_OCTAVE * x.max(AMIN).log2();
        highest = highest.max(*x);
    }
    let floor = highest - top_db;
    for x in power {
        *x = x.max(floor);
    }
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
