//! Bundles for tests: small networks with weights that nobody trained.

use burn::tensor::Device;
use rand::RngExt;

use super::{Bundle, Figures, SideFigures};
use crate::{
    adapt::Adaptation,
    arrays::Precision,
    audio::AudioConfig,
    frontend::{FeaturesConfig, Scaler, spectral::Kind},
    model::{ModelConfig, Net, weights},
    rng, task,
};

/// A bundle over three classes; another for every seed.
pub(crate) fn bundle(seed: u64) -> Bundle {
    let classes: Vec<String> = ["angry", "happy", "sad"].map(String::from).into();
    let model = ModelConfig { channels: vec![4, 6], hidden: 5, dense: 4, ..ModelConfig::default() };
    let features = FeaturesConfig { kinds: vec![Kind::Mfcc], ..FeaturesConfig::default() };
    let side = SideFigures { clips: 30, uar: Some(0.5), ccc: None, likeness: None, loss: Some(1.25) };
    // Not from the device's generator, which other tests share.
    let mut weights = weights::read(&Net::new(&model, features.dims(), classes.len(), &Device::flex()));
    for (name, weight) in &mut weights {
        let stream = &mut rng::stream(seed, &[name]);
        let low = if name.contains("running_var") { 0.5 } else { -0.7 };
        weight.values.iter_mut().for_each(|value| *value = stream.random_range(low..0.9));
    }
    Bundle {
        task: task::Kind::Classification,
        targets: Vec::new(),
        scales: Vec::new(),
        scaler: Some(Scaler { mean: vec![0.5; features.dims()], std: vec![20.0; features.dims()] }),
        temperature: Some(0.75),
        doubt: None,
        adaptation: Some(adaptation()),
        figures: Some(Figures { best_epoch: 3, validation: side, test: side }),
        precision: Precision::F32,
        record: serde_json::from_value(serde_json::json!({
            "experiment": "made-up", "fold": "0", "seed": seed, "classes": classes, "synthetic": true,
            "config_hash": "0123456789abcdef",
            "protocol": {
                "name": "speaker-kfold", "speaker_independent": true, "description": "by speaker", "folds": ["0"],
                "validation_rule": "speakers", "selection": "best validation UAR", "scaler": "training side alone",
                "corpora": ["c"], "split_seed": 42
            },
            "audit": {
                "clips": [70, 30, 30], "speakers": [7, 3, 3], "sentences": [0, 0, 0],
                "shared_clips": [], "shared_copies": [], "shared_audio": [], "shared_speakers": [],
                "shared_validation_speakers": [], "shared_sentences": 0, "shared_corpora": [],
                "recordings_across_speakers": 0, "scaler": "training side alone", "selection_on_test": false
            },
            "versions": {"ser": "0.1.0", "burn": "0.22.1", "device": "flex", "platform": "test"}
        }))
        .unwrap(),
        audio: AudioConfig::default(),
        classes,
        features,
        encoder: None,
        speaker: None,
        model,
        weights,
        inside: None,
        beside: vec![],
        factor: None,
        vote: None,
    }
}

/// What nobody has fitted: three classes that lie apart.
fn adaptation() -> Adaptation {
    let unit = |by: f64| vec![vec![by, 0.0], vec![0.0, by]];
    Adaptation {
        seconds: 2.5,
        speakers: 3,
        means: vec![vec![-2.0, -1.0], vec![2.0, -1.0], vec![0.0, 2.0]],
        within: unit(1.0),
        prior: unit(2.0),
        centred: None,
        second: None,
        sharpness: None,
    }
}
