//! Published figures and people's own, of the same protocol: `reports/published.toml`, where each has its source.
//!
//! A figure is shown only beside one of the same corpus, number of classes, kind of split and number of folds, and only
//! where all folds are there. There is no comparison across protocols.

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};

use super::reproduction::{Claim, Glance, Row};
use crate::{
    error::{Error, Result},
    eval::{Evaluation, Interval, Intervals, Scores, Spread},
    protocol::Caveat,
};

/// The file: what others publish, and our rows of the page that compares them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishedFile {
    /// What the page of reproduced figures begins with.
    #[serde(default)]
    pub preface: String,
    /// Figures of systems.
    pub published: Vec<PublishedFigure>,
    /// Figures that stand beside none of ours.
    #[serde(default)]
    pub apart: Vec<Apart>,
    /// Figures of people.
    pub listeners: Vec<Listeners>,
    /// The experiments of ours, in the order of the page.
    #[serde(default)]
    pub rows: Vec<Row>,
    /// The rows of the one table that fits a screen.
    #[serde(default)]
    pub glance: Vec<Glance>,
    /// What recipes that leak claim, and which rows of ours show the leak.
    #[serde(default)]
    pub claims: Vec<Claim>,
}

/// One published figure.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedFigure {
    /// The corpus; of several, their names in order with `+` between.
    pub corpus: String,
    /// Number of classes.
    pub classes: usize,
    /// The names of the protocol here.
    pub protocols: Vec<String>,
    /// Number of folds.
    pub folds: usize,
    /// The one fold that it is of; all of them where absent.
    pub fold: Option<String>,
    /// How the figure was made of the folds.
    pub statistic: String,
    /// Which figure it is.
    pub metric: Metric,
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

/// Published figures that stand beside none of ours.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Apart {
    /// What was measured.
    pub system: String,
    /// The figures, with their corpus.
    pub figure: String,
    /// Who says so.
    pub source: String,
    /// Why they stand apart.
    pub reason: String,
}

/// A figure that others publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Metric {
    /// Unweighted average recall.
    #[serde(rename = "UAR")]
    Uar,
    /// Accuracy.
    #[serde(rename = "WA")]
    Wa,
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uar => "UAR",
            Self::Wa => "WA",
        })
    }
}

impl Metric {
    /// The evaluation's own figure, over seeds; as a mean over folds where `over_folds`, else over pooled folds.
    #[must_use]
    pub fn of(self, evaluation: &Evaluation, over_folds: bool) -> Spread {
        let figure = |scores: &Scores| match self {
            Self::Uar => scores.uar,
            Self::Wa => scores.wa,
        };
        if over_folds {
            Spread::over_seeds(evaluation.runs.iter().map(|run| (run.seed, figure(&run.scores))))
        } else {
            evaluation.over_seeds(figure)
        }
    }

    /// The figure of one fold, over seeds.
    #[must_use]
    pub fn of_fold(self, evaluation: &Evaluation, fold: &str) -> Spread {
        let figure = |scores: &Scores| match self {
            Self::Uar => scores.uar,
            Self::Wa => scores.wa,
        };
        let runs = evaluation.runs.iter().filter(|run| run.fold == fold);
        Spread::over_seeds(runs.map(|run| (run.seed, figure(&run.scores))))
    }

    /// The 95 % intervals of the pooled figure, by speakers and by utterances, as far as they can be said.
    #[must_use]
    pub fn intervals(self, evaluation: &Evaluation) -> Vec<Interval> {
        let of = |of: &Intervals| match self {
            Self::Uar => of.uar,
            Self::Wa => of.wa,
        };
        evaluation.intervals.iter().map(of).collect()
    }
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

/// What is published under the protocol of an evaluation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Published {
    /// Figures of systems.
    pub figures: Vec<PublishedFigure>,
    /// Figures of people.
    pub listeners: Vec<Listeners>,
}

impl PublishedFile {
    /// The table that is built in.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where it is broken.
    pub fn built_in() -> Result<Self> {
        toml::from_str(include_str!("../../reports/published.toml"))
            .map_err(|error| Error::Data(format!("published.toml, built in, cannot be read: {error}")))
    }

    /// A table of the user's.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the file cannot be read, [`Error::Config`] where it is no such table.
    pub fn read(path: &Path) -> Result<Self> {
        let text = crate::files::read_text(path).map_err(Error::io("read", path))?;
        toml::from_str(&text).map_err(|error| Error::Config(format!("{}: {error}", path.display())))
    }

    /// What was published under the evaluation's protocol; nothing where folds are missing.
    pub(super) fn under(&self, evaluation: &Evaluation) -> Published {
        self.beside(&Key::of(evaluation))
    }

    /// What was published of the same.
    pub(super) fn beside(&self, key: &Key) -> Published {
        if !key.comparable {
            return Published::default();
        }
        let Self { published: mut figures, mut listeners, .. } = self.clone();
        figures.retain(|figure| {
            figure.corpus == key.corpus
                && figure.classes == key.classes
                && figure.folds == key.folds
                && figure.protocols.contains(&key.protocol)
        });
        listeners.retain(|figure| figure.corpus == key.corpus && figure.classes == key.classes);
        Published { figures, listeners }
    }
}

/// What a figure is of, as far as others' have to be of the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Key {
    /// The corpus; of several, their names in order with `+` between.
    pub corpus: String,
    /// Number of classes.
    pub classes: usize,
    /// Number of folds.
    pub folds: usize,
    /// The protocol's name.
    pub protocol: String,
    /// Whether any may stand beside it: all folds are there, and it is a result.
    pub comparable: bool,
}

impl Key {
    /// That of an evaluation.
    pub(super) fn of(evaluation: &Evaluation) -> Self {
        let protocol = &evaluation.protocol;
        // What is of a part of a corpus, or of other classes, is not of the same data.
        // Nor is a demonstration of a leak a result, whatever split it is laid over.
        let bars = protocol.brand.is_some()
            || protocol.hears_test_speakers()
            || protocol.caveats.iter().any(Caveat::bars_published);
        Self {
            corpus: protocol.corpora.join("+"),
            classes: evaluation.confusion.classes.len(),
            folds: protocol.folds.len(),
            protocol: protocol.name.clone(),
            comparable: evaluation.complete() && !bars,
        }
    }
}

/// What was published under the evaluation's protocol, by the table that is built in.
///
/// # Errors
///
/// [`Error::Data`] where that table is broken.
pub fn published(evaluation: &Evaluation) -> Result<Published> {
    Ok(PublishedFile::built_in()?.under(evaluation))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{eval::test_support::evaluation, protocol::Kind};

    #[test]
    fn every_entry_names_a_protocol_and_a_source() {
        let PublishedFile { published, listeners, apart, .. } = PublishedFile::built_in().unwrap();
        assert!(apart.iter().all(|of| !of.source.is_empty() && !of.reason.is_empty() && !of.figure.is_empty()));
        // What leaks is never among the figures that stand beside ours.
        assert!(apart.iter().any(|of| of.reason.starts_with("LEAKS")) && apart.len() > 15);
        assert!(published.iter().all(|of| !of.source.contains("notebook")) && published.len() > 60);
        for figure in &published {
            assert!(figure.protocols.iter().all(|name| name.parse::<Kind>().is_ok()), "{figure:?}");
            assert!(!figure.source.is_empty() && (0.0..=100.0).contains(&figure.value), "{figure:?}");
        }
        assert!(listeners.iter().all(|figure| !figure.source.is_empty()));
    }

    #[test]
    fn only_figures_of_the_same_protocol_are_shown() {
        let mut ours = evaluation("a", 3, 30, &[1], 0.5);
        ours.confusion.classes = (0..8).map(|class| class.to_string()).collect();
        ours.protocol.corpora = vec!["ravdess".into()];
        ours.protocol.name = "luna-5fold".into();
        ours.protocol.folds = (0..5).map(|fold| fold.to_string()).collect();
        let found = published(&ours).unwrap();
        assert!(found.figures.len() == 6 && found.listeners.len() == 1, "{found:?}");
        let differ: [fn(&mut Evaluation); 6] = [
            |e| e.protocol.scaler = "each speaker's own clips, test speakers included".into(),
            |e| e.protocol.brand = Some("LEAK".into()),
            |e| e.protocol.name = "speaker-kfold".into(),
            |e| e.protocol.folds.truncate(4),
            |e| e.confusion.classes.truncate(7),
            |e| e.missing.push(crate::eval::FoldOfSeed { fold: "1".into(), seed: 1 }),
        ];
        for change in differ {
            let mut other = ours.clone();
            change(&mut other);
            assert_eq!(published(&other).unwrap().figures, []);
        }
        ours.protocol.corpora.push("tess".into());
        assert_eq!(published(&ours).unwrap(), Published::default());
        ours.confusion.classes.truncate(4);
        ours.protocol.corpora = ["ravdess", "savee"].map(String::from).into();
        ours.protocol.name = "emobox-cross".into();
        ours.protocol.folds = ["ravdess-to-savee", "savee-to-ravdess"].map(String::from).into();
        let of_fold = |figure: &PublishedFigure| ours.protocol.folds.contains(figure.fold.as_ref().unwrap());
        let figures = published(&ours).unwrap().figures;
        assert!(figures.len() == 10 && figures.iter().all(of_fold), "{figures:?}");
    }
}
