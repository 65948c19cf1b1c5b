//! What a bundle has seen, itself or through the bundles that it comes from: none of it may be tested on, and nothing that
//! was trained on may be validated on.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use super::Prepared;
use crate::{
    bundle::{self, BuiltIn, Bundle, BundleEncoder},
    config::Experiment,
    error::{Error, Result},
    frontend::EncoderConfig,
    protocol::{Fold, Side},
    run::SplitRow,
    train::TrainOn,
};

/// Bundles that come from bundles, and so on: no more generations than this.
const GENERATIONS: usize = 16;

/// The place that a config names, in which `{fold}` and `{seed}` stand for the run's.
pub(super) fn place(named: &str, fold: &str, seed: u64) -> PathBuf {
    PathBuf::from(named.replace("{fold}", fold).replace("{seed}", &seed.to_string()))
}

/// The bundle at `path`, which the config's `key` names, cannot be used.
pub(super) fn refused(key: &str, path: &Path, problem: &str) -> Error {
    Error::Config(format!("{key} = {}: {problem}", path.display()))
}

/// The digest of the file of the bundle at `path`.
///
/// # Errors
///
/// As [`bundle::find`] and [`bundle::bytes`].
pub(super) fn digest(path: &Path) -> Result<blake3::Hash> {
    let file = bundle::find(path)?.into_iter().next().unwrap_or_else(|| path.to_owned());
    Ok(blake3::hash(&bundle::bytes(&file)?))
}

/// Names the first key of a table in which two settings differ.
pub(super) fn differ<T: serde::Serialize>(table: &str, theirs: &T, ours: &T) -> std::result::Result<(), String> {
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

/// Says where a bundle's network works on other states than the experiment's: encoders are the same by digest, whatever
/// they are called.
pub(super) fn differ_in_encoder(
    theirs: Option<&BundleEncoder>,
    ours: Option<&BundleEncoder>,
) -> std::result::Result<(), String> {
    match (theirs, ours) {
        (None, None) => Ok(()),
        (Some(theirs), Some(ours)) if theirs.digest == ours.digest => {
            let states = |of: &BundleEncoder| EncoderConfig { path: ours.config.path.clone(), ..of.config.clone() };
            differ("encoder", &states(theirs), &states(ours))
        }
        (theirs, ours) => {
            let named = |of: Option<&BundleEncoder>| {
                let words = |of: &BundleEncoder| format!("{} ({})", of.name, of.digest.get(..12).unwrap_or(&of.digest));
                of.map_or("none".to_owned(), words)
            };
            Err(format!("its encoder is {}, this experiment's {}: they must be the same", named(theirs), named(ours)))
        }
    }
}

/// Refuses a bundle that has seen, itself or through those that it was started or distilled from, speakers (under a
/// speaker-dependent protocol: clips) that the fold tests on, or was trained on clips that the fold validates on; also one of
/// which that cannot be known.
///
/// # Errors
///
/// [`Error::Config`] that names `key` and the bundle; otherwise as [`Bundle::load`].
pub(super) fn check_seen(key: &str, path: &Path, bundle: &Bundle, prepared: &Prepared, fold: &Fold) -> Result<()> {
    Lineage { key, prepared, fold }.check(path, bundle, GENERATIONS)
}

struct Lineage<'a> {
    key: &'a str,
    prepared: &'a Prepared,
    fold: &'a Fold,
}

impl Lineage<'_> {
    fn check(&self, path: &Path, bundle: &Bundle, left: usize) -> Result<()> {
        let refused = |problem: &str| refused(self.key, path, problem);
        if !bundle.beside.is_empty() {
            return Err(refused("it is several networks that vote: name the bundles of the runs that it was made of"));
        }
        if left == 0 {
            return Err(refused("its line of bundles that come from bundles does not end"));
        }
        let (seen, sides) = (bundle.record.seen(), [&self.fold.test[..], self.validated()]);
        let shared =
            sides.concat().into_iter().map(|clip| &self.prepared.clips[clip].corpus).find(|c| seen.contains(c));
        let built_in = BuiltIn::named(path).is_some();
        let run = run_of(path)?;
        let (split, config) = (run.join("split.csv"), run.join("config.toml"));
        if built_in || !split.exists() {
            return match shared {
                None => Ok(()),
                Some(corpus) if built_in => Err(refused(&format!(
                    "it was trained on {corpus}, which fold {} tests or validates on, and a model in the program does not \
                     tell which clips it has seen",
                    self.fold.name
                ))),
                Some(corpus) => Err(refused(&format!(
                    "it was trained on {corpus}, which fold {} tests or validates on, and there is no {} to show what of \
                     it was seen: leave the bundle in its run's folder",
                    self.fold.name,
                    split.display()
                ))),
            };
        }
        if shared.is_some() {
            self.compare(&SplitRow::read_all(&split)?, bundle.record.protocol.validation_learnt)
                .map_err(|problem| refused(&problem))?;
        }
        if !config.exists() {
            return Err(refused(&format!("there is no {} to show what it comes from", config.display())));
        }
        let theirs = Experiment::load(&config, &[])?;
        let teachers = theirs.distil.iter().flat_map(|distil| &distil.bundles);
        for named in theirs.train.init.iter().chain(teachers) {
            let path = place(named, &bundle.record.fold, bundle.record.seed);
            self.check(&path, &Bundle::load(&path)?, left - 1)?;
        }
        Ok(())
    }

    /// The clips that the fold validates on and does not learn from.
    fn validated(&self) -> &[usize] {
        match self.prepared.experiment.train.train_on {
            TrainOn::Train => &self.fold.validation,
            TrainOn::TrainAndValidation => &[],
        }
    }

    /// What is wrong between the split of another run and ours.
    fn compare(&self, theirs: &[SplitRow], validation_learnt: bool) -> std::result::Result<(), String> {
        let fold = &self.fold.name;
        let by_speaker = self.prepared.plan.speaker_independent;
        let seen: HashSet<&str> = theirs
            .iter()
            .filter(|row| row.side != Side::Test)
            .map(|row| if by_speaker { row.speaker.as_str() } else { row.clip.as_str() })
            .collect();
        let mut tested = self.fold.test.iter().map(|&clip| {
            let clip = &self.prepared.clips[clip];
            if by_speaker { clip.speaker_key() } else { clip.id.clone() }
        });
        if let Some(one) = tested.find(|id| seen.contains(id.as_str())) {
            return Err(format!(
                "it has seen {one} in training or validation, which fold {fold} tests on; name a bundle of the same fold \
                 ({} may hold {{fold}} and {{seed}})",
                self.key
            ));
        }
        let trained: HashSet<&str> = theirs
            .iter()
            .filter(|row| row.side == Side::Train || (validation_learnt && row.side == Side::Validation))
            .map(|row| row.clip.as_str())
            .collect();
        let mut validated = self.validated().iter().map(|&clip| self.prepared.clips[clip].id.as_str());
        match validated.find(|id| trained.contains(id)) {
            None => Ok(()),
            Some(one) => Err(format!(
                "it was trained on {one}, which fold {fold} validates on; name a bundle of the same fold ({} may hold \
                 {{fold}} and {{seed}})",
                self.key
            )),
        }
    }
}

/// The folder of the run that left the bundle at `path`: where its split and config are, if it was not moved.
fn run_of(path: &Path) -> Result<PathBuf> {
    let file = bundle::find(path)?.into_iter().next().unwrap_or_else(|| path.to_owned());
    let folder = file.parent().unwrap_or(Path::new(".")).to_owned();
    Ok(match folder.file_name() {
        Some(name) if name == "bundle" => folder.parent().unwrap_or(Path::new(".")).to_owned(),
        _ => folder,
    })
}
