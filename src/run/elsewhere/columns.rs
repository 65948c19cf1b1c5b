//! What the columns of other programs' tables mean.

use std::collections::BTreeMap;

use crate::{
    corpus::table::Table,
    error::{Error, Result},
};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    Path,
    Prediction,
    Truth,
    Speaker,
    Sex,
    Age,
    Fold,
    Seed,
    Side,
    Start,
}

impl Role {
    /// The name by which `--column ROLE=NAME` calls it, and what a column of it is usually called, without case and
    /// separators; what comes first wins.
    const ALL: [(Self, &'static str, &'static [&'static str]); 10] = [
        (
            Self::Path,
            "path",
            &[
                "path",
                "file",
                "filename",
                "filepath",
                "fname",
                "wav",
                "wavfile",
                "wavpath",
                "wavfilename",
                "audio",
                "audiofile",
                "audiopath",
                "clip",
                "clipid",
                "key",
                "id",
                "utterance",
                "utteranceid",
                "utt",
                "uttid",
                "name",
                "segment",
            ],
        ),
        (
            Self::Prediction,
            "prediction",
            &[
                "prediction",
                "predictions",
                "predicted",
                "pred",
                "preds",
                "ypred",
                "yhat",
                "predictedlabel",
                "predictedemotion",
                "predictedclass",
                "predlabel",
                "predemotion",
                "hypothesis",
                "hyp",
                "answer",
                "output",
            ],
        ),
        (
            Self::Truth,
            "truth",
            &[
                "truth",
                "true",
                "ytrue",
                "truelabel",
                "trueemotion",
                "groundtruth",
                "gold",
                "reference",
                "ref",
                "target",
                "actual",
                "emotion",
                "emo",
                "label",
                "emotionlabel",
                "classlabel",
                "class",
                "category",
            ],
        ),
        (
            Self::Speaker,
            "speaker",
            &["speaker", "speakerid", "spk", "spkid", "actor", "actorid", "subject", "subjectid"],
        ),
        (Self::Sex, "sex", &["sex", "gender"]),
        (Self::Age, "age", &["age"]),
        (Self::Fold, "fold", &["fold"]),
        (Self::Seed, "seed", &["seed", "run"]),
        (Self::Side, "side", &["side", "split", "set", "subset", "partition"]),
        (Self::Start, "start", &["start", "starttime", "onset", "begin"]),
    ];

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known, _)| *known == name).map(|(role, ..)| *role)
    }

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(role, ..)| *role == self).map_or("", |(_, name, _)| name)
    }
}

/// The first of the columns that are usually called so. Others beside it say the same, are empty, or are names of the same
/// clip; else it is not guessed which is meant.
fn one_of<'a>(table: &Table, role: Role, found: &[&'a str]) -> Result<Option<&'a str>> {
    let is_guessed = matches!(role, Role::Prediction | Role::Truth | Role::Speaker | Role::Side);
    let is_filled = |name: &&&str| table.cells(name).iter().any(Option::is_some);
    let Some(first) = found.iter().find(is_filled).or(found.first()).copied() else { return Ok(None) };
    let differs = |other: &&&str| is_filled(other) && table.cells(other) != table.cells(first);
    match found.iter().find(differs).filter(|_| is_guessed) {
        None => Ok(Some(first)),
        Some(other) => Err(Error::file(
            table.path(),
            format!(
                "\"{first}\" and \"{other}\" could both be the column of the {role}, and they differ: say which it is, as \
                 --column {role}={first}",
                role = role.name()
            ),
        )),
    }
}

/// The columns of a table that mean something, as it spells them.
#[derive(Debug)]
pub(super) struct Columns<'a> {
    table: &'a Table,
    of: BTreeMap<Role, &'a str>,
}

impl<'a> Columns<'a> {
    /// Finds them: by `named` (pairs of a role's name and a column), else by their usual names; which of two is meant that
    /// differ is not guessed where a figure depends on it. What is named and is in
    /// neither of two tables is an error of [`check_named`].
    pub(super) fn find(table: &'a Table, named: &[(String, String)]) -> Result<Self> {
        let mut of = BTreeMap::new();
        for (role, _, usual) in Role::ALL {
            // What --column gives another meaning means nothing else: Nkululeko writes answers under the name of the truth.
            let taken =
                |name: &str| named.iter().any(|(other, column)| column == name && Role::parse(other) != Some(role));
            let by_name = |wanted: &str| table.names().find(|name| letters(name) == wanted && !taken(name));
            let set = named.iter().find(|(name, _)| Role::parse(name) == Some(role)).map(|(_, column)| column);
            let found = match set {
                Some(column) => table.names().find(|name| name == column),
                None => {
                    let found: Vec<&str> = usual.iter().filter_map(|usual| by_name(usual)).collect();
                    one_of(table, role, &found)?
                }
            };
            of.extend(found.map(|column| (role, column)));
        }
        Ok(Self { table, of })
    }

    pub(super) fn get(&self, role: Role) -> Option<&'a str> {
        self.of.get(&role).copied()
    }

    pub(super) fn need(&self, role: Role) -> Result<&'a str> {
        self.get(role).ok_or_else(|| {
            let names: Vec<&str> = self.table.names().collect();
            Error::file(
                self.table.path(),
                format!(
                    "no column of the {} among \"{}\": --column {}=NAME says which it is",
                    role.name(),
                    names.join("\", \""),
                    role.name()
                ),
            )
        })
    }

    /// The names of the columns that mean none of these.
    pub(super) fn others(&self) -> impl Iterator<Item = &'a str> {
        self.table.names().filter(|name| !self.of.values().any(|known| known == name))
    }
}

/// Refuses an unknown role, and a column that no table has.
pub(super) fn check_named(named: &[(String, String)], tables: &[&Table]) -> Result<()> {
    for (role, column) in named {
        if Role::parse(role).is_none() {
            let known: Vec<&str> = Role::ALL.iter().map(|(_, name, _)| *name).collect();
            return Err(Error::Config(format!("--column {role}={column}: {role} is none of {}", known.join(", "))));
        }
        if !tables.iter().any(|table| table.names().any(|name| name == column)) {
            return Err(Error::Config(format!("--column {role}={column}: no table has a column {column}")));
        }
    }
    Ok(())
}

/// A name without case and separators.
pub(super) fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}
