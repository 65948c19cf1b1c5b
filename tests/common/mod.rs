//! Running the programs as a user does.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// What a program printed and how it ended.
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ran {
    /// Asserts the exit status and that standard error holds every one of `parts`.
    #[track_caller]
    pub fn fails(&self, status: i32, parts: &[&str]) {
        assert_eq!(self.status, status, "{}", self.stderr);
        for part in parts {
            assert!(self.stderr.contains(part), "no \"{part}\" in: {}", self.stderr);
        }
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
    }

    /// Asserts success.
    #[track_caller]
    pub fn succeeds(&self) -> &Self {
        assert_eq!(self.status, 0, "{}{}", self.stdout, self.stderr);
        self
    }
}

/// A program of this package, with a folder of its own to work in.
pub fn program(name: &str, dir: &Path) -> Command {
    let path = match name {
        "ser-data" => env!("CARGO_BIN_EXE_ser-data"),
        "ser-train" => env!("CARGO_BIN_EXE_ser-train"),
        "ser-eval" => env!("CARGO_BIN_EXE_ser-eval"),
        "ser-predict" => env!("CARGO_BIN_EXE_ser-predict"),
        other => panic!("no program {other}"),
    };
    let mut command = Command::new(path);
    command.current_dir(dir).env("SER_CACHE", cache()).env_remove("SER_DATASETS");
    command
}

/// One feature cache for all tests: it is safe with several processes, and the embedded corpus is made once.
fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("features")
}

/// The embedded corpus with a network small enough for a test.
#[allow(dead_code, reason = "not every file of tests trains this network")]
pub const TINY: &str = r#"
name = "tiny"
[[corpora]]
kind = "synthetic"
[protocol]
folds = 3
[features]
kinds = ["mfcc"]
[model]
channels = [8]
hidden = 8
dense = 8
[train]
epochs = 3
batch_size = 64
"#;

/// Writes a config and returns `ser-train --config` on it, to run in `dir`.
#[allow(dead_code, reason = "not every file of tests trains")]
pub fn train(dir: &Path, config: &str) -> Command {
    std::fs::write(dir.join("config.toml"), config).unwrap();
    let mut command = program("ser-train", dir);
    command.args(["--config", "config.toml"]);
    command
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    command.output().unwrap().into()
}
