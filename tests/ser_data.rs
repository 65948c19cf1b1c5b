//! `ser-data` as its users meet it.

#[allow(dead_code, reason = "a test uses what it needs of it")]
mod common;

use std::{collections::BTreeMap, f32::consts::TAU, fs, path::Path};

use common::{TINY, program, run};
use serde_json::Value;

/// Writes a WAV of 16 bits: a tone of this pitch and length.
fn tone(path: &Path, hz: f32, seconds: f32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 16_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..(16_000.0 * seconds) as usize {
        writer.write_sample(((i as f32 / 16_000.0 * hz * TAU).sin() * 8_000.0) as i16).unwrap();
    }
    writer.finalize().unwrap();
}

/// A small RAVDESS: four actors, eight emotions, one clip each, no two alike.
fn ravdess(folder: &Path) {
    for actor in 1..=4 {
        for emotion in 1..=8 {
            let path = folder.join(format!("Actor_{actor:02}/03-01-{emotion:02}-01-01-01-{actor:02}.wav"));
            tone(&path, (100 * actor + 10 * emotion) as f32, 0.3 + 0.02 * emotion as f32);
        }
    }
}

const SMALL: &str = "name = 'small'\n[[corpora]]\nkind = 'ravdess'\n[protocol]\nkind = 'speaker-kfold'\nfolds = 2\n";

/// The cells of a CSV, row by row, under their columns.
fn table(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        header.iter().zip(&row).map(|(name, cell)| (name.to_owned(), cell.to_owned())).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

#[test]
fn scan_lists_clips_and_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    ravdess(&d.join("corpus"));
    fs::create_dir(d.join("corpus/again")).unwrap();
    let actor = d.join("corpus/Actor_01");
    fs::copy(actor.join("03-01-05-01-01-01-01.wav"), d.join("corpus/again/03-01-05-01-01-01-01.wav")).unwrap();
    fs::write(actor.join("03-01-03-01-01-01-01.wav"), b"version https://git-lfs.github.com/spec/v1\n").unwrap();
    tone(&actor.join("holiday.wav"), 440.0, 0.2);

    let text = run(program("ser-data", d).args(["scan", "corpus", "--kind", "ravdess"]));
    for part in [
        "ravdess/02/03-01-04-01-01-01-02",
        "Kids are talking by the door",
        "left out: 3",
        "holiday.wav: not a RAVDESS name",
        "git lfs pull",
        "second copy of 01/03-01-05-01-01-01-01",
        "31 clips, 4 speakers, 3 files left out",
        "angry 4, calm 4",
    ] {
        assert!(text.succeeds().stdout.contains(part), "no \"{part}\" in: {}", text.stdout);
    }

    let json =
        run(program("ser-data", d).args(["scan", "corpus", "--kind", "ravdess", "--format", "json", "--name", "r"]));
    let json: Value = serde_json::from_str(&json.succeeds().stdout).unwrap();
    assert_eq!(
        (&json["schema"], &json["corpus"], &json["kind"]),
        (&"ser-scan/1".into(), &"r".into(), &"ravdess".into())
    );
    let clip = &json["clips"][0];
    assert_eq!(clip["id"], "r/01/03-01-01-01-01-01-01");
    assert_eq!(clip["path"], "corpus/Actor_01/03-01-01-01-01-01-01.wav");
    assert_eq!((&clip["sex"], &clip["emotion"], &clip["age"]), (&"male".into(), &"neutral".into(), &Value::Null));
    assert_eq!(json["excluded"].as_array().unwrap().len(), 3);
    assert_eq!(json["findings"]["faults"][0]["flaw"], "lfs-pointer");
    assert_eq!(json["findings"]["formats"]["wav"], 31);
}

#[test]
fn a_written_corpus_is_read_as_a_manifest() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let synth = run(program("ser-data", d).args(["synth", "--out", "synth"]));
    assert!(synth.succeeds().stderr.contains("672 clips and synth/manifest.csv"), "{}", synth.stderr);
    let scan = run(program("ser-data", d).args(["scan", "synth/manifest.csv", "--kind", "manifest"]));
    assert!(scan.succeeds().stdout.contains("672 clips, 12 speakers, 0 files left out"), "{}", scan.stdout);

    // The same clips with the same features, but for the rounding to 16 bits.
    fs::write(d.join("c.toml"), TINY).unwrap();
    let rows = table(&d.join("synth/manifest.csv"));
    assert!(rows.iter().all(|row| !row["sex"].is_empty() && !row["sentence"].is_empty()));
    let file = format!("synth/{}", rows[5]["path"]);
    let csv = ["--config", "c.toml", "--format", "csv", "--out", "f.csv"];
    run(program("ser-data", d).args(["features", &file]).args(csv)).succeeds();
    let features = table(&d.join("f.csv"));
    assert_eq!(features[1]["frame"], "1");
    assert_eq!(features[1]["time_s"], "0.023220");
    assert!(features.iter().all(|row| row["mfcc_12"].parse::<f32>().unwrap().is_finite() && !row.contains_key("file")));
    let other = format!("synth/{}", rows[6]["path"]);
    run(program("ser-data", d).args(["features", &file, &other]).args(csv)).succeeds();
    let both = table(&d.join("f.csv"));
    assert_eq!((&both[0]["file"], &both[both.len() - 1]["file"]), (&file, &other));

    let npy = ["--config", "c.toml", "--format", "npy", "--out", "f.npy"];
    run(program("ser-data", d).args(["features", &file]).args(npy)).succeeds();
    let bytes = fs::read(d.join("f.npy")).unwrap();
    let header = format!("'shape': ({}, 13)", features.len());
    assert!(String::from_utf8_lossy(&bytes[..128]).contains(&header));
    let value = f32::from_le_bytes(bytes[128..132].try_into().unwrap());
    assert_eq!(value.to_string(), features[0]["mfcc_0"]);
    run(program("ser-data", d).args(["features", &file, &other]).args(npy)).fails(2, &["NPY", "2 audio files"]);
}

#[test]
fn a_card_counts_and_draws() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    ravdess(&d.join("datasets/ravdess"));
    fs::copy(
        d.join("datasets/ravdess/Actor_01/03-01-05-01-01-01-01.wav"),
        d.join("datasets/ravdess/Actor_01/03-01-05-01-01-02-01.wav"),
    )
    .unwrap();
    fs::write(d.join("c.toml"), format!("{SMALL}[labels]\ncalm = 'drop'\n")).unwrap();
    let card = run(program("ser-data", d).args(["card", "--config", "c.toml", "--out", "card"]));
    for part in [
        "29 clips, 0:00:12, 4 speakers, 7 classes",
        "speaker-independent",
        "ravdess/01",
        "one recording (the same bytes)",
        "4 clips of the emotion calm",
        "Kids are talking by the door (29)",
    ] {
        assert!(card.succeeds().stdout.contains(part), "no \"{part}\" in: {}", card.stdout);
    }
    let markdown = fs::read_to_string(d.join("card/card.md")).unwrap();
    assert!(
        markdown.starts_with("# Data card: small\n") && markdown.contains("![How long the clips are](durations.png)")
    );
    for picture in ["emotions.png", "durations.png"] {
        assert!(fs::read(d.join("card").join(picture)).unwrap().starts_with(b"\x89PNG"), "{picture}");
    }
    let counts = table(&d.join("card/counts.csv"));
    let clips = |fold: &str| -> usize {
        counts.iter().filter(|row| row["fold"] == fold).map(|row| row["clips"].parse::<usize>().unwrap()).sum()
    };
    assert_eq!((clips("0"), clips("1")), (29, 29));
    assert!(!d.join("experiments").exists());

    // The embedded corpus says what it is.
    fs::write(d.join("t.toml"), TINY).unwrap();
    let card = run(program("ser-data", d).args(["card", "--config", "t.toml"]));
    assert!(card.succeeds().stdout.contains("SYNTHETIC SPEECH"), "{}", card.stdout);
}

#[test]
fn a_split_that_is_written_is_the_split_that_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    ravdess(&d.join("datasets/ravdess"));
    fs::write(d.join("c.toml"), SMALL).unwrap();
    for (protocol, config) in [
        ("speaker-kfold", vec![]),
        ("random", vec!["protocol.kind=random"]),
        ("leave-one-speaker-out", vec!["protocol.kind=leave-one-speaker-out"]),
    ] {
        let set = |command: &str, out: &str, config: &[&str]| {
            let set = config.iter().flat_map(|key| ["--set", key]);
            run(program("ser-data", d).args([command, "--config", "c.toml", "--out", out]).args(set)).succeeds();
        };
        set("split", "first.csv", &config);
        let fixed = ["protocol.kind=fixed", "protocol.path=first.csv"];
        set("split", "second.csv", &fixed);
        let (first, second) = (fs::read_to_string(d.join("first.csv")), fs::read_to_string(d.join("second.csv")));
        let first = first.unwrap();
        assert!(first.starts_with("clip,path,corpus,speaker,emotion,fold,side\n"), "{first}");
        assert_eq!(first, second.unwrap(), "{protocol}");

        let audit = run(program("ser-data", d).args(["audit", "--split", "first.csv"]));
        let speakers = if protocol == "random" { "speaker-DEPENDENT" } else { "speaker-independent" };
        assert!(audit.succeeds().stdout.contains(speakers), "{}", audit.stdout);
        assert!(audit.stdout.contains("32 files compared"), "{}", audit.stdout);
    }
    let one = ["split", "--config", "c.toml", "--out", "one.csv", "--fold"];
    run(program("ser-data", d).args(one).arg("1")).succeeds();
    assert_eq!(table(&d.join("one.csv")).len(), 32);
    run(program("ser-data", d).args(one).arg("9")).fails(2, &["--fold 9", "0, 1"]);
}

#[test]
fn what_is_read_and_what_is_another_s_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let data = |arguments: &[&str]| run(program("ser-data", d).args(arguments));
    data(&["synth", "--out", "corpus"]).succeeds();
    data(&["synth", "--out", "corpus"]).succeeds();
    fs::write(d.join("c.toml"), TINY.replace("\"synthetic\"", "\"manifest\"\npath = \"corpus/manifest.csv\"")).unwrap();
    let clip = "corpus/s01/s01_angry_boat_1.wav";
    let before = [clip, "corpus/manifest.csv", "c.toml"].map(|name| fs::read(d.join(name)).unwrap());
    let config = ["--config", "c.toml"];
    for out in ["corpus/manifest.csv", "c.toml", clip] {
        data(&[&["split", "--data", ".", "--out", out], &config[..]].concat()).fails(2, &[out, "would be lost"]);
    }
    for format in ["csv", "npy"] {
        let refused = data(&[&["features", clip, "--format", format, "--out", clip], &config[..]].concat());
        refused.fails(2, &[clip, "which is read"]);
    }
    fs::create_dir(d.join("out")).unwrap();
    fs::write(d.join("out/s01_angry_boat_1-prepared.wav"), "mine").unwrap();
    data(&[&["augment", clip, "--out", "out"], &config[..]].concat()).fails(2, &["-prepared.wav", "would be lost"]);
    let after = [clip, "corpus/manifest.csv", "c.toml"].map(|name| fs::read(d.join(name)).unwrap());
    assert!(before == after);
    fs::write(d.join("corpus/manifest.csv"), "mine").unwrap();
    data(&["synth", "--out", "corpus"]).fails(2, &["manifest.csv", "would be lost"]);
}

#[test]
fn audit_of_a_config_names_every_fold() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    fs::write(d.join("c.toml"), TINY).unwrap();
    let text = run(program("ser-data", d).args(["audit", "--config", "c.toml"]));
    for part in
        ["fold 0", "fold 2", "clips on two sides: none", "verdict: no leak in any of 3 folds; speaker-independent"]
    {
        assert!(text.succeeds().stdout.contains(part), "no \"{part}\" in: {}", text.stdout);
    }
    let json = run(program("ser-data", d).args(["audit", "--config", "c.toml", "--format", "json"]));
    let json: Value = serde_json::from_str(&json.succeeds().stdout).unwrap();
    assert_eq!((&json["schema"], &json["leaks"]), (&"ser-audit/1".into(), &false.into()));
    assert_eq!(json["folds"][2]["audit"]["shared_clips"], Value::Array(vec![]));
    let leak = run(program("ser-data", d).args(["audit", "--config", "c.toml", "--set", "protocol.kind=leak-demo"]));
    assert_eq!(leak.status, 1, "{}", leak.stderr);
    assert!(leak.stdout.starts_with("LEAK DEMONSTRATION") && leak.stdout.contains("verdict: LEAKS"), "{}", leak.stdout);
}

/// The incumbent's recipe: four rows of each clip (as it is, with noise, stretched, pitched), then a random split of the
/// rows, a quarter tested.
#[test]
fn audit_finds_and_counts_the_leak_of_copies_split_by_row() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let (mut split, mut on) = ("path,side\n".to_owned(), BTreeMap::<String, [usize; 2]>::new());
    let mut state = 1_u64;
    for actor in 1..=24 {
        for emotion in 1..=8 {
            let stem = format!("03-01-{emotion:02}-01-01-01-{actor:02}");
            for copy in ["", "_noise", "_stretch", "_pitch"] {
                // A linear congruential generator will do for a split.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let tested = state >> 62 == 0;
                split.push_str(&format!(
                    "Actor_{actor:02}/{stem}{copy}.wav,{}\n",
                    if tested { "test" } else { "train" }
                ));
                on.entry(stem.clone()).or_default()[usize::from(tested)] += 1;
            }
        }
    }
    fs::write(d.join("split.csv"), split).unwrap();
    let both: Vec<_> = on.values().filter(|[train, test]| *train > 0 && *test > 0).collect();
    let (clips, rows) = (both.len(), both.iter().map(|[_, test]| test).sum::<usize>());
    assert!(rows > 100, "{rows}");

    let text = run(program("ser-data", d).args(["audit", "--split", "split.csv"]));
    assert_eq!(text.status, 1, "{}", text.stderr);
    let line = format!("recordings (the same clip or a copy of it) on two sides: {clips}; {rows} of ");
    assert!(text.stdout.contains(&line) && text.stdout.contains("verdict: LEAKS"), "{}", text.stdout);
    assert!(text.stderr.contains("--root"), "{}", text.stderr);

    let json = run(program("ser-data", d).args(["audit", "--split", "split.csv", "--format", "json"]));
    let found: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((json.status, &found["leaks"], &found["schema"]), (1, &true.into(), &"ser-foreign-audit/1".into()));
    assert_eq!(found["leakage"][1]["test_rows"], rows);

    // The product's own demonstration, written out, is found by the same means.
    fs::write(d.join("c.toml"), TINY).unwrap();
    let own = ["--config", "c.toml", "--set", "protocol.kind=leak-demo", "--out", "own.csv"];
    run(program("ser-data", d).arg("split").args(own)).succeeds();
    let audit = run(program("ser-data", d).args(["audit", "--split", "own.csv"]));
    assert_eq!(audit.status, 1, "{}", audit.stderr);
}

#[test]
fn encoders_are_imported_listed_shown_and_run() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/encoders");
    let whisper = format!("{golden}/whisper");
    let with = |args: &[&str]| run(program("ser-data", d).args(args).env("SER_MODELS", "mine"));
    let done = |args: &[&str]| with(args).succeeds().stdout.clone();
    let int8 = ["--out", "mine/tiny", "--layers", "1", "--precision", "int8"];
    let imported = done(&[&["encoder", "import", &whisper], &int8[..]].concat());
    assert!(imported.contains("Whisper") && imported.contains("1 of 2"), "{}", imported);
    done(&["encoder", "import", &format!("{golden}/wavlm-base"), "--out", "mine/wavlm"]);
    assert!(d.join("mine/tiny/LICENSE").is_file() && d.join("mine/tiny/encoder.json").is_file());
    let list = done(&["encoder", "list"]);
    assert_eq!(list.lines().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>(), ["tiny", "wavlm"]);
    assert!(done(&["encoder", "list", "--models", "none"]).contains("encoder import"));
    let shown = done(&["encoder", "inspect", "wavlm"]);
    assert!(shown.contains("WavLM") && shown.contains("2 of 2") && shown.contains("digest"), "{shown}");

    tone(&d.join("a.wav"), 220.0, 0.5);
    tone(&d.join("b.wav"), 330.0, 1.0);
    let states =
        ["encoder", "states", "a.wav", "b.wav", "--encoder", "tiny", "--layers", "1,0", "--batch", "2", "--out", "s"];
    done(&states);
    let npy = fs::read(d.join("s/b.npy")).unwrap();
    // Two layers of a second: 50 frames of 16 numbers each.
    assert!(String::from_utf8_lossy(&npy[..128]).contains("'shape': (2, 50, 16)"));
    assert_eq!(npy.len(), 128 + 2 * 50 * 16 * 4);

    with(&["encoder", "inspect", "nobody"])
        .fails(2, &["nobody", "mine has tiny, wavlm", "ser-data encoder import SRC"]);
    with(&["encoder", "states", "a.wav", "--encoder", "tiny", "--layers", "2", "--out", "s"]).fails(1, &["1 of 2"]);
    with(&["encoder", "import", &whisper, "--out", "x", "--layers", "3"]).fails(2, &["--layers 3", "2 layers"]);
    with(&["encoder", "import", "a.wav", "--out", "x"]).fails(1, &["a.wav", "config.json"]);
    with(&["encoder", "import", "none", "--out", "x"]).fails(1, &["none"]);
    with(&["encoder", "import", "mine/tiny", "--out", "x"]).fails(1, &["imported already"]);
    assert!(!d.join("x").exists());
    let weights = d.join("mine/tiny/encoder.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&weights, bytes).unwrap();
    with(&["encoder", "inspect", "tiny"]).fails(1, &["encoder.safetensors", "checksum"]);
}

#[test]
fn wrong_usage_ends_with_status_2_and_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    fs::write(d.join("c.toml"), TINY).unwrap();
    fs::write(d.join("a.wav"), b"not audio").unwrap();
    let with = |args: &[&str]| run(program("ser-data", d).args(args));
    with(&[]).fails(2, &["Usage"]);
    with(&["scan", "nowhere", "--kind", "tess"]).fails(2, &["nowhere", "no such folder", "tess"]);
    with(&["scan", ".", "--kind", "tes"]).fails(2, &["tes", "crema_d"]);
    with(&["scan", "--kind", "savee"]).fails(2, &["folder that holds savee"]);
    with(&["scan", ".", "--kind", "manifest"]).fails(2, &["it is a folder", "name the CSV"]);
    with(&["scan", ".", "--kind", "synthetic"]).fails(2, &["not on disk"]);
    with(&["scan", ".", "--kind", "savee"]).fails(1, &["SAVEE"]);
    with(&["card", "--config", "none.toml"]).fails(2, &["none.toml"]);
    with(&["card", "--config", "c.toml", "--set", "protocol.fold=3"]).fails(2, &["protocol.fold", "did you mean"]);
    with(&["audit"]).fails(2, &["--config", "--split"]);
    with(&["audit", "--config", "c.toml", "--split", "a.csv"]).fails(2, &["--split"]);
    with(&["audit", "--split", "none.csv"]).fails(1, &["none.csv"]);
    with(&["split", "--config", "c.toml"]).fails(2, &["--out"]);
    let npy = ["--config", "c.toml", "--format", "npy", "--out", "f.npy"];
    with(&[&["features", "a.wav"], &npy[..]].concat()).fails(1, &["a.wav"]);
    with(&[&["features", "none.wav"], &npy[..]].concat()).fails(1, &["none.wav"]);
    assert!(!d.join("f.npy").exists());
    with(&["synth", "--out", "a.wav/inside"]).fails(1, &["a.wav/inside"]);
    with(&["card", "--config", "c.toml", "--out", "a.wav/inside"]).fails(1, &["a.wav/inside"]);
}
