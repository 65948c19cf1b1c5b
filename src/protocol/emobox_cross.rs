//! EmoBox's cross-corpus track: four classes, 60 clips of each in every corpus, one corpus trained on and another tested, all
//! ways.
//!
//! The lists are read from `protocol.root`, as published: `RAVDESS_selected_balenced.jsonl` and its like, a JSON object a
//! line with `wav_filename` and `label`. They are the test sides. Whether training takes the same clips of the other corpus or
//! all that it has of these classes is not stated where it could be read, so that `protocol.learn` says which.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    path::Path,
};

use serde::Deserialize;

use super::{
    Draft, Learn,
    contract::{Dealt, Protocol, Speakers},
    emobox::dataset,
    membership::Missing,
    task::Task,
};
use crate::{
    corpus::recognise,
    error::{Error, Result},
};

pub(super) const PROTOCOL: Protocol = Protocol {
    about: "EmoBox's cross-corpus track: one corpus trained on, the listed clips of another tested; all ways",
    speakers: Speakers::Apart,
    keys: &["root", "learn"],
    deal,
};

/// What the published lists' names end on.
const LIST: &str = "_selected_balenced.jsonl";

/// A line of a list; the rest of it is not needed.
#[derive(Deserialize)]
struct Line {
    wav_filename: String,
    label: String,
}

fn deal(task: &Task<'_>) -> Result<Dealt> {
    let corpora = task.corpora();
    let wrong = |problem: String| Error::Config(format!("protocol.kind = {}: {problem}", task.config.kind));
    let Some(root) = &task.config.root else {
        return Err(wrong(format!("set protocol.root to the folder that holds the lists, as RAVDESS{LIST}")));
    };
    if corpora.len() < 2 {
        return Err(wrong("it needs two corpora or more".into()));
    }
    let root = task.place("protocol.root", root)?;
    let mut missing = Missing::default();
    let mut listed: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut classes: BTreeSet<String> = BTreeSet::new();
    for &corpus in &corpora {
        let lines = read(&root, corpus)?;
        let places = Places::of(task, corpus);
        let members = listed.entry(corpus).or_default();
        for Line { wav_filename, label } in lines {
            match places.find(&wav_filename) {
                None => missing.note(&wav_filename),
                Some(i) if task.clips[i].emotion != label => {
                    return Err(Error::Data(format!(
                        "EmoBox's list says that {} is {label}, and its corpus says {}",
                        task.clips[i].id, task.clips[i].emotion
                    )));
                }
                Some(i) => members.push(i),
            }
            classes.insert(label);
        }
        members.sort_unstable();
        members.dedup();
    }
    let others: BTreeSet<&str> =
        task.clips.iter().map(|clip| clip.emotion.as_str()).filter(|emotion| !classes.contains(*emotion)).collect();
    if !others.is_empty() {
        let map: Vec<String> = others.iter().map(|emotion| format!("{emotion} = \"drop\"")).collect();
        return Err(wrong(format!(
            "it is of {}; set labels.map = {{ {} }}",
            classes.into_iter().collect::<Vec<_>>().join(", "),
            map.join(", ")
        )));
    }
    let mut drafts = Vec::new();
    for &from in &corpora {
        for &to in corpora.iter().filter(|to| **to != from) {
            let test = listed[to].clone();
            let trained: BTreeSet<usize> = match task.config.learn {
                Learn::Listed => listed[from].iter().copied().collect(),
                Learn::All => task.members(|clip| clip.corpus == from).into_iter().collect(),
            };
            let on_a_side = |i: &usize| trained.contains(i) || test.binary_search(i).is_ok();
            let left_out = task.all().into_iter().filter(|i| !on_a_side(i)).collect();
            drafts.push(Draft { left_out, ..Draft::new(format!("{from}-to-{to}"), test) });
        }
    }
    let note = match task.config.learn {
        Learn::Listed => "trained on the listed clips of the other corpus",
        Learn::All => "trained on all clips of the other corpus that are of the classes",
    };
    Ok(Dealt { note: Some(note.into()), missing, ..drafts.into() })
}

/// The list of a corpus, whatever its name's case.
fn read(root: &Path, corpus: &str) -> Result<Vec<Line>> {
    let entries = fs::read_dir(root).map_err(Error::io("read the folder", root))?;
    let is_of = |name: &str| name.strip_suffix(LIST).is_some_and(|found| dataset(found) == dataset(corpus));
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    let path = paths.into_iter().find(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(is_of));
    let Some(path) = path else {
        return Err(Error::Config(format!(
            "protocol.root = {}: it has no list of {corpus} (a file {corpus}{LIST}, in any case)",
            root.display()
        )));
    };
    let text = crate::files::read_text(&path).map_err(Error::io("read", &path))?;
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let line = |(number, line): (usize, &str)| {
        serde_json::from_str(line)
            .map_err(|error| Error::file(&path, format!("line {number} is no record of EmoBox's list: {error}")))
    };
    lines.map(line).collect()
}

/// The clips of a corpus by speaker and stem, and by their files.
struct Places<'a> {
    by_name: HashMap<&'a str, usize>,
    by_file: HashMap<&'a str, Vec<(usize, &'a Path)>>,
}

impl<'a> Places<'a> {
    fn of(task: &Task<'a>, corpus: &str) -> Self {
        let (mut by_name, mut by_file) = (HashMap::new(), HashMap::<_, Vec<_>>::new());
        for i in task.members(|clip| clip.corpus == corpus) {
            let clip = task.clips[i];
            by_name.extend(clip.id.split_once('/').map(|(_, name)| (name, i)));
            if let Some(path) = clip.source.file()
                && let Some(name) = path.file_name().and_then(|name| name.to_str())
            {
                by_file.entry(name).or_default().push((i, path));
            }
        }
        Self { by_name, by_file }
    }

    /// The clip of a file as a list writes it: by the public corpora's rules for names, else by the end of its path.
    fn find(&self, written: &str) -> Option<usize> {
        let path = Path::new(written);
        let known = recognise(path).and_then(|clip| self.by_name.get(clip.id.split_once('/')?.1).copied());
        known.or_else(|| {
            let named = self.by_file.get(path.file_name()?.to_str()?)?;
            let mut fitting = named.iter().filter(|(_, file)| file.ends_with(path)).map(|(i, _)| *i);
            fitting.next().filter(|_| fitting.next().is_none())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        corpus::Clip,
        protocol::{Kind, Plan, ProtocolConfig, fake},
    };

    const CLASSES: [&str; 4] = ["angry", "happy", "neutral", "sad"];

    fn clips() -> Vec<Clip> {
        let clips = [fake::ravdess(), fake::savee()].concat();
        clips.into_iter().filter(|clip| CLASSES.contains(&clip.emotion.as_str())).collect()
    }

    fn plan(clips: Vec<Clip>, root: &Path, learn: Learn) -> Result<Plan> {
        let config =
            ProtocolConfig { kind: Kind::EmoboxCross, root: Some(root.into()), learn, ..ProtocolConfig::default() };
        let (clips, labels) = fake::labelled(clips);
        fake::plan(&config, &clips, &labels)
    }

    /// Lists of one clip of each class.
    fn lists() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let line = |file: &str, label: &str| {
            format!("{{\"wav_filename\": \"{file}\", \"label\": \"{label}\", \"speaker\": \"1\"}}\n")
        };
        let ravdess = [("05", "angry"), ("03", "happy"), ("01", "neutral"), ("04", "sad")]
            .map(|(code, label)| line(&format!("Actor_01/03-01-{code}-01-01-01-01.wav"), label));
        let savee = [("a01", "angry"), ("h01", "happy"), ("n01", "neutral"), ("sa01", "sad"), ("sa99", "sad")]
            .map(|(code, label)| line(&format!("DC/{code}.wav"), label));
        fs::write(root.path().join(format!("RAVDESS{LIST}")), ravdess.concat()).unwrap();
        fs::write(root.path().join(format!("SAVEE{LIST}")), savee.concat()).unwrap();
        root
    }

    fn sizes(plan: &Plan) -> Vec<(String, [usize; 3])> {
        plan.folds.iter().map(|fold| (fold.name.clone(), fold.sides().map(|side| side.1.len()))).collect()
    }

    #[test]
    fn the_listed_clips_are_tested_and_the_config_says_what_is_learnt() {
        let root = lists();
        let found = plan(clips(), root.path(), Learn::Listed).unwrap();
        assert_eq!(sizes(&found), [("ravdess-to-savee".into(), [3, 1, 4]), ("savee-to-ravdess".into(), [3, 1, 4])]);
        assert_eq!(found.caveats[0].to_string(), "1 listed clip is not there, as DC/sa99.wav.");
        let found = plan(clips(), root.path(), Learn::All).unwrap();
        let all: Vec<usize> = sizes(&found).iter().map(|(_, [train, validation, _])| train + validation).collect();
        assert_eq!(all, [3 * 192 + 96, 4 * (3 * 15 + 30)]);
        assert!(found.speaker_independent);
    }

    #[test]
    fn other_classes_corpora_and_labels_are_errors_that_say_what_to_do() {
        let root = lists();
        let error =
            plan([fake::ravdess(), fake::savee()].concat(), root.path(), Learn::Listed).unwrap_err().to_string();
        assert!(error.contains("calm = \"drop\"") && error.contains("angry, happy, neutral, sad"), "{error}");
        let error = plan([clips(), fake::tess()].concat(), root.path(), Learn::Listed).unwrap_err().to_string();
        assert!(error.contains("no list of tess"), "{error}");
        let mut wrong = clips();
        wrong.iter_mut().filter(|clip| clip.id.ends_with("DC_a01")).for_each(|clip| clip.emotion = "sad".into());
        let error = plan(wrong, root.path(), Learn::Listed).unwrap_err().to_string();
        assert!(error.contains("DC_a01 is angry"), "{error}");
        let error = plan(clips(), Path::new("src"), Learn::Listed).unwrap_err().to_string();
        assert!(error.contains("no list of ravdess"), "{error}");
    }

    #[test]
    fn the_published_lists_are_of_240_clips_each() {
        let root = Path::new("../shared/protocols/emobox-track2");
        if !root.is_dir() {
            println!("skipped: no {}", root.display());
            return;
        }
        let found = plan(clips(), root, Learn::Listed).unwrap();
        assert!(found.caveats.is_empty(), "{:?}", found.caveats);
        for (_, [train, validation, test]) in sizes(&found) {
            assert_eq!((train + validation, test), (240, 240));
        }
    }
}
