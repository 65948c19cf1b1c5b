//! Made-up predictions, runs and evaluations for tests.

use std::path::Path;

use rand::RngExt;

use super::{Evaluation, evaluate};
use crate::{
    config::LabelsConfig,
    protocol::Side,
    rng,
    run::{
        Done, EpochRecord, Finished, Looks, NumberRow, Numbers, Prediction, Predictions, RunDir, RunRecord, SplitRow,
    },
    task,
};

/// `clips` clips of each of `speakers` speakers (at most ten), predicted under every seed; about a share of `right` of
/// them are recognised, and probabilities go with the predictions.
pub(crate) fn predictions(speakers: usize, clips: usize, classes: usize, seeds: &[u64], right: f64) -> Predictions {
    let mut rows = vec![];
    for &seed in seeds {
        let mut stream = rng::stream(seed, &[&"fake predictions"]);
        for (speaker, clip) in (0..speakers).flat_map(|s| (0..clips).map(move |c| (s, c))) {
            let truth = clip % classes;
            let wanted = if stream.random::<f64>() < right { truth } else { stream.random_range(0..classes) };
            let mut probabilities: Vec<f32> = (0..classes).map(|_| stream.random::<f32>() + 0.01).collect();
            probabilities[wanted] += 1.0;
            let sum: f32 = probabilities.iter().sum();
            probabilities.iter_mut().for_each(|p| *p /= sum);
            rows.push(Prediction {
                clip: format!("c/{speaker}/{clip:03}"),
                speaker: format!("c/{speaker}"),
                fold: "0".into(),
                seed,
                truth,
                prediction: wanted,
                probabilities,
            });
        }
    }
    Predictions { classes: (0..classes).map(|class| format!("class {class}")).collect(), rows }
}

/// A finished run of one fold with made-up predictions; validation is another speaker's.
pub(crate) fn finished(name: &str, rows: Vec<Prediction>, classes: &[String], seed: u64) -> Finished {
    let mut validation = rows.clone();
    for row in &mut validation {
        row.clip = row.clip.replace("c/", "c/v");
        row.speaker = row.speaker.replace("c/", "c/v");
    }
    let split = |rows: &[Prediction], side| -> Vec<SplitRow> {
        let of = |row: &Prediction| SplitRow {
            clip: row.clip.clone(),
            speaker: row.speaker.clone(),
            emotion: classes[row.truth].clone(),
            side,
            hash: None,
        };
        rows.iter().map(of).collect()
    };
    let record: RunRecord = serde_json::from_value(serde_json::json!({
        "experiment": name, "fold": "0", "seed": seed, "classes": classes, "synthetic": false, "config_hash": "abc",
        "protocol": {
            "name": "speaker-kfold", "speaker_independent": true, "description": "by speaker", "folds": ["0"],
            "validation_rule": "speakers", "selection": "best validation UAR", "scaler": "training side alone",
            "corpora": ["c"], "split_seed": 42
        },
        "audit": {
            "clips": [0, rows.len(), rows.len()], "speakers": [0, 0, 0], "sentences": [0, 0, 0],
            "shared_clips": [], "shared_copies": [], "shared_audio": [], "shared_speakers": [],
            "shared_validation_speakers": [], "shared_sentences": 0, "shared_corpora": [],
            "recordings_across_speakers": 0, "scaler": "training side alone", "selection_on_test": false
        },
        "versions": {"ser": "0", "burn": "0", "device": "flex", "platform": "test"}
    }))
    .unwrap();
    let epoch = |epoch| EpochRecord {
        epoch,
        train_loss: 1.0 / epoch as f64,
        validation_loss: 1.2 / epoch as f64,
        validation: crate::events::Figure::Uar(0.4),
        learning_rate: 1e-3,
    };
    Finished {
        dir: RunDir::of(Path::new("here"), "0", seed),
        record,
        done: Done {
            best_epoch: 2,
            epochs: 3,
            task: crate::task::Kind::Classification,
            validation: 0.4,
            test: 0.5,
            seconds: 1.5,
            c: None,
        },
        epochs: (1..=3).map(epoch).collect(),
        split: [split(&rows, Side::Test), split(&validation, Side::Validation)].concat(),
        predictions: Predictions { classes: classes.to_vec(), rows },
        validation: Predictions { classes: classes.to_vec(), rows: validation },
        clips: vec![],
        embeddings: None,
        parts: Vec::new(),
        temperatures: None,
        looks: Looks::default(),
        labels: LabelsConfig::default(),
    }
}

/// The runs of an experiment over three classes, one a seed.
pub(crate) fn runs(name: &str, speakers: usize, clips: usize, seeds: &[u64], right: f64) -> Vec<Finished> {
    let all = predictions(speakers, clips, 3, seeds, right);
    let of = |seed| all.rows.iter().filter(|row| row.seed == seed).cloned().collect();
    seeds.iter().map(|&seed| finished(name, of(seed), &all.classes, seed)).collect()
}

/// An experiment over three classes.
pub(crate) fn evaluation(name: &str, speakers: usize, clips: usize, seeds: &[u64], right: f64) -> Evaluation {
    evaluate(runs(name, speakers, clips, seeds, right)).unwrap()
}

/// The runs of an experiment that has learnt two numbers on scales of their own, one a seed; predictions are off by about
/// `noise` of their range, and keep to its middle.
pub(crate) fn number_runs(speakers: usize, clips: usize, seeds: &[u64], noise: f64) -> Vec<Finished<Numbers>> {
    let targets = vec!["arousal".to_owned(), "valence".to_owned()];
    let scales = vec![task::Scale { low: 1.0, high: 7.0 }, task::Scale { low: -1.0, high: 1.0 }];
    let classes = runs("numbers", speakers, clips, seeds, 0.5);
    let turn = |run: Finished| {
        let mut stream = rng::stream(run.record.seed, &[&"fake numbers"]);
        let mut row = |of: &Prediction| {
            // The truth is the clip's own, whatever the seed.
            let mut own = rng::stream(7, &[&"fake truth", &of.clip.as_str()]);
            let parts: Vec<f64> = scales.iter().map(|_| own.random::<f64>()).collect();
            let guess = |part: &f64| (0.2 + 0.6 * part + noise * (stream.random::<f64>() - 0.5)).clamp(0.0, 1.0);
            let guesses: Vec<f64> = parts.iter().map(guess).collect();
            let value = |(part, scale): (&f64, &task::Scale)| scale.low + (scale.high - scale.low) * part;
            NumberRow {
                clip: of.clip.clone(),
                speaker: of.speaker.clone(),
                fold: of.fold.clone(),
                seed: of.seed,
                truth: parts.iter().zip(&scales).map(value).collect(),
                prediction: guesses.iter().zip(&scales).map(value).collect(),
            }
        };
        let [predictions, validation] =
            [&run.predictions, &run.validation].map(|of| of.rows.iter().map(&mut row).collect());
        let table = |rows| Numbers { targets: targets.clone(), rows };
        Finished {
            record: RunRecord {
                task: task::Kind::Regression,
                classes: targets.clone(),
                scales: scales.clone(),
                ..run.record
            },
            done: Done { task: task::Kind::Regression, ..run.done },
            predictions: table(predictions),
            validation: table(validation),
            dir: run.dir,
            epochs: run.epochs,
            split: run.split,
            clips: run.clips,
            embeddings: None,
            parts: Vec::new(),
            temperatures: None,
            labels: run.labels,
            looks: run.looks,
        }
    };
    classes.into_iter().map(turn).collect()
}

/// The runs of an experiment that has learnt the votes of nine listeners for three classes, one a seed; predictions are near them.
pub(crate) fn vote_runs(speakers: usize, clips: usize, seeds: &[u64]) -> Vec<Finished<Numbers>> {
    let classes: Vec<String> = ["angry", "neutral", "sad"].map(str::to_owned).into();
    let mut runs = number_runs(speakers, clips, seeds, 0.5);
    for run in &mut runs {
        run.record.task = task::Kind::Distribution;
        run.record.classes = classes.clone();
        run.record.scales.clear();
        run.done.task = task::Kind::Distribution;
        for table in [&mut run.predictions, &mut run.validation] {
            table.targets = classes.clone();
            for row in &mut table.rows {
                let mut own = rng::stream(7, &[&"fake votes", &row.clip.as_str()]);
                let most = own.random_range(3..=9usize);
                let second = own.random_range(0..=(9 - most).min(most));
                let mut votes = [most as f64, second as f64, (9 - most - second) as f64];
                votes.rotate_left(own.random_range(0..3));
                row.truth = votes.to_vec();
                let mut stream = rng::stream(row.seed, &[&"fake answers", &row.clip.as_str()]);
                let answer = votes.map(|vote| vote / 9.0 + 0.3 * stream.random::<f64>());
                let sum: f64 = answer.iter().sum();
                row.prediction = answer.map(|part| part / sum).to_vec();
            }
        }
    }
    runs
}
