//! What augmentation does to a clip: one of the training side with each alteration of the config at its strongest.

use std::path::Path;

use super::plot::Panel;
use crate::{
    audio::{Audio, Known, load},
    augment::{AugmentConfig, Augmenter, Codec, CodecSettings},
    config::Experiment,
    error::Result,
    protocol::Side,
    rng,
    run::{Finished, Recordings},
};

/// The first clip of a run's training side whose audio is found, unaltered and altered; nothing where the config alters
/// no samples or there is no audio. Recordings of noise are below the folder `data`.
///
/// # Errors
///
/// Those of [`Experiment::load`] and [`load`], and those of noise that is not there.
pub fn examples(run: &Finished, recordings: &Recordings, data: &Path) -> Result<Vec<Panel>> {
    let experiment = Experiment::load(&run.dir.config(), &[])?;
    let alterations = strongest(&experiment.augment);
    let training = run.split.iter().filter(|row| row.side == Side::Train);
    let found = training.filter_map(|row| Some((&row.clip, recordings.get(&row.clip)?))).next();
    let (Some((clip, source)), false) = (found, alterations.is_empty()) else { return Ok(vec![]) };
    let sample_rate = experiment.audio.sample_rate;
    let samples = experiment.audio.prepare(load(source)?, Path::new(clip))?;
    let (mut panels, known) = (vec![], Known::default());
    for (name, config) in alterations {
        let stream = &mut rng::stream(run.record.seed, &[&"example of augmentation", clip, &name]);
        let samples = Augmenter::new(&config, data, &known)?.augment(&samples, sample_rate, stream)?;
        panels.push(Panel { name, audio: Audio { samples, sample_rate } });
    }
    let unaltered = Panel { name: format!("{clip}, unaltered"), audio: Audio { samples, sample_rate } };
    panels.insert(0, unaltered);
    Ok(panels)
}

/// Each alteration of samples by itself and with probability 1, at both ends of its range where both show.
fn strongest(config: &AugmentConfig) -> Vec<(String, AugmentConfig)> {
    if config.copies == 0 {
        return vec![];
    }
    let none = AugmentConfig { copies: config.copies, ..AugmentConfig::default() };
    let ends = |[low, high]: [f64; 2]| if low == high { vec![low] } else { vec![low, high] };
    let mut found = vec![];
    if let Some(speed) = &config.speed {
        found.extend(ends(speed.rate).into_iter().map(|rate| {
            let mut speed = speed.clone();
            (speed.rate, speed.probability) = ([rate; 2], 1.0);
            (format!("speed: × {rate}"), AugmentConfig { speed: Some(speed), ..none.clone() })
        }));
    }
    if let Some(stretch) = &config.time_stretch {
        found.extend(ends(stretch.rate).into_iter().map(|rate| {
            let mut stretch = stretch.clone();
            (stretch.rate, stretch.probability) = ([rate; 2], 1.0);
            (format!("time stretch: tempo × {rate}"), AugmentConfig { time_stretch: Some(stretch), ..none.clone() })
        }));
    }
    if let Some(shift) = &config.pitch_shift {
        found.extend(ends(shift.semitones).into_iter().map(|semitones| {
            let mut shift = shift.clone();
            (shift.semitones, shift.probability) = ([semitones; 2], 1.0);
            (
                format!("pitch shift: {semitones:+} semitones").replace('-', "−"),
                AugmentConfig { pitch_shift: Some(shift), ..none.clone() },
            )
        }));
    }
    if let Some(room) = &config.room {
        let mut room = room.clone();
        let (t60, direct) = (room.t60[1], room.direct_db[0]);
        (room.t60, room.direct_db, room.probability) = ([t60; 2], [direct; 2], 1.0);
        let name = format!("room: {t60} s, {direct} dB below the clip");
        found.push((name, AugmentConfig { room: Some(room), ..none.clone() }));
    }
    if let Some(channel) = &config.channel {
        found.extend(ends(channel.tilt_db).into_iter().map(|tilt| {
            let mut channel = channel.clone();
            (channel.tilt_db, channel.probability) = ([tilt; 2], 1.0);
            let name = format!("channel: {tilt:+} dB an octave").replace('-', "−");
            (name, AugmentConfig { channel: Some(channel), ..none.clone() })
        }));
    }
    if let Some(codec) = &config.codec {
        found.extend(codec.among.iter().map(|&of| {
            let kbits = codec.kbits[0];
            let name = match of {
                Codec::MuLaw => "codec: µ-law telephone".to_owned(),
                Codec::ALaw => "codec: A-law telephone".to_owned(),
                Codec::Adpcm => "codec: ADPCM telephone".to_owned(),
                Codec::LowRate => format!("codec: {kbits} kbit/s"),
            };
            let codec = CodecSettings { among: vec![of], kbits: [kbits; 2], probability: 1.0 };
            (name, AugmentConfig { codec: Some(codec), ..none.clone() })
        }));
    }
    // The weakest noise hardly shows, and a change of level does not show at all.
    if let Some(noise) = &config.noise {
        let mut noise = noise.clone();
        let snr = noise.snr_db[0];
        (noise.snr_db, noise.probability) = ([snr; 2], 1.0);
        found.push((format!("noise: {snr} dB below the clip"), AugmentConfig { noise: Some(noise), ..none.clone() }));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::{Channel, Gain, Noise, PitchShift, Room};

    #[test]
    fn each_alteration_is_shown_by_itself_at_its_strongest() {
        let config = AugmentConfig {
            copies: 2,
            pitch_shift: Some(PitchShift::default()),
            noise: Some(Noise::default()),
            gain: Some(Gain::default()),
            room: Some(Room::default()),
            channel: Some(Channel::default()),
            codec: Some(CodecSettings::default()),
            ..AugmentConfig::default()
        };
        let found = strongest(&config);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "pitch shift: −2 semitones",
            "pitch shift: +2 semitones",
            "room: 0.8 s, 0 dB below the clip",
            "channel: −3 dB an octave",
            "channel: +3 dB an octave",
            "codec: µ-law telephone",
            "codec: A-law telephone",
            "codec: ADPCM telephone",
            "codec: 8 kbit/s",
            "noise: 5 dB below the clip",
        ];
        assert_eq!(names, expected);
        assert!(found[0].1.noise.is_none() && found[9].1.pitch_shift.is_none());
        assert_eq!(strongest(&AugmentConfig { copies: 0, ..config }), []);
    }
}
