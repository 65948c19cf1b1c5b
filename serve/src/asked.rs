//! What is asked of a recording: the query of `/v1/recognize`.

use ser::predict::{Channels, Format, Gate, Listening, Segments, Style};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// By how much windows may overlap: each sample is worked on this often.
const MOST_OVERLAP: f64 = 32.0;

/// The longest window in seconds: with the overlap it bounds what a second of audio costs.
const LONGEST_WINDOW: f64 = 60.0;

/// What is asked of a recording.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub struct Asked {
    /// Answer for windows that overlap in place of the whole recording.
    #[param(nullable = false)]
    timeline: Option<bool>,
    /// Length of a window in seconds (3).
    #[param(minimum = 0.2, maximum = 60.0, nullable = false)]
    window: Option<f64>,
    /// From one window to the next in seconds (1), at most the window's length and at least a 32nd of it.
    #[param(minimum = 0.05, maximum = 60.0, nullable = false)]
    hop: Option<f64>,
    /// What a timeline answers for (windows).
    #[param(nullable = false)]
    segments: Option<Kind>,
    /// The level in dB of full scale that a window must exceed somewhere, or it is called "silence" (one without speech is).
    #[param(minimum = -200.0, maximum = 0.0, nullable = false)]
    gate: Option<f32>,
    /// How many emotions are listed, the most probable first (all).
    #[param(minimum = 1, maximum = 65535, nullable = false)]
    top: Option<u16>,
    /// The confidence below which the emotion is "uncertain" (the models').
    #[param(minimum = 0.0, maximum = 1.0, nullable = false)]
    threshold: Option<f32>,
    /// Which channel is heard (mix).
    #[param(nullable = false)]
    channel: Option<Which>,
    /// How the answer is written (json).
    #[param(nullable = false)]
    format: Option<Written>,
    /// What the recording is called in the answer, where the body is the file itself (-).
    #[param(nullable = false)]
    name: Option<String>,
}

/// What a timeline answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Windows of one length.
    Windows,
    /// Turns of speech between pauses of half a second.
    Vad,
}

impl From<Kind> for Segments {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Windows => Self::Windows,
            Kind::Vad => Self::Speech,
        }
    }
}

/// A channel by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    /// The mean of all channels.
    Mix,
    /// The first.
    Left,
    /// The second.
    Right,
    /// Every one by itself.
    Each,
}

impl From<Which> for Channels {
    fn from(which: Which) -> Self {
        match which {
            Which::Mix => Self::Mix,
            Which::Left => Self::Left,
            Which::Right => Self::Right,
            Which::Each => Self::Each,
        }
    }
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Written {
    /// One document.
    Json,
    /// An object a line.
    Jsonl,
    /// A table.
    Csv,
}

impl Asked {
    /// Reads a query.
    ///
    /// # Errors
    ///
    /// 400, naming the key or the value.
    pub fn read(query: Option<&str>) -> Result<Self, Problem> {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let asked: Self = serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs))
            .map_err(|e| unreadable(pairs, &e.path().to_string(), e.inner()))?;
        asked.listening()?;
        if asked.timeline != Some(true) {
            let only = [
                ("window", asked.window.is_some()),
                ("hop", asked.hop.is_some()),
                ("gate", asked.gate.is_some()),
                ("segments", asked.segments.is_some()),
            ];
            if let Some((name, _)) = only.iter().find(|(_, given)| *given) {
                return Err(Problem::wrong(format!("{name} is for timelines: ask for timeline=true as well")));
            }
        }
        if asked.top == Some(0) {
            return Err(Problem::wrong("top = 0: list 1 or more"));
        }
        if let Some(threshold) = asked.threshold.filter(|threshold| !(0.0..=1.0).contains(threshold)) {
            return Err(Problem::wrong(format!("threshold = {threshold}: must lie between 0 and 1")));
        }
        Ok(asked)
    }

    pub fn is_timeline(&self) -> bool {
        self.timeline == Some(true)
    }

    pub fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| "-".into())
    }

    pub fn channels(&self) -> Channels {
        self.channel.map(Channels::from).unwrap_or_default()
    }

    pub fn format(&self) -> Format {
        match self.format {
            None | Some(Written::Json) => Format::Json,
            Some(Written::Jsonl) => Format::Jsonl,
            Some(Written::Csv) => Format::Csv,
        }
    }

    pub fn content_type(&self) -> &'static str {
        match self.format {
            None | Some(Written::Json) => "application/json",
            Some(Written::Jsonl) => "application/jsonl",
            Some(Written::Csv) => "text/csv; charset=utf-8",
        }
    }

    /// How the answer of this model is written, whose own threshold is `threshold`.
    pub fn style(&self, model: Option<&'static str>, threshold: f32) -> Style {
        Style {
            threshold: self.threshold.unwrap_or(threshold),
            top: self.top.map(usize::from),
            windows: self.is_timeline(),
            channels: self.channels() == Channels::Each,
            model,
        }
    }

    pub fn listening(&self) -> Result<Listening, Problem> {
        listening(Listening::timeline(), self.segments, self.window, self.hop, self.gate)
    }
}

/// What is wrong with a query: the key and its value, where it is known which.
fn unreadable(mut pairs: form_urlencoded::Parse, key: &str, error: &impl std::fmt::Display) -> Problem {
    match pairs.find(|(name, _)| name == key) {
        Some((_, value)) => {
            let value: String = value.chars().take(100).collect();
            Problem::wrong(format!("{key} = {value}: {error}"))
        }
        None => Problem::wrong(format!("the query cannot be read: {error}")),
    }
}

/// The windows that are asked for.
///
/// # Errors
///
/// 400 where they are out of range.
pub fn listening(
    default: Listening,
    segments: Option<Kind>,
    window: Option<f64>,
    hop: Option<f64>,
    gate: Option<f32>,
) -> Result<Listening, Problem> {
    let segments = segments.map_or(default.segments, Segments::from);
    if segments == Segments::Speech {
        let only = [("window", window.is_some()), ("hop", hop.is_some()), ("gate", gate.is_some())];
        if let Some((name, _)) = only.iter().find(|(_, given)| *given) {
            return Err(Problem::wrong(format!("{name} is for segments=windows: leave it out with vad")));
        }
    }
    let window = window.unwrap_or(default.window);
    // A window shorter than the usual hop is heard without overlap, as ser-predict does.
    let hop = hop.unwrap_or(default.hop.min(window));
    if !(0.2..=LONGEST_WINDOW).contains(&window) {
        return Err(Problem::wrong(format!("window = {window}: seconds, from 0.2 to {LONGEST_WINDOW}")));
    }
    if !(0.05..=window).contains(&hop) || window / hop > MOST_OVERLAP {
        return Err(Problem::wrong(format!(
            "hop = {hop}: seconds, from 0.05 and a {MOST_OVERLAP}nd of the window to the window's length, {window}"
        )));
    }
    if let Some(gate) = gate.filter(|gate| !(-200.0..=0.0).contains(gate)) {
        return Err(Problem::wrong(format!("gate = {gate}: dB of full scale, from -200 to 0")));
    }
    let gate = gate.map_or(default.gate, Gate::Level);
    Ok(Listening { segments, window, hop, gate, ..default })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_and_what_is_wrong_is_named() {
        let asked =
            Asked::read(Some("timeline=true&window=2&hop=0.5&top=3&threshold=0.4&channel=right&format=csv")).unwrap();
        assert!(asked.is_timeline() && asked.channels() == Channels::Right && asked.format() == Format::Csv);
        assert_eq!(
            asked.style(None, 0.5),
            Style { threshold: 0.4, top: Some(3), windows: true, channels: false, model: None }
        );
        let listening = asked.listening().unwrap();
        assert_eq!((listening.window, listening.hop, listening.growing), (2.0, 0.5, false));
        assert_eq!(Asked::read(Some("timeline=true&window=0.5")).unwrap().listening().unwrap().hop, 0.5);
        assert_eq!(Asked::read(None).unwrap(), Asked::default());
        for (query, part) in [
            ("windw=3", "windw"),
            ("timeline=perhaps", "timeline = perhaps"),
            ("window=3", "timeline=true"),
            ("timeline=true&window=0", "window = 0"),
            ("timeline=true&window=61", "window = 61"),
            ("timeline=true&window=NaN", "window = NaN"),
            ("timeline=true&hop=4", "hop = 4"),
            ("timeline=true&window=60&hop=0.1", "hop = 0.1"),
            ("timeline=true&gate=1", "gate = 1"),
            ("top=0", "top = 0"),
            ("top=-1", "top = -1"),
            ("threshold=2", "threshold = 2"),
            ("threshold=NaN", "threshold = NaN"),
            ("channel=middle", "channel = middle"),
            ("format=xml", "xml"),
            ("top=1&top=2", "top"),
        ] {
            let problem = Asked::read(Some(query)).unwrap_err();
            assert!(problem.status == 400 && problem.detail.contains(part), "{query}: {problem:?}");
        }
    }
}
