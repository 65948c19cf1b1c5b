//! The embedded corpus as clips: nothing is read, and each utterance is synthesised when it is needed.

use std::path::Path;

use super::{Clip, CorpusConfig, Metadata, Scan, Source};
use crate::{error::Result, synthetic};

/// All utterances of the embedded corpus. The data folder is not looked at.
#[allow(clippy::unnecessary_wraps)] // the signature that all kinds share
pub(super) fn scan(config: &CorpusConfig, _data: &Path) -> Result<Scan> {
    let name = config.name();
    let clips = synthetic::utterances().map(|utterance| clip(&name, utterance)).collect();
    Ok(Scan { clips, ..Scan::default() })
}

fn clip(corpus: &str, utterance: synthetic::Utterance) -> Clip {
    let speaker = &synthetic::speakers()[usize::from(utterance.speaker)];
    let sentence = &synthetic::sentences()[usize::from(utterance.sentence)];
    Clip {
        id: format!("{corpus}/{}/{}", speaker.name, utterance.stem()),
        corpus: corpus.to_owned(),
        speaker: speaker.name.to_owned(),
        emotion: synthetic::EMOTIONS[usize::from(utterance.emotion)].to_owned(),
        meta: Metadata {
            sex: Some(speaker.sex),
            sentence: Some(sentence.text.to_owned()),
            // Takes are counted from 0, repetitions from 1.
            repetition: Some(u32::from(utterance.take) + 1),
            ..Metadata::default()
        },
        source: Source::Synthetic(utterance),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::corpus::Kind;

    #[test]
    fn every_utterance_is_a_clip_of_its_own() {
        let config = CorpusConfig { name: Some("demo".into()), ..CorpusConfig::new(Kind::Synthetic) };
        let scan = scan(&config, Path::new("nowhere")).unwrap();
        let ids: BTreeSet<_> = scan.clips.iter().map(|clip| clip.id.as_str()).collect();
        assert_eq!(ids.len(), synthetic::utterances().count());
        for clip in &scan.clips {
            assert!(clip.id.starts_with(&format!("demo/{}/", clip.speaker)), "{}", clip.id);
            assert!(crate::corpus::EMOTIONS.contains(&clip.emotion.as_str()));
            assert!(clip.meta.sex.is_some() && clip.meta.sentence.is_some() && clip.meta.repetition >= Some(1));
        }
    }
}
