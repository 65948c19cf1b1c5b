//! Fuzzing on the stable toolchain: seeds of our own are mutated and thrown at every reader of foreign bytes.
//!
//! ```text
//! cargo run --release -p ser-fuzz -- --seconds 60            a minute over all targets
//! cargo run --release -p ser-fuzz -- --target audio --inputs 1000000
//! cargo run --release -p ser-fuzz -- --target audio --replay fuzz-findings/audio-12
//! ```
//!
//! An input must be answered with a value or an error: within its time, within its memory and without a panic. One that is
//! not is kept in `fuzz-findings/` and named; the program then ends with 1. Each target runs in a process of its own, as
//! an allocation that was refused ends it. What is thrown follows from `--seed` and the number of the input.

mod http;
mod limits;
mod mutate;
mod seeds;
mod targets;

use std::{
    path::PathBuf,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use clap::Parser;

use limits::Guard;
use mutate::Mutator;
use targets::Target;

/// Throws damaged files at every reader of foreign bytes.
#[derive(Parser)]
struct Options {
    /// A target, or several; all by default.
    #[arg(long, value_delimiter = ',')]
    target: Vec<String>,
    /// How long all targets take together.
    #[arg(long)]
    seconds: Option<u64>,
    /// How many inputs each target is given.
    #[arg(long)]
    inputs: Option<u64>,
    /// What decides the mutations.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Gives a target this one file as it is.
    #[arg(long)]
    replay: Option<PathBuf>,
    /// Where inputs are kept that were not answered.
    #[arg(long, default_value = "fuzz-findings")]
    findings: PathBuf,
    /// Works on the one target: the process that a target runs in.
    #[arg(long, hide = true)]
    worker: bool,
    /// The first input's number.
    #[arg(long, hide = true, default_value_t = 0)]
    from: u64,
}

/// How often a target that ended its process is started again.
const MOST_RESTARTS: usize = 20;

fn main() -> ExitCode {
    let options = Options::parse();
    let targets: Vec<Target> = match targets::chosen(&options.target) {
        Ok(targets) => targets,
        Err(problem) => {
            eprintln!("{problem}");
            return ExitCode::from(2);
        }
    };
    if let Some(path) = &options.replay {
        return replay(&targets, path);
    }
    if options.worker {
        return targets.into_iter().next().map_or(ExitCode::from(2), |target| work(&options, target));
    }
    let share = options.seconds.map(|seconds| Duration::from_secs(seconds).div_f64(targets.len() as f64));
    let mut findings = 0;
    let mut inputs = 0;
    for target in &targets {
        let (thrown, found) = supervise(&options, target, share);
        (inputs, findings) = (inputs + thrown, findings + found);
    }
    println!("{inputs} inputs over {} targets, {findings} findings", targets.len());
    ExitCode::from(u8::from(findings > 0))
}

/// Gives each target one file.
fn replay(targets: &[Target], path: &std::path::Path) -> ExitCode {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            eprintln!("{}: {error}", path.display());
            return ExitCode::from(2);
        }
    };
    for target in targets {
        println!("{}: {}", target.name, (target.open)()(&bytes));
    }
    ExitCode::SUCCESS
}

/// Runs a target in processes of its own; how many inputs it was given, and how many it did not answer.
fn supervise(options: &Options, target: &Target, share: Option<Duration>) -> (u64, u64) {
    let begun = Instant::now();
    let (mut from, mut found) = (0, 0);
    for _ in 0..MOST_RESTARTS {
        let left = share.map(|share| share.saturating_sub(begun.elapsed()));
        let Ok(program) = std::env::current_exe() else { break };
        let mut command = Command::new(program);
        command.args(["--worker", "--target", target.name, "--seed", &options.seed.to_string()]);
        command.args(["--from", &from.to_string()]).arg("--findings").arg(&options.findings);
        if let Some(left) = left {
            command.args(["--seconds", &left.as_secs_f64().ceil().max(1.0).to_string()]);
        }
        if let Some(inputs) = options.inputs {
            command.args(["--inputs", &inputs.to_string()]);
        }
        let Ok(output) = command.output() else { break };
        if output.status.code() == Some(2) {
            // It could not begin: that is not the reader's fault, and no pass either.
            print!("{}", String::from_utf8_lossy(&output.stderr));
            found += 1;
            break;
        }
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let last = told.lines().rev().find_map(|line| line.strip_prefix("done ")?.parse::<u64>().ok());
        let named: Vec<&str> = told.lines().filter(|line| line.starts_with("FINDING")).collect();
        found += named.len() as u64;
        named.iter().for_each(|line| println!("{}: {line}", target.name));
        if let Some(done) = last {
            from = done;
            break;
        }
        // The process has ended within an input, which lies where it was written before.
        found += 1;
        let at = limits::current(&options.findings, target.name);
        let (number, bytes) = limits::read(&at);
        let kept = options.findings.join(format!("{}-{number}", target.name));
        let _ = std::fs::write(&kept, bytes);
        let words = String::from_utf8_lossy(&output.stderr);
        let why = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no words");
        println!("{}: FINDING {}: {} ({why})", target.name, kept.display(), output.status);
        from = number + 1;
        if share.is_some_and(|share| begun.elapsed() >= share) || options.inputs.is_some_and(|inputs| from >= inputs) {
            break;
        }
    }
    let _ = std::fs::remove_file(limits::current(&options.findings, target.name));
    let _ = std::fs::remove_dir(&options.findings);
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{}: {from} inputs in {seconds:.0} s ({:.0} a second), {found} findings",
        target.name,
        from as f64 / seconds
    );
    (from, found)
}

/// Throws inputs at a target until time or number is reached.
fn work(options: &Options, target: Target) -> ExitCode {
    let seeds = (target.seeds)();
    if seeds.is_empty() {
        eprintln!("{}: there are no seeds in {}", target.name, seeds::folder("").display());
        return ExitCode::from(2);
    }
    if let Err(error) = std::fs::create_dir_all(&options.findings) {
        eprintln!("{}: {error}", options.findings.display());
        return ExitCode::from(2);
    }
    let mut read = (target.open)();
    let mut guard = Guard::new(&options.findings, target.name);
    let mutator = Mutator::new(options.seed, target.name, seeds, target.words);
    let begun = Instant::now();
    let most = options.inputs.unwrap_or(u64::MAX);
    let mut number = options.from;
    while number < most && options.seconds.is_none_or(|seconds| begun.elapsed().as_secs() < seconds) {
        let input = mutator.input(number);
        guard.watch(number, &input, || read(&input));
        number += 1;
    }
    println!("done {number}");
    ExitCode::SUCCESS
}
