//! One seed gives the same bits with every vector instruction set, and with any number of threads.

mod common;
mod weights;

use std::{fs, path::Path};

use common::{TINY, program, run, train};
use ser_kernels::Level;
use weights::weights;

/// The tiny experiment with layers of which none is a whole number of registers wide, on features of every sort.
fn config() -> String {
    let augment = "[augment]\ncopies = 1\nspeed = {}\npitch_shift = {}\nnoise = {}\n";
    TINY.replace(r#"["mfcc"]"#, r#"["mfcc", "delta", "mel", "chroma", "rms", "zcr", "centroid", "rolloff"]"#)
        .replace("channels = [8]", "channels = [9, 20]\npool = \"attention\"")
        .replace("hidden = 8", "hidden = 11")
        .replace("epochs = 3", "epochs = 2")
        + augment
}

/// What a run must leave the same bits of.
const FILES: [&str; 5] =
    ["metrics.jsonl", "predictions.csv", "validation.csv", "embeddings.csv", "bundle/model.safetensors"];

/// The results of a run, less what its record says of the processor.
fn results(dir: &Path, config: &str, level: &str, threads: &str) -> Vec<Vec<u8>> {
    let out = dir.join(format!("{level}-{threads}"));
    let mut command = train(dir, config);
    command.env("SER_SIMD", level).env("RAYON_NUM_THREADS", threads);
    // Features of its own: those of another level would hide what differs.
    command.env("SER_CACHE", out.join("cache")).args(["--fold", "0", "--no-report", "--out"]).arg(&out);
    run(&mut command).succeeds();
    let of_run = out.join("fold-0/seed-42");
    let record: serde_json::Value = serde_json::from_slice(&fs::read(of_run.join("run.json")).unwrap()).unwrap();
    assert_eq!(record["versions"]["simd"], level);
    assert!(record["versions"]["processor"].as_str().is_some_and(|name| !name.is_empty()));
    let file = |name: &&str| {
        let bytes = fs::read(of_run.join(name)).unwrap();
        if name.ends_with(".safetensors") { weights(&bytes) } else { bytes }
    };
    FILES.iter().map(file).collect()
}

#[test]
fn a_training_gives_the_same_bits_at_every_level_and_with_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let first = results(dir.path(), &config(), "portable", "2");
    assert!(first.iter().all(|bytes| bytes.len() > 100));
    for level in Level::all() {
        let threads = if level.name() == "portable" { "1" } else { "2" };
        let others = results(dir.path(), &config(), level.name(), threads);
        for (name, (bytes, expected)) in FILES.iter().zip(others.iter().zip(&first)) {
            assert!(bytes == expected, "{name} differs at {level} with {threads} threads");
        }
    }
}

#[test]
fn a_two_dimensional_network_gives_the_same_bits_at_every_level() {
    let dir = tempfile::tempdir().unwrap();
    let config = TINY.replace(r#"["mfcc"]"#, r#"["mel"]"#).replace("[model]", "[model]\nkind = \"cnn2d-bilstm\"");
    let config = config.replace("epochs = 3", "epochs = 1");
    let first = results(dir.path(), &config, "portable", "1");
    for level in Level::all().iter().skip(1) {
        assert!(results(dir.path(), &config, level.name(), "2") == first, "{level}");
    }
}

/// An experiment on a small encoder with random weights, whose upper layer learns with the head: the states below it come from
/// the fused layers, those above from the network's own.
const LEARNING: &str = r#"
name = "learning"
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
epochs = 1
batch_size = 48
learning_rate = 1e-3
select = "last"
"#;

#[test]
fn layers_of_an_encoder_that_learn_give_the_same_bits_at_every_level() {
    let dir = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/encoders/whisper");
    let lora = LEARNING
        .replace("learning_rate = 1e-3\n[model]", "learning_rate = 1e-3\nlora = { rank = 2, alpha = 4 }\n[model]");
    assert_ne!(lora, LEARNING);
    let others = &Level::all()[1..];
    // Additions of low rank are more products of the same kind: the narrowest and the widest level will do.
    for (name, config, others) in
        [("whole", LEARNING, others), ("lora", &lora, &others[others.len().saturating_sub(1)..])]
    {
        // Folders of a config are named by level and threads alone.
        let work = dir.path().join(name);
        fs::create_dir(&work).unwrap();
        run(program("ser-data", &work).args(["encoder", "import"]).arg(&source).args(["--out", "models/small"]))
            .succeeds();
        let first = results(&work, config, "portable", "1");
        for level in others {
            let other = results(&work, config, level.name(), "2");
            for (file, (bytes, expected)) in FILES.iter().zip(other.iter().zip(&first)) {
                assert!(bytes == expected, "{name}: {file} differs at {level}");
            }
        }
    }
}

#[test]
fn a_level_that_there_is_none_of_is_refused_with_the_choice() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(train(dir.path(), TINY).env("SER_SIMD", "sse9"));
    ran.fails(2, &["SER_SIMD=sse9: no such level", "portable"]);
}
