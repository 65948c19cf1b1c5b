//! `train.init`: starting from a bundle's weights. What it has seen must not be tested on, and whatever does not fit is
//! either an error or a line of the log.

use super::{
    Prepared,
    lineage::{check_seen, differ, differ_in_encoder, digest, place, refused},
    record::targets,
};
use crate::{
    bundle::{Bundle, BundleEncoder},
    config::Experiment,
    error::Result,
    model::{
        Net,
        weights::{self, Weights},
    },
    protocol::Fold,
};

/// The weights that a run starts from.
#[derive(Debug, Clone)]
pub(super) struct Start {
    weights: Weights,
    /// Whether the last layer is another one's.
    new_head: bool,
    /// What is started from, for people.
    pub words: String,
    /// The corpora that it has seen.
    pub seen: Vec<String>,
    /// The digest of its file.
    pub digest: blake3::Hash,
}

/// The parameters of the last layer.
const HEAD: &str = "classes.";

/// Those of outputs that are learnt beside it and that no bundle has.
const TRAINING: [&str; 2] = ["auxiliary.", "adversary."];

const KEY: &str = "train.init";

impl Start {
    /// Reads what the config asks for; nothing where it asks for random weights.
    ///
    /// # Errors
    ///
    /// [`Error::Config`](crate::error::Error::Config) where the bundle's network, features or audio are not the experiment's,
    /// or where it may have seen what is tested on; otherwise as [`Bundle::load`].
    pub(super) fn load(
        prepared: &Prepared,
        fold: &Fold,
        seed: u64,
        encoder: Option<&BundleEncoder>,
    ) -> Result<Option<Self>> {
        let Some(init) = &prepared.experiment.train.init else { return Ok(None) };
        let path = place(init, &fold.name, seed);
        let bundle = Bundle::load(&path)?;
        fits(&bundle, &prepared.experiment, encoder).map_err(|e| refused(KEY, &path, &e))?;
        check_seen(KEY, &path, &bundle, prepared, fold)?;
        let new_head = bundle.classes != prepared.task.outputs()
            || bundle.targets != targets(prepared).map(|(name, _)| name.clone()).collect::<Vec<_>>()
            || bundle.task != prepared.task.kind();
        let record = &bundle.record;
        let head = if new_head {
            format!(
                "; its classes are others ({}), so the last layer starts from random weights",
                bundle.classes.join(", ")
            )
        } else {
            String::new()
        };
        let words = format!(
            "starts from {} (experiment {}, fold {}, seed {}){head}",
            path.display(),
            record.experiment,
            record.fold,
            record.seed
        );
        let seen = record.seen().to_vec();
        Ok(Some(Self { weights: bundle.weights, new_head, words, seen, digest: digest(&path)? }))
    }

    /// The network with the bundle's weights; where the classes are others, with the last layer that it has.
    ///
    /// # Errors
    ///
    /// As [`weights::write`].
    pub(super) fn apply(&self, net: Net) -> Result<Net> {
        let mut weights = self.weights.clone();
        if self.new_head {
            weights.retain(|name, _| !name.starts_with(HEAD));
        }
        // A bundle has not what is of use in training alone.
        let own =
            |name: &str| TRAINING.iter().any(|head| name.starts_with(head)) || self.new_head && name.starts_with(HEAD);
        weights.extend(weights::read(&net).into_iter().filter(|(name, _)| own(name)));
        weights::write(net, weights)
    }
}

/// The bundle's chain and network must be the experiment's, but for dropout and what the scaler is fitted on.
fn fits(bundle: &Bundle, experiment: &Experiment, encoder: Option<&BundleEncoder>) -> std::result::Result<(), String> {
    let mut theirs = bundle.features.clone();
    theirs.scaler = experiment.features.scaler;
    let mut model = bundle.model.clone();
    model.dropout = experiment.model.dropout;
    differ("audio", &bundle.audio, &experiment.audio)?;
    differ("features", &theirs, &experiment.features)?;
    differ_in_encoder(bundle.encoder.as_ref(), encoder)?;
    differ("model", &model, &experiment.model)
}
