//! RAVDESS, the speech part: 24 actors, 60 utterances each.
//!
//! Names are seven numbers, `modality-channel-emotion-intensity-statement-repetition-actor`, in folders `Actor_01` …
//! `Actor_24`. Nothing but the name is read: copies sorted by emotion, or nested in a second folder, are the same
//! clips. Songs and the sound of the videos are other recordings of the same people, and are left out with that reason.

use std::path::Path;

use super::{
    CorpusConfig, Metadata, Scan, Sex,
    named::{self, Naming, Parsed, Reading},
};
use crate::error::Result;

pub(super) const NAMING: Naming = Naming {
    title: "RAVDESS",
    example: "Actor_01/03-01-05-01-02-01-01.wav",
    obtain: "Get Audio_Speech_Actors_01-24.zip from https://zenodo.org/records/1188976",
    published: Some(1440),
    parse,
};

/// By their codes, from 01.
const EMOTIONS: [&str; 8] = ["neutral", "calm", "happy", "sad", "angry", "fear", "disgust", "surprise"];
const INTENSITIES: [&str; 2] = ["normal", "strong"];
const STATEMENTS: [&str; 2] = ["Kids are talking by the door", "Dogs are sitting by the door"];
const ACTORS: usize = 24;

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    named::find(&NAMING, config, data).map(|found| found.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let codes: Option<Vec<usize>> = stem.split('-').map(two_digits).collect();
    let fields = codes.as_deref().and_then(|codes| <[usize; 7]>::try_from(codes).ok());
    let Some([modality, channel, emotion, intensity, statement, repetition, actor]) = fields else {
        return Err("not a RAVDESS name (seven two-digit numbers joined by hyphens)".into());
    };
    match (modality, channel) {
        (3, 1) => {}
        (3, 2) => return Err("song (channel 02), not speech".into()),
        (1, _) => return Err("sound of an audio-video recording (modality 01), not the audio-only one".into()),
        _ => return Err(format!("modality {modality:02}, channel {channel:02}: not audio-only speech (03, 01)")),
    }
    let wrong = |field: &str, code: usize| format!("no RAVDESS {field} has the code {code:02}");
    let of = |names: &[&str], field: &str, code: usize| {
        let name = code.checked_sub(1).and_then(|index| names.get(index));
        name.map(|&name| name.to_owned()).ok_or_else(|| wrong(field, code))
    };
    if !(1..=ACTORS).contains(&actor) {
        return Err(wrong("actor", actor));
    }
    let repetition = match repetition {
        1 => 1,
        2 => 2,
        other => return Err(wrong("repetition", other)),
    };
    Ok(Parsed {
        speaker: format!("{actor:02}"),
        stem: stem.to_owned(),
        emotion: of(&EMOTIONS, "emotion", emotion)?,
        meta: Metadata {
            // Odd actors are men, even ones women.
            sex: Some(if actor % 2 == 1 { Sex::Male } else { Sex::Female }),
            sentence: Some(of(&STATEMENTS, "statement", statement)?),
            intensity: Some(of(&INTENSITIES, "intensity", intensity)?),
            repetition: Some(repetition),
            ..Metadata::default()
        },
    })
}

fn two_digits(code: &str) -> Option<usize> {
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_digit());
    if is_code { code.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Kind, fake};

    #[test]
    fn a_name_says_everything() {
        let parsed = parse(Path::new("Actor_12/03-01-06-02-02-01-12.wav")).unwrap();
        assert_eq!((parsed.speaker.as_str(), parsed.emotion.as_str()), ("12", "fear"));
        assert_eq!(parsed.stem, "03-01-06-02-02-01-12");
        assert_eq!(parsed.meta.sex, Some(Sex::Female));
        assert_eq!(parsed.meta.sentence.as_deref(), Some("Dogs are sitting by the door"));
        assert_eq!(parsed.meta.intensity.as_deref(), Some("strong"));
        assert_eq!(parsed.meta.repetition, Some(1));
        let emotion = |code| parse(Path::new(&format!("03-01-{code}-01-01-01-01.wav"))).unwrap().emotion;
        let all = ["01", "02", "03", "04", "05", "06", "07", "08"].map(emotion);
        assert_eq!(all, ["neutral", "calm", "happy", "sad", "angry", "fear", "disgust", "surprise"]);
    }

    #[test]
    fn what_is_not_audio_only_speech_is_left_out_with_its_reason() {
        for (name, reason) in [
            ("03-02-01-01-01-01-01.wav", "song"),
            ("01-01-01-01-01-01-01.wav", "audio-video"),
            ("02-01-01-01-01-01-01.wav", "modality 02"),
            ("03-01-09-01-01-01-01.wav", "no RAVDESS emotion has the code 09"),
            ("03-01-00-01-01-01-01.wav", "emotion"),
            ("03-01-01-03-01-01-01.wav", "intensity"),
            ("03-01-01-01-03-01-01.wav", "statement"),
            ("03-01-01-01-01-03-01.wav", "repetition"),
            ("03-01-01-01-01-01-25.wav", "actor"),
            ("03-01-01-01-01-01.wav", "not a RAVDESS name"),
            ("03-01-01-01-01-01-1.wav", "not a RAVDESS name"),
            ("03-01-01-01-01-01-+1.wav", "not a RAVDESS name"),
            ("hello.wav", "not a RAVDESS name"),
        ] {
            let found = parse(Path::new(name)).unwrap_err();
            assert!(found.contains(reason), "{name}: {found}");
        }
    }

    #[test]
    fn a_corpus_that_is_there_twice_is_found_once() {
        let data = fake::tree(&[
            "ravdess/Actor_01/03-01-01-01-01-01-01.wav",
            "ravdess/Actor_01/03-01-02-01-01-01-01.wav",
            "ravdess/Actor_02/03-01-01-01-01-01-02.WAV",
            "ravdess/audio_speech_actors_01-24/Actor_01/03-01-01-01-01-01-01.wav",
            "ravdess/audio_speech_actors_01-24/Actor_01/03-01-02-01-01-01-01.wav",
            "ravdess/audio_speech_actors_01-24/Actor_02/03-01-01-01-01-01-02.wav",
            "ravdess/song/03-02-01-01-01-01-02.wav",
        ]);
        let scan = super::scan(&CorpusConfig::new(Kind::Ravdess), data.path()).unwrap();
        let ids: Vec<_> = scan.clips.iter().map(|clip| clip.id.as_str()).collect();
        assert_eq!(
            ids,
            ["ravdess/01/03-01-01-01-01-01-01", "ravdess/01/03-01-02-01-01-01-01", "ravdess/02/03-01-01-01-01-01-02"]
        );
        assert!(scan.clips.iter().all(|clip| !clip.source.to_string().contains("audio_speech")));
        assert_eq!(scan.excluded.len(), 4);
        assert_eq!(scan.excluded.iter().filter(|exclusion| exclusion.reason.contains("second copy")).count(), 3);
    }

    #[test]
    fn every_clip_of_the_real_corpus_is_found() {
        let Some(scan) = fake::real(&CorpusConfig::new(Kind::Ravdess)) else { return };
        fake::assert_counts(
            &scan,
            24,
            &[
                ("angry", 192),
                ("calm", 192),
                ("disgust", 192),
                ("fear", 192),
                ("happy", 192),
                ("neutral", 96),
                ("sad", 192),
                ("surprise", 192),
            ],
        );
    }
}
