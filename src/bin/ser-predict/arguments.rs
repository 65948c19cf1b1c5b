//! What `ser-predict` is asked for.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ser::{
    arrays::Precision,
    error::{Error, Result},
    predict::{
        BuiltIn, Channels, Format, Gate, Listening, Raw, Recognizer, SampleFormat, Segments, Whose,
        bulk::{PART_ROWS, PartFormat, Settings, Shard, Voices},
        is_bundle,
    },
};

/// Recognises emotions with the network, the chain and the calibration of a trained bundle.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    after_help = "A bundle is what ser-train leaves: bundle/model.safetensors, which may be copied and renamed; its folder and
the folder of its run will do as well. Of an experiment's folder all runs vote, by the mean of their probabilities.
Where the first argument is audio, the built-in model box answers; a build without it says so. box and box-small name the
built-in models wherever a bundle is expected; for a file or folder of that name, write ./box.

Examples:
  ser-predict clip.wav
      by the built-in model
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
  ser-predict model.safetensors --manifest calls.csv --speaker caller --out emotions/
      each caller's recordings, by that column, adapted together wherever in the list they stand
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

Files are WAV, AIFF, FLAC, Ogg, MP3, AAC, MP4 (M4A), Matroska (WebM) or CAF of any rate and any channels, known by their
content. RAYON_NUM_THREADS sets the number of threads. Exit status: 0 done, 1 a file could not be used (the others are
answered), 2 wrong usage."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
    #[command(flatten)]
    pub recognise: Recognise,
}

#[derive(Subcommand)]
pub enum Command {
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
        /// Another bundle that goes into the same file and votes with this one; may be given several times.
        #[arg(long, value_name = "BUNDLE")]
        with: Vec<PathBuf>,
        /// How many times the votes of the other bundles count, together, where a clip is as near to their training as training itself;
        /// they count once, together, where it is half as far away again.
        #[arg(long, value_name = "TIMES", requires = "with")]
        near_weight: Option<f64>,
        /// Multiplies the temperature of all bundles of the file: below 1 answers become surer, as several that vote need it.
        #[arg(long, value_name = "FACTOR")]
        temperature_factor: Option<f64>,
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
pub enum TextOrJson {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

#[derive(Clone, Copy, Default, PartialEq, ValueEnum)]
pub enum ExportFormat {
    /// The one file that every program here takes.
    #[default]
    Bundle,
    /// For onnxruntime and whatever else reads ONNX.
    Onnx,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub enum Kept {
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

#[derive(Args)]
pub struct Recognise {
    /// A bundle's file or folder, the folder of a run or of an experiment, whose runs vote, or a built-in model: box or
    /// box-small [default: box, where the first argument is audio].
    #[arg(value_name = "BUNDLE")]
    pub bundle: Option<PathBuf>,
    /// Audio files, folders of them, or - for standard input.
    #[arg(value_name = "FILE_OR_FOLDER")]
    pub paths: Vec<PathBuf>,
    /// Another bundle (or run, or experiment) that votes; may be given several times.
    #[arg(long, value_name = "BUNDLE")]
    pub ensemble: Vec<PathBuf>,
    /// The folder of encoders [default: $SER_MODELS, else models].
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// How answers are written: text, json, jsonl or csv.
    #[arg(long, value_name = "FORMAT", default_value_t)]
    pub format: Format,
    /// The confidence, from 0 to 1, below which the emotion is called "uncertain" [default: the bundle's, else 0].
    #[arg(long, value_name = "P")]
    pub threshold: Option<f32>,
    /// List the N most probable emotions only; a table always has all.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub top: Option<u16>,
    /// Probabilities as the networks give them, without the temperature that was fitted on validation.
    #[arg(long)]
    pub uncalibrated: bool,
    /// Cut each file into windows that overlap, and answer for each.
    #[arg(long)]
    pub timeline: bool,
    /// Length of a window in seconds, of a timeline or a stream [default: 3].
    #[arg(long, value_name = "S")]
    pub window: Option<f64>,
    /// From one window to the next in seconds [default: 1 of a timeline, 0.5 of a stream].
    #[arg(long, value_name = "S")]
    pub hop: Option<f64>,
    /// What a timeline or a stream answers for: windows, or vad, the turns of speech between pauses of half a second.
    #[arg(long, value_name = "KIND", default_value_t)]
    pub segments: Segments,
    /// The level in dB of full scale that a window must exceed somewhere, or it is called "silence" [default: a window without
    /// speech is].
    #[arg(long, value_name = "DB", allow_negative_numbers = true)]
    pub gate: Option<f32>,
    /// Which channels are heard: mix (their mean), left, right, or each by itself.
    #[arg(long, value_name = "CHANNEL", default_value_t, conflicts_with = "manifest")]
    pub channel: Channels,
    /// Draw the timeline of the one file, as PNG or SVG.
    #[arg(long, value_name = "FILE", requires = "timeline")]
    pub plot: Option<PathBuf>,
    /// Listen to raw samples on standard input.
    #[arg(long, conflicts_with_all = ["timeline", "paths"], requires = "rate")]
    pub stream: bool,
    /// The stream's rate in Hz.
    #[arg(long, value_name = "HZ", requires = "stream")]
    pub rate: Option<u32>,
    /// The stream's channels, interleaved.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub channels: usize,
    /// The stream's samples: u8, s16le, s24le, s32le, f32le or f64le.
    #[arg(long, value_name = "FORMAT", default_value_t)]
    pub sample_format: SampleFormat,
    /// Speech of the person who is listened to, a minute or so: audio files or folders. Answers are adapted to them, without
    /// labels, as far as the seconds that were heard allow.
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "manifest")]
    pub enrol: Vec<PathBuf>,
    /// Adapt answers to each speaker, without labels: folder, where the files of a folder are one speaker's; file, where each
    /// file is; all, where all files are; of a manifest also a column of it, which names the speaker. A timeline or a stream is
    /// adapted as it goes on.
    #[arg(long, value_name = "WHOSE")]
    pub speaker: Option<String>,
    /// Recognise the recordings of a list: a table with the column path (and start and end, in seconds) as CSV, JSON lines or
    /// Parquet, a text file with a path a line, or - for the same on standard input. Tar archives stand for the recordings in them.
    #[arg(long, value_name = "LIST", conflicts_with_all = ["paths", "stream", "plot", "format", "top"], requires = "out")]
    pub manifest: Option<PathBuf>,
    /// The folder that a manifest's answers are written into; parts that are there already are kept.
    #[arg(long, value_name = "DIR", requires = "manifest")]
    pub out: Option<PathBuf>,
    /// Of a manifest, the parts that are this process's: share K of N.
    #[arg(long, value_name = "K/N", requires = "manifest", default_value = "1/1")]
    pub shard: Shard,
    /// Rows of a manifest in a part, which is written whole or not at all.
    #[arg(long, value_name = "ROWS", requires = "manifest", default_value_t = PART_ROWS as u32, value_parser = clap::value_parser!(u32).range(1..))]
    pub part_rows: u32,
    /// How parts are written: csv, or parquet in a build with that feature.
    #[arg(long, value_name = "FORMAT", requires = "manifest", default_value_t)]
    pub parts: PartFormat,
    /// Listen to the microphone.
    #[cfg(feature = "microphone")]
    #[arg(long, conflicts_with_all = ["timeline", "paths", "stream"])]
    pub microphone: bool,
}

impl Recognise {
    /// Sorts what stands first, bundle or audio, and looks for contradictions, which are better known before the work.
    pub fn checked(mut self) -> Result<Self> {
        let live = self.live();
        // A stream has no files: what stands there was meant as a bundle.
        if let Some(path) = self.bundle.take_if(|path| !live && !is_bundle(path)) {
            self.paths.insert(0, path);
        }
        if self.manifest.is_some() {
            // The list is what is to be listened to: whatever stands first was meant as a bundle.
            self.bundle = self.bundle.or_else(|| self.paths.pop());
        } else if let Some(Voices::Column(name)) = self.speaker.as_deref().map(Voices::named) {
            return Err(Error::Config(format!(
                "--speaker {name}: expected folder, file or all (with --manifest also a column of the list)"
            )));
        } else if self.paths.is_empty() && !live {
            let hint = match self.enrol.is_empty() {
                true => "",
                false => " (--enrol takes every file after it: put the files to recognise before it)",
            };
            return Err(Error::Config(format!("nothing to recognise: give audio files, folders, - or --stream{hint}")));
        }
        // A model where a recording belongs was meant to vote.
        let is_model = |path: &&PathBuf| match BuiltIn::named(path) {
            Some(_) => !path.exists(),
            None => path.extension().is_some_and(|extension| extension == "safetensors"),
        };
        if let Some(path) = self.paths.iter().find(is_model) {
            return Err(Error::Config(format!(
                "{0} is a model and stands where a recording belongs: to let it vote as well, write --ensemble {0}",
                path.display()
            )));
        }
        if let Some(threshold) = self.threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
            return Err(Error::Config(format!("--threshold {threshold}: must lie between 0 and 1")));
        }
        if self.segments == Segments::Speech {
            if !self.timeline && !live {
                return Err(Error::Config("--segments vad is for --timeline and --stream: give one".into()));
            }
            let of_windows =
                [("--window", self.window.is_some()), ("--hop", self.hop.is_some()), ("--gate", self.gate.is_some())];
            if let Some((name, _)) = of_windows.into_iter().find(|(_, given)| *given) {
                return Err(Error::Config(format!("{name} is for --segments windows: leave it out with vad")));
            }
        }
        if let Some(plot) = &self.plot {
            if self.channel == Channels::Each {
                return Err(Error::Config("--plot draws one channel: choose --channel left, right or mix".into()));
            }
            if self.paths.len() != 1 || self.paths[0].is_dir() {
                return Err(Error::Config("--plot draws the timeline of one file: give one".into()));
            }
            if !["png", "svg"].iter().any(|known| plot.extension().is_some_and(|e| e.eq_ignore_ascii_case(known))) {
                return Err(Error::Config(format!("--plot {}: name it .png or .svg", plot.display())));
            }
        }
        Ok(self)
    }

    /// Whether a stream is listened to.
    pub fn live(&self) -> bool {
        #[cfg(feature = "microphone")]
        if self.microphone {
            return true;
        }
        self.stream
    }

    /// How a signal is cut, where it is not said otherwise as `default` says.
    pub fn listening(&self, default: Listening) -> Listening {
        let window = self.window.unwrap_or(default.window);
        // A window shorter than the usual hop has no overlap.
        let hop = self.hop.unwrap_or(default.hop.min(window));
        let gate = self.gate.map_or(default.gate, Gate::Level);
        Listening { segments: self.segments, window, hop, gate, ..default }
    }

    /// What the samples of the stream are.
    pub fn raw(&self) -> Raw {
        Raw { rate: self.rate.unwrap_or_default(), channels: self.channels, format: self.sample_format }
    }

    /// The confidence below which answers are "uncertain".
    pub fn threshold(&self, recognizer: &Recognizer) -> f32 {
        self.threshold.unwrap_or_else(|| recognizer.threshold())
    }

    /// Which of the files are one speaker's.
    pub fn whose(&self) -> Option<Whose> {
        match self.speaker.as_deref().map(Voices::named) {
            Some(Voices::Whose(whose)) => Some(whose),
            _ => None,
        }
    }

    /// How a list is answered for.
    pub fn bulk(&self, recognizer: &Recognizer) -> Settings {
        Settings {
            out: self.out.clone().unwrap_or_default(),
            shard: self.shard,
            part_rows: self.part_rows as usize,
            format: self.parts,
            threshold: self.threshold(recognizer),
            calibrated: !self.uncalibrated,
            timeline: self.timeline.then(|| self.listening(Listening::timeline())),
            voices: self.speaker.as_deref().map(Voices::named),
        }
    }
}
