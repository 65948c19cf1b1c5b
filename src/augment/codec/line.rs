//! Telephone codecs: ITU-T G.711 (µ-law and A-law, 64 kbit/s) and IMA ADPCM (32 kbit/s), there and back.

/// A codec of a telephone line, at 8 kHz.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    /// 16 bits, as they are.
    Linear,
    /// ITU-T G.711 µ-law: 8 bits a sample.
    MuLaw,
    /// ITU-T G.711 A-law: 8 bits a sample.
    ALaw,
    /// IMA ADPCM: 4 bits a sample. It stands in for the codecs of mobile networks, of which none has an encoder here.
    Adpcm,
}

impl Line {
    /// What comes out at the other end.
    pub(crate) fn through(self, samples: &mut [f32]) {
        let mut adpcm = Adpcm::default();
        for x in samples {
            let pcm = to_pcm(*x);
            let heard = match self {
                Self::Linear => pcm,
                Self::MuLaw => mu_law(pcm),
                Self::ALaw => a_law(pcm),
                Self::Adpcm => adpcm.step(pcm),
            };
            *x = f32::from(heard) / 32_768.0;
        }
    }
}

/// A sample of full scale ±1 as 16 bits.
fn to_pcm(x: f32) -> i16 {
    (x * 32_768.0).round().clamp(-32_768.0, 32_767.0) as i16
}

/// G.711 µ-law there and back: 14 bits, a bias of 33, eight segments of 16 steps.
fn mu_law(pcm: i16) -> i16 {
    const BIAS: i32 = 33;
    let magnitude = ((i32::from(pcm).abs() >> 2) + BIAS).min(0x1fff);
    // The place of the highest bit is the segment: 5 to 12.
    let segment = 26 - magnitude.leading_zeros() as i32;
    let step = (magnitude >> (segment + 1)) & 0xf;
    let heard = (((step << 1) + BIAS) << segment) - BIAS;
    signed(heard << 2, pcm)
}

/// G.711 A-law there and back: 13 bits, eight segments of 16 steps, the lowest two alike.
fn a_law(pcm: i16) -> i16 {
    let magnitude = (i32::from(pcm).abs() >> 3).min(0xfff);
    let segment = if magnitude < 32 { 0 } else { 27 - magnitude.leading_zeros() as i32 };
    let heard = match segment {
        0 => (magnitude & !1) + 1,
        _ => {
            let step = magnitude >> segment;
            (step << segment) + (1 << (segment - 1))
        }
    };
    signed(heard << 3, pcm)
}

fn signed(magnitude: i32, like: i16) -> i16 {
    let value = if like < 0 { -magnitude } else { magnitude };
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

/// The state of an IMA ADPCM decoder, which its encoder has as well (IMA Digital Audio Doc-Pac, 1992).
#[derive(Default)]
struct Adpcm {
    predicted: i32,
    index: i32,
}

const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
];
const INDEX_STEPS: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

impl Adpcm {
    fn step(&mut self, pcm: i16) -> i16 {
        let step = STEPS[self.index as usize];
        let difference = i32::from(pcm) - self.predicted;
        let (mut code, mut left, mut heard) = (0_usize, difference.abs(), step >> 3);
        for (bit, part) in [(4, step), (2, step >> 1), (1, step >> 2)] {
            if left >= part {
                code |= bit;
                left -= part;
                heard += part;
            }
        }
        self.predicted = (self.predicted + if difference < 0 { -heard } else { heard }).clamp(-32_768, 32_767);
        self.index = (self.index + INDEX_STEPS[code]).clamp(0, 88);
        self.predicted as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g711_gives_the_values_of_its_tables() {
        // Python 3.12's audioop: lin2ulaw then ulaw2lin, lin2alaw then alaw2lin, of 16-bit samples.
        for (pcm, mu, a) in [
            (0, 0, 8),
            (1000, 988, 1008),
            (-1000, -988, -1008),
            (12_345, 12_412, 12_544),
            (32_767, 32_124, 32_256),
            (-20_000, -19_836, -19_968),
            (100, 104, 104),
        ] {
            assert_eq!(mu_law(pcm), mu, "µ-law of {pcm}");
            assert_eq!(a_law(pcm), a, "A-law of {pcm}");
        }
    }

    #[test]
    fn every_codec_is_near_its_input_and_repeats_itself() {
        let clip: Vec<f32> = (0..4_000).map(|i| 0.4 * (i as f32 * 0.3).sin()).collect();
        for (codec, least) in [(Line::Linear, 80.0), (Line::MuLaw, 33.0), (Line::ALaw, 33.0), (Line::Adpcm, 15.0)] {
            let mut heard = clip.clone();
            codec.through(&mut heard);
            let power = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x) * f64::from(x)).sum::<f64>();
            let noise = power(&mut clip.iter().zip(&heard).map(|(a, b)| a - b));
            let snr = 10.0 * (power(&mut clip.iter().copied()) / noise).log10();
            assert!(snr > least, "{codec:?}: {snr} dB");
        }
    }
}
