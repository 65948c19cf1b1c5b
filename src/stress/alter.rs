//! What becomes of a clip: each alteration a function of samples, rate and the clip's own stream.

use rand::{Rng, RngExt};

use super::sounds;
use crate::{
    audio::{Audio, resample},
    augment::{
        Line, Method, Recordings, add_noise, filter, gain, low_rate, pink, pitch_shift, play, telephone, time_stretch,
        white,
    },
    error::{Error, Result},
};

/// A sound that is mixed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sound {
    White,
    Pink,
    Speech,
    Babble,
    Music,
    Bursts,
    /// A mains hum of 50 Hz and two of its harmonics.
    Hum,
    /// Recordings of the user's own.
    Folder,
}

/// An alteration with its strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Alteration {
    /// A sound at a ratio of signal to noise in dB, over the whole clip.
    Noise(Sound, f64),
    /// A room of our own with a reverberation time in seconds.
    Room(f64),
    /// An impulse response of the user's own.
    Response,
    /// A telephone: 300 to 3400 Hz, 8 kHz, a codec, and pink noise at a ratio in dB where there is one.
    Telephone(Line, Option<f64>),
    /// Our transform codec at so many kbit/s, at 16 kHz.
    LowRate(f64),
    /// Peaks cut off this many dB below the largest.
    Clipping(f64),
    /// Packets of 20 ms lost with a probability.
    Dropouts(f64),
    /// Another level in each half second, within so many dB.
    GainJumps(f64),
    /// dB.
    Gain(f64),
    /// Hz.
    LowPass(f64),
    /// Hz.
    HighPass(f64),
    /// At another rate, in Hz.
    Resample(u32),
    /// Pace and pitch together, times the clip's own.
    Speed(f64),
    /// Pace alone, times the clip's own.
    Tempo(f64),
    /// Pitch alone, times the clip's own.
    Pitch(f64),
    /// Zeros before it, in seconds.
    SilenceBefore(f64),
    /// Zeros behind it, in seconds.
    SilenceAfter(f64),
    /// So much cut off at its beginning, in seconds.
    CropBegin(f64),
    /// So much cut off at its end, in seconds.
    CropEnd(f64),
    /// Each sample one step of 16 bits higher, lower or as it was.
    LeastBit,
    /// So many bits a sample.
    Bits(u32),
    /// Plus a constant.
    Offset(f64),
    /// Upside down.
    Inverted,
}

/// What alterations draw from.
pub(super) struct Material<'a> {
    /// Other clips, at the same rate.
    pub voices: &'a [Vec<f32>],
    /// The responses of rooms.
    pub room: &'a dyn Fn(f64) -> std::sync::Arc<[f32]>,
    /// Recordings of noise.
    pub noises: Option<&'a Recordings>,
    /// Impulse responses.
    pub responses: Option<&'a Recordings>,
}

impl Alteration {
    /// The altered clip, at its rate or that of what it has been through.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where a recording can no longer be read, [`Error::Data`] where a rate cannot be converted.
    pub(super) fn apply(self, clip: &Audio, material: &Material<'_>, stream: &mut impl Rng) -> Result<Audio> {
        let rate = clip.sample_rate;
        let samples = &clip.samples;
        let at = |samples: Vec<f32>| Ok(Audio { samples, sample_rate: rate });
        let seconds = |seconds: f64| (seconds * f64::from(rate)).round() as usize;
        let each = |f: &mut dyn FnMut(f32) -> f32| at(samples.iter().map(|&x| f(x)).collect());
        match self {
            Self::Noise(sound, snr_db) => {
                let noise = sound.make(samples.len(), rate, material, stream)?;
                let mut samples = samples.clone();
                add_noise(&mut samples, &noise, snr_db);
                at(samples)
            }
            Self::Room(rt60) => at(in_room(samples, &(material.room)(rt60))),
            Self::Response => match material.responses {
                Some(responses) => at(in_room(samples, &from_direct(responses.one(rate, stream)?))),
                None => at(samples.clone()),
            },
            Self::Telephone(line, noise) => telephone(clip, line, |narrow| {
                if let Some(snr_db) = noise {
                    add_noise(narrow, &pink(samples.len(), stream), snr_db);
                }
            }),
            Self::LowRate(kbits) => low_rate(clip, kbits),
            Self::Clipping(db) => {
                let most = peak(samples) * 10_f32.powf(-db as f32 / 20.0);
                each(&mut |x| x.clamp(-most, most))
            }
            Self::Dropouts(share) => {
                let mut samples = samples.clone();
                for packet in samples.chunks_mut(seconds(0.02).max(1)) {
                    if stream.random::<f64>() < share {
                        packet.fill(0.0);
                    }
                }
                at(samples)
            }
            Self::GainJumps(db) => {
                let mut samples = samples.clone();
                for part in samples.chunks_mut(seconds(0.5).max(1)) {
                    gain(part, stream.random_range(-db..=db));
                }
                at(samples)
            }
            Self::Gain(db) => {
                let mut samples = samples.clone();
                gain(&mut samples, db);
                at(samples)
            }
            Self::LowPass(edge) => at(filter::shape(samples, rate, |f| filter::low_pass(f, edge))),
            Self::HighPass(edge) => at(filter::shape(samples, rate, |f| filter::high_pass(f, edge))),
            Self::Resample(to) => Ok(Audio { samples: at_rate(clip.clone(), to)?, sample_rate: to }),
            Self::Speed(pace) => at(play(samples, pace)),
            Self::Tempo(pace) => at(time_stretch(samples, rate, pace, Method::Wsola)),
            Self::Pitch(times) => at(pitch_shift(samples, rate, 12.0 * times.log2(), Method::Wsola)),
            Self::SilenceBefore(length) => at([vec![0.0; seconds(length)], samples.clone()].concat()),
            Self::SilenceAfter(length) => at([samples.clone(), vec![0.0; seconds(length)]].concat()),
            Self::CropBegin(length) => at(samples[seconds(length).min(samples.len())..].to_vec()),
            Self::CropEnd(length) => at(samples[..samples.len().saturating_sub(seconds(length))].to_vec()),
            Self::LeastBit => each(&mut |x| x + (stream.random_range(0..3_u8) as f32 - 1.0) / 32_768.0),
            Self::Bits(bits) => {
                let steps = 2_f32.powi(bits as i32 - 1);
                each(&mut |x| (x * steps).round() / steps)
            }
            Self::Offset(constant) => each(&mut |x| x + constant as f32),
            Self::Inverted => each(&mut |x| -x),
        }
    }
}

impl Sound {
    fn make(self, n: usize, rate: u32, material: &Material<'_>, stream: &mut impl Rng) -> Result<Vec<f32>> {
        Ok(match self {
            Self::White => white(n, stream),
            Self::Pink => pink(n, stream),
            Self::Speech => sounds::speech_noise(n, rate, stream),
            Self::Babble => sounds::babble(n, material.voices, stream),
            Self::Music => sounds::music(n, rate, stream),
            Self::Bursts => sounds::bursts(n, rate, stream),
            Self::Hum => {
                let tone = |t: f64, k: f64| (std::f64::consts::TAU * 50.0 * k * t).sin() / k;
                (0..n)
                    .map(|i| i as f64 / f64::from(rate))
                    .map(|t| (tone(t, 1.0) + tone(t, 2.0) + tone(t, 3.0)) as f32)
                    .collect()
            }
            Self::Folder => match material.noises {
                Some(noises) => noises.draw(n, rate, stream)?,
                None => vec![0.0; n],
            },
        })
    }
}

fn at_rate(audio: Audio, rate: u32) -> Result<Vec<f32>> {
    resample(audio, rate).map_err(Error::Data)
}

/// A clip in a room, brought back to its level: it is what a room does to the sound that is tested, not how loud it is.
fn in_room(samples: &[f32], response: &[f32]) -> Vec<f32> {
    let mut heard = filter::convolve(samples, response);
    let (before, after) = (rms(samples), rms(&heard));
    if after > 0.0 {
        heard.iter_mut().for_each(|x| *x *= (before / after) as f32);
    }
    heard
}

/// A response from its strongest sample on: what comes before is the way to the microphone.
fn from_direct(mut response: Vec<f32>) -> Vec<f32> {
    let direct = response.iter().enumerate().max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()).then(b.0.cmp(&a.0)));
    let direct = direct.map_or(0, |(at, _)| at);
    response.drain(..direct);
    response
}

fn rms(samples: &[f32]) -> f64 {
    (samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / samples.len().max(1) as f64).sqrt()
}

fn peak(samples: &[f32]) -> f32 {
    samples.iter().fold(0.0, |most, x| most.max(x.abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    fn clip() -> Audio {
        let sample = |i: usize| 0.3 * (i as f32 * 0.07).sin() * (1.0 + (i as f32 * 0.002).sin());
        Audio { samples: (0..16_000).map(sample).collect(), sample_rate: 16_000 }
    }

    fn altered(alteration: Alteration, seed: u64) -> Audio {
        let voices = [vec![0.2, -0.1, 0.4, 0.0, -0.3]];
        let room = |rt60: f64| -> std::sync::Arc<[f32]> { super::super::room::response(rt60, 16_000, 1).into() };
        let material = Material { voices: &voices, room: &room, noises: None, responses: None };
        alteration.apply(&clip(), &material, &mut rng::stream(seed, &[&"test"])).unwrap()
    }

    #[test]
    fn noise_is_at_its_ratio_whatever_it_is() {
        let clean = clip().samples;
        for sound in [Sound::White, Sound::Pink, Sound::Speech, Sound::Babble, Sound::Music, Sound::Bursts, Sound::Hum]
        {
            for snr_db in [0.0, 20.0] {
                let heard = altered(Alteration::Noise(sound, snr_db), 1).samples;
                let noise: Vec<f32> = heard.iter().zip(&clean).map(|(a, b)| a - b).collect();
                let found = 20.0 * (rms(&clean) / rms(&noise)).log10();
                assert!((found - snr_db).abs() < 0.1, "{sound:?}: {found}");
            }
        }
    }

    #[test]
    fn each_alteration_does_what_its_name_says() {
        let clean = clip();
        let n = clean.samples.len();
        let of = |alteration| altered(alteration, 3);
        assert_eq!(of(Alteration::CropBegin(0.001)).samples, clean.samples[16..]);
        assert_eq!(of(Alteration::CropEnd(0.001)).samples, clean.samples[..n - 16]);
        assert_eq!(of(Alteration::SilenceBefore(0.5)).samples[8_000..], clean.samples);
        assert_eq!(of(Alteration::SilenceAfter(0.5)).samples.len(), n + 8_000);
        assert_eq!(of(Alteration::Inverted).samples[7], -clean.samples[7]);
        assert!((rms(&of(Alteration::Gain(-20.0)).samples) / rms(&clean.samples) - 0.1).abs() < 1e-4);
        assert!((peak(&of(Alteration::Clipping(6.0)).samples) / peak(&clean.samples) - 0.501).abs() < 1e-3);
        let least = of(Alteration::LeastBit).samples;
        let steps: Vec<f32> = least.iter().zip(&clean.samples).map(|(a, b)| (a - b) * 32_768.0).collect();
        assert!(
            steps.iter().all(|s| s.abs() < 1.01)
                && [-1.0, 0.0, 1.0].iter().all(|w| steps.iter().any(|s| (s - w).abs() < 0.01))
        );
        let lost = of(Alteration::Dropouts(0.2)).samples.chunks(320).filter(|p| p.iter().all(|x| *x == 0.0)).count();
        assert!((3..20).contains(&lost), "{lost} of 50 packets");
        let phone = of(Alteration::Telephone(Line::ALaw, None));
        assert_eq!((phone.sample_rate, phone.samples.len()), (8_000, n / 2));
        let rates = [64.0, 8.0].map(|kbits| of(Alteration::LowRate(kbits)));
        let lost =
            rates.each_ref().map(|of| of.samples.iter().zip(&clean.samples).map(|(a, b)| (a - b).abs()).sum::<f32>());
        assert!(rates[0].samples.len() == n && 2.0 * lost[0] < lost[1], "{lost:?}");
        assert_eq!(of(Alteration::Speed(1.25)).samples.len(), n * 4 / 5);
        let room = of(Alteration::Room(0.5)).samples;
        assert!(room.len() == n && (rms(&room) / rms(&clean.samples) - 1.0).abs() < 1e-3 && room != clean.samples);
        let bits: std::collections::BTreeSet<i64> =
            of(Alteration::Bits(4)).samples.iter().map(|x| (x * 8.0).round() as i64).collect();
        assert!(bits.len() <= 16);
    }

    #[test]
    fn an_alteration_is_a_function_of_its_stream() {
        for alteration in [Alteration::Dropouts(0.3), Alteration::GainJumps(10.0), Alteration::Noise(Sound::Music, 5.0)]
        {
            assert!(altered(alteration, 1).samples == altered(alteration, 1).samples);
            assert!(altered(alteration, 1).samples != altered(alteration, 2).samples);
        }
    }
}
