//! `ser-predict` as a user runs it, on a bundle that `ser-train` left.

mod common;

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
    time::Duration,
};

use common::{Ran, TINY, program, run, train};
use serde_json::Value;

const RATE: u32 = 16_000;

/// A run's folder: trained once for all tests.
static RUN: LazyLock<(tempfile::TempDir, PathBuf)> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    run(train(dir.path(), TINY).args(["--fold", "0"])).succeeds();
    let path = dir.path().join("experiments/tiny/fold-0/seed-42");
    (dir, path)
});

fn predict(dir: &Path) -> Command {
    let mut command = program("ser-predict", dir);
    command.arg(&RUN.1);
    command
}

/// Something like a voice: 16-bit samples at [`RATE`].
fn voice(samples: u32) -> Vec<i16> {
    let at = |i: u32| {
        let t = f64::from(i) / f64::from(RATE);
        let pitch = std::f64::consts::TAU * (140.0 * t + 3.0 * (6.0 * t).sin());
        let loud = 0.5 + 0.5 * (9.0 * t).sin();
        (6_000.0 * loud * (pitch.sin() + 0.5 * (2.0 * pitch).sin() + 0.3 * (5.0 * pitch).sin())) as i16
    };
    (0..samples).map(at).collect()
}

fn wav(path: &Path, channels: u16, samples: &[i16]) {
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels, sample_rate: RATE, bits_per_sample: 16, sample_format };
    let mut writer = hound::WavWriter::create(path, spec).unwrap();
    for &sample in samples {
        (0..channels).for_each(|_| writer.write_sample(sample).unwrap());
    }
    writer.finalize().unwrap();
}

fn piped(command: &mut Command, feed: impl FnOnce(&mut dyn Write) + Send + 'static) -> Ran {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeding = std::thread::spawn(move || feed(&mut stdin));
    let ran = child.wait_with_output().unwrap().into();
    feeding.join().unwrap();
    ran
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

#[test]
fn a_folder_is_answered_in_order_and_bad_files_are_told_of() {
    let dir = tempfile::tempdir().unwrap();
    let clips = dir.path().join("clips");
    std::fs::create_dir_all(clips.join("deep")).unwrap();
    wav(&clips.join("a.wav"), 1, &voice(20_000));
    wav(&clips.join("b six.wav"), 6, &voice(20_000));
    wav(&clips.join("deep/c.wav"), 2, &voice(40_000));
    wav(&clips.join("d silent.wav"), 1, &[0; 20_000]);
    wav(&clips.join("e short.wav"), 1, &voice(160));
    std::fs::write(clips.join("f empty.wav"), b"").unwrap();
    std::fs::write(clips.join("notes.txt"), b"not looked at").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&clips, clips.join("deep/loop")).unwrap();
    let ran = run(predict(dir.path()).args(["clips", "gone.wav", "--format", "json"]));
    ran.fails(1, &["digital silence", "too short", "the file is empty", "cannot read gone.wav"]);
    let document = json(&ran);
    let rows = document["results"].as_array().unwrap();
    let paths: Vec<&str> = rows.iter().map(|row| row["path"].as_str().unwrap()).collect();
    let names = ["a", "b six", "d silent", "deep/c", "e short", "f empty"].map(|name| format!("clips/{name}.wav"));
    assert_eq!(paths[..6], names.each_ref().map(String::as_str));
    assert_eq!(paths[6..], ["gone.wav"]);
    let usable: Vec<bool> = rows.iter().map(|row| row.get("error").is_none()).collect();
    assert_eq!(usable, [true, true, false, true, false, false, false]);
    assert_eq!(rows[0]["probabilities"], rows[1]["probabilities"], "six alike channels are one");
    let sum: f64 = rows[0]["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap()).sum();
    assert!((sum - 1.0).abs() < 1e-5);
    assert!(rows[0]["notes"][0].as_str().unwrap().contains("16000 Hz"));
    // The same from standard input, as text, with a threshold that no answer reaches.
    let bytes = std::fs::read(clips.join("a.wav")).unwrap();
    let command = &mut predict(dir.path());
    let ran = piped(command.args(["-", "--threshold", "1", "--top", "2"]), move |to| to.write_all(&bytes).unwrap());
    assert!(ran.succeeds().stdout.starts_with("-: uncertain, ") && ran.stdout.lines().count() == 4, "{}", ran.stdout);
}

/// The chain that training had is the one that prediction has, windows and all.
#[test]
fn a_bundle_answers_what_training_predicted() {
    let dir = tempfile::tempdir().unwrap();
    run(program("ser-data", dir.path()).args(["synth", "--out", "corpus"])).succeeds();
    let config = TINY.replace("kind = \"synthetic\"", "kind = \"manifest\"\npath = \"corpus/manifest.csv\"");
    for (out, audio) in [("whole", ""), ("windows", "[audio]\ntrim = true\nwindow = 0.6\n")] {
        let config = format!("{config}{audio}");
        run(train(dir.path(), &config).args(["--data", ".", "--fold", "1", "--out", out])).succeeds();
        let folder = dir.path().join(out).join("fold-1/seed-42");
        let mut rows = csv::Reader::from_path(folder.join("predictions.csv")).unwrap();
        let header = rows.headers().unwrap().clone();
        let first = header.iter().position(|name| name.starts_with("p_")).unwrap();
        let rows: Vec<csv::StringRecord> = rows.records().map(Result::unwrap).take(40).collect();
        let file = |row: &csv::StringRecord| {
            let (speaker, stem) = row[0].rsplit_once('/').unwrap();
            format!("corpus/{}/{stem}.wav", speaker.rsplit_once('/').unwrap().1)
        };
        let mut command = program("ser-predict", dir.path());
        command.arg(&folder).args(["--uncalibrated", "--format", "json"]).args(rows.iter().map(file));
        let document = json(run(&mut command).succeeds());
        for (row, answer) in rows.iter().zip(document["results"].as_array().unwrap()) {
            for (name, saved) in header.iter().zip(row).skip(first) {
                let ours = answer["probabilities"][&name[2..]].as_f64().unwrap();
                let theirs: f64 = saved.parse().unwrap();
                assert!((ours - theirs).abs() < 1e-5, "{out}, {}, {name}: {ours} and {theirs}", &row[0]);
            }
        }
    }
}

#[test]
fn a_stream_at_the_pace_of_speech_has_the_numbers_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let samples = voice(RATE * 5 / 4);
    wav(&dir.path().join("a.wav"), 1, &samples);
    let file = json(run(predict(dir.path()).args(["a.wav", "--format", "json"])).succeeds());
    let stream = ["--stream", "--rate", "16000", "--format", "json"];
    let ran = piped(predict(dir.path()).args(stream), move |to| {
        for piece in samples.chunks(RATE as usize / 50) {
            to.write_all(&piece.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
            to.flush().unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    assert!(ran.succeeds().stderr.contains("3 answers"), "{}", ran.stderr);
    let windows = json(&ran);
    let ends: Vec<f64> =
        windows["results"].as_array().unwrap().iter().map(|row| row["end"].as_f64().unwrap()).collect();
    assert_eq!(ends[..2], [0.5, 1.0]);
    assert!((ends[2] - 1.25).abs() < 1e-3);
    assert_eq!(windows["results"][2]["probabilities"], file["results"][0]["probabilities"]);
}

#[test]
fn a_timeline_is_cut_answered_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("long.wav"), 1, &[voice(RATE * 5), vec![0; RATE as usize * 5]].concat());
    let timeline = ["--timeline", "long.wav", "--format", "csv", "--plot", "t.png"];
    let ran = run(predict(dir.path()).args(timeline));
    let rows: Vec<Vec<&str>> = ran.succeeds().stdout.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 8);
    assert_eq!((rows[1][1], rows[1][2], rows[7][3]), ("1", "4", "silence"));
    assert!(std::fs::read(dir.path().join("t.png")).unwrap().starts_with(b"\x89PNG"));
}

#[test]
fn turns_of_both_parties_of_a_call_have_rows_and_a_summary() {
    let dir = tempfile::tempdir().unwrap();
    let (speaks, pause) = (voice(RATE * 3 / 2), vec![0; RATE as usize * 3 / 2]);
    let left = [&pause[..], &speaks, &pause, &pause].concat();
    let right = [&pause[..], &pause, &pause, &speaks].concat();
    let call: Vec<i16> = left.iter().zip(&right).flat_map(|(l, r)| [*l, *r]).collect();
    let sample_format = hound::SampleFormat::Int;
    let spec = hound::WavSpec { channels: 2, sample_rate: RATE, bits_per_sample: 16, sample_format };
    let mut writer = hound::WavWriter::create(dir.path().join("call.wav"), spec).unwrap();
    call.iter().for_each(|&sample| writer.write_sample(sample).unwrap());
    writer.finalize().unwrap();
    let asked = ["--timeline", "call.wav", "--segments", "vad", "--channel", "each"];
    let text = run(predict(dir.path()).args(asked)).succeeds().stdout.clone();
    assert!(text.contains("call.wav, left: ") && text.contains("call.wav, right: "), "{text}");
    let rows = run(predict(dir.path()).args(asked).args(["--format", "csv"])).succeeds().stdout.clone();
    let rows: Vec<Vec<&str>> = rows.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0][..4], ["path", "channel", "start", "end"]);
    assert_eq!((rows.len(), rows[1][1], rows[2][1]), (3, "left", "right"));
    let near = |text: &str, wanted: f64| (text.parse::<f64>().unwrap() - wanted).abs() < 0.3;
    assert!(near(rows[1][2], 1.5) && near(rows[1][3], 3.0) && near(rows[2][2], 4.5), "{rows:?}");
    // The same of a stream.
    let stream = ["--stream", "--rate", "16000", "--channels", "2", "--segments", "vad", "--channel", "each"];
    let ran = piped(predict(dir.path()).args(stream).args(["--format", "csv"]), move |to| {
        to.write_all(&call.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    });
    let streamed = ran.succeeds().stdout.clone();
    let streamed: Vec<Vec<&str>> = streamed.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let mut streamed: Vec<&[&str]> = streamed.iter().map(|row| &row[1..]).collect();
    streamed.sort();
    assert_eq!(streamed, [&rows[1][1..], &rows[2][1..]]);
    // Clips, too.
    let clips = json(run(predict(dir.path()).args(["call.wav", "--channel", "each", "--format", "json"])).succeeds());
    assert_eq!((&clips["results"][0]["channel"], &clips["results"][1]["channel"]), (&"left".into(), &"right".into()));
    let fails = |arguments: &[&str], part: &str| run(predict(dir.path()).args(arguments)).fails(2, &[part]);
    fails(&["call.wav", "--segments", "vad"], "--timeline");
    fails(&["call.wav", "--timeline", "--segments", "vad", "--hop", "1"], "--hop is for --segments windows");
    fails(&["call.wav", "--timeline", "--channel", "each", "--plot", "t.png"], "--plot draws one channel");
    fails(&["--stream", "--rate", "8000", "--channel", "right"], "--channel right");
}

#[test]
fn a_bundle_is_one_file_that_says_what_it_is() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("a.wav"), 1, &voice(20_000));
    let text = run(program("ser-predict", dir.path()).arg("inspect").arg(&RUN.1)).succeeds().stdout.clone();
    for part in ["7: angry", "fitted on validation", "SYNTHETIC", "speaker-kfold", "test        UAR", "epoch"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    for (precision, off) in [("f32", 0.0), ("f16", 0.01), ("int8", 0.1)] {
        let export = ["--precision", precision, "--out", "small.ser"];
        run(program("ser-predict", dir.path()).arg("export").arg(&RUN.1).args(export)).succeeds();
        let ours = run(predict(dir.path()).args(["a.wav", "--format", "json"]));
        let theirs = run(program("ser-predict", dir.path()).args(["small.ser", "a.wav", "--format", "json"]));
        let probabilities = |ran: &Ran| -> Vec<f64> {
            let document = json(ran.succeeds());
            document["results"][0]["probabilities"].as_object().unwrap().values().map(|p| p.as_f64().unwrap()).collect()
        };
        for (a, b) in probabilities(&ours).iter().zip(probabilities(&theirs)) {
            assert!((a - b).abs() <= off, "{precision}: {a} and {b}");
        }
    }
    // A vote of itself and itself.
    let ran = run(predict(dir.path()).args(["a.wav", "--format", "jsonl", "--ensemble", "small.ser"]));
    assert_eq!(ran.succeeds().stdout.lines().count(), 1);
}

#[test]
fn the_models_in_the_program_answer_by_name_and_where_no_bundle_is_given_and_a_gain_alters_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let loud = voice(40_000);
    wav(&dir.path().join("a.wav"), 1, &loud);
    wav(&dir.path().join("quiet.wav"), 1, &loud.iter().map(|x| x / 8).collect::<Vec<_>>());
    let ask = |arguments: &[&str]| {
        let answer = run(program("ser-predict", dir.path()).args(arguments).args(["--format", "json"]));
        let said = answer.stderr.contains("no model given: using the built-in model box");
        (json(answer.succeeds())["results"].clone(), said)
    };
    let ((given, silent), (taken, said)) = (ask(&["box", "a.wav", "quiet.wav"]), ask(&["a.wav", "quiet.wav"]));
    assert!(given == taken && !silent && said, "{given} {taken}");
    let (small, silent) = ask(&["box-small", "a.wav", "quiet.wav"]);
    assert!(!silent && small != given, "{small}");
    for answer in [given, small] {
        let probability = |clip: usize, emotion: &str| answer[clip]["probabilities"][emotion].as_f64().unwrap();
        let emotions = ["angry", "disgust", "fear", "happy", "neutral", "sad"];
        assert!((emotions.iter().map(|emotion| probability(0, emotion)).sum::<f64>() - 1.0).abs() < 1e-5, "{answer}");
        for emotion in emotions {
            // 18 dB: what is left is the rounding to 16 bits.
            assert!((probability(0, emotion) - probability(1, emotion)).abs() < 0.01, "{answer}");
        }
    }
    for (name, hears) in [("box", "whisper"), ("box-small", "mel (level free, snr 12)")] {
        let text = run(program("ser-predict", dir.path()).args(["inspect", name])).succeeds().stdout.clone();
        for part in ["6: angry, disgust, fear, happy, neutral, sad", "trained on  crema_d;", "16000 Hz", hears] {
            assert!(text.contains(part), "{name}, {part}: {text}");
        }
    }
}

#[test]
fn wrong_usage_is_explained() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("a.wav"), 1, &voice(20_000));
    let fails =
        |arguments: &[&str], status: i32, part: &str| run(predict(dir.path()).args(arguments)).fails(status, &[part]);
    fails(&[], 2, "nothing to recognise");
    fails(&["a.wav", "--threshold", "7"], 2, "--threshold 7: must lie between 0 and 1");
    fails(&["--enrol", "a.wav", "a.wav"], 2, "put the files to recognise before it");
    fails(&["a.wav", "--speaker", "caller"], 2, "--speaker caller: expected folder, file or all");
    fails(&["box-small", "a.wav"], 2, "--ensemble box-small");
    fails(&["a.wav", "--timeline", "--hop", "9"], 2, "--hop = 9");
    fails(&["a.wav", "a.wav", "--timeline", "--plot", "t.png"], 2, "one file");
    fails(&["a.wav", "--timeline", "--plot", "t.gif"], 2, ".png or .svg");
    fails(&["--stream"], 2, "--rate");
    fails(&["--stream", "--rate", "0"], 2, "--rate = 0");
    fails(&["--stream", "--rate", "8000", "--sample-format", "s16be"], 2, "s16le");
    let with = |bundle: &str| run(program("ser-predict", dir.path()).args([bundle, "a.wav"]));
    with("nowhere").fails(1, &["cannot read nowhere"]);
    std::fs::create_dir(dir.path().join("empty")).unwrap();
    std::fs::write(dir.path().join("text"), "no bundle").unwrap();
    with("empty").fails(2, &["holds no bundle"]);
    with("text").fails(1, &["not a file of this program"]);
    let bundle = RUN.1.join("bundle/model.safetensors");
    let mut bytes = std::fs::read(bundle).unwrap();
    let end = bytes.len() - 9;
    bytes[end] ^= 1;
    std::fs::write(dir.path().join("damaged.ser"), &bytes).unwrap();
    with("damaged.ser").fails(1, &["damaged.ser", "checksum"]);
    let checkpoint = RUN.1.join("checkpoints/best.safetensors");
    with(checkpoint.to_str().unwrap()).fails(1, &["is a checkpoint"]);
}

#[test]
fn answers_are_adapted_to_a_speaker_and_say_how_far() {
    let dir = tempfile::tempdir().unwrap();
    let config = TINY.replace("folds = 3", "folds = 6\nvalidation = 0.5");
    run(train(dir.path(), &config).args(["--fold", "0"])).succeeds();
    let bundle = dir.path().join("experiments/tiny/fold-0/seed-42");
    run(program("ser-eval", dir.path()).arg(&bundle)).succeeds();
    let written = std::fs::read_to_string(bundle.join("report/report.json")).unwrap();
    let written: Value = serde_json::from_str(&written).unwrap();
    let points = written["adaptation"]["points"].as_array().unwrap();
    assert_eq!((&points[0]["side"], &points[0]["difference"]), (&"seconds".into(), &0.0.into()));
    assert!(std::fs::read_to_string(bundle.join("report/report.md")).unwrap().contains("Adapted to the speaker"));
    assert!(bundle.join("report/adapted.svg").is_file());

    run(program("ser-data", dir.path()).args(["synth", "--out", "synth"])).succeeds();
    let predict = |arguments: &[&str]| {
        let mut command = program("ser-predict", dir.path());
        run(command.arg(&bundle).args(arguments))
    };
    let clips: Vec<String> = walk(&dir.path().join("synth")).into_iter().take(12).collect();
    let enrolled = |format: &str| {
        let some: Vec<&str> = clips[..8].iter().map(String::as_str).collect();
        let ran = predict(&[&[clips[8].as_str(), "--format", format, "--enrol"], &some[..]].concat());
        ran.succeeds();
        ran.stdout
    };
    let answer: Value = serde_json::from_str(&enrolled("jsonl")).unwrap();
    let heard = answer["adapted"]["heard_seconds"].as_f64().unwrap();
    let degree = answer["adapted"]["degree"].as_f64().unwrap();
    assert!(heard > 5.0 && (0.0..1.0).contains(&degree), "{answer}");
    assert_eq!(answer["adapted"]["off"].is_null(), degree > 0.0, "{answer}");
    let text = enrolled("text");
    assert!(text.contains("adapted to the speaker: ") || text.contains("not adapted, "), "{text}");
    let table = enrolled("csv");
    assert!(table.lines().next().unwrap().ends_with("heard_seconds,adapted,not_adapted_because,error"), "{table}");

    let some: Vec<&str> = clips.iter().map(String::as_str).collect();
    let by_folder = predict(&[&["--speaker", "folder", "--format", "jsonl"], &some[..]].concat());
    by_folder.succeeds();
    let seconds: Vec<f64> = by_folder
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["adapted"]["heard_seconds"].as_f64().unwrap())
        .collect();
    assert!(seconds.len() == 12 && seconds.iter().all(|s| (s - seconds[0]).abs() < 1e-9 && *s > heard), "{seconds:?}");
    let timeline = predict(&["--speaker", "file", "--timeline", "--format", "jsonl", "--window", "1", &clips[0]]);
    let first: Value = serde_json::from_str(timeline.succeeds().stdout.lines().next().unwrap()).unwrap();
    assert!((first["adapted"]["heard_seconds"].as_f64().unwrap() - 1.0).abs() < 1e-6, "{first}");

    let both = predict(&[&clips[0], "--speaker", "folder", "--enrol", &clips[1]]);
    both.fails(2, &["--enrol is speech of one person"]);
}

#[test]
fn a_bundle_that_cannot_adapt_says_so() {
    let dir = tempfile::tempdir().unwrap();
    wav(&dir.path().join("a.wav"), 1, &voice(32_000));
    run(predict(dir.path()).args(["a.wav", "--speaker", "file"])).fails(2, &["cannot adapt to a speaker"]);
}

/// The WAV files below a folder, in the order of their paths.
fn walk(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(walk(&path)),
            false if path.extension().is_some_and(|e| e == "wav") => found.push(path.to_string_lossy().into_owned()),
            false => {}
        }
    }
    found.sort();
    found
}
