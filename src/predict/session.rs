//! What is known of one speaker: speech that was heard of them, and what it makes of the answers.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

use super::{
    Answer, Listener, Recognizer,
    answer::Adapted,
    gate::is_louder,
    listen::{Listening, timelines_by},
    recognizer::Evidence,
};
use crate::{
    adapt::{Adaptation, Estimate, Heard},
    audio::{Audio, Decoder},
    error::{Error, Result},
    events::Observer,
};

/// The length that enrolled speech is cut to, in seconds: about an utterance, as networks are trained on.
const PIECE: f64 = 3.0;
/// A piece that is nowhere louder holds no speech to learn from, in dB of full scale.
const QUIET_DB: f32 = -60.0;
/// How many clips or windows are remembered: beyond that the earliest are forgotten, so that a stream of any length costs
/// the same memory and work.
pub(super) const REMEMBERED: usize = 512;
/// The most seconds that a state may say were heard: a year.
const MOST_SECONDS: f64 = 366.0 * 86_400.0;
/// How far from 0 a log-probability of a state may be.
const MOST_LOG: f32 = 1e6;

/// A recogniser that has heard one speaker, and adapts to them without labels. Clones share what was heard; threads may.
///
/// ```no_run
/// use ser::predict::Recognizer;
///
/// # fn main() -> ser::error::Result<()> {
/// let session = Recognizer::load("model.safetensors".as_ref())?.session()?;
/// session.enrol_file("a-minute-of-the-person.wav".as_ref())?;
/// let answer = session.file("clip.wav".as_ref())?;
/// println!("{} {:?}", answer.emotion(), answer.adapted());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Session {
    recognizer: Recognizer,
    known: Arc<Mutex<Known>>,
}

struct Known {
    state: SessionState,
    estimates: Arc<Vec<Estimate>>,
}

/// What is known of a speaker, as it changes answers.
#[derive(Clone)]
pub(super) struct Adaptive {
    estimates: Arc<Vec<Estimate>>,
    adapted: Adapted,
}

/// What a session has heard: it can be kept, and gone on from ([`Recognizer::resume`]).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionState {
    /// The recogniser's emotions.
    classes: Vec<String>,
    /// Which adaptations it was heard for, by bundle; nothing in states of earlier versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    of: Vec<String>,
    /// What was heard, by bundle.
    heard: Vec<VecDeque<Heard>>,
    /// Seconds that were heard and are forgotten.
    forgotten: f64,
}

impl Recognizer {
    /// A session for one speaker of whom nothing was heard yet.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where a bundle does not carry what an adaptation needs.
    pub fn session(&self) -> Result<Session> {
        let count = self.adaptations()?.len();
        let classes = self.classes().to_vec();
        let state = SessionState { classes, of: Vec::new(), heard: vec![VecDeque::new(); count], forgotten: 0.0 };
        self.resume(state)
    }

    /// What was heard of a clip becomes an answer, adapted to a speaker.
    pub(super) fn adapted(&self, evidence: &Evidence, speaker: &Adaptive) -> Answer {
        self.answer(evidence, Some((&speaker.estimates, speaker.adapted)))
    }

    /// A session that goes on from what another has heard.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::session`]; [`Error::Config`] where the state is of a recogniser with other emotions or bundles, or holds
    /// what no session keeps.
    pub fn resume(&self, mut state: SessionState) -> Result<Session> {
        state.validate()?;
        let of: Vec<String> = self.adaptations()?.into_iter().map(Adaptation::identity).collect();
        let count = of.len();
        let classes = self.classes().len();
        let fits = |heard: &VecDeque<Heard>| {
            heard.iter().all(|heard| heard.logs.len() == classes && [0, classes].contains(&heard.scores.len()))
        };
        if state.classes != self.classes() || state.heard.len() != count || !state.heard.iter().all(fits) {
            return Err(Error::Config(format!(
                "this state of a session is of {} bundles that know {}, and the recogniser is {count} that know {}: begin \
                 a session of its own",
                state.heard.len(),
                state.classes.join(", "),
                self.classes().join(", ")
            )));
        }
        if state.of.is_empty() {
            // Whose second heads an earlier version has asked is not known: the first ones are as they were.
            state.heard.iter_mut().flatten().for_each(|heard| heard.scores.clear());
            state.of = of;
        } else if state.of != of {
            return Err(Error::Config(
                "this state of a session is of other bundles, or of these as they were trained before: what they heard says \
                 nothing to this recogniser; begin a session of its own"
                    .into(),
            ));
        }
        let mut known = Known { state, estimates: Arc::default() };
        known.estimate(self)?;
        Ok(Session { recognizer: self.clone(), known: Arc::new(Mutex::new(known)) })
    }
}

impl SessionState {
    /// A state may have come from anywhere.
    fn validate(&self) -> Result<()> {
        let problem =
            |problem: String| Err(Error::Config(format!("this state of a session {problem}: begin a new one")));
        if !(0.0..=MOST_SECONDS).contains(&self.forgotten) {
            return problem(format!("has forgotten = {} s", self.forgotten));
        }
        for heard in &self.heard {
            if heard.len() > REMEMBERED || heard.len() != self.heard[0].len() {
                return problem(format!(
                    "holds {} clips, of {REMEMBERED} at the most, as many of each bundle",
                    heard.len()
                ));
            }
            for Heard { logs, scores, seconds } in heard {
                if !(0.0..=MOST_SECONDS).contains(seconds) {
                    return problem(format!("holds a clip of {seconds} s"));
                }
                // Beyond these no network's answer lies, and squares of them are finite.
                if let Some(log) = logs.iter().chain(scores).find(|log| !(-MOST_LOG..=MOST_LOG).contains(*log)) {
                    return problem(format!("holds a log-probability or score of {log}"));
                }
            }
        }
        Ok(())
    }
}

impl Known {
    fn add(&mut self, evidence: &Evidence, seconds: f64) {
        for (heard, clip) in self.state.heard.iter_mut().zip(evidence.heard(seconds)) {
            heard.push_back(clip);
        }
        while self.state.heard.first().is_some_and(|heard| heard.len() > REMEMBERED) {
            let gone = self.state.heard.iter_mut().filter_map(VecDeque::pop_front).last();
            self.state.forgotten += gone.map_or(0.0, |heard| heard.seconds);
        }
    }

    fn estimate(&mut self, recognizer: &Recognizer) -> Result<()> {
        let each = recognizer.adaptations()?.into_iter().zip(&self.state.heard);
        self.estimates = Arc::new(Adaptation::together(each));
        Ok(())
    }

    fn adaptive(&self) -> Adaptive {
        Adaptive { estimates: self.estimates.clone(), adapted: self.adapted() }
    }

    fn adapted(&self) -> Adapted {
        Adapted { seconds: self.state.forgotten + seconds(&self.estimates), ..Adapted::of(&self.estimates) }
    }
}

fn seconds(estimates: &[Estimate]) -> f64 {
    estimates.first().map_or(0.0, |estimate| estimate.seconds)
}

impl Session {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Learns the speaker from a file of any length, in pieces of about three seconds; pieces without sound are passed over.
    /// How many seconds were heard.
    ///
    /// # Errors
    ///
    /// As [`Decoder::open`], [`Decoder::next`] and [`Recognizer::audio`].
    pub fn enrol_file(&self, path: &Path) -> Result<f64> {
        let mut decoder = Decoder::open(path)?;
        let mut samples = Vec::new();
        let mut heard = 0.0;
        // Ten minutes at a time: memory does not grow with the file.
        while let Some(block) = decoder.next()? {
            samples.extend(block);
            let sample_rate = decoder.sample_rate().unwrap_or_default();
            if samples.len() as f64 > 600.0 * f64::from(sample_rate) {
                heard += self.enrol_audio(Audio { samples: std::mem::take(&mut samples), sample_rate }, path)?;
            }
        }
        match decoder.sample_rate() {
            Some(sample_rate) if !samples.is_empty() => {
                Ok(heard + self.enrol_audio(Audio { samples, sample_rate }, path)?)
            }
            Some(_) if heard > 0.0 => Ok(heard),
            _ => Err(Error::file(path, "holds no audio samples")),
        }
    }

    /// The same from mono samples (full scale ±1) at `sample_rate` Hz.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::samples`].
    pub fn enrol(&self, samples: &[f32], sample_rate: u32) -> Result<f64> {
        self.enrol_audio(Audio { samples: samples.to_vec(), sample_rate }, Path::new("samples"))
    }

    /// The same from audio that was decoded already; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::audio`].
    pub fn enrol_audio(&self, audio: Audio, path: &Path) -> Result<f64> {
        audio.check().map_err(|problem| Error::file(path, problem))?;
        let rate = audio.sample_rate;
        let count = (audio.samples.len() as f64 / (PIECE * f64::from(rate))).round().max(1.0) as usize;
        let length = audio.samples.len().div_ceil(count).max(1);
        let mut heard = Vec::new();
        for piece in audio.samples.chunks(length) {
            if is_louder(QUIET_DB, piece, rate) {
                heard.push(self.recognizer.evidence(Audio { samples: piece.to_vec(), sample_rate: rate }, path)?);
            }
        }
        if heard.is_empty() {
            return Err(Error::file(
                path,
                "holds no sound to learn a speaker from: it is all below −60 dB of full scale",
            ));
        }
        let mut known = self.known();
        heard.iter().for_each(|evidence| known.add(evidence, evidence.seconds));
        known.estimate(&self.recognizer)?;
        Ok(heard.iter().map(|evidence| evidence.seconds).sum())
    }

    /// The answer to an audio file, adapted to what was heard of the speaker before; the file itself is not added to it.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::file`].
    pub fn file(&self, path: &Path) -> Result<Answer> {
        self.decoder(Decoder::open(path)?, path)
    }

    /// The same of all that is left of a decoder; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::decoder`].
    pub fn decoder(&self, decoder: Decoder, path: &Path) -> Result<Answer> {
        Ok(self.answer(&self.recognizer.evidence(Recognizer::whole(decoder, path)?, path)?))
    }

    /// The same of mono samples (full scale ±1) at `sample_rate` Hz.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::samples`].
    pub fn samples(&self, samples: &[f32], sample_rate: u32) -> Result<Answer> {
        self.audio(Audio { samples: samples.to_vec(), sample_rate }, Path::new("samples"))
    }

    /// The same of audio that was decoded already; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::audio`].
    pub fn audio(&self, audio: Audio, path: &Path) -> Result<Answer> {
        Ok(self.answer(&self.recognizer.evidence(audio, path)?))
    }

    /// What was heard of a clip becomes an answer.
    #[must_use]
    pub fn answer(&self, evidence: &Evidence) -> Answer {
        let adaptive = self.known().adaptive();
        self.recognizer.adapted(evidence, &adaptive)
    }

    /// Adds a clip to what was heard of the speaker, `seconds` of which are new.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] as [`Recognizer::session`], which no session gives.
    pub fn hear<'a>(&self, clips: impl IntoIterator<Item = (&'a Evidence, f64)>) -> Result<()> {
        let mut known = self.known();
        clips.into_iter().for_each(|(evidence, seconds)| known.add(evidence, seconds));
        known.estimate(&self.recognizer)
    }

    /// Adds a clip to what was heard of the speaker; answers are not adapted to it before [`Session::settled`].
    pub(super) fn remember(&self, evidence: &Evidence) {
        self.known().add(evidence, evidence.seconds);
    }

    /// What is known of the speaker, once nothing more is to be remembered.
    ///
    /// # Errors
    ///
    /// As [`Session::hear`].
    pub(super) fn settled(&self) -> Result<Adaptive> {
        let mut known = self.known();
        known.estimate(&self.recognizer)?;
        Ok(known.adaptive())
    }

    /// Starts listening to a signal as [`Recognizer::listen`]: its answers are adapted. Where it is `running`, the signal is
    /// the speaker's, and each window is added to what was heard before it is answered.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::listen`].
    pub fn listen(&self, sample_rate: u32, listening: Listening, running: bool) -> Result<Listener> {
        Ok(self.recognizer.listen(sample_rate, listening)?.adapting(self.clone(), running))
    }

    /// The windows of a whole file as [`timeline`](super::timeline) hands them on, adapted as [`Session::listen`].
    ///
    /// # Errors
    ///
    /// As [`timeline`](super::timeline).
    pub fn timeline(
        &self,
        decoder: Decoder,
        path: &Path,
        listening: Listening,
        running: bool,
        observer: &dyn Observer,
        mut each: impl FnMut(super::Window) -> Result<()>,
    ) -> Result<Vec<String>> {
        let listen = |_: usize, rate: u32| self.listen(rate, listening, running);
        Ok(timelines_by(&listen, vec![decoder], path, observer, |_, window| each(window))?.notes)
    }

    /// How far the answers are adapted now.
    #[must_use]
    pub fn adapted(&self) -> Adapted {
        self.known().adapted()
    }

    /// What was heard, to be kept.
    #[must_use]
    pub fn state(&self) -> SessionState {
        self.known().state.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{adapt::Off, bundle::made_up, predict::Gate};

    fn recognizer() -> Recognizer {
        Recognizer::new(vec![made_up::bundle(1), made_up::bundle(2)]).unwrap()
    }

    fn speech(n: usize, pitch: f32) -> Vec<f32> {
        (0..n).map(|i| 0.3 * (i as f32 * pitch).sin() * (1.0 + (i as f32 * 0.001).sin())).collect()
    }

    #[test]
    fn nothing_heard_changes_nothing_and_says_so() {
        let recognizer = recognizer();
        let session = recognizer.session().unwrap();
        let clip = speech(30_000, 0.05);
        let (plain, answer) = (recognizer.samples(&clip, 22_050).unwrap(), session.samples(&clip, 22_050).unwrap());
        assert_eq!(plain.probabilities(), answer.probabilities());
        assert_eq!(plain.adapted(), None);
        let adapted = answer.adapted().unwrap();
        assert_eq!((adapted.off, adapted.seconds, adapted.degree), (Some(Off::NothingHeard), 0.0, 0.0));
    }

    #[test]
    fn what_was_heard_is_kept_shared_and_gone_on_from() {
        let recognizer = recognizer();
        let session = recognizer.session().unwrap();
        let clip = speech(30_000, 0.05);
        std::thread::scope(|scope| {
            for i in 1..5 {
                let session = session.clone();
                scope.spawn(move || session.enrol(&speech(22_050 * 4, 0.02 * i as f32), 22_050).unwrap());
            }
        });
        let adapted = session.adapted();
        assert!((adapted.seconds - 16.0).abs() < 1e-6, "{adapted:?}");
        let text = serde_json::to_string(&session.state()).unwrap();
        let state: SessionState = serde_json::from_str(&text).unwrap();
        let again = recognizer.resume(state.clone()).unwrap();
        assert_eq!(again.samples(&clip, 22_050).unwrap(), session.samples(&clip, 22_050).unwrap());
        let known: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (place, value, part) in [
            ("/forgotten", -1.0, "forgotten = -1"),
            ("/heard/1/0/logs/0", 1e38, "log-probability or score of 1"),
            ("/heard/0/0/seconds", 2e300, "a clip of 2"),
        ] {
            let mut wrong = known.clone();
            *wrong.pointer_mut(place).unwrap() = value.into();
            let error = recognizer.resume(serde_json::from_value(wrong).unwrap()).err().unwrap().to_string();
            assert!(error.contains(part), "{error}");
        }
        let mut long = known.clone();
        let clip = long["heard"][0][0].clone();
        long["heard"] = vec![vec![clip; REMEMBERED + 1]; 2].into();
        let error = recognizer.resume(serde_json::from_value(long).unwrap()).err().unwrap().to_string();
        assert!(error.contains("513 clips"), "{error}");
        let mut trained_again = made_up::bundle(2);
        trained_again.adaptation.iter_mut().for_each(|of| of.seconds *= 2.0);
        let other = Recognizer::new(vec![made_up::bundle(1), trained_again]).unwrap();
        let resumed = |state: &SessionState| other.resume(state.clone());
        assert!(resumed(&state).err().unwrap().to_string().contains("other bundles"));
        let mut earlier = state.clone();
        earlier.of.clear();
        earlier.heard[0][0].scores = vec![0.0; recognizer.classes().len()];
        let known = resumed(&earlier).unwrap().state();
        assert!(known.heard[0][0].scores.is_empty() && known.of.len() == 2);
        let other = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        assert!(other.resume(state).err().unwrap().to_string().contains("2 bundles"));
        assert!(session.enrol(&[0.0; 22_050], 22_050).unwrap_err().to_string().contains("no sound"));
        assert!((session.adapted().seconds - 16.0).abs() < 1e-6);
    }

    #[test]
    fn a_bundle_that_cannot_adapt_says_so() {
        let plain = crate::bundle::Bundle { adaptation: None, ..made_up::bundle(1) };
        let error = Recognizer::new(vec![plain]).unwrap().session().err().unwrap().to_string();
        assert!(error.contains("cannot adapt") && error.contains("validation speakers"), "{error}");
    }

    #[test]
    fn a_stream_adapts_as_it_goes_whatever_its_pieces() {
        let signal: Vec<f32> =
            (0..22_050 * 20).map(|i| 0.3 * (i as f32 * 0.01).sin() * (i as f32 * 0.0003).cos()).collect();
        let run = |piece, running| {
            let session = recognizer().session().unwrap();
            let listening = Listening { gate: Gate::Level(-60.0), ..Listening::live() };
            let mut listener = session.listen(22_050, listening, running).unwrap();
            let mut windows: Vec<_> = signal.chunks(piece).flat_map(|piece| listener.push(piece).unwrap()).collect();
            windows.extend(listener.finish().unwrap());
            windows
        };
        let windows = run(1_000, true);
        assert_eq!(windows, run(50_000, true));
        let seconds: Vec<f64> =
            windows.iter().filter_map(|window| Some(window.answer.as_ref()?.adapted()?.seconds)).collect();
        assert!(seconds.windows(2).all(|pair| pair[0] < pair[1]) && (seconds[0] - 0.5).abs() < 1e-9, "{seconds:?}");
        assert!((seconds.last().unwrap() - 20.0).abs() < 0.1, "what overlaps counts once: {seconds:?}");
        let fixed = run(1_000, false);
        assert!(fixed.iter().flat_map(|window| &window.answer).all(|answer| answer.adapted().unwrap().off.is_some()));
    }

    #[test]
    fn the_earliest_is_forgotten_and_its_seconds_stay() {
        let recognizer = recognizer();
        let session = recognizer.session().unwrap();
        let audio = Audio { samples: speech(30_000, 0.05), sample_rate: 22_050 };
        let evidence = recognizer.evidence(audio, Path::new("x")).unwrap();
        session.hear(std::iter::repeat_n((&evidence, 1.0), REMEMBERED + 10)).unwrap();
        assert!((session.adapted().seconds - (REMEMBERED + 10) as f64).abs() < 1e-9);
        assert_eq!(session.state().heard[0].len(), REMEMBERED);
    }
}
