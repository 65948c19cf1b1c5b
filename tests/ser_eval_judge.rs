//! `ser-eval judge` as its users meet it: predictions of any other program.

mod common;

use std::{fmt::Write, fs, path::Path};

use common::{Ran, program, run};
use serde_json::Value;

const CLASSES: [&str; 3] = ["angry", "happy", "sad"];

/// Eight people by twelve clips; whoever has an even number is a woman. Four are tested.
fn clips() -> impl Iterator<Item = (usize, usize, &'static str)> {
    (0..8).flat_map(|speaker| (0..12).map(move |clip| (speaker, clip, CLASSES[clip % 3])))
}

/// Every fourth clip is taken for the next class.
fn answer(speaker: usize, clip: usize) -> usize {
    (clip + usize::from((speaker + clip).is_multiple_of(4))) % 3
}

fn split(dir: &Path) {
    let mut text = "path,side,emotion,speaker,gender\n".to_owned();
    for (speaker, clip, emotion) in clips() {
        let (side, sex) = (if speaker < 4 { "test" } else { "train" }, if speaker % 2 == 0 { "f" } else { "m" });
        writeln!(text, "audio/{speaker}/{speaker}-{clip}.wav,{side},{emotion},s{speaker},{sex}").unwrap();
    }
    fs::write(dir.join("split.csv"), text).unwrap();
}

fn judge(dir: &Path, arguments: &[&str]) -> Ran {
    run(program("ser-eval", dir).arg("judge").args(arguments).args(["--bootstrap", "200", "--out", "out"]))
}

fn report(dir: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(dir.join("out/report.json")).unwrap()).unwrap()
}

/// Rows of the test side: `row` writes one of a clip's file, answer and class.
fn table(dir: &Path, name: &str, header: &str, row: impl Fn(&str, usize, &str) -> String) {
    let rows = clips().filter(|(speaker, ..)| *speaker < 4);
    let rows: Vec<String> = rows
        .map(|(speaker, clip, truth)| row(&format!("{speaker}-{clip}.wav"), answer(speaker, clip), truth))
        .collect();
    fs::write(dir.join(name), format!("{header}\n{}\n", rows.join("\n"))).unwrap();
}

/// The probability of each class.
fn probabilities(answer: usize) -> String {
    (0..3).map(|class| if class == answer { ",0.8" } else { ",0.1" }).collect()
}

#[test]
fn tables_of_several_spellings_give_the_same_figures() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    split(d);
    table(d, "plain.csv", "file,predicted", |file, answer, _| format!("/home/x/{file},{}", CLASSES[answer]));
    // Nkululeko's *_pred.csv, and its *_predictions.csv, which needs no split.
    table(
        d,
        "nk_pred.csv",
        "file,start,end,angry,happy,sad,predicted,truth,uncertainty,correct",
        |file, answer, truth| {
            format!("{file},0 days,NaT{},{},{truth},0.1,True", probabilities(answer), CLASSES[answer])
        },
    );
    table(d, "nk_predictions.csv", "file,start,end,emotion,speaker,gender,predicted", |file, answer, truth| {
        let speaker = &file[..1];
        let sex = if speaker.parse::<usize>().unwrap() % 2 == 0 { "female" } else { "male" };
        format!("{file},0 days,NaT,{truth},{speaker},{sex},{}", CLASSES[answer])
    });
    // EmoBox's: a list of keys and indices beside its lists of clips.
    table(d, "emobox.jsonl", "", |file, answer, _| {
        format!("{{\"key\": \"c-{}\", \"pred\": {answer}}}", file.trim_end_matches(".wav"))
    });
    fs::create_dir_all(d.join("lists/fold_1")).unwrap();
    for side in ["train", "test"] {
        let rows = clips().filter(|(speaker, ..)| (*speaker < 4) == (side == "test"));
        let rows = rows.map(|(speaker, clip, emotion)| {
            let name = format!("{speaker}-{clip}");
            format!("{{\"key\": \"c-{name}\", \"wav\": \"downloads/{name}.wav\", \"emo\": \"{emotion}!\"}}\n")
        });
        fs::write(d.join(format!("lists/fold_1/c_{side}_fold_1.jsonl")), rows.collect::<String>()).unwrap();
    }
    fs::write(d.join("label_map.json"), r#"{"angry!": "Angry", "happy!": "Happy", "sad!": "Sad"}"#).unwrap();
    let emobox = ["emobox.jsonl", "--split", "lists", "--label-map", "label_map.json", "--classes", "Angry,Happy,Sad"];
    let mut figures = Vec::new();
    for (arguments, independent) in [
        (&["plain.csv", "--split", "split.csv"][..], true),
        (&["nk_pred.csv", "--split", "split.csv"], true),
        (&["nk_predictions.csv"], false),
        (&emobox, false),
    ] {
        let ran = judge(d, arguments);
        ran.succeeds();
        let json = report(d);
        figures.push((json["uar"].clone(), json["n"].clone(), json["confusion"]["counts"].clone()));
        assert_eq!(json["protocol"]["speaker_independent"], independent, "{arguments:?}");
        // Answers alone have no calibration, and of what no speaker is known there is no fairness.
        assert_eq!(json["certainty"].is_null(), arguments[0] != "nk_pred.csv", "{arguments:?}");
        assert_eq!(json["fairness"].as_array().unwrap().is_empty(), arguments[0] == "emobox.jsonl", "{arguments:?}");
        assert_eq!(json["split_audit"].is_object(), arguments.len() > 1);
        assert!(fs::read_to_string(d.join("out/report.html")).unwrap().contains("id=\"confusion\""));
    }
    assert_eq!(figures[0].1, 48);
    assert!(figures.iter().all(|of| *of == figures[0]), "{figures:?}");
}

#[test]
fn two_programs_are_compared_by_pairs() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    split(d);
    table(d, "a.csv", "path,pred", |file, answer, _| format!("{file},{}", CLASSES[answer]));
    table(d, "b.csv", "path,y_pred", |file, _, truth| format!("{file},{truth}"));
    let ran = judge(d, &["b.csv", "--split", "split.csv", "--against", "a.csv"]);
    assert!(ran.succeeds().stdout.contains("a difference of +"), "{}", ran.stdout);
    let json: Value = serde_json::from_str(&fs::read_to_string(d.join("out/comparison.json")).unwrap()).unwrap();
    assert!(json["comparisons"][0]["difference"].as_f64() > Some(0.2), "{json}");
    assert!(fs::read_to_string(d.join("out/report.html")).unwrap().contains("id=\"compared\""));
}

#[test]
fn what_does_not_fit_is_named_and_nothing_is_guessed() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    split(d);
    table(d, "good.csv", "path,pred,p_angry,p_happy,p_sad", |file, answer, _| {
        format!("{file},{}{}", CLASSES[answer], probabilities(answer))
    });
    let good = fs::read_to_string(d.join("good.csv")).unwrap();
    let lines: Vec<&str> = good.lines().collect();
    let bad: [(String, &[&str]); 6] = [
        (lines[..40].join("\n"), &["9 of 48 test clips have no prediction, as audio/3/3-3.wav", "--partial"]),
        (format!("{good}{}\n", lines[1]), &["row 50", "predicted twice", "row 2"]),
        (format!("{good}x.wav,sad,0.1,0.1,0.8\n"), &["clips that the split does not list, as x.wav"]),
        (good.replacen(",0.8", ",0.3", 1), &["row 2", "sum to 0.5", "--scores logits"]),
        (good.replacen(",angry", ",boredom", 1), &["\"boredom\" is predicted and no test clip is of it", "--map"]),
        (good.replacen("pred", "guess", 1), &["no column of the prediction", "--column prediction=NAME"]),
    ];
    for (text, parts) in bad {
        fs::write(d.join("bad.csv"), text).unwrap();
        judge(d, &["bad.csv", "--split", "split.csv"]).fails(1, parts);
    }
    // What is left out on purpose is said above every figure.
    fs::write(d.join("bad.csv"), lines[..40].join("\n")).unwrap();
    let ran = judge(d, &["bad.csv", "--split", "split.csv", "--partial"]);
    assert!(ran.succeeds().stdout.contains("NOT PREDICTED: 9 test clips"), "{}", ran.stdout);
    judge(d, &["good.csv", "--split", "split.csv", "--map", "joy=happy"]).fails(2, &["nothing is called joy"]);
    fs::write(d.join("bad.csv"), good.replacen("pred", "guess", 1)).unwrap();
    judge(d, &["bad.csv", "--split", "split.csv", "--column", "prediction=guess"]).succeeds();

    // A clip on two sides makes every figure a leak's.
    let mut split = fs::read_to_string(d.join("split.csv")).unwrap();
    split.push_str("other/0-0.wav,train,angry,s0,f\n");
    fs::write(d.join("split.csv"), split).unwrap();
    let ran = judge(d, &["good.csv", "--split", "split.csv"]);
    assert!(
        ran.succeeds().stdout.contains("THE SPLIT LEAKS") && ran.stdout.contains("LEAKING SPLIT"),
        "{}",
        ran.stdout
    );
}
