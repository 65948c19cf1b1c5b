//! Predictions that another program wrote, and the split that they are judged by: tables in CSV or JSON whose columns are
//! known by their usual names, among them Nkululeko's `*_pred.csv` and `*_predictions.csv` and the lists of EmoBox.
//!
//! Every test clip of the split must be predicted, and every prediction must be of a clip of the split. What is told apart
//! is never guessed: a name that may mean two clips, a class that no test clip has, probabilities that do not sum to 1 are
//! errors that say what to do.

mod columns;
mod labels;
mod names;
mod split;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use self::{
    columns::{Columns, Role, check_named},
    labels::{Labels, is_index},
    names::{Means, Names, part},
    split::{SplitClip, start_of},
};
use super::{ClipRecord, Prediction, Predictions};
use crate::{
    audio::Source,
    corpus::{Clip, no_traits, speaker_traits, table::Table},
    error::{Error, Result},
    numeric::argmax,
    protocol::{
        Caveat, Side,
        audit::{Foreign, LookedAt, foreign_columns},
    },
};

/// Which tables, and how to read them.
#[derive(Debug, Clone, Default)]
pub struct ElsewhereFiles {
    /// The tables of predictions: parts of one whole, such as one a fold.
    pub predictions: Vec<PathBuf>,
    /// The tables of the split, or a folder of EmoBox's lists; where there are none, the predictions themselves say what was
    /// tested.
    pub split: Vec<PathBuf>,
    /// The folder that the split's paths are relative to, so that files are compared by their bytes and played; where none
    /// is given, names alone are compared.
    pub root: Option<PathBuf>,
    /// The classes in the order of their indices; empty where they come of the tables.
    pub classes: Vec<String>,
    /// Names of labels, and the classes that they mean.
    pub map: Vec<(String, String)>,
    /// The same as a JSON object, such as EmoBox's label_map.json.
    pub map_file: Option<PathBuf>,
    /// What columns are called, by what they hold.
    pub columns: Vec<(String, String)>,
    /// What the columns of classes hold.
    pub scores: Scores,
    /// Whether clips that are missing on either side are left out.
    pub partial: bool,
}

/// What the columns of classes hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scores {
    /// Probabilities.
    #[default]
    Probabilities,
    /// Any numbers, which the softmax makes probabilities of.
    Logits,
    /// Nothing that is looked at.
    Ignored,
}

/// Predictions of another program, with what is known of their clips.
#[derive(Debug, Clone)]
pub struct Elsewhere {
    /// The predictions.
    pub predictions: Predictions,
    /// What the split and the names say of each clip.
    pub clips: Vec<ClipRecord>,
    /// The audit of the split; none where it lists the test side alone.
    pub audit: Option<Foreign>,
    /// What the figures do not cover.
    pub caveats: Vec<Caveat>,
    /// How the tables were read, a sentence each.
    pub notes: Vec<String>,
    /// The digest of the test side: what two tables of predictions must share to be compared.
    pub test_side: String,
    /// The corpora, where the names tell them.
    pub corpora: Vec<String>,
}

/// A row of predictions as it is written.
struct Row {
    at: String,
    name: String,
    prediction: String,
    truth: Option<String>,
    seed: u64,
    fold: Option<String>,
    values: Vec<f64>,
}

/// What columns of probabilities may begin with, before the class.
const PREFIXES: [&str; 7] = ["p_", "prob_", "proba_", "probability_", "score_", "logit_", "logits_"];

/// Reads predictions and the split that they are judged by.
///
/// # Errors
///
/// [`Error::Io`] and [`Error::File`] where a table cannot be read, lacks a column, or has a row that is none; [`Error::Data`]
/// where clips are missing on either side, predicted twice, or of another class by the split than by the predictions;
/// [`Error::Config`] where what is asked for means nothing.
pub fn read_elsewhere(files: &ElsewhereFiles) -> Result<Elsewhere> {
    let mut labels = Labels::new(&files.classes, &files.map, files.map_file.as_deref())?;
    let tables: Vec<Table> = files.predictions.iter().map(|path| read_table(path)).collect::<Result<_>>()?;
    let lists: Vec<Table> = split::files(&files.split)?.iter().map(|path| read_table(path)).collect::<Result<_>>()?;
    check_named(&files.columns, &tables.iter().chain(&lists).collect::<Vec<_>>())?;
    let mut notes = Vec::new();
    let mut caveats = Vec::new();

    let cut = split::is_cut(tables.iter().chain(&lists), &files.columns)?;
    // Of the split: who is tested, and on what.
    let mut split = Vec::new();
    // A split predicts nothing: a column that is the answer elsewhere is what its name says here.
    let mut columns = files.columns.clone();
    columns.retain(|(role, _)| lists.is_empty() || role != "prediction");
    for table in if lists.is_empty() { &tables } else { &lists } {
        split.extend(split::read(table, &columns, cut, &mut |label| labels.read(label))?);
    }
    if lists.is_empty() {
        split.iter_mut().for_each(|row| row.side = Side::Test);
        // Under several seeds a clip is one clip.
        let mut seen = BTreeSet::new();
        split.retain(|row| seen.insert(row.path.clone()));
    }
    let test: Vec<usize> = (0..split.len()).filter(|&row| split[row].side == Side::Test).collect();
    if test.is_empty() {
        return Err(Error::Data(format!("{}: no row is on the test side", listed(&files.split))));
    }
    let mut tested = BTreeSet::new();
    if let Some(&twice) = test.iter().find(|&&row| !tested.insert(split[row].clip.id.as_str())) {
        return Err(Error::Data(format!(
            "{}: {} is tested twice; give the lists of folds whose test sides are apart",
            listed(&files.split),
            split[twice].path
        )));
    }
    let audit = match (lists.is_empty(), split.iter().all(|row| row.side == Side::Test)) {
        (false, false) => Some(audit_of(&split, files.root.as_deref())?),
        (false, true) => {
            notes.push("the split lists the test side alone, so that nothing could be audited".into());
            None
        }
        (true, _) => {
            notes.push("no split was given: what was tested is what is predicted, and nothing could be audited".into());
            None
        }
    };

    // Of the predictions.
    let (mut rows, names_of_values) = read_rows(&tables, files, cut, &mut labels, &split, &test)?;
    if rows.is_empty() {
        return Err(Error::Data(format!("{}: there are no predictions", listed(&files.predictions))));
    }
    let names: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let found = Names::best(&split, &test, &names)
        .ok_or_else(|| Error::Data(format!("{}: there are no predictions", listed(&files.predictions))))?;
    if lists.is_empty() {
        // They are the split: nothing had to be found.
    } else {
        notes.push(format!("predictions were matched with the split {}", found.by.words()));
    }
    let mut of_row = Vec::with_capacity(rows.len());
    let (mut strangers, mut trained) = (Vec::new(), 0);
    for row in &rows {
        of_row.push(match found.find(&row.name) {
            Means::Test(number) => Some(number),
            Means::Several => {
                return Err(Error::Data(format!(
                    "{}: {} may be several clips of the split: write whole paths in both",
                    row.at, row.name
                )));
            }
            Means::Other => {
                trained += 1;
                None
            }
            Means::Nothing => {
                strangers.push(row.name.as_str());
                None
            }
        });
    }
    if let Some(first) = strangers.first() {
        let problem = format!("{} predictions are of clips that the split does not list, as {first}", strangers.len());
        if !files.partial || strangers.len() == rows.len() {
            return Err(Error::Data(format!(
                "{}: {problem}; the split has names such as {}. --partial leaves such rows out",
                listed(&files.predictions),
                split[test[0]].path
            )));
        }
        notes.push(format!("{problem}, and were left out"));
    }
    if trained > 0 {
        notes.push(format!("{trained} predictions of training and validation clips were left out"));
    }
    let predicted: BTreeSet<usize> = of_row.iter().flatten().copied().collect();
    if predicted.is_empty() {
        return Err(Error::Data(format!(
            "{}: no row is of a test clip; the split has names such as {}",
            listed(&files.predictions),
            split[test[0]].path
        )));
    }
    if predicted.len() < test.len() {
        let first = (0..test.len()).find(|number| !predicted.contains(number)).unwrap_or_default();
        let (clips, first) = (test.len() - predicted.len(), split[test[first]].path.clone());
        if !files.partial {
            return Err(Error::Data(format!(
                "{}: {clips} of {} test clips have no prediction, as {first}. --partial judges the others, and every \
                 figure says so",
                listed(&files.predictions),
                test.len()
            )));
        }
        caveats.push(Caveat::ClipsNotPredicted { clips, first });
    }

    // The classes: those given, or all that some test clip has and that a column of probabilities is of.
    let mut classes: Vec<String> = labels.given().to_vec();
    if classes.is_empty() {
        let truths = of_row.iter().zip(&rows).filter_map(|(number, row)| {
            let of_split = &split[test[(*number)?]].clip.emotion;
            Some(if of_split.is_empty() { row.truth.as_ref()? } else { of_split })
        });
        let mut known = BTreeMap::<String, String>::new();
        for name in truths.chain(&names_of_values) {
            known.entry(name.to_lowercase()).or_insert_with(|| name.clone());
        }
        classes = known.into_values().collect();
    }
    let index: BTreeMap<String, usize> =
        classes.iter().enumerate().map(|(number, class)| (class.to_lowercase(), number)).collect();
    let class = |name: &str| index.get(&name.to_lowercase()).copied();

    let mut clips: Vec<Clip> = test.iter().map(|&row| split[row].clip.clone()).collect();
    if !lists.is_empty() {
        for table in &tables {
            beside(table, files, cut, &found, &mut clips)?;
        }
    }
    let has_values = !names_of_values.is_empty() && files.scores != Scores::Ignored;
    if !has_values {
        caveats.push(Caveat::NoProbabilities);
    }
    let order: Vec<Option<usize>> = names_of_values.iter().map(|name| class(name)).collect();
    check_truths(&rows, &of_row, &test.iter().map(|&row| split[row].clip.emotion.as_str()).collect::<Vec<_>>())?;
    let mut predictions = Predictions { classes: classes.clone(), rows: Vec::new() };
    let mut seen = BTreeMap::new();
    let mut not_most_probable = 0;
    for (row, number) in rows.drain(..).zip(of_row).filter_map(|(row, number)| Some((row, number?))) {
        let wrong = |problem: String| Error::Data(format!("{}: {problem}", row.at));
        let of = &split[test[number]];
        let (by_split, by_row) = (&of.clip.emotion, row.truth.as_deref().unwrap_or_default());
        let truth = match (by_split.is_empty(), by_row.is_empty()) {
            (false, _) => by_split.as_str(),
            (true, false) => by_row,
            (true, true) => return Err(wrong(format!("neither the split nor this table says what {} is", row.name))),
        };
        let truth = class(truth).ok_or_else(|| wrong(format!("\"{truth}\" is none of {}", classes.join(", "))))?;
        let prediction = class(&row.prediction).ok_or_else(|| {
            let index = if is_index(&row.prediction) {
                ": --classes a,b,c names the classes in the order of their indices"
            } else {
                ": --classes names all classes, --map OLD=NEW renames one"
            };
            wrong(format!(
                "\"{}\" is predicted and no test clip is of it ({}){index}",
                row.prediction,
                classes.join(", ")
            ))
        })?;
        if let Some(first) = seen.insert((row.seed, number), row.at.clone()) {
            return Err(wrong(format!(
                "{} is predicted twice under one seed, first in {first}: a column seed or run tells several runs apart",
                row.name
            )));
        }
        let mut probabilities = vec![0.0f32; classes.len()];
        if has_values {
            let values = probabilities_of(&row.values, files.scores).map_err(&wrong)?;
            for (at, value) in order.iter().zip(values) {
                if let Some(at) = at {
                    probabilities[*at] = value as f32;
                }
            }
        } else {
            probabilities[prediction] = 1.0;
        }
        let likely: Vec<f64> = probabilities.iter().map(|&p| f64::from(p)).collect();
        not_most_probable += usize::from(likely[argmax(&likely)] > likely[prediction]);
        predictions.rows.push(Prediction {
            clip: of.clip.id.clone(),
            speaker: speaker_of(&clips[number]),
            fold: row.fold.filter(|_| of.fold.is_empty()).unwrap_or_else(|| of.fold.clone()),
            seed: row.seed,
            truth,
            prediction,
            probabilities,
        });
    }
    labels.check_used(&files.map)?;
    if not_most_probable > 0 {
        notes.push(format!("{not_most_probable} answers are not the most probable class of their row"));
    }
    if let [first, rest @ ..] = predictions.rows.as_slice()
        && rest.iter().all(|row| row.prediction == first.prediction)
    {
        notes.push(format!("every answer is {}", classes[first.prediction]));
    }
    let columnless: Vec<&str> = (0..classes.len())
        .filter(|class| !order.contains(&Some(*class)))
        .map(|class| classes[class].as_str())
        .collect();
    if has_values && !columnless.is_empty() {
        notes.push(format!("no column holds the probability of {}, which counts as 0", columnless.join(", ")));
    }
    let nameless = clips.iter().filter(|clip| clip.speaker.is_empty()).count();
    if nameless > 0 {
        caveats.push(Caveat::SpeakersNotKnown { clips: nameless, of: clips.len() });
    } else {
        notes.extend(no_traits(&clips));
    }
    let seeds: BTreeSet<u64> = predictions.rows.iter().map(|row| row.seed).collect();
    let short =
        seeds.iter().any(|&seed| predictions.rows.iter().filter(|row| row.seed == seed).count() < predicted.len());
    if short {
        notes.push("not every seed predicts every clip".into());
    }
    let traits = speaker_traits(&clips);
    let records = clips.iter().map(|clip| {
        let of = traits.iter().filter_map(|name| Some((*name, clip.meta.extra.get(*name)?.as_str())));
        let record = ClipRecord::of(clip, None, None).with_traits(of);
        let file = record.file.map(|file| match &files.root {
            Some(root) => root.join(&file).display().to_string(),
            None => file,
        });
        ClipRecord { speaker: speaker_of(clip), file, ..record }
    });
    let corpora: BTreeSet<&str> =
        clips.iter().map(|clip| clip.corpus.as_str()).filter(|name| !name.is_empty()).collect();
    let all_known = test.iter().all(|&row| split[row].recognised);
    let mut digest = blake3::Hasher::new();
    let mut ids: Vec<&str> = clips.iter().map(|clip| clip.id.as_str()).collect();
    ids.sort_unstable();
    for id in ids {
        digest.update(id.as_bytes()).update(b"\n");
    }
    Ok(Elsewhere {
        predictions,
        clips: records.collect(),
        audit,
        caveats,
        notes,
        test_side: digest.finalize().to_hex()[..16].to_owned(),
        corpora: if all_known { corpora.into_iter().map(str::to_owned).collect() } else { vec![] },
    })
}

/// Refuses tables whose truth is not that of the split, and says what may have happened.
fn check_truths(rows: &[Row], of_row: &[Option<usize>], by_split: &[&str]) -> Result<()> {
    let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    let both = || {
        rows.iter().zip(of_row).filter_map(|(row, number)| {
            let (ours, theirs) = (by_split[(*number)?], row.truth.as_deref()?);
            (!ours.is_empty() && !theirs.is_empty()).then_some((row, ours, theirs))
        })
    };
    let differ = || both().filter(|(_, ours, theirs)| !same(ours, theirs));
    let Some((first, ours, theirs)) = differ().next() else { return Ok(()) };
    let mut names = BTreeMap::<String, BTreeSet<String>>::new();
    for (_, ours, theirs) in both() {
        names.entry(theirs.to_lowercase()).or_default().insert(ours.to_lowercase());
    }
    let classes: BTreeSet<String> = by_split.iter().map(|class| class.to_lowercase()).collect();
    let renamed = |(theirs, ours): (&String, &BTreeSet<String>)| {
        ours.len() == 1 && (ours.contains(theirs) || !classes.contains(theirs))
    };
    let advice = if names.iter().all(renamed) {
        format!("--map {theirs}={ours} where both are one")
    } else if both().all(|(row, ours, _)| same(ours, &row.prediction)) {
        "what is called the prediction agrees with the split on every row, so that the two columns seem to be swapped: \
         --column truth=NAME --column prediction=NAME name them"
            .to_owned()
    } else {
        "rows that have slipped, or other clips of the same names".to_owned()
    };
    Err(Error::Data(format!(
        "{}: {} is {theirs} here and {ours} in the split, and {} of {} rows differ so: {advice}",
        first.at,
        first.name,
        differ().count(),
        both().count()
    )))
}

/// What the tables of predictions say of clips where the split says nothing: speaker, sex, age, any other column. Who speaks
/// they must not say otherwise: where both know the same names by these, else by who is told apart.
fn beside(table: &Table, files: &ElsewhereFiles, cut: bool, found: &Names, clips: &mut [Clip]) -> Result<()> {
    let named: BTreeSet<String> =
        clips.iter().map(|clip| clip.speaker.clone()).filter(|name| !name.is_empty()).collect();
    let mut of: [BTreeMap<String, String>; 2] = Default::default();
    // What is wrong in them is told where they are read as predictions.
    let rows = split::read(table, &files.columns, cut, &mut |label| Ok(label.to_owned())).unwrap_or_default();
    let know_the_same = rows.iter().any(|row| named.contains(&row.clip.speaker));
    for row in rows {
        let Means::Test(number) = found.find(&row.path) else { continue };
        let Some(clip) = clips.get_mut(number) else { continue };
        let [theirs, ours] = [&row.clip.speaker, &clip.speaker].map(String::clone);
        if !theirs.is_empty() && !ours.is_empty() && !named.is_empty() {
            let known = of[0].entry(theirs.clone()).or_insert_with(|| ours.clone()) == &ours;
            let is_one = *of[1].entry(ours.clone()).or_insert_with(|| theirs.clone()) == theirs && known;
            if !is_one || (know_the_same && theirs != ours) {
                return Err(Error::Data(format!(
                    "{}: {} is by the speaker {theirs} here and by {ours} in the split: leave the column of speakers out of \
                     one of the tables, or mend it",
                    table.path().display(),
                    row.path
                )));
            }
        }
        if clip.speaker.is_empty() {
            clip.speaker = row.clip.speaker;
        }
        clip.meta.sex = clip.meta.sex.or(row.clip.meta.sex);
        clip.meta.age = clip.meta.age.or(row.clip.meta.age);
        let of_speakers = |name: &str| !PREFIXES.iter().any(|prefix| name.to_lowercase().starts_with(prefix));
        for (name, value) in row.clip.meta.extra.into_iter().filter(|(name, _)| of_speakers(name)) {
            clip.meta.extra.entry(name).or_insert(value);
        }
    }
    Ok(())
}

/// A speaker's key; empty where nobody knows.
fn speaker_of(clip: &Clip) -> String {
    match (clip.speaker.is_empty(), clip.corpus.is_empty()) {
        (true, _) => String::new(),
        (false, true) => clip.speaker.clone(),
        (false, false) => clip.speaker_key(),
    }
}

fn read_table(path: &Path) -> Result<Table> {
    // What EmoBox's own recipe writes at the end has counts alone.
    let text = path.extension().is_none_or(|extension| extension == "txt" || extension == "log");
    // A pipe can be read once.
    let text = text && !crate::files::is_given_pipe(path);
    if text && crate::files::read_text(path).is_ok_and(|text| text.contains("Scoring") && text.contains("Overall UA")) {
        return Err(Error::file(
            path,
            "is a sheet of scores, which says nothing of single clips: give the list of predictions that EmoEval was given, \
             [{\"key\": …, \"pred\": …}, …] as .json",
        ));
    }
    Table::read(path)
}

fn listed(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// The rows of all tables, and the classes that their columns of probabilities are of.
fn read_rows(
    tables: &[Table],
    files: &ElsewhereFiles,
    cut: bool,
    labels: &mut Labels,
    split: &[SplitClip],
    test: &[usize],
) -> Result<(Vec<Row>, Vec<String>)> {
    let mut rows = Vec::new();
    let mut classes: Option<Vec<String>> = None;
    for table in tables {
        let columns = Columns::find(table, &files.columns)?;
        let (path, prediction) = (columns.need(Role::Path)?, columns.need(Role::Prediction)?);
        // A column that bears the name of a class holds its probability, as Nkululeko's tables have it.
        let mut known: BTreeSet<String> =
            test.iter().map(|&row| split[row].clip.emotion.to_lowercase()).filter(|name| !name.is_empty()).collect();
        known.extend(labels.given().iter().map(|class| class.to_lowercase()));
        for (_, row) in table.rows() {
            for column in [columns.get(Role::Truth), Some(prediction)].into_iter().flatten() {
                if let Some(label) = row.get(column) {
                    known.extend(labels.read(label).ok().map(|class| class.to_lowercase()));
                }
            }
        }
        let mut values = Vec::new();
        for column in columns.others() {
            let lower = column.to_lowercase();
            let name = PREFIXES.iter().find_map(|prefix| lower.strip_prefix(prefix).map(|_| &column[prefix.len()..]));
            let class = labels.read(name.unwrap_or(column)).ok();
            let class = class.filter(|class| name.is_some() || known.contains(&class.to_lowercase()));
            values.extend(class.map(|class| (class, column)));
        }
        let of_table: Vec<String> = values.iter().map(|(class, _)| class.clone()).collect();
        match &classes {
            Some(others) if *others != of_table => {
                return Err(Error::file(
                    table.path(),
                    format!(
                        "its columns of probabilities are of {}, those of {} of {}",
                        of_table.join(", "),
                        tables[0].path().display(),
                        others.join(", ")
                    ),
                ));
            }
            _ => classes = Some(of_table),
        }
        // A blank line is no row.
        for (number, row) in table.rows().filter(|(_, row)| !row.is_empty()) {
            let at = format!("{}: row {number}", table.path().display());
            let wrong = |problem: String| Error::Data(format!("{at}: {problem}"));
            let cell = |role: Role| columns.get(role).and_then(|column| row.get(column).copied());
            let mut name = row.get(path).copied().ok_or_else(|| wrong(format!("has no {path}")))?.to_owned();
            if cut && columns.get(Role::Start).is_some() {
                name = part(&name, start_of(&columns, &row, cut));
            }
            let answer = row.get(prediction).copied().ok_or_else(|| wrong(format!("has no {prediction}")))?;
            let prediction = labels.read(answer).map_err(wrong)?;
            let truth = cell(Role::Truth).map(|label| labels.read(label)).transpose().map_err(wrong)?;
            let seed = match cell(Role::Seed) {
                Some(seed) => seed.parse().map_err(|_| wrong(format!("the seed \"{seed}\" is no whole number")))?,
                None => 0,
            };
            let mut numbers = Vec::with_capacity(values.len());
            for (class, column) in values.iter().filter(|_| files.scores != Scores::Ignored) {
                let text = row.get(column).copied().unwrap_or_default();
                let number: f64 = text
                    .parse()
                    .map_err(|_| wrong(format!("the probability of {class} is \"{text}\", which is no number")))?;
                numbers.push(number);
            }
            let fold = cell(Role::Fold).map(str::to_owned);
            rows.push(Row { at, name, prediction, truth, seed, fold, values: numbers });
        }
    }
    Ok((rows, classes.unwrap_or_default()))
}

/// The probabilities of a row.
fn probabilities_of(values: &[f64], scores: Scores) -> std::result::Result<Vec<f64>, String> {
    /// How far from 1 they may sum: rounding to two decimals.
    const ROUNDING: f64 = 0.05;
    if scores == Scores::Logits {
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !most.is_finite() {
            return Err("its scores are not finite".into());
        }
        let powers: Vec<f64> = values.iter().map(|value| (value - most).exp()).collect();
        let sum: f64 = powers.iter().sum();
        return Ok(powers.into_iter().map(|power| power / sum).collect());
    }
    const ADVICE: &str = "--scores logits makes probabilities of any scores, --scores ignored does without";
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(format!("{value} is no probability: --scores ignored judges the answers alone"));
    }
    if let Some(value) = values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
        return Err(format!("{value} is no probability from 0 to 1: {ADVICE}"));
    }
    let sum: f64 = values.iter().sum();
    if (sum - 1.0).abs() > ROUNDING {
        return Err(format!("its probabilities sum to {sum:.4}, not to 1: {ADVICE}; --classes names all classes"));
    }
    Ok(values.iter().map(|value| value / sum).collect())
}

/// What the sides of the split share.
fn audit_of(split: &[SplitClip], root: Option<&Path>) -> Result<Foreign> {
    let column = |of: &dyn Fn(&SplitClip) -> String| split.iter().map(|row| Some(of(row))).collect::<Vec<_>>();
    let columns = vec![
        (
            "path".to_owned(),
            column(&|row| match &row.clip.source {
                Source::File(file) if root.is_some() => file.display().to_string(),
                _ => row.path.clone(),
            }),
        ),
        ("side".to_owned(), column(&|row| row.side.name().to_owned())),
        ("speaker".to_owned(), column(&|row| speaker_of(&row.clip))),
        ("fold".to_owned(), column(&|row| row.fold.clone())),
    ];
    let look = if root.is_some() { LookedAt::Files } else { LookedAt::Names };
    foreign_columns(columns, root.unwrap_or(Path::new("")), look)
}
