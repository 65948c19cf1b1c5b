//! Additive noise at a signal-to-noise ratio: white, pink, or recordings of the user's own.

use std::path::{Path, PathBuf};

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use realfft::{RealFftPlanner, num_complex::Complex};

use crate::{
    audio::{Fault, Flaw, Known, decode, resample},
    error::{Error, Result},
};

/// Adds `noise` at `snr_db`: its root mean square becomes that of the clip, over the whole clip, divided by
/// `10^(snr_db / 20)`. It is brought to that level as it is, not as it would be on average, so that the ratio is met on
/// short clips too. A silent clip or noise changes nothing.
pub fn add_noise(samples: &mut [f32], noise: &[f32], snr_db: f64) {
    let (signal, level) = (rms(samples), rms(&noise[..noise.len().min(samples.len())]));
    if signal == 0.0 || level == 0.0 {
        return;
    }
    let factor = (signal / 10f64.powf(snr_db / 20.0) / level) as f32;
    for (x, noise) in samples.iter_mut().zip(noise) {
        *x += factor * noise;
    }
}

fn rms(samples: &[f32]) -> f64 {
    let power: f64 = samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    (power / samples.len().max(1) as f64).sqrt()
}

/// `n` samples of white Gaussian noise of root mean square 1.
pub fn white(n: usize, stream: &mut impl Rng) -> Vec<f32> {
    (0..n).map(|_| StandardNormal.sample(stream)).collect()
}

/// `n` samples of pink Gaussian noise, whose power falls by 3 dB an octave from a twentieth of a hertz or so up (the
/// length decides); of no particular level.
pub fn pink(n: usize, stream: &mut impl Rng) -> Vec<f32> {
    if n == 0 {
        return Vec::new();
    }
    // Gaussian bins whose variance is 1/f, transformed back; longer than asked for, since the noise is periodic.
    let length = (n + n / 4).next_power_of_two().max(2);
    let inverse = RealFftPlanner::<f32>::new().plan_fft_inverse(length);
    let mut spectrum = inverse.make_input_vec();
    let last = spectrum.len() - 1;
    for (bin, x) in spectrum.iter_mut().enumerate().skip(1) {
        let (re, im): (f32, f32) = (StandardNormal.sample(stream), StandardNormal.sample(stream));
        *x = Complex::new(re, if bin == last { 0.0 } else { im }) / (bin as f32).sqrt();
    }
    let mut noise = inverse.make_output_vec();
    // It fails only on buffers of the wrong size or a spectrum that is none of real samples; this one is.
    let done = inverse.process(&mut spectrum, &mut noise);
    debug_assert!(done.is_ok());
    noise.truncate(n);
    noise
}

/// A folder of recordings of noise. What is kept is their names; a recording is read when it is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Recordings {
    files: Vec<PathBuf>,
    /// Of every recording's bytes, in the order of the files.
    pub hash: blake3::Hash,
}

impl Recordings {
    /// Finds the recordings under `folder`, which the key or option `named` names: what cannot be read is said now. Those that
    /// are `known` are not read again.
    pub fn open(folder: &Path, named: &str, known: &Known) -> Result<Self> {
        let mut files = Vec::new();
        // A link leads to a recording as well; a link to nothing, a pipe or a device is an error, as a damaged file is.
        for entry in walkdir::WalkDir::new(folder).follow_links(true).sort_by_file_name() {
            let entry = entry.map_err(|e| Error::Config(format!("{named} = {}: {e}", folder.display())))?;
            let hidden = entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
            if !entry.file_type().is_dir() && !hidden {
                files.push(entry.into_path());
            }
        }
        if files.is_empty() {
            let folder = folder.display();
            return Err(Error::Config(format!("{named} = {folder}: there is no recording in it")));
        }
        let mut hasher = blake3::Hasher::new();
        for path in &files {
            let (hash, _, facts) = known.look(path).map_err(|fault| fault.at(path))?;
            match facts {
                // Silence adds nothing, and does no harm.
                Ok(_) | Err(Fault { flaw: Flaw::Silent, .. }) => drop(hasher.update(hash.as_bytes())),
                Err(fault) => return Err(fault.at(path)),
            }
        }
        Ok(Self { files, hash: hasher.finalize() })
    }

    /// `n` samples at `sample_rate` of one recording, from anywhere in it; a short one is repeated.
    pub fn draw(&self, n: usize, sample_rate: u32, stream: &mut impl Rng) -> Result<Vec<f32>> {
        let file = self.pick(stream);
        let place: f64 = stream.random();
        let samples = self.read(file, sample_rate)?;
        let spare = samples.len().saturating_sub(n);
        let start = if spare > 0 { place * spare as f64 } else { place * samples.len() as f64 } as usize;
        Ok(samples.iter().copied().cycle().skip(start).take(n).collect())
    }

    /// One whole recording at `sample_rate`.
    pub fn one(&self, sample_rate: u32, stream: &mut impl Rng) -> Result<Vec<f32>> {
        let file = self.pick(stream);
        self.read(file, sample_rate)
    }

    fn pick(&self, stream: &mut impl Rng) -> usize {
        stream.random_range(0..self.files.len() as u64) as usize
    }

    fn read(&self, file: usize, sample_rate: u32) -> Result<Vec<f32>> {
        let path = &self.files[file];
        let bytes = crate::files::read(path).map_err(Error::io("read", path))?;
        resample(decode(&bytes, path)?, sample_rate).map_err(|problem| Error::file(path, problem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    fn speech_like(n: usize) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * 0.03).sin() * (0.2 + (i as f32 * 1e-4).sin().abs())).collect()
    }

    #[test]
    fn the_ratio_asked_for_is_met() {
        for n in [400, 22_050] {
            let clip = speech_like(n);
            for snr in [0.0, 5.0, 17.3, 40.0] {
                for noise in [white(n, &mut rng::stream(1, &[&"white"])), pink(n, &mut rng::stream(1, &[&"pink"]))] {
                    let mut noisy = clip.clone();
                    add_noise(&mut noisy, &noise, snr);
                    let added: Vec<f32> = noisy.iter().zip(&clip).map(|(a, b)| a - b).collect();
                    let reached = 20.0 * (rms(&clip) / rms(&added)).log10();
                    assert!((reached - snr).abs() < 0.01, "{n} samples: {reached} dB for {snr}");
                }
            }
        }
    }

    #[test]
    fn silence_stays_silent() {
        let mut silence = vec![0.0; 100];
        add_noise(&mut silence, &white(100, &mut rng::stream(1, &[&"x"])), 0.0);
        assert_eq!(silence, vec![0.0; 100]);
        let mut clip = speech_like(100);
        add_noise(&mut clip, &[0.0; 100], 0.0);
        assert_eq!(clip, speech_like(100));
    }

    #[test]
    fn pink_noise_falls_by_three_decibels_an_octave_and_white_does_not() {
        let power = |samples: &[f32]| -> Vec<f64> {
            let forward = RealFftPlanner::<f32>::new().plan_fft_forward(samples.len());
            let (mut samples, mut spectrum) = (samples.to_vec(), forward.make_output_vec());
            forward.process(&mut samples, &mut spectrum).unwrap();
            spectrum.iter().map(|x| f64::from(x.norm_sqr())).collect()
        };
        let n = 1 << 16;
        let mean = |power: &[f64]| power.iter().sum::<f64>() / power.len() as f64;
        for (noise, per_octave) in
            [(white(n, &mut rng::stream(2, &[&"white"])), 0.0), (pink(n, &mut rng::stream(2, &[&"pink"])), -3.01)]
        {
            let power = power(&noise);
            let octaves: Vec<f64> = (6..15).map(|k| 10.0 * mean(&power[1 << k..2 << k]).log10()).collect();
            for pair in octaves.windows(2).skip(1) {
                assert!((pair[1] - pair[0] - per_octave).abs() < 1.0, "{octaves:?}");
            }
            assert!(((octaves[8] - octaves[2]) / 6.0 - per_octave).abs() < 0.2, "{octaves:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_of_links_is_one_of_recordings_and_a_pipe_in_it_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let (kept, folder) = (dir.path().join("kept.wav"), dir.path().join("noise"));
        std::fs::create_dir(&folder).unwrap();
        let bytes = [
            &b"RIFF\x2c\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\x08\0\0\0"[..],
            &[0, 0, 1, 9, 2, 3, 7, 4],
        ];
        std::fs::write(&kept, bytes.concat()).unwrap();
        std::os::unix::fs::symlink(&kept, folder.join("a.wav")).unwrap();
        assert_eq!(Recordings::open(&folder, "noise", &Known::default()).unwrap().files.len(), 1);
        assert!(std::process::Command::new("mkfifo").arg(folder.join("b.wav")).status().unwrap().success());
        let problem = Recordings::open(&folder, "noise", &Known::default()).unwrap_err().to_string();
        assert!(problem.contains("b.wav") && problem.contains("a pipe"), "{problem}");
    }

    #[test]
    fn recordings_are_drawn_from_anywhere_and_repeated_where_short() {
        let dir = tempfile::tempdir().unwrap();
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(dir.path().join("a.wav"), spec).unwrap();
        (0..1_000).for_each(|i| writer.write_sample((i * 7) as i16).unwrap());
        writer.finalize().unwrap();
        let recordings = Recordings::open(dir.path(), "the.key", &Known::default()).unwrap();
        let mut stream = rng::stream(1, &[&"draw"]);
        let (short, long) = (recordings.draw(10, 16_000, &mut stream), recordings.draw(2_500, 16_000, &mut stream));
        let (short, long) = (short.unwrap(), long.unwrap());
        assert_eq!((short.len(), long.len()), (10, 2_500));
        assert!(short.windows(2).all(|w| w[1] > w[0]), "one piece of the recording");
        assert_eq!(long[..1_000], long[1_000..2_000]);

        std::fs::write(dir.path().join("b.wav"), b"no audio").unwrap();
        let open = |folder: &Path| Recordings::open(folder, "the.key", &Known::default()).unwrap_err().to_string();
        assert!(open(dir.path()).contains("b.wav"));
        let nowhere = open(&dir.path().join("nowhere"));
        assert!(nowhere.contains("the.key") && nowhere.contains("nowhere"), "{nowhere}");
    }
}
