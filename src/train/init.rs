//! `train.init`: starting from a bundle's weights. What it has heard must not be tested on, and whatever does not fit is
//! either an error or said aloud.

use std::path::{Path, PathBuf};

use super::experiment::Prepared;
use crate::{
    config::Experiment,
    error::{Error, Result},
    model::{
        Net,
        weights::{self, Weights},
    },
    predict::Bundle,
    protocol::{Fold, Side},
    run::SplitRow,
};

/// The weights that a run starts from.
#[derive(Debug, Clone)]
pub(super) struct Start {
    weights: Weights,
    /// Whether the last layer is another one's.
    new_head: bool,
    /// What is started from, for people.
    pub words: String,
}

/// The parameters of the last layer.
const HEAD: &str = "classes.";

/// Bundles that were started from bundles, and so on: no more than this.
const LONGEST_LINE: usize = 16;

impl Start {
    /// Reads what the config asks for; nothing where it asks for random weights.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the bundle's network, features or audio are not the experiment's, or where it may have
    /// heard what is tested on; otherwise as [`Bundle::load`].
    pub(super) fn load(prepared: &Prepared, fold: &Fold, seed: u64) -> Result<Option<Self>> {
        let Some(init) = &prepared.experiment.train.init else { return Ok(None) };
        let path = place(init, &fold.name, seed);
        let bundle = Bundle::load(&path)?;
        fits(&bundle, &prepared.experiment).map_err(|e| refused(&path, &e))?;
        check_heard(&path, &bundle, prepared, fold)?;
        let new_head = bundle.classes != prepared.classes;
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
        Ok(Some(Self { weights: bundle.weights, new_head, words }))
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
            weights.extend(weights::read(&net).into_iter().filter(|(name, _)| name.starts_with(HEAD)));
        }
        weights::write(net, weights)
    }
}

fn place(init: &str, fold: &str, seed: u64) -> PathBuf {
    PathBuf::from(init.replace("{fold}", fold).replace("{seed}", &seed.to_string()))
}

fn refused(path: &Path, problem: &str) -> Error {
    Error::Config(format!("train.init = {}: {problem}", path.display()))
}

/// The bundle's chain and network must be the experiment's, but for dropout and what the scaler is fitted on.
fn fits(bundle: &Bundle, experiment: &Experiment) -> std::result::Result<(), String> {
    let mut theirs = bundle.features.clone();
    theirs.scaler = experiment.features.scaler;
    let mut model = bundle.model.clone();
    model.dropout = experiment.model.dropout;
    differ("audio", &bundle.audio, &experiment.audio)?;
    differ("features", &theirs, &experiment.features)?;
    differ("model", &model, &experiment.model)
}

/// Names the first key of a table in which two settings differ.
fn differ<T: serde::Serialize>(table: &str, theirs: &T, ours: &T) -> std::result::Result<(), String> {
    let keys = |value: &T| toml::Table::try_from(value).map_err(|e| e.to_string());
    let (theirs, ours) = (keys(theirs)?, keys(ours)?);
    let shown = |table: &toml::Table, key: &str| table.get(key).map_or("nothing".to_owned(), ToString::to_string);
    match theirs.keys().chain(ours.keys()).find(|key| theirs.get(*key) != ours.get(*key)) {
        None => Ok(()),
        Some(key) => Err(format!(
            "its {table}.{key} is {}, this experiment's {}: they must be the same",
            shown(&theirs, key),
            shown(&ours, key)
        )),
    }
}

/// Refuses a bundle that has heard, itself or through what it was started from, speakers (under a speaker-dependent
/// protocol: clips) that the fold tests on; also one of which that cannot be known.
fn check_heard(path: &Path, bundle: &Bundle, prepared: &Prepared, fold: &Fold) -> Result<()> {
    let tested = || fold.test.iter().map(|&clip| &prepared.clips[clip]);
    let mut corpora: Vec<&str> = tested().map(|clip| clip.corpus.as_str()).collect();
    corpora.sort_unstable();
    corpora.dedup();
    let (mut path, mut of) = (path.to_owned(), bundle.record.heard().to_vec());
    for _ in 0..LONGEST_LINE {
        let run = path.parent().unwrap_or(Path::new("."));
        let (split, config) = (run.join("split.csv"), run.join("config.toml"));
        if let Some(shared) = of.iter().find(|corpus| corpora.contains(&corpus.as_str())) {
            if !split.exists() {
                return Err(refused(
                    &path,
                    &format!(
                        "it was trained on {shared}, which fold {} tests on, and there is no {} to show that these \
                         speakers were not among it: leave the bundle in its run's folder",
                        fold.name,
                        split.display()
                    ),
                ));
            }
            let heard: std::collections::HashSet<String> = SplitRow::read_all(&split)?
                .into_iter()
                .filter(|row| row.side != Side::Test)
                .map(|row| if prepared.plan.speaker_independent { row.speaker } else { row.clip })
                .collect();
            let of_ours = |clip: &crate::corpus::Clip| {
                if prepared.plan.speaker_independent { clip.speaker_key() } else { clip.id.clone() }
            };
            if let Some(one) = tested().map(of_ours).find(|id| heard.contains(id)) {
                return Err(refused(
                    &path,
                    &format!(
                        "it has heard {one} in training or validation, which fold {} tests on; name a bundle of the same \
                         fold (train.init may hold {{fold}} and {{seed}})",
                        fold.name
                    ),
                ));
            }
        }
        // What the bundle itself was started from.
        if !config.exists() {
            return Ok(());
        }
        let theirs = Experiment::load(&config, &[])?;
        let Some(init) = &theirs.train.init else { return Ok(()) };
        let name = run.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        path = place(init, name.strip_prefix("fold-").unwrap_or(&name), theirs.seed);
        of = Bundle::load(&path)?.record.heard().to_vec();
    }
    Err(refused(&path, "its line of bundles that started from bundles does not end"))
}
