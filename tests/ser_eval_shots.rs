//! From one language to another with more and more of its clips: experiments, and the curve over them.

mod common;

use std::{fs, path::Path};

use common::{TINY, program, run, train};

/// Two languages of the synthesiser's, each of two sentences and of six speakers.
fn corpus(dir: &Path) -> String {
    run(program("ser-data", dir).args(["synth", "--out", "corpus"])).succeeds();
    let path = dir.join("corpus/manifest.csv");
    let text = fs::read_to_string(&path).unwrap();
    let language = |line: &str| {
        let speaker: usize = line.get(1..3)?.parse().ok()?;
        let other = ["_rain_", "_bus_"].iter().any(|sentence| line.contains(sentence));
        ((speaker > 6) == other).then(|| format!("{line},{}\n", if other { "bb" } else { "aa" }))
    };
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let rows: String = lines.filter_map(language).collect();
    fs::write(&path, format!("{header},language\n{rows}")).unwrap();
    TINY.replace("kind = \"synthetic\"", "kind = \"manifest\"\npath = \"corpus/manifest.csv\"").replace(
        "folds = 3",
        "kind = \"cross-lingual\"\ntrain = [\"aa\"]\ntest = [\"bb\"]\nshot_speakers = 2\nvalidation = 0.5",
    )
}

#[test]
fn a_curve_over_shots_is_drawn_from_experiments_that_test_one_side() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = corpus(d);
    for shots in ["0", "1", "4"] {
        let set = ["--set", "model.kind=linear", "--set", "model.c=1"];
        let shots_are = format!("protocol.shots={shots}");
        let out = format!("few/{shots}");
        run(train(d, &config).args(["--data", ".", "--no-report", "--out", &out, "--set", &shots_are]).args(set))
            .succeeds();
        let split = fs::read_to_string(d.join(&out).join("fold-aa-to-bb/seed-42/split.csv")).unwrap();
        let side = |name: &str, of: &dyn Fn(usize) -> bool| {
            let rows = split.lines().filter(|line| line.contains(&format!(",{name},")));
            rows.filter(|line| of(line.split('/').nth(1).unwrap()[1..].parse().unwrap())).count()
        };
        // Of the second language: so many clips of each of seven emotions; of four of its speakers the others are tested.
        assert_eq!(side("train", &|speaker| speaker > 6), 7 * shots.parse::<usize>().unwrap(), "{split}");
        assert_eq!((side("test", &|speaker| speaker > 6), side("test", &|speaker| speaker <= 6)), (4 * 28, 0));
    }
    let more = run(train(d, &config).args(["--data", ".", "--out", "few/9", "--set", "protocol.shots=9"]));
    more.fails(1, &["protocol.shots = 9", "the 2 speakers of bb have 8 clips of angry only"]);
    let ran = run(program("ser-eval", d).args(["few/0", "few/4", "few/1", "--out", "few/curve", "--bootstrap", "200"]));
    let stdout = &ran.succeeds().stdout;
    assert!(stdout.contains("Few-shot curve") && stdout.contains("curve       few/curve/report.html"), "{stdout}");
    let table = fs::read_to_string(d.join("few/curve/report.md")).unwrap();
    let rows: Vec<&str> = table.lines().filter(|line| line.contains("| 2 ") && line.contains("| 42 ")).collect();
    let shots: Vec<&str> = rows.iter().map(|row| row.split('|').nth(1).unwrap().trim()).collect();
    assert_eq!(shots, ["0", "1", "4"], "{table}");
    for (row, shots) in rows.iter().zip(shots) {
        let text = fs::read_to_string(d.join("few").join(shots).join("report/report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let uar = format!("{:.2}", 100.0 * report["uar"].as_f64().unwrap());
        assert!(row.contains(&uar) && row.contains(" to "), "{uar}: {row}");
        assert_eq!(report["protocol"]["shots"]["speakers"], 2);
    }
    assert!(d.join("few/curve/shots.svg").exists() && d.join("few/curve/comparison.txt").exists());
    // What adapting without labels gives at each number of shots, as the experiments' own reports have it.
    let adapted = table.split("Adapted to the tested speakers").nth(1).unwrap();
    for shots in ["0", "1", "4"] {
        let text = fs::read_to_string(d.join("few").join(shots).join("report/report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (side, words) in [(0, "0 s"), (1, "10 s"), (2, "30 s"), (3, "60 s"), (4, "all of the speaker's clips")] {
            let point = &report["adaptation"]["points"][side];
            let row = adapted.lines().find(|row| row.starts_with(&format!("| {shots} | 42 | {words} |"))).unwrap();
            let uar = format!("{:.2}", 100.0 * point["uar"].as_f64().unwrap());
            assert!(row.contains(&uar), "{uar}: {row}");
        }
    }
    assert!(!adapted.contains("two emotions") && d.join("few/curve/adapted-42.svg").exists(), "{adapted}");
    let without = ["--no-report", "--set", "model.kind=linear", "--set", "protocol.validation=0.2", "--data", "."];
    for shots in ["0", "4"] {
        let set = format!("protocol.shots={shots}");
        run(train(d, &config).args(without).args(["--set", &set, "--out", &format!("few/without-{shots}")])).succeeds();
    }
    let none = run(program("ser-eval", d).args(["few/without-0", "few/without-4", "--out", "few/none"]));
    assert!(!none.succeeds().stdout.contains("without labels"), "{}", none.stdout);
    let plain = run(train(d, TINY).args(["--out", "plain", "--fold", "0"]));
    plain.succeeds();
    let other = run(program("ser-eval", d).args(["few/0", "few/1", "plain", "--out", "few/none"]));
    assert!(!other.succeeds().stdout.contains("Few-shot curve"), "{}", other.stdout);
}
