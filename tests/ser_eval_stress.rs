//! `ser-eval stress` as its users meet it.

mod common;

use std::{fs, path::Path};

use common::{Ran, TINY, program, run, train};
use serde_json::Value;

/// Two emotions, which a linear head tells apart.
const EASY: &str =
    "\n[labels]\nmap = { neutral = 'drop', happy = 'drop', fear = 'drop', disgust = 'drop', surprise = 'drop' }\n";
const FEW: [&str; 2] = ["--bootstrap", "100"];

fn stress(dir: &Path, bundle: &str, arguments: &[&str]) -> Ran {
    let stress = ["stress", bundle, "--config", "config.toml"];
    run(program("ser-eval", dir).args(stress).args(arguments).args(FEW))
}

fn found(file: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

fn wav(path: &Path, samples: impl Iterator<Item = i16>) {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    samples.for_each(|sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
}

/// `test` → a number of it.
fn number(test: &Value, key: &str) -> f64 {
    test[key].as_f64().unwrap_or_else(|| panic!("{key}: {test}"))
}

#[test]
fn test_clips_are_altered_and_answered_again() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = TINY.replace("folds = 3", "folds = 2").replace("[model]", "[model]\nkind = 'linear'") + EASY;
    run(train(d, &config).args(["--fold", "0"])).succeeds();
    let (folder, bundle) = ("experiments/tiny/fold-0/seed-42", "experiments/tiny/fold-0/seed-42/bundle");
    let ran = stress(d, folder, &["--limit", "12"]);
    for part in ["12 clips of 6 speakers", "not decided", "babble", "telephone", "room", "stress.html", "SYNTHETIC"] {
        assert!(ran.succeeds().stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let json = found(&d.join(folder).join("stress/stress.json"));
    let tests = json["tests"].as_array().unwrap();
    assert!(tests.len() >= 40 && json["schema"] == "ser-stress/1" && json["left_out"].as_u64() > Some(0), "{json}");
    let of = |name: &str| tests.iter().find(|test| test["name"] == name).unwrap_or_else(|| panic!("no {name}"));
    // What is altered little changes little, and what is drowned changes much.
    assert_eq!(number(of("inverted"), "unchanged"), 1.0, "power does not know which side is up");
    assert!(number(of("least-bit"), "unchanged") >= 0.9);
    assert!(number(of("white-0db"), "unchanged") < number(of("white-30db"), "unchanged"));
    assert!(number(of("low-pass-1000hz"), "difference") <= 0.0);
    let mut decisions = std::collections::BTreeSet::new();
    for test in tests {
        let (clean, uar) = (number(&json["clean"], "uar"), number(test, "uar"));
        assert!((uar - clean - number(test, "difference")).abs() < 1e-9, "{test}");
        let (low, high) = (number(&test["difference_interval"], "low"), number(&test["difference_interval"], "high"));
        assert!(low <= high, "{test}");
        let by_uar = if low >= -0.05 {
            "passed"
        } else if high < -0.05 {
            "failed"
        } else {
            "not-decided"
        };
        assert_eq!(test["uar_decision"], by_uar, "{test}");
        let decision = test["decision"].as_str().unwrap();
        assert!(decision == by_uar || !test["unchanged_limit"].is_null(), "{test}");
        decisions.insert(decision.to_owned());
    }
    assert!(decisions.contains("passed") && decisions.contains("failed"), "{decisions:?}");

    // The report of the run has a section of it; that of a run without has none.
    run(program("ser-eval", d).arg(folder)).succeeds();
    let page = fs::read_to_string(d.join(folder).join("report/report.html")).unwrap();
    for part in ["id=\"robustness\"", "white noise, 0 dB", "UAR in rooms"] {
        assert!(page.contains(part), "{part}");
    }
    let own = fs::read_to_string(d.join(folder).join("stress/stress.html")).unwrap();
    assert!(own.contains("white noise, 0 dB") && d.join(folder).join("stress/stress-tests.png").is_file());

    // The same to the last byte with one thread, and other noise with another seed.
    let with = |seed: &str, threads: &str, out: &str| {
        let stress = ["stress", bundle, "--config", "config.toml", "--limit", "4", "--suite", "robuser"];
        let out = ["--seed", seed, "--out", out];
        run(program("ser-eval", d).env("RAYON_NUM_THREADS", threads).args(stress).args(FEW).args(out)).succeeds();
        fs::read_to_string(d.join(out[3]).join("stress.json")).unwrap()
    };
    let robuser = with("1", "1", "one");
    assert_eq!(robuser, with("1", "3", "three"));
    assert_ne!(robuser, with("2", "3", "other"));
    // A test does not depend on which others are made.
    let (robuser, four): (Value, Value) = (serde_json::from_str(&robuser).unwrap(), {
        stress(d, bundle, &["--limit", "4", "--suite", "ser-tests", "--out", "four"]).succeeds();
        found(&d.join("four/stress.json"))
    });
    let of =
        |json: &Value| json["tests"].as_array().unwrap().iter().find(|test| test["name"] == "babble-20db").cloned();
    assert!(of(&robuser).is_some() && of(&robuser) == of(&four));

    // Noise and rooms of one's own.
    for folder in ["noises", "rooms"] {
        fs::create_dir(d.join(folder)).unwrap();
    }
    wav(&d.join("noises/saw.wav"), (0..8_000).map(|i| ((i * 977) % 20_011 - 10_000) as i16));
    wav(&d.join("rooms/echo.wav"), (0..4_000).map(|i| if i % 1_000 == 0 { 30_000 / (1 + i / 500) as i16 } else { 0 }));
    let folders = ["--noises", "noises", "--rooms", "rooms", "--suite", "robuser", "--limit", "4", "--out", "own"];
    stress(d, bundle, &folders).succeeds();
    let json = found(&d.join("own/stress.json"));
    for name in ["noises-20db", "room-of-folder"] {
        let test = json["tests"].as_array().unwrap().iter().find(|test| test["name"] == name).unwrap();
        assert!(number(test, "uar") <= 1.0 && test["unanswered"] == 0, "{test}");
    }

    // What cannot be meant is refused.
    stress(d, bundle, &["--noises", "nowhere", "--out", "x"]).fails(2, &["--noises", "nowhere"]);
    stress(d, bundle, &["--limit", "0", "--out", "x"]).fails(2, &["--limit 0"]);
    stress(d, bundle, &["--fold", "7", "--out", "x"]).fails(2, &["--fold 7", "0, 1"]);
    stress(d, bundle, &["--fold", "1", "--out", "x"]).fails(2, &["may have been learnt"]);
    stress(d, bundle, &["--set", "protocol.folds=4", "--out", "x"]).fails(2, &["may have been learnt"]);
    stress(d, bundle, &["--set", "protocol.kind=leak-demo", "--out", "x"]).fails(2, &["leak"]);
    assert!(!d.join("x").exists());
}

#[test]
fn two_speakers_decide_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    run(train(d, &TINY.replace("folds = 3", "folds = 6")).args(["--fold", "0", "--set", "train.epochs=1"])).succeeds();
    let arguments = ["--suite", "ser-tests", "--limit", "6", "--out", "two"];
    stress(d, "experiments/tiny/fold-0/seed-42", &arguments).succeeds();
    let json = found(&d.join("two/stress.json"));
    assert_eq!(json["speakers"], 2);
    assert!(json["warnings"].to_string().contains("decide nothing"), "{json}");
    assert!(json["tests"].as_array().unwrap().iter().all(|test| test["decision"] == "not-decided"), "{json}");
}

/// A recogniser that says the same of every clip stands everything, and knows nothing.
#[test]
fn chance_passes_no_test() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = TINY.replace("folds = 3", "folds = 2");
    let untrained = ["--fold", "0", "--set", "train.epochs=1", "--set", "train.learning_rate=1e-9"];
    run(train(d, &config).args(untrained)).succeeds();
    let folder = "experiments/tiny/fold-0/seed-42";
    let ran = stress(d, folder, &["--suite", "robuser", "--limit", "12", "--out", "chance"]);
    assert!(ran.succeeds().stdout.contains("by chance"), "{}", ran.stdout);
    let json = found(&d.join("chance/stress.json"));
    assert!(json["speakers"].as_u64() >= Some(4));
    assert!(json["tests"].as_array().unwrap().iter().all(|test| test["decision"] != "passed"), "{json}");
}
