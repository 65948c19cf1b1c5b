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
