//! Answers as text for people, JSON, JSON lines or CSV. Every row is written when it is known: a folder of any size and a
//! file of any length cost no memory.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::{Adapted, Answer, Window, summary::Tally};
use crate::{csv_file::CsvWriter, error::Error, escape, names::known_by_name, task::Scale};

/// What the emotion is called where the most probable one is below the threshold.
const UNCERTAIN: &str = "uncertain";
/// What it is called where the gate stayed shut: nobody speaks.
const SILENCE: &str = "silence";
/// Characters of a bar that stands for certainty.
const BAR: usize = 30;

/// The columns of a table that say how far answers are adapted.
pub(super) const ADAPTED: [&str; 3] = ["heard_seconds", "adapted", "not_adapted_because"];

/// How answers are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: emotion, confidence, a bar per emotion.
    #[default]
    Text,
    /// One JSON document; keys are added, but not removed.
    Json,
    /// A JSON object a line.
    Jsonl,
    /// A table with a column of probabilities per emotion.
    Csv,
}

impl Format {
    /// Every format, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Text, Self::Json, Self::Jsonl, Self::Csv];

    /// The format's name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

known_by_name!(Format, "no format");

/// What answers are of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Vocabulary<'a> {
    /// The emotions; nothing where numbers alone were learnt.
    pub emotions: &'a [String],
    /// The targets; nothing where classes alone were learnt.
    pub targets: &'a [String],
    /// Their ranges.
    pub scales: &'a [Scale],
}

/// What a row is of: a recording by its name, and where its channels are apart, one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// What the recording is called.
    pub path: &'a str,
    /// What the channel is called; none where there is only one to speak of.
    pub channel: Option<&'a str>,
}

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for Source<'a> {
    fn from(path: &'a T) -> Self {
        Self { path: path.as_ref(), channel: None }
    }
}

/// What is said of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Style {
    /// The confidence below which the emotion is "uncertain".
    pub threshold: f32,
    /// How many emotions are listed, the most probable first; all where absent. A table has them all.
    pub top: Option<usize>,
    /// Whether rows are windows of a longer signal, with a start and an end.
    pub windows: bool,
    /// Whether rows are of channels apart: a table then has a column for them.
    pub channels: bool,
    /// The model in the program that answers, where it is one: JSON names it.
    pub model: Option<&'static str>,
}

impl Style {
    /// A window of a longer signal as the object that stands for it in JSON lines; `emotions` says whether the recogniser knows any,
    /// and not numbers alone.
    #[must_use]
    pub fn window<'a>(&self, source: impl Into<Source<'a>>, window: &Window, emotions: bool) -> Value {
        let row =
            Row { source: source.into(), place: Some((window.start, window.end)), answer: Ok(window.answer.as_ref()) };
        self.line(&row, !emotions)
    }

    /// The object of a line that stands alone, which names its model.
    fn line(&self, row: &Row, numbers: bool) -> Value {
        let mut object = self.object(row, numbers);
        if let (Some(model), Value::Object(object)) = (self.model, &mut object) {
            object.insert("model".into(), model.into());
        }
        object
    }

    /// The most probable emotion, unless it is less so than the threshold or nothing was heard.
    pub(super) fn emotion<'a>(&self, answer: Option<&'a Answer>) -> &'a str {
        match answer {
            None => SILENCE,
            Some(answer) if answer.confidence() < self.threshold => UNCERTAIN,
            Some(answer) => answer.emotion(),
        }
    }

    /// A probability in whole per cent. One below the threshold never reads as if it had reached it: it is rounded down.
    fn percent(&self, p: f32) -> String {
        let whole = |share: f32| (100.0 * share).round();
        let shown = match p < self.threshold && whole(p) / 100.0 >= self.threshold {
            true => whole(p) - 1.0,
            false => whole(p),
        };
        format!("{shown:3.0} %")
    }

    fn listed<'a>(&self, answer: &'a Answer) -> Vec<(&'a str, f32)> {
        let mut ranked = answer.ranked();
        ranked.truncate(self.top.unwrap_or(ranked.len()));
        ranked
    }

    fn object(&self, row: &Row, numbers: bool) -> Value {
        let mut object = Map::new();
        object.insert("path".into(), row.source.path.into());
        if let Some(channel) = row.source.channel {
            object.insert("channel".into(), channel.into());
        }
        if let Some((start, end)) = row.place {
            object.insert("start".into(), start.into());
            object.insert("end".into(), end.into());
        }
        match row.answer {
            Err(error) => {
                object.insert("error".into(), problem(error).into());
            }
            Ok(None) if numbers => {
                object.insert("silence".into(), true.into());
            }
            Ok(Some(answer)) if numbers => {
                if row.place.is_none() {
                    object.insert("seconds".into(), answer.seconds().into());
                }
                object.insert("values".into(), values(answer));
                if !answer.notes().is_empty() {
                    object.insert("notes".into(), json!(answer.notes()));
                }
            }
            Ok(answer) => {
                object.insert("emotion".into(), self.emotion(answer).into());
                if let Some(answer) = answer {
                    if row.place.is_none() {
                        object.insert("seconds".into(), answer.seconds().into());
                    }
                    object.insert("confidence".into(), number(answer.confidence()));
                    let listed = self.listed(answer).into_iter();
                    let probabilities: Map<String, Value> =
                        listed.map(|(class, p)| (class.into(), number(p))).collect();
                    object.insert("probabilities".into(), probabilities.into());
                    if !answer.targets().is_empty() {
                        object.insert("values".into(), values(answer));
                    }
                    if let Some(adapted) = answer.adapted() {
                        object.insert("adapted".into(), adapted.object());
                    }
                    if !answer.notes().is_empty() {
                        object.insert("notes".into(), json!(answer.notes()));
                    }
                }
            }
        }
        object.into()
    }
}

/// Writes rows in one format.
pub struct Output<W: Write> {
    to: W,
    format: Format,
    style: Style,
    classes: Vec<String>,
    targets: Vec<String>,
    /// Whether answers are values of targets alone.
    numbers: bool,
    /// Whether it is said how far answers are adapted to their speakers.
    adapted: bool,
    rows: usize,
    /// What the rows of the recording under way add up to, by channel.
    tallies: Vec<(Option<String>, Tally)>,
    /// Of a document, what stands at its end.
    summaries: Vec<Value>,
}

/// One row: a clip or a window, or what went wrong with it.
struct Row<'a> {
    source: Source<'a>,
    place: Option<(f64, f64)>,
    answer: Result<Option<&'a Answer>, &'a Error>,
}

impl<W: Write> Output<W> {
    /// Begins: a table's header is written at once.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn new(to: W, format: Format, style: Style, classes: &[String]) -> io::Result<Self> {
        Self::of(to, format, style, Vocabulary { emotions: classes, ..Vocabulary::default() })
    }

    /// The same for a recogniser whose answers may be values of targets, alone or beside emotions.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn of(to: W, format: Format, style: Style, known: Vocabulary<'_>) -> io::Result<Self> {
        Self::begin(to, format, style, known, false)
    }

    /// As [`Output::of`], with how far each answer is adapted to its speaker: in a table the columns `heard_seconds`,
    /// `adapted` and `not_adapted_because`.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn adapted(to: W, format: Format, style: Style, known: Vocabulary<'_>) -> io::Result<Self> {
        Self::begin(to, format, style, known, true)
    }

    fn begin(to: W, format: Format, style: Style, known: Vocabulary<'_>, adapted: bool) -> io::Result<Self> {
        let Vocabulary { emotions, targets, scales } = known;
        // Of numbers alone.
        let numbers = emotions.is_empty() && !targets.is_empty();
        let (classes, targets) = (emotions.to_vec(), targets.to_vec());
        let (tallies, summaries) = (Vec::new(), Vec::new());
        let mut output = Self { to, format, style, classes, targets, numbers, adapted, rows: 0, tallies, summaries };
        let ranges = || {
            let each = output.targets.iter().zip(scales).map(|(name, scale)| (name.clone(), json!(scale)));
            Value::from(each.collect::<Map<String, Value>>())
        };
        match format {
            Format::Text | Format::Jsonl => {}
            Format::Json if numbers => {
                let ranges = ranges();
                write!(output.to, "{{\n  \"schema\": \"ser-predict/1\",\n  \"ranges\": {ranges},\n  \"results\": [")?;
            }
            Format::Json => {
                let classes = json!(output.classes);
                let model = style.model.map(|model| format!("  \"model\": {},\n", json!(model))).unwrap_or_default();
                let head = format!("{{\n  \"schema\": \"ser-predict/1\",\n{model}  \"classes\": {classes},\n");
                let ranges = if scales.is_empty() { String::new() } else { format!("  \"ranges\": {},\n", ranges()) };
                write!(output.to, "{head}{ranges}  \"results\": [")?;
            }
            Format::Csv => {
                let named: &[&str] = if style.channels { &["path", "channel"] } else { &["path"] };
                let place: &[&str] = if style.windows { &["start", "end"] } else { &["seconds"] };
                let columns = output.classes.iter().map(|class| format!("p_{class}")).chain(output.targets.clone());
                let judged: &[&str] = if numbers { &[] } else { &["emotion", "confidence"] };
                let fixed = named.iter().chain(place).chain(judged).map(ToString::to_string);
                let how_far: &[&str] = if adapted { &ADAPTED } else { &[] };
                let last = how_far.iter().chain(&["error"]).map(ToString::to_string);
                let record: Vec<String> = fixed.chain(columns).chain(last).collect();
                output.record(&record)?;
            }
        }
        output.to.flush()?;
        Ok(output)
    }

    /// A clip and its answer.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn clip<'a>(&mut self, source: impl Into<Source<'a>>, answer: Result<&Answer, &Error>) -> io::Result<()> {
        self.row(&Row { source: source.into(), place: None, answer: answer.map(Some) })
    }

    /// A window of a longer signal.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn window<'a>(&mut self, source: impl Into<Source<'a>>, window: &Window) -> io::Result<()> {
        let source = source.into();
        let style = self.style;
        self.tally(source.channel).add(&style, window);
        self.row(&Row { source, place: Some((window.start, window.end)), answer: Ok(window.answer.as_ref()) })
    }

    /// The end of a recording of `seconds` whose windows were written: how its time is shared among the emotions, of each of
    /// the channels. A table has no place for it.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn summary(&mut self, path: &str, channels: &[Option<&str>], seconds: f64) -> io::Result<()> {
        for &channel in channels {
            self.tally(channel).until(seconds);
            let tally = self.tally(channel).clone();
            let mut object = Map::new();
            object.insert("path".into(), path.into());
            channel.into_iter().for_each(|channel| drop(object.insert("channel".into(), channel.into())));
            match self.format {
                Format::Text => {
                    let channel = channel.map(|channel| format!(", {channel}")).unwrap_or_default();
                    writeln!(self.to, "{}{channel}: {}", escape::text(path), escape::text(&tally.text()))?;
                }
                Format::Json => {
                    object.extend(tally.object());
                    self.summaries.push(object.into());
                }
                Format::Jsonl => {
                    object.insert("summary".into(), tally.object().into());
                    writeln!(self.to, "{}", Value::from(object))?;
                }
                Format::Csv => {}
            }
        }
        self.tallies.clear();
        self.to.flush()
    }

    fn tally(&mut self, channel: Option<&str>) -> &mut Tally {
        let at = self.tallies.iter().position(|(known, _)| known.as_deref() == channel);
        let at = at.unwrap_or_else(|| {
            self.tallies.push((channel.map(str::to_owned), Tally::new(&self.classes, &self.targets)));
            self.tallies.len() - 1
        });
        &mut self.tallies[at].1
    }

    /// The end: closes a JSON document.
    ///
    /// # Errors
    ///
    /// Those of writing.
    pub fn finish(mut self) -> io::Result<()> {
        if self.format == Format::Json {
            write!(self.to, "{}]", if self.rows > 0 { "\n  " } else { "" })?;
            for (i, summary) in self.summaries.iter().enumerate() {
                let before = if i > 0 { "," } else { ",\n  \"summaries\": [" };
                write!(self.to, "{before}\n    {summary}")?;
            }
            writeln!(self.to, "{}\n}}", if self.summaries.is_empty() { "" } else { "\n  ]" })?;
        }
        self.to.flush()
    }

    fn row(&mut self, row: &Row) -> io::Result<()> {
        match self.format {
            Format::Text => self.text(row)?,
            Format::Json => {
                let comma = if self.rows > 0 { "," } else { "" };
                write!(self.to, "{comma}\n    {}", self.style.object(row, self.numbers))?;
            }
            Format::Jsonl => writeln!(self.to, "{}", self.style.line(row, self.numbers))?,
            Format::Csv => self.csv(row)?,
        }
        self.rows += 1;
        self.to.flush()
    }

    fn text(&mut self, row: &Row) -> io::Result<()> {
        let emotion = row.answer.map(|answer| escape::text(self.style.emotion(answer)));
        let channel = row.source.channel.map(|channel| format!("{channel:<5}  "));
        let mut path = escape::text(row.source.path).into_owned();
        row.source.channel.into_iter().for_each(|channel| path.push_str(&format!(", {channel}")));
        let percent = |p: f32| self.style.percent(p);
        match (row.place, &row.answer, emotion) {
            (place, Ok(Some(answer)), _) if self.numbers => {
                let start = match place {
                    Some((start, end)) => format!("{}{start:8.2} – {end:8.2} s", channel.unwrap_or_default()),
                    None => path,
                };
                writeln!(self.to, "{start}{} {}", if place.is_some() { " " } else { ":" }, said(answer))?;
                if place.is_some() {
                    return Ok(());
                }
                self.numbers(answer)?;
                answer.notes().iter().try_for_each(|note| writeln!(self.to, "  note: {note}"))
            }
            (_, Err(error), _) => writeln!(self.to, "{path}: error: {}", escape::text(&problem(error))),
            (Some((start, end)), Ok(answer), Ok(emotion)) => {
                let width = wide(self.classes.iter().map(String::as_str)).max(UNCERTAIN.len());
                let place = format!("{}{start:8.2} – {end:8.2} s", channel.unwrap_or_default());
                match answer {
                    None => writeln!(self.to, "{place}  {emotion}"),
                    Some(answer) => {
                        let confidence = answer.confidence();
                        let bars = bar(confidence);
                        let numbers = (!answer.targets().is_empty()).then(|| said(answer));
                        let more: Vec<String> =
                            numbers.into_iter().chain(answer.adapted().map(Adapted::short)).collect();
                        let bars = if more.is_empty() { bars } else { format!("{bars:<BAR$}  {}", more.join("  ")) };
                        writeln!(self.to, "{place}  {emotion:<width$}  {}  {bars}", percent(confidence))
                    }
                }
            }
            (None, Ok(Some(answer)), Ok(emotion)) => {
                let numbers = match answer.targets() {
                    [] => String::new(),
                    _ => format!("; {}", said(answer)),
                };
                writeln!(self.to, "{path}: {emotion}, {}{numbers}", percent(answer.confidence()).trim_start())?;
                let listed = self.style.listed(answer);
                let width = wide(listed.iter().map(|(class, _)| *class));
                for (class, probability) in listed {
                    let class = escape::text(class);
                    let line = format!("  {class:<width$}  {}  {}", percent(probability), bar(probability));
                    writeln!(self.to, "{}", line.trim_end())?;
                }
                self.numbers(answer)?;
                answer.adapted().iter().try_for_each(|adapted| writeln!(self.to, "  {}", adapted.words()))?;
                answer.notes().iter().try_for_each(|note| writeln!(self.to, "  note: {note}"))
            }
            _ => Ok(()),
        }
    }

    /// A line for each target: its value, and where it lies in its range.
    fn numbers(&mut self, answer: &Answer) -> io::Result<()> {
        let width = wide(answer.targets().iter().map(String::as_str));
        for (name, value, scale) in answer.numbers() {
            let part = scale.part(f64::from(value)) as f32;
            let name = escape::text(name);
            let line = format!("  {name:<width$}  {:>8}  {:<BAR$}  {scale}", shortest(value), bar(part));
            writeln!(self.to, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn csv(&mut self, row: &Row) -> io::Result<()> {
        let answer = row.answer.ok().flatten();
        let mut record = vec![row.source.path.to_owned()];
        record.extend(self.style.channels.then(|| row.source.channel.unwrap_or_default().to_owned()));
        match (self.style.windows, row.place) {
            (true, Some((start, end))) => record.extend([start.to_string(), end.to_string()]),
            (true, None) => record.extend([String::new(), String::new()]),
            (false, _) => record.push(answer.map(|answer| answer.seconds().to_string()).unwrap_or_default()),
        }
        if !self.numbers {
            record.push(row.answer.map_or(String::new(), |answer| self.style.emotion(answer).to_owned()));
            record.push(answer.map(|answer| answer.confidence().to_string()).unwrap_or_default());
        }
        match answer {
            Some(answer) => {
                record.extend(answer.probabilities().iter().chain(answer.values()).map(ToString::to_string));
            }
            None => record.extend(self.classes.iter().chain(&self.targets).map(|_| String::new())),
        }
        if self.adapted {
            record.extend(match answer.and_then(Answer::adapted) {
                Some(adapted) => [
                    adapted.seconds.to_string(),
                    adapted.degree.to_string(),
                    adapted.off.map(|off| off.words().to_owned()).unwrap_or_default(),
                ],
                None => [const { String::new() }; 3],
            });
        }
        record.push(row.answer.err().map(problem).unwrap_or_default());
        self.record(&record)
    }

    fn record(&mut self, record: &[String]) -> io::Result<()> {
        let mut csv = CsvWriter::new(&mut self.to);
        csv.row(record)?;
        csv.flush()
    }
}

/// What is wrong, less the file's name, which stands beside it.
pub(super) fn problem(error: &Error) -> String {
    match error {
        Error::File { problem, .. } => problem.clone(),
        other => other.to_string(),
    }
}

/// The value of each target, by its name.
fn values(answer: &Answer) -> Value {
    answer.numbers().map(|(name, value, _)| (name.clone(), number(value))).collect::<Map<String, Value>>().into()
}

/// "arousal 2.5, valence −0.75".
fn said(answer: &Answer) -> String {
    let each = answer.numbers().map(|(name, value, _)| format!("{} {}", escape::text(name), shortest(value)));
    each.collect::<Vec<_>>().join(", ")
}

/// The shortest decimal that is this number in single precision: not what it becomes in double precision.
fn number(value: f32) -> Value {
    serde_json::from_str(&value.to_string()).unwrap_or(Value::Null)
}

/// A value with three decimals at most.
fn shortest(value: f32) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').replace('-', "−")
}

/// How wide a column of these names is.
fn wide<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    names.map(|name| name.chars().count()).max().unwrap_or(0).min(escape::WIDEST)
}

/// A bar of at most [`BAR`] characters, to the eighth of one.
fn bar(part: f32) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (part.clamp(0.0, 1.0) * (8 * BAR) as f32).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(probabilities: [f32; 3], notes: &[&str]) -> Answer {
        let classes = ["angry", "happy", "sad"].map(String::from);
        Answer::new(classes.into(), probabilities.to_vec(), 2.5, notes.iter().map(ToString::to_string).collect())
    }

    fn written(format: Format, style: Style) -> String {
        let mut to = Vec::new();
        let classes = ["angry", "happy", "sad"].map(String::from);
        let mut output = Output::new(&mut to, format, style, &classes).unwrap();
        let error = Error::file("b,c.wav", "is \"empty\"");
        if style.windows {
            let window = |start, answer| Window { start, end: start + 3.0, answer };
            output.window("a.wav", &window(0.0, Some(answer([0.1, 0.7, 0.2], &[])))).unwrap();
            output.window("a.wav", &window(1.5, None)).unwrap();
            output.summary("a.wav", &[None], 4.5).unwrap();
        } else {
            output.clip("a.wav", Ok(&answer([0.1, 0.7, 0.2], &[]))).unwrap();
            output.clip("z.wav", Ok(&answer([0.4, 0.3, 0.3], &["telephone"]))).unwrap();
        }
        output.clip("b,c.wav", Err(&error)).unwrap();
        output.finish().unwrap();
        String::from_utf8(to).unwrap()
    }

    const PLAIN: Style = Style { threshold: 0.5, top: None, windows: false, channels: false, model: None };

    #[test]
    fn people_get_bars() {
        let text = written(Format::Text, Style { top: Some(2), ..PLAIN });
        assert_eq!(
            text,
            "a.wav: happy, 70 %\n  happy   70 %  █████████████████████\n  sad     20 %  ██████\n\
             z.wav: uncertain, 40 %\n  angry   40 %  ████████████\n  happy   30 %  █████████\n  note: telephone\n\
             b,c.wav: error: is \"empty\"\n"
        );
        let text = written(Format::Text, Style { windows: true, ..PLAIN });
        assert!(text.starts_with("    0.00 –     3.00 s  happy       70 %  ███"), "{text}");
        assert!(text.contains("    1.50 –     4.50 s  silence\na.wav: answered 3.0 of 4.5 s: happy 100 %\n"), "{text}");
        assert_eq!((bar(0.0), bar(1.0), bar(0.01)), (String::new(), "█".repeat(30), "▎".into()));
    }

    #[test]
    fn what_is_below_the_threshold_is_not_rounded_up_to_it() {
        let style = Style { threshold: 0.6, ..PLAIN };
        let shown = [0.6, 0.599_99, 0.596, 0.594, 0.0].map(|p| style.percent(p));
        assert_eq!(shown, [" 60 %", " 59 %", " 59 %", " 59 %", "  0 %"]);
        let style = Style { threshold: 0.595, ..PLAIN };
        assert_eq!([0.5949, 0.595].map(|p| style.percent(p)), [" 59 %", " 60 %"]);
        assert_eq!(Style { threshold: 0.0, ..PLAIN }.percent(0.0), "  0 %");
    }

    #[test]
    fn tables_have_every_column_in_every_row() {
        let text = written(Format::Csv, Style { top: Some(1), ..PLAIN });
        assert_eq!(
            text,
            "path,seconds,emotion,confidence,p_angry,p_happy,p_sad,error\na.wav,2.5,happy,0.7,0.1,0.7,0.2,\n\
             z.wav,2.5,uncertain,0.4,0.4,0.3,0.3,\n\"b,c.wav\",,,,,,,\"is \"\"empty\"\"\"\n"
        );
        let text = written(Format::Csv, Style { windows: true, ..PLAIN });
        assert!(text.contains("\na.wav,0,3,happy,0.7,") && text.contains("\na.wav,1.5,4.5,silence,,,,,\n"), "{text}");
    }

    #[test]
    fn values_are_written_with_their_ranges() {
        let targets = ["arousal", "valence"].map(String::from);
        let scales = [Scale { low: 1.0, high: 7.0 }, Scale { low: -1.0, high: 1.0 }];
        let answer =
            Answer::of_numbers(targets.clone().into(), scales.into(), &[0.25, 0.125], 2.0, vec!["short".into()]);
        let written = |format, windows| {
            let mut to = Vec::new();
            let style = Style { windows, ..PLAIN };
            let known = Vocabulary { targets: &targets, scales: &scales, ..Vocabulary::default() };
            let mut output = Output::of(&mut to, format, style, known).unwrap();
            if windows {
                output.window("a.wav", &Window { start: 0.0, end: 3.0, answer: Some(answer.clone()) }).unwrap();
                output.window("a.wav", &Window { start: 1.0, end: 4.0, answer: None }).unwrap();
            } else {
                output.clip("a.wav", Ok(&answer)).unwrap();
            }
            output.clip("b.wav", Err(&Error::file("b.wav", "is empty"))).unwrap();
            output.finish().unwrap();
            String::from_utf8(to).unwrap()
        };
        let text = written(Format::Text, false);
        assert!(text.starts_with("a.wav: arousal 2.5, valence −0.75\n  arousal       2.5  ███████▌"), "{text}");
        assert!(
            text.contains("  1 to 7\n") && text.contains("note: short") && text.ends_with("error: is empty\n"),
            "{text}"
        );
        assert!(written(Format::Text, true).contains("    1.00 –     4.00 s  silence\n"));
        assert_eq!(
            written(Format::Csv, false),
            "path,seconds,arousal,valence,error\na.wav,2,2.5,-0.75,\nb.wav,,,,is empty\n"
        );
        assert!(written(Format::Csv, true).contains("\na.wav,0,3,2.5,-0.75,\na.wav,1,4,,,\n"));
        let document: Value = serde_json::from_str(&written(Format::Json, false)).unwrap();
        assert_eq!(document["ranges"]["arousal"], json!([1.0, 7.0]));
        assert_eq!(document["results"][0]["values"]["valence"], -0.75);
        let windows: Value = serde_json::from_str(&written(Format::Json, true)).unwrap();
        assert_eq!((&windows["results"][1]["silence"], &windows["results"][0]["end"]), (&json!(true), &json!(3.0)));
    }

    #[test]
    fn emotions_and_values_of_one_bundle_stand_together() {
        let (emotions, targets) = (["angry", "happy", "sad"].map(String::from), ["intensity".to_owned()]);
        let scales = [Scale::UNIT];
        let both = answer([0.1, 0.7, 0.2], &["short"]).with_numbers(targets.clone().into(), scales.into(), &[0.625]);
        let written = |format, windows| {
            let mut to = Vec::new();
            let known = Vocabulary { emotions: &emotions, targets: &targets, scales: &scales };
            let mut output = Output::of(&mut to, format, Style { windows, ..PLAIN }, known).unwrap();
            if windows {
                output.window("a.wav", &Window { start: 0.0, end: 3.0, answer: Some(both.clone()) }).unwrap();
                output.window("a.wav", &Window { start: 1.0, end: 4.0, answer: None }).unwrap();
            } else {
                output.clip("a.wav", Ok(&both)).unwrap();
            }
            output.clip("b.wav", Err(&Error::file("b.wav", "is empty"))).unwrap();
            output.finish().unwrap();
            String::from_utf8(to).unwrap()
        };
        let text = written(Format::Text, false);
        assert!(text.starts_with("a.wav: happy, 70 %; intensity 0.625\n  happy   70 %  "), "{text}");
        assert!(text.contains("\n  intensity     0.625  ██████████████████▊"), "{text}");
        assert!(text.contains("  0 to 1\n  note: short\n"), "{text}");
        let text = written(Format::Text, true);
        assert!(text.contains("happy       70 %  █") && text.contains("  intensity 0.625\n"), "{text}");
        assert!(text.contains("    1.00 –     4.00 s  silence\n"), "{text}");
        assert_eq!(
            written(Format::Csv, false),
            "path,seconds,emotion,confidence,p_angry,p_happy,p_sad,intensity,error\n\
             a.wav,2.5,happy,0.7,0.1,0.7,0.2,0.625,\nb.wav,,,,,,,,is empty\n"
        );
        assert!(written(Format::Csv, true).contains("\na.wav,1,4,silence,,,,,,\n"), "{}", written(Format::Csv, true));
        for windows in [false, true] {
            let document: Value = serde_json::from_str(&written(Format::Json, windows)).unwrap();
            assert_eq!(document["ranges"]["intensity"], json!([0.0, 1.0]));
            assert_eq!(document["classes"], json!(emotions));
            let first = &document["results"][0];
            assert_eq!((&first["values"]["intensity"], &first["emotion"]), (&json!(0.625), &json!("happy")));
            let lines: Vec<Value> =
                written(Format::Jsonl, windows).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(document["results"], Value::from(lines));
        }
    }

    #[test]
    fn channels_apart_have_names_and_summaries_of_their_own() {
        let written = |format| {
            let mut to = Vec::new();
            let style = Style { windows: true, channels: true, ..PLAIN };
            let classes = ["angry", "happy", "sad"].map(String::from);
            let mut output = Output::new(&mut to, format, style, &classes).unwrap();
            let window = Window { start: 0.0, end: 3.0, answer: Some(answer([0.1, 0.7, 0.2], &[])) };
            output.window(Source { path: "a.wav", channel: Some("left") }, &window).unwrap();
            output.summary("a.wav", &[Some("left"), Some("right")], 3.0).unwrap();
            output.finish().unwrap();
            String::from_utf8(to).unwrap()
        };
        assert_eq!(
            written(Format::Csv),
            "path,channel,start,end,emotion,confidence,p_angry,p_happy,p_sad,error\na.wav,left,0,3,happy,0.7,0.1,0.7,0.2,\n"
        );
        let text = written(Format::Text);
        assert!(text.starts_with("left       0.00 –     3.00 s  happy"), "{text}");
        assert!(
            text.contains("\na.wav, left: answered 3.0 of 3.0 s: happy 100 %\na.wav, right: answered 0.0 of 3.0 s\n"),
            "{text}"
        );
        let document: Value = serde_json::from_str(&written(Format::Json)).unwrap();
        assert_eq!(document["results"][0]["channel"], "left");
        assert_eq!(
            document["summaries"][1],
            json!({"path": "a.wav", "channel": "right", "seconds": 3.0, "speech": 0.0, "uncertain": 0.0, "shares": {}})
        );
    }

    #[test]
    fn json_reads_back() {
        for windows in [false, true] {
            let style = Style { windows, ..PLAIN };
            let document: Value = serde_json::from_str(&written(Format::Json, style)).unwrap();
            let lines = written(Format::Jsonl, style);
            let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            let (sums, rows): (Vec<Value>, Vec<Value>) =
                lines.into_iter().partition(|line| line.get("summary").is_some());
            assert_eq!(document["results"], Value::from(rows));
            assert_eq!(sums.len(), usize::from(windows));
            for sum in sums {
                assert_eq!(sum["summary"]["shares"]["happy"], 1.0);
                assert_eq!(document["summaries"][0]["shares"], sum["summary"]["shares"]);
                assert_eq!(document["summaries"][0]["path"], sum["path"]);
            }
            assert_eq!(document["results"][0]["probabilities"]["happy"], 0.7);
            assert!(document["results"][2]["error"].as_str().unwrap().contains("empty"));
        }
        let mut to = Vec::new();
        Output::new(&mut to, Format::Json, PLAIN, &[]).unwrap().finish().unwrap();
        let empty: Value = serde_json::from_slice(&to).unwrap();
        assert_eq!(empty["results"], json!([]));
    }
}
