//! What inputs are thrown at: every reader of foreign bytes, by the way in that the programs use.

use std::path::{Path, PathBuf};

use ser::{
    arrays,
    audio::{Audio, Channel, Decoder, Known, Pcm, SampleFormat, container},
    cache,
    config::Experiment,
    corpus::{self, CorpusConfig, Kind},
    error::Error,
    eval::{Bootstrap, evaluate_with},
    experiment::Jobs,
    frontend::encoder::{Import, import, manifest},
    predict::{Bundle, Recognizer},
    protocol::{
        self, ProtocolConfig,
        audit::{LookedAt, foreign},
    },
    report,
    run::load_finished,
    train::Checkpoint,
};
use tempfile::TempDir;

use crate::{http, seeds};

/// Reads an input; says how it was answered.
pub type Reader = Box<dyn FnMut(&[u8]) -> &'static str>;

/// A reader of foreign bytes.
#[derive(Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    /// What stands in its inputs.
    pub words: &'static [&'static str],
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// Makes what it needs and returns the reader.
    pub open: fn() -> Reader,
}

const CSV: &[&str] = &[
    ",", ";", "\t", "\"", "\r\n", "\u{feff}", "path", "emotion", "speaker", "start", "end", "duration", "channel",
    "nan",
];
const JSON: &[&str] = &["{", "}", "[", "]", ":", ",", "null", "true", "\"", "\\u0000", "\\ud800", "-", "."];
const AUDIO: &[&str] = &[
    "RIFF", "WAVE", "fmt ", "data", "fact", "LIST", "ds64", "RF64", "FORM", "AIFF", "AIFC", "COMM", "SSND", "fLaC",
    "OggS", "vorbis", "ID3", "TAG", "Xing", "Info", "caff", "desc", "ftyp", "moov", "mdat", "stbl", "webm", "\u{1}",
];
const TOML: &[&str] = &["[", "]", "[[", "]]", "=", "\"", "\n", "true", "#", "{", "}", ",", "'''", "grid", "corpora"];

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "audio", words: AUDIO, seeds: || seeds::of("audio", ""), open: audio },
    Target { name: "audio-facts", words: AUDIO, seeds: || seeds::of("audio", ""), open: facts },
    Target { name: "samples", words: &[], seeds: || seeds::of("audio", ".wav"), open: samples },
    Target { name: "csv", words: CSV, seeds: || seeds::of("tables", ".csv"), open: || table("t.csv") },
    Target { name: "tsv", words: CSV, seeds: || seeds::of("tables", ".tsv"), open: || table("t.tsv") },
    Target { name: "json-lines", words: JSON, seeds: || seeds::of("tables", ".jsonl"), open: || table("t.jsonl") },
    #[cfg(feature = "parquet")]
    Target {
        name: "parquet",
        words: &["PAR1"],
        seeds: || seeds::of("tables", ".parquet"),
        open: || table("t.parquet"),
    },
    Target {
        name: "audformat",
        words: &[":", "-", "\n", "  ", "{", "tables", "schemes"],
        seeds: || seeds::one("audformat/db.yaml"),
        open: || audformat("db.yaml"),
    },
    Target {
        name: "audformat-table",
        words: CSV,
        seeds: || seeds::one("audformat/db.emotion.csv"),
        open: || audformat("db.emotion.csv"),
    },
    Target { name: "split", words: CSV, seeds: || seeds::of("splits", ""), open: split },
    Target { name: "emobox", words: JSON, seeds: || seeds::of("emobox", ""), open: emobox },
    Target { name: "bundle", words: JSON, seeds: || seeds::of("bundles", ""), open: bundle },
    Target { name: "bundle-text", words: JSON, seeds: bundle_texts, open: bundle_text },
    Target { name: "checkpoint", words: JSON, seeds: || seeds::of("checkpoints", ""), open: checkpoint },
    Target { name: "checkpoint-text", words: JSON, seeds: checkpoint_texts, open: checkpoint_text },
    Target { name: "cache-entry", words: JSON, seeds: || seeds::of("cache", ".safetensors"), open: cache_entry },
    Target { name: "cache-facts", words: JSON, seeds: || seeds::of("cache", ".jsonl"), open: cache_facts },
    Target { name: "run-record", words: JSON, seeds: || seeds::one("run/run.json"), open: || run("run.json") },
    Target { name: "run-done", words: JSON, seeds: || seeds::one("run/done.json"), open: || run("done.json") },
    Target {
        name: "run-epochs",
        words: JSON,
        seeds: || seeds::one("run/metrics.jsonl"),
        open: || run("metrics.jsonl"),
    },
    Target {
        name: "run-predictions",
        words: CSV,
        seeds: || seeds::one("run/predictions.csv"),
        open: || run("predictions.csv"),
    },
    Target { name: "run-split", words: CSV, seeds: || seeds::one("run/split.csv"), open: || run("split.csv") },
    Target { name: "run-clips", words: CSV, seeds: || seeds::one("run/clips.csv"), open: || run("clips.csv") },
    Target {
        name: "run-embeddings",
        words: CSV,
        seeds: || seeds::one("run/embeddings.csv"),
        open: || run("embeddings.csv"),
    },
    Target { name: "run-config", words: TOML, seeds: || seeds::one("run/config.toml"), open: || run("config.toml") },
    Target { name: "published", words: TOML, seeds: || seeds::of("published", ""), open: published },
    Target { name: "config", words: TOML, seeds: || seeds::of("configs", ""), open: config },
    Target {
        name: "encoder-config",
        words: JSON,
        seeds: || seeds::golden("config.json"),
        open: || encoder("config.json"),
    },
    Target {
        name: "encoder-weights",
        words: JSON,
        seeds: || seeds::golden("model.safetensors"),
        open: || encoder("model.safetensors"),
    },
    Target {
        name: "encoder-pickle",
        words: &["PK", "\u{80}", "q", "."],
        seeds: || seeds::golden(".pt"),
        open: || single("tiny.pt"),
    },
    Target {
        name: "encoder-ct2",
        words: &["WhisperSpec"],
        seeds: || seeds::one("encoder-ct2/model.bin"),
        open: || single("model.bin"),
    },
    Target { name: "encoder-manifest", words: JSON, seeds: encoder_texts, open: encoder_manifest },
    Target { name: "http", words: http::WORDS, seeds: http::requests, open: http::raw },
    Target { name: "http-form", words: http::WORDS, seeds: http::forms, open: http::body },
    Target { name: "http-query", words: http::WORDS, seeds: http::queries, open: http::query },
    Target { name: "http-stream", words: http::WORDS, seeds: http::frames, open: http::stream },
];

/// The targets of these names; all where there are none.
pub fn chosen(names: &[String]) -> Result<Vec<Target>, String> {
    if names.is_empty() {
        return Ok(TARGETS.to_vec());
    }
    let find = |name: &String| {
        TARGETS.iter().find(|target| target.name == name).copied().ok_or_else(|| {
            let known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            format!("--target {name}: there are {}", known.join(", "))
        })
    };
    names.iter().map(find).collect()
}

/// A folder in memory where the system has one.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() };
    made.expect("a folder for files that are thrown")
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::write(path, bytes).expect("room for files that are thrown");
}

fn told<T, E>(result: &Result<T, E>) -> &'static str {
    if result.is_ok() { "read" } else { "refused" }
}

/// An error is one line or a few, whatever stands in the file.
fn check(error: &Error) {
    let words = error.to_string();
    assert!(!words.is_empty() && words.len() < 1 << 20, "an error of {} bytes", words.len());
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("seeds").filter_map(Result::ok) {
        let into = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => {
                std::fs::create_dir_all(&into).expect("a folder");
                copy(&entry.path(), &into);
            }
            false => drop(std::fs::copy(entry.path(), into).expect("a copy")),
        }
    }
}

/// Decodes; what comes out is finite, and no longer than what a file of this size can hold.
fn audio() -> Reader {
    Box::new(|bytes| {
        let mut answer = "refused";
        for channel in [Channel::Mix, Channel::Only(1)] {
            let Ok(decoder) = Decoder::of_bytes(bytes.into(), Path::new("thrown.wav")) else { continue };
            let mut decoder = decoder.channel(channel);
            loop {
                match decoder.next() {
                    Ok(Some(block)) => assert!(block.iter().all(|sample| sample.is_finite())),
                    Ok(None) => {
                        answer = "read";
                        break;
                    }
                    Err(error) => {
                        check(&error);
                        break;
                    }
                }
            }
        }
        answer
    })
}

/// Looks at it as scan and training do.
fn facts() -> Reader {
    let dir = scratch();
    Box::new(move |bytes| {
        let path = dir.path().join("thrown.wav");
        write(&path, bytes);
        match Known::default().look(&path) {
            Ok((_, _, Ok(facts))) => {
                assert!(facts.rms_db.is_finite() && facts.snr_db.is_none_or(f64::is_finite) && facts.samples > 0);
                "read"
            }
            _ => "refused",
        }
    })
}

/// Raw samples, as a pipe brings them.
fn samples() -> Reader {
    Box::new(|bytes| {
        let _ = container(&bytes[..bytes.len().min(64)]);
        for format in ["u8", "s16le", "s24le", "s32le", "f32le", "f64le"] {
            let Ok(format) = format.parse::<SampleFormat>() else { continue };
            let Ok(mut pcm) = Pcm::new(format, 2) else { continue };
            for piece in bytes.chunks(777) {
                let samples = pcm.push(piece);
                let _ = Audio { samples, sample_rate: 8_000 }.check();
            }
        }
        "read"
    })
}

/// A table of clips, as a corpus.
fn table(name: &'static str) -> Reader {
    let dir = scratch();
    for audio in ["a.wav", "b.wav", "c.wav"] {
        write(&dir.path().join(audio), &seeds::of("audio", ".wav").first().cloned().unwrap_or_default());
    }
    Box::new(move |bytes| {
        write(&dir.path().join(name), bytes);
        let config = CorpusConfig { path: Some(name.into()), ..CorpusConfig::new(Kind::Manifest) };
        let scan = corpus::scan(&config, dir.path());
        match &scan {
            Ok(scan) => {
                for clip in &scan.clips {
                    assert!(!clip.emotion.is_empty() && !clip.speaker.is_empty() && clip.source.file().is_some());
                }
            }
            Err(error) => check(error),
        }
        told(&scan)
    })
}

/// A database in audformat with one file thrown.
fn audformat(name: &'static str) -> Reader {
    let dir = scratch();
    copy(&seeds::folder("audformat"), dir.path());
    Box::new(move |bytes| {
        write(&dir.path().join(name), bytes);
        let config = CorpusConfig { root: Some(".".into()), ..CorpusConfig::new(Kind::Audformat) };
        let scan = corpus::scan(&config, dir.path());
        scan.as_ref().err().into_iter().for_each(check);
        told(&scan)
    })
}

/// A table of somebody's split, to be audited.
fn split() -> Reader {
    let dir = scratch();
    Box::new(move |bytes| {
        let path = dir.path().join("split.csv");
        write(&path, bytes);
        let found = foreign(&path, dir.path(), LookedAt::Files);
        found.as_ref().err().into_iter().for_each(check);
        told(&found)
    })
}

/// A fold of EmoBox.
fn emobox() -> Reader {
    let dir = scratch();
    let fold = dir.path().join("synthetic/fold_1");
    std::fs::create_dir_all(&fold).expect("a folder");
    let mut scan = corpus::scan(&CorpusConfig::new(Kind::Synthetic), dir.path()).expect("the embedded corpus");
    // A clip or two of each speaker: the seed lists half of them.
    scan.clips.retain(|clip| ["_angry_boat_1", "_sad_boat_1"].iter().any(|end| clip.id.ends_with(end)));
    let labels: Vec<usize> = scan.clips.iter().map(|clip| clip.emotion.len() % 2).collect();
    let keys: Vec<String> = scan
        .clips
        .iter()
        .map(|clip| {
            let stem = clip.id.rsplit('/').next().unwrap_or_default().replace('_', "-");
            format!("{{\"key\": \"synthetic-{stem}\"}}\n")
        })
        .collect();
    write(&fold.join("synthetic_train_fold_1.jsonl"), keys[keys.len() / 2..].concat().as_bytes());
    let config = ProtocolConfig {
        kind: protocol::Kind::ALL.iter().copied().find(|kind| kind.name() == "emobox").expect("a protocol"),
        root: Some(dir.path().to_owned()),
        ..ProtocolConfig::default()
    };
    Box::new(move |bytes| {
        write(&fold.join("synthetic_test_fold_1.jsonl"), bytes);
        let plan = protocol::plan(&config, dir.path(), &scan.clips, &labels, std::iter::empty());
        plan.as_ref().err().into_iter().for_each(check);
        told(&plan)
    })
}

/// A bundle's bytes.
fn bundle() -> Reader {
    Box::new(|bytes| answers(Bundle::read(bytes, Path::new("thrown.safetensors"))))
}

/// A bundle that can be read answers, or says why not.
fn answers(bundle: Result<Bundle, Error>) -> &'static str {
    let recognizer = match bundle.and_then(|bundle| Recognizer::new(vec![bundle])) {
        Ok(recognizer) => recognizer,
        Err(error) => {
            check(&error);
            return "refused";
        }
    };
    let tone: Vec<f32> = (0..4_000).map(|i| 0.3 * (i as f32 * 0.3).sin()).collect();
    match recognizer.samples(&tone, 16_000) {
        Ok(_) => "read",
        Err(error) => {
            check(&error);
            "refused"
        }
    }
}

/// The header texts of the `.safetensors` seeds in `folder`, each with its arrays, so that a mutated header gets a valid checksum.
fn texts(folder: &str) -> Vec<(String, arrays::Arrays)> {
    let read = |bytes: Vec<u8>| arrays::read(&bytes, Path::new(folder)).ok();
    seeds::of(folder, "").into_iter().filter_map(read).collect()
}

fn bundle_texts() -> Vec<Vec<u8>> {
    texts("bundles").into_iter().map(|(text, _)| text.into_bytes()).collect()
}

fn bundle_text() -> Reader {
    let dir = scratch();
    let known = texts("bundles");
    Box::new(move |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let path = dir.path().join("thrown.safetensors");
        let mut answer = "refused";
        for (_, arrays) in &known {
            if arrays::save(&path, &text, arrays, arrays::Precision::F32).is_ok()
                && answers(Bundle::load(&path)) == "read"
            {
                answer = "read";
            }
        }
        answer
    })
}

fn checkpoint() -> Reader {
    let dir = scratch();
    Box::new(move |bytes| {
        let path = dir.path().join("thrown.safetensors");
        write(&path, bytes);
        let loaded = Checkpoint::load(&path);
        loaded.as_ref().err().into_iter().for_each(check);
        told(&loaded)
    })
}

fn checkpoint_texts() -> Vec<Vec<u8>> {
    texts("checkpoints").into_iter().map(|(text, _)| text.into_bytes()).collect()
}

fn checkpoint_text() -> Reader {
    let dir = scratch();
    let known = texts("checkpoints");
    Box::new(move |bytes| {
        let path = dir.path().join("thrown.safetensors");
        let Some((_, arrays)) = known.first() else { return "refused" };
        if arrays::save(&path, &String::from_utf8_lossy(bytes), arrays, arrays::Precision::F32).is_err() {
            return "refused";
        }
        let loaded = Checkpoint::load(&path);
        loaded.as_ref().err().into_iter().for_each(check);
        told(&loaded)
    })
}

/// An entry of the feature cache: one that is not whole is removed.
fn cache_entry() -> Reader {
    let dir = scratch();
    Box::new(move |bytes| {
        let folder = dir.path().join("ab");
        let _ = std::fs::create_dir(&folder);
        write(&folder.join(format!("{}.safetensors", "ab".repeat(32))), bytes);
        let _ = cache::stat(dir.path());
        match cache::verify(dir.path(), &()) {
            Ok(found) if found.damaged.is_empty() => "read",
            _ => "refused",
        }
    })
}

/// What is known of files, its last line made to fit: the rest is looked at.
fn cache_facts() -> Reader {
    let dir = scratch();
    write(&dir.path().join("a.wav"), &seeds::of("audio", ".wav").first().cloned().unwrap_or_default());
    Box::new(move |bytes| {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        if let Some(end) = text.trim_end().rfind('\n') {
            text.truncate(end + 1);
            let sum = blake3::hash(text.as_bytes());
            text.push_str(&format!("{{\"checksum\":\"{sum}\"}}"));
        }
        write(&dir.path().join("facts.jsonl"), text.as_bytes());
        let known = Known::open(dir.path());
        told(&known.look(&dir.path().join("a.wav")))
    })
}

/// A finished run with one file thrown: read, evaluated, reported.
fn run(name: &'static str) -> Reader {
    let dir = scratch();
    let bootstrap = Bootstrap { samples: 10, ..Bootstrap::default() };
    copy(&seeds::folder("run"), dir.path());
    Box::new(move |bytes| {
        write(&dir.path().join(name), bytes);
        let finished = load_finished(dir.path());
        let evaluation = finished.and_then(|runs| evaluate_with(runs, bootstrap));
        match &evaluation {
            Ok(evaluation) => {
                let _ = report::json(evaluation);
                let _ = report::published(evaluation).map(|known| report::terminal(evaluation, &known, false));
            }
            Err(error) => check(error),
        }
        told(&evaluation)
    })
}

fn published() -> Reader {
    let dir = scratch();
    Box::new(move |bytes| {
        let path = dir.path().join("published.toml");
        write(&path, bytes);
        let page = report::reproduction(&path, dir.path(), dir.path(), Bootstrap::default());
        page.as_ref().err().into_iter().for_each(check);
        told(&page)
    })
}

/// A config, with its grid.
fn config() -> Reader {
    Box::new(|bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return "refused" };
        let jobs = Jobs::parse(text, &[], None, None);
        jobs.as_ref().err().into_iter().for_each(check);
        let _ = Experiment::parse(text, &["train.epochs=2".to_owned()]);
        told(&jobs)
    })
}

fn imported(source: PathBuf, out: &Path) -> &'static str {
    let _ = std::fs::remove_dir_all(out);
    let done = import(&Import { source, out: out.to_owned(), precision: arrays::Precision::F16, layers: None });
    done.as_ref().err().into_iter().for_each(check);
    told(&done)
}

/// A model's folder as Hugging Face has it with one file thrown.
fn encoder(name: &'static str) -> Reader {
    let dir = scratch();
    let sources = seeds::models().into_iter().enumerate().map(|(number, model)| {
        let source = dir.path().join(format!("model-{number}"));
        std::fs::create_dir(&source).expect("a folder");
        copy(&model, &source);
        source
    });
    let sources: Vec<PathBuf> = sources.collect();
    let mut turn = 0;
    Box::new(move |bytes| {
        // Each of the models in its turn: a file of one beside those of another contradicts them.
        turn += 1;
        let source = &sources[turn % sources.len()];
        let path = source.join(name);
        let whole = std::fs::read(&path).unwrap_or_default();
        write(&path, bytes);
        let answer = imported(source.clone(), &dir.path().join("out"));
        write(&path, &whole);
        answer
    })
}

/// A model in one file.
fn single(name: &'static str) -> Reader {
    let dir = scratch();
    Box::new(move |bytes| {
        let path = dir.path().join(name);
        write(&path, bytes);
        imported(path, &dir.path().join("out"))
    })
}

/// What an encoder of our own says of itself.
fn encoder_texts() -> Vec<Vec<u8>> {
    let whole = seeds::of("encoder-own", ".safetensors").into_iter();
    whole.filter_map(|bytes| Some(arrays::read(&bytes, Path::new("seed")).ok()?.0.into_bytes())).collect()
}

/// An encoder's folder of our own: its description, which lies with the weights, the checksum made to fit.
fn encoder_manifest() -> Reader {
    let dir = scratch();
    let arrays = seeds::of("encoder-own", ".safetensors")
        .first()
        .and_then(|bytes| arrays::read(bytes, Path::new("seed")).ok())
        .map(|(_, arrays)| arrays)
        .unwrap_or_default();
    Box::new(move |bytes| {
        let path = dir.path().join("encoder.safetensors");
        if arrays::save(&path, &String::from_utf8_lossy(bytes), &arrays, arrays::Precision::F32).is_err() {
            return "refused";
        }
        let read = manifest(dir.path());
        read.as_ref().err().into_iter().for_each(check);
        let opened = ser::frontend::encoder::FrozenEncoder::load(dir.path());
        opened.as_ref().err().into_iter().for_each(check);
        told(&opened)
    })
}
