//! Listeners' votes in place of classes, from a table's columns to probabilities of a file.

mod common;

use std::{fs, path::Path};

use common::{TINY, program, run, train};

/// The embedded corpus as files, with the votes of seven listeners, most of them for the emotion.
fn corpus(dir: &Path) -> String {
    run(program("ser-data", dir).args(["synth", "--out", "corpus"])).succeeds();
    let path = dir.join("corpus/manifest.csv");
    let text = fs::read_to_string(&path).unwrap();
    const EMOTIONS: [&str; 4] = ["angry", "happy", "neutral", "sad"];
    let voted = |(i, line): (usize, &str)| {
        if i == 0 {
            return format!("{line},votes_angry,votes_happy,votes_neutral,votes_sad,listeners\n");
        }
        let own = EMOTIONS.iter().position(|name| line.contains(&format!(",{name},"))).unwrap_or(2);
        let mut votes = [0; 4];
        votes[own] += 3 + i % 5;
        votes[(own + 1 + i % 3) % 4] += 4 - i % 5;
        format!("{line},{},7\n", votes.map(|vote| vote.to_string()).join(","))
    };
    fs::write(&path, text.lines().enumerate().map(voted).collect::<String>()).unwrap();
    TINY.replace("kind = \"synthetic\"", "kind = \"manifest\"\npath = \"corpus/manifest.csv\"")
        + "\n[task]\nkind = 'distribution'\n"
}

#[test]
fn a_network_and_a_linear_head_learn_votes_and_predict_them() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let fold = |set: &[&str], out: &str| {
        let set = set.iter().flat_map(|set| ["--set", set]).collect::<Vec<_>>();
        run(train(d, &config).args(["--data", ".", "--out", out, "--fold", "0"]).args(set))
    };
    let ran = fold(&["train.epochs=3"], "out");
    ran.succeeds();
    assert!(ran.stderr.contains("listeners' votes on 4 classes: angry, happy, neutral, sad"), "{}", ran.stderr);
    assert!(ran.stderr.contains("validation 1 − JSD") && ran.stdout.contains("all agree"), "{}", ran.stdout);
    fold(&["model.kind=linear", "model.c=1", "task.temperature=0.8"], "linear").succeeds();
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(d.join("linear/report/report.json")).unwrap()).unwrap();
    let [jsd, constant] = ["jsd", "constant_jsd"].map(|name| report["figures"][name].as_f64().unwrap());
    assert!(jsd < 0.8 * constant, "the embedded corpus is easy: {jsd} {constant}");
    let human = report["figures"]["rest_human"].as_f64().unwrap();
    assert!((0.5..1.0).contains(&human), "{human}");

    // A file of the test side gets from the bundle what training said of it.
    let predictions = fs::read_to_string(d.join("linear/fold-0/seed-42/predictions.csv")).unwrap();
    assert!(predictions.starts_with("clip,speaker,fold,seed,truth_angry,prediction_angry,"), "{}", &predictions[..90]);
    let cells: Vec<&str> = predictions.lines().nth(1).unwrap().split(',').collect();
    let stem = cells[0].rsplit('/').next().unwrap();
    let table = fs::read_to_string(d.join("corpus/manifest.csv")).unwrap();
    let file = table.lines().find(|line| line.contains(stem)).unwrap().split(',').next().unwrap();
    let file = format!("corpus/{file}");
    let ran = run(program("ser-predict", d).args(["linear", &file, "--format", "json"]));
    let answer: serde_json::Value = serde_json::from_str(&ran.succeeds().stdout).unwrap();
    let answer = &answer["results"][0];
    for (class, theirs) in [("angry", cells[5]), ("sad", cells[11])] {
        let [ours, theirs] =
            [answer["probabilities"][class].as_f64().unwrap_or_else(|| panic!("{answer}")), theirs.parse().unwrap()];
        assert!((ours - theirs).abs() < 1e-4, "{answer} {cells:?}");
    }
    run(program("ser-eval", d).args(["out", "linear"])).fails(2, &["learnt listeners' votes", "give its folder alone"]);
}

#[test]
fn wrong_votes_are_named_by_row_column_and_value() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let path = d.join("corpus/manifest.csv");
    let original = fs::read_to_string(&path).unwrap();
    let tried = |set: &[&str]| {
        let set = set.iter().flat_map(|set| ["--set", set]).collect::<Vec<_>>();
        run(train(d, &config).args(["--data", ".", "--out", "out", "--fold", "0", "--no-report"]).args(set))
    };
    let edit = |at: usize, cell: &str| {
        let line = |(i, line): (usize, &str)| {
            let mut cells: Vec<&str> = line.split(',').collect();
            let n = cells.len();
            if i == 3 {
                cells[n - at] = cell;
            }
            cells.join(",") + "\n"
        };
        fs::write(&path, original.lines().enumerate().map(line).collect::<String>()).unwrap();
    };
    edit(1, "8");
    tried(&[]).fails(1, &["row 4 of the table", "are 7 votes, and listeners = 8"]);
    edit(2, "some");
    tried(&[]).fails(1, &["row 4 of the table", "votes_sad = \"some\" is not a number"]);
    fs::write(&path, &original).unwrap();
    tried(&["task.votes={ a = \"votes_angry\", b = \"votes_bored\" }"])
        .fails(2, &["task.votes.b", "no clip has that column"]);
    tried(&["task.targets=[\"votes_sad\"]"]).fails(2, &["task.targets", "no effect"]);
    tried(&["train.label_smoothing=0.1"]).fails(2, &["train.label_smoothing", "listeners' votes"]);
    tried(&["task.temperature=0"]).fails(2, &["task.temperature = 0"]);
    tried(&["task.kind=classification", "task.temperature=2.0"]).fails(2, &["task.temperature", "no effect"]);
    fs::write(&path, original.replace("votes_happy", "voted_happy").replace("votes_sad", "voted_sad")).unwrap();
    tried(&[]).fails(1, &["votes, and listeners = 7"]);
}

#[test]
fn folds_that_learnt_from_other_votes_have_no_figure_together() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let fold = |fold: &str| {
        let set = ["--no-report", "--data", ".", "--out", "out", "--set", "model.kind=linear", "--fold", fold];
        run(train(d, &config).args(set)).succeeds().stderr.clone()
    };
    fold("0");
    let path = d.join("corpus/manifest.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen(",7\n", ",8\n", 1).replacen(",3,", ",4,", 1)).unwrap();
    fold("1");
    run(program("ser-eval", d).arg("out")).fails(2, &["other data", "task.targets"]);
}
