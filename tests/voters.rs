//! Several bundles in one file, as a user makes and asks them. Their encoder is a small one with random weights.

mod common;

use std::{fs, path::Path};

use common::{program, run, train};

/// One sees clips without their margins and their noise, the other as they are.
const CONFIG: &str = r#"
name = "trimmed"
[[corpora]]
kind = "synthetic"
[protocol]
folds = 3
validation = 0.4
[audio]
sample_rate = 16000
trim = true
trim_db = 12.0
[encoder]
path = "small"
layer = 1
pool = "mean"
level = "free"
snr = 12.0
window = 1.0
[model]
kind = "linear"
"#;

const TRIMMED: &str = "experiments/trimmed/fold-0/seed-42";
const WHOLE: &str = "experiments/whole/fold-0/seed-42";

fn answers(dir: &Path, bundle: &str, of: &[&str]) -> Vec<String> {
    let ran = run(program("ser-predict", dir).args([bundle, "wavs", "--format", "csv"]).args(of));
    ran.succeeds().stdout.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn two_bundles_in_one_file_answer_as_they_vote() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/encoders/whisper");
    let mut import = program("ser-data", d);
    run(import.args(["encoder", "import"]).arg(source).args(["--out", "models/small"])).succeeds();
    run(train(d, CONFIG).args(["--fold", "0", "--no-report"])).succeeds();
    let whole = CONFIG
        .replace("\"trimmed\"", "\"whole\"")
        .replace("trim = true\ntrim_db = 12.0", "trim = false")
        .replace("layer = 1", "layer = [1, 2]")
        .replace("snr = 12.0\n", "");
    run(train(d, &whole).args(["--fold", "0", "--no-report"])).succeeds();
    run(program("ser-data", d).args(["synth", "--out", "wavs"])).succeeds();
    let mut speakers: Vec<_> = fs::read_dir(d.join("wavs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    speakers.retain(|path| path.is_dir());
    speakers.sort();
    speakers[2..].iter().for_each(|path| fs::remove_dir_all(path).unwrap());

    let export = |args: &[&str]| run(program("ser-predict", d).arg("export").args(args));
    export(&[TRIMMED, "--with", WHOLE, "--self-contained", "--out", "both.safetensors"]).succeeds();
    let inside =
        export(&[TRIMMED, "--with", WHOLE, "--self-contained", "--encoder-precision", "int8", "--out", "int8.st"]);
    assert!(inside.succeeds().stderr.contains("2 of 2 layers in int8"), "{}", inside.stderr);
    let vote = ["--ensemble", WHOLE];
    let speaker = ["--speaker", "folder"];
    let voted = answers(d, TRIMMED, &vote);
    let adapted = answers(d, TRIMMED, &[vote, speaker].concat());
    assert_ne!(voted, answers(d, TRIMMED, &[]));
    fs::rename(d.join("models"), d.join("elsewhere")).unwrap();
    assert_eq!(answers(d, "both.safetensors", &[]), voted, "the same bits");
    assert_eq!(answers(d, "both.safetensors", &speaker), adapted);
    assert_ne!(answers(d, "int8.st", &[]), voted);
    assert_eq!(answers(d, "both.safetensors", &[]), voted, "whatever was asked before");

    let shown = run(program("ser-predict", d).args(["inspect", "both.safetensors"]));
    for part in ["bundle 1 of 2, which vote", "bundle 2 of 2, which vote", "experiment  trimmed", "experiment  whole"] {
        assert!(shown.succeeds().stdout.contains(part), "{part}: {}", shown.stdout);
    }
    let json = run(program("ser-predict", d).args(["inspect", "both.safetensors", "--format", "json"]));
    let json: serde_json::Value = serde_json::from_str(&json.succeeds().stdout).unwrap();
    assert_eq!((&json["format"], &json["beside"][0]["record"]["experiment"]), (&5.into(), &"whole".into()));

    // Each has a graph of its own.
    let graphs = export(&["both.safetensors", "--format", "onnx", "--out", "both.onnx"]);
    assert!(graphs.succeeds().stderr.contains("the mean of their probabilities"), "{}", graphs.stderr);
    assert!(["both.onnx", "both.json", "both-2.onnx", "both-2.json"].iter().all(|name| d.join(name).is_file()));

    export(&[TRIMMED, "--with", TRIMMED, "--out", "x"]).fails(2, &["given twice"]);
    export(&["both.safetensors", "--with", WHOLE, "--out", "x"]).fails(2, &["get their encoder together"]);
    export(&[TRIMMED, "--temperature-factor", "0", "--out", "x"])
        .fails(2, &["--temperature-factor 0: a number from 0.1 to 10"]);

    fs::rename(d.join("elsewhere"), d.join("models")).unwrap();
    let again = ["--fold", "0", "--out", "again", "--set", "model.kind=\"mlp\"", "--set"];
    run(train(d, CONFIG).args(again).arg("distil.bundles=[\"both.safetensors\"]"))
        .fails(2, &["several networks that vote"]);
}

/// The probabilities in rows of [`answers`]: behind path, seconds, emotion and confidence, before the error.
fn probabilities(rows: &[String]) -> Vec<Vec<f64>> {
    rows.iter().map(|row| row.split(',').skip(4).filter_map(|cell| cell.parse().ok()).collect()).collect()
}

#[test]
fn what_sees_more_of_the_same_is_listened_to_once_and_counts_more_at_home() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/encoders/whisper");
    run(program("ser-data", d).args(["encoder", "import"]).arg(source).args(["--out", "models/small"])).succeeds();
    let go = |name: &str, set: &[&str]| {
        let config = CONFIG.replace("\"trimmed\"", &format!("{name:?}"));
        let mut command = train(d, &config);
        command.args(["--fold", "0", "--no-report"]);
        set.iter().for_each(|set| _ = command.args(["--set", set]));
        run(&mut command)
    };
    go("narrow", &[]).succeeds();
    go("wide", &["encoder.layer=[2,1]", "encoder.pool=mean+std"]).succeeds();
    run(program("ser-data", d).args(["synth", "--out", "wavs"])).succeeds();
    let [narrow, wide] = ["narrow", "wide"].map(|name| format!("experiments/{name}/fold-0/seed-42"));

    // Each alone hears the clip by itself; together the one takes its columns from the other's.
    let alone = [&narrow, &wide].map(|bundle| probabilities(&answers(d, bundle, &[])));
    let mean = |weights: [f64; 2], together: &[Vec<f64>]| {
        let pairs = alone[0].iter().zip(&alone[1]);
        pairs
            .zip(together)
            .flat_map(|((a, b), both)| {
                let mean = a.iter().zip(b).map(|(a, b)| (weights[0] * a + weights[1] * b) / (weights[0] + weights[1]));
                mean.zip(both.clone()).map(|(mean, both)| (mean - both).abs()).collect::<Vec<_>>()
            })
            .fold(0.0, f64::max)
    };
    let both = probabilities(&answers(d, &narrow, &["--ensemble", &wide]));
    assert!(both.len() > 100 && mean([1.0, 1.0], &both) < 1e-5, "{}", mean([1.0, 1.0], &both));

    let export = |args: &[&str]| run(program("ser-predict", d).args(["export", &narrow]).args(args));
    export(&["--with", &wide, "--near-weight", "4", "--out", "leaning.safetensors"]).succeeds();
    let leaning = probabilities(&answers(d, "leaning.safetensors", &[]));
    // The clips are of training, some nearer than others.
    assert!(mean([1.0, 1.0], &leaning) > 1e-3 && leaning != both);
    let counts = |row: usize, times: f64| {
        (0..leaning[row].len()).all(|k| {
            let mean = (alone[0][row][k] + times * alone[1][row][k]) / (1.0 + times);
            (mean - leaning[row][k]).abs() < 1e-5
        })
    };
    let near = (0..leaning.len()).filter(|&row| counts(row, 4.0)).count();
    assert!(near > leaning.len() / 4, "{near} of {}", leaning.len());
    let shown = run(program("ser-predict", d).args(["inspect", "leaning.safetensors"]));
    let times = "counts 4 times where a clip is as near as those of training, 1 where it is not";
    assert!(shown.succeeds().stdout.contains(times), "{}", shown.stdout);
    export(&["--near-weight", "4", "--out", "x"]).fails(2, &["--with"]);
    export(&["--with", &wide, "--near-weight", "0", "--out", "x"]).fails(2, &["--near-weight 0", "from 1 to 100"]);
}

#[test]
fn opinions_are_learnt_and_the_class_is_tested() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    run(program("ser-data", d).args(["synth", "--out", "wavs"])).succeeds();
    let mut table = String::from("path,emotion,speaker,heard\n");
    let mut wavs: Vec<_> = walkdir(&d.join("wavs"));
    wavs.sort();
    for (at, wav) in wavs.iter().enumerate() {
        let name = wav.file_stem().unwrap().to_str().unwrap();
        let speaker = wav.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let emotion = ["angry", "happy", "neutral", "sad"].into_iter().find(|emotion| name.contains(emotion));
        let Some(emotion) = emotion else { continue };
        let heard = ["N", "sad:N", "", emotion][at % 4];
        table += &format!("{},{emotion},{speaker},{heard}\n", wav.display());
    }
    fs::write(d.join("table.csv"), table).unwrap();
    let config = r#"
name = "heard"
[[corpora]]
kind = "manifest"
path = "table.csv"
[protocol]
folds = 3
[features]
kinds = ["mfcc"]
[model]
kind = "mlp"
dense = 4
[train]
epochs = 2
class_weights = "balanced"
"#;
    let go = |out: &str, set: &[&str]| {
        let mut command = train(d, config);
        command.args(["--fold", "0", "--data", ".", "--out", out]);
        set.iter().for_each(|set| _ = command.args(["--set", set]));
        run(&mut command)
    };
    go("plain", &[]).succeeds();
    go("taught", &["task.opinions=[\"heard\"]"]).succeeds();
    let read = |out: &str| fs::read_to_string(d.join(out).join("fold-0/seed-42/predictions.csv")).unwrap();
    let truths =
        |text: &str| text.lines().map(|line| line.split(',').take(2).collect::<Vec<_>>().join(",")).collect::<Vec<_>>();
    let [plain, taught] = ["plain", "taught"].map(read);
    assert_ne!(plain, taught);
    assert_eq!(truths(&plain).len(), truths(&taught).len());
    let report = fs::read_to_string(d.join("taught/report/report.md")).unwrap();
    // Lines are broken.
    let report = report.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(report.contains("taught as the mean of a clip's class and of heard"), "{report}");
    go("wrong", &["task.opinions=[\"herd\"]"]).fails(2, &["task.opinions", "did you mean \"heard\""]);
    go("wrong", &["task.opinions=[\"path\"]"]).fails(2, &["task.opinions"]);
    go("wrong", &["task.opinions=[\"heard\"]", "task.kind=distribution"])
        .fails(2, &["task.opinions", "classification"]);
}

fn walkdir(dir: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walkdir(&path) } else { vec![path] })
        .filter(|p| p.extension().is_some_and(|e| e == "wav"))
        .collect()
}
