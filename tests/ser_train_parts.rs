//! A class and what is learnt beside it, from a table's columns to the answers of one bundle.

mod common;

use std::{fs, path::Path};

use common::{TINY, program, run, train};

const RUN: &str = "out/fold-0/seed-42";
const TASK: &str = "\n[task]\nkind = 'multi-task'\ntargets = ['strength']\nrange = [0, 10]\n\
                    weights = { emotion = 1.0, strength = 0.5, sex = 0.25, speaker = 0.1 }\nadversarial = ['speaker']\n";

/// The embedded corpus as files, with a column of numbers that go with the emotions and a little with the row.
fn corpus(dir: &Path) -> String {
    run(program("ser-data", dir).args(["synth", "--out", "corpus"])).succeeds();
    let path = dir.join("corpus/manifest.csv");
    let text = fs::read_to_string(&path).unwrap();
    let rated = |(i, line): (usize, &str)| {
        if i == 0 {
            return format!("{line},strength\n");
        }
        let of = [("angry", 8.0), ("happy", 7.0), ("sad", 2.0), ("neutral", 3.0)];
        let strength = of.into_iter().find(|(name, _)| line.contains(&format!(",{name},"))).map_or(5.0, |(_, of)| of);
        format!("{line},{}\n", strength + (i * 37 % 11) as f64 / 10.0)
    };
    fs::write(&path, text.lines().enumerate().map(rated).collect::<String>()).unwrap();
    TINY.replace("kind = \"synthetic\"", "kind = \"manifest\"\npath = \"corpus/manifest.csv\"") + TASK
}

fn json(path: &Path) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn one_bundle_answers_with_the_emotion_and_the_number() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let set = ["--set", "train.epochs=4"];
    let whole = |out: &str| run(train(d, &config).args(["--data", ".", "--out", out, "--fold", "0"]).args(set));
    let ran = whole("out");
    ran.succeeds();
    assert!(
        ran.stderr.contains("0.5 × strength (0 to 10); 0.25 × sex; 0.1 × speaker, which is to be"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("validation UAR") && ran.stdout.contains("Learnt beside the emotion"),
        "{}",
        ran.stdout
    );

    // The parts' figures, and the report of the numbers.
    let parts = json(&d.join(RUN).join("parts.json"));
    let names: Vec<&str> = parts.as_array().unwrap().iter().map(|part| part["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["strength", "sex", "speaker"]);
    let [strength, sex, speaker] = [0, 1, 2].map(|at| &parts[at]);
    assert!((-1.0..=1.0).contains(&strength["test"].as_f64().unwrap()), "{parts}");
    assert!((0.0..=1.0).contains(&sex["test"].as_f64().unwrap()) && sex["weight"] == 0.25, "{parts}");
    assert!(speaker["test"].is_null() && speaker["training"].is_f64() && speaker["adversarial"] == true, "{parts}");
    let report = json(&d.join("out/report/report.json"));
    assert_eq!(report["runs"][0]["parts"], parts);
    let numbers = json(&d.join("out/report/numbers/report.json"));
    let ccc = numbers["targets"][0]["ccc"].as_f64().unwrap();
    assert!((ccc - strength["test"].as_f64().unwrap()).abs() < 1e-6, "{ccc} {parts}");
    for page in ["out/report/report.html", "out/report/report.md", "out/report/report.txt"] {
        let page = fs::read_to_string(d.join(page)).unwrap();
        assert!(page.contains("Learnt beside the emotion") && page.contains("0.1, reversed"), "{page}");
    }

    // A file of the test side gets from the bundle what training said of it, of both.
    let row_of = |name: &str| {
        let text = fs::read_to_string(d.join(RUN).join(name)).unwrap();
        text.lines().nth(1).unwrap().split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    let (classes, values) = (row_of("predictions.csv"), row_of("numbers.csv"));
    assert_eq!(classes[0], values[0]);
    let stem = classes[0].rsplit('/').next().unwrap();
    let table = fs::read_to_string(d.join("corpus/manifest.csv")).unwrap();
    let file = table.lines().find(|line| line.contains(stem)).unwrap().split(',').next().unwrap();
    let file = format!("corpus/{file}");
    let ran = run(program("ser-predict", d).args([RUN, &file, "--format", "json", "--uncalibrated"]));
    let document: serde_json::Value = serde_json::from_str(&ran.succeeds().stdout).unwrap();
    assert_eq!(document["ranges"]["strength"], serde_json::json!([0.0, 10.0]));
    let answer = &document["results"][0];
    assert_eq!(answer["emotion"].as_str().unwrap(), classes[5]);
    let near = |ours: f64, theirs: &str| (ours - theirs.parse::<f64>().unwrap()).abs() < 1e-3;
    assert!(near(answer["values"]["strength"].as_f64().unwrap(), &values[5]), "{answer} {values:?}");
    let first = document["classes"][0].as_str().unwrap();
    assert!(near(answer["probabilities"][first].as_f64().unwrap(), &classes[6]), "{answer} {classes:?}");
    let ran = run(program("ser-predict", d).args([RUN, &file]));
    assert!(ran.succeeds().stdout.contains("%; strength ") && ran.stdout.contains("  0 to 10\n"), "{}", ran.stdout);
    let timeline = ["--timeline", "--window", "60", "--format", "csv", "--plot", "course.svg"];
    let ran = run(program("ser-predict", d).args([RUN, &file]).args(timeline));
    assert!(ran.succeeds().stdout.starts_with("path,start,end,emotion,confidence,p_angry,"), "{}", ran.stdout);
    assert!(ran.stdout.lines().next().unwrap().ends_with(",strength,error"), "{}", ran.stdout);
    assert!(d.join("course.svg").exists() && d.join("course-values.svg").exists());
    let ran = run(program("ser-predict", d).args(["inspect", RUN]));
    assert!(ran.succeeds().stdout.contains("strength (0 to 10)"), "{}", ran.stdout);

    // Nothing of the people who spoke is in it.
    let bytes = fs::read(d.join(RUN).join("bundle/model.safetensors")).unwrap();
    let has = |bytes: &[u8], name: &str| bytes.windows(name.len()).any(|part| part == name.as_bytes());
    let checkpoint = fs::read(d.join(RUN).join("checkpoints/best.safetensors")).unwrap();
    for head in ["auxiliary.weight", "adversary.weight"] {
        assert!(!has(&bytes, head) && has(&checkpoint, head), "{head}");
    }

    // A run goes on from it, and two experiments of emotions are compared.
    let on = ["--set", "train.epochs=1", "--set", "train.init=out/fold-{fold}/seed-{seed}"];
    run(train(d, &config).args(["--data", ".", "--out", "on", "--fold", "0"]).args(on)).succeeds();
    run(program("ser-eval", d).args(["out", "on"])).succeeds();
}

#[test]
fn a_run_that_was_stopped_resumes_to_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let fold = |out: &str| {
        let mut command = train(d, &config);
        command.args([
            "--data",
            ".",
            "--out",
            out,
            "--fold",
            "0",
            "--no-report",
            "--set",
            "train.epochs=6",
            "--resume",
        ]);
        command
    };
    run(&mut fold("whole")).succeeds();
    let place = d.join("broken/fold-0/seed-42");
    let mut kills = 0;
    for attempt in 0..12u64 {
        let mut child =
            fold("broken").stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300 + 150 * attempt));
        kills += usize::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        if place.join("done.json").exists() {
            break;
        }
    }
    run(&mut fold("broken")).succeeds();
    assert!(kills > 0, "the run was over before it could be stopped once");
    for name in ["predictions.csv", "numbers.csv", "validation_numbers.csv", "parts.json", "bundle/model.safetensors"] {
        let [whole, broken] =
            ["whole", "broken"].map(|out| fs::read(d.join(out).join("fold-0/seed-42").join(name)).unwrap());
        assert!(whole == broken, "{name} differs after {kills} stops");
    }
}

#[test]
fn the_states_of_an_encoder_are_learnt_from_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d).replace(
        "[features]\nkinds = [\"mfcc\"]\n",
        "[audio]\nsample_rate = 16000\n[encoder]\npath = \"small\"\nlayer = 2\npool = \"mean\"\n",
    );
    let config = config.replace("[model]\n", "[model]\nkind = \"mlp\"\npool = \"mean\"\n");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/encoders/whisper");
    run(program("ser-data", d).args(["encoder", "import"]).arg(source).args(["--out", "models/small"])).succeeds();
    let fold = |set: &[&str]| {
        let set = set.iter().flat_map(|set| ["--set", set]).collect::<Vec<_>>();
        run(train(d, &config).args(["--data", ".", "--out", "out", "--fold", "0", "--no-report"]).args(set))
    };
    fold(&["train.epochs=2"]).succeeds();
    let parts = json(&d.join(RUN).join("parts.json"));
    assert_eq!(parts[0]["name"], "strength");
    fold(&["model.kind=linear"]).fails(2, &["share nothing", "mlp"]);
    fold(&["task.weights.speaker=0"]).fails(2, &["task.weights.speaker = 0"]);
    fold(&["task.weights.age=1"]).fails(2, &["task.weights.age", "no such part"]);
}
