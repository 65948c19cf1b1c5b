//! A run is its data, too: what has changed since it was begun is said, and never mixed with what it was.

mod common;

use std::{fs, path::Path};

use common::{TINY, program, run, train};

const RUN: &str = "out/fold-0/seed-42";

/// The embedded corpus as files, and a config that reads it.
fn corpus(dir: &Path) -> String {
    run(program("ser-data", dir).args(["synth", "--out", "corpus"])).succeeds();
    TINY.replace("kind = \"synthetic\"", "kind = \"manifest\"\npath = \"corpus/manifest.csv\"")
}

/// Changes the lines of the table.
fn edit(dir: &Path, change: impl Fn(usize, &str) -> String) {
    let path = dir.join("corpus/manifest.csv");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<String> = text.lines().enumerate().map(|(i, line)| change(i, line)).collect();
    assert_ne!(lines.join("\n"), text.trim_end(), "nothing was edited");
    fs::write(path, lines.join("\n") + "\n").unwrap();
}

fn swap_angry_and_sad(_: usize, line: &str) -> String {
    line.replace(",angry,", ",?,").replace(",sad,", ",angry,").replace(",?,", ",sad,")
}

#[test]
fn a_finished_run_is_not_kept_for_other_labels_or_other_sound() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let fold = || run(train(d, &config).args(["--data", ".", "--out", "out", "--fold", "0", "--no-report"]));
    fold().succeeds();
    assert!(fold().succeeds().stderr.contains("finished already, kept"));
    let split = fs::read_to_string(d.join(RUN).join("split.csv")).unwrap();
    assert!(split.starts_with("clip,speaker,emotion,side,hash\n"), "{}", &split[..60]);
    let record: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(d.join(RUN).join("run.json")).unwrap()).unwrap();
    assert_eq!(record["data"]["clips"], 672);

    edit(d, |i, line| if i == 3 { line.replace(",angry,", ",sad,") } else { line.to_owned() });
    fold().fails(2, &["finished on other data", "1 label has changed", "angry → sad", "--out"]);
    edit(d, |i, line| if i == 3 { line.replace(",sad,", ",angry,") } else { line.to_owned() });
    fold().succeeds();

    // The same table; one file has the sound of another.
    let table = fs::read_to_string(d.join("corpus/manifest.csv")).unwrap();
    let file = |line: usize| d.join("corpus").join(table.lines().nth(line).unwrap().split(',').next().unwrap());
    let mut bytes = fs::read(file(1)).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    fs::write(file(1), bytes).unwrap();
    fold().fails(2, &["1 clip has another sound"]);
}

#[test]
fn folds_of_two_labellings_are_not_pooled() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let fold = |name: &str| {
        run(train(d, &config).args(["--data", ".", "--out", "out", "--fold", name, "--no-report"])).succeeds().status
    };
    fold("0");
    edit(d, swap_angry_and_sad);
    fold("1");
    let pooled = run(program("ser-eval", d).arg("out"));
    pooled.fails(2, &["other data", "labels have changed"]);
    // Runs of before there were digests say it by their classes.
    for fold in ["0", "1"] {
        let path = d.join(format!("out/fold-{fold}/seed-42/run.json"));
        let mut record: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        record.as_object_mut().unwrap().remove("data");
        fs::write(path, record.to_string()).unwrap();
    }
    run(program("ser-eval", d).arg("out")).fails(2, &["other data", "labels have changed"]);
}

#[test]
fn a_checkpoint_is_not_gone_on_from_on_other_data_or_from_another_run() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let with = |arguments: &[&str]| {
        run(train(d, &config).args(["--data", ".", "--out", "out", "--no-report"]).args(arguments))
    };
    with(&["--fold", "0", "--seed", "42,7"]).succeeds();
    // As if both had been stopped.
    for seed in ["42", "7"] {
        fs::remove_file(d.join(format!("out/fold-0/seed-{seed}/done.json"))).unwrap();
    }
    edit(d, swap_angry_and_sad);
    with(&["--fold", "0", "--resume"]).fails(2, &["begun on other data", "labels have changed"]);
    edit(d, swap_angry_and_sad);
    with(&["--fold", "0", "--resume"]).succeeds();

    fs::remove_file(d.join(RUN).join("done.json")).unwrap();
    for name in ["best.safetensors", "last.safetensors"] {
        let [theirs, ours] = ["7", "42"].map(|seed| d.join(format!("out/fold-0/seed-{seed}/checkpoints/{name}")));
        fs::copy(theirs, ours).unwrap();
    }
    with(&["--fold", "0", "--resume"]).fails(2, &["best.safetensors", "of another run: fold 0 seed 7"]);
}

#[test]
fn a_sample_out_of_all_proportion_is_named_on_whatever_side_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let mut samples: Vec<f32> = (0..16_000).map(|i| 0.1 * (i as f32 * 0.09).sin()).collect();
    samples[8_000] = 1e20;
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(d.join("corpus/big.wav"), spec).unwrap();
    samples.iter().for_each(|&sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    let table = fs::read_to_string(d.join("corpus/manifest.csv")).unwrap();
    let columns = table.lines().next().unwrap().split(',').count();
    let speakers: std::collections::BTreeSet<&str> =
        table.lines().skip(1).map(|line| line.split(',').nth(2).unwrap()).collect();
    // A speaker of each side.
    for speaker in speakers.iter().take(4) {
        let row = format!("big.wav,angry,{speaker}{}\n", ",".repeat(columns - 3));
        fs::write(d.join("corpus/manifest.csv"), format!("{table}{row}")).unwrap();
        let ran = run(train(d, &config).args(["--data", ".", "--out", "out", "--fold", "0", "--no-report"]));
        ran.fails(1, &["big"]);
        assert!(!ran.stderr.contains("learning_rate") && !d.join(RUN).join("bundle").exists(), "{}", ran.stderr);
    }
}

#[test]
fn old_keys_are_read_with_a_note() {
    let dir = tempfile::tempdir().unwrap();
    let old = TINY.replace("epochs = 3", "epochs = 1\nselect = \"last\"\nlearn_from = \"train+validation\"");
    let ran = run(train(dir.path(), &old).args(["--fold", "0", "--no-report"]));
    assert!(ran.succeeds().stderr.contains("train.learn_from is called train.train_on now"), "{}", ran.stderr);
    let resolved = dir.path().join("experiments/tiny/fold-0/seed-42/config.toml");
    assert!(fs::read_to_string(resolved).unwrap().contains("train_on = \"train+validation\""));
}
