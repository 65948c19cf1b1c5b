//! A corpus without a table, whose files' names or folders say who speaks and how: `pattern` says where.

use std::path::Path;

use super::{
    Cause, CorpusConfig, Exclusion, Metadata, Scan, Sex,
    entries::{self, Entry, OLDEST},
    pattern::Pattern,
    walk,
};
use crate::error::{Error, Result};

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    // That there are both was validated.
    let text = config.pattern.as_deref().unwrap_or_default();
    let pattern = Pattern::parse(text).map_err(|problem| Error::Config(format!("pattern = \"{text}\": {problem}")))?;
    let root = data.join(config.root.as_deref().unwrap_or(Path::new("")));
    if !root.is_dir() {
        return Err(Error::Config(format!(
            "root = \"{}\": no folder {}; it is relative to --data, else $SER_DATASETS, else datasets/",
            config.root.as_deref().unwrap_or(Path::new("")).display(),
            root.display()
        )));
    }
    let found = walk::walk(&root);
    let mut excluded = found.unreadable;
    let mut entries = Vec::new();
    let mut listed = std::collections::BTreeSet::new();
    for (number, path) in (1..).zip(&found.audio) {
        let entry = read(&pattern, text, path, &mut listed);
        match entry {
            Ok((speaker, emotion, meta)) => entries.push(Entry {
                number,
                written: path.to_string_lossy().into_owned(),
                file: root.join(path),
                part: None,
                emotion,
                speaker,
                meta,
            }),
            Err(reason) => {
                excluded.push(Exclusion { path: root.join(path), reason, cause: Cause::NotOfTheCorpus });
            }
        }
    }
    if entries.is_empty() {
        let first = excluded.first().map_or_else(
            || "there is no audio file".to_owned(),
            |Exclusion { path, reason, .. }| format!("as {}: {reason}", path.display()),
        );
        return Err(Error::Data(format!(
            "no file under {} is a clip by pattern = \"{text}\", {first}",
            root.display()
        )));
    }
    let mut scan = entries::clips(config, entries, excluded)?;
    scan.listed.append(&mut listed);
    Ok(scan)
}

/// What a file's name says: the speaker, the emotion and the rest.
fn read(
    pattern: &Pattern,
    text: &str,
    path: &Path,
    listed: &mut std::collections::BTreeSet<String>,
) -> std::result::Result<(String, String, Metadata), String> {
    let fields = pattern.fields(path).ok_or_else(|| format!("its name is not as \"{text}\""))?;
    let (mut speaker, mut emotion, mut meta) = ("", "", Metadata::default());
    for (name, value) in fields {
        let number = || value.parse::<u32>().ok();
        match name {
            "speaker" => speaker = value,
            "emotion" => emotion = value,
            "sex" => meta.sex = Sex::parse(value),
            "age" => meta.age = number().filter(|age| *age <= OLDEST),
            "sentence" => meta.sentence = Some(value.to_owned()),
            "intensity" => meta.intensity = Some(value.to_owned()),
            "repetition" => meta.repetition = number(),
            _ => drop(meta.extra.insert(name.to_owned(), value.to_owned())),
        }
    }
    let emotion = entries::emotion(emotion);
    listed.insert(emotion.clone());
    Ok((entries::speaker(speaker)?, emotion, meta))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Kind, fake};

    fn config(pattern: &str) -> CorpusConfig {
        CorpusConfig { root: Some("lab".into()), pattern: Some(pattern.into()), ..CorpusConfig::new(Kind::Folder) }
    }

    #[test]
    fn names_or_folders_say_who_speaks_and_how() {
        let data = fake::tree(&["lab/Sad/s1_01.wav", "lab/angry/s2_01.wav", "lab/angry/readme.wav", "lab/notes.txt"]);
        let scan = crate::corpus::scan(&config("{emotion}/{speaker}_{repetition}"), data.path()).unwrap();
        let found: Vec<_> = scan.clips.iter().map(|clip| (clip.id.as_str(), clip.emotion.as_str())).collect();
        assert_eq!(found, [("lab/s1/s1_01", "sad"), ("lab/s2/s2_01", "angry")]);
        assert_eq!(scan.clips[0].meta.repetition, Some(1));
        assert!(scan.excluded[0].reason.contains("its name is not as"), "{:?}", scan.excluded);
    }

    #[test]
    fn what_cannot_be_read_is_an_error_that_says_so() {
        let data = fake::tree(&["lab/s1_sad_1.wav", "lab/S1_sad_2.wav"]);
        let failed = |config: &CorpusConfig| crate::corpus::scan(config, data.path()).unwrap_err().to_string();
        assert!(failed(&config("{speaker}_{emotion}_{*}")).contains("\"S1\" (1 clips, as S1_sad_2.wav)"));
        assert!(failed(&config("{emotion}/{speaker}_{*}_{x}_{y}")).contains("no file under"));
        assert!(failed(&config("{speaker}")).contains("pattern = \"{speaker}\": it needs {emotion}"));
        let error = failed(&CorpusConfig { root: Some("gone".into()), ..config("{speaker}_{emotion}_{*}") });
        assert!(error.contains("no folder"), "{error}");
        assert!(failed(&CorpusConfig { root: None, ..config("{speaker}_{emotion}") }).contains("`root`"));
    }
}
