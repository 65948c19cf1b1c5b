//! Numbers in place of classes, from a table's columns to values of a file.

mod common;

use std::{fs, path::Path};

use common::{TINY, program, run, train};

const RUN: &str = "out/fold-0/seed-42";
const TASK: &str = "\n[task]\nkind = 'regression'\ntargets = ['Arousal', 'valence']\nrange = { Arousal = [1, 7], valence = [-1, 1] }\n";

/// The embedded corpus as files, with two columns of numbers that go with the emotions and a little with the row.
fn corpus(dir: &Path) -> String {
    run(program("ser-data", dir).args(["synth", "--out", "corpus"])).succeeds();
    let path = dir.join("corpus/manifest.csv");
    let text = fs::read_to_string(&path).unwrap();
    let rated = |(i, line): (usize, &str)| {
        if i == 0 {
            return format!("{line},arousal,valence\n");
        }
        let of = [("angry", 6.0, -0.7), ("happy", 5.5, 0.8), ("sad", 2.0, -0.6), ("neutral", 3.5, 0.0)];
        let (_, arousal, valence) =
            of.into_iter().find(|(name, ..)| line.contains(&format!(",{name},"))).unwrap_or(("", 4.0, -0.3));
        let own = (i * 37 % 11) as f64 / 20.0;
        format!("{line},{},{:.3}\n", arousal + own, valence + own / 4.0)
    };
    fs::write(&path, text.lines().enumerate().map(rated).collect::<String>()).unwrap();
    TINY.replace("kind = \"synthetic\"", "kind = \"manifest\"\npath = \"corpus/manifest.csv\"") + TASK
}

/// The table with a cell of its fourth row changed.
fn edit(dir: &Path, change: impl Fn(&mut Vec<String>)) {
    let path = dir.join("corpus/manifest.csv");
    let text = fs::read_to_string(&path).unwrap();
    let line = |(i, line): (usize, &str)| {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if i == 3 {
            change(&mut cells);
        }
        cells.join(",") + "\n"
    };
    fs::write(path, text.lines().enumerate().map(line).collect::<String>()).unwrap();
}

#[test]
fn a_network_and_a_linear_head_learn_numbers_and_predict_them() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let fold = |set: &[&str], out: &str| {
        let set = set.iter().flat_map(|set| ["--set", set]).collect::<Vec<_>>();
        run(train(d, &config).args(["--data", ".", "--out", out, "--fold", "0"]).args(set))
    };
    let ran = fold(&["task.loss=both", "train.epochs=4"], "out");
    ran.succeeds();
    assert!(ran.stderr.contains("2 targets: Arousal (1 to 7), valence (-1 to 1)"), "{}", ran.stderr);
    assert!(ran.stderr.contains("validation mean CCC") && ran.stdout.contains("valence CCC"), "{}", ran.stdout);
    let linear = fold(&["model.kind=linear", "model.c=1"], "linear");
    linear.succeeds();
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(d.join("linear/report/report.json")).unwrap()).unwrap();
    let ccc = report["targets"][0]["ccc"].as_f64().unwrap();
    assert!(ccc > 0.5, "the embedded corpus is easy: {ccc}");
    let predictions = fs::read_to_string(d.join(RUN).join("predictions.csv")).unwrap();
    assert!(
        predictions
            .starts_with("clip,speaker,fold,seed,truth_Arousal,prediction_Arousal,truth_valence,prediction_valence\n"),
        "{}",
        &predictions[..100]
    );
    for line in predictions.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [arousal, valence] = [5, 7].map(|at: usize| cells[at].parse::<f64>().unwrap());
        assert!((1.0..=7.0).contains(&arousal) && (-1.0..=1.0).contains(&valence), "{line}");
    }
    // A file of the test side gets from the bundle what training said of it.
    let cells: Vec<&str> = predictions.lines().nth(1).unwrap().split(',').collect();
    let stem = cells[0].rsplit('/').next().unwrap();
    let table = fs::read_to_string(d.join("corpus/manifest.csv")).unwrap();
    let file = table.lines().find(|line| line.contains(stem)).unwrap().split(',').next().unwrap();
    let file = format!("corpus/{file}");
    let ran = run(program("ser-predict", d).args([RUN, &file, "--format", "csv"]));
    let row = ran.succeeds().stdout.lines().nth(1).unwrap().split(',').map(str::to_owned).collect::<Vec<_>>();
    assert!(ran.stdout.starts_with("path,seconds,Arousal,valence,error\n"), "{}", ran.stdout);
    for (ours, theirs) in [(&row[2], cells[5]), (&row[3], cells[7])] {
        let [ours, theirs] = [ours.parse::<f32>().unwrap(), theirs.parse().unwrap()];
        assert!((ours - theirs).abs() < 1e-4, "{row:?} {cells:?}");
    }
    let ran = run(program("ser-predict", d).args(["linear", &file]));
    assert!(ran.succeeds().stdout.contains("  1 to 7\n"), "{}", ran.stdout);

    // Other numbers are other data.
    fold(&["task.loss=both", "train.epochs=4"], "out").succeeds();
    edit(d, |cells| cells.last_mut().unwrap().push('9'));
    fold(&["task.loss=both", "train.epochs=4"], "out").fails(2, &["finished on other data", "task.targets"]);
    run(program("ser-eval", d).args(["out", "linear"])).fails(2, &["learnt numbers", "give its folder alone"]);
}

#[test]
fn wrong_numbers_are_named_by_row_column_and_value() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    let tried = |set: &[&str]| {
        let set = set.iter().flat_map(|set| ["--set", set]).collect::<Vec<_>>();
        run(train(d, &config).args(["--data", ".", "--out", "out", "--fold", "0", "--no-report"]).args(set))
    };
    let last = |cell: &'static str| move |cells: &mut Vec<String>| *cells.last_mut().unwrap() = cell.to_owned();
    edit(d, last("lots"));
    tried(&[]).fails(1, &["row 4 of the table", "valence = \"lots\" is not a number"]);
    edit(d, last("1.5"));
    tried(&[]).fails(1, &["row 4 of the table", "valence = 1.5 is outside of its range, -1 to 1"]);
    edit(d, last(""));
    tried(&[]).fails(1, &["row 4 of the table", "has no valence", "task.missing = \"drop\""]);
    tried(&["task.missing=drop", "train.epochs=1"]).succeeds();
    let excluded = fs::read_to_string(d.join(RUN).join("excluded.csv")).unwrap();
    assert!(excluded.contains("no valence"), "{excluded}");
    tried(&["task.targets=[\"arousel\"]", "task.range=[1, 7]"])
        .fails(2, &["no clip has a column arousel", "\"arousal\""]);
    tried(&["train.class_weights=balanced"]).fails(2, &["train.class_weights", "regression"]);
    tried(&["task.kind=classification"]).fails(2, &["task.targets", "no effect"]);
    tried(&["model.kind=linear", "task.loss=ccc"]).fails(2, &["task.loss", "no effect"]);
}
