//! `ser-eval` as its users meet it.

mod common;

use std::{fs, path::Path};

use common::{TINY, program, run, train};

/// The report of an experiment's folder, as JSON text and as a value.
fn report(dir: &Path, experiment: &str) -> (String, serde_json::Value) {
    run(program("ser-eval", dir).arg(experiment)).succeeds();
    let text = fs::read_to_string(dir.join(experiment).join("report/report.json")).unwrap();
    let value = serde_json::from_str(&text).unwrap();
    (text, value)
}

#[test]
fn figures_are_of_the_saved_predictions_and_of_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    run(train(d, TINY).args(["--out", "a", "--set", "train.epochs=1"])).succeeds();
    let (text, json) = report(d, "a");
    assert_eq!(json["schema"], "ser-report/1");
    for key in ["kappa", "mcc", "uar", "wa", "macro_f1", "n", "protocol", "per_class", "calibrated", "worst"] {
        assert!(!json[key].is_null(), "{key}");
    }
    assert!(json["certainty"]["bins"].as_array().unwrap().len() == 15);
    let by: Vec<_> = json["breakdowns"].as_array().unwrap().iter().map(|of| of["by"].as_str().unwrap()).collect();
    assert!(by.contains(&"speaker") && by.contains(&"sex") && by.contains(&"duration"), "{by:?}");
    // Men and women are compared, with a verdict, here and on the page.
    let fairness = &json["fairness"][0];
    assert_eq!((&fairness["by"], &fairness["groups"][0]["name"]), (&"sex".into(), &"female".into()), "{fairness}");
    let gap = &fairness["groups"][0]["gaps"][0];
    assert!(gap["figure"] == "uar" && gap["limit"] == 0.075 && gap["interval"]["low"].is_number(), "{gap}");
    let page = fs::read_to_string(d.join("a/report/report.html")).unwrap();
    assert!(page.contains("id=\"fairness\"") && page.contains("Fairness by sex"));
    let [speakers, utterances] = &json["intervals"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!((&speakers["unit"], &utterances["unit"]), (&"speakers".into(), &"utterances".into()));
    assert!(speakers["uar"]["low"].as_f64() <= json["uar"].as_f64());

    // Rows in another order: the same report to the last byte.
    let path = d.join("a/fold-1/seed-42/predictions.csv");
    let good = fs::read_to_string(&path).unwrap();
    let (header, rows) = good.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let write = |rows: &[&str]| fs::write(&path, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    write(&rows.iter().rev().copied().collect::<Vec<_>>());
    assert!(report(d, "a").0 == text, "the order of rows changed the report");

    // Rows that are wrong are named.
    let twice: Vec<&str> = rows.iter().chain(&rows[3..4]).copied().collect();
    write(&twice);
    let clip = rows[3].split(',').next().unwrap();
    let line = format!("line {}: {clip} is predicted twice", rows.len() + 2);
    run(program("ser-eval", d).arg("a")).fails(1, &["fold-1/seed-42/predictions.csv", &line, "line 5"]);
    write(&rows[1..]);
    let missing = rows[0].split(',').next().unwrap();
    run(program("ser-eval", d).arg("a")).fails(1, &["have no row", missing]);
    for (column, value, expected) in [(4, "bored", "truth = \"bored\""), (7, "NaN", "\"NaN\" is not a probability")] {
        let mut cells: Vec<&str> = rows[5].split(',').collect();
        cells[column] = value;
        let changed = cells.join(",");
        let mut bad = rows.clone();
        bad[5] = &changed;
        write(&bad);
        run(program("ser-eval", d).arg("a")).fails(1, &["line 7", expected]);
    }
    write(&rows);

    // No intervals where none are wanted.
    let ran = run(program("ser-eval", d).args(["a", "--bootstrap", "0", "--out", "quick"]));
    assert!(!ran.succeeds().stdout.contains("95 % by 8"), "{}", ran.stdout);
    assert!(ran.stdout.lines().all(|line| line.chars().count() <= 80 || line.starts_with("report ")), "{}", ran.stdout);
}

#[test]
fn experiments_of_one_protocol_are_compared_and_others_are_not() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let short = TINY.replace("epochs = 3", "epochs = 1");
    run(train(d, &short).args(["--out", "a"])).succeeds();
    run(train(d, &short.replace("tiny", "other")).args(["--out", "b", "--set", "model.hidden=4"])).succeeds();
    run(train(d, &short.replace("tiny", "third")).args(["--out", "c", "--set", "protocol.folds=2"])).succeeds();
    let ran = run(program("ser-eval", d).args(["a", "b", "--out", "comparison", "--bootstrap", "500"]));
    for part in ["experiment", "paired", "bootstrap over speakers", "McNemar", "tiny", "other"] {
        assert!(ran.succeeds().stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let json = fs::read_to_string(d.join("comparison/comparison.json")).unwrap();
    assert!(json.contains("ser-comparison/1") && json.contains("\"sentence\""), "{json}");
    run(program("ser-eval", d).args(["a", "c"])).fails(2, &["cannot be compared", "folds"]);
    let all = run(program("ser-eval", d).args(["a", "b", "c"]));
    assert!(all.succeeds().stderr.contains("not compared"), "{}", all.stderr);
    assert_eq!(all.stdout.matches("McNemar's exact test").count(), 1, "the two of one protocol are: {}", all.stdout);
    assert_eq!(all.stdout.matches("experiment  seeds").count(), 2, "{}", all.stdout);

    // The page of reproduced figures, of the experiments that lie beside each other.
    let row = |experiment: &str, part: &str| {
        format!(
            "[[rows]]\nexperiment = \"{experiment}\"\npart = \"{part}\"\ntitle = \"Row {experiment}\"\nconfig = \"x.toml\"\n"
        )
    };
    let rows = row("a", "reference") + &row("b", "best") + &row("d", "best");
    fs::create_dir(d.join("page")).unwrap();
    fs::write(d.join("page/published.toml"), format!("published = []\nlisteners = []\n{rows}")).unwrap();
    let page = ["--compare", "page/published.toml", ".", "--bootstrap", "100"];
    run(program("ser-eval", d).args(page)).succeeds();
    let text = fs::read_to_string(d.join("page/reproduction.md")).unwrap();
    for part in ["| Row a | unseen | 1 |", "Not run: d.", "(plots/b.svg)", "SYNTHETIC SPEECH"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(d.join("page/plots/b.svg").exists());
    fs::write(d.join("page/published.toml"), row("a", "unheard of")).unwrap();
    run(program("ser-eval", d).args(page)).fails(2, &["page/published.toml", "unheard of"]);
}
