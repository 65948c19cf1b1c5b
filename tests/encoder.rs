//! A pretrained encoder from its import to an answer, as a user runs it. The encoder is a small one with random weights.

mod common;
mod weights;

use std::{fs, path::Path};

use common::{program, run, train};
use weights::weights;

const CONFIG: &str = r#"
name = "states"
[[corpora]]
kind = "synthetic"
[protocol]
folds = 3
[audio]
sample_rate = 16000
[encoder]
path = "small"
layer = [1, 2]
[model]
kind = "linear"
"#;

const RUN: &str = "experiments/states/fold-0/seed-42";

/// Imports the encoder of the golden tests into `models/name`.
fn import(dir: &Path, name: &str) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/encoders/whisper");
    let out = format!("models/{name}");
    run(program("ser-data", dir).args(["encoder", "import"]).arg(source).args(["--out", &out])).succeeds();
}

#[test]
fn states_are_trained_on_kept_and_answered_from() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let missing = run(train(d, CONFIG).args(["--fold", "0"]));
    missing.fails(2, &["there is no encoder small", "ser-data encoder import"]);

    import(d, "small");
    let ran = run(train(d, CONFIG).args(["--fold", "0"]));
    assert!(ran.succeeds().stderr.contains("solved in"), "{}", ran.stderr);
    let clips = fs::read_to_string(d.join(RUN).join("clips.csv")).unwrap();
    let column = clips.lines().next().unwrap().split(',').position(|name| name == "seconds").unwrap();
    // Synthetic speech has no file to be measured, and one pooled vector does not say how long it was.
    assert!(clips.lines().skip(1).all(|line| line.split(',').nth(column) != Some("0.0")), "no clip lasts 0 s");

    // The encoder is known by its content: under another name, and not at all.
    run(program("ser-data", d).args(["synth", "--out", "wavs"])).succeeds();
    let wav = walk(&d.join("wavs")).into_iter().find(|path| path.extension().is_some_and(|e| e == "wav")).unwrap();
    let answer = |dir: &Path| run(program("ser-predict", dir).arg(d.join(RUN)).arg(&wav).args(["--format", "csv"]));
    let first = answer(d);
    first.succeeds();
    fs::rename(d.join("models/small"), d.join("models/renamed")).unwrap();
    assert_eq!(answer(d).succeeds().stdout, first.stdout);
    fs::rename(d.join("models"), d.join("elsewhere")).unwrap();
    answer(d).fails(2, &["this bundle needs the encoder", "--models"]);
    fs::rename(d.join("elsewhere"), d.join("models")).unwrap();

    // A timeline whose one window is the clip gives the clip's answer.
    let timeline =
        run(program("ser-predict", d).arg(RUN).args(["--timeline", "--window", "60", "--format", "csv"]).arg(&wav));
    let probabilities = |text: &str| -> Vec<String> {
        let row = text.lines().nth(1).unwrap().split(',').map(str::to_owned).collect::<Vec<_>>();
        row[row.len() - 8..].to_vec()
    };
    assert_eq!(probabilities(&timeline.succeeds().stdout), probabilities(&first.stdout));
}

/// The upper layer learns with the head.
const LEARNING: &str = r#"
name = "states"
[[corpora]]
kind = "synthetic"
[protocol]
folds = 3
[audio]
sample_rate = 16000
[encoder]
path = "small"
layer = 2
train_layers = 1
learning_rate = 1e-3
[model]
kind = "linear"
[train]
epochs = 2
batch_size = 16
learning_rate = 1e-3
select = "last"
"#;

#[test]
fn layers_that_learn_are_resumed_to_the_same_bits_and_answer_from_a_bundle() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    import(d, "small");
    let set = |out: &str, set: &[&str]| {
        let mut command = train(d, LEARNING);
        command.args(["--fold", "0", "--out", out]);
        for setting in set {
            command.args(["--set", setting]);
        }
        run(&mut command)
    };
    let whole = set("whole", &[]);
    assert!(whole.succeeds().stderr.contains("begins with the head of a frozen encoder"), "{}", whole.stderr);
    let file = |out: &str, name: &str| fs::read(d.join(out).join("fold-0/seed-42").join(name)).unwrap();

    // As if killed in its second epoch, and gone on with.
    set("killed", &[]).succeeds();
    let killed = d.join("killed/fold-0/seed-42");
    fs::remove_file(killed.join("checkpoints/last.safetensors")).unwrap();
    fs::remove_file(killed.join("done.json")).unwrap();
    let mut command = train(d, LEARNING);
    let resumed = run(command.args(["--fold", "0", "--out", "killed", "--resume"]));
    let lines = resumed.succeeds().stderr.clone();
    assert!(lines.contains("epoch   2  loss") && !lines.contains("epoch   1  loss"), "{lines}");
    assert_eq!(file("killed", "predictions.csv"), file("whole", "predictions.csv"));
    let kept = |out: &str| weights(&file(out, "bundle/model.safetensors"));
    assert_eq!(kept("killed"), kept("whole"));

    // The bundle answers with what has learnt, which is not what was there before.
    run(program("ser-data", d).args(["synth", "--out", "wavs"])).succeeds();
    let wav = walk(&d.join("wavs")).into_iter().find(|path| path.extension().is_some_and(|e| e == "wav")).unwrap();
    let answer = |bundle: &str| {
        run(program("ser-predict", d).arg(bundle).arg(&wav).args(["--format", "csv"])).succeeds().stdout.clone()
    };
    let learnt = answer("whole/fold-0/seed-42");
    let frozen = LEARNING.replace("train_layers = 1\nlearning_rate = 1e-3", "").replace("[train]", "[train]\n#");
    run(train(d, &frozen).args(["--fold", "0", "--out", "frozen"])).succeeds();
    assert_ne!(answer("frozen/fold-0/seed-42"), learnt);
    run(program("ser-predict", d).args(["export", "whole/fold-0/seed-42", "--self-contained", "--out", "alone.st"]))
        .succeeds();
    fs::rename(d.join("models"), d.join("elsewhere")).unwrap();
    assert_eq!(answer("alone.st"), learnt);
    fs::rename(d.join("elsewhere"), d.join("models")).unwrap();

    // Additions of low rank, over the frames, with another head.
    let lora = [
        "encoder.lora={rank=2,alpha=4}",
        "encoder.pool=none",
        "model.kind=transformer",
        "model.pool=mean",
        "model.hidden=8",
        "model.dense=8",
        "train.epochs=1",
    ];
    set("lora", &lora).succeeds();
    answer("lora/fold-0/seed-42");

    for (refused, problem) in [
        ("encoder.train_layers=3", "encoder.train_layers = 3"),
        ("encoder.layer=[0, 2]", "asks for the state 0"),
        ("encoder.scaler=speaker", "standardised inside the network"),
        ("model.kind=cnn", "one vector of a clip"),
        ("features.kinds=[\"mfcc\"]", "the encoder's states alone"),
        ("encoder.learning_rate=0", "encoder.learning_rate = 0"),
        ("encoder.lora={rank=0,alpha=1}", "encoder.lora.rank = 0"),
        ("train.calibration=altered", "train.calibration"),
    ] {
        let settings: &[&str] = if refused == "model.kind=cnn" { &[refused, "model.pool=mean"] } else { &[refused] };
        set("refused", settings).fails(2, &[problem]);
    }
    set("refused", &["encoder.train_layers=0"]).fails(2, &["encoder.learning_rate is of layers that learn"]);
    run(program("ser-predict", d).args(["export", "whole/fold-0/seed-42", "--format", "onnx", "--out", "x.onnx"]))
        .fails(2, &["layers of its encoder"]);
}

#[test]
fn what_would_be_silently_wrong_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    import(d, "small");
    let by_speaker = run(train(d, CONFIG).args(["--fold", "0", "--set", "encoder.scaler=speaker"]));
    by_speaker.succeeds();
    run(program("ser-data", d).args(["synth", "--out", "wavs"])).succeeds();
    let wav = walk(&d.join("wavs")).into_iter().find(|path| path.extension().is_some_and(|e| e == "wav")).unwrap();
    let alone = run(program("ser-predict", d).arg(RUN).arg(&wav));
    alone.fails(2, &["scaler per speaker", "encoder.scaler = \"train\""]);

    // A network does not start from one on other states.
    let mlp = CONFIG.replace("\"linear\"", "\"mlp\"\ndense = 4").replace("\"states\"", "\"mlp\"");
    run(train(d, &mlp).args(["--fold", "0", "--set", "train.epochs=1"])).succeeds();
    let bundle = "train.init=experiments/mlp/fold-{fold}/seed-42/bundle";
    let again = |set: &str| {
        let mut command = train(d, &mlp);
        command.args(["--fold", "0", "--out", "again", "--set", "train.epochs=1", "--set", bundle, "--set", set]);
        run(&mut command)
    };
    again("encoder.layer=[2, 1]").fails(2, &["its encoder.layer is [1, 2]", "[2, 1]"]);
    again("seed=42").succeeds();
    let spectral = "features.kinds=[\"mfcc\"]";
    again(spectral).fails(2, &["train.init"]);
}

#[test]
fn a_self_contained_bundle_answers_alike_without_any_folder() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    import(d, "small");
    run(program("ser-data", d).args(["synth", "--out", "wavs"])).succeeds();
    // One state of three, so that the upper layer is left out.
    run(train(d, CONFIG).args(["--fold", "0", "--set", "encoder.layer=1"])).succeeds();
    let export = |args: &[&str]| run(program("ser-predict", d).arg("export").args(args));
    let inside = |precision: &str| {
        let out = format!("{precision}.safetensors");
        let args = [RUN, "--self-contained", "--encoder-precision", precision, "--out", &out];
        export(&args).succeeds();
        out
    };
    let audio = |path: &std::path::PathBuf| path.extension().is_some_and(|e| e == "wav");
    let wavs: Vec<_> = walk(&d.join("wavs")).into_iter().filter(audio).step_by(40).collect();
    assert!(wavs.len() > 2);
    let [f32, int8] = ["f32", "int8"].map(inside);
    let default = export(&[RUN, "--self-contained", "--out", "default.safetensors"]);
    assert!(default.succeeds().stderr.contains("inside small, 1 of 2 layers in f32"), "{}", default.stderr);
    let bytes = |name: &str| fs::read(d.join(name)).unwrap();
    assert_eq!(bytes("default.safetensors"), bytes(&f32));
    assert!(bytes(&int8).len() < bytes(&f32).len());

    let answer = |bundles: &[&str]| -> Vec<f32> {
        let mut command = program("ser-predict", d);
        command.arg(bundles[0]).args(&wavs).args(["--format", "csv"]);
        bundles[1..].iter().for_each(|other| _ = command.args(["--ensemble", other]));
        let ran = run(&mut command);
        let mut lines = ran.succeeds().stdout.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let columns: Vec<bool> = lines.next().unwrap().iter().map(|name| name.starts_with("p_")).collect();
        let numbers = |row: Vec<&str>| -> Vec<f32> {
            row.iter().zip(&columns).filter(|(_, is)| **is).map(|(p, _)| p.parse().unwrap()).collect()
        };
        lines.flat_map(numbers).collect()
    };
    let with_folder = answer(&[RUN]);
    let both = answer(&[RUN, &int8]);
    fs::rename(d.join("models"), d.join("elsewhere")).unwrap();
    assert_eq!(answer(&[&f32]), with_folder, "the same bits");
    let rounded = answer(&[&int8]);
    assert_ne!(rounded, with_folder);
    // Bundles whose encoders are kept otherwise do not share the way to their matrices.
    for voted in [both, answer(&[&f32, &int8]), answer(&[&int8, &f32])] {
        for ((voted, one), other) in voted.iter().zip(&rounded).zip(&with_folder) {
            assert!((voted - (one + other) / 2.0).abs() < 2e-6, "{voted}: {one} and {other}");
        }
    }
    // What is carried is carried on, to the same bits, and said.
    export(&[&int8, "--out", "copy.safetensors"]).succeeds();
    assert_eq!(answer(&["copy.safetensors"]), rounded);
    let shown = run(program("ser-predict", d).args(["inspect", &int8]));
    assert!(shown.succeeds().stdout.contains("inside: small, 1 of 2 layers in int8"), "{}", shown.stdout);
    let json = run(program("ser-predict", d).args(["inspect", &f32, "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json.succeeds().stdout).unwrap();
    assert_eq!((&json["format"], &json["encoder_inside"]["digest"]), (&3.into(), &json["encoder"]["digest"]));
    assert!(json["encoder_inside"]["licence"].is_string());

    export(&[&f32, "--self-contained", "--out", "x"]).fails(2, &["carries its encoder already"]);
    // It is kept otherwise where that is asked for: from 8 bits, with the rounded values in 32.
    export(&[&int8, "--self-contained", "--out", "x"]).fails(2, &["carries its encoder already (in int8)"]);
    let again = |from: &str, precision: &str, out: &str| {
        export(&[from, "--self-contained", "--encoder-precision", precision, "--out", out]).succeeds();
    };
    again(&f32, "int8", "rounded.safetensors");
    assert_eq!(answer(&["rounded.safetensors"]), rounded);
    again(&int8, "f32", "wide.safetensors");
    assert!(answer(&["wide.safetensors"]).iter().zip(&with_folder).all(|(a, b)| a != b && (a - b).abs() < 0.05));
    export(&[RUN, "--self-contained", "--out", "x"]).fails(2, &["needs the encoder small", "--models"]);
    export(&[RUN, "--self-contained", "--models", "elsewhere", "--out", "there.safetensors"]).succeeds();
    assert_eq!(bytes("there.safetensors"), bytes(&f32));
    let spectral = CONFIG.replace("[encoder]\npath = \"small\"\nlayer = [1, 2]\n", "").replace("\"linear\"", "\"mlp\"");
    run(train(d, &spectral).args(["--fold", "0", "--out", "plain", "--set", "train.epochs=1"])).succeeds();
    export(&["plain/fold-0/seed-42", "--self-contained", "--out", "x"]).fails(2, &["needs no encoder"]);
    export(&[RUN, "--encoder-precision", "int8", "--out", "x"]).fails(2, &["--self-contained"]);
    assert!(!d.join("x").exists());
    let mut damaged = bytes(&int8);
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(d.join("x"), damaged).unwrap();
    run(program("ser-predict", d).args(["inspect", "x"])).fails(1, &["checksum"]);
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
