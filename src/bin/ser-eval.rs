//! `ser-eval`: gathers experiments' finished runs into reports, and compares experiments.

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use clap::{Args, Parser, Subcommand, ValueEnum};
use ser::{
    audio::Known,
    bundle::{self, Bundle},
    cache::cache_dir,
    config::{Experiment, data_dir},
    device::check_processor,
    error::{Error, Result},
    eval::{Bootstrap, Evaluation, Power, compare, evaluate},
    events::Stop,
    experiment::prepare,
    frontend::encoder::models_dir,
    progress::Terminal,
    report,
    run::{ElsewhereFiles, GridRecord, Scores, load_finished},
    stdout::print,
    stress::{self, Suite},
};

/// Gathers the finished runs of an experiment into a report: figures with intervals, confusion matrix, learning curves,
/// predictions, model card. Of several experiments, compares each with the first.
#[derive(Parser)]
#[command(
    version,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "Examples:
  ser-eval experiments/ravdess
      every fold and seed together, into experiments/ravdess/report/
  ser-eval experiments/ravdess/fold-0/seed-42 --out /tmp/fold-0
      one run alone
  ser-eval experiments/search
      the settings of a [grid], ranked on validation: test is not used
  ser-eval experiments/baseline experiments/better --out /tmp/comparison
      a report of each in its own folder, and their differences
  ser-eval few/0 few/1 few/5 few/10 --out few/curve
      cross-lingual experiments with more and more shots: their curve, as a table, a picture and a page
  ser-eval --compare reports/published.toml experiments/reproduce
      reports/reproduction.md: what scripts/reproduce.sh trained, compared with published figures
  ser-eval stress experiments/ravdess/fold-0/seed-42 --config configs/ravdess.toml
      its test clips in noise, in rooms, on the telephone and so on: what it stands
  ser-eval judge predictions.csv --split split.csv
      what any other program has predicted: figures, audit, fairness, the page

Exit status: 0 done, 2 wrong usage or experiments of different protocols, 1 anything else."
)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// A run's or an experiment's folder, as ser-train leaves it; several to compare them. With --compare, the folder that
    /// holds the rows' experiments.
    #[arg(value_name = "RUN_OR_EXPERIMENT_DIR", required = true)]
    dirs: Vec<PathBuf>,
    /// Write the page of reproduced figures: the experiments that this file names, compared with its published figures.
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// The report's folder [default: report/ in the folder given]. Of several experiments, that of the comparison, which
    /// is only printed where this is not given. With --compare, that of the page [default: that of FILE].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where the corpora are, if they are not where training found them: for the clips' pictures and players in
    /// report.html [default: $SER_DATASETS, else datasets].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Draws of the bootstrap; 0 for no intervals.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().samples)]
    bootstrap: usize,
    /// Seed of the bootstrap's draws.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().seed)]
    bootstrap_seed: u64,
}

#[derive(Subcommand)]
enum Command {
    /// Answers a fold's test clips again, altered as life alters them: noise, rooms, telephone, clipping, speed … Says of each
    /// alteration what it costs, and whether the recogniser stands it by stated limits.
    Stress(Box<StressArguments>),
    /// Judges predictions that another program made by the split that they were made under: figures, intervals by speaker,
    /// audit of the split, fairness, comparison with other predictions, and the page.
    Judge(Box<JudgeArguments>),
    /// Says how many speakers and clips it takes to tell two systems apart: from two finished experiments, or from what is
    /// stated of them.
    Power(PowerArguments),
}

#[derive(Args)]
struct StressArguments {
    /// A bundle's file or folder, or the folder of its run.
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// The config whose test side is answered: that of the bundle's training, or one of a corpus it has not seen.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Set a key of the config; may be given several times.
    #[arg(long, value_name = "TABLE.KEY=VALUE")]
    set: Vec<String>,
    /// Which tests.
    #[arg(long, value_enum, default_value_t)]
    suite: Suite,
    /// Answer at most so many clips, as many of each speaker and emotion as there is room for.
    #[arg(long, value_name = "CLIPS")]
    limit: Option<usize>,
    /// The fold whose test side is answered [default: the bundle's].
    #[arg(long, value_name = "NAME")]
    fold: Option<String>,
    /// The seed of everything that is drawn.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// A folder of recordings of noise, for tests of its own.
    #[arg(long, value_name = "DIR")]
    noises: Option<PathBuf>,
    /// A folder of impulse responses, for a test of its own.
    #[arg(long, value_name = "DIR")]
    rooms: Option<PathBuf>,
    /// The folder of stress.json, stress.md, stress.html and the pictures [default: stress/ in the run's folder, whose
    /// report then has a section of it].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The folder that corpora's roots are relative to [default: $SER_DATASETS, else datasets].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The folder of the feature cache, for what is known of files [default: $SER_CACHE, else .ser-cache].
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
    /// The folder of encoders [default: $SER_MODELS, else models].
    #[arg(long, value_name = "DIR")]
    models: Option<PathBuf>,
    /// Draws of the bootstrap.
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    bootstrap: usize,
}

impl StressArguments {
    fn run(self, terminal: &Terminal) -> Result<()> {
        let file = match &bundle::find(&self.bundle)?[..] {
            [one] => one.clone(),
            several => {
                return Err(Error::Config(format!(
                    "{} holds {} bundles, and one is answered at a time: give one, such as {}",
                    self.bundle.display(),
                    several.len(),
                    several.first().map(|file| file.display().to_string()).unwrap_or_default()
                )));
            }
        };
        let folder = match (self.out, file.parent().filter(|dir| dir.ends_with("bundle")).and_then(|dir| dir.parent()))
        {
            (Some(out), _) => out,
            (None, Some(run)) => run.join("stress"),
            (None, None) => {
                return Err(Error::Config(format!(
                    "--out DIR is needed: {} is not in the folder of a run",
                    file.display()
                )));
            }
        };
        let experiment = Experiment::load(&self.config, &self.set)?;
        let known = Arc::new(Known::open(&cache_dir(self.cache)));
        let prepared = prepare(experiment, &data_dir(self.data), &known, terminal)?;
        let settings = stress::Settings {
            suite: self.suite,
            limit: self.limit,
            fold: self.fold,
            seed: self.seed,
            noises: self.noises,
            rooms: self.rooms,
            bootstrap: Bootstrap { samples: self.bootstrap, ..Bootstrap::default() },
        };
        let found = stress::stress(Bundle::load(&file)?, &prepared, &models_dir(self.models), &settings, terminal)?;
        let text = report::stress::write(&found, &folder)?;
        print(&format!("{text}\nstress      {}\n", folder.join("stress.html").display()))
    }
}

#[derive(Args)]
#[command(after_help = "Examples:
  ser-eval power experiments/baseline experiments/better
      how many speakers it would take to find their difference
  ser-eval power experiments/baseline experiments/better --difference 2
      to find one of two points between systems like these
  ser-eval power --difference 3 --discordant 30 --speaker-deviation 5
      from stated figures")]
struct PowerArguments {
    /// Two finished experiments of one protocol.
    #[arg(value_name = "EXPERIMENT_DIR", num_args = 2, required_unless_present = "discordant")]
    dirs: Vec<PathBuf>,
    /// The difference of UAR to be found, in points [default: that of the two experiments].
    #[arg(long, value_name = "POINTS", required_unless_present = "dirs")]
    difference: Option<f64>,
    /// How many clips in a hundred one of both systems recognises alone.
    #[arg(long, value_name = "PERCENT", conflicts_with = "dirs", requires = "difference")]
    discordant: Option<f64>,
    /// How much the difference varies between speakers, in points of standard deviation.
    #[arg(long, value_name = "POINTS", conflicts_with = "dirs", default_value_t = 5.0)]
    speaker_deviation: f64,
}

impl PowerArguments {
    fn run(self) -> Result<()> {
        let share = |percent: f64| percent / 100.0;
        let difference = self.difference.map(share);
        let of = match (&self.dirs[..], self.discordant) {
            ([first, second], _) => {
                let of = |dir: &PathBuf| evaluate(load_finished(dir)?);
                Power::of(&compare(&of(first)?, &of(second)?, Bootstrap::default())?, difference)?
            }
            (_, discordant) => Power::stated(
                difference.unwrap_or_default(),
                share(discordant.unwrap_or_default()),
                share(self.speaker_deviation),
            )?,
        };
        print(&report::power(&of))
    }
}

#[derive(Args)]
#[command(
    after_help = "Tables are CSV, TSV or JSON. Columns are known by their usual names (path, file, key …; prediction, predicted, pred …; \
truth, emotion, label …; speaker, sex, age, fold, seed), of probabilities by p_CLASS or the class alone. Nkululeko's *_pred.csv and \
*_predictions.csv and EmoBox's lists of {\"key\": …, \"pred\": …} are read as they are.

Examples:
  ser-eval judge predictions.csv --split split.csv
  ser-eval judge fold_1.json fold_2.json --split EmoBox/data/ravdess --classes Angry,Calm,Disgust,Fear,Happy,Neutral,Sad,Surprise
      EmoBox's predictions of two folds, by its lists
  ser-eval judge ours.csv --split split.csv --against theirs.csv --root recordings --out verdict
      compared by pairs; files of the split are compared by their bytes, and the page plays them"
)]
struct JudgeArguments {
    /// The tables of predictions: one, or parts such as one a fold. Without --split, they must also say the truth.
    #[arg(value_name = "PREDICTIONS", required = true)]
    predictions: Vec<PathBuf>,
    /// The split: a table of paths, sides (all test where there is no such column), emotions, speakers and whatever else is
    /// known of them; may be given several times. Of a folder, EmoBox's lists in it.
    #[arg(long, value_name = "SPLIT")]
    split: Vec<PathBuf>,
    /// Other predictions of the same test side, for a comparison by pairs; may be given several times, for its parts.
    #[arg(long, value_name = "PREDICTIONS")]
    against: Vec<PathBuf>,
    /// What the predictions' maker is called [default: the file's name].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The report's folder [default: judged-NAME here].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The folder that the split's paths are relative to: files are then compared by their bytes, and played on the page.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// All classes, in the order of their indices where predictions are numbers.
    #[arg(long, value_name = "A,B,…", value_delimiter = ',')]
    classes: Vec<String>,
    /// Rename a label of any table; may be given several times.
    #[arg(long, value_name = "OLD=NEW", value_parser = pair)]
    map: Vec<(String, String)>,
    /// A JSON object that renames labels, such as EmoBox's label_map.json.
    #[arg(long, value_name = "FILE")]
    label_map: Option<PathBuf>,
    /// What a column is called where not by a usual name: path, prediction, truth, speaker, sex, age, fold, seed, side or
    /// start; may be given several times.
    #[arg(long, value_name = "WHAT=NAME", value_parser = pair)]
    column: Vec<(String, String)>,
    /// What the columns of classes hold.
    #[arg(long, value_enum, default_value_t)]
    scores: ScoreColumns,
    /// Judge what is there where test clips lack a prediction or predictions are of unknown clips; the figures say so.
    #[arg(long)]
    partial: bool,
    /// Draws of the bootstrap; 0 for no intervals.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().samples)]
    bootstrap: usize,
    /// Seed of the bootstrap's draws.
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().seed)]
    bootstrap_seed: u64,
}

/// What the columns of classes hold.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum ScoreColumns {
    /// Probabilities that sum to 1.
    #[default]
    Probabilities,
    /// Any numbers; the softmax makes probabilities of them.
    Logits,
    /// Nothing to look at.
    Ignored,
}

fn pair(text: &str) -> std::result::Result<(String, String), String> {
    let (left, right) = text.split_once('=').ok_or("it needs a = between two names")?;
    Ok((left.to_owned(), right.to_owned()))
}

impl JudgeArguments {
    fn run(self) -> Result<()> {
        let named = |files: &[PathBuf]| {
            let stem = files.first().and_then(|file| file.file_stem());
            stem.map_or_else(|| "predictions".to_owned(), |stem| stem.to_string_lossy().into_owned())
        };
        let name = self.name.unwrap_or_else(|| named(&self.predictions));
        let folder = self.out.unwrap_or_else(|| PathBuf::from(format!("judged-{name}")));
        let ours = ElsewhereFiles {
            predictions: self.predictions,
            split: self.split,
            root: self.root,
            classes: self.classes,
            map: self.map,
            map_file: self.label_map,
            columns: self.column,
            scores: match self.scores {
                ScoreColumns::Probabilities => Scores::Probabilities,
                ScoreColumns::Logits => Scores::Logits,
                ScoreColumns::Ignored => Scores::Ignored,
            },
            partial: self.partial,
        };
        let theirs = ElsewhereFiles { predictions: self.against.clone(), ..ours.clone() };
        let mut other = named(&self.against);
        if other == name {
            other = self.against.first().map(|file| file.display().to_string()).unwrap_or_default();
        }
        let against = (!self.against.is_empty()).then_some((other.as_str(), &theirs));
        let bootstrap = Bootstrap { samples: self.bootstrap, seed: self.bootstrap_seed };
        let text = report::judge(&name, &ours, against, &folder, bootstrap)?;
        print(&format!("{text}\nreport      {}\n", folder.join("report.html").display()))
    }
}

impl Arguments {
    fn bootstrap(&self) -> Bootstrap {
        Bootstrap { samples: self.bootstrap, seed: self.bootstrap_seed }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match check_processor().and_then(|()| run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

fn run(arguments: Arguments) -> Result<()> {
    if let Some(command) = arguments.command {
        let terminal = Terminal::with_signals();
        return match command {
            Command::Stress(arguments) => arguments.run(&terminal),
            Command::Judge(arguments) => arguments.run(),
            Command::Power(arguments) => arguments.run(),
        };
    }
    let terminal = Terminal::new(Stop::default());
    if let Some(published) = &arguments.compare {
        let [experiments] = &arguments.dirs[..] else {
            return Err(Error::Config("--compare takes one folder, that holds the rows' experiments".into()));
        };
        let folder = arguments.out.as_deref().or(published.parent()).unwrap_or(experiments);
        let page = report::reproduction(published, experiments, folder, arguments.bootstrap())?;
        return print(&format!("page        {}\n", page.display()));
    }
    if let [dir] = &arguments.dirs[..] {
        let folder = arguments.out.clone().unwrap_or_else(|| dir.join("report"));
        let data = data_dir(arguments.data.clone());
        if let Some(record) = GridRecord::read(dir)? {
            let bootstrap = arguments.bootstrap();
            return print(&report::grid::gather_search(dir, &folder, record, &data, bootstrap, &terminal)?.0);
        }
        let gathered = report::gather_any(dir, &folder, &data, arguments.bootstrap(), &terminal)?;
        let figures = gathered.terminal(report::colour_wanted())?;
        return print(&format!("{figures}\nreport      {}\n", folder.join("report.html").display()));
    }
    compare_all(&arguments, &terminal)
}

fn compare_all(arguments: &Arguments, terminal: &Terminal) -> Result<()> {
    let mut evaluations = Vec::new();
    let data = data_dir(arguments.data.clone());
    for dir in &arguments.dirs {
        let mut evaluation = report::gather(dir, &dir.join("report"), &data, arguments.bootstrap(), terminal)?;
        // Two runs of one config bear one name: their folders tell them apart.
        if evaluations.iter().any(|other: &Evaluation| other.experiment == evaluation.experiment) {
            evaluation.experiment = format!("{} in {}", evaluation.experiment, dir.display());
        }
        evaluations.push(evaluation);
    }
    for table in report::comparison::several(&evaluations) {
        print(&format!("{}\n", table.plain()))?;
    }
    let comparisons = match &evaluations[..] {
        [first, others @ ..] => {
            let mut comparisons = Vec::new();
            for other in others {
                match compare(first, other, arguments.bootstrap()) {
                    // Of two experiments a comparison was asked for; of more, a table, in which protocols stand apart.
                    Err(Error::Config(problem)) if others.len() > 1 => eprintln!("not compared: {problem}"),
                    compared => comparisons.push(compared?),
                }
            }
            comparisons
        }
        [] => Vec::new(),
    };
    for comparison in &comparisons {
        print(&format!("{}\n", report::comparison::text(comparison)))?;
    }
    if let Some(curve) = report::shots::table(&evaluations, &comparisons) {
        print(&format!("{}\n", curve.plain()))?;
    }
    if let Some(out) = &arguments.out {
        report::comparison::write(&comparisons, &evaluations, out)?;
        print(&format!("comparison  {}\n", out.join("comparison.txt").display()))?;
        if let Some(page) = report::shots::write(&evaluations, &comparisons, out)? {
            print(&format!("curve       {}\n", page.display()))?;
        }
    }
    Ok(())
}
