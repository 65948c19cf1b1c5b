//! What may happen to a run while it is trained, and what must not come of it.
#![cfg(unix)]

mod common;

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use common::{Ran, TINY, program, run, train};

const RUN: &str = "experiments/tiny/fold-0/seed-42";

/// With everything that has a state of its own, and several epochs' time to be hit in.
fn stateful(epochs: usize) -> String {
    format!(
        "{}patience = {epochs}\nschedule = {{ kind = 'plateau', patience = 1 }}\naveraging = {{ kind = 'ema', decay = 0.9 }}\n\
         sampling = 'balanced'\nfocal_gamma = 1.0\nclip_norm = 1.0\noptimiser = 'adamw'\nweight_decay = 0.01\n",
        TINY.replace("epochs = 3", &format!("epochs = {epochs}"))
    )
}

/// Checkpoints of some 25 MB, which take a while to be written.
fn heavy() -> String {
    TINY.replace("hidden = 8\ndense = 8", "hidden = 256\ndense = 4096")
}

fn start(dir: &Path, config: &str, arguments: &[&str]) -> Child {
    let mut command = train(dir, config);
    command.args(["--fold", "0"]).args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Ran {
    child.wait_with_output().unwrap().into()
}

/// Waits until the file is there, while the process runs.
#[track_caller]
fn wait_for(child: &mut Child, file: &Path) {
    let started = Instant::now();
    while !file.exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before there was {}", file.display());
        assert!(started.elapsed() < Duration::from_secs(60), "no {}", file.display());
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// What writers that were killed have left.
fn partial(folder: &Path) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries.filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".partial-")).count()
}

fn results(dir: &Path) -> Vec<Vec<u8>> {
    let files = ["metrics.jsonl", "predictions.csv", "validation.csv", "bundle/model.safetensors"];
    files.iter().map(|file| fs::read(dir.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))).collect()
}

#[test]
fn ctrl_c_then_damage_then_resume_ends_with_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let config = stateful(25);
    run(train(d, &config).args(["--fold", "0", "--out", "whole"])).succeeds();

    let mut child = start(d, &config, &[]);
    wait_for(&mut child, &d.join(RUN).join("checkpoints/last-1.safetensors"));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    end(child).fails(1, &["stopped in epoch", "--resume"]);
    let unasked = run(train(d, &config).args(["--fold", "0"]));
    unasked.fails(2, &["--resume", "--overwrite"]);

    let last = d.join(RUN).join("checkpoints/last.safetensors");
    let mut bytes = fs::read(&last).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&last, bytes).unwrap();
    let resumed = run(train(d, &config).args(["--fold", "0", "--resume"]));
    resumed.succeeds();
    for part in ["last.safetensors", "is damaged", "going back to the one before", "going on from last-1.safetensors"] {
        assert!(resumed.stderr.contains(part), "no \"{part}\" in: {}", resumed.stderr);
    }
    assert!(results(&d.join(RUN)) == results(&d.join("whole/fold-0/seed-42")), "resumed results differ");
}

#[test]
fn a_second_process_on_a_run_is_refused_until_the_first_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let mut first = start(d, &stateful(2000), &[]);
    wait_for(&mut first, &d.join(RUN).join("checkpoints/last.safetensors"));
    for way in ["--resume", "--overwrite"] {
        let second = run(train(d, &stateful(2000)).args(["--fold", "0", way]));
        second.fails(2, &[RUN, "being trained by another", &first.id().to_string(), "--out"]);
    }
    first.kill().unwrap();
    end(first);
    run(train(d, TINY).args(["--fold", "0", "--overwrite"])).succeeds();
}

#[test]
fn killed_while_a_checkpoint_is_written_it_resumes_to_the_same_bits() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    run(train(d, &heavy()).args(["--fold", "0", "--out", "whole"])).succeeds();
    let folder = d.join(RUN).join("checkpoints");
    let mut hits = 0;
    for _ in 0..20 {
        let mut child = start(d, &heavy(), &["--resume"]);
        // What the last kill left is swept away first.
        let (mut swept, started) = (hits == 0, Instant::now());
        while child.try_wait().unwrap().is_none() && started.elapsed() < Duration::from_secs(60) {
            swept |= partial(&folder) == 0;
            if swept && partial(&folder) > 0 {
                break;
            }
        }
        child.kill().unwrap();
        end(child);
        hits += usize::from(partial(&folder) > 0);
        if hits == 2 || d.join(RUN).join("done.json").exists() {
            break;
        }
    }
    assert!(hits > 0, "no kill fell into a writing");
    run(train(d, &heavy()).args(["--fold", "0", "--resume"])).succeeds();
    assert_eq!(partial(&folder), 0);
    assert!(results(&d.join(RUN)) == results(&d.join("whole/fold-0/seed-42")), "resumed results differ");
}

#[test]
fn a_full_disk_ends_the_run_with_the_file_and_the_way_on() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    fs::write(d.join("config.toml"), heavy()).unwrap();
    let ser_train = program("ser-train", d);
    // No file above 4 MB (8192 blocks of 512 bytes): the same to a writer as a disk without room.
    let mut limited = Command::new("sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 8192; exec \"$0\" --config config.toml --fold 0"]);
    limited.arg(ser_train.get_program()).current_dir(d);
    limited.envs(ser_train.get_envs().filter_map(|(key, value)| Some((key, value?))));
    run(&mut limited).fails(1, &["cannot write", "checkpoints", ".safetensors", "make room", "--resume"]);
    assert_eq!(partial(&d.join(RUN).join("checkpoints")), 0);
    run(train(d, &heavy()).args(["--fold", "0", "--resume"])).succeeds();
}

#[test]
fn a_run_whose_folder_is_removed_stops_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let mut child = start(d, &stateful(2000), &[]);
    wait_for(&mut child, &d.join(RUN).join("checkpoints/last.safetensors"));
    while fs::remove_dir_all(d.join(RUN)).is_err() {
        assert!(child.try_wait().unwrap().is_none(), "{}", end(child).stderr);
    }
    end(child).fails(1, &[RUN, "was removed"]);
}
