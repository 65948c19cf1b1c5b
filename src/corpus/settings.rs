//! One `[[corpora]]` table: which corpus, and where it is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{ColumnsConfig, Kind, pattern::Pattern};
use crate::{
    error::{Error, Result},
    files,
};

/// One `[[corpora]]` table of the config. Only `kind` has no default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CorpusConfig {
    /// Which loader reads it.
    pub kind: Kind,
    /// The corpus's folder, relative to the data folder (`--data`, `$SER_DATASETS` or `datasets/`). Default: the
    /// kind's name, or the folder that spells it differently (`CREMA-D` and `cremad` for `crema_d`). For a manifest:
    /// the folder that the table's paths are relative to; default: the folder that holds the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<PathBuf>,
    /// The table of a manifest, relative to the data folder, else to the working folder; several with a `*` in the file's name. Of an audformat database, the one
    /// table that has the labels. No other kind has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// The corpus's name in every clip's id. Default: the kind's name; for a manifest, the table's file stem; for a folder or
    /// an audformat database, the folder's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where the labels of CREMA-D come from; no other kind has a choice.
    #[serde(default, skip_serializing_if = "LabelSource::is_default")]
    pub label_source: LabelSource,
    /// How the files of `kind = "folder"` are named, as `{emotion}/{speaker}_{*}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// What the columns of a manifest are called, where not by a usual name.
    #[serde(default, skip_serializing_if = "ColumnsConfig::is_default")]
    pub columns: ColumnsConfig,
    /// What becomes of a manifest's speakers whose names differ in spelling alone.
    #[serde(default, skip_serializing_if = "AlikeSpeakers::is_default")]
    pub alike_speakers: AlikeSpeakers,
    /// How many clips may be missing or damaged for training to go on without them.
    #[serde(default, skip_serializing_if = "is_none")]
    pub allow_missing: usize,
    /// Clips that are left out, by their ids, with or without corpus and speaker: a known fault, as two files with one recording
    /// on two sides of a published split. The report says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leave_out: Vec<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_none(number: &usize) -> bool {
    *number == 0
}

/// What becomes of speakers whose names are suspiciously similar, as `s00` and `S00`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlikeSpeakers {
    /// An error lists them.
    #[default]
    Refuse,
    /// They are one person, who is called as most of the clips have it.
    Same,
    /// They are different people.
    Distinct,
}

impl AlikeSpeakers {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// What a clip's label says: what the actor meant, or what listeners perceived. The two are different tasks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabelSource {
    /// The emotion that the actor was asked for: the one in the file's name.
    #[default]
    Intended,
    /// The emotion that most listeners perceived in the voice alone. Clips whose vote is tied are excluded.
    VoiceVote,
}

impl LabelSource {
    // The signature is the one that serde's `skip_serializing_if` asks for.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl CorpusConfig {
    /// The table that says nothing but its kind.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            root: None,
            path: None,
            name: None,
            label_source: LabelSource::default(),
            pattern: None,
            columns: ColumnsConfig::default(),
            alike_speakers: AlikeSpeakers::default(),
            allow_missing: 0,
            leave_out: Vec::new(),
        }
    }

    /// The corpus at `place`, as a command line names it: its own folder, a manifest's table, nothing for the embedded
    /// corpus. To be scanned with the data folder "".
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the place is missing, is not there, or is not wanted.
    pub fn at(kind: Kind, place: Option<PathBuf>) -> Result<Self> {
        let problem = match (kind, place) {
            (Kind::Synthetic, None) => return Ok(Self::new(kind)),
            (Kind::Synthetic, Some(place)) => {
                format!("{}: the synthetic corpus is not on disk; leave the folder out", place.display())
            }
            (Kind::Manifest, None) => "name the manifest's table, a CSV with the columns path, emotion, speaker".into(),
            (_, None) => format!("name the folder that holds {kind}"),
            (Kind::Manifest, Some(place)) if place.is_file() => {
                return Ok(Self { path: Some(place), ..Self::new(kind) });
            }
            (Kind::Manifest, Some(place)) => {
                let columns = "name the CSV with the columns path, emotion, speaker";
                match files::check(&place) {
                    Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                        format!("{}: {problem}; {columns}", place.display())
                    }
                    _ => format!("{}: no such table; {columns}", place.display()),
                }
            }
            (_, Some(place)) if place.is_dir() => return Ok(Self { root: Some(place), ..Self::new(kind) }),
            (_, Some(place)) => format!("{}: no such folder; name the one that holds {kind}", place.display()),
        };
        Err(Error::Config(problem))
    }

    /// The corpus's name in every clip's id.
    #[must_use]
    pub fn name(&self) -> String {
        let place = match self.kind {
            Kind::Manifest => self.path.as_deref().and_then(Path::file_stem),
            Kind::Folder | Kind::Audformat => self.root.as_deref().and_then(Path::file_name),
            _ => None,
        };
        let place = place.map(|name| name.to_string_lossy().into_owned()).map(|name| match name.contains('*') {
            // Several tables, `train-*.parquet`, are called by what is before and behind the star.
            true => name.replace('*', "").trim_matches(['-', '_', '.', ' ']).to_owned(),
            false => name,
        });
        let place = place.filter(|name| !name.is_empty());
        self.name.clone().or(place).unwrap_or_else(|| self.kind.name().to_owned())
    }

    /// Checks what a type cannot; looks at no file.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] naming the key, where a key does not belong to the kind, or the name cannot be part of an id.
    pub fn validate(&self) -> Result<()> {
        let kind = self.kind;
        let name = self.name();
        let problem = if name.trim().is_empty() || name.contains(['/', '\\']) {
            format!("name = \"{name}\": a corpus's name is part of every clip's id; make it one word without slashes")
        } else if kind == Kind::Manifest && self.path.is_none() {
            "kind = \"manifest\" needs `path`, the table (CSV with the columns path, emotion, speaker)".into()
        } else if !matches!(kind, Kind::Manifest | Kind::Audformat) && self.path.is_some() {
            format!("`path` is for kind = \"manifest\"; the folder of kind = \"{kind}\" is set with `root`")
        } else if kind == Kind::Synthetic && self.root.is_some() {
            "`root` has no meaning for kind = \"synthetic\": the embedded corpus is not on disk".into()
        } else if kind != Kind::CremaD && self.label_source != LabelSource::Intended {
            format!("`label_source` is for kind = \"crema_d\": kind = \"{kind}\" has one label for a clip")
        } else if let Some(problem) = self.pattern_problem() {
            problem
        } else if !matches!(kind, Kind::Manifest | Kind::Audformat) && !self.columns.is_default() {
            format!("`columns` is for kind = \"manifest\": kind = \"{kind}\" has no table whose columns need a name")
        } else if !matches!(kind, Kind::Manifest | Kind::Audformat | Kind::Folder)
            && self.alike_speakers != AlikeSpeakers::Refuse
        {
            format!("`alike_speakers` is for kind = \"manifest\": kind = \"{kind}\" knows its speakers")
        } else {
            return Ok(());
        };
        Err(Error::Config(format!("[[corpora]] {problem}")))
    }

    fn pattern_problem(&self) -> Option<String> {
        match (self.kind, &self.pattern) {
            (Kind::Folder, None) => Some(
                "kind = \"folder\" needs `pattern`, which says how its files are named, as pattern = \
                 \"{emotion}/{speaker}_{*}\""
                    .into(),
            ),
            (Kind::Folder, Some(_)) if self.root.is_none() => {
                Some("kind = \"folder\" needs `root`, the folder that holds the files".into())
            }
            (Kind::Folder, Some(pattern)) => {
                Pattern::parse(pattern).err().map(|problem| format!("pattern = \"{pattern}\": {problem}"))
            }
            (kind, Some(_)) => Some(format!("`pattern` is for kind = \"folder\", and not for kind = \"{kind}\"")),
            (_, None) => None,
        }
    }

    /// The corpus's folder: `root` under the data folder, or the folder there that the kind's name fits.
    pub(super) fn folder(&self, data: &Path) -> PathBuf {
        if let Some(root) = &self.root {
            return data.join(root);
        }
        let exact = data.join(self.kind.name());
        if exact.exists() { exact } else { spelt_differently(data, self.kind.name()).unwrap_or(exact) }
    }
}

/// The one folder in `data` whose name is `name` but for case and punctuation. None where several are: a guess would
/// depend on the order of the disk.
fn spelt_differently(data: &Path, name: &str) -> Option<PathBuf> {
    let letters =
        |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let mut fitting = fs::read_dir(data)
        .ok()?
        .filter_map(std::result::Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(|found| letters(found) == letters(name)))
        .map(|entry| entry.path());
    match (fitting.next(), fitting.next()) {
        (Some(folder), None) => Some(folder),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(toml: &str) -> CorpusConfig {
        toml::from_str(toml).unwrap()
    }

    #[test]
    fn only_the_kind_is_needed() {
        assert_eq!(config("kind = \"crema_d\""), CorpusConfig::new(Kind::CremaD));
        assert_eq!(config("kind = \"ravdess\"").name(), "ravdess");
        assert_eq!(config("kind = \"manifest\"\npath = \"tables/mine.csv\"").name(), "mine");
        assert_eq!(config("kind = \"manifest\"\npath = \"data/train-*.parquet\"").name(), "train");
        assert_eq!(config("kind = \"manifest\"\npath = \"data/*.csv\"").name(), "manifest");
        let voted = config("kind = \"crema_d\"\nlabel_source = \"voice-vote\"");
        assert_eq!(voted.label_source, LabelSource::VoiceVote);
        assert_eq!(config(&toml::to_string(&voted).unwrap()), voted);
    }

    #[test]
    fn an_unknown_key_or_kind_is_an_error() {
        assert!(toml::from_str::<CorpusConfig>("kind = \"tess\"\nrot = \"x\"").is_err());
        let error = toml::from_str::<CorpusConfig>("kind = \"ravdes\"").unwrap_err().to_string();
        assert!(error.contains("ravdess"), "{error}");
    }

    #[test]
    fn a_key_of_another_kind_is_an_error_that_names_it() {
        for (toml, key) in [
            ("kind = \"tess\"\nlabel_source = \"voice-vote\"", "label_source"),
            ("kind = \"tess\"\npath = \"a.csv\"", "path"),
            ("kind = \"manifest\"", "path"),
            ("kind = \"folder\"", "pattern"),
            ("kind = \"folder\"\npattern = \"{speaker}_{emotion}\"", "root"),
            ("kind = \"folder\"\nroot = \"x\"\npattern = \"{speaker}\"", "{emotion}"),
            ("kind = \"tess\"\npattern = \"{speaker}_{emotion}\"", "pattern"),
            ("kind = \"tess\"\ncolumns = { path = \"x\" }", "columns"),
            ("kind = \"tess\"\nalike_speakers = \"same\"", "alike_speakers"),
            ("kind = \"synthetic\"\nroot = \"x\"", "root"),
            ("kind = \"tess\"\nname = \"a/b\"", "name"),
        ] {
            let error = config(toml).validate().unwrap_err();
            assert!(matches!(error, Error::Config(_)) && error.to_string().contains(key), "{error}");
        }
        config("kind = \"crema_d\"\nlabel_source = \"voice-vote\"").validate().unwrap();
    }

    #[test]
    fn a_folder_may_spell_the_corpus_its_own_way() {
        let data = tempfile::tempdir().unwrap();
        let crema = CorpusConfig::new(Kind::CremaD);
        assert_eq!(crema.folder(data.path()), data.path().join("crema_d"));
        fs::create_dir(data.path().join("CREMA-D")).unwrap();
        assert_eq!(crema.folder(data.path()), data.path().join("CREMA-D"));
        fs::create_dir(data.path().join("cremad")).unwrap();
        assert_eq!(crema.folder(data.path()), data.path().join("crema_d"), "two that fit are one too many");
        let set = CorpusConfig { root: Some("cremad".into()), ..crema };
        assert_eq!(set.folder(data.path()), data.path().join("cremad"));
    }
}
