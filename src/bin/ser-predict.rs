//! `ser-predict`: recognises emotions in files, folders, long recordings, streams.

use std::{
    cell::RefCell,
    collections::{BTreeMap, btree_map::Entry},
    io::{self, IsTerminal, Read, StdoutLock, Write},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use rayon::prelude::*;
use ser::{
    arrays::Precision,
    audio::{Channel, Decoder, container},
    device::check_processor,
    error::{Error, Result},
    events::Observer as _,
    frontend::encoder::models_dir,
    predict::{
        Answer, BuiltIn, Bundle, Channels, DEFAULT, Evidence, Format, Gate, Listener, Listening, Output, Pcm,
        Recognizer, STDIN, SampleFormat, Segments, Session, Side, Source, Style, Vocabulary, Window,
        bulk::{self, PART_ROWS, PartFormat, Settings, Shard},
        expand, inspect, is_bundle, load_all, misnamed, timelines_by,
    },
    progress::Terminal,
    report::plot,
    stdout::read_on,
};

/// Recognises emotions with the network, the chain and the calibration of a trained bundle.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "A bundle is what ser-train leaves: bundle/model.safetensors, which may be copied and renamed; its folder and
the folder of its run will do as well. Of an experiment's folder all runs vote, by the mean of their probabilities.
Where the first argument is audio, box answers, the model in the program; a build without it says so. box and box-small
name the models in the program wherever a bundle is taken; a file or folder that is called so is written ./box.

Examples:
  ser-predict clip.wav
      by the model in the program
  ser-predict model.safetensors clip.wav
      the emotion, its probability, a bar per emotion
  ser-predict experiments/ravdess recordings/ --format csv > emotions.csv
      every file below a folder, in parallel; all folds and seeds vote
  ser-predict model.safetensors --timeline interview.mp3 --plot interview.png --format csv > interview.csv
      a row a second, each on 3 s; memory does not grow with the recording
  ser-predict model.safetensors --timeline call.wav --segments vad --channel each
      a row a turn of either party, and how the time of each is shared among the emotions
  arecord -t raw -f S16_LE -r 16000 | ser-predict model.safetensors --stream --rate 16000
      an answer every half second
  ffmpeg -i film.mkv -f wav - | ser-predict model.safetensors --timeline -
      any format that others decode
  ser-predict model.safetensors --manifest calls.csv --shard 3/8 --out emotions/
      a long list in eight processes, each with its share; started again, a process does what is missing (docs/bulk.md)
  ser-predict model.safetensors clip.wav --enrol minute-of-the-same-person.wav
      adapted to the person, without labels; says how far, or why not
  ser-predict model.safetensors --speaker folder recordings/ --format csv > emotions.csv
      a folder a speaker: all of a speaker's files are listened to, then answered
  ser-predict inspect model.safetensors
      what it is: emotions, chain, network, protocol, figures
  ser-predict export model.safetensors --precision int8 --out small.safetensors
      the same in a quarter of the size
  ser-predict export model.safetensors --format onnx --out model.onnx
      the network as an ONNX graph, and model.json, which says how its input is made
  ser-predict export model.safetensors --self-contained --encoder-precision int8 --out whole.safetensors
      one file with the pretrained encoder inside, as far as the bundle needs it

Files are WAV, AIFF, FLAC, MP3 or Ogg of any rate and any channels, known by their content. RAYON_NUM_THREADS sets the
number of threads. Exit status: 0 done, 1 a file could not be used (the others are answered), 2 wrong usage."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    recognise: Recognise,
}

#[derive(Subcommand)]
enum Command {
    /// Prints what a bundle is.
    Inspect {
        /// A bundle's file or folder, or the folder of its run.
        #[arg(value_name = "BUNDLE")]
        bundle: PathBuf,
        /// How to print it.
        #[arg(long, value_enum, default_value_t)]
        format: TextOrJson,
    },
    /// Writes a bundle as one file, its weights as asked for. scripts/load_bundle.py reads it with PyTorch.
    Export {
        /// A bundle's file or folder, or the folder of its run.
        #[arg(value_name = "BUNDLE")]
        bundle: PathBuf,
        /// The file to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// What is written: a bundle, or an ONNX graph, from samples (of an encoder in the bundle) or features to calibrated
        /// probabilities, with a file .json beside it that says how its input is made.
        #[arg(long, value_enum, default_value_t, conflicts_with = "precision")]
        format: ExportFormat,
        /// How matrices are kept.
        #[arg(long, value_enum, default_value_t)]
        precision: Kept,
        /// Put the encoder into the file, as far as the bundle needs it: it then answers without a folder of encoders.
        #[arg(long)]
        self_contained: bool,
        /// How the encoder's matrices are kept. In 8 bits the stem's keep 16 [default: f32].
        #[arg(long, value_enum, value_name = "PRECISION", requires = "self_contained")]
        encoder_precision: Option<Kept>,
        /// The folder of encoders [default: $SER_MODELS, else models].
        #[arg(long, value_name = "DIR", requires = "self_contained")]
        models: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum TextOrJson {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
enum ExportFormat {
    /// The one file that every program here takes.
    #[default]
    Bundle,
    /// For onnxruntime and whatever else reads ONNX.
    Onnx,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Kept {
    /// As trained.
    #[default]
    F32,
    /// Half the size.
    F16,
    /// A quarter of the size.
    Int8,
}

impl From<Kept> for Precision {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::F32 => Self::F32,
            Kept::F16 => Self::F16,
            Kept::Int8 => Self::Int8,
        }
    }
}

/// Which files are one speaker's.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Speaker {
    /// Those of a folder.
    Folder,
    /// Each by itself.
    File,
    /// All of them.
    All,
}

impl Speaker {
    /// What is the same for files of one speaker.
    fn key(self, path: &Path) -> PathBuf {
        match self {
            Self::Folder => path.parent().unwrap_or(Path::new("")).to_owned(),
            Self::File => path.to_owned(),
            Self::All => PathBuf::new(),
        }
    }
}

#[derive(Args)]
struct Recognise {
    /// A bundle's file or folder, the folder of a run or of an experiment, whose runs vote, or a model in the program: box or
    /// box-small [default: box, where the first argument is audio].
    #[arg(value_name = "BUNDLE")]
    bundle: Option<PathBuf>,
    /// Audio files, folders of them, or - for standard input.
    #[arg(value_name = "FILE_OR_FOLDER")]
    paths: Vec<PathBuf>,
    /// Another bundle (or run, or experiment) that votes; may be given several times.
    #[arg(long, value_name = "BUNDLE")]
    ensemble: Vec<PathBuf>,
    /// The folder of encoders [default: $SER_MODELS, else models].
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// How answers are written: text, json, jsonl or csv.
    #[arg(long, value_name = "FORMAT", default_value_t)]
    format: Format,
    /// The confidence, from 0 to 1, below which the emotion is called "uncertain" [default: the bundle's, else 0].
    #[arg(long, value_name = "P")]
    threshold: Option<f32>,
    /// List the N most probable emotions only; a table always has all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    top: Option<u16>,
    /// Probabilities as the networks give them, without the temperature that was fitted on validation.
    #[arg(long)]
    uncalibrated: bool,
    /// Cut each file into windows that overlap, and answer for each.
    #[arg(long)]
    timeline: bool,
    /// Length of a window in seconds, of a timeline or a stream [default: 3].
    #[arg(long, value_name = "S")]
    window: Option<f64>,
    /// From one window to the next in seconds [default: 1 of a timeline, 0.5 of a stream].
    #[arg(long, value_name = "S")]
    hop: Option<f64>,
    /// What a timeline or a stream answers for: windows, or vad, the turns of speech between pauses of half a second.
    #[arg(long, value_name = "KIND", default_value_t)]
    segments: Segments,
    /// The level in dB of full scale that a window must exceed somewhere, or it is called "silence" [default: a window without
    /// speech is].
    #[arg(long, value_name = "DB", allow_negative_numbers = true)]
    gate: Option<f32>,
    /// Which channels are heard: mix (their mean), left, right, or each by itself.
    #[arg(long, value_name = "CHANNEL", default_value_t, conflicts_with = "manifest")]
    channel: Channels,
    /// Draw the timeline of the one file, as PNG or SVG.
    #[arg(long, value_name = "FILE", requires = "timeline")]
    plot: Option<PathBuf>,
    /// Listen to raw samples on standard input.
    #[arg(long, conflicts_with_all = ["timeline", "paths"], requires = "rate")]
    stream: bool,
    /// The stream's rate in Hz.
    #[arg(long, value_name = "HZ", requires = "stream")]
    rate: Option<u32>,
    /// The stream's channels, interleaved.
    #[arg(long, value_name = "N", default_value_t = 1)]
    channels: usize,
    /// The stream's samples: u8, s16le, s24le, s32le or f32le.
    #[arg(long, value_name = "FORMAT", default_value_t)]
    sample_format: SampleFormat,
    /// Speech of the person who is listened to, a minute or so: audio files or folders. Answers are adapted to them, without
    /// labels, as far as the seconds that were heard allow.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "manifest")]
    enrol: Vec<PathBuf>,
    /// Adapt answers to each speaker, without labels: folder, where the files of a folder are one speaker's; file, where each
    /// file is; all, where all files are. A timeline or a stream is adapted as it goes on.
    #[arg(long, value_name = "WHOSE", conflicts_with = "manifest")]
    speaker: Option<Speaker>,
    /// Recognise the recordings of a list: a table with the column path (and start and end, in seconds) as CSV or Parquet, a
    /// text file with a path a line, or - for the same on standard input. Tar archives stand for the recordings in them.
    #[arg(long, value_name = "LIST", conflicts_with_all = ["paths", "stream", "plot", "format", "top"], requires = "out")]
    manifest: Option<PathBuf>,
    /// The folder that a manifest's answers are written into; parts that are there already are kept.
    #[arg(long, value_name = "DIR", requires = "manifest")]
    out: Option<PathBuf>,
    /// Of a manifest, the parts that are this process's: share K of N.
    #[arg(long, value_name = "K/N", requires = "manifest", default_value = "1/1")]
    shard: Shard,
    /// Rows of a manifest in a part, which is written whole or not at all.
    #[arg(long, value_name = "ROWS", requires = "manifest", default_value_t = PART_ROWS as u32, value_parser = clap::value_parser!(u32).range(1..))]
    part_rows: u32,
    /// How parts are written: csv, or parquet in a build with that feature.
    #[arg(long, value_name = "FORMAT", requires = "manifest", default_value_t)]
    parts: PartFormat,
    /// Listen to the microphone.
    #[cfg(feature = "microphone")]
    #[arg(long, conflicts_with_all = ["timeline", "paths", "stream"])]
    microphone: bool,
}

fn main() -> ExitCode {
    let Arguments { command, recognise } = Arguments::parse();
    let terminal = Terminal::with_signals();
    let done = check_processor().and_then(|()| match command {
        Some(Command::Inspect { bundle, format }) => run_inspect(&bundle, format),
        Some(Command::Export { bundle, out, format, precision, self_contained, encoder_precision, models }) => {
            let encoder = self_contained.then(|| (models_dir(models), encoder_precision.unwrap_or_default().into()));
            match format {
                ExportFormat::Bundle => run_export(&bundle, &out, precision.into(), encoder),
                ExportFormat::Onnx => run_export_onnx(&bundle, &out, encoder),
            }
        }
        None => run(recognise, &terminal),
    });
    match done {
        Ok(status) => status,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

fn run_inspect(bundle: &Path, format: TextOrJson) -> Result<ExitCode> {
    let bundle = Bundle::load(bundle)?;
    let text = match format {
        TextOrJson::Text => inspect(&bundle),
        TextOrJson::Json => format!("{}\n", bundle.to_json()?),
    };
    read_on(io::stdout().lock().write_all(text.as_bytes()))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes a bundle as an ONNX graph; `encoder` as of [`run_export`].
fn run_export_onnx(bundle: &Path, out: &Path, encoder: Option<(PathBuf, Precision)>) -> Result<ExitCode> {
    let mut bundle = Bundle::load(bundle)?;
    if let Some((models, precision)) = encoder {
        bundle = bundle.self_contained(&models, precision)?;
    }
    let beside = bundle.save_onnx(out)?;
    let bytes = std::fs::metadata(out).map_err(Error::io("read", out))?.len();
    eprintln!("{}: {bytes} bytes; how its input is made: {}", out.display(), beside.display());
    Ok(ExitCode::SUCCESS)
}

/// Writes a bundle; with an encoder from a folder of models in a precision, where it is to be put inside.
fn run_export(
    bundle: &Path,
    out: &Path,
    precision: Precision,
    encoder: Option<(PathBuf, Precision)>,
) -> Result<ExitCode> {
    let mut bundle = Bundle { precision, ..Bundle::load(bundle)? };
    if let Some((models, precision)) = encoder {
        bundle = bundle.self_contained(&models, precision)?;
    }
    bundle.save(out)?;
    let bytes = std::fs::metadata(out).map_err(Error::io("read", out))?.len();
    let encoder = bundle.inside.map(|inside| format!("; inside {}", inside.words())).unwrap_or_default();
    eprintln!("{}: {bytes} bytes, weights in {}{encoder}", out.display(), precision.name());
    Ok(ExitCode::SUCCESS)
}

fn run(mut arguments: Recognise, terminal: &Terminal) -> Result<ExitCode> {
    let live = arguments.live();
    // A stream has no files: what stands there was meant as a bundle.
    if let Some(path) = arguments.bundle.take_if(|path| !live && !is_bundle(path)) {
        arguments.paths.insert(0, path);
    }
    if arguments.manifest.is_some() {
        // The list is what is to be listened to: whatever stands first was meant as a bundle.
        arguments.bundle = arguments.bundle.or_else(|| arguments.paths.pop());
    } else if arguments.paths.is_empty() && !live {
        return Err(Error::Config("nothing to recognise: give audio files, folders, - or --stream".into()));
    }
    if let Some(threshold) = arguments.threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
        return Err(Error::Config(format!("--threshold {threshold}: a probability from 0 to 1")));
    }
    if arguments.segments == Segments::Speech {
        if !arguments.timeline && !live {
            return Err(Error::Config("--segments vad is for --timeline and --stream: give one".into()));
        }
        let of_windows = [("--window", arguments.window.is_some()), ("--hop", arguments.hop.is_some())];
        let of_windows = of_windows.into_iter().chain([("--gate", arguments.gate.is_some())]);
        if let Some((name, _)) = of_windows.into_iter().find(|(_, given)| *given) {
            return Err(Error::Config(format!("{name} is for --segments windows: leave it out with vad")));
        }
    }
    if arguments.plot.is_some() && arguments.channel == Channels::Each {
        return Err(Error::Config("--plot draws one channel: choose --channel left, right or mix".into()));
    }
    if arguments.plot.is_some() && (arguments.paths.len() != 1 || arguments.paths[0].is_dir()) {
        return Err(Error::Config("--plot draws the timeline of one file: give one".into()));
    }
    // Better known before the work than after it.
    if let Some(plot) = &arguments.plot
        && !["png", "svg"].iter().any(|known| plot.extension().is_some_and(|e| e.eq_ignore_ascii_case(known)))
    {
        return Err(Error::Config(format!("--plot {}: name it .png or .svg", plot.display())));
    }
    let by_default = arguments.bundle.is_none();
    let first = arguments.bundle.get_or_insert_with(|| DEFAULT.name.into()).clone();
    let model = BuiltIn::named(&first).map(|model| model.name);
    let bundles: Vec<PathBuf> = std::iter::once(first).chain(arguments.ensemble.iter().cloned()).collect();
    let mut recognizer = Recognizer::with_models(load_all(&bundles)?, &models_dir(arguments.models.clone()))?;
    if arguments.uncalibrated {
        recognizer = recognizer.uncalibrated();
    }
    if let Some(model) = model.filter(|_| by_default) {
        eprintln!("note: no bundle is given: {model} answers, the model in this program (ser-predict inspect {model})");
    }
    for path in bundles.iter().filter(|path| BuiltIn::named(path).is_some() && !by_default && path.exists()) {
        eprintln!("note: {0} is the model in this program; the path in this folder is written ./{0}", path.display());
    }
    recognizer.notes().iter().for_each(|note| eprintln!("note: {note}"));
    if let Some(list) = &arguments.manifest {
        return arguments.bulk(&recognizer, &bundles, list, terminal);
    }
    let style = Style {
        threshold: arguments.threshold.unwrap_or_else(|| recognizer.threshold()),
        top: arguments.top.map(usize::from),
        windows: arguments.timeline || live,
        channels: arguments.channel == Channels::Each,
        model,
    };
    let speakers = arguments.speakers(&recognizer)?;
    let output = match speakers {
        Some(_) => Output::adapted(io::stdout().lock(), arguments.format, style, recognizer.vocabulary()),
        None => Output::of(io::stdout().lock(), arguments.format, style, recognizer.vocabulary()),
    };
    let output = match output {
        Ok(output) => output,
        Err(error) => return read_on(Err(error)).map(|_| ExitCode::SUCCESS),
    };
    let mut work = Answering { recognizer: &recognizer, speakers, terminal, output, failed: false };
    let done = if live {
        arguments.listen(&mut work)
    } else if arguments.timeline {
        arguments.timelines(&mut work)
    } else if work.speakers.as_ref().is_some_and(|speakers| speakers.whose.is_some()) {
        work.by_speaker(&arguments.paths, arguments.channel)
    } else {
        work.files(&arguments.paths, arguments.channel)
    };
    // A document is closed whatever happened.
    let failed = work.failed;
    let closed = read_on(work.output.finish());
    done.and(closed)?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// To whom answers are adapted.
struct Speakers {
    /// The person who was enrolled; else somebody of whom nothing was heard.
    enrolled: Session,
    /// Which files are one speaker's, where they are listened to for it.
    whose: Option<Speaker>,
}

impl Speakers {
    /// A session of its own that begins with what was enrolled.
    fn session(&self, recognizer: &Recognizer) -> Result<Session> {
        recognizer.resume(self.enrolled.state())
    }
}

/// A run under way.
struct Answering<'a> {
    recognizer: &'a Recognizer,
    speakers: Option<Speakers>,
    terminal: &'a Terminal,
    output: Output<StdoutLock<'static>>,
    /// Whether a file could not be used.
    failed: bool,
}

impl Answering<'_> {
    /// Writes a file's row; an error goes to standard error as well. Whether to go on.
    fn clip(&mut self, path: &Path, side: Option<&Side>, answer: std::result::Result<&Answer, &Error>) -> Result<bool> {
        if let Err(error) = answer {
            self.failed = true;
            eprintln!("error: {error}");
        }
        let path = path.to_string_lossy();
        read_on(self.output.clip(Source { path: &path, channel: side.and_then(|side| side.name.as_deref()) }, answer))
    }

    /// What listens to a channel of a stream, which is one speaker's where answers are adapted.
    fn listener(&self, rate: u32, listening: Listening) -> Result<Listener> {
        match &self.speakers {
            None => self.recognizer.listen(rate, listening),
            Some(speakers) => speakers.session(self.recognizer)?.listen(rate, listening, speakers.whose.is_some()),
        }
    }

    fn files(&mut self, paths: &[PathBuf], channels: Channels) -> Result<()> {
        let enrolled = self.speakers.as_ref().map(|speakers| speakers.enrolled.clone());
        let inputs: Vec<(PathBuf, Option<Error>)> = inputs(paths);
        let progress =
            (inputs.len() > 1 && !io::stdout().is_terminal()).then(|| self.terminal.work("recognising", inputs.len()));
        // Enough at once that no thread waits for long, few enough that rows come soon.
        let at_once = 16 * rayon::current_num_threads();
        for some in inputs.chunks(at_once) {
            let answers: Vec<_> = some
                .par_iter()
                .filter(|(_, lost)| lost.is_none())
                .map(|(path, _)| {
                    if self.terminal.stop_requested() {
                        return Err(Error::Interrupted("stopped before this file".into()));
                    }
                    match &enrolled {
                        None => self.recognizer.channels(channels, opener(path)?, path),
                        Some(session) => {
                            let each = channels.decoders(opener(path)?)?.into_iter();
                            Ok(each.map(|(side, decoder)| (side, session.decoder(decoder, path))).collect())
                        }
                    }
                })
                .collect();
            let mut answers = answers.into_iter();
            for (path, lost) in some {
                let answers = match lost {
                    Some(error) => {
                        self.clip(path, None, Err(error))?;
                        continue;
                    }
                    None => answers.next().unwrap_or_else(|| Err(Error::Interrupted("stopped".into()))),
                };
                let going = match answers {
                    Err(stopped @ Error::Interrupted(_)) => return Err(stopped),
                    Err(error) => self.clip(path, None, Err(&error))?,
                    Ok(answers) => answers
                        .iter()
                        .map(|(side, answer)| self.clip(path, Some(side), answer.as_ref()))
                        .try_fold(true, |going, next| next.map(|next| going && next))?,
                };
                if !going {
                    return Ok(());
                }
                progress.iter().for_each(|progress| progress.step());
            }
        }
        Ok(())
    }
}

/// Who speaks: a file or its folder, and the channel where each is a person's own.
type Voice = (PathBuf, Option<String>);

/// What was heard of each channel of a file.
type Sides = Result<Vec<(Side, Result<Evidence>)>>;

impl Answering<'_> {
    /// Listens to all files, then answers: each speaker's answers are adapted to all that was heard of that speaker. Channels
    /// that are answered for by themselves are speakers of their own.
    fn by_speaker(&mut self, paths: &[PathBuf], channels: Channels) -> Result<()> {
        let Some(Speakers { whose: Some(whose), ref enrolled }) = self.speakers else {
            return self.files(paths, channels);
        };
        let (recognizer, terminal, begun) = (self.recognizer, self.terminal, enrolled.state());
        let inputs = inputs(paths);
        let heard: Vec<Option<Sides>> = inputs
            .par_iter()
            .map(|(path, lost)| {
                if terminal.stop_requested() {
                    return Some(Err(Error::Interrupted("stopped before this file".into())));
                }
                let sides = || {
                    let each = channels.decoders(opener(path)?)?.into_iter();
                    Ok(each.map(|(side, decoder)| (side, recognizer.evidence_in(decoder, path))).collect())
                };
                lost.is_none().then(sides)
            })
            .collect();
        let key = |path: &Path, side: &Side| (whose.key(path), side.name.as_deref().map(str::to_owned));
        let mut sessions: BTreeMap<Voice, Session> = BTreeMap::new();
        for ((path, _), sides) in inputs.iter().zip(&heard) {
            for (side, evidence) in sides.iter().flatten().flatten() {
                let Ok(evidence) = evidence else { continue };
                let session = match sessions.entry(key(path, side)) {
                    Entry::Occupied(session) => session.into_mut(),
                    Entry::Vacant(place) => place.insert(recognizer.resume(begun.clone())?),
                };
                session.hear([(evidence, evidence.seconds())])?;
            }
        }
        for ((path, lost), sides) in inputs.iter().zip(heard) {
            let going = match (lost, sides) {
                (Some(error), _) => self.clip(path, None, Err(error))?,
                (None, Some(Ok(sides))) => {
                    let mut going = true;
                    for (side, evidence) in sides {
                        let session = sessions.get(&key(path, &side));
                        let answer = evidence.map(|evidence| session.map(|session| session.answer(&evidence)));
                        going &= match answer.as_ref() {
                            Ok(Some(answer)) => self.clip(path, Some(&side), Ok(answer))?,
                            Ok(None) => true,
                            Err(error) => self.clip(path, Some(&side), Err(error))?,
                        };
                    }
                    going
                }
                (None, Some(Err(stopped @ Error::Interrupted(_)))) => return Err(stopped),
                (None, Some(Err(error))) => self.clip(path, None, Err(&error))?,
                (None, None) => true,
            };
            if !going {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// The files that are meant, in order, with what is wrong with those that cannot be looked at.
fn inputs(paths: &[PathBuf]) -> Vec<(PathBuf, Option<Error>)> {
    let named = |found, path: &Path| match found {
        Ok(file) => (file, None),
        Err(error @ (Error::File { .. } | Error::Io { .. })) => {
            let at = match &error {
                Error::File { path, .. } | Error::Io { path, .. } => path.clone(),
                _ => path.to_owned(),
            };
            (at, Some(error))
        }
        Err(error) => (path.to_owned(), Some(error)),
    };
    let found: Vec<_> =
        paths.iter().flat_map(|path| expand(path).into_iter().map(move |found| named(found, path))).collect();
    let files = found.iter().filter(|(_, lost)| lost.is_none()).map(|(file, _)| file.as_path());
    misnamed(files).iter().for_each(|note| eprintln!("note: {note}"));
    found
}

fn is_stdin(path: &Path) -> bool {
    path == Path::new(STDIN)
}

/// What opens a file, as often as it is wanted; standard input is read once.
fn opener(path: &Path) -> Result<Box<dyn Fn() -> Result<Decoder>>> {
    if !is_stdin(path) {
        let path = path.to_owned();
        return Ok(Box::new(move || Decoder::open(&path)));
    }
    let path = Path::new("standard input");
    let mut bytes = Vec::new();
    io::stdin().lock().read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    let bytes: Arc<[u8]> = bytes.into();
    Ok(Box::new(move || Decoder::of_bytes(bytes.clone(), path)))
}

impl Recognise {
    /// To whom answers are adapted, where that is asked for: the enrolled person's speech is heard at once.
    fn speakers(&self, recognizer: &Recognizer) -> Result<Option<Speakers>> {
        if self.enrol.is_empty() && self.speaker.is_none() {
            return Ok(None);
        }
        if !self.enrol.is_empty() && self.speaker == Some(Speaker::Folder) {
            return Err(Error::Config(
                "--enrol is speech of one person, and --speaker folder is of several: leave one of them out".into(),
            ));
        }
        let enrolled = recognizer.session()?;
        for path in &self.enrol {
            for file in expand(path) {
                enrolled.enrol_file(&file?)?;
            }
        }
        if !self.enrol.is_empty() {
            eprintln!("note: {}", enrolled.adapted().words());
        }
        Ok(Some(Speakers { enrolled, whose: self.speaker }))
    }

    fn live(&self) -> bool {
        #[cfg(feature = "microphone")]
        if self.microphone {
            return true;
        }
        self.stream
    }

    fn listening(&self, default: Listening) -> Listening {
        let window = self.window.unwrap_or(default.window);
        // A window shorter than the usual hop has no overlap.
        let hop = self.hop.unwrap_or(default.hop.min(window));
        let gate = self.gate.map_or(default.gate, Gate::Level);
        Listening { segments: self.segments, window, hop, gate, ..default }
    }

    /// Answers for the recordings of a list. Those that cannot be used are rows of the table, and no failure of the call.
    fn bulk(&self, recognizer: &Recognizer, bundles: &[PathBuf], list: &Path, terminal: &Terminal) -> Result<ExitCode> {
        let settings = Settings {
            out: self.out.clone().unwrap_or_default(),
            shard: self.shard,
            part_rows: self.part_rows as usize,
            format: self.parts,
            threshold: self.threshold.unwrap_or_else(|| recognizer.threshold()),
            calibrated: !self.uncalibrated,
            timeline: self.timeline.then(|| self.listening(Listening::timeline())),
        };
        let done = bulk::bulk(recognizer, bundles, list, &settings, terminal)?;
        eprint!("{done}");
        Ok(ExitCode::SUCCESS)
    }

    fn timelines(&self, work: &mut Answering) -> Result<()> {
        let listening = self.listening(Listening::timeline());
        // Wrong settings are better known before the first file.
        work.recognizer.listen(48_000, listening)?;
        let sessions: RefCell<BTreeMap<Option<Voice>, Session>> = RefCell::default();
        for (path, lost) in inputs(&self.paths) {
            let (mut drawn, mut course) = (Vec::new(), Vec::new());
            let mut open = true;
            let name = path.to_string_lossy();
            let opened = match lost {
                Some(error) => Err(error),
                None => opener(&path).and_then(|open| self.channel.decoders(open)),
            };
            let (sides, decoders): (Vec<Side>, Vec<Decoder>) = match opened {
                Ok(opened) => opened.into_iter().unzip(),
                Err(error) => {
                    work.clip(&path, None, Err(&error))?;
                    continue;
                }
            };
            let channels: Vec<Option<&str>> = sides.iter().map(|side| side.name.as_deref()).collect();
            let mut each = |side: usize, window: Window| {
                open = read_on(work.output.window(Source { path: &name, channel: channels[side] }, &window))?;
                if self.plot.is_some() && !work.recognizer.targets().is_empty() {
                    let values = window.answer.as_ref().map(|answer| answer.values().to_vec());
                    course.push(plot::course::Moment { start: window.start, end: window.end, values });
                }
                if self.plot.is_some() && work.recognizer.has_classes() {
                    drawn.push(plot::timeline::Piece {
                        start: window.start,
                        end: window.end,
                        probabilities: window.answer.map(|answer| answer.probabilities().to_vec()),
                    });
                }
                if open { Ok(()) } else { Err(Error::Interrupted("nobody reads".into())) }
            };
            let listen = |side: usize, rate: u32| match &work.speakers {
                None => work.recognizer.listen(rate, listening),
                Some(speakers) => {
                    let key = speakers.whose.map(|whose| (whose.key(&path), channels[side].map(str::to_owned)));
                    let mut sessions = sessions.borrow_mut();
                    if !sessions.contains_key(&key) {
                        sessions.insert(key.clone(), speakers.session(work.recognizer)?);
                    }
                    match sessions.get(&key) {
                        Some(session) => session.listen(rate, listening, key.is_some()),
                        None => work.recognizer.listen(rate, listening),
                    }
                }
            };
            match timelines_by(&listen, decoders, &path, work.terminal, &mut each) {
                Ok(ended) => {
                    ended.notes.iter().for_each(|note| eprintln!("note: {}: {note}", path.display()));
                    if !read_on(work.output.summary(&name, &channels, ended.seconds))? {
                        return Ok(());
                    }
                }
                Err(Error::Interrupted(_)) if !open => return Ok(()),
                Err(stopped @ (Error::Interrupted(_) | Error::Config(_))) => return Err(stopped),
                Err(error) => {
                    work.clip(&path, None, Err(&error))?;
                }
            }
            if let Some(to) = &self.plot {
                let title = path.file_name().map_or_else(|| "standard input".into(), |name| name.to_string_lossy());
                let Vocabulary { emotions, targets, scales } = work.recognizer.vocabulary();
                if !emotions.is_empty() {
                    plot::save(&plot::Timeline { title: &title, classes: emotions, pieces: &drawn }, to)?;
                }
                if !targets.is_empty() {
                    let course = plot::Course { title: &title, targets, scales, moments: &course };
                    plot::save(&course, &if emotions.is_empty() { to.clone() } else { beside(to, "values") })?;
                }
            }
        }
        Ok(())
    }

    fn listen(&self, work: &mut Answering) -> Result<()> {
        let listening = self.listening(Listening::live());
        #[cfg(feature = "microphone")]
        if self.microphone {
            let microphone = ser::predict::microphone::Microphone::open()?;
            let rate = microphone.sample_rate();
            let mut live = Live::new(work, rate, listening, Channels::Mix.sides(1), "microphone")?;
            while !work.terminal.stop_requested() {
                if !live.push(&[microphone.next(work.terminal)?], work)? {
                    return Ok(());
                }
            }
            return live.end(work);
        }
        let rate = self.rate.unwrap_or_default();
        let mut pcm = Pcm::new(self.sample_format, self.channels)?;
        let sides = self.channel.sides(self.channels);
        let channels: Vec<Channel> = sides.iter().map(|side| side.channel).collect();
        if self.channel == Channels::Right && self.channels < 2 {
            return Err(Error::Config("--channel right: the stream has one channel (--channels)".into()));
        }
        let mut live = Live::new(work, rate, listening, sides, STDIN)?;
        let mut input = io::stdin().lock();
        let mut bytes = [0; 1 << 13];
        let mut begins = true;
        while !work.terminal.stop_requested() {
            match input.read(&mut bytes) {
                Ok(0) => break,
                Ok(n) => {
                    if let Some(name) = container(&bytes[..n]).filter(|_| std::mem::take(&mut begins)) {
                        return Err(Error::Config(format!(
                            "standard input begins with the header of a {name} file, and --stream takes samples without one: \
                             give - in place of --stream, or decode it first, as `ffmpeg -i FILE -f {} -`",
                            self.sample_format
                        )));
                    }
                    begins = false;
                    if !live.push(&pcm.push_apart(&bytes[..n], &channels), work)? {
                        return Ok(());
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("read", Path::new("standard input"))(error)),
            }
        }
        live.end(work)
    }
}

/// A stream that is being listened to, each of its channels that is meant by itself.
struct Live {
    voices: Vec<(Side, Listener)>,
    name: &'static str,
    rate: u32,
    /// Samples of a channel.
    samples: u64,
    /// From the arrival of a window's last samples to its row, one of each answer.
    times: Vec<Duration>,
}

impl Live {
    fn new(work: &Answering, rate: u32, listening: Listening, sides: Vec<Side>, name: &'static str) -> Result<Self> {
        let voices = sides.into_iter().map(|side| Ok((side, work.listener(rate, listening)?)));
        let voices = voices.collect::<Result<Vec<_>>>()?;
        let latency = voices.iter().map(|(_, listener)| listener.latency()).fold(0.0, f64::max);
        let what = match listening.segments {
            Segments::Speech => "an answer for every turn, half a second after it".to_owned(),
            Segments::Windows => {
                format!("an answer every {} s on the last {} s", listening.hop, listening.window)
            }
        };
        let conversion = 1e3 * latency;
        eprintln!("listening: {what}; the conversion of the rate takes up to {conversion:.0} ms, the answer some more");
        voices.iter().take(1).flat_map(|(_, listener)| listener.notes()).for_each(|note| eprintln!("note: {note}"));
        Ok(Self { voices, name, rate, samples: 0, times: Vec::new() })
    }

    /// Takes in samples of each channel and writes what they complete. Whether to go on.
    fn push(&mut self, channels: &[Vec<f32>], work: &mut Answering) -> Result<bool> {
        let arrived = Instant::now();
        self.samples += channels.first().map_or(0, |samples| samples.len() as u64);
        self.write(arrived, work, |listener, at| listener.push(&channels[at]))
    }

    fn write(
        &mut self,
        arrived: Instant,
        work: &mut Answering,
        mut hear: impl FnMut(&mut Listener, usize) -> Result<Vec<Window>>,
    ) -> Result<bool> {
        for (at, (side, listener)) in self.voices.iter_mut().enumerate() {
            let source = Source { path: self.name, channel: side.name.as_deref() };
            for window in hear(listener, at)? {
                if !read_on(work.output.window(source, &window))? {
                    return Ok(false);
                }
                self.times.push(arrived.elapsed());
            }
        }
        Ok(true)
    }

    fn end(mut self, work: &mut Answering) -> Result<()> {
        let arrived = Instant::now();
        if self.write(arrived, work, |listener, _| listener.finish())? {
            let channels: Vec<Option<&str>> = self.voices.iter().map(|(side, _)| side.name.as_deref()).collect();
            let seconds = self.samples as f64 / f64::from(self.rate);
            read_on(work.output.summary(self.name, &channels, seconds))?;
        }
        self.times.sort_unstable();
        if let (Some(median), Some(longest)) = (self.times.get(self.times.len() / 2), self.times.last()) {
            eprintln!(
                "{} answers, each {:.1} ms after its last samples came (median; longest {:.1} ms)",
                self.times.len(),
                1e3 * median.as_secs_f64(),
                1e3 * longest.as_secs_f64()
            );
        }
        Ok(())
    }
}

/// `course.png` → `course-values.png`: the picture of what is answered beside emotions.
fn beside(picture: &Path, what: &str) -> PathBuf {
    let [stem, extension] =
        [picture.file_stem(), picture.extension()].map(|of| of.unwrap_or_default().to_string_lossy());
    picture.with_file_name(format!("{stem}-{what}.{extension}"))
}
