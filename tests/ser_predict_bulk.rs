//! `ser-predict --manifest` as a user runs it: a long list, in shards, started again.

mod common;

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use common::{Ran, program, run};

const RATE: u32 = 16_000;

fn predict(dir: &Path) -> Command {
    let mut command = program("ser-predict", dir);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/box-small.safetensors"));
    command
}

/// A sound of its own for each number, about a second long.
fn wav(path: &Path, number: u32) {
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..RATE / 2 + 997 * number {
        let t = f64::from(i) / f64::from(RATE);
        let pitch = std::f64::consts::TAU * ((100.0 + 20.0 * f64::from(number)) * t + 3.0 * (6.0 * t).sin());
        writer
            .write_sample((6_000.0 * (0.5 + 0.5 * (9.0 * t).sin()) * (pitch.sin() + (3.0 * pitch).sin())) as i16)
            .unwrap();
    }
    writer.finalize().unwrap();
}

/// A folder of seven clips and the lines of a list of them, one of which is not there.
fn corpus() -> (tempfile::TempDir, String) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("clips")).unwrap();
    (0..7).for_each(|i| wav(&dir.path().join(format!("clips/{i}.wav")), i));
    let mut names: Vec<String> = (0..7).map(|i| format!("clips/{i}.wav")).collect();
    names.insert(4, "clips/gone.wav".into());
    (dir, names.join("\n") + "\n")
}

/// The parts and the failures of a folder, by name.
fn table(folder: &Path) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "csv"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
        .collect()
}

/// The rows of all parts, without headers.
fn rows(folder: &Path) -> Vec<String> {
    let parts = table(folder).into_iter().filter(|(name, _)| name.starts_with("part"));
    parts.flat_map(|(_, text)| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn fed(command: &mut Command, text: &str) -> Ran {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().into()
}

#[test]
fn the_parts_of_shards_are_those_of_one_process_and_its_rows_those_of_a_plain_call() {
    let (dir, list) = corpus();
    let dir = dir.path();
    fs::write(dir.join("list.txt"), &list).unwrap();
    let whole = ["--manifest", "list.txt", "--out", "whole", "--part-rows", "3"];
    run(predict(dir).args(whole)).succeeds();
    assert_eq!(table(&dir.join("whole")).len(), 4, "three parts and the failures");
    for k in 1..=2 {
        assert!(!dir.join("spread/_SUCCESS").exists());
        let shard = format!("{k}/2");
        let of = ["--manifest", "-", "--out", "spread", "--part-rows", "3", "--shard", &shard];
        fed(predict(dir).args(of).env("RAYON_NUM_THREADS", "1"), &list).succeeds();
    }
    assert_eq!(table(&dir.join("whole")), table(&dir.join("spread")));

    let plain = run(predict(dir).args(list.lines()).args(["--format", "csv"]));
    assert_eq!(rows(&dir.join("whole")), plain.stdout.lines().skip(1).collect::<Vec<_>>());
    let failures = &table(&dir.join("whole"))["_failures.csv"];
    assert_eq!(failures.lines().count(), 2);
    assert!(failures.contains("clips/gone.wav,1,cannot read clips/gone.wav"), "{failures}");
    let success: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(dir.join("whole/_SUCCESS")).unwrap()).unwrap();
    assert_eq!((&success["recordings"], &success["failed"], &success["parts"]), (&8.into(), &1.into(), &3.into()));
    let seconds = (0..7).map(|i| f64::from(RATE / 2 + 997 * i) / f64::from(RATE)).sum::<f64>();
    assert!((success["audio_seconds"].as_f64().unwrap() - seconds).abs() < 1e-6);
}

#[test]
fn a_call_again_does_what_is_missing_and_nothing_else() {
    let (dir, list) = corpus();
    let dir = dir.path();
    fs::write(dir.join("list.csv"), format!("path\n{list}")).unwrap();
    let call = ["--manifest", "list.csv", "--out", "out", "--part-rows", "2"];
    assert!(run(predict(dir).args(call)).succeeds().stderr.contains("4 of 4 parts are there, 4 of them written now"));
    let first = table(&dir.join("out"));
    let written = |part: &str| fs::metadata(dir.join("out").join(part)).unwrap().modified().unwrap();
    let kept = written("part-00002.csv");
    // A part that was cut is none.
    let text = &first["part-00000.csv"];
    fs::write(dir.join("out/part-00000.csv"), &text[..text.len() / 2]).unwrap();
    fs::remove_file(dir.join("out/part-00001.csv")).unwrap();
    // A part without its record was not finished.
    fs::remove_file(dir.join("out/_parts/part-00003.json")).unwrap();
    let again = run(predict(dir).args(call));
    again.succeeds();
    assert!(again.stderr.contains("4 of 4 parts are there, 3 of them written now"), "{}", again.stderr);
    assert!(again.stderr.contains("parts that are not as they were written: 1, as 00000"), "{}", again.stderr);
    assert_eq!(written("part-00002.csv"), kept, "what is whole is not made again");
    let second = table(&dir.join("out"));
    for part in ["part-00000.csv", "part-00001.csv", "part-00002.csv", "part-00003.csv", "_failures.csv"] {
        assert_eq!(first[part], second[part], "{part}");
    }
    let hidden: Vec<_> = fs::read_dir(dir.join("out")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(!hidden.iter().any(|name| name.to_string_lossy().starts_with('.')), "{hidden:?}");

    // One recording is replaced: its part is made again, and no other.
    fs::copy(dir.join("clips/1.wav"), dir.join("clips/0.wav")).unwrap();
    let again = run(predict(dir).args(call));
    assert!(again.succeeds().stderr.contains("4 of 4 parts are there, 1 of them written now"), "{}", again.stderr);
    assert_ne!(table(&dir.join("out"))["part-00000.csv"], first["part-00000.csv"]);
    assert!(again.stderr.contains("recordings that have changed"), "{}", again.stderr);

    // Parts of two jobs in one folder would be a table of neither.
    run(predict(dir).args(call).args(["--uncalibrated"])).fails(2, &["another job: calibrated was true and is false"]);
    run(predict(dir).args(&call[..4]).args(["--part-rows", "3"])).fails(2, &["part_rows was 2 and is 3", "--out"]);
    fs::write(dir.join("list.csv"), format!("path\n{list}clips/0.wav\n")).unwrap();
    run(predict(dir).args(call)).fails(2, &["list was", "rows was 8 and is 9"]);
}

#[test]
fn archives_segments_and_timelines_have_the_answers_of_their_files() {
    let (dir, _) = corpus();
    let dir = dir.path();
    let mut tar = tar::Builder::new(fs::File::create(dir.join("some.tar")).unwrap());
    tar.append_dir_all(".", dir.join("clips")).unwrap();
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_cksum();
    tar.append_data(&mut header, "labels.json", &b"{\"a\"}"[..]).unwrap();
    tar.finish().unwrap();
    // As a download that was cut off.
    let bytes = fs::read(dir.join("some.tar")).unwrap();
    fs::write(dir.join("cut.tar"), &bytes[..bytes.len() / 2]).unwrap();
    let end = f64::from(RATE / 2) / f64::from(RATE);
    fs::write(
        dir.join("list.csv"),
        format!("start,path,end\n,some.tar,\n0,clips/0.wav,{end}\n0.25,clips/6.wav,\n,cut.tar,\n9,clips/1.wav,10\n"),
    )
    .unwrap();
    run(predict(dir).args(["--manifest", "list.csv", "--out", "out"])).succeeds();
    let found = rows(&dir.join("out"));
    // Names apart, as an archive has its own order.
    let answers = |rows: &[String]| {
        let mut rows: Vec<String> = rows.iter().map(|row| row.split_once(',').unwrap().1.to_owned()).collect();
        rows.sort();
        rows
    };
    let plain = run(predict(dir).args(["clips", "--format", "csv"]));
    let plain: Vec<String> = plain.succeeds().stdout.lines().skip(1).map(str::to_owned).collect();
    assert_eq!(answers(&found[..7]), answers(&plain));
    assert!(found[..7].iter().all(|row| row.starts_with("some.tar/")), "{found:?}");
    assert_eq!(found[7].split_once(',').unwrap(), ("clips/0.wav#0-0.5", plain[0].split_once(',').unwrap().1));
    assert!(found[8].starts_with("clips/6.wav#0.25-,") && !found[8].ends_with(char::is_alphabetic), "{}", found[8]);
    let failures = &table(&dir.join("out"))["_failures.csv"];
    assert!(failures.contains("cut.tar,2,not a whole tar archive"), "{failures}");
    assert!(failures.contains("clips/1.wav#9-10") && failures.contains("is not in it"), "{failures}");

    fs::write(dir.join("two.txt"), "clips/5.wav\nclips/6.wav\n").unwrap();
    let windows = ["--timeline", "--window", "0.4", "--hop", "0.2"];
    run(predict(dir).args(["--manifest", "two.txt", "--out", "windows"]).args(windows)).succeeds();
    let plain = run(predict(dir).args(["clips/5.wav", "clips/6.wav", "--format", "csv"]).args(windows));
    assert_eq!(rows(&dir.join("windows")), plain.succeeds().stdout.lines().skip(1).collect::<Vec<_>>());

    // A channel is heard as it is decoded, with the windows that it has by itself; what is torn gives none.
    let spec =
        hound::WavSpec { channels: 2, sample_rate: RATE, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut writer = hound::WavWriter::create(dir.join("call.wav"), spec).unwrap();
    for i in 0..2 * RATE {
        let tone = |hertz: f32| (9e3 * (i as f32 * hertz * 3.926_99e-4).sin() * (i as f32 * 1e-3).cos()) as i16;
        [150.0, 260.0].into_iter().for_each(|hertz| writer.write_sample(tone(hertz)).unwrap());
    }
    writer.finalize().unwrap();
    let bytes = fs::read(dir.join("call.wav")).unwrap();
    fs::write(dir.join("torn.wav"), &bytes[..bytes.len() - 9_000]).unwrap();
    fs::write(dir.join("calls.csv"), "path,channel\ncall.wav,1\ncall.wav,2\ntorn.wav,2\n").unwrap();
    let windows = [&windows[..], &["--gate", "-60"]].concat();
    run(predict(dir).args(["--manifest", "calls.csv", "--out", "calls"]).args(&windows)).succeeds();
    let found = rows(&dir.join("calls"));
    let of = |side: &str| {
        let plain = run(predict(dir).args(["call.wav", "--format", "csv", "--channel", side]).args(&windows));
        plain.succeeds().stdout.lines().skip(1).map(|row| row.split_once(',').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let tails = |name: &str| -> Vec<String> {
        let own = found.iter().filter_map(|row| row.split_once(',')).filter(|(path, _)| *path == name);
        own.map(|(_, tail)| tail.to_owned()).collect()
    };
    assert_eq!((tails("call.wav#channel-1"), tails("call.wav#channel-2")), (of("left"), of("right")));
    assert_ne!(of("left"), of("right"));
    assert_eq!(tails("torn.wav#channel-2").len(), 1, "{found:?}");
}

#[test]
fn what_cannot_be_is_said_before_the_work() {
    let (dir, list) = corpus();
    let dir = dir.path();
    fs::write(dir.join("list.txt"), list).unwrap();
    fs::write(dir.join("no.csv"), "file\na.wav\n").unwrap();
    let of = |arguments: &[&str]| run(predict(dir).args(arguments));
    of(&["--manifest", "list.txt"]).fails(2, &["--out"]);
    of(&["--manifest", "list.txt", "--out", "o", "--shard", "3/2"]).fails(2, &["3/2", "K from 1 to N"]);
    of(&["--manifest", "list.txt", "--out", "o", "--part-rows", "0"]).fails(2, &["--part-rows"]);
    of(&["--manifest", "no.csv", "--out", "o"]).fails(1, &["no.csv: no column path among \"file\""]);
    of(&["--manifest", "list.txt", "--out", "o", "--speaker", "folder", "--timeline"])
        .fails(2, &["leave --timeline out"]);
    of(&["--manifest", "list.txt", "--out", "o", "--speaker", "caller"])
        .fails(1, &["no column \"caller\"", "a column of the list"]);
    of(&["clips", "--speaker", "caller"]).fails(2, &["--speaker caller", "a column of the list"]);
    of(&["--manifest", "gone.txt", "--out", "o"]).fails(1, &["gone.txt"]);
    of(&["--manifest", "list.txt", "--out", "o", "clip.wav"]).fails(2, &["cannot be used with"]);
    #[cfg(not(feature = "parquet"))]
    of(&["--manifest", "list.txt", "--out", "o", "--parts", "parquet"]).fails(2, &["--features parquet"]);
    assert!(!dir.join("o").exists());
}
