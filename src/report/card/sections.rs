//! The sections of a card.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Card, DURATIONS, EMOTIONS,
    tally::{self, Quantiles, Speaker},
};
use crate::{
    corpus::{Exclusion, Sex},
    protocol::Side,
    report::{
        document::Document,
        scan::{findings_lines, number},
        table::Table,
    },
};

/// A corpus with more sentences than this is not listed sentence by sentence.
const SENTENCES_LISTED: usize = 20;
/// As many exclusions are listed; a doubled corpus has thousands.
const EXCLUSIONS_LISTED: usize = 50;
/// What stands where a corpus does not say.
const UNKNOWN: &str = "?";

pub(super) fn document(card: &Card<'_>) -> Document {
    let mut document = Document::default();
    document.title(format!("Data card: {}", card.experiment.name));
    card.warnings().into_iter().for_each(|warning| document.warning(warning));
    overview(card, &mut document);
    corpora(card, &mut document);
    classes(card, &mut document);
    sides(card, &mut document);
    speakers(card, &mut document);
    sentences(card, &mut document);
    findings(card, &mut document);
    left_out(card, &mut document);
    document
}

fn overview(card: &Card<'_>, document: &mut Document) {
    let survey = card.survey;
    let plan = &survey.plan;
    let seconds = tally::spread(card, 0..survey.clips.len(), |measure| measure.seconds);
    document.list(vec![
        format!(
            "{} clips, {}, {} speakers, {} classes: {}",
            survey.clips.len(),
            seconds.map_or_else(|| UNKNOWN.to_owned(), |seconds| clock(seconds.sum)),
            tally::speakers(card).len(),
            survey.classes.len(),
            survey.classes.join(", ")
        ),
        format!(
            "protocol {}: {}; {}; {}",
            plan.kind,
            plan.description,
            number(plan.folds.len(), "fold", "folds"),
            if plan.speaker_independent { "speaker-independent" } else { "speaker-DEPENDENT" }
        ),
        format!("validation: {}", plan.validation_rule()),
        format!("labels: {}", card.experiment.labels.words()),
        format!("split seed {}; scaler: {}", card.experiment.protocol.seed, card.experiment.features.scaler.words()),
    ]);
}

fn corpora(card: &Card<'_>, document: &mut Document) {
    document.heading("Corpora");
    let all = tally::speakers(card);
    let mut table = Table::new(
        "",
        [
            "corpus",
            "clips",
            "female",
            "male",
            "sex ?",
            "ages",
            "Hz",
            "min s",
            "median s",
            "max s",
            "total",
            "RMS dBFS",
            "by speaker",
        ],
    );
    for corpus in tally::corpora(card) {
        let speakers: Vec<&Speaker<'_>> = all.iter().filter(|speaker| speaker.corpus == corpus).collect();
        let clips: Vec<usize> = speakers.iter().flat_map(|speaker| speaker.clips.iter().copied()).collect();
        let of_sex = |sex| speakers.iter().filter(|speaker| speaker.sex(card) == sex).count().to_string();
        let ages = Quantiles::of(speakers.iter().filter_map(|speaker| speaker.age(card)).map(f64::from));
        let levels = Quantiles::of(speakers.iter().filter_map(|speaker| Some(level(card, speaker)?.median)));
        let mut row = vec![
            corpus.to_owned(),
            clips.len().to_string(),
            of_sex(Some(Sex::Female)),
            of_sex(Some(Sex::Male)),
            of_sex(None),
            ages.map_or_else(|| UNKNOWN.to_owned(), |ages| format!("{:.0}–{:.0}", ages.least, ages.greatest)),
            rates(card, &clips),
        ];
        row.extend(durations(tally::spread(card, clips.iter().copied(), |measure| measure.seconds)));
        row.push(tally::spread(card, clips, |measure| measure.rms_db).map_or_else(String::new, |s| decibels(s.median)));
        row.push(levels.map_or_else(String::new, |s| format!("{} to {}", decibels(s.least), decibels(s.greatest))));
        table.row(row);
    }
    document.table(table);
    document.paragraph(
        "Female, male: speakers. Lengths and levels are those of the files, silence included, before any resampling, \
         trimming or levelling. RMS dBFS: the median clip's, and the least and greatest speaker's median.",
    );
}

fn classes(card: &Card<'_>, document: &mut Document) {
    document.heading("Classes");
    let corpora = tally::corpora(card);
    let several = corpora.len() > 1;
    let mut header = vec!["class", "clips", "share"];
    header.extend(corpora.iter().filter(|_| several));
    header.extend(["min s", "median s", "max s", "total", "RMS dBFS"]);
    let mut table = Table::new("", header);
    let survey = card.survey;
    for (class, name) in survey.classes.iter().enumerate() {
        let clips: Vec<usize> = (0..survey.clips.len()).filter(|&i| survey.labels[i] == class).collect();
        let share = 100.0 * clips.len() as f64 / survey.clips.len().max(1) as f64;
        let mut row = vec![name.clone(), clips.len().to_string(), format!("{share:.1} %")];
        let of = |corpus: &str| clips.iter().filter(|&&i| survey.clips[i].corpus == corpus).count().to_string();
        row.extend(corpora.iter().filter(|_| several).map(|corpus| of(corpus)));
        row.extend(durations(tally::spread(card, clips.iter().copied(), |measure| measure.seconds)));
        row.push(tally::spread(card, clips, |measure| measure.rms_db).map_or_else(String::new, |s| decibels(s.median)));
        table.row(row);
    }
    document.table(table);
    document.picture(EMOTIONS, "How many clips each emotion has");
    document.picture(DURATIONS, "How long the clips are");
}

fn sides(card: &Card<'_>, document: &mut Document) {
    document.heading("Sides of the split");
    let survey = card.survey;
    let counts = tally::by_side(card);
    let mut header = vec!["fold", "side", "speakers", if survey.plan.has_copies() { "rows" } else { "clips" }];
    header.extend(survey.classes.iter().map(String::as_str));
    let mut table = Table::new("", header);
    for (fold, of) in survey.plan.folds.iter().enumerate() {
        for side in Side::ALL {
            let here = || counts.iter().filter(move |((f, s, ..), _)| (*f, *s) == (fold, side));
            let speakers: BTreeSet<_> = here().map(|((_, _, corpus, speaker, _), _)| (corpus, speaker)).collect();
            let class = |class: usize| here().filter(|(place, _)| place.4 == class).map(|(_, n)| n).sum::<usize>();
            let mut row = vec![of.name.clone(), side.name().to_owned(), speakers.len().to_string()];
            row.push(here().map(|(_, n)| n).sum::<usize>().to_string());
            row.extend((0..survey.classes.len()).map(|c| class(c).to_string()));
            table.row(row);
        }
    }
    document.table(table);
}

fn speakers(card: &Card<'_>, document: &mut Document) {
    document.heading("Speakers");
    let survey = card.survey;
    let ages = survey.clips.iter().any(|clip| clip.meta.age.is_some());
    let mut header = vec!["speaker", "sex"];
    header.extend(ages.then_some("age"));
    header.push("clips");
    header.extend(survey.classes.iter().map(String::as_str));
    header.extend(["median s", "RMS dBFS", "tested in", "validated in"]);
    let mut table = Table::new("", header);
    let sides = sides_of_speakers(card);
    for speaker in tally::speakers(card) {
        let sex = match speaker.sex(card) {
            Some(Sex::Female) => "female",
            Some(Sex::Male) => "male",
            None => UNKNOWN,
        };
        let mut row = vec![format!("{}/{}", speaker.corpus, speaker.name), sex.to_owned()];
        if ages {
            row.push(speaker.age(card).map_or_else(|| UNKNOWN.to_owned(), |age| age.to_string()));
        }
        row.push(speaker.clips.len().to_string());
        let class = |class| speaker.clips.iter().filter(|&&i| survey.labels[i] == class).count().to_string();
        row.extend((0..survey.classes.len()).map(class));
        let seconds = tally::spread(card, speaker.clips.iter().copied(), |measure| measure.seconds);
        row.push(seconds.map_or_else(String::new, |seconds| format!("{:.2}", seconds.median)));
        row.push(level(card, &speaker).map_or_else(String::new, |level| decibels(level.median)));
        row.extend([Side::Test, Side::Validation].map(|side| {
            let folds = sides.get(&(speaker.corpus, speaker.name, side));
            folds.map_or_else(String::new, |folds| in_folds(card, folds, speaker.clips.len()))
        }));
        table.row(row);
    }
    document.table(table);
    document.paragraph("Counts by fold, side, speaker and class together are in counts.csv, which --out writes.");
}

/// Folds, each with a number of clips.
type InFolds = Vec<(usize, usize)>;

/// For every corpus, speaker and side, the folds with how many clips are there.
fn sides_of_speakers<'c>(card: &'c Card<'_>) -> BTreeMap<(&'c str, &'c str, Side), InFolds> {
    let mut sides: BTreeMap<_, BTreeMap<usize, usize>> = BTreeMap::new();
    for ((fold, side, corpus, speaker, _), clips) in tally::by_side(card) {
        *sides.entry((corpus, speaker, side)).or_default().entry(fold).or_default() += clips;
    }
    sides.into_iter().map(|(place, folds)| (place, folds.into_iter().collect())).collect()
}

/// The folds in which a speaker is on a side: by name where they are there with all their clips, else with how many.
fn in_folds(card: &Card<'_>, folds: &[(usize, usize)], clips: usize) -> String {
    let all = &card.survey.plan.folds;
    let name = |fold: usize| all[fold].name.as_str();
    if folds.iter().all(|(_, n)| *n == clips) {
        return folds.iter().map(|(fold, _)| format!("fold {}", name(*fold))).collect::<Vec<_>>().join(", ");
    }
    let (least, greatest) =
        folds.iter().fold((usize::MAX, 0), |(least, greatest), (_, n)| (least.min(*n), greatest.max(*n)));
    let n = if least == greatest { least.to_string() } else { format!("{least}–{greatest}") };
    match folds {
        [(fold, _)] => format!("fold {}: {n}", name(*fold)),
        _ => format!("{} of {} folds: {n} each", folds.len(), all.len()),
    }
}

fn sentences(card: &Card<'_>, document: &mut Document) {
    document.heading("Sentences");
    let mut of_corpus: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for clip in &card.survey.clips {
        let sentences = of_corpus.entry(&clip.corpus).or_default();
        *sentences.entry(clip.meta.sentence.as_deref().unwrap_or_default()).or_default() += 1;
    }
    let mut items = Vec::new();
    for (corpus, mut sentences) in of_corpus {
        let unknown = sentences.remove("").unwrap_or(0);
        let not_said = if unknown > 0 { format!("; {unknown} clips do not say theirs") } else { String::new() };
        let counts = Quantiles::of(sentences.values().map(|&n| n as f64));
        let listed = sentences.iter().map(|(sentence, n)| format!("{sentence} ({n})")).collect::<Vec<_>>().join(", ");
        items.push(match counts {
            None => format!("{corpus}: not known"),
            Some(_) if sentences.len() <= SENTENCES_LISTED => {
                let n = number(sentences.len(), "sentence", "sentences");
                format!("{corpus}: {n} (and their clips): {listed}{not_said}")
            }
            Some(Quantiles { least, greatest, .. }) if least == greatest => {
                format!("{corpus}: {} sentences or words with {least} clips each{not_said}", sentences.len())
            }
            Some(Quantiles { least, median, greatest, .. }) => format!(
                "{corpus}: {} sentences or words with {least} to {greatest} clips, median {median}{not_said}",
                sentences.len()
            ),
        });
    }
    document.list(items);
}

fn findings(card: &Card<'_>, document: &mut Document) {
    let findings = &card.survey.findings;
    if findings.files == 0 {
        return;
    }
    document.heading("Files");
    let mut lines = findings_lines(findings);
    if findings.identical.is_empty() {
        lines.push("no two files are one recording".into());
    }
    document.list(lines);
}

fn left_out(card: &Card<'_>, document: &mut Document) {
    document.heading("Left out");
    let survey = card.survey;
    let mut items: Vec<String> = survey
        .dropped
        .iter()
        .map(|(emotion, n)| format!("{} of the emotion {emotion}, by [labels]", number(*n, "clip", "clips")))
        .collect();
    let line = |Exclusion { path, reason, .. }: &Exclusion| format!("{}: {reason}", path.display());
    items.extend(card.unreadable.iter().map(|file| format!("not measured: {}", line(file))));
    items.extend(survey.excluded.iter().take(EXCLUSIONS_LISTED).map(line));
    let more = survey.excluded.len().saturating_sub(EXCLUSIONS_LISTED);
    if more > 0 {
        items.push(format!("and {more} more: `ser-data scan` lists them"));
    }
    if items.is_empty() {
        document.paragraph("Nothing.");
    }
    document.list(items);
}

fn level(card: &Card<'_>, speaker: &Speaker<'_>) -> Option<Quantiles> {
    tally::spread(card, speaker.clips.iter().copied(), |measure| measure.rms_db)
}

/// The sample rates of some clips, the most common first.
fn rates(card: &Card<'_>, clips: &[usize]) -> String {
    let mut rates: BTreeMap<u32, usize> = BTreeMap::new();
    for measure in clips.iter().filter_map(|&i| card.measures[i].as_ref()) {
        *rates.entry(measure.sample_rate).or_default() += 1;
    }
    let mut rates: Vec<(u32, usize)> = rates.into_iter().collect();
    rates.sort_by_key(|&(rate, clips)| (std::cmp::Reverse(clips), rate));
    match rates.as_slice() {
        [(rate, _)] => rate.to_string(),
        rates => rates.iter().map(|(rate, clips)| format!("{rate} ({clips})")).collect::<Vec<_>>().join(", "),
    }
}

/// Least, middle, greatest and sum.
fn durations(seconds: Option<Quantiles>) -> [String; 4] {
    seconds.map_or_else(Default::default, |s| {
        let [least, median, greatest] = [s.least, s.median, s.greatest].map(|seconds| format!("{seconds:.2}"));
        [least, median, greatest, clock(s.sum)]
    })
}

fn decibels(level: f64) -> String {
    format!("{level:.1}")
}

/// Seconds as `h:mm:ss`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_on_a_clock() {
        assert_eq!([0.4, 59.6, 3_661.0, 36_000.0].map(clock), ["0:00:00", "0:01:00", "1:01:01", "10:00:00"]);
    }
}
