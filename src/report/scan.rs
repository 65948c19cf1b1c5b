//! What a scan of one corpus found: for people as text, for programs as JSON.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{self, Write},
};

use serde::{Serialize, Serializer};

use super::table::Table;
use crate::{
    corpus::{Clip, Exclusion, Findings, Format, Scan},
    error::{Error, Result},
    escape,
};

/// The schema's name and version; a change that breaks a reader raises it.
const SCHEMA: &str = "ser-scan/1";

/// The clips, the files that were left out and what the contents have shown, a line each, and the sums last, where a
/// terminal shows them.
#[must_use]
pub fn text(scan: &Scan, findings: &Findings) -> String {
    let mut clips =
        Table::new("", ["id", "speaker", "emotion", "sex", "age", "intensity", "repetition", "sentence", "path"]);
    for clip in &scan.clips {
        let meta = &clip.meta;
        clips.row([
            clip.id.clone(),
            clip.speaker.clone(),
            clip.emotion.clone(),
            sex(clip).to_owned(),
            meta.age.map_or_else(String::new, |age| age.to_string()),
            meta.intensity.clone().unwrap_or_default(),
            meta.repetition.map_or_else(String::new, |repetition| repetition.to_string()),
            meta.sentence.clone().unwrap_or_default(),
            clip.source.file().map_or_else(String::new, |_| clip.source.to_string()),
        ]);
    }
    let mut text = clips.wide();
    if !scan.excluded.is_empty() {
        text.push_str(&format!("\nleft out: {}\n", scan.excluded.len()));
        let line = |Exclusion { path, reason, .. }: &Exclusion| {
            format!("  {}\n", escape::text(&format!("{}: {reason}", path.display())))
        };
        text.extend(scan.excluded.iter().map(line));
    }
    text.push('\n');
    for group in &scan.overlaps {
        let line = format!("segments that overlap, kept together on one side of a split: {}", group.join(", "));
        text.push_str(&format!("{}\n", escape::text(&line)));
    }
    findings_lines(findings).iter().for_each(|line| text.push_str(&format!("{}\n", escape::text(line))));
    text.push_str(&summary(scan));
    text
}

/// What the contents of the files have shown, but for what is listed as left out.
pub(super) fn findings_lines(findings: &Findings) -> Vec<String> {
    let mut lines = Vec::new();
    if findings.files > 0 {
        let formats: Vec<String> = findings
            .formats
            .iter()
            .map(|(format, n)| format!("{n} {}", format!("{format:?}").to_uppercase()))
            .collect();
        lines.push(format!(
            "files looked into: {} ({:.1} MB): {}",
            findings.files,
            findings.bytes as f64 / 1e6,
            if formats.is_empty() { "none usable".into() } else { formats.join(", ") }
        ));
    }
    for group in &findings.identical {
        lines.push(format!(
            "one recording ({}), {}: {}",
            if group.same_bytes { "the same bytes" } else { "the same sound" },
            match (group.kept, group.emotions.len()) {
                (false, _) => "left out, as the labels differ",
                (true, 0..=1) => "kept together on one side of a split",
                (true, _) => "cut twice and labelled differently, kept together on one side of a split",
            },
            group.clips.join(", ")
        ));
    }
    for file in &findings.misnamed {
        lines.push(format!("{} by its content, whatever its name says: {}", name(file.format), file.path.display()));
    }
    lines
}

/// A number with its noun: `1 clip`, `2 clips`.
pub(super) fn number(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn name(format: Format) -> String {
    format!("{format:?}").to_uppercase()
}

/// Counts of clips by emotion, of speakers and of files left out.
fn summary(scan: &Scan) -> String {
    let mut emotions: BTreeMap<&str, usize> = BTreeMap::new();
    for clip in &scan.clips {
        *emotions.entry(&clip.emotion).or_default() += 1;
    }
    let speakers: std::collections::BTreeSet<&str> = scan.clips.iter().map(|clip| clip.speaker.as_str()).collect();
    let emotions: Vec<String> = emotions.iter().map(|(emotion, n)| format!("{} {n}", escape::text(emotion))).collect();
    format!(
        "{}, {}, {} left out\n{}\n",
        number(scan.clips.len(), "clip", "clips"),
        number(speakers.len(), "speaker", "speakers"),
        number(scan.excluded.len(), "file", "files"),
        emotions.join(", ")
    )
}

fn sex(clip: &Clip) -> &'static str {
    match clip.meta.sex {
        Some(crate::corpus::Sex::Female) => "female",
        Some(crate::corpus::Sex::Male) => "male",
        None => "",
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    corpus: &'a str,
    kind: &'a str,
    /// The usable clips, in order of id.
    #[serde(serialize_with = "rows")]
    clips: &'a [Clip],
    /// The files that were left out, in order of path.
    excluded: &'a [Exclusion],
    /// Clips that are segments of one file and have a stretch of it in common, by id.
    overlaps: &'a [Vec<String>],
    findings: &'a Findings,
}

/// A clip; what the corpus does not say is null.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    corpus: &'a str,
    speaker: &'a str,
    emotion: &'a str,
    /// The file; null in the embedded corpus.
    path: Option<Cow<'a, str>>,
    /// Where in the file the clip begins and ends, in seconds; null where it is all of the file, or goes on to its end.
    start: Option<f64>,
    end: Option<f64>,
    /// Which channel of the file it is, counted from 1; null where it is the mean of all.
    channel: Option<usize>,
    #[serde(flatten)]
    meta: &'a crate::corpus::Metadata,
}

/// The same as JSON: `schema` (`ser-scan/1`), `corpus`, `kind`, `clips` (`id`, `corpus`, `speaker`, `emotion`, `path`,
/// `start`, `end`, `channel`, `sex`, `age`, `sentence`, `intensity`, `repetition`, `extra`; what is not known is null), `excluded` (`path`,
/// `reason`, `cause`), `overlaps` and `findings` (`files`, `bytes`, `formats` with their counts, `faults`, `identical`, `misnamed`). Keys may
/// be added under the same schema; none is removed or changes its meaning.
///
/// It is written row by row: that of a million clips takes half a gigabyte.
///
/// # Errors
///
/// Where `to` cannot be written.
pub fn write_json(corpus: &str, kind: &str, scan: &Scan, findings: &Findings, to: &mut dyn Write) -> io::Result<()> {
    let Scan { clips, excluded, overlaps, .. } = scan;
    let mut to = io::BufWriter::new(to);
    let document = Document { schema: SCHEMA, corpus, kind, clips, excluded, overlaps, findings };
    serde_json::to_writer_pretty(&mut to, &document)?;
    writeln!(to)?;
    to.flush()
}

/// The same as text.
///
/// # Errors
///
/// [`Error::Data`] where a value cannot be written as JSON, which none is.
pub fn json(corpus: &str, kind: &str, scan: &Scan, findings: &Findings) -> Result<String> {
    let unwritable = |problem: String| Error::Data(format!("cannot be written as JSON: {problem}"));
    let mut text = Vec::new();
    write_json(corpus, kind, scan, findings, &mut text).map_err(|error| unwritable(error.to_string()))?;
    String::from_utf8(text).map_err(|error| unwritable(error.to_string()))
}

fn rows<S: Serializer>(clips: &[Clip], to: S) -> std::result::Result<S::Ok, S::Error> {
    to.collect_seq(clips.iter().map(|clip| {
        let Clip { id, corpus, speaker, emotion, source, meta } = clip;
        let path = source.file().map(|path| path.to_string_lossy());
        let start = source.segment().map(|segment| segment.start.as_secs_f64());
        let end = source.segment().and_then(|segment| Some(segment.end?.as_secs_f64()));
        let channel = source.segment().and_then(|segment| segment.channel.number());
        Row { id, corpus, speaker, emotion, path, start, end, channel, meta }
    }))
}

/// Indented JSON with a newline at its end.
pub(super) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Error::Data(format!("cannot be written as JSON: {error}")))
}
