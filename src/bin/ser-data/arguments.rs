//! What `ser-data` is asked for.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use ser::{arrays::Precision, cache::Size, config::Experiment, corpus::Kind, error::Result, report::features};

/// Looks at corpora and splits before anything is trained: lists clips, writes data cards, finds leaks, writes splits,
/// features, altered clips and the embedded corpus; manages the feature cache and encoders.
#[derive(Parser)]
#[command(
    version,
    after_help = "Each command has examples: ser-data scan --help.

Exit status: 0 done, 2 wrong usage or config, 1 anything else; audit ends with 1 where a split leaks."
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Lists a corpus's clips, the files left out with their reasons, and what the files' contents show.
    #[command(after_help = "Examples:
  ser-data scan datasets/ravdess --kind ravdess
      every clip, every file that was left out, pairs of the same recording
  ser-data scan my.csv --kind manifest --format json | jq '.clips[].path'
      a table of one's own (columns path, emotion, speaker), for other programs

The JSON has the keys schema (ser-scan/1), corpus, kind, clips, excluded and findings; what is not known is null.")]
    Scan(ScanArguments),
    /// Writes a data card: counts by class, side and speaker, lengths, levels, sex, sentences, duplicates, exclusions.
    #[command(after_help = "Examples:
  ser-data card --config configs/ravdess.toml
      the card as text
  ser-data card --config configs/combined.toml --out card/
      also card.md, emotions.png, durations.png and counts.csv in card/")]
    Card(CardArguments),
    /// Looks for leaks: of an experiment's folds, or of a split that somebody else made.
    #[command(after_help = "Examples:
  ser-data audit --config configs/ravdess.toml
      what train, validation and test of every fold share
  ser-data audit --split split.csv --root datasets/ravdess && echo clean
      a table with the columns path and side (and, if there, speaker and fold); files under --root are compared
  ser-data audit --split split.csv --names-only
      the same without the files: copies under other names are not seen

Exit status: 0 no leak, 1 a leak, or a file that is not there or cannot be read, 2 wrong usage or config.")]
    Audit(AuditArguments),
    /// Writes an experiment's split as CSV, without training.
    #[command(after_help = "Examples:
  ser-data split --config configs/ravdess.toml --out split.csv
      clip,path,corpus,speaker,emotion,fold,side for every fold
  ser-train --config configs/ravdess.toml --set protocol.kind=fixed --set protocol.path=split.csv
      trains on that split")]
    Split(SplitArguments),
    /// Writes the features of audio files, a row a frame, as CSV with named columns or as NumPy's NPY.
    #[command(after_help = "Examples:
  ser-data features a.wav --config configs/ravdess.toml --format csv --out a.csv
      frame, time_s and the columns that [features] asks for
  ser-data features a.wav b.flac --config configs/ravdess.toml --format csv --out both.csv
      the same with a first column `file`
  ser-data features a.wav --config configs/ravdess.toml --format npy --out a.npy
      numpy.load(\"a.npy\") is a float32 matrix [frames, dims]

The samples are prepared as [audio] says. Values are not standardised. time_s is the middle of the frame.")]
    Features(FeaturesArguments),
    /// Writes audio files as they are trained on: prepared, and altered as the config says, as WAV to listen to.
    #[command(after_help = "Examples:
  ser-data augment a.wav --config configs/mine.toml --out copies/
      copies/a-prepared.wav, and copies/a-copy-0.wav, a-copy-1.wav … as many as augment.copies
  ser-data augment a.wav --config configs/mine.toml --out copies/ \\
      --set augment.copies=4 --set augment.pitch_shift='{ semitones = [-2, 2], probability = 1.0 }'
      what a pitch shift sounds like")]
    Augment(AugmentArguments),
    /// Manages the feature cache: what is in it, whether it is whole, making room, building it ahead.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Manages pretrained speech encoders: imports, lists, shows them, writes their hidden states.
    #[command(subcommand)]
    Encoder(EncoderCommand),
    /// Writes the embedded synthetic corpus as WAV files with a manifest.
    #[command(after_help = "Example:
  ser-data synth --out datasets/synth
      12 speakers, 7 emotions: <speaker>/<clip>.wav and manifest.csv, to be read with
      [[corpora]]
      kind = \"manifest\"
      path = \"synth/manifest.csv\"")]
    Synth(SynthArguments),
}

#[derive(Args)]
pub struct ScanArguments {
    /// The corpus's own folder; the table of a manifest; nothing for the synthetic corpus.
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// The corpus: ravdess, crema_d, tess, savee, emodb, emovo, esd, subesco, cafe, iemocap, msp_podcast, meld, nemo,
    /// manifest, folder, audformat or synthetic.
    #[arg(long, value_name = "K")]
    pub kind: Kind,
    /// The corpus's name in the clips' ids [default: the kind's].
    #[arg(long, value_name = "N")]
    pub name: Option<String>,
    /// How the files of a folder are named, as {emotion}/{speaker}_{*}: for --kind folder.
    #[arg(long, value_name = "P")]
    pub pattern: Option<String>,
    #[command(flatten)]
    pub format: TextOrJson,
}

#[derive(Args)]
pub struct TextOrJson {
    /// How to print it.
    #[arg(long, value_enum, default_value_t)]
    pub format: Output,
}

#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    #[default]
    Text,
    /// For programs; keys are added, but not removed.
    Json,
}

#[derive(Args)]
pub struct ConfigArguments {
    /// The experiment's config, a TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Set a key of the config, as protocol.folds=10; may be given several times.
    #[arg(long, value_name = "TABLE.KEY=VALUE")]
    pub set: Vec<String>,
}

impl ConfigArguments {
    pub fn load(&self) -> Result<Experiment> {
        Experiment::load(&self.config, &self.set)
    }
}

#[derive(Args)]
pub struct DataArguments {
    /// The folder that corpora's roots are relative to [default: $SER_DATASETS, else datasets].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
}

#[derive(Args)]
pub struct CardArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub data: DataArguments,
    /// The folder to write card.md, the pictures and counts.csv to.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

#[derive(Args)]
#[command(group(ArgGroup::new("what").required(true).args(["config", "split"])))]
pub struct AuditArguments {
    /// The experiment's config, a TOML file.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Set a key of the config, as protocol.folds=10; may be given several times.
    #[arg(long, value_name = "TABLE.KEY=VALUE", conflicts_with = "split")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub data: DataArguments,
    /// The table of a split that somebody else made, with the columns path and side.
    #[arg(long, value_name = "FILE")]
    pub split: Option<PathBuf>,
    /// The folder that the table's paths are relative to.
    #[arg(long, value_name = "DIR", default_value = ".", requires = "split")]
    pub root: PathBuf,
    /// Compare names alone, where the files are not at hand; copies under other names are then not seen.
    #[arg(long, requires = "split")]
    pub names_only: bool,
    #[command(flatten)]
    pub format: TextOrJson,
}

#[derive(Args)]
pub struct SplitArguments {
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub data: DataArguments,
    /// The table to write.
    #[arg(long, value_name = "CSV")]
    pub out: PathBuf,
    /// The one fold to write, by name; all by default.
    #[arg(long, value_name = "K")]
    pub fold: Option<String>,
}

#[derive(Args)]
pub struct FeaturesArguments {
    /// Audio files: WAV, AIFF, FLAC, Ogg, MP3, AAC, MP4 (M4A), Matroska (WebM) or CAF, whatever they are called.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub config: ConfigArguments,
    /// What to write: csv, or npy (one file's alone).
    #[arg(long, value_enum)]
    pub format: DumpFormat,
    /// The file to write.
    #[arg(long, value_name = "F")]
    pub out: PathBuf,
}

#[derive(Args)]
pub struct AugmentArguments {
    /// Audio files: WAV, AIFF, FLAC, Ogg, MP3, AAC, MP4 (M4A), Matroska (WebM) or CAF, whatever they are called.
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    #[command(flatten)]
    pub config: ConfigArguments,
    #[command(flatten)]
    pub data: DataArguments,
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

#[derive(Subcommand)]
pub enum CacheCommand {
    /// Counts files and bytes, and what a running process uses.
    #[command(after_help = "Example:
  ser-data cache stat --cache .ser-cache")]
    Stat(CacheArguments),
    /// Reads every file and removes those whose checksum is wrong; they are made again when they are wanted.
    #[command(after_help = "Example:
  ser-data cache verify && echo whole

Exit status: 0 all whole, 1 some were damaged, 2 wrong usage.")]
    Verify(CacheArguments),
    /// Removes what was used longest ago; never what a running process uses.
    #[command(after_help = "Examples:
  ser-data cache clear
      all of it
  ser-data cache clear --to 5GB
      until 5 GB are left")]
    Clear {
        #[command(flatten)]
        cache: CacheArguments,
        /// What may be left, as 500MB or 5GB.
        #[arg(long, value_name = "SIZE", default_value = "0")]
        to: Size,
    },
    /// Makes the features of an experiment's clips that are missing, without training. Copies are made in training, after
    /// the split.
    #[command(after_help = "Example:
  ser-data cache build --config configs/ravdess.toml")]
    Build {
        #[command(flatten)]
        config: ConfigArguments,
        #[command(flatten)]
        data: DataArguments,
        #[command(flatten)]
        cache: CacheArguments,
        /// What the cache may hold, as 20GB [default: $SER_CACHE_LIMIT, else 20GB].
        #[arg(long, value_name = "SIZE")]
        cache_limit: Option<Size>,
    },
}

#[derive(Args)]
pub struct CacheArguments {
    /// The folder of the feature cache [default: $SER_CACHE, else .ser-cache].
    #[arg(long, value_name = "DIR")]
    pub cache: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum DumpFormat {
    /// A header, then a row a frame.
    Csv,
    /// float32 [frames, dims].
    Npy,
}

impl From<DumpFormat> for features::Format {
    fn from(format: DumpFormat) -> Self {
        match format {
            DumpFormat::Csv => Self::Csv,
            DumpFormat::Npy => Self::Npy,
        }
    }
}

#[derive(Subcommand)]
pub enum EncoderCommand {
    /// Writes the encoder of a downloaded model into a small folder that this program reads.
    #[command(after_help = "SRC is one of
  a folder as Hugging Face has it: config.json with model.safetensors or pytorch_model.bin
  a .pt file of OpenAI's Whisper
  model.bin of CTranslate2 (faster-whisper), or its folder

Whisper (tiny to large-v3), wav2vec 2.0, HuBERT and WavLM (base and large) can be imported.

Examples:
  ser-data encoder import downloads/whisper-tiny.en --out models/whisper-tiny.en
      all layers, in 32 bits
  ser-data encoder import tiny.en.pt --out models/tiny3 --layers 3 --precision int8
      the lower three layers, their matrices in 8 bits with a factor for each row")]
    Import {
        /// The model, as it was downloaded.
        #[arg(value_name = "SRC")]
        source: PathBuf,
        /// The folder to write: encoder.safetensors, encoder.json, LICENSE.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// How the layers' matrices are kept.
        #[arg(long, value_enum, default_value_t)]
        precision: EncoderPrecision,
        /// How many layers are kept, from the lowest up [default: all].
        #[arg(long, value_name = "N")]
        layers: Option<usize>,
    },
    /// Shows what an encoder is, and checks that its folder is whole.
    Inspect {
        /// The encoder: a folder, or its name in the folder of models.
        #[arg(value_name = "ENCODER")]
        encoder: String,
        #[command(flatten)]
        models: ModelsArguments,
    },
    /// Lists the encoders in the folder of models.
    List(ModelsArguments),
    /// Writes hidden states of audio files as NumPy's NPY.
    #[command(after_help = "Example:
  ser-data encoder states a.wav b.flac --encoder whisper-tiny.en --layers 1,2 --out states/
      states/a.npy and states/b.npy, each float32 [layers, frames, dims], 50 frames a second

Layers are counted as Hugging Face does: 0 is what goes into the first layer, the last has the closing norm.")]
    States {
        /// Audio files: WAV, AIFF, FLAC, Ogg, MP3, AAC, MP4 (M4A), Matroska (WebM) or CAF, whatever they are called.
        #[arg(value_name = "FILE", required = true)]
        files: Vec<PathBuf>,
        /// The encoder: a folder, or its name in the folder of models.
        #[arg(long, value_name = "ENCODER")]
        encoder: String,
        #[command(flatten)]
        models: ModelsArguments,
        /// The layers, as 1,2.
        #[arg(long, value_name = "N,…", value_delimiter = ',', required = true)]
        layers: Vec<usize>,
        /// How many files go through the encoder at once.
        #[arg(long, value_name = "N", default_value_t = 1)]
        batch: usize,
        /// The folder to write to.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
}

#[derive(Args)]
pub struct ModelsArguments {
    /// The folder of encoders [default: $SER_MODELS, else models].
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
pub enum EncoderPrecision {
    /// 32-bit floating point: as the source has them.
    #[default]
    F32,
    /// 16-bit floating point: half the size.
    F16,
    /// Whole numbers of 8 bits with a factor per row: a quarter of the size.
    Int8,
}

impl From<EncoderPrecision> for Precision {
    fn from(precision: EncoderPrecision) -> Self {
        match precision {
            EncoderPrecision::F32 => Self::F32,
            EncoderPrecision::F16 => Self::F16,
            EncoderPrecision::Int8 => Self::Int8,
        }
    }
}

#[derive(Args)]
pub struct SynthArguments {
    /// The folder to write to.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
