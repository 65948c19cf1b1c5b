//! What a caller of a stream may say in words: the first message, and what comes between samples.

use ser::predict::{Channels, Listening, SampleFormat, SessionState};
use serde::{Deserialize, Serialize};

use super::voices::Stream;
use crate::{
    app::App,
    asked::{self, Kind, Which},
    problem::Problem,
};

/// The first message: what the samples are, and what is asked of them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// In Hz.
    rate: u32,
    /// How a sample is written.
    #[serde(default)]
    format: Option<String>,
    /// Interleaved.
    #[serde(default = "one")]
    channels: usize,
    segments: Option<Kind>,
    window: Option<f64>,
    hop: Option<f64>,
    gate: Option<f32>,
    channel: Option<Which>,
    /// Whether to tell when somebody begins to speak and ends.
    #[serde(default)]
    activity: bool,
    threshold: Option<f32>,
    top: Option<u16>,
    /// Whether the samples that come first are a speaker's, to learn from.
    enrol: Option<bool>,
    /// Whether each answer is learnt from.
    #[serde(default)]
    adapt: bool,
    /// What earlier streams heard of the speakers, one for each channel that is answered for.
    speakers: Option<Vec<SessionState>>,
}

fn one() -> usize {
    1
}

/// What is said before the first answer.
#[derive(Serialize)]
pub struct Ready {
    classes: Vec<String>,
    window: f64,
    hop: f64,
    /// By how many seconds the conversion of the rate holds answers back.
    latency: f64,
    notes: Vec<String>,
}

/// What may be said between samples.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Said {
    /// Whether what comes is to learn from.
    Enrol(bool),
    /// No more samples come.
    End(bool),
}

impl Said {
    /// # Errors
    ///
    /// 400, with what may be said.
    pub fn read(text: &str) -> Result<Self, Problem> {
        match serde_json::from_str(text) {
            Ok(Self::End(false)) | Err(_) => Err(Problem::wrong(
                "after the first message, text may only be {\"end\": true}, {\"enrol\": true} or {\"enrol\": false}",
            )),
            Ok(said) => Ok(said),
        }
    }
}

impl Opening {
    /// # Errors
    ///
    /// 400, with what is wrong.
    pub fn read(text: &str) -> Result<Self, Problem> {
        serde_json::from_str(text).map_err(|e| {
            Problem::wrong(format!("the first message says what the samples are, as {{\"rate\": 16000}}: {e}"))
        })
    }

    /// A stream of such samples.
    ///
    /// # Errors
    ///
    /// 400, with what is wrong.
    pub fn open(self, app: &App) -> Result<(Stream, Ready), Problem> {
        let Self { rate, format, channels, segments, window, hop, gate, channel, activity, threshold, top, .. } = self;
        let listening = asked::listening(Listening::live(), segments, window, hop, gate)?;
        let format = format.map_or(Ok(SampleFormat::default()), |name| name.parse());
        let format = format.map_err(|e| Problem::wrong(format!("format: {e}")))?;
        let threshold = threshold.unwrap_or_else(|| app.recognizer.threshold());
        if !(0.0..=1.0).contains(&threshold) {
            return Err(Problem::wrong(format!("threshold = {threshold}: must lie between 0 and 1")));
        }
        let chosen = channel.map(Channels::from).unwrap_or_default();
        if chosen == Channels::Right && channels < 2 {
            return Err(Problem::wrong("channel = right: the stream has one channel (channels)"));
        }
        let style = ser::predict::Style {
            threshold,
            top: top.map(|top| usize::from(top).max(1)),
            windows: true,
            channels: false,
            model: app.model,
        };
        let mut stream = Stream::new(&app.recognizer, (format, rate, channels), chosen, listening, style, activity)?;
        if self.enrol.is_some() || self.adapt || self.speakers.is_some() {
            stream.adapt(&app.recognizer, listening, self.speakers, self.adapt)?;
        }
        if self.enrol == Some(true) {
            stream.begin_to_enrol()?;
        }
        let ready = Ready {
            classes: app.recognizer.classes().to_vec(),
            window: listening.window,
            hop: listening.hop,
            latency: stream.latency(),
            notes: stream.notes(),
        };
        Ok((stream, ready))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_said_between_samples_is_read_and_nothing_else() {
        assert_eq!(Said::read(r#"{"enrol": false}"#).unwrap(), Said::Enrol(false));
        assert_eq!(Said::read(r#"{"end": true}"#).unwrap(), Said::End(true));
        for text in ["", "end", r#"{"end": false}"#, r#"{"end": true, "enrol": true}"#, r#"{"rate": 1}"#] {
            assert!(Said::read(text).unwrap_err().detail.contains("enrol"), "{text}");
        }
    }
}
