//! Speed perturbation (Ko et al. 2015): the clip played faster or slower, pitch and formants with it.
//!
//! It is resampling by a ratio that no two rates in whole hertz have, met exactly and without a delay of a fraction of a
//! sample, for which [`crate::audio::resample`] is not made: interpolation with a windowed sinc (Smith & Gossett 1984).

use std::sync::LazyLock;

use ser_kernels::wide;

/// Zero crossings of the sinc on either side.
const CROSSINGS: usize = 64;
/// Points of the kernel's table between two of them.
const FINENESS: usize = 512;
/// Phases of the filter bank that is made for a ratio; between two of them it is interpolated.
const PHASES: usize = 128;
/// Middle of the filter's edge, as a part of half the lower rate: it passes up to 0.92, as soxr's does, and stops at 1.
const EDGE: f64 = 0.96;
/// Shape of the Kaiser window: 80 dB beyond the edge.
const BETA: f64 = 8.0;
/// Products that are summed side by side.
const LANES: usize = 16;

/// The kernel right of its middle, [`FINENESS`] points a zero crossing, and a zero behind.
static KERNEL: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let points = CROSSINGS * FINENESS;
    let mut kernel: Vec<f64> = (0..=points)
        .map(|i| {
            let (x, place) = (std::f64::consts::PI * i as f64 / FINENESS as f64, i as f64 / points as f64);
            let sinc = if i == 0 { 1.0 } else { x.sin() / x };
            sinc * bessel(BETA * (1.0 - place * place).max(0.0).sqrt()) / bessel(BETA)
        })
        .collect();
    kernel.push(0.0);
    kernel
});

/// The modified Bessel function of order 0, by its series.
fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..60 {
        term *= (x / 2.0 / f64::from(k)).powi(2);
        sum += term;
    }
    sum
}

/// The kernel at `x` zero crossings from its middle.
fn kernel(x: f64) -> f64 {
    let place = x.abs() * FINENESS as f64;
    let index = place as usize;
    match KERNEL.get(index..index + 2) {
        Some(pair) => pair[0] + (place - index as f64) * (pair[1] - pair[0]),
        None => 0.0,
    }
}

/// The clip at `rate` times its pace: `n / rate` samples, rounded up.
pub(crate) fn play(samples: &[f32], rate: f64) -> Vec<f32> {
    if rate == 1.0 || samples.is_empty() {
        return samples.to_vec();
    }
    // Zero crossings a sample: what lies above half the lower of the two rates is cut off.
    let width = EDGE / rate.max(1.0);
    let half = (CROSSINGS as f64 / width).ceil() as usize;
    let blocks = (2 * half).div_ceil(LANES);
    let taps = blocks * LANES;
    let bank = bank(width, half, blocks);
    // A rounding error must not add a sample to a length that comes out even.
    let length = (samples.len() as f64 / rate - 1e-9 * samples.len() as f64).ceil() as usize;
    let mut played = vec![0f32; length];
    let mut edge = vec![0f32; taps];
    wide(
        #[inline(always)]
        || {
            for (i, out) in played.iter_mut().enumerate() {
                let place = i as f64 * rate;
                let whole = place as i64;
                let phase = (place - whole as f64) * PHASES as f64;
                let row = phase as i64;
                let rows = &bank[row as usize * blocks..][..2 * blocks];
                let start = whole - (half as i64 - 1);
                let window = match samples.get(start as usize..(start + taps as i64) as usize) {
                    Some(window) if start >= 0 => window,
                    _ => reach_over(samples, start, &mut edge),
                };
                *out = dot(window, rows.split_at(blocks), (phase - row as f64) as f32);
            }
        },
    );
    played
}

/// Numbers in a row that a processor reads at once: unaligned, each read would touch two lines of its memory.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Block([f32; LANES]);

/// The kernel at each phase of a sample, `[PHASES + 1, blocks]`: of `2 · half` taps, and zeros behind them.
fn bank(width: f64, half: usize, blocks: usize) -> Vec<Block> {
    let mut bank = vec![Block([0.0; LANES]); (PHASES + 1) * blocks];
    for phase in 0..=PHASES / 2 {
        let place = half as f64 - 1.0 + phase as f64 / PHASES as f64;
        for tap in 0..2 * half {
            let value = (width * kernel(width * (tap as f64 - place))) as f32;
            bank[phase * blocks + tap / LANES].0[tap % LANES] = value;
            // The kernel is even: read backwards, the same values are those of the phase as far from the other end.
            let mirrored = 2 * half - 1 - tap;
            bank[(PHASES - phase) * blocks + mirrored / LANES].0[mirrored % LANES] = value;
        }
    }
    bank
}

/// The clip from `start` on, with zeros where it is not.
#[cold]
fn reach_over<'a>(samples: &[f32], start: i64, window: &'a mut [f32]) -> &'a [f32] {
    for (i, x) in window.iter_mut().enumerate() {
        *x = usize::try_from(start + i as i64).ok().and_then(|at| samples.get(at)).copied().unwrap_or(0.0);
    }
    window
}

/// The sum of products with the row between two: `share` of the way from the first to the second. All are whole blocks.
#[inline(always)]
fn dot(window: &[f32], (before, after): (&[Block], &[Block]), share: f32) -> f32 {
    let (mut first, mut second) = ([0f32; LANES], [0f32; LANES]);
    let rows = before.iter().zip(after);
    for (x, (Block(a), Block(b))) in window.as_chunks::<LANES>().0.iter().zip(rows) {
        for lane in 0..LANES {
            first[lane] += x[lane] * a[lane];
            second[lane] += x[lane] * b[lane];
        }
    }
    let sums = std::array::from_fn(|lane| first[lane] + share * (second[lane] - first[lane]));
    // Seen as values in memory, they are computed side by side; seen with what follows, the compiler pairs them off and takes
    // three times as long.
    let Block(mut sums) = std::hint::black_box(Block(sums));
    // Halved again and again rather than added up one by one.
    let mut width = LANES;
    while width > 1 {
        width /= 2;
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
    }
    sums[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn the_length_follows_the_rate() {
        let clip = vec![0.1; 9_000];
        assert_eq!(play(&clip, 0.9).len(), 10_000);
        assert_eq!(play(&clip, 1.25).len(), 7_200);
        assert_eq!(play(&clip, 1.0), clip);
        assert!(play(&[], 1.1).is_empty());
    }

    #[test]
    fn a_tone_is_where_it_must_be_and_aliases_are_not() {
        let tone = |per_sample: f64, n: usize| -> Vec<f32> {
            (0..n).map(|i| (TAU * per_sample * i as f64).sin() as f32).collect()
        };
        for rate in [0.5, 0.837_215, 1.122_462, 1.9] {
            let played = play(&tone(0.1, 8_000), rate);
            let wanted = tone(0.1 * rate, played.len());
            let inside = 200..played.len() - 400;
            let worst = inside.clone().map(|i| (played[i] - wanted[i]).abs()).fold(0.0, f32::max);
            assert!(worst < 1e-3, "{rate}: {worst}");
            if rate > 1.0 {
                let above = play(&tone(0.5 / rate * 1.05, 8_000), rate);
                let left = inside.map(|i| above[i].abs()).fold(0.0, f32::max);
                assert!(left < 1e-3, "{rate}: {left}");
            }
        }
    }
}
