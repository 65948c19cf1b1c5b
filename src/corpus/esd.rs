//! ESD, the Emotional Speech Dataset: ten speakers of Mandarin and ten of English, 350 parallel utterances, five emotions,
//! 35,000 files.
//!
//! Names are a speaker and a number, `0011/Angry/0011_000351.wav`; some copies have the folders `train`, `evaluation` and
//! `test` between. The number says the emotion: 1 to 350 are neutral, the next 350 angry, then happy, sad and surprised. Of
//! a file that lies in another emotion's folder nobody knows which is right, and it is left out.

use std::path::Path;

use super::{
    CorpusConfig, Metadata, Scan,
    named::{self, Naming, Parsed, Reading},
};
use crate::error::Result;

pub(super) const NAMING: Naming = Naming {
    title: "ESD",
    example: "0011/Angry/0011_000351.wav",
    obtain: "Get it from https://hltsingapore.github.io/ESD",
    published: Some(35_000),
    parse,
};

/// Utterances of each emotion.
const UTTERANCES: u32 = 350;

/// In order of their numbers, with what their folders are called.
const EMOTIONS: [(&str, &str); 5] =
    [("neutral", "neutral"), ("angry", "angry"), ("happy", "happy"), ("sad", "sad"), ("surprise", "surprise")];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    named::find(&NAMING, config, data).map(|found| found.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let wrong = || "not an ESD name (speaker_number, as 0011_000351)".to_owned();
    let (speaker, number) = stem.split_once('_').ok_or_else(wrong)?;
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(speaker, 4) || !digits(number, 6) {
        return Err(wrong());
    }
    let voice = speaker.parse().ok().filter(|voice| (1..=20).contains(voice));
    let Some(voice): Option<u32> = voice else { return Err(format!("no ESD speaker has the number {speaker}")) };
    let place = number.parse::<u32>().ok().and_then(|number| number.checked_sub(1));
    let found = place.and_then(|place| Some((place, *EMOTIONS.get((place / UTTERANCES) as usize)?)));
    let Some((place, (emotion, folder))) = found else { return Err(format!("ESD has no utterance {number}")) };
    // The nearest folder that is an emotion's.
    let said = path.ancestors().skip(1).find_map(|above| {
        let name = above.file_name()?.to_str()?.to_ascii_lowercase();
        EMOTIONS.iter().find(|(_, folder)| *folder == name).map(|(_, folder)| *folder)
    });
    if let Some(said) = said.filter(|said| *said != folder) {
        return Err(format!("its number is one of {folder}, and it lies in the folder {said}"));
    }
    let language = if voice <= 10 { "zh" } else { "en" };
    Ok(Parsed {
        speaker: speaker.into(),
        stem: stem.into(),
        emotion: emotion.into(),
        meta: Metadata {
            // The speakers of a language read the same sentences in the same order.
            sentence: Some(format!("{language} {}", place % UTTERANCES + 1)),
            extra: [("language".to_owned(), language.to_owned())].into(),
            ..Metadata::default()
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_says_the_emotion() {
        let emotion = |number: u32| parse(Path::new(&format!("0011_{number:06}.wav"))).unwrap().emotion;
        let all = [1, 350, 351, 700, 701, 1051, 1401, 1750].map(emotion);
        assert_eq!(all, ["neutral", "neutral", "angry", "angry", "happy", "sad", "surprise", "surprise"]);
        let one = parse(Path::new("0003/Angry/train/0003_000352.wav")).unwrap();
        let other = parse(Path::new("0004/Happy/0004_000702.wav")).unwrap();
        assert_eq!((one.speaker.as_str(), one.meta.extra["language"].as_str()), ("0003", "zh"));
        assert_eq!(one.meta.sentence, other.meta.sentence);
    }

    #[test]
    fn other_names_are_left_out_with_their_reason() {
        for (name, reason) in [
            ("0011.wav", "not an ESD name"),
            ("11_000351.wav", "not an ESD name"),
            ("0021_000351.wav", "0021"),
            ("0011_001751.wav", "001751"),
            ("0011_000000.wav", "000000"),
            ("0011/Sad/0011_000351.wav", "the folder sad"),
        ] {
            let found = parse(Path::new(name)).unwrap_err();
            assert!(found.contains(reason), "{name}: {found}");
        }
    }
}
