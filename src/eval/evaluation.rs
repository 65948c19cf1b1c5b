//! What the runs of an experiment say together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{
    AdaptedCurve, Confusion, Scores, Spread,
    bootstrap::{Intervals, Unit},
    breakdown::Breakdown,
    certainty::{Calibrated, Certainty},
    fairness::Fairness,
    notable::{ConfusedPair, JudgedClip},
    projection::Projection,
};
use crate::{
    error::Result,
    numeric::argmax,
    protocol::{
        Caveat,
        audit::{Audit, Foreign},
    },
    run::{ClipRecord, Done, EpochRecord, PartRecord, Predictions, ProtocolRecord, Selection, SplitRow, Versions},
};

/// What the runs of an experiment say together.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// The experiment's name.
    pub experiment: String,
    /// The protocol that every figure must be read with.
    pub protocol: ProtocolRecord,
    /// The corpora that some run was trained on: the others are tested on alone.
    pub trained_on: BTreeSet<String>,
    /// How the corpora's emotions became classes, in words.
    pub label_rule: String,
    /// Whether any corpus is synthetic: the figures then say nothing of people.
    pub synthetic: bool,
    /// What the runs were made with, together.
    pub versions: Versions,
    /// The config's hash, equal in all runs.
    pub config_hash: String,
    /// The seeds that were found.
    pub seeds: Vec<u64>,
    /// The runs that were gathered, by fold and seed; none of predictions from elsewhere.
    pub runs: Vec<Run>,
    /// Folds of the protocol that a seed lacks: the figures are then not the protocol's.
    pub missing: Vec<FoldOfSeed>,
    /// The clips that the runs have read, by clip: their classes, speakers and sound; none of predictions from elsewhere.
    pub data: Vec<SplitRow>,
    /// All predictions, by seed and clip.
    pub predictions: Predictions,
    /// Truth against prediction, all folds and seeds pooled.
    pub confusion: Confusion,
    /// All folds and seeds pooled.
    pub scores: Scores,
    /// Each seed's folds pooled.
    pub per_seed: Vec<SeedScores>,
    /// Cohen's kappa of the pooled predictions; none where chance alone must agree.
    pub kappa: Option<f64>,
    /// Matthews' correlation coefficient of the pooled predictions, −1 to 1.
    pub mcc: f64,
    /// Figures of the pooled probabilities.
    pub certainty: Certainty,
    /// The same after temperature scaling, each run by its own validation side; none of predictions from elsewhere.
    pub calibrated: Option<Calibrated>,
    /// What adapting to test speakers without labels is worth; none where the runs' bundles cannot.
    pub adaptation: Option<AdaptedCurve>,
    /// 95 % intervals: over speakers, and over utterances. Less where there is nothing to draw from.
    pub intervals: Vec<Intervals>,
    /// The pooled figures by what is known of speakers and clips.
    pub breakdowns: Vec<Breakdown>,
    /// Whether groups of people are recognised alike, by what is known of speakers.
    pub fairness: Vec<Fairness>,
    /// The emotions that were confused, the most confused first.
    pub confused: Vec<ConfusedPair>,
    /// The clips whose own class was least probable, the worst first.
    pub worst: Vec<JudgedClip>,
    /// The penultimate layer's vectors of one run's test clips in a plane; none in runs of earlier versions.
    pub projection: Option<Projection>,
    /// Why there is no projection, where a run has vectors and they cannot be projected.
    pub not_projected: Option<String>,
    /// What is known of each clip, by id; none in runs of earlier versions.
    pub clips: BTreeMap<String, ClipRecord>,
    /// Of predictions from elsewhere, the audit of their split; none where it was not given.
    pub split_audit: Option<Foreign>,
}

/// One gathered run.
#[derive(Debug, Clone)]
pub struct Run {
    /// The fold.
    pub fold: String,
    /// The seed.
    pub seed: u64,
    /// What the fold's sides share.
    pub audit: Audit,
    /// How the training went.
    pub done: Done,
    /// Its epochs.
    pub epochs: Vec<EpochRecord>,
    /// Its test side alone.
    pub scores: Scores,
    /// What was learnt beside the classes.
    pub parts: Vec<PartRecord>,
    /// How it came to its setting, and how often its test side was looked at.
    pub selection: Selection,
}

/// A fold of a seed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoldOfSeed {
    /// The fold.
    pub fold: String,
    /// The seed.
    pub seed: u64,
}

/// One seed's figures over its pooled folds.
#[derive(Debug, Clone, Serialize)]
pub struct SeedScores {
    /// The seed.
    pub seed: u64,
    /// The figures.
    pub scores: Scores,
}

impl Evaluation {
    /// A figure's spread over seeds, each seed's folds pooled.
    #[must_use]
    pub fn over_seeds(&self, figure: impl Fn(&Scores) -> f64) -> Spread {
        Spread::of(&self.per_seed.iter().map(|seed| figure(&seed.scores)).collect::<Vec<_>>())
    }

    /// A figure's spread over all gathered runs.
    #[must_use]
    pub fn over_folds(&self, figure: impl Fn(&Scores) -> f64) -> Spread {
        Spread::of(&self.runs.iter().map(|run| figure(&run.scores)).collect::<Vec<_>>())
    }

    /// The figures of the probabilities' mean over seeds, which is another protocol than one network's; none where there
    /// is one seed.
    ///
    /// # Errors
    ///
    /// As [`Scores::of`].
    pub fn seeds_averaged(&self) -> Result<Option<Scores>> {
        if self.seeds.len() < 2 {
            return Ok(None);
        }
        let classes = &self.confusion.classes;
        let mut clips = BTreeMap::<&str, (usize, Vec<f64>)>::new();
        for row in &self.predictions.rows {
            let (_, sums) = clips.entry(&row.clip).or_insert_with(|| (row.truth, vec![0.0; classes.len()]));
            sums.iter_mut().zip(&row.probabilities).for_each(|(sum, &p)| *sum += f64::from(p));
        }
        let pairs = clips.into_values().map(|(truth, sums)| (truth, argmax(&sums)));
        Ok(Some(Scores::of(&Confusion::from_pairs(classes.clone(), pairs)?)?))
    }

    /// The intervals over that unit.
    #[must_use]
    pub fn intervals_over(&self, unit: Unit) -> Option<&Intervals> {
        self.intervals.iter().find(|intervals| intervals.unit == unit)
    }

    /// The classes without a test clip: no recall can be said of them.
    #[must_use]
    pub fn untested(&self) -> Vec<&str> {
        let classes = self.scores.per_class.iter().filter(|class| class.support == 0);
        classes.map(|class| class.class.as_str()).collect()
    }

    /// Whether the predictions were given from elsewhere: how they came about was not looked at.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.runs.is_empty()
    }

    /// Whether the answers have probabilities; of predictions from elsewhere they may not.
    #[must_use]
    pub fn has_probabilities(&self) -> bool {
        !self.protocol.caveats.contains(&Caveat::NoProbabilities)
    }

    /// Whether every fold of the protocol is there for every seed.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.missing.is_empty()
    }
}
