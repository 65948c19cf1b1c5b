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
    // Another column that is usually called so, with other answers.
    let twice = good.replacen("p_angry", "output,p_angry", 1);
    let twice: Vec<String> = twice
        .lines()
        .enumerate()
        .map(|(at, line)| {
            let cells: Vec<&str> = line.split(',').collect();
            if at == 0 { line.to_owned() } else { format!("{},{},sad,{}", cells[0], cells[1], cells[2..].join(",")) }
        })
        .collect();
    let bad: [(String, &[&str]); 7] = [
        (lines[..40].join("\n"), &["9 of 48 test clips have no prediction, as audio/3/3-3.wav", "--partial"]),
        (format!("{good}{}\n", lines[1]), &["row 50", "predicted twice", "row 2"]),
        (format!("{good}x.wav,sad,0.1,0.1,0.8\n"), &["clips that the split does not list, as x.wav"]),
        (good.replacen(",0.8", ",0.3", 1), &["row 2", "sum to 0.5", "--scores logits"]),
        (good.replacen(",angry", ",boredom", 1), &["\"boredom\" is predicted and no test clip is of it", "--map"]),
        (good.replacen("pred", "guess", 1), &["no column of the prediction", "--column prediction=NAME"]),
        (twice.join("\n"), &["\"pred\" and \"output\" could both be", "--column prediction=pred"]),
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

/// What Nkululeko's code writes (github.com/felixbur/nkululeko at a1e2bd1), of a split with parts of recordings.
#[test]
fn files_of_nkululeko_are_read_as_its_code_writes_them() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    // One recording a speaker, a clip every two seconds: `audformat`'s segmented index.
    let row = |speaker: usize, clip: usize| {
        format!("audio/{speaker}.wav,0 days 00:00:{:02},0 days 00:00:{:02}", 2 * clip, 2 * clip + 1)
    };
    let of = |header: &str, tested: bool, rest: &dyn Fn(usize, usize, &str) -> String| {
        let rows = clips().filter(|(speaker, ..)| !tested || *speaker < 4);
        let rows: Vec<String> = rows.map(|(s, c, truth)| format!("{},{}", row(s, c), rest(s, c, truth))).collect();
        format!("{header}\n{}\n", rows.join("\n"))
    };
    let side = |speaker: usize| if speaker < 4 { "test" } else { "train" };
    let split = of("file,start,end,emotion,speaker,gender,split", false, &|s, _, truth| {
        format!("{truth},{s},male,{}", side(s))
    });
    fs::write(d.join("split.csv"), split).unwrap();
    let class = |s: usize, c: usize| CLASSES[answer(s, c)];
    let scores = |s: usize, c: usize, yes: &str, no: &str| -> String {
        CLASSES.iter().map(|of| if *of == class(s, c) { yes } else { no }).collect::<Vec<_>>().join(",")
    };
    let files = [
        // reporting/reporter.py, print_probabilities: what a network gives are logits.
        (
            "pred_emotion_mlp_os.csv",
            of("file,start,end,angry,happy,sad,predicted,truth,uncertainty,correct", true, &|s, c, truth| {
                format!(
                    "{},{},{truth},0.25,{}",
                    scores(s, c, "2.5", "-1.25"),
                    class(s, c),
                    if class(s, c) == truth { "True" } else { "False" }
                )
            }),
            vec!["--scores", "logits"],
        ),
        // nkululeko.py, the test set with answers.
        (
            "exp_test_0_000_predictions.csv",
            of("file,start,end,emotion,speaker,gender,class_label,predicted", true, &|s, c, truth| {
                format!("{truth},{s},male,{truth},{}", class(s, c))
            }),
            vec![],
        ),
        // testing_predictor.py, the same with `predictions`.
        (
            "exp_pred.csv",
            of("file,start,end,speaker,gender,emotion,predictions", true, &|s, c, truth| {
                format!("{s},male,{truth},{}", class(s, c))
            }),
            vec![],
        ),
        // testing_predictor.py with `label_data`: answers stand under the target's name.
        (
            "labelled.csv",
            of("file,start,end,speaker,gender,emotion", true, &|s, c, _| format!("{s},male,{}", class(s, c))),
            vec!["--column", "prediction=emotion"],
        ),
        // infer.py and predict.py: probabilities, and no truth.
        (
            "bundle_predictions.csv",
            of("file,start,end,angry,happy,sad,predicted", true, &|s, c, _| {
                format!("{},{}", scores(s, c, "0.8", "0.1"), class(s, c))
            }),
            vec![],
        ),
    ];
    for (name, text, more) in files {
        fs::write(d.join(name), text).unwrap();
        judge(d, &[&[name, "--split", "split.csv"], more.as_slice()].concat()).succeeds();
        let json = report(d);
        assert_eq!((json["n"].as_u64(), json["uar"].as_f64()), (Some(48), Some(0.75)), "{name}: {json}");
        assert_eq!(json["protocol"]["speaker_independent"], true, "{name}");
        let sure = json["certainty"].is_object();
        assert_eq!(sure, name.starts_with("pred_") || name.starts_with("bundle"), "{name}");
    }
    // ensemble.py leaves the places out, so that rows of one recording cannot be told apart.
    fs::write(d.join("ensemble.csv"), "file,angry,happy,sad,predicted,truth\naudio/0.wav,0.8,0.1,0.1,angry,angry\n")
        .unwrap();
    judge(d, &["ensemble.csv", "--split", "split.csv"]).fails(1, &["audio/0.wav", "does not list"]);
}

/// EmoBox (github.com/emo-box/EmoBox at 08280f2): what its EmoEval takes, beside its manifests for SpeechBrain.
#[test]
fn lists_of_emobox_are_read_beside_its_manifests() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    for side in ["train", "test"] {
        let rows = clips().filter(|(speaker, ..)| (*speaker < 4) == (side == "test"));
        let rows = rows.map(|(speaker, clip, emotion)| {
            let key = format!("c-{speaker}-{clip}");
            (key, serde_json::json!({"wav": format!("downloads/{speaker}-{clip}.wav"), "length": 1.5, "emo": emotion, "channel": 1}))
        });
        let manifest: serde_json::Map<String, Value> = rows.collect();
        fs::write(d.join(format!("c_{side}_fold_1.json")), serde_json::to_string_pretty(&manifest).unwrap()).unwrap();
    }
    let tested = || clips().filter(|(speaker, ..)| *speaker < 4);
    // Its README says `pred`, its code `prediction`.
    for name in ["pred", "prediction"] {
        let list: Vec<Value> = tested()
            .map(|(speaker, clip, _)| serde_json::json!({"key": format!("c-{speaker}-{clip}"), name: answer(speaker, clip)}))
            .collect();
        fs::write(d.join("list.json"), serde_json::to_string(&list).unwrap()).unwrap();
        let split = ["--split", "c_test_fold_1.json", "--split", "c_train_fold_1.json", "--classes", "angry,happy,sad"];
        judge(d, &[&["list.json"], split.as_slice()].concat()).succeeds();
        assert_eq!((report(d)["n"].as_u64(), report(d)["uar"].as_f64()), (Some(48), Some(0.75)), "{name}");
    }
    // The recipe's own sheet counts, and names no clip.
    fs::write(
        d.join("epoch_1.txt"),
        "DATASET -- MPS-Podcast\nEmotion RecognitionScoring -- Sample [48], Overall UA     0.7500\n",
    )
    .unwrap();
    judge(d, &["epoch_1.txt", "--split", "c_test_fold_1.json"]).fails(1, &["sheet of scores", "EmoEval"]);
}

#[test]
fn what_a_table_hides_is_said_aloud() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    split(d);
    let told = |ran: &Ran, part: &str| {
        let words: String = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(part), "{part}: {words}");
    };
    table(d, "one.csv", "path,pred", |file, _, _| format!("{file},angry"));
    let ran = judge(d, &["one.csv", "--split", "split.csv"]);
    told(ran.succeeds(), "matched with the split by the names of their files; every answer is angry");
    table(d, "two.csv", "path,pred,p_angry,p_happy", |file, answer, _| format!("{file},{},0.6,0.4", CLASSES[answer]));
    told(judge(d, &["two.csv", "--split", "split.csv"]).succeeds(), "no column holds the probability of sad");
    table(d, "swapped.csv", "path,pred,truth", |file, answer, truth| format!("{file},{truth},{}", CLASSES[answer]));
    judge(d, &["swapped.csv", "--split", "split.csv"]).fails(1, &["12 of 48 rows differ", "seem to be swapped"]);
    table(d, "slipped.csv", "path,pred,truth", |file, answer, truth| {
        let at = CLASSES.iter().position(|class| class == &truth).unwrap();
        format!("{file},{},{}", CLASSES[answer], CLASSES[(at + 1) % 3])
    });
    judge(d, &["slipped.csv", "--split", "split.csv"]).fails(1, &["48 of 48 rows differ", "rows that have slipped"]);
    table(d, "nan.csv", "path,pred,p_angry,p_happy,p_sad", |file, answer, _| {
        format!("{file},{},NaN,NaN,NaN", CLASSES[answer])
    });
    judge(d, &["nan.csv", "--split", "split.csv"]).fails(1, &["row 2", "NaN is no probability", "--scores ignored"]);
    fs::write(d.join("none.csv"), "path,pred\n").unwrap();
    judge(d, &["none.csv", "--split", "split.csv"]).fails(1, &["none.csv: there are no predictions"]);

    // A speaker that nobody names is no speaker, and what parts no groups has no verdict.
    let named = fs::read_to_string(d.join("split.csv")).unwrap();
    fs::write(d.join("split.csv"), named.replace(",s3,", ",,")).unwrap();
    let ran = judge(d, &["one.csv", "--split", "split.csv"]);
    told(
        ran.succeeds(),
        "SPEAKERS NOT KNOWN of 12 of 48 test clips: there are no intervals by speaker and no fairness",
    );
    let json = report(d);
    assert!(json["fairness"].as_array().unwrap().is_empty() && !ran.stdout.contains("speakers; "), "{}", ran.stdout);
    let with: Vec<String> = named
        .lines()
        .map(|line| {
            let speaker = line.split(',').nth(3).unwrap();
            if speaker == "speaker" {
                format!("{line},lang,height,two")
            } else {
                format!("{line},en,1{speaker},{}", if speaker == "s0" { "a" } else { "b" })
            }
        })
        .collect();
    fs::write(d.join("split.csv"), with.join("\n")).unwrap();
    told(
        judge(d, &["one.csv", "--split", "split.csv"]).succeeds(),
        "no fairness by lang: one value for all speakers; no fairness by height: as many",
    );
    for of in report(d)["fairness"].as_array().unwrap() {
        assert_eq!(of["decision"], "not-decided", "fewer than four speakers on a side: {of}");
    }
}
