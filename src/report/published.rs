//! Published figures and people's own, of the same protocol: `published.toml`, where each has its source.
//!
//! A figure is shown only beside one of the same corpus, number of classes, kind of split and number of folds, and only
//! where all folds are there. There is no comparison across protocols.

use serde::Deserialize;

use crate::{
    error::{Error, Result},
    eval::Evaluation,
};

/// The table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    published: Vec<Published>,
    listeners: Vec<Listeners>,
}

/// One published figure.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// The corpus.
    pub corpus: String,
    /// Number of classes.
    pub classes: usize,
    /// The names of the protocol here.
    pub protocols: Vec<String>,
    /// Number of folds.
    pub folds: usize,
    /// How the figure was made of the folds.
    pub statistic: String,
    /// UAR or WA.
    pub metric: String,
    /// The figure, in per cent.
    pub value: f64,
    /// Its standard deviation over seeds or folds, in points.
    pub std: Option<f64>,
    /// What was measured.
    pub system: String,
    /// Who says so.
    pub source: String,
    /// What was done otherwise than here.
    pub caveat: Option<String>,
}

/// How well people recognise a corpus by listening.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listeners {
    /// The corpus.
    pub corpus: String,
    /// Number of classes.
    pub classes: usize,
    /// Accuracy in per cent.
    pub accuracy: f64,
    /// Who says so.
    pub source: String,
}

/// The figures that may stand beside an evaluation's.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Beside {
    /// Those of systems.
    pub published: Vec<Published>,
    /// Those of people.
    pub listeners: Vec<Listeners>,
}

fn table() -> Result<Table> {
    toml::from_str(include_str!("published.toml"))
        .map_err(|error| Error::Data(format!("published.toml, built in, cannot be read: {error}")))
}

/// What was published under the evaluation's protocol; nothing where folds are missing.
///
/// # Errors
///
/// [`Error::Data`] where the table that is built in is broken.
pub fn beside(evaluation: &Evaluation) -> Result<Beside> {
    let protocol = &evaluation.protocol;
    let [corpus] = &protocol.corpora[..] else { return Ok(Beside::default()) };
    if !evaluation.complete() {
        return Ok(Beside::default());
    }
    let classes = evaluation.confusion.classes.len();
    let Table { mut published, mut listeners } = table()?;
    published.retain(|figure| {
        figure.corpus == *corpus
            && figure.classes == classes
            && figure.folds == protocol.folds.len()
            && figure.protocols.contains(&protocol.name)
    });
    listeners.retain(|figure| figure.corpus == *corpus && figure.classes == classes);
    Ok(Beside { published, listeners })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{eval::made_up::evaluation, protocol::Kind};

    #[test]
    fn every_entry_names_a_protocol_and_a_source() {
        let Table { published, listeners } = table().unwrap();
        for figure in &published {
            assert!(figure.protocols.iter().all(|name| name.parse::<Kind>().is_ok()), "{figure:?}");
            assert!(!figure.source.is_empty() && (0.0..=100.0).contains(&figure.value), "{figure:?}");
            assert!(["UAR", "WA"].contains(&figure.metric.as_str()), "{figure:?}");
        }
        assert!(listeners.iter().all(|figure| !figure.source.is_empty()));
    }

    #[test]
    fn only_the_same_protocol_stands_beside() {
        let mut ours = evaluation("a", 3, 30, &[1], 0.5);
        ours.confusion.classes = (0..8).map(|class| class.to_string()).collect();
        ours.protocol.corpora = vec!["ravdess".into()];
        ours.protocol.name = "luna-5fold".into();
        ours.protocol.folds = (0..5).map(|fold| fold.to_string()).collect();
        let found = beside(&ours).unwrap();
        assert!(found.published.len() == 4 && found.listeners.len() == 1, "{found:?}");
        let differ: [fn(&mut Evaluation); 4] = [
            |e| e.protocol.name = "speaker-kfold".into(),
            |e| e.protocol.folds.truncate(4),
            |e| e.confusion.classes.truncate(7),
            |e| e.missing.push(crate::eval::FoldOfSeed { fold: "1".into(), seed: 1 }),
        ];
        for change in differ {
            let mut other = ours.clone();
            change(&mut other);
            assert_eq!(beside(&other).unwrap().published, []);
        }
        ours.protocol.corpora.push("tess".into());
        assert_eq!(beside(&ours).unwrap(), Beside::default());
    }
}
