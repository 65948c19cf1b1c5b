//! `ser-train` as its users meet it.

mod common;

use std::{fs, path::Path, process::Stdio, time::Duration};

use common::{TINY, program, run, train};

/// Everything a run leaves that must be the same bits however it came about.
fn results(run: &Path) -> Vec<Vec<u8>> {
    ["metrics.jsonl", "predictions.csv", "validation.csv", "bundle/model.safetensors"]
        .iter()
        .map(|file| fs::read(run.join(file)).unwrap_or_else(|e| panic!("{file}: {e}")))
        .collect()
}

/// The tiny experiment with all that is random in training.
fn altered(epochs: usize) -> String {
    format!(
        "{}label_smoothing = 0.1\n[augment]\ncopies = 1\nspeed = {{}}\npitch_shift = {{}}\nnoise = {{}}\n\
         spec_augment = {{}}\nmixup = {{ alpha = 0.3 }}\n[audio]\nwindow = 0.8\noverlap = 0.25\n",
        TINY.replace("epochs = 3", &format!("epochs = {epochs}"))
    )
}

#[test]
fn the_whole_way_on_the_embedded_corpus() {
    let dir = tempfile::tempdir().unwrap();
    let ran = run(train(dir.path(), TINY).args(["--seed", "1,2"]));
    ran.succeeds();
    for part in ["SYNTHETIC SPEECH", "UAR", "speaker-independent", "experiments/tiny/report/report.html"] {
        assert!(ran.stdout.contains(part), "no \"{part}\" in: {}", ran.stdout);
    }

    let experiment = dir.path().join("experiments/tiny");
    for run in ["fold-0/seed-1", "fold-2/seed-2"] {
        for file in [
            "config.toml",
            "run.json",
            "split.csv",
            "clips.csv",
            "embeddings.csv",
            "train.log",
            "checkpoints/last.safetensors",
            "checkpoints/last-1.safetensors",
            "done.json",
        ] {
            assert!(experiment.join(run).join(file).is_file(), "{run}/{file}");
        }
    }
    let report = experiment.join("report");
    for picture in ["confusion", "curves", "speakers", "reliability", "classes", "durations", "embedding"] {
        assert!(fs::read(report.join(format!("{picture}.png"))).unwrap().starts_with(b"\x89PNG"), "{picture}");
        assert!(fs::read(report.join(format!("{picture}.svg"))).unwrap().starts_with(b"<svg"), "{picture}");
    }
    for part in ["tiny: UAR of each run, %", "kept epoch", "mean ± s.d. over the runs", "5 of 6 runs done, about"] {
        assert!(ran.stderr.contains(part), "no \"{part}\" in: {}", ran.stderr);
    }
    assert_eq!(fs::read_dir(experiment.join("fold-0/seed-1/tensorboard")).unwrap().count(), 1);
    let json: serde_json::Value = serde_json::from_slice(&fs::read(report.join("report.json")).unwrap()).unwrap();
    assert_eq!(json["n"], 2 * 672);
    assert_eq!(json["protocol"]["name"], "speaker-kfold");
    assert_eq!(json["per_class"].as_array().unwrap().len(), 7);
    assert_eq!(json["synthetic"], true);
    for key in ["uar", "wa", "macro_f1"] {
        assert!((0.0..=1.0).contains(&json[key].as_f64().unwrap()), "{key}");
    }
    let csv = fs::read_to_string(report.join("predictions.csv")).unwrap();
    assert!(csv.starts_with("clip,speaker,fold,seed,truth,prediction,p_angry,p_disgust,"));
    assert_eq!(csv.lines().count(), 1 + 2 * 672);

    // Again: everything is finished and kept. Elsewhere: one run alone is said to be one of three folds.
    let again = run(train(dir.path(), TINY).args(["--seed", "1,2"]));
    assert!(again.succeeds().stderr.contains("finished already"), "{}", again.stderr);
    assert_eq!(again.stdout, ran.stdout);
    let alone = run(program("ser-eval", dir.path()).args(["experiments/tiny/fold-1/seed-2", "--out", "alone"]));
    assert!(alone.succeeds().stdout.contains("INCOMPLETE"), "{}", alone.stdout);
    assert!(dir.path().join("alone/report.txt").is_file());
}

#[test]
fn a_demonstration_of_leaks_says_so_wherever_it_speaks() {
    let dir = tempfile::tempdir().unwrap();
    let config = TINY.replace("folds = 3", "kind = \"leak-demo\"");
    let without = run(&mut train(dir.path(), &config));
    without.fails(2, &["augment.copies = 0", "3 altered copies"]);

    let ran = run(&mut train(dir.path(), &format!("{config}[augment]\ncopies = 3\nnoise = {{}}\nspeed = {{}}\n")));
    const BRAND: &str = "LEAK DEMONSTRATION, NOT A RESULT";
    for line in ran.succeeds().stderr.lines().filter(|line| line.contains("UAR")) {
        assert!(line.contains(BRAND), "{line}");
    }
    assert!(ran.stderr.contains("2688 rows"), "{}", ran.stderr);
    let report = dir.path().join("experiments/tiny/report");
    for file in ["report.txt", "report.md", "report.tex", "report.json", "model_card.md", "confusion.svg", "curves.svg"]
    {
        assert!(fs::read_to_string(report.join(file)).unwrap().contains(BRAND), "{file}");
    }
    for figure in ["UAR  ", "WA  ", "macro F1  ", "All folds"] {
        let line = ran.stdout.lines().find(|line| line.starts_with(figure)).unwrap();
        assert!(line.contains(BRAND), "{line}");
    }
    let json: serde_json::Value = serde_json::from_slice(&fs::read(report.join("report.json")).unwrap()).unwrap();
    assert_eq!(json["n"], 672, "a quarter of the rows");
    assert!(json["protocol"]["selection"].as_str().unwrap().contains("ON THE TEST SIDE"));
    let run_dir = dir.path().join("experiments/tiny/fold-0/seed-42");
    assert_eq!(fs::read(run_dir.join("validation.csv")).unwrap(), fs::read(run_dir.join("predictions.csv")).unwrap());
}

#[test]
fn a_demonstration_over_two_corpora_names_each_once() {
    let dir = tempfile::tempdir().unwrap();
    let twin = "[[corpora]]\nkind = \"synthetic\"\nname = \"twin\"\n[protocol]\nkind = \"leak-demo\"";
    let config = TINY.replace("[protocol]\nfolds = 3", twin).replace("epochs = 3", "epochs = 1");
    let config = format!("{config}[augment]\ncopies = 3\nnoise = {{}}\n");
    run(train(dir.path(), &config).args(["--fold", "0", "--no-report"])).succeeds();
    let record = fs::read(dir.path().join("experiments/tiny/fold-0/seed-42/run.json")).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(record["protocol"]["corpora"], serde_json::json!(["synthetic", "twin"]), "{record}");
}

#[test]
fn the_last_epoch_is_kept_where_the_config_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let config = format!("{}select = \"last\"\npatience = 1\n", TINY.replace("epochs = 3", "epochs = 6"));
    run(train(dir.path(), &config).args(["--fold", "1"])).succeeds();
    let folder = dir.path().join("experiments/tiny/fold-1/seed-42");
    let json =
        |name: &str| -> serde_json::Value { serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap() };
    let metrics = fs::read_to_string(folder.join("metrics.jsonl")).unwrap();
    let epochs: Vec<serde_json::Value> = metrics.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((epochs.len(), json("done.json")["best_epoch"].as_u64()), (6, Some(6)));
    assert_eq!(json("done.json")["validation_uar"], epochs[5]["validation_uar"]);
    assert!(json("run.json")["protocol"]["selection"].as_str().unwrap().starts_with("the last epoch"));
    // What was kept is what was predicted with.
    let loss = epochs[5]["validation_loss"].as_f64().unwrap();
    let mut rows = csv::Reader::from_path(folder.join("validation.csv")).unwrap();
    let header = rows.headers().unwrap().clone();
    let of = |row: &csv::StringRecord| -> f64 {
        let column = header.iter().position(|name| name == format!("p_{}", &row[4])).unwrap();
        -row[column].parse::<f64>().unwrap().ln()
    };
    let losses: Vec<f64> = rows.records().map(|row| of(&row.unwrap())).collect();
    assert!((losses.iter().sum::<f64>() / losses.len() as f64 - loss).abs() < 1e-5);

    // Nothing being chosen on validation, it may be trained on; it is then said, and fits no temperature.
    let more = config.replace("patience = 1", "train_on = \"train+validation\"");
    run(train(dir.path(), &more).args(["--fold", "1", "--out", "more"])).succeeds();
    let more_dir = dir.path().join("more/fold-1/seed-42");
    let record = fs::read_to_string(more_dir.join("run.json")).unwrap();
    assert!(record.contains("TRAINED ON") && record.contains("\"validation_learnt\": true"), "{record}");
    let predictions = |folder: &Path| fs::read_to_string(folder.join("predictions.csv")).unwrap();
    assert!(predictions(&more_dir) != predictions(&folder) && predictions(&more_dir).lines().count() == 225);
    let bundle = more_dir.join("bundle");
    let inspected = run(program("ser-predict", dir.path()).arg("inspect").arg(bundle)).succeeds().stdout.clone();
    assert!(inspected.contains("temperature none"), "{inspected}");
    let chosen = more.replace("select = \"last\"", "select = \"best\"");
    run(train(dir.path(), &chosen).args(["--fold", "1"])).fails(2, &["train.train_on", "train.select"]);
    let leak = ["--set", "protocol={kind=\"leak-demo\"}"];
    run(train(dir.path(), &more).args(leak)).fails(2, &["train.train_on", "leak-demo", "test side"]);
}

#[test]
fn a_killed_run_resumes_to_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let config = altered(12);
    run(train(dir.path(), &config).args(["--fold", "0", "--out", "whole"])).succeeds();
    let whole = results(&dir.path().join("whole/fold-0/seed-42"));
    // A clip of several windows has one prediction.
    assert_eq!(String::from_utf8_lossy(&whole[1]).lines().count(), 1 + 672 / 3);

    let broken = dir.path().join("broken/fold-0/seed-42");
    let mut kills = 0;
    for attempt in 0..40 {
        let mut child = train(dir.path(), &config)
            .args(["--fold", "0", "--out", "broken", "--resume"])
            .stderr(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // Moments spread over the run, early ones and late ones.
        std::thread::sleep(Duration::from_millis(150 + (attempt * 97) % 400));
        if child.try_wait().unwrap().is_none() {
            kills += 1;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if broken.join("done.json").exists() {
            break;
        }
    }
    run(train(dir.path(), &config).args(["--fold", "0", "--out", "broken", "--resume"])).succeeds();
    assert!(kills > 0, "the run was over before it could be killed once");
    assert!(results(&broken) == whole, "resumed results differ after {kills} kills");
}

#[test]
fn one_thread_or_two_give_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let config = altered(2);
    let with = |threads: &str| {
        let args = ["--fold", "1", "--out", threads];
        run(train(dir.path(), &config).args(args).env("RAYON_NUM_THREADS", threads)).succeeds();
        results(&dir.path().join(threads).join("fold-1/seed-42"))
    };
    assert!(with("1") == with("2"), "the number of threads changed the result");
}

#[test]
fn what_was_begun_is_not_destroyed_by_accident() {
    let dir = tempfile::tempdir().unwrap();
    run(train(dir.path(), TINY).args(["--fold", "0"])).succeeds();
    let record = fs::read(dir.path().join("experiments/tiny/fold-0/seed-42/done.json")).unwrap();
    let other = run(train(dir.path(), TINY).args(["--fold", "0", "--set", "train.epochs=2"]));
    other.fails(2, &["another config", "--overwrite", "experiments/tiny/fold-0/seed-42"]);
    assert_eq!(fs::read(dir.path().join("experiments/tiny/fold-0/seed-42/done.json")).unwrap(), record);
    run(train(dir.path(), TINY).args(["--fold", "0", "--set", "train.epochs=2", "--overwrite"])).succeeds();
}

#[test]
fn a_run_starts_from_a_bundle_that_has_not_heard_what_is_tested() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    run(train(d, TINY).args(["--fold", "0"])).succeeds();
    let tuned = |fold: &str, set: &[&str]| {
        let mut command = train(d, TINY);
        command.args([
            "--fold",
            fold,
            "--out",
            "tuned",
            "--set",
            "train.init=experiments/tiny/fold-0/seed-{seed}/bundle",
        ]);
        command.args(set.iter().flat_map(|set| ["--set", set]));
        run(&mut command)
    };
    tuned("1", &[]).fails(2, &["train.init", "has seen synthetic/", "fold 1 tests on"]);
    tuned("0", &["model.hidden=9"]).fails(2, &["its model.hidden is 8, this experiment's 9"]);
    tuned("0", &["features.n_mfcc=12"]).fails(2, &["its features.n_mfcc is 13"]);
    let other = tuned("0", &["labels.map.disgust=angry"]);
    assert!(other.succeeds().stderr.contains("the last layer starts from random weights"), "{}", other.stderr);
    tuned("0", &[]).fails(2, &["another config"]);

    let kept = ["--fold", "0", "--out", "same", "--set", "train.init=experiments/tiny/fold-{fold}/seed-{seed}/bundle"];
    let same = run(train(d, TINY).args(kept));
    assert!(same.succeeds().stderr.contains("starts from experiments/tiny/fold-0/seed-42/bundle"), "{}", same.stderr);
    let first = |run: &str| -> f64 {
        let text = fs::read_to_string(d.join(run).join("metrics.jsonl")).unwrap();
        let epoch: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
        epoch["train_loss"].as_f64().unwrap()
    };
    assert!(first("same/fold-0/seed-42") < first("experiments/tiny/fold-0/seed-42"));
}

#[test]
fn a_run_is_distilled_from_bundles_that_have_not_seen_what_is_tested() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    run(train(d, TINY).args(["--fold", "0", "--seed", "1,2"])).succeeds();
    let distilled = |out: &str, fold: &str, set: &[&str]| {
        let mut command = train(d, TINY);
        let bundles = "distil.bundles=['experiments/tiny/fold-0/seed-1/bundle', \
                       'experiments/tiny/fold-0/seed-2']";
        command.args(["--fold", fold, "--out", out, "--set", bundles]);
        command.args(set.iter().flat_map(|set| ["--set", set]));
        run(&mut command)
    };
    distilled("no", "1", &[]).fails(2, &["distil.bundles", "has seen synthetic/", "fold 1 tests on"]);
    // Whoever sees other features is answered by teachers who hear each clip for themselves.
    let other = distilled("other", "0", &["features.n_mfcc=12", "augment.copies=1", "augment.gain={db=[-6.0,6.0]}"]);
    assert!(other.succeeds().stderr.contains("and their copies"), "{}", other.stderr);
    // They may also tell what they see of it, which helps in training alone: the bundle's network has nothing more.
    let heard = ["features.n_mfcc=12", "augment.copies=1", "augment.gain={db=[-6.0,6.0]}", "distil.hints=2.0"];
    distilled("hinted", "0", &heard).succeeds();
    let bundle = |of: &str| fs::read(d.join(of).join("fold-0/seed-42/bundle/model.safetensors")).unwrap();
    assert_ne!(bundle("other"), bundle("hinted"));
    assert!(bundle("other").len().abs_diff(bundle("hinted").len()) < 500, "no head of the training is kept");
    run(program("ser-predict", d).args(["inspect", "hinted/fold-0/seed-42"])).succeeds();
    distilled("no", "0", &["distil.hints=2.0"]).fails(2, &["distil.hints = 2", "see what this network sees"]);
    distilled("no", "0", &["distil.hints=-1.0"]).fails(2, &["distil.hints = -1", "0 to 1000"]);
    distilled("no", "0", &["labels.map.disgust=angry"]).fails(2, &["its classes are"]);
    distilled("no", "0", &["distil.share=0.0"]).fails(2, &["distil.share = 0", "above 0"]);
    // Another network may learn from them; what it has from them is known to whoever it teaches.
    let pupil = distilled("pupil", "0", &["model.hidden=9"]);
    assert!(
        pupil.succeeds().stderr.contains("distilled from experiments/tiny/fold-0/seed-1/bundle"),
        "{}",
        pupil.stderr
    );
    let alone = run(train(d, TINY).args(["--fold", "0", "--out", "alone", "--set", "model.hidden=9"]));
    alone.succeeds();
    let weights = |of: &str| results(&d.join(of).join("fold-0/seed-42"));
    assert!(weights("pupil") != weights("alone"), "the teachers change nothing");
    let record = fs::read_to_string(d.join("pupil/fold-0/seed-42/run.json")).unwrap();
    assert!(record.contains("distilled from 2 trained networks"), "{record}");
    distilled("again", "0", &["model.hidden=9"]).succeeds();
    assert!(weights("pupil") == weights("again"), "the same bits again");
    // A teacher that trained on validation clips would tell what is validated how it is labelled.
    let both = ["--set", "train.train_on=train+validation", "--set", "train.select=last"];
    run(train(d, TINY).args(["--fold", "0", "--out", "both"]).args(both)).succeeds();
    let from = |bundle: &str| format!("distil.bundles=['{bundle}/fold-0/seed-42/bundle']");
    let refused = run(train(d, TINY).args(["--fold", "0", "--out", "no", "--set", &from("both")]));
    refused.fails(2, &["was trained on synthetic/", "fold 0 validates on"]);
    // What was moved away cannot show what it has seen; what was scaled otherwise does not fit.
    fs::create_dir_all(d.join("away")).unwrap();
    fs::copy(d.join("alone/fold-0/seed-42/bundle/model.safetensors"), d.join("away/model.safetensors")).unwrap();
    let away = "distil.bundles=['away/model.safetensors']";
    run(train(d, TINY).args(["--fold", "0", "--out", "no", "--set", away])).fails(2, &["leave the bundle in its run"]);
    let both = ["--set", "train.train_on=train+validation", "--set", "train.select=last"];
    let wider = run(train(d, TINY).args(["--fold", "0", "--out", "no", "--set", &from("alone")]).args(both));
    wider.fails(2, &["its scaler was fitted on other clips"]);
    assert!(!d.join("no/fold-0/seed-42/run.json").exists(), "a run that cannot be is not begun");
}

#[test]
fn overfitting_one_batch_tells_a_network_that_learns_from_one_that_cannot() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let check = |set: &str| {
        let mut command = train(d, TINY);
        command.args(["--overfit-one-batch", "--set", "train.batch_size=8", "--set", "model.hidden=16", "--set", set]);
        run(&mut command)
    };
    let learns = check("train.learning_rate=0.01");
    for part in ["overfitting one batch of 8 clips", "it learns", "range test", "1.0e-6", "falls fastest at"] {
        assert!(learns.succeeds().stdout.contains(part), "no \"{part}\" in: {}", learns.stdout);
    }
    let cannot = check("train.learning_rate=1e-9");
    cannot.fails(1, &["did not overfit one batch"]);
    assert!(cannot.stdout.contains("IT DOES NOT LEARN"), "{}", cannot.stdout);
    assert!(!d.join("experiments").exists());
}

#[test]
fn every_network_trains_and_leaves_a_bundle() {
    let dir = tempfile::tempdir().unwrap();
    for (kind, more) in
        [("cnn", "model.pool=mean"), ("bilstm", "features.n_mfcc=13"), ("cnn2d-bilstm", "features.kinds=[\"mel\"]")]
    {
        let kind_set = format!("model.kind={kind}");
        let set = ["train.epochs=1", "features.n_mels=32", &kind_set, more];
        let mut command = train(dir.path(), TINY);
        command.args(["--fold", "0", "--out", kind]);
        command.args(set.iter().flat_map(|set| ["--set", set]));
        run(&mut command).succeeds();
        let bundle = ser::predict::Bundle::load(&dir.path().join(kind).join("fold-0/seed-42/bundle")).unwrap();
        assert!(!bundle.weights.is_empty(), "{kind}");
    }
    run(train(dir.path(), TINY).args(["--set", "model.kind=cnn"])).fails(2, &["model.pool", "mean"]);
}

#[test]
fn wrong_usage_and_config_end_with_status_2() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    run(program("ser-train", d).args(["--config", "none.toml"])).fails(2, &["none.toml"]);
    run(&mut program("ser-train", d)).fails(2, &["--config"]);
    run(&mut train(d, "name = 'x'\n[[corpora]]\nkind = 'ravdes'")).fails(2, &["config.toml", "did you mean `ravdess`"]);
    run(&mut train(d, "name = 'x'\n[[corpora")).fails(2, &["config.toml"]);
    run(&mut train(d, &TINY.replace("epochs", "epoch"))).fails(2, &["train.epoch", "did you mean `epochs`"]);
    run(train(d, TINY).args(["--set", "model.hiden=3"])).fails(2, &["model.hiden", "did you mean `hidden`"]);
    run(train(d, TINY).args(["--fold", "7"])).fails(2, &["--fold 7", "0, 1, 2"]);
    run(train(d, TINY).args(["--device", "abacus"])).fails(2, &["abacus", "flex"]);
    run(train(d, TINY).arg("--tui")).fails(2, &["--tui", "terminal"]);
    run(train(d, TINY).args(["--gpus", "2"])).fails(2, &["--gpus 2", "--device flex"]);
    run(train(d, TINY).args(["--set", "train.class_weights={ glad = 2 }"]))
        .fails(2, &["train.class_weights.glad", "happy"]);
    run(train(d, TINY).args(["--set", "train.init=nowhere"])).fails(1, &["nowhere"]);
    #[cfg(not(feature = "cuda"))]
    run(train(d, TINY).args(["--device", "cuda"])).fails(2, &["--features cuda"]);
    run(train(d, TINY).args(["--set", "augment.copies=2"])).fails(2, &["augment.copies = 2", "pitch_shift"]);
    let folder = ["--set", "augment.copies=1", "--set", "augment.noise={kind='folder',folder='noises'}"];
    run(train(d, TINY).args(folder)).fails(2, &["augment.noise.folder", "noises"]);
    run(program("ser-eval", d).arg("nowhere")).fails(2, &["nowhere"]);
    run(program("ser-eval", d).arg(".")).fails(2, &["run.json"]);
}

#[test]
fn a_corpus_that_is_not_there_or_not_usable_says_what_and_where() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let ravdess = "name = 'r'\n[[corpora]]\nkind = 'ravdess'\n[protocol]\nkind = 'luna-5fold'\n";
    let missing = run(&mut train(d, ravdess));
    missing.fails(2, &["datasets/ravdess"]);
    fs::create_dir_all(d.join("datasets/ravdess")).unwrap();
    let empty = run(&mut train(d, ravdess));
    assert_ne!(empty.status, 0);
    empty.fails(empty.status, &["datasets/ravdess"]);

    // A Git-LFS pointer and a file that is not audio, among good names.
    for actor in 1..=24 {
        let folder = d.join(format!("datasets/ravdess/Actor_{actor:02}"));
        fs::create_dir_all(&folder).unwrap();
        for emotion in 1..=8 {
            let name = format!("03-01-{emotion:02}-01-01-01-{actor:02}.wav");
            fs::write(folder.join(name), b"this is no audio at all").unwrap();
        }
    }
    let pointer = d.join("datasets/ravdess/Actor_03/03-01-04-01-01-01-03.wav");
    fs::write(&pointer, b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n").unwrap();
    let unreadable = run(&mut train(d, ravdess));
    unreadable.fails(1, &["192 clips are missing or damaged", "Actor_01/03-01-01-01-01-01-01.wav", "git lfs pull"]);
}

#[cfg(unix)]
#[test]
fn an_unwritable_folder_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("taken"), b"a file").unwrap();
    run(train(dir.path(), TINY).args(["--fold", "0", "--out", "taken/inside"])).fails(1, &["taken/inside"]);
}
