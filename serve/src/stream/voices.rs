//! What is heard in a stream: its channels, and what becomes of their samples.

use std::sync::Arc;

use ser::{
    audio::Channel,
    predict::{
        Channels, Listener, Listening, Pcm, Recognizer, STDIN, SampleFormat, Session, SessionState, Side, Source,
        Style, Tally, Vocabulary, Window,
    },
};
use serde_json::json;
use tokio::sync::Semaphore;

use super::speakers::Enrolment;
use crate::problem::Problem;

/// The most audio of a message, in seconds: what is worked on at a stretch.
const LONGEST_MESSAGE: u64 = 10;

/// A channel of a stream.
struct Voice {
    side: Side,
    listener: Listener,
    tally: Tally,
    /// Whether somebody was said to speak.
    speaks: bool,
    /// Whose it is, where answers are adapted.
    session: Option<Session>,
}

/// A stream being listened to.
pub struct Stream {
    voices: Vec<Voice>,
    channels: Vec<Channel>,
    pcm: Pcm,
    format: SampleFormat,
    style: Style,
    activity: bool,
    /// Whether emotions are heard, and not numbers alone.
    emotions: bool,
    rate: u32,
    /// Samples of a channel that were listened to.
    samples: u64,
    /// Samples of a channel that were learnt from.
    enrolled: u64,
    bytes: u64,
    /// What is being learnt from.
    enrolment: Option<Enrolment>,
}

fn plain(error: &ser::error::Error) -> Problem {
    Problem::wrong(error.to_string().trim_start_matches("--"))
}

impl Stream {
    /// Samples of this format at so many Hz in so many channels.
    ///
    /// # Errors
    ///
    /// 400, with what is wrong.
    pub fn new(
        recognizer: &Recognizer,
        (format, rate, channels): (SampleFormat, u32, usize),
        chosen: Channels,
        listening: Listening,
        style: Style,
        activity: bool,
    ) -> Result<Self, Problem> {
        let pcm = Pcm::new(format, channels).map_err(|e| plain(&e))?;
        let Vocabulary { emotions, targets, .. } = recognizer.vocabulary();
        let voice = |side| {
            let listener = recognizer.listen(rate, listening).map_err(|e| plain(&e))?;
            Ok(Voice { side, listener, tally: Tally::new(emotions, targets), speaks: false, session: None })
        };
        let voices = chosen.sides(channels).into_iter().map(voice).collect::<Result<Vec<_>, Problem>>()?;
        let channels = voices.iter().map(|voice| voice.side.channel).collect();
        let emotions = recognizer.has_classes();
        let (samples, enrolled, bytes, enrolment) = (0, 0, 0, None);
        Ok(Self { voices, channels, pcm, format, style, activity, emotions, rate, samples, enrolled, bytes, enrolment })
    }

    /// Adapts answers to the speakers, who are known already where there are `states`; learns from every answer where they are
    /// `running`.
    ///
    /// # Errors
    ///
    /// 400 where the models cannot, or the states are not of theirs.
    pub fn adapt(
        &mut self,
        recognizer: &Recognizer,
        listening: Listening,
        states: Option<Vec<SessionState>>,
        running: bool,
    ) -> Result<(), Problem> {
        let (given, wanted) = (states.as_ref().map_or(self.voices.len(), Vec::len), self.voices.len());
        if given != wanted {
            return Err(Problem::wrong(format!(
                "speakers has {given} states, and {wanted} channels are answered for: give one for each"
            )));
        }
        let mut states = states.into_iter().flatten();
        for voice in &mut self.voices {
            let session = match states.next() {
                Some(state) => recognizer.resume(state),
                None => recognizer.session(),
            };
            let session = session.map_err(|e| Problem::of(&e))?;
            voice.listener = session.listen(self.rate, listening, running).map_err(|e| plain(&e))?;
            voice.session = Some(session);
        }
        Ok(())
    }

    /// How much later than its last sample an answer comes at the least, in seconds.
    pub fn latency(&self) -> f64 {
        self.voices.first().map_or(0.0, |voice| voice.listener.latency())
    }

    /// What should be known before the answers are trusted.
    pub fn notes(&self) -> Vec<String> {
        self.voices.first().map_or_else(Vec::new, |voice| voice.listener.notes().to_vec())
    }

    /// What was listened to, in seconds.
    pub fn seconds(&self) -> f64 {
        self.samples as f64 / f64::from(self.rate)
    }

    /// The same with what was learnt from.
    pub fn all_seconds(&self) -> f64 {
        (self.samples + self.enrolled) as f64 / f64::from(self.rate)
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// From now on samples are learnt from.
    ///
    /// # Errors
    ///
    /// 400 where the first message did not say so, or they are already.
    pub fn begin_to_enrol(&mut self) -> Result<(), Problem> {
        if self.voices.iter().any(|voice| voice.session.is_none()) {
            return Err(Problem::wrong(
                "enrol: the first message says that answers are adapted, with \"enrol\": false",
            ));
        }
        if self.enrolment.is_some() {
            return Err(Problem::wrong("enrol: true, and the samples are enrolled already"));
        }
        self.enrolment = Some(Enrolment::new(self.voices.len(), self.rate));
        self.start_frame()
    }

    /// Learns from the samples since [`Stream::begin_to_enrol`]; what is to be said of it.
    ///
    /// # Errors
    ///
    /// 400 where there was none.
    pub fn enrol(&mut self) -> Result<Vec<String>, Problem> {
        let Some(enrolment) = self.enrolment.take() else {
            return Err(Problem::wrong("enrol: false, and no samples are enrolled: begin with {\"enrol\": true}"));
        };
        self.start_frame()?;
        let each = self.voices.iter().filter_map(|voice| Some((voice.side.name.as_deref(), voice.session.as_ref()?)));
        Ok(enrolment.learn(each))
    }

    /// A frame that is not whole ends where samples become others'.
    fn start_frame(&mut self) -> Result<(), Problem> {
        self.pcm = Pcm::new(self.format, self.pcm.channels()).map_err(|e| plain(&e))?;
        Ok(())
    }

    /// Takes in samples; what is to be said of them. What is enrolled is held in `room`, KiB.
    ///
    /// # Errors
    ///
    /// 413 where they are too many, 422 where they are no numbers, 429 where there is no room.
    pub fn hear(&mut self, bytes: &[u8], room: &Arc<Semaphore>) -> Result<Vec<String>, Problem> {
        self.bytes += bytes.len() as u64;
        let heard = self.pcm.push_apart(bytes, &self.channels);
        let longest = heard.first().map_or(0, Vec::len);
        if longest as u64 > LONGEST_MESSAGE * u64::from(self.rate) {
            return Err(Problem::too_large(format!(
                "a message holds {:.1} s of audio: send at most {LONGEST_MESSAGE} s at once",
                longest as f64 / f64::from(self.rate)
            )));
        }
        if let Some(enrolment) = &mut self.enrolment {
            enrolment.push(heard, room)?;
            self.enrolled += longest as u64;
            return Ok(Vec::new());
        }
        self.samples += longest as u64;
        let mut rows = Vec::new();
        // Windows are held until they are answered: those of a second at a time.
        for from in (0..longest).step_by(self.rate as usize) {
            let to = longest.min(from + self.rate as usize);
            for (at, samples) in heard.iter().enumerate() {
                let windows = self.voices[at].listener.push(&samples[from..to]).map_err(|error| Problem::of(&error))?;
                self.rows(at, &windows, &mut rows);
            }
        }
        Ok(rows)
    }

    /// What is left at the end.
    ///
    /// # Errors
    ///
    /// As [`Stream::hear`].
    pub fn end(&mut self) -> Result<Vec<String>, Problem> {
        let mut rows = match self.enrolment {
            Some(_) => self.enrol()?,
            None => Vec::new(),
        };
        for at in 0..self.voices.len() {
            let windows = self.voices[at].listener.finish().map_err(|error| Problem::of(&error))?;
            self.rows(at, &windows, &mut rows);
        }
        Ok(rows)
    }

    fn rows(&mut self, at: usize, windows: &[Window], rows: &mut Vec<String>) {
        let voice = &mut self.voices[at];
        let channel = voice.side.name.as_deref();
        for window in windows {
            voice.tally.add(&self.style, window);
            rows.push(self.style.window(Source { path: STDIN, channel }, window, self.emotions).to_string());
        }
        let speaks = voice.listener.is_speaking().unwrap_or_default();
        if self.activity && speaks != voice.speaks {
            voice.speaks = speaks;
            let mut told = json!({ "speech": speaks });
            channel.into_iter().for_each(|channel| told["channel"] = channel.into());
            rows.push(told.to_string());
        }
    }

    /// The last that is said: the length, how the time of each channel is shared among the emotions, and what was heard of
    /// the speakers, where answers are adapted.
    pub fn farewell(&self) -> serde_json::Value {
        let summary = |voice: &Voice| {
            let mut tally = voice.tally.clone();
            tally.until(self.seconds());
            let mut object = tally.object();
            voice.side.name.iter().for_each(|name| drop(object.insert("channel".into(), name.as_ref().into())));
            serde_json::Value::from(object)
        };
        let summaries: Vec<_> = self.voices.iter().map(summary).collect();
        let mut end = json!({ "seconds": self.seconds(), "summaries": summaries });
        let states: Option<Vec<SessionState>> =
            self.voices.iter().map(|voice| voice.session.as_ref().map(Session::state)).collect();
        if let Some(states) = states {
            end["speakers"] = json!(states);
        }
        json!({ "end": end })
    }
}
