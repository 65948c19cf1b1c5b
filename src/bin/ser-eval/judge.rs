//! `ser-eval judge`: predictions of any other program.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ser::{
    error::Result,
    eval::Bootstrap,
    report,
    run::{ElsewhereFiles, Scores},
    stdout::print,
};

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
pub struct JudgeArguments {
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
    #[arg(long, value_name = "N", default_value_t = Bootstrap::default().samples, value_parser = Bootstrap::draws)]
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
    pub fn run(self) -> Result<()> {
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
