//! A second head that sees clips otherwise than the network (`[speaker]`), from its training to answers, as a user runs it. The
//! encoder is a small one with random weights.

mod common;

use std::{fs, path::Path};

use common::{program, run, train};

/// The network sees next to nothing; the head that knows speakers sees more.
const CONFIG: &str = r#"
name = "views"
[[corpora]]
kind = "synthetic"
[protocol]
folds = 6
validation = 0.5
[audio]
sample_rate = 16000
trim = true
trim_db = 12.0
[encoder]
path = "small"
layer = 0
pool = "mean"
level = "free"
snr = 0.0
[speaker]
trim = false
layer = [1, 2]
pool = "mean+std"
c = 0.1
[augment]
copies = 2
noise = {}
[model]
kind = "linear"
c = 0.001
"#;

const RUN: &str = "experiments/views/fold-0/seed-42";

fn answers(dir: &Path, bundle: &str, of: &[&str]) -> Vec<String> {
    let ran = run(program("ser-predict", dir).args([bundle, "wavs", "--format", "csv"]).args(of));
    ran.succeeds().stdout.lines().skip(1).map(str::to_owned).collect()
}

/// A folder with the encoder of the golden tests.
fn with_encoder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/encoders/whisper");
    let mut import = program("ser-data", dir.path());
    run(import.args(["encoder", "import"]).arg(source).args(["--out", "models/small"])).succeeds();
    dir
}

#[test]
fn a_head_with_a_view_of_its_own_answers_alike_from_every_bundle_once_a_speaker_is_known() {
    let dir = with_encoder();
    let d = dir.path();
    let ran = run(train(d, CONFIG).args(["--fold", "0"]));
    assert!(
        ran.succeeds().stderr.contains("second head, on embeddings less their speaker's mean: kept"),
        "{}",
        ran.stderr
    );
    let scores = fs::read_to_string(d.join(RUN).join("speaker_scores.csv")).unwrap();
    let clips = fs::read_to_string(d.join(RUN).join("predictions.csv")).unwrap();
    assert_eq!(scores.lines().count(), clips.lines().count());
    let shown = run(program("ser-predict", d).args(["inspect", RUN]));
    assert!(shown.succeeds().stdout.contains("a second head, which sees clips otherwise"), "{}", shown.stdout);
    run(program("ser-eval", d).arg("experiments/views")).succeeds();
    let report = fs::read_to_string(d.join("experiments/views/report/report.md")).unwrap();
    assert!(report.contains("Adapted to the speaker"), "{report}");
    // Without a clip, and without the table, the curve would be of other answers than the bundle's.
    let evaluated = || run(program("ser-eval", d).arg("experiments/views"));
    let path = d.join(RUN).join("speaker_scores.csv");
    let shorter: String = scores.lines().take(9).map(|line| format!("{line}\n")).collect();
    fs::write(&path, shorter).unwrap();
    evaluated().fails(1, &["speaker_scores.csv", "has no row of"]);
    fs::remove_file(&path).unwrap();
    evaluated().fails(1, &["speaker_scores.csv", "is not there"]);

    run(program("ser-data", d).args(["synth", "--out", "wavs"])).succeeds();
    // Two speakers are enough.
    let mut speakers: Vec<_> = fs::read_dir(d.join("wavs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    speakers.retain(|path| path.is_dir());
    speakers.sort();
    speakers[2..].iter().for_each(|path| fs::remove_dir_all(path).unwrap());
    let export = |out: &str, args: &[&str]| {
        run(program("ser-predict", d).args(["export", RUN, "--out", out]).args(args)).succeeds();
    };
    export("f32.safetensors", &["--self-contained"]);
    export("int8.safetensors", &["--self-contained", "--encoder-precision", "int8"]);
    let [plain, adapted] = [&[][..], &["--speaker", "folder"]].map(|of| answers(d, RUN, of));
    assert_ne!(plain, adapted);
    fs::rename(d.join("models"), d.join("elsewhere")).unwrap();
    for (of, expected) in [(&[][..], &plain), (&["--speaker", "folder"], &adapted)] {
        assert_eq!(&answers(d, "f32.safetensors", of), expected);
    }
    assert_ne!(answers(d, "int8.safetensors", &["--speaker", "folder"]), adapted, "in 8 bits the states are others");
    run(program("ser-predict", d).args([RUN, "wavs"])).fails(2, &["needs the encoder small"]);
}

#[test]
fn a_view_without_speakers_to_learn_from_is_told_of() {
    let dir = with_encoder();
    let d = dir.path();
    let few =
        ["--fold", "0", "--set", "protocol.validation=0.1", "--set", "augment.copies=0", "--set", "augment.noise={}"];
    let ran = run(train(d, CONFIG).args(few));
    assert!(ran.succeeds().stderr.contains("[speaker] has no effect"), "{}", ran.stderr);
}

#[test]
fn a_view_that_nothing_could_have_is_refused_by_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        ("speaker.pool=\"none\"", "speaker.pool"),
        ("speaker.layer=\"weighted\"", "speaker.layer"),
        ("speaker.c=-1.0", "speaker.c = -1"),
        ("encoder.train_layers=1", "[speaker]"),
        ("speaker.pol=\"mean\"", "speaker.pol"),
    ];
    for (set, told) in cases {
        run(train(dir.path(), CONFIG).args(["--set", set])).fails(2, &[told]);
    }
    let without = CONFIG.split("[encoder]").next().unwrap().to_owned() + "[speaker]\ntrim = false\n";
    run(&mut train(dir.path(), &without)).fails(2, &["[speaker]", "[encoder]"]);
}
