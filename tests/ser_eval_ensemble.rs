//! Linear heads that pick their penalty, and the mean of several experiments, as their users meet them.

mod common;

use std::{collections::BTreeMap, fs, path::Path};

use common::{Ran, TINY, program, run, train};

/// A table's rows by clip, with their probabilities.
fn probabilities(path: &Path) -> BTreeMap<String, Vec<f64>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        (row[0].to_owned(), row.iter().skip(6).map(|p| p.parse().unwrap()).collect())
    });
    rows.collect()
}

/// What a program printed, without the ends of lines.
fn unwrapped(ran: &Ran) -> String {
    ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_head_picks_its_penalty_on_training_speakers_and_answers_are_averaged() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = TINY.replace("[model]", "[model]\nkind = 'linear'");
    let of = |out: &str, set: &[&str]| -> Ran {
        let mut command = train(d, &config);
        command.args(["--fold", if ["a", "b"].contains(&out) { "all" } else { "0" }]);
        command.args(["--out", out, "--set", &format!("name='{out}'")]);
        for set in set {
            command.args(["--set", set]);
        }
        run(&mut command)
    };
    let a = of("a", &["model.c=[0.1,0.00001,0.003]"]);
    assert!(
        unwrapped(a.succeeds()).contains("the one of 3 penalties that is best on speakers held out"),
        "{}",
        a.stdout
    );
    let page = fs::read_to_string(d.join("a/report/report.md")).unwrap();
    assert!(page.contains("Penalties picked in each fold"), "{page}");
    let done = fs::read_to_string(d.join("a/fold-0/seed-42/done.json")).unwrap();
    let done: serde_json::Value = serde_json::from_str(&done).unwrap();
    let c = done["c"].as_f64().unwrap();
    let log = fs::read_to_string(d.join("a/fold-0/seed-42/train.log")).unwrap();
    let line = log.lines().find(|line| line.contains("penalty C = ")).unwrap();
    assert!(line.contains(&format!("C = {c} picked on ")) && line.contains("0.00001: "), "{line}");
    // The best of those that the line names.
    let figures = line.rsplit("of each: ").next().unwrap().split(", ").map(|part| part.split_once(": ").unwrap());
    let figures: Vec<(f64, f64)> = figures.map(|(c, figure)| (c.parse().unwrap(), figure.parse().unwrap())).collect();
    let best = figures.iter().map(|of| of.1).fold(0.0, f64::max);
    assert!(figures.len() == 3 && figures.iter().any(|of| of.0 == c && of.1 == best), "{figures:?}");
    // What it picked is what a config that names it gives, to the bit.
    of("settled", &[&format!("model.c={c}")]).succeeds();
    let predictions = |of: &str| fs::read(d.join(of).join("fold-0/seed-42/predictions.csv")).unwrap();
    assert_eq!(predictions("a"), predictions("settled"));
    let inspected = run(program("ser-predict", d).args(["inspect", "a/fold-0/seed-42/bundle"]));
    assert!(inspected.succeeds().stdout.contains(&format!("linear, c {c}")), "{}", inspected.stdout);
    of("none", &["model.c=[]"]).fails(2, &["model.c", "above 0"]);
    of("wrong", &["model.c=[0.1,-1]"]).fails(2, &["model.c", "above 0"]);
    of("network", &["model.c=[0.1,1.0]", "model.kind='mlp'"]).fails(2, &["model.c", "linear"]);

    of("b", &["model.c=0.1", "features.n_mfcc=13"]).succeeds();
    let ensemble = |arguments: &[&str]| run(program("ser-eval", d).arg("ensemble").args(arguments));
    let both = ensemble(&["a", "b", "--out", "both", "--bootstrap", "100"]);
    for part in ["both (synthetic)", "mean probability of 2 runs of each fold, of a and b", "SYNTHETIC"] {
        assert!(unwrapped(both.succeeds()).contains(part), "{part}: {}", both.stdout);
    }
    for file in ["predictions.csv", "validation.csv"] {
        let [a, b, both] = ["a", "b", "both"].map(|of| probabilities(&d.join(of).join("fold-0/seed-42").join(file)));
        assert!(both.len() > 20 && both.len() == a.len());
        for (clip, row) in &both {
            let mean = a[clip].iter().zip(&b[clip]).map(|(a, b)| (a + b) / 2.0);
            assert!(row.iter().zip(mean).all(|(p, mean)| (p - mean).abs() < 1e-6), "{clip}");
        }
    }
    // Again: the same, and one look. It is compared as any experiment is.
    let before = predictions("both");
    ensemble(&["b", "a", "--out", "both", "--bootstrap", "0"]).succeeds();
    assert_eq!(before, predictions("both"));
    assert_eq!(fs::read_to_string(d.join("both/looks.jsonl")).unwrap().lines().count(), 3);
    let compared = run(program("ser-eval", d).args(["a", "both", "--bootstrap", "100"]));
    assert!(compared.succeeds().stdout.contains("both"), "{}", compared.stdout);

    // A member whose predictions have changed is averaged again.
    let (b, kept) =
        (d.join("b/fold-0/seed-42/predictions.csv"), fs::read(d.join("b/fold-0/seed-42/predictions.csv")).unwrap());
    fs::copy(d.join("a/fold-0/seed-42/predictions.csv"), &b).unwrap();
    ensemble(&["a", "b", "--out", "both", "--bootstrap", "0"]).succeeds();
    assert_eq!(
        probabilities(&d.join("both/fold-0/seed-42/predictions.csv")),
        probabilities(&d.join("a/fold-0/seed-42/predictions.csv"))
    );
    fs::write(&b, kept).unwrap();
    for arguments in [["inspect", "both"], ["both/fold-0/seed-42", "clip.wav"]] {
        run(program("ser-predict", d).args(arguments)).fails(2, &["both is an ensemble", "no weights of its own"]);
    }
    ensemble(&["both", "a", "--out", "again"]).fails(2, &["both is an ensemble"]);
    ensemble(&["a", "settled", "--out", "both"]).fails(2, &["both is an ensemble of other runs"]);
    run(train(d, &config).args(["--fold", "1", "--out", "both"])).fails(2, &["both is an ensemble"]);
    ensemble(&["a", "b", "--out", "settled"]).fails(2, &["settled", "holds something else"]);
    ensemble(&["a", "b", "--out", "config.toml"]).fails(2, &["config.toml", "holds something else"]);
    ensemble(&["a", "a", "--out", "twice"]).fails(2, &["named twice"]);
    ensemble(&["a", "--out", "one"]).fails(2, &["one run of fold 0 alone"]);
    of("halves", &["protocol.folds=2"]).succeeds();
    ensemble(&["a/fold-0", "halves", "--out", "mixed"]).fails(2, &["halves", "folds"]);
    of("speaker", &["features.scaler='speaker'"]).succeeds();
    ensemble(&["a/fold-0", "speaker", "--out", "mixed"]).fails(2, &["speaker", "scaler"]);
    of("all", &["train.train_on='train+validation'", "train.select='last'"]).succeeds();
    let learnt = ensemble(&["a/fold-0", "all", "--out", "learnt", "--bootstrap", "0"]);
    assert!(unwrapped(learnt.succeeds()).contains("TRAINED ON, too"), "{}", learnt.stdout);
    assert!(!d.join("mixed").exists() && !d.join("one").exists());
}

#[test]
fn one_speaker_is_too_few_to_pick_a_penalty_on() {
    let dir = tempfile::tempdir().unwrap();
    let config = TINY.replace("[model]", "[model]\nkind = 'linear'\nc = [0.1, 1.0]").replace("folds = 3", "");
    let config = config.replace("[protocol]", "[protocol]\nkind = 'fixed'\npath = 'split.csv'");
    let scan = run(program("ser-data", dir.path()).args(["scan", "--kind", "synthetic", "--format", "json"]));
    assert_eq!(scan.status, 0, "{}", scan.stderr);
    let scan: serde_json::Value = serde_json::from_str(&scan.stdout).unwrap();
    let clips = scan["clips"].as_array().expect("clips").iter();
    let mut split = "clip,side\n".to_owned();
    for clip in clips {
        let id = clip["id"].as_str().unwrap();
        let speaker = id.split('/').nth(1).unwrap();
        let first = speaker == scan["clips"][0]["id"].as_str().unwrap().split('/').nth(1).unwrap();
        split.push_str(&format!("{id},{}\n", if first { "train" } else { "test" }));
    }
    fs::write(dir.path().join("split.csv"), split).unwrap();
    run(&mut train(dir.path(), &config)).fails(1, &["model.c = [0.1, 1.0]", "one speaker only", "name one number"]);
}
