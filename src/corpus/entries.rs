//! Clips that somebody has listed, in a table or by their names: from rows to clips.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::PathBuf,
    time::Duration,
};

use super::{
    AlikeSpeakers, Cause, Clip, CorpusConfig, EMOTIONS, Exclusion, INTENSITY, Metadata, Scan, Source,
    spelling::{names_nobody, same_spelling, tidy},
};
use crate::{
    audio::{Channel, Segment},
    error::{Error, Result},
};

/// Above this nobody's age is, and the number means something else.
pub(super) const OLDEST: u32 = 130;

/// How many names or files an error lists.
const LISTED: usize = 10;

/// A row with all that is needed, whose file is there.
#[derive(Debug)]
pub(super) struct Entry {
    /// The row's number, or its place in the order of the files.
    pub number: usize,
    /// The path as it is written.
    pub written: String,
    pub file: PathBuf,
    /// Which part of the file it is; all of it where absent.
    pub part: Option<Part>,
    pub emotion: String,
    pub speaker: String,
    pub meta: Metadata,
}

/// A part of a file: where it begins and, unless at the file's end, ends, and what of it is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Part {
    pub start: Duration,
    pub end: Option<Duration>,
    pub channel: Channel,
}

impl Part {
    /// The part of these times and this channel; none where it is all of the file.
    pub(super) fn of(times: Option<(Duration, Option<Duration>)>, channel: Channel) -> Option<Self> {
        match (times, channel) {
            (None, Channel::Mix) => None,
            (times, channel) => {
                let (start, end) = times.unwrap_or_default();
                Some(Self { start, end, channel })
            }
        }
    }

    /// What it adds to a file's stem.
    fn suffix(&self) -> String {
        let Self { start, end, channel } = *self;
        let times = match (start, end) {
            (Duration::ZERO, None) if channel != Channel::Mix => String::new(),
            _ => {
                let end = end.map(|end| format!("{:.3}", end.as_secs_f64())).unwrap_or_default();
                format!("_{:.3}-{end}", start.as_secs_f64())
            }
        };
        match channel {
            Channel::Mix => times,
            Channel::Only(channel) => format!("{times}_ch{}", channel + 1),
        }
    }
}

/// The emotion in one spelling: one of [`EMOTIONS`] in any case is that one; any other keeps its case.
pub(super) fn emotion(written: &str) -> String {
    let tidy = tidy(written);
    let known = EMOTIONS.iter().find(|known| known.eq_ignore_ascii_case(&tidy));
    known.map_or(tidy, |known| (*known).to_owned())
}

/// The speaker in one spelling, or why there is none.
pub(super) fn speaker(written: &str) -> std::result::Result<String, String> {
    let tidy = tidy(written);
    match names_nobody(&tidy) {
        true => Err(format!(
            "the speaker \"{tidy}\" names nobody: clips of whom nobody knows are not one person's; write who speaks, or \
             leave the row out"
        )),
        false => Ok(tidy),
    }
}

/// Makes clips of the entries: speakers and emotions in one spelling, each clip once and with an id of its own.
pub(super) fn clips(config: &CorpusConfig, mut entries: Vec<Entry>, mut excluded: Vec<Exclusion>) -> Result<Scan> {
    unify_speakers(config, &mut entries)?;
    let listed = entries.iter().map(|entry| entry.emotion.clone()).collect();
    let entries = one_row_a_clip(entries, &mut excluded);
    let (clips, places) = name_clips(&config.name(), entries, &mut excluded);
    let overlaps = overlaps(&clips, &places);
    Ok(Scan { clips, excluded, listed, overlaps, ..Scan::default() })
}

/// Brings speakers whose names are suspiciously similar to one name, or refuses them, as the config says.
fn unify_speakers(config: &CorpusConfig, entries: &mut [Entry]) -> Result<()> {
    let mut clips: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    for entry in &*entries {
        clips.entry(&entry.speaker).or_insert((0, &entry.written)).0 += 1;
    }
    if config.alike_speakers == AlikeSpeakers::Distinct {
        return Ok(());
    }
    let groups = same_spelling(clips.keys().copied());
    if groups.is_empty() {
        return Ok(());
    }
    if config.alike_speakers == AlikeSpeakers::Refuse {
        let told = groups.iter().take(LISTED).map(|group| {
            let names = group.iter().take(LISTED).map(|name| {
                let (n, first) = clips.get(name).copied().unwrap_or_default();
                format!("\"{name}\" ({n} clips, as {first})")
            });
            names.collect::<Vec<_>>().join(" and ")
        });
        let more = groups.len().saturating_sub(LISTED);
        return Err(Error::Data(format!(
            "speakers of the corpus {} differ in spelling alone:\n  {}{}\nif they are one person each, write the names the \
             same, or set alike_speakers = \"same\" in the [[corpora]] table; if they are different people, \
             alike_speakers = \"distinct\"",
            config.name(),
            told.collect::<Vec<_>>().join("\n  "),
            if more > 0 { format!("\n  and {more} more") } else { String::new() }
        )));
    }
    // The spelling that most clips have, and of equals the least.
    let mut spelling: HashMap<String, String> = HashMap::new();
    let count = |name: &str| clips.get(name).map_or(0, |(n, _)| *n);
    for group in groups {
        if let Some(best) = group.iter().rev().max_by_key(|name| count(name)) {
            spelling.extend(group.iter().map(|name| ((*name).to_owned(), (*best).to_owned())));
        }
    }
    for entry in entries {
        if let Some(best) = spelling.get(&entry.speaker) {
            entry.speaker.clone_from(best);
        }
    }
    Ok(())
}

/// Brings emotions that differ in case alone to one spelling over all clips: that of lower case, where any clip has it,
/// else the least.
pub(super) fn unify_emotions(scan: &mut Scan) {
    let mut spellings: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let known = scan.clips.iter().map(|clip| clip.emotion.as_str()).chain(scan.listed.iter().map(String::as_str));
    for emotion in known {
        spellings.entry(emotion.to_lowercase()).or_default().insert(emotion);
    }
    let mut best: HashMap<String, String> = HashMap::new();
    for (lower, spelt) in spellings.into_iter().filter(|(_, spelt)| spelt.len() > 1) {
        let one =
            if spelt.contains(lower.as_str()) { lower.as_str() } else { spelt.first().copied().unwrap_or(&lower) };
        best.extend(spelt.iter().filter(|other| **other != one).map(|other| ((*other).to_owned(), one.to_owned())));
    }
    if best.is_empty() {
        return;
    }
    for clip in &mut scan.clips {
        if let Some(one) = best.get(&clip.emotion) {
            clip.emotion.clone_from(one);
        }
    }
    scan.listed = scan.listed.iter().map(|emotion| best.get(emotion).unwrap_or(emotion).clone()).collect();
}

/// Slashes part the three names of an id, so none of them can have one.
fn in_an_id(name: &str) -> String {
    name.replace(['/', '\\'], "_")
}

/// A file, however a row writes it, and the part of it.
type Place = (PathBuf, Option<Part>);

/// Keeps the first of the rows that name the same part of the same file, or none where they contradict each other.
fn one_row_a_clip(listed: Vec<Entry>, excluded: &mut Vec<Exclusion>) -> Vec<(Entry, PathBuf)> {
    let mut by_place: HashMap<Place, Vec<Entry>> = HashMap::new();
    for entry in listed {
        // Rows may write the same file in several ways, as `a.wav` and `./a.wav`.
        let place = entry.file.canonicalize().unwrap_or_else(|_| entry.file.clone());
        // Most have one row: room for more would be most of the memory that a million rows take.
        by_place.entry((place, entry.part)).or_insert_with(|| Vec::with_capacity(1)).push(entry);
    }
    let mut kept = Vec::new();
    for ((place, _), mut rows) in by_place {
        let first = (rows[0].number, rows[0].emotion.clone(), rows[0].speaker.clone());
        let agree =
            rows.iter().all(|row| (row.emotion.to_lowercase(), &row.speaker) == (first.1.to_lowercase(), &first.2));
        let told: Vec<String> = rows.iter().map(|row| set_apart(&rows[0], row)).collect();
        let contested = contested(&rows);
        rows[0].meta.contested = contested;
        let left_out = rows.split_off(usize::from(agree)).into_iter().zip(told.into_iter().skip(usize::from(agree)));
        kept.extend(rows.into_iter().map(|row| (row, place.clone())));
        excluded.extend(left_out.map(|(row, apart)| {
            let (reason, cause) = match agree {
                true => (format!("row {} lists it again (row {} is kept){apart}", row.number, first.0), Cause::Copy),
                false => (
                    format!(
                        "the rows that list it disagree: row {} says {} by {}, which another does not",
                        row.number, row.emotion, row.speaker
                    ),
                    Cause::Row,
                ),
            };
            Exclusion { path: row.file, reason, cause }
        }));
    }
    kept.sort_by_key(|(entry, _)| entry.number);
    kept
}

/// Where later rows say something else of a clip than its first: whoever learns from such a column has to know.
fn contested(rows: &[Entry]) -> BTreeMap<String, (usize, String)> {
    let mut found = BTreeMap::new();
    let ours = &rows[0].meta;
    for row in rows.iter().skip(1) {
        let theirs = &row.meta;
        let columns = ours.extra.keys().chain(theirs.extra.keys());
        let columns = columns.map(|name| (name.as_str(), ours.extra.get(name), theirs.extra.get(name)));
        let intensity = (INTENSITY, ours.intensity.as_ref(), theirs.intensity.as_ref());
        for (name, _, other) in columns.chain([intensity]).filter(|(_, one, other)| one != other) {
            found.entry(name.to_owned()).or_insert_with(|| (row.number, other.cloned().unwrap_or_default()));
        }
    }
    found
}

/// In which other columns a row differs from the first of its file, as words: it may be one of them that says which part of
/// the file it is.
fn set_apart(first: &Entry, row: &Entry) -> String {
    let (ours, theirs) = (&first.meta.extra, &row.meta.extra);
    let mut names = ours.keys().chain(theirs.keys().filter(|name| !ours.contains_key(*name)));
    match names.find(|name| ours.get(*name) != theirs.get(*name)) {
        Some(name) => format!(", though its {name} is {}", theirs.get(name).map_or("empty", String::as_str)),
        None => String::new(),
    }
}

/// Gives every clip its id; the clips, and the file of each however it is linked.
fn name_clips(
    corpus: &str,
    entries: Vec<(Entry, PathBuf)>,
    excluded: &mut Vec<Exclusion>,
) -> (Vec<Clip>, Vec<PathBuf>) {
    let stem = |entry: &Entry| {
        let stem = tidy(&entry.file.file_stem().unwrap_or_default().to_string_lossy());
        // The stem of a file is one for all of its segments.
        entry.part.map_or(stem.clone(), |part| stem.clone() + &part.suffix())
    };
    let mut bearers: HashMap<(&str, String), usize> = HashMap::with_capacity(entries.len());
    for (entry, _) in &entries {
        *bearers.entry((&entry.speaker, stem(entry))).or_default() += 1;
    }
    let names: Vec<String> = entries
        .iter()
        .map(|(entry, _)| match stem(entry) {
            stem if bearers.get(&(&entry.speaker, stem.clone())) == Some(&1) => stem,
            stem if entry.part.is_some() => format!("{}_{stem}", in_an_id(&entry.written)),
            _ => in_an_id(&entry.written),
        })
        .collect();
    drop(bearers);
    let mut taken = HashSet::with_capacity(entries.len());
    let mut clips = Vec::with_capacity(entries.len());
    let mut places = Vec::with_capacity(entries.len());
    let mut spelt: HashMap<PathBuf, PathBuf> = HashMap::new();
    let has_parts = entries.iter().any(|(entry, _)| entry.part.is_some());
    for ((entry, place), name) in entries.into_iter().zip(names) {
        let Entry { number, file, part, emotion, speaker, meta, .. } = entry;
        let speaker = in_an_id(&speaker);
        let id = format!("{corpus}/{speaker}/{name}");
        if taken.insert(id.clone()) {
            // All segments of a file name it in one way, by which they are known to belong together.
            let file = if has_parts { spelt.entry(place.clone()).or_insert(file).clone() } else { file };
            let source = match part {
                Some(Part { start, end, channel }) => Source::Segment(Segment { path: file, start, end, channel }),
                None => Source::File(file),
            };
            clips.push(Clip { id, corpus: corpus.to_owned(), speaker, emotion, source, meta });
            places.push(place);
        } else {
            let advice = if part.is_some() { "their times are the same to a millisecond" } else { "rename the file" };
            let reason = format!("row {number} would be called {id}, as another clip is: {advice}");
            excluded.push(Exclusion { path: file, reason, cause: Cause::Row });
        }
    }
    (clips, places)
}

/// Where a clip begins and ends in its file, and its id.
type Stretch<'a> = (Duration, Duration, &'a str);

/// The clips that have a stretch of a file in common: of several segments of one file, those that overlap.
fn overlaps(clips: &[Clip], places: &[PathBuf]) -> Vec<Vec<String>> {
    if clips.iter().all(|clip| clip.source.segment().is_none()) {
        return Vec::new();
    }
    let channel = |clip: &Clip| clip.source.segment().map_or(Channel::Mix, |part| part.channel);
    // The mean of a file's channels has something in common with each of them; two of them have not.
    let mixed: HashSet<&PathBuf> =
        clips.iter().zip(places).filter(|(clip, _)| channel(clip) == Channel::Mix).map(|(_, place)| place).collect();
    let mut by_file: BTreeMap<(&PathBuf, Channel), Vec<Stretch>> = BTreeMap::new();
    for (clip, place) in clips.iter().zip(places) {
        let (start, end) = clip.source.segment().map_or((Duration::ZERO, None), |part| (part.start, part.end));
        let heard = if mixed.contains(place) { Channel::Mix } else { channel(clip) };
        by_file.entry((place, heard)).or_default().push((start, end.unwrap_or(Duration::MAX), &clip.id));
    }
    let mut groups = Vec::new();
    for mut parts in by_file.into_values() {
        parts.sort_unstable();
        // What overlaps the stretch so far belongs to it.
        let mut group: Vec<String> = Vec::new();
        let mut reach = Duration::ZERO;
        for (start, end, id) in parts {
            if start >= reach {
                groups.extend(Some(std::mem::take(&mut group)).filter(|group| group.len() > 1));
            }
            reach = reach.max(end);
            group.push(id.to_owned());
        }
        groups.extend(Some(group).filter(|group| group.len() > 1));
    }
    groups
}
