//! Searches and lists of commands, as users meet them.

mod common;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use common::{TINY, program, run, train};

const GRID: &str = "[grid]\nmodel.pool = ['last', 'mean']\n'train.learning_rate' = [1e-3, 1e-2]\n";

/// A file's bytes by its path in the experiment; wall times are not among them.
fn results(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| {
            ["predictions.csv", "metrics.jsonl", "model.safetensors"].iter().any(|name| path.ends_with(name))
        })
        .map(|path| (path.strip_prefix(folder).unwrap().display().to_string(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

#[test]
fn a_list_of_commands_in_any_order_is_the_same_as_one_call() {
    let dir = tempfile::tempdir().unwrap();
    let config = format!("{TINY}{GRID}");
    let whole = run(train(dir.path(), &config).args(["--seed", "1,2", "--fold", "1", "--out", "whole"]));
    for part in ["4 settings, ranked on validation", "pool = \"mean\"", "Test was not used", "mean ± s.d. over seeds"]
    {
        assert!(whole.succeeds().stdout.contains(part), "{part}: {}", whole.stdout);
    }
    for file in ["grid.txt", "grid.md", "grid.csv", "grid.png", "grid.svg"] {
        assert!(dir.path().join("whole/report").join(file).is_file(), "{file}");
    }

    let list = run(train(dir.path(), &config).args(["--seed", "1,2", "--fold", "1", "--out", "spread out", "--list"]));
    let commands: Vec<&str> = list.succeeds().stdout.lines().collect();
    assert_eq!(commands.len(), 8);
    assert!(!dir.path().join("spread out").exists(), "a list trains nothing");
    // Half of them side by side, backwards, through a shell.
    let programs = Path::new(env!("CARGO_BIN_EXE_ser-train")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    for some in commands.rchunks(4).map(|some| some.iter().rev()) {
        let children: Vec<_> = some
            .map(|command| {
                let mut shell = Command::new("sh");
                let environment = program("ser-train", dir.path());
                shell.args(["-c", command]).current_dir(dir.path()).env("PATH", &path);
                for (key, value) in environment.get_envs().filter_map(|(key, value)| Some((key, value?))) {
                    shell.env(key, value);
                }
                shell.stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in children {
            let ended = child.wait_with_output().unwrap();
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        }
    }
    let gathered = run(program("ser-eval", dir.path()).arg("spread out"));
    assert!(gathered.succeeds().stdout.contains("ranked on validation"));
    let (whole, spread) = (results(&dir.path().join("whole")), results(&dir.path().join("spread out")));
    assert_eq!(whole.len(), 8 * 3);
    assert!(whole == spread, "gathered results differ");
}

#[test]
fn a_setting_that_cannot_be_trained_is_told_and_the_others_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let config = format!("{TINY}optimiser = 'sgd'\nclip_norm = 0\n[grid]\n'train.weight_decay' = [1e38, 0]\n");
    let ran = run(train(dir.path(), &config).args(["--fold", "1"]));
    ran.fails(
        1,
        &["1 of 2 settings could not be trained: weight_decay-100000000000000000000000000000000000000.0", "diverged"],
    );
    assert!(ran.stdout.contains("weight_decay = 0"), "{}", ran.stdout);
    run(train(dir.path(), &config).args(["--setting", "weight_decay-7"])).fails(2, &["weight_decay-0"]);
    run(train(dir.path(), TINY).args(["--setting", "x"])).fails(2, &["has no [grid]"]);
}

#[test]
fn a_nested_choice_looks_at_each_test_side_once_and_says_what_each_fold_took() {
    let dir = tempfile::tempdir().unwrap();
    let config = format!("{TINY}{GRID}nested = true\n");
    let ran = run(train(dir.path(), &config).args(["--out", "all/nested"]));
    let (out, said) = (dir.path().join("all/nested"), &ran.succeeds().stdout);
    assert!(said.contains("4 settings, ranked on validation") && said.contains("its own validation side"), "{said}");
    // No setting has looked at test; the chosen ones have, once a fold, and are their candidates' networks bit for bit.
    let setting = out.join("pool-last__learning_rate-0.01/fold-0/seed-42");
    assert!(setting.join("validation.csv").is_file() && !setting.join("predictions.csv").exists());
    let looks = fs::read_to_string(out.join("chosen/looks.jsonl")).unwrap();
    assert_eq!((looks.lines().count(), out.join("pool-last__learning_rate-0.01/looks.jsonl").exists()), (3, false));
    for fold in 0..3 {
        let of = format!("fold-{fold}/seed-42");
        let read = |file: &str| -> serde_json::Value {
            serde_json::from_slice(&fs::read(out.join("chosen").join(&of).join(file)).unwrap()).unwrap()
        };
        let choice = &read("run.json")["choice"];
        let figure = |name: &str| -> f64 {
            let done = fs::read(out.join(name).join(&of).join("done.json")).unwrap();
            serde_json::from_slice::<serde_json::Value>(&done).unwrap()["validation_uar"].as_f64().unwrap()
        };
        let candidates: Vec<&str> =
            choice["candidates"].as_array().unwrap().iter().map(|of| of["name"].as_str().unwrap()).collect();
        let best = candidates.iter().map(|name| figure(name)).fold(0.0, f64::max);
        let taken = choice["setting"]["name"].as_str().unwrap();
        assert_eq!(candidates.len(), 4);
        assert!(figure(taken) == best && read("done.json")["validation_uar"] == best, "{taken}: {best}");
        let file = |folder: &str| fs::read(out.join(folder).join(&of).join("validation.csv")).unwrap();
        assert!(file("chosen") == file(taken), "fold {fold}");
    }
    let report = fs::read_to_string(out.join("report/report.md")).unwrap();
    for part in
        ["Settings chosen in each fold", "model.pool = ", "Looks at the test sides", "chosen again in each fold"]
    {
        assert!(report.contains(part), "{part}: {report}");
    }
    // The same call again keeps all; a setting's folder has no figure of test.
    let again = run(train(dir.path(), &config).args(["--out", "all/nested"]));
    assert!(again.succeeds().stderr.contains("finished already"), "{}", again.stderr);
    run(program("ser-eval", dir.path()).arg("all/nested/pool-last__learning_rate-0.01")).fails(2, &["nested choice"]);
    run(train(dir.path(), &format!("{TINY}{GRID}")).args(["--out", "all/nested"]))
        .fails(2, &["nested choice compares"]);
    // Another grid is another search.
    let other = format!("{TINY}[grid]\nnested = true\nmodel.pool = ['last', 'mean']\n'train.learning_rate' = [1e-2]\n");
    run(train(dir.path(), &other).args(["--out", "all/nested"])).fails(2, &["chosen"]);
}

#[test]
fn every_run_that_looks_at_a_test_side_raises_its_count() {
    let dir = tempfile::tempdir().unwrap();
    let looks = |out: &str| -> (u64, u64) {
        run(program("ser-eval", dir.path()).args([out, "--bootstrap", "0"])).succeeds();
        let report = fs::read(dir.path().join(out).join("report/report.json")).unwrap();
        let runs = &serde_json::from_slice::<serde_json::Value>(&report).unwrap()["runs"];
        (runs[0]["looks"]["times"].as_u64().unwrap(), runs[0]["looks"]["configs"].as_u64().unwrap())
    };
    let fold = ["--fold", "1", "--no-report"];
    run(train(dir.path(), TINY).args(fold).args(["--out", "all/first"])).succeeds();
    assert_eq!(looks("all/first"), (1, 1));
    // Kept as it is, it is not looked at again; trained again, it is.
    run(train(dir.path(), TINY).args(fold).args(["--out", "all/first"])).succeeds();
    assert_eq!(looks("all/first"), (1, 1));
    run(train(dir.path(), TINY).args(fold).args(["--out", "all/first", "--overwrite"])).succeeds();
    assert_eq!(looks("all/first"), (2, 1));
    let other = ["--out", "all/second", "--set", "train.epochs=2"];
    run(train(dir.path(), TINY).args(fold).args(other)).succeeds();
    assert_eq!((looks("all/first"), looks("all/second")), ((3, 2), (3, 2)));
}
