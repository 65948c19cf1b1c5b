//! What `run.json` says of a run.

use std::collections::BTreeSet;

use super::{Options, Prepared, Purpose};
use crate::{
    config::Experiment,
    corpus::Source,
    error::Result,
    protocol::{Caveat, Fold, audit::audit},
    run::{DataRecord, ProtocolRecord, RunRecord, Shots, Versions},
    task::Scale,
    train::{Averaging, Select, TrainOn},
};

/// What a run is; `before` are the corpora that the networks have seen which it comes from.
pub(super) fn record<'a>(
    prepared: &Prepared,
    fold: &Fold,
    seed: u64,
    data: DataRecord,
    before: impl Iterator<Item = &'a String>,
    options: &Options,
    purpose: &Purpose<'_>,
) -> Result<RunRecord> {
    let experiment = &prepared.experiment;
    let plan = &prepared.plan;
    // Each once, though copies of all corpora follow all clips in a demonstration of leaks.
    let corpora: BTreeSet<&str> = prepared.clips.iter().map(|clip| clip.corpus.as_str()).collect();
    let corpora: Vec<String> = corpora.into_iter().map(str::to_owned).collect();
    let seen =
        |corpus: &&String| fold.train.iter().chain(&fold.validation).any(|&i| prepared.clips[i].corpus == **corpus);
    let mut trained_on: Vec<String> = corpora.iter().filter(seen).cloned().collect();
    for corpus in before {
        if !trained_on.contains(corpus) {
            trained_on.push(corpus.clone());
        }
    }
    let unseeded = unseeded(experiment)?;
    let scaler = match plan.leak {
        Some(leak) if leak.scaler_on_all => "ALL CLIPS, those of the test side among them",
        _ => experiment.features.scaler.words(),
    };
    let figure = prepared.task.kind().figure();
    let selection = match (experiment.train.select, plan.leak) {
        (Select::Best, Some(leak)) if leak.selection_on_test => {
            format!("epoch with the best {figure} ON THE TEST SIDE")
        }
        _ if experiment.is_solved() => {
            let penalties = experiment.model.c.candidates().len();
            let which = match penalties {
                1 => "the penalty of the config".to_owned(),
                _ => {
                    format!("the one of {penalties} penalties that is best on speakers held out of what it learns from")
                }
            };
            format!("a linear head, solved for with {which}; test is never looked at")
        }
        (Select::Last, _) => "the last epoch, whatever its figures".to_owned(),
        (Select::Best, _) => format!("epoch with the best validation {figure}; test is never looked at"),
    };
    let averaged = match experiment.train.averaging {
        Averaging::None(_) => "",
        Averaging::Ema(_) => "; weights averaged over steps",
        Averaging::Swa(_) => "; weights averaged over epochs",
    };
    let started = if experiment.train.init.is_some() { "; started from a trained network" } else { "" };
    let distilled = match &experiment.distil {
        Some(distil) => format!("; distilled from {} trained networks", distil.bundles.len()),
        None => String::new(),
    };
    let opinions = match &experiment.task.opinions[..] {
        [] => String::new(),
        columns => format!("; taught as the mean of a clip's class and of {}", columns.join(", ")),
    };
    let choice = purpose.choice(&fold.name, seed);
    let chosen = choice.map_or(String::new(), |choice| {
        format!("; setting with the best validation {figure} of {}, chosen again in each fold", choice.candidates.len())
    });
    let (processor, level) = ser_kernels::processor();
    Ok(RunRecord {
        // Every table and picture names its experiment, and with it what it is not.
        experiment: match plan.brand() {
            Some(brand) => format!("{} [{brand}]", experiment.name),
            None => experiment.name.clone(),
        },
        fold: fold.name.clone(),
        seed,
        task: prepared.task.kind(),
        classes: prepared.task.outputs().to_vec(),
        targets: targets(prepared).map(|(name, _)| name.clone()).collect(),
        scales: prepared.task.scales().iter().chain(targets(prepared).map(|(_, scale)| scale)).copied().collect(),
        protocol: ProtocolRecord {
            name: plan.kind.name().to_owned(),
            speaker_independent: plan.speaker_independent,
            description: plan.description.clone(),
            validation_rule: plan.validation_rule(),
            selection: format!("{selection}{chosen}{averaged}{started}{distilled}{opinions}"),
            scaler: scaler.to_owned(),
            corpora,
            split_seed: experiment.protocol.seed,
            folds: plan.folds.iter().map(|fold| fold.name.clone()).collect(),
            brand: plan.brand().map(str::to_owned),
            leak: plan.leak,
            validation: plan.validation.clone(),
            test_sides: Some(plan.test_sides(&prepared.clips[..plan.clips()])),
            caveats: caveats(&plan.caveats, &prepared.experiment.train.calibrate_on),
            shots: experiment
                .protocol
                .shot_speakers
                .map(|speakers| Shots { clips: experiment.protocol.shots.unwrap_or(0), speakers }),
            validation_learnt: experiment.train.train_on == TrainOn::TrainAndValidation,
        },
        trained_on,
        audit: audit(&prepared.clips[..plan.clips()], plan, fold, scaler),
        synthetic: prepared.clips.iter().any(|clip| matches!(clip.source, Source::Synthetic(_))),
        config_hash: match purpose {
            // Folds differ in their settings, and are of one search.
            Purpose::Chosen { grid, .. } => (*grid).to_owned(),
            _ => hash(&unseeded),
        },
        data: Some(data),
        versions: Versions {
            ser: env!("CARGO_PKG_VERSION").to_owned(),
            burn: burn_version(),
            device: match options.gpus {
                0 | 1 => options.device.name().to_owned(),
                gpus => format!("{} x {gpus}", options.device),
            },
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            processor,
            simd: level.to_string(),
        },
        choice: choice.cloned(),
        candidate: matches!(purpose, Purpose::Candidate),
    })
}

/// A config without its seed.
pub(super) fn unseeded(experiment: &Experiment) -> Result<String> {
    Experiment { seed: 0, ..experiment.clone() }.to_toml()
}

/// The hash by which configs are told apart.
pub(super) fn hash(config: &str) -> String {
    blake3::hash(config.as_bytes()).to_hex()[..16].to_owned()
}

/// The numbers that are learnt beside a class, with their ranges.
pub(super) fn targets(prepared: &Prepared) -> impl Iterator<Item = (&String, &Scale)> {
    let parts = prepared.task.beside().iter().filter(|part| part.is_answer());
    parts.flat_map(|part| part.task.outputs().iter().zip(part.task.scales()))
}

/// What the figures do not cover: the plan's, and that confidence was fitted on test clips of the corpora named.
fn caveats(of_plan: &[Caveat], calibrate_on: &[String]) -> Vec<Caveat> {
    let fitted = Some(calibrate_on).filter(|corpora| !corpora.is_empty());
    let fitted = fitted.map(|corpora| Caveat::CalibratedOnTest { corpora: corpora.to_vec() });
    of_plan.iter().cloned().chain(fitted).collect()
}

/// Burn's version, as Cargo.toml pins it.
fn burn_version() -> String {
    let manifest: toml::Table = include_str!("../../Cargo.toml").parse().unwrap_or_default();
    let dependencies = manifest.get("workspace").and_then(|workspace| workspace.get("dependencies"));
    let version = dependencies.and_then(|all| all.get("burn")?.get("version")?.as_str());
    version.unwrap_or("unknown").trim_start_matches('=').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_that_was_fitted_on_test_clips_is_told_of() {
        assert_eq!(caveats(&[], &[]), []);
        let told = caveats(&[], &["tess".to_owned(), "savee".to_owned()]);
        assert_eq!(told.len(), 1);
        assert!(told[0].to_string().starts_with("CALIBRATED ON TEST CLIPS of tess, savee:"), "{}", told[0]);
        assert!(!told[0].bars_published());
    }

    #[test]
    fn the_version_of_burn_is_the_manifests() {
        assert!(burn_version().starts_with("0."), "{}", burn_version());
    }
}
