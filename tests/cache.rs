//! The feature cache as its users meet it: stopped, killed, shared, damaged, full.

#[allow(dead_code, reason = "a test uses what it needs of it")]
mod common;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use common::{Ran, TINY, program, run};

/// Clips of the embedded corpus.
const CLIPS: usize = 672;

/// `ser-data cache build` of the embedded corpus into a cache of the test's own.
fn build(dir: &Path) -> Command {
    // Once: a build that runs may be reading it.
    if !dir.join("c.toml").exists() {
        fs::write(dir.join("c.toml"), TINY).unwrap();
    }
    let mut command = program("ser-data", dir);
    command.args(["cache", "build", "--config", "c.toml", "--cache", "cache"]);
    command
}

fn cache(dir: &Path, arguments: &[&str]) -> Ran {
    run(program("ser-data", dir).arg("cache").args(arguments).args(["--cache", "cache"]))
}

/// The entries on disk, and the files that were begun.
fn files(dir: &Path) -> (Vec<PathBuf>, usize) {
    let all = walkdir::WalkDir::new(dir.join("cache")).into_iter().flatten().map(walkdir::DirEntry::into_path);
    let (entries, others): (Vec<_>, Vec<_>) =
        all.filter(|path| path.is_file()).partition(|path| path.extension().is_some_and(|e| e == "safetensors"));
    let begun = |path: &&PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(".partial-");
    (entries, others.iter().filter(begun).count())
}

/// Starts a build and waits until so many entries are there.
fn begin(dir: &Path, entries: usize) -> Child {
    let mut child = build(dir).env("RAYON_NUM_THREADS", "1").stderr(Stdio::piped()).spawn().unwrap();
    while files(dir).0.len() < entries {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::sleep(Duration::from_millis(2));
    }
    child
}

#[cfg(unix)]
#[test]
fn what_was_stopped_killed_and_shared_is_whole_in_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let stopped = begin(d, 5);
    assert!(Command::new("kill").args(["-INT", &stopped.id().to_string()]).status().unwrap().success());
    let stopped: Ran = stopped.wait_with_output().unwrap().into();
    stopped.fails(1, &["those that are made are kept"]);
    let (kept, begun) = files(d);
    assert!(kept.len() < CLIPS && begun == 0, "{} made, {begun} begun", kept.len());

    let mut killed = begin(d, kept.len() + 5);
    killed.kill().unwrap();
    killed.wait().unwrap();

    // Two at once finish it.
    let two = [(); 2].map(|()| build(d).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
    for child in two {
        let ran: Ran = child.wait_with_output().unwrap().into();
        ran.succeeds();
    }
    assert_eq!(files(d).0.len(), CLIPS);
    let again = run(&mut build(d));
    assert!(again.succeeds().stderr.contains("672 files found in the cache, 0 made"), "{}", again.stderr);
    assert!(cache(d, &["verify"]).succeeds().stdout.contains("672 files, all whole"));

    // One changed setting makes what depends on it; the other columns are found.
    let set = ["--set", r#"features.kinds=["mfcc", "rms"]"#];
    let more = run(build(d).args(set));
    assert!(more.succeeds().stderr.contains("672 files found in the cache, 672 made"), "{}", more.stderr);
    let idle = run(build(d).args(set).args(["--set", "features.pitch_fmin=80.0", "--set", "audio.window=1.0"]));
    assert!(idle.succeeds().stderr.contains("1344 files found in the cache, 0 made"), "{}", idle.stderr);

    // Damage is found by the checksum and mended.
    let victim = &files(d).0[3];
    let mut bytes = fs::read(victim).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(victim, bytes).unwrap();
    let damaged = cache(d, &["verify"]);
    assert_eq!(damaged.status, 1);
    let name = victim.file_name().unwrap().to_string_lossy();
    assert!(damaged.stdout.contains(&*name) && damaged.stdout.contains("1 damaged"), "{}", damaged.stdout);
    assert!(run(build(d).args(set)).succeeds().stderr.contains("1343 files found in the cache, 1 made"));

    // Room is made, by hand and by the limit.
    let stat = cache(d, &["stat"]);
    assert!(
        stat.succeeds().stdout.contains("files      1344") && stat.stdout.contains("in use     0"),
        "{}",
        stat.stdout
    );
    cache(d, &["clear", "--to", "1MB"]).succeeds();
    let size = |files: &[PathBuf]| files.iter().map(|path| path.metadata().unwrap().len()).sum::<u64>();
    let left = size(&files(d).0);
    assert!(left <= 1_000_000 && left > 900_000, "{left}");
    let limited = run(build(d).args(["--cache-limit", "1MB"]));
    assert!(limited.succeeds().stderr.contains("that were used longest ago removed"), "{}", limited.stderr);
    assert!(cache(d, &["clear"]).succeeds().stdout.contains("0 (0 B) left"));
    cache(d, &["clear", "--to", "much"]).fails(2, &["20GB"]);
    run(program("ser-data", d).args(["cache", "stat", "--cache", "nowhere"])).fails(2, &["nowhere", "$SER_CACHE"]);
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_told_of_and_leaves_no_half_file() {
    let dir = tempfile::tempdir().unwrap();
    let d = dir.path();
    let build = build(d);
    // No file may be longer than a block or two; the signal that says so is ignored, so that writing fails instead.
    let mut command = Command::new("sh");
    command.current_dir(d).env_remove("SER_CACHE").args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$@\"", "sh"]);
    let ran = run(command.arg(build.get_program()).args(build.get_args()));
    ran.fails(1, &["no room for the cache", "cache/", "ser-data cache clear", "--cache"]);
    let (entries, begun) = files(d);
    assert_eq!(begun, 0);
    assert!(entries.iter().all(|path| path.metadata().unwrap().len() <= 2_048));
}
