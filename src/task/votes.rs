//! What listeners voted of clips, read from the columns that `task.votes` names.

use std::collections::BTreeMap;

use super::{Missing, Targets, TaskConfig};
use crate::{
    corpus::{Clip, LISTENERS, Number, VOTES_PREFIX, nearest_column, settled, with_a_point},
    error::{Error, Result},
};

/// How far from 1 shares may sum: what rounding to three digits leaves of six.
const SLACK: f64 = 5e-3;

impl TaskConfig {
    /// The classes that listeners could vote for, in alphabetical order, and the votes on each clip, a number a class: how many, or
    /// which share.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where there are fewer than two columns, or no clip has one of them; [`Error::Data`] naming the clip with its
    /// row, the column and the value where it is no count and no share, where shares do not sum to 1 or counts not to the
    /// column `listeners`, where a clip has no votes, unless such are to be dropped, or where nobody votes for a class.
    pub fn read_votes(&self, clips: &[Clip]) -> Result<(Vec<String>, Targets)> {
        let columns = self.vote_columns(clips)?;
        let mut found = Targets::default();
        for (at, clip) in clips.iter().enumerate() {
            match votes_of(clip, &columns)? {
                Some(votes) => {
                    found.kept.push(at);
                    found.values.push(votes);
                }
                None => found.lacking.push((at, "votes".to_owned())),
            }
        }
        if let (Missing::Refuse, Some((at, _))) = (self.missing, found.lacking.first()) {
            let others = match found.lacking.len() {
                1 => String::new(),
                n => format!(", as {} other clips of {}", n - 1, clips.len()),
            };
            return Err(Error::Data(format!(
                "{} has no votes{others}: fill its columns, or set task.missing = \"drop\" to go on without such clips",
                clips[*at].place()
            )));
        }
        for (at, (class, column)) in columns.iter().enumerate() {
            if !found.values.is_empty() && found.values.iter().all(|votes| votes[at] == 0.0) {
                return Err(Error::Data(format!(
                    "task.votes: nobody votes for {class} (column {column}) in any of {} clips: name the other columns in task.votes, \
                     without it",
                    found.kept.len()
                )));
            }
        }
        Ok((columns.into_keys().collect(), found))
    }

    /// The column of each class.
    fn vote_columns(&self, clips: &[Clip]) -> Result<BTreeMap<String, String>> {
        let known: BTreeMap<String, &str> =
            clips.iter().flat_map(Clip::columns).map(|name| (name.to_lowercase(), name)).collect();
        if self.votes.is_empty() {
            let class = |name: &&str| Some((name.get(VOTES_PREFIX.len()..)?.to_owned(), (*name).to_owned()));
            let votes = known.iter().filter(|(lower, _)| lower.starts_with(VOTES_PREFIX)).map(|(_, name)| name);
            let columns: BTreeMap<String, String> =
                votes.filter_map(class).filter(|(class, _)| !class.is_empty()).collect();
            return match columns.len() {
                0 | 1 => Err(Error::Config(format!(
                    "task.kind = \"distribution\": {} columns of the corpora are called {VOTES_PREFIX}CLASS, and votes are shared \
                     between two or more; name them, as votes = {{ angry = \"A\", sad = \"S\" }}; there are {}. CREMA-D has its \
                     votes in processedResults/tabulatedVotes.csv",
                    columns.len(),
                    list(known.values().copied())
                ))),
                _ => Ok(columns),
            };
        }
        for (class, column) in &self.votes {
            if known.contains_key(&column.to_lowercase()) {
                continue;
            }
            let near = nearest_column(column, known.values().copied());
            let near = near.map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default();
            return Err(Error::Config(format!(
                "task.votes.{class} = \"{column}\": no clip has that column{near}; there are {}",
                list(known.values().copied())
            )));
        }
        Ok(self.votes.clone())
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

/// The votes on a clip; nothing where it has none at all. A class whose cell is empty has none.
fn votes_of(clip: &Clip, columns: &BTreeMap<String, String>) -> Result<Option<Vec<f64>>> {
    let wrong = |problem: String| Err(Error::Data(format!("{}: {problem}", clip.place())));
    let mut votes = Vec::with_capacity(columns.len());
    for column in columns.values() {
        settled(clip, column)?;
        match clip.number(column) {
            Number::Is(value) if value >= 0.0 => votes.push(value),
            Number::Missing => votes.push(0.0),
            Number::Is(value) => return wrong(format!("{column} = {value} is no number of votes: mend the table")),
            Number::Other(cell) => {
                let hint = with_a_point(&cell).map(|cell| format!(" (write {cell}, with a point)")).unwrap_or_default();
                return wrong(format!(
                    "{column} = \"{cell}\" is not a number{hint}: mend the table; an empty cell is no vote"
                ));
            }
        }
    }
    let sum: f64 = votes.iter().sum();
    if sum == 0.0 {
        return Ok(None);
    }
    let cells = || {
        let each = columns.values().zip(&votes).map(|(column, value)| format!("{column} = {value}"));
        each.collect::<Vec<_>>().join(", ")
    };
    if votes.iter().any(|value| value.fract() != 0.0) && (sum - 1.0).abs() > SLACK {
        return wrong(format!(
            "{} are shares that sum to {sum}, and not to 1: mend the table, or write how many votes each has",
            cells()
        ));
    }
    match clip.number(LISTENERS) {
        Number::Is(listeners) if sum > 1.0 + SLACK && listeners != sum => wrong(format!(
            "{} are {sum} votes, and {LISTENERS} = {listeners}: mend the table, or name all classes in task.votes",
            cells()
        )),
        _ => Ok(Some(votes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Metadata, Source};

    fn clips(rows: &[[&str; 3]]) -> Vec<Clip> {
        let clip = |(i, cells): (usize, &[&str; 3])| {
            let columns = ["votes_angry", "votes_sad", "listeners"].map(str::to_owned);
            let extra =
                columns.into_iter().zip(cells.map(str::to_owned)).filter(|(_, cell)| !cell.is_empty()).collect();
            Clip {
                id: format!("t/s/{i}"),
                corpus: "t".into(),
                speaker: "s".into(),
                emotion: "sad".into(),
                source: Source::File("a.wav".into()),
                meta: Metadata { row: Some(i + 2), extra, ..Metadata::default() },
            }
        };
        rows.iter().enumerate().map(clip).collect()
    }

    fn config(rest: &str) -> TaskConfig {
        toml::from_str(&format!("kind = 'distribution'\n{rest}")).unwrap()
    }

    #[test]
    fn counts_and_shares_are_read_by_their_usual_columns_or_named_ones() {
        let rows = clips(&[["7", "3", "10"], ["0.25", "0.75", "12"], ["", "4", ""], ["", "", ""]]);
        let (classes, found) = config("missing = 'drop'").read_votes(&rows).unwrap();
        assert_eq!(classes, ["angry", "sad"]);
        assert_eq!(found.values, [[7.0, 3.0], [0.25, 0.75], [0.0, 4.0]]);
        assert_eq!((found.kept, found.lacking), (vec![0, 1, 2], vec![(3, "votes".to_owned())]));
        let named = config("missing = 'drop'\nvotes = { wrath = 'VOTES_ANGRY', grief = 'votes_sad' }");
        assert_eq!(named.read_votes(&rows).unwrap().0, ["grief", "wrath"]);
        assert_eq!(named.read_votes(&rows).unwrap().1.values[0], [3.0, 7.0]);
    }

    #[test]
    fn wrong_votes_are_named_by_row_column_and_value() {
        for (rows, expected) in [
            (
                &[["1", "2", ""], ["x", "1", ""]][..],
                ["t/s/1 (row 3 of the table): votes_angry = \"x\" is not a number", "an empty cell is no vote"],
            ),
            (
                &[["2,5", "2", ""]],
                ["t/s/0 (row 2 of the table): votes_angry = \"2,5\" is not a number", "(write 2.5, with a point)"],
            ),
            (
                &[["-1", "2", ""]],
                ["t/s/0 (row 2 of the table): votes_angry = -1 is no number of votes", "mend the table"],
            ),
            (
                &[["0.5", "0.4", ""]],
                [
                    "t/s/0 (row 2 of the table): votes_angry = 0.5, votes_sad = 0.4 are shares that sum to 0.9, and not to 1",
                    "or write how many votes each has",
                ],
            ),
            (
                &[["5", "4", "10"]],
                [
                    "t/s/0 (row 2 of the table): votes_angry = 5, votes_sad = 4 are 9 votes, and listeners = 10",
                    "or name all classes in task.votes",
                ],
            ),
            (
                &[["1", "2", ""], ["", "", ""]],
                ["t/s/1 (row 3 of the table) has no votes", "set task.missing = \"drop\""],
            ),
            (
                &[["0", "2", ""], ["", "1", ""]],
                [
                    "nobody votes for angry (column votes_angry) in any of 2 clips",
                    "name the other columns in task.votes",
                ],
            ),
        ] {
            let error = config("").read_votes(&clips(rows)).unwrap_err();
            assert!(matches!(error, Error::Data(_)), "{error}");
            expected.iter().for_each(|part| assert!(error.to_string().contains(part), "{part}: {error}"));
        }
        for (rest, expected) in [
            ("votes = { a = 'votes_angri', b = 'votes_sad' }", "did you mean \"votes_angry\""),
            ("votes = { a = 'listeners', b = 'x' }", "task.votes.b = \"x\""),
        ] {
            let error = config(rest).read_votes(&clips(&[["1", "1", "2"]])).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let none = config("").read_votes(&clips(&[["", "1", ""]])).unwrap_err();
        assert!(none.to_string().contains("1 columns of the corpora are called votes_CLASS"), "{none}");
    }
}
