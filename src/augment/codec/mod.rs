//! What a telephone or a low rate leaves of a clip. The stress suite tests with the same.

mod line;
mod low_rate;

use std::sync::LazyLock;

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

pub(crate) use line::Line;
use low_rate::Transform;

use super::filter;
use crate::{
    audio::{Audio, resample},
    error::{Error, Result},
};

/// The codecs by their names in a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Codec {
    /// A telephone line with ITU-T G.711 µ-law, as in North America and Japan.
    MuLaw,
    /// A telephone line with ITU-T G.711 A-law, as everywhere else.
    ALaw,
    /// A telephone line with IMA ADPCM at 32 kbit/s, in place of the codecs of mobile networks (GSM), of which no encoder is kept.
    Adpcm,
    /// A transform codec of our own at 16 kHz and a low rate, in place of MP3 and Opus, of which no encoder is kept.
    LowRate,
}

impl Codec {
    /// What is heard of the clip at the other end: as long, at its rate and its level, which no codec decides.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the clip's rate cannot be converted to the codec's.
    pub(super) fn through(self, samples: &[f32], sample_rate: u32, kbits: f64) -> Result<Vec<f32>> {
        let clip = Audio { samples: samples.to_vec(), sample_rate };
        let line = |line: Line| telephone(&clip, line, |_| ());
        let heard = match self {
            Self::MuLaw => line(Line::MuLaw)?,
            Self::ALaw => line(Line::ALaw)?,
            Self::Adpcm => line(Line::Adpcm)?,
            Self::LowRate => low_rate(&clip, kbits)?,
        };
        let mut heard = resample(heard, sample_rate).map_err(Error::Data)?;
        heard.resize(samples.len(), 0.0);
        level_to(&mut heard, rms(samples));
        Ok(heard)
    }

    /// One of them, all as likely, and a rate evenly between two ends. It always takes as much of the stream.
    pub(super) fn draw(among: &[Self], [low, high]: [f64; 2], stream: &mut impl Rng) -> Option<(Self, f64)> {
        let (which, place): (f64, f64) = (stream.random(), stream.random());
        let codec = among.get((which * among.len() as f64) as usize)?;
        Some((*codec, low + (high - low) * place))
    }
}

/// A telephone: 300 to 3400 Hz, 8 kHz, driven to a tenth of full scale, whatever the talker's level, and a line's codec.
/// `noise` is laid under the clip before the line.
///
/// # Errors
///
/// [`Error::Data`] where the clip's rate cannot be converted.
pub(crate) fn telephone(clip: &Audio, line: Line, noise: impl FnOnce(&mut Vec<f32>)) -> Result<Audio> {
    const RATE: u32 = 8_000;
    let band = |f| filter::high_pass(f, 300.0) * filter::low_pass(f, 3_400.0);
    let samples = filter::shape(&clip.samples, clip.sample_rate, band);
    let mut narrow = resample(Audio { samples, sample_rate: clip.sample_rate }, RATE).map_err(Error::Data)?;
    noise(&mut narrow);
    level_to(&mut narrow, 0.1);
    line.through(&mut narrow);
    Ok(Audio { samples: narrow, sample_rate: RATE })
}

/// The transform codec at so many kbit/s; 16 kHz come out.
///
/// # Errors
///
/// [`Error::Data`] where the clip's rate cannot be converted.
pub(crate) fn low_rate(clip: &Audio, kbits: f64) -> Result<Audio> {
    static CODEC: LazyLock<Transform> = LazyLock::new(Transform::new);
    let samples = resample(clip.clone(), low_rate::RATE).map_err(Error::Data)?;
    Ok(Audio { samples: CODEC.through(&samples, kbits), sample_rate: low_rate::RATE })
}

fn rms(samples: &[f32]) -> f64 {
    (samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / samples.len().max(1) as f64).sqrt()
}

/// Brings sound to a root mean square; silence stays silent.
fn level_to(samples: &mut [f32], wanted: f64) {
    let level = rms(samples);
    if level > 0.0 {
        samples.iter_mut().for_each(|x| *x *= (wanted / level) as f32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    const ALL: [Codec; 4] = [Codec::MuLaw, Codec::ALaw, Codec::Adpcm, Codec::LowRate];

    fn tone(hertz: f64, rate: u32) -> Vec<f32> {
        let at = |i: u32| std::f64::consts::TAU * hertz * f64::from(i) / f64::from(rate);
        (0..rate).map(|i| (0.02 * at(i).sin()) as f32).collect()
    }

    #[test]
    fn a_codec_keeps_length_and_level_and_a_line_what_is_above_its_band_out() {
        for rate in [8_000, 16_000, 22_050] {
            let clip: Vec<f32> = tone(1_000.0, rate).iter().zip(tone(5_000.0, rate)).map(|(a, b)| a + b).collect();
            for codec in ALL {
                let heard = codec.through(&clip, rate, 32.0).unwrap();
                assert_eq!(heard.len(), clip.len(), "{codec:?} at {rate}");
                assert!((rms(&heard) / rms(&clip) - 1.0).abs() < 1e-3, "{codec:?} at {rate}");
                assert_ne!(heard, clip);
            }
        }
        let rate = 16_000;
        let both: Vec<f32> = tone(1_000.0, rate).iter().zip(tone(5_000.0, rate)).map(|(a, b)| a + b).collect();
        let above = |samples: &[f32]| rms(&filter::shape(samples, rate, |f| filter::high_pass(f, 4_500.0)));
        for (codec, most) in ALL.into_iter().zip([0.02, 0.02, 0.02, 2.0]) {
            let found = above(&codec.through(&both, rate, 64.0).unwrap()) / above(&both);
            assert!(found < most, "{codec:?}: {found}");
        }
        assert!(above(&Codec::LowRate.through(&both, rate, 64.0).unwrap()) > 0.9 * above(&both));
    }

    #[test]
    fn odd_clips_come_back_and_every_codec_is_drawn() {
        for codec in ALL {
            for clip in [vec![], vec![0.5], vec![0.0; 300], vec![0.1; 7]] {
                let heard = codec.through(&clip, 22_050, 16.0).unwrap();
                assert!(heard.len() == clip.len() && heard.iter().all(|x| x.is_finite()), "{codec:?}");
            }
        }
        let stream = &mut rng::stream(1, &[&"codec"]);
        let drawn: Vec<_> = (0..100).filter_map(|_| Codec::draw(&ALL, [8.0, 32.0], stream)).collect();
        assert!(ALL.iter().all(|codec| drawn.iter().filter(|(of, _)| of == codec).count() > 10));
        assert!(drawn.iter().all(|(_, kbits)| (8.0..=32.0).contains(kbits)));
    }
}
