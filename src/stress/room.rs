//! Rooms: impulse responses by the image-source method (J. B. Allen & D. A. Berkley, "Image method for efficiently
//! simulating small-room acoustics", 1979).
//!
//! A wall is a mirror: sound that is reflected comes as if from the mirrored source. All walls absorb alike, as much as
//! Eyring's formula says for the reverberation time. Mirrored sources are moved by up to 8 cm, so that a room with right
//! angles does not ring (E. De Sena et al., 2015).

use rand::RngExt;

use crate::augment::filter;
use crate::rng;

/// Length, width, height in metres: a living room or a small office.
const ROOM: [f64; 3] = [6.1, 4.7, 2.9];
const SPEED_OF_SOUND: f64 = 343.0; // m/s at 20 °C
/// How far a mirrored source is moved at most, in metres.
const JITTER: f64 = 0.08;

/// The response of a room with a reverberation time of `rt60` seconds, from the direct sound on, whose peak is 1. Speaker
/// and microphone stand where the stream of `seed` and the time puts them, one to two and a half metres apart.
pub(super) fn response(rt60: f64, rate: u32, seed: u64) -> Vec<f32> {
    let stream = &mut rng::stream(seed, &[&"stress", &"room", &format!("{rt60:.3}")]);
    let mut place = || -> [f64; 3] {
        let mut at = |axis: usize| 0.5 + stream.random::<f64>() * (ROOM[axis] - 1.0);
        [at(0), at(1), 1.1 + 0.6 * stream.random::<f64>()]
    };
    let (mut source, mut microphone) = (place(), place());
    while !(1.0..=2.5).contains(&distance(source, microphone)) {
        (source, microphone) = (place(), place());
    }
    let rate_hz = f64::from(rate);
    let direct = distance(source, microphone);
    let length = (rt60 * rate_hz) as usize + 1;
    let reach = direct + rt60 * SPEED_OF_SOUND;
    let reflection = reflection(rt60);
    let mut response = vec![0_f32; length];
    let most = ROOM.map(|side| (reach / (2.0 * side)).ceil() as i32);
    for x in -most[0]..=most[0] {
        for y in -most[1]..=most[1] {
            for z in -most[2]..=most[2] {
                for mirror in 0..8_u8 {
                    let (cell, flip) = ([x, y, z], [mirror & 1, (mirror >> 1) & 1, mirror >> 2]);
                    let mut squared = 0.0;
                    let mut bounces = 0;
                    for axis in 0..3 {
                        let sign = if flip[axis] == 0 { 1.0 } else { -1.0 };
                        let image = 2.0 * f64::from(cell[axis]) * ROOM[axis] + sign * source[axis];
                        squared += (image - microphone[axis]).powi(2);
                        bounces += (cell[axis] - i32::from(flip[axis])).abs() + cell[axis].abs();
                    }
                    let mut path = squared.sqrt();
                    if path > reach {
                        continue;
                    }
                    if bounces > 0 {
                        path = (path + JITTER * scattered(cell, mirror)).max(direct);
                    }
                    // Between two samples the sound goes to both, by its place.
                    let at = (path - direct) / SPEED_OF_SOUND * rate_hz;
                    let gain = (direct / path * reflection.powi(bounces)) as f32;
                    let (whole, share) = (at as usize, at.fract() as f32);
                    for (sample, part) in [(whole, 1.0 - share), (whole + 1, share)] {
                        if let Some(out) = response.get_mut(sample) {
                            *out += gain * part;
                        }
                    }
                }
            }
        }
    }
    // All gains are positive, which no room's are: what is below hearing goes, as in the paper.
    filter::shape(&response, rate, |frequency| filter::high_pass(frequency, 40.0))
}

/// What is left of the pressure after a wall, by Eyring's formula.
fn reflection(rt60: f64) -> f64 {
    let [length, width, height] = ROOM;
    let surface = 2.0 * (length * width + length * height + width * height);
    let volume = length * width * height;
    // 24 ln 10 / c; absorption is of energy.
    let exponent = 24.0 * std::f64::consts::LN_10 / SPEED_OF_SOUND * volume / (surface * rt60);
    (-exponent / 2.0).exp()
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// A number from −1 to 1 that depends on the mirrored source alone.
fn scattered(cell: [i32; 3], mirror: u8) -> f64 {
    let mut hash = 0x9e37_79b9_7f4a_7c15_u64 ^ u64::from(mirror);
    for part in cell {
        hash = (hash ^ part as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash ^= hash >> 29;
    }
    (hash >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time in which the energy that is still to come falls by 60 dB, from its fall between −5 and −25 dB (M. R.
    /// Schroeder, 1965).
    fn measured(response: &[f32], rate: u32) -> f64 {
        let mut left: Vec<f64> = response.iter().map(|x| f64::from(x * x)).collect();
        for i in (0..left.len() - 1).rev() {
            left[i] += left[i + 1];
        }
        let at = |db: f64| left.iter().position(|x| 10.0 * (x / left[0]).log10() < db).unwrap() as f64;
        3.0 * (at(-25.0) - at(-5.0)) / f64::from(rate)
    }

    #[test]
    fn a_room_rings_as_long_as_asked() {
        for rt60 in [0.3, 0.6, 1.0] {
            let found = measured(&response(rt60, 16_000, 1), 16_000);
            assert!((found / rt60 - 1.0).abs() < 0.3, "{rt60}: {found}");
        }
    }

    #[test]
    fn the_direct_sound_comes_at_once_and_is_the_strongest() {
        let response = response(0.5, 8_000, 1);
        let peak = response.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs())).unwrap();
        assert!(peak.0 == 0 && (0.7..1.1).contains(peak.1), "{peak:?}");
    }
}
