//! The folds of EmoBox (Z. Ma et al., "EmoBox: Multilingual Multi-corpus Speech Emotion Recognition Toolkit and
//! Benchmark", Interspeech 2024), for one corpus at a time.
//!
//! They are read from EmoBox's own folder as it is, `ravdess/fold_1/ravdess_test_fold_1.jsonl` and so on, one JSON
//! object a line, of which only the `key` is needed. Where the folds are lists of speakers (RAVDESS and SAVEE) they are
//! built in as well. Their figure is the mean over the folds. EmoBox has no validation files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    Side,
    contract::{self, Dealt, Protocol},
    listed::Speakers,
    membership::{Lists, Missing},
    task::Task,
};
use crate::error::{Error, Result};

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "the folds of EmoBox (Ma et al. 2024)",
    speakers: contract::Speakers::AsListed,
    keys: &["root"],
    deal,
};

const RAVDESS: [Speakers; 6] = [
    Speakers { test: &["01", "11", "20", "21"], validation: &[] },
    Speakers { test: &["04", "10", "12", "14"], validation: &[] },
    Speakers { test: &["08", "09", "19", "23"], validation: &[] },
    Speakers { test: &["03", "05", "07", "24"], validation: &[] },
    Speakers { test: &["02", "15", "16", "18"], validation: &[] },
    Speakers { test: &["06", "13", "17", "22"], validation: &[] },
];

const SAVEE: [Speakers; 4] = [
    Speakers { test: &["JE"], validation: &[] },
    Speakers { test: &["KL"], validation: &[] },
    Speakers { test: &["DC"], validation: &[] },
    Speakers { test: &["JK"], validation: &[] },
];

/// A line of a fold's file; the rest of it is not needed.
#[derive(Deserialize)]
struct Line {
    key: String,
}

fn deal(task: &Task<'_>) -> Result<Dealt> {
    let corpora: Vec<&str> = task.corpora().into_iter().collect();
    let [corpus] = corpora[..] else {
        return Err(Error::Config(format!(
            "protocol.kind = emobox has folds of its own for every corpus, and the clips are of {}: name one corpus",
            corpora.join(", ")
        )));
    };
    if let Some(root) = &task.config.root {
        return read(task, corpus, &task.place("protocol.root", root)?);
    }
    let folds: &[Speakers] = match corpus {
        "ravdess" => &RAVDESS,
        "savee" => &SAVEE,
        _ => {
            return Err(Error::Config(format!(
                "protocol.kind = emobox has the folds of ravdess and savee built in, and those of {corpus} are lists of \
                 files: set protocol.root to the folder that holds EmoBox's {}/fold_1 (its repository's `data`)",
                dataset(corpus)
            )));
        }
    };
    let drafts = (1..).zip(folds).map(|(k, fold)| fold.draft(task, corpus, k.to_string()));
    Ok(drafts.collect::<Vec<_>>().into())
}

/// What EmoBox calls a corpus: `crema_d` is `cremad`.
pub(super) fn dataset(corpus: &str) -> String {
    corpus.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn read(task: &Task<'_>, corpus: &str, root: &Path) -> Result<Dealt> {
    let dataset = dataset(corpus);
    // The folder may hold all datasets, or be this one's.
    let inside = root.join(&dataset);
    let place = if inside.is_dir() { &inside } else { root };
    let folders = fold_folders(place)?;
    if folders.is_empty() {
        return Err(Error::Config(format!(
            "protocol.root = {}: neither {} nor the folder itself holds EmoBox's folders fold_1, fold_2 …",
            root.display(),
            inside.display()
        )));
    }
    let places: BTreeMap<String, usize> =
        task.clips.iter().enumerate().map(|(i, clip)| (key(&dataset, &clip.id), i)).collect();
    if places.len() < task.clips.len() {
        return Err(Error::Data(format!("several clips of {corpus} have the same stem, which EmoBox goes by")));
    }
    let mut drafts = Vec::new();
    let mut missing = Missing::default();
    for (fold, folder) in folders {
        let mut lists = Lists::new(task.clips.len(), format!("fold {fold} under {}", place.display()));
        for (side, path) in side_files(&folder)? {
            for key in keys(&path)? {
                match places.get(&key.to_ascii_lowercase()) {
                    Some(&i) => lists.put(task, i, side)?,
                    None => missing.note(&key),
                }
            }
        }
        drafts.push(lists.draft(task, fold.to_string())?);
    }
    Ok(Dealt { missing, ..drafts.into() })
}

/// EmoBox's key of a clip, in lower case: `crema_d/1074/1074_IWL_ANG_XX` is `cremad-1074-iwl-ang-xx`.
fn key(dataset: &str, id: &str) -> String {
    let stem = id.rsplit('/').next().unwrap_or(id);
    format!("{dataset}-{}", stem.replace('_', "-").to_ascii_lowercase())
}

/// The folders `fold_1`, `fold_2` … in the order of their numbers.
fn fold_folders(place: &Path) -> Result<BTreeMap<usize, PathBuf>> {
    let number = |path: &Path| path.file_name()?.to_str()?.strip_prefix("fold_")?.parse().ok();
    Ok(entries(place)?.into_iter().filter_map(|path| Some((number(&path)?, path))).collect())
}

/// The fold's files with the sides that their names end on: `…_test_fold_1.jsonl`.
fn side_files(folder: &Path) -> Result<Vec<(Side, PathBuf)>> {
    let fold = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let side = |path: &Path| {
        let stem = path.file_name()?.to_str()?.strip_suffix(".jsonl")?.strip_suffix(fold)?;
        Side::parse(stem.strip_suffix('_')?.rsplit('_').next()?)
    };
    let files: Vec<_> = entries(folder)?.into_iter().filter_map(|path| Some((side(&path)?, path))).collect();
    let sides: BTreeSet<Side> = files.iter().map(|(side, _)| *side).collect();
    if !(sides.contains(&Side::Train) && sides.contains(&Side::Test)) {
        let problem = format!("no EmoBox fold: it needs a …_train_{fold}.jsonl and a …_test_{fold}.jsonl");
        return Err(Error::file(folder, problem));
    }
    Ok(files)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut paths = read().map_err(Error::io("read the folder", folder))?;
    paths.sort();
    Ok(paths)
}

fn keys(path: &Path) -> Result<Vec<String>> {
    let text = crate::files::read_text(path).map_err(Error::io("read", path))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| match serde_json::from_str::<Line>(line) {
            Ok(line) => Ok(line.key),
            Err(error) => Err(Error::file(path, format!("line {number} is no record of EmoBox: {error}"))),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        corpus::Clip,
        protocol::{Kind, Plan, ProtocolConfig, fake},
    };

    fn plan(clips: Vec<Clip>, root: Option<&Path>) -> (Vec<Clip>, Result<Plan>) {
        let config = ProtocolConfig { kind: Kind::Emobox, root: root.map(Path::to_owned), ..ProtocolConfig::default() };
        let (clips, labels) = fake::labelled(clips);
        let plan = fake::plan(&config, &clips, &labels);
        (clips, plan)
    }

    fn tested(clips: &[Clip], plan: &Plan) -> Vec<(String, String)> {
        plan.folds.iter().map(|fold| (fold.name.clone(), fake::actors(clips, &fold.test))).collect()
    }

    #[test]
    fn the_built_in_folds_have_the_published_speakers() {
        let (clips, plan_) = plan(fake::ravdess(), None);
        let plan_ = plan_.unwrap();
        // As they are published.
        let published = ["1,11,20,21", "4,10,12,14", "8,9,19,23", "3,5,7,24", "2,15,16,18", "6,13,17,22"];
        let published: Vec<_> = (1..).zip(published).map(|(k, test)| (k.to_string(), test.to_owned())).collect();
        assert_eq!(tested(&clips, &plan_), published);
        assert!(plan_.speaker_independent);
        assert_eq!(plan_.validation_rule(), "whole speakers from the training side (3 of 20)");
        for fold in &plan_.folds {
            assert_eq!(fold.sides().map(|(_, members)| members.len()), [1020, 180, 240]);
        }
        let (clips, plan) = plan(fake::savee(), None);
        let plan = plan.unwrap();
        let published = ["JE", "KL", "DC", "JK"];
        let published: Vec<_> = (1..).zip(published).map(|(k, test)| (k.to_string(), test.to_owned())).collect();
        assert_eq!(tested(&clips, &plan), published);
        for fold in &plan.folds {
            assert_eq!(fold.sides().map(|(_, members)| members.len()), [306, 54, 120]);
        }
    }

    #[test]
    fn a_corpus_whose_folds_are_files_needs_the_folder() {
        for (clips, dataset) in [(fake::crema_d(), "cremad/fold_1"), (fake::tess(), "tess/fold_1")] {
            let error = plan(clips, None).1.unwrap_err().to_string();
            assert!(error.contains("protocol.root") && error.contains(dataset), "{error}");
        }
        let error = plan([fake::savee(), fake::ravdess()].concat(), None).1.unwrap_err().to_string();
        assert!(error.contains("one corpus"), "{error}");
    }

    /// A folder as EmoBox has it, with one fold of `c`.
    fn folder(train: &str, test: &str) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let fold = root.path().join("c/fold_1");
        fs::create_dir_all(&fold).unwrap();
        fs::write(fold.join("c_train_fold_1.jsonl"), train).unwrap();
        fs::write(fold.join("c_test_fold_1.jsonl"), test).unwrap();
        root
    }

    fn lines(keys: &[&str]) -> String {
        keys.iter().map(|key| format!("{{\"key\": \"c-{key}\", \"emo\": \"sad\"}}\n")).collect()
    }

    #[test]
    fn a_folder_is_read_as_it_is_or_refused_with_the_reason() {
        let clips = || fake::named("c", "s", &["a_A", "b", "c", "d", "e", "f"]);
        let read = |train: &str, test: &str| plan(clips(), Some(folder(train, test).path())).1;
        let good = read(&lines(&["a-A", "b", "d", "e", "gone"]), &lines(&["c", "f"])).unwrap();
        assert_eq!(good.folds[0].test, [2, 5]);
        assert_eq!((good.speaker_independent, good.folds[0].validation.len()), (false, 1));
        assert_eq!(good.caveats[0].to_string(), "1 listed clip is not there, as c-gone.");
        for (train, test, problem) in [
            (lines(&["a-A", "b"]), lines(&["c"]), "3 clips are on no side"),
            (lines(&["a-A", "b", "c", "d", "e"]), lines(&["c", "f"]), "c/s/c is on two sides"),
            ("{}".into(), lines(&["c"]), "line 1"),
        ] {
            let error = read(&train, &test).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        let root = folder("", "");
        fs::remove_file(root.path().join("c/fold_1/c_test_fold_1.jsonl")).unwrap();
        let error = plan(clips(), Some(root.path())).1.unwrap_err().to_string();
        assert!(error.contains("_test_fold_1.jsonl"), "{error}");
        let error = plan(clips(), Some(Path::new("src"))).1.unwrap_err().to_string();
        assert!(error.contains("fold_1"), "{error}");
    }

    /// EmoBox's real folder, from the archive `$SER_EMOBOX` or `../shared/protocols/emobox.tar.xz`.
    fn real() -> Option<tempfile::TempDir> {
        let archive = std::env::var_os("SER_EMOBOX").unwrap_or_else(|| "../shared/protocols/emobox.tar.xz".into());
        if !Path::new(&archive).is_file() {
            println!("skipped: no archive of EmoBox at {} (or in $SER_EMOBOX)", archive.display());
            return None;
        }
        let unpacked = tempfile::tempdir().unwrap();
        let tar = std::process::Command::new("tar").arg("-xJf").arg(&archive).arg("-C").arg(unpacked.path()).status();
        assert!(tar.unwrap().success(), "cannot unpack {}", archive.display());
        Some(unpacked)
    }

    #[test]
    fn the_real_folder_agrees_with_the_lists_and_has_the_published_counts() {
        let Some(root) = real() else { return };
        for clips in [fake::ravdess(), fake::savee()] {
            let (_, listed) = plan(clips.clone(), None);
            let (_, read) = plan(clips, Some(root.path()));
            assert_eq!(read.unwrap(), listed.unwrap());
        }
        let tess: BTreeSet<String> = keys(&root.path().join("tess/tess.jsonl")).unwrap().into_iter().collect();
        let tess = tess.into_iter().map(|key| {
            let stem = key.strip_prefix("tess-").unwrap().replace('-', "_");
            fake::recognised(&format!("{stem}.wav"))
        });
        for (clips, counts, root) in [
            (fake::crema_d(), [4748, 838, 1856], root.path().to_owned()),
            (tess.collect(), [1785, 315, 700], root.path().join("tess")),
        ] {
            let (clips, plan) = plan(clips, Some(&root));
            let plan = plan.unwrap();
            assert!(!plan.speaker_independent && plan.folds.len() == 1, "{}", clips.len());
            assert_eq!(plan.folds[0].sides().map(|(_, members)| members.len()), counts);
        }
    }
}
