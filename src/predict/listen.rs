//! Listening to a signal of any length, window by window or turn by turn: a long file's timeline, a stream, a microphone.

use std::{collections::VecDeque, ops::Range, path::Path};

use rayon::prelude::*;

use super::{
    Answer, Gate, Recognizer, Session,
    gate::{SHARE, is_louder},
    recognizer::Evidence,
    speech::Speech,
};
use crate::{
    audio::{Audio, Decoder, Resampler},
    error::{Error, Result},
    events::Observer,
    names::known_by_name,
    setting::out_of_range,
};

/// What is answered for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Segments {
    /// Windows of one length that overlap.
    #[default]
    Windows,
    /// Stretches of speech between pauses, of 15 s at the most.
    Speech,
}

impl Segments {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::Windows, Self::Speech];

    /// The kind's name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Windows => "windows",
            Self::Speech => "vad",
        }
    }
}

known_by_name!(Segments, "no kind of segments");

/// How a signal is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listening {
    /// Windows, or turns of speech, of which the other fields say nothing.
    pub segments: Segments,
    /// Length of a window in seconds.
    pub window: f64,
    /// From one window to the next in seconds; the rest of the window overlaps.
    pub hop: f64,
    /// Whether the first answers are of windows that are not full yet, one at every hop from the first on: what somebody
    /// who waits wants. Otherwise the first window is a full one.
    pub growing: bool,
    /// What a window must have for an answer.
    pub gate: Gate,
}

impl Listening {
    /// Of a file: 3 s, about an utterance, every second.
    #[must_use]
    pub fn timeline() -> Self {
        Self { segments: Segments::Windows, window: 3.0, hop: 1.0, growing: false, gate: Gate::Speech }
    }

    /// Live: an answer every half second on the last 3 s. Once the first window is full, they are the windows of a timeline
    /// with that hop.
    #[must_use]
    pub fn live() -> Self {
        Self { hop: 0.5, growing: true, ..Self::timeline() }
    }

    /// A row a turn: what is said between two pauses.
    #[must_use]
    pub fn turns() -> Self {
        Self { segments: Segments::Speech, ..Self::timeline() }
    }

    fn validate(&self) -> Result<()> {
        if !(0.2..=600.0).contains(&self.window) {
            return Err(out_of_range("window", self.window, "seconds, from 0.2 to 600"));
        }
        if !(0.05..=self.window).contains(&self.hop) {
            return Err(out_of_range("hop", self.hop, "seconds, from 0.05 to the window's length"));
        }
        match self.gate {
            Gate::Level(level_db) if !(-200.0..=0.0).contains(&level_db) => {
                Err(out_of_range("gate", level_db, "dB of full scale, from -200 to 0"))
            }
            _ => Ok(()),
        }
    }
}

/// A window, or a turn, and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Where it begins, in seconds from the signal's start.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// The answer; none where the gate stayed shut.
    pub answer: Option<Answer>,
}

/// Takes in a signal piece by piece and answers window by window. What it holds is a window and a block, or a turn, however
/// long the signal is. Answers do not depend on how the signal was cut into pieces.
pub struct Listener {
    recognizer: Recognizer,
    listening: Listening,
    resampler: Resampler,
    signal: Signal,
    cutter: Cutter,
    /// None where nobody asks for speech.
    ear: Option<Ear>,
    /// Ranges of the signal that are to be answered for once all of them is there.
    waiting: VecDeque<Range<u64>>,
    rate: u32,
    notes: Vec<String>,
    /// Samples taken in.
    samples_in: u64,
    /// Whose speech it is thought to be, and whether it is added to what was heard of them.
    session: Option<(Session, bool)>,
    /// The end of the last window with sound, in samples at `rate`: what comes after it is new.
    heard: u64,
}

struct Ear {
    speech: Speech,
    /// Whether it hears the signal as it comes, not as the recogniser wants it.
    direct: bool,
}

impl Listener {
    pub(super) fn new(recognizer: Recognizer, from: u32, rate: u32, listening: Listening) -> Result<Self> {
        listening.validate()?;
        let samples = |seconds: f64| ((seconds * f64::from(rate)).round() as u64).max(1);
        let cutter = Cutter::new(samples(listening.window), samples(listening.hop), listening.growing);
        let problem = |problem: String| Error::Config(format!("the signal {problem}"));
        let resampler = Resampler::new(from, rate).map_err(problem)?;
        let asks = listening.segments == Segments::Speech || listening.gate == Gate::Speech;
        // What is at the detector's rate already is not converted again.
        let direct = rate != super::speech::RATE;
        let speech = asks.then(|| Speech::new(if direct { from } else { rate })).transpose().map_err(problem)?;
        let ear = speech.map(|speech| Ear { speech, direct });
        let notes = recognizer.notes_at(from);
        let (signal, waiting) = (Signal::default(), VecDeque::new());
        let (session, heard) = (None, 0);
        Ok(Self {
            recognizer,
            listening,
            resampler,
            signal,
            cutter,
            ear,
            waiting,
            rate,
            notes,
            samples_in: 0,
            session,
            heard,
        })
    }

    pub(super) fn adapting(self, session: Session, running: bool) -> Self {
        Self { session: Some((session, running)), ..self }
    }

    /// What should be known before the answers are trusted, as [`Answer::notes`].
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How much later than its last sample comes in a window is complete at the most, in seconds: what the conversion of
    /// the rate holds back. The time to compute the answer comes on top, and for a turn the pause that ends it.
    #[must_use]
    pub fn latency(&self) -> f64 {
        let ear = self.ear.as_ref().filter(|ear| ear.direct);
        ear.map_or(0.0, |ear| ear.speech.latency()).max(self.resampler.latency())
    }

    /// Whether somebody speaks at this moment, as far as the signal has been heard; none where the gate is one of level.
    #[must_use]
    pub fn is_speaking(&self) -> Option<bool> {
        self.ear.as_ref().map(|ear| ear.speech.is_speaking())
    }

    /// Where the next answer will begin at the earliest, in seconds.
    pub(super) fn next_start(&self) -> f64 {
        self.waiting.front().map_or(self.needed(), |range| range.start) as f64 / f64::from(self.rate)
    }

    /// Takes in more mono samples; the windows that they complete, in order.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] naming a sample that is not finite; otherwise as [`Recognizer::samples`].
    pub fn push(&mut self, samples: &[f32]) -> Result<Vec<Window>> {
        if let Some(at) = samples.iter().position(|s| !s.is_finite()) {
            let at_all = self.samples_in + at as u64;
            return Err(Error::Data(format!("sample {at_all} is {}: not a number to compute with", samples[at])));
        }
        self.samples_in += samples.len() as u64;
        let converted = self.resampler.push(samples).map_err(Error::Data)?;
        if let Some(ear) = &mut self.ear {
            ear.speech.push(if ear.direct { samples } else { &converted }).map_err(Error::Data)?;
        }
        self.signal.push(&converted);
        self.answers(false)
    }

    /// The end of the signal: the windows that are still to come.
    ///
    /// # Errors
    ///
    /// As [`Listener::push`].
    pub fn finish(&mut self) -> Result<Vec<Window>> {
        let converted = self.resampler.finish().map_err(Error::Data)?;
        if let Some(ear) = &mut self.ear {
            if !ear.direct {
                ear.speech.push(&converted).map_err(Error::Data)?;
            }
            ear.speech.finish().map_err(Error::Data)?;
        }
        self.signal.push(&converted);
        self.answers(true)
    }

    fn answers(&mut self, ended: bool) -> Result<Vec<Window>> {
        let (end, rate) = (self.signal.end(), self.rate);
        let turns = self.ear.as_mut().map(|ear| ear.speech.turns(rate)).unwrap_or_default();
        match self.listening.segments {
            Segments::Speech => self.waiting.extend(turns),
            Segments::Windows => {
                self.waiting.extend(self.cutter.push(end));
                self.waiting.extend(ended.then(|| self.cutter.finish(end)).flatten());
            }
        }
        let known = |at| self.ear.as_ref().is_none_or(|ear| ear.speech.knows(at, rate));
        let is_ready = |range: &&Range<u64>| ended || (range.end <= end && known(range.end));
        let ready = self.waiting.iter().take_while(is_ready).count();
        let ranges: Vec<Range<u64>> = self.waiting.drain(..ready).collect();
        // A frame of speech may reach a little beyond the end.
        let ranges = ranges.into_iter().map(|range| range.start..range.end.min(end)).filter(|range| !range.is_empty());
        let cuts: Vec<(Range<u64>, Option<Vec<f32>>)> = ranges.map(|range| self.gated(range)).collect();
        let needed = self.waiting.front().map_or(u64::MAX, |range| range.start).min(self.needed());
        self.signal.forget(needed);
        if let Some(ear) = &mut self.ear {
            ear.speech.forget(needed, rate);
        }
        let heard: Vec<(Range<u64>, Option<Evidence>)> =
            cuts.into_par_iter().map(|(range, samples)| Ok((range, self.evidence(samples)?))).collect::<Result<_>>()?;
        heard.into_iter().map(|(range, evidence)| self.window(&range, evidence)).collect()
    }

    /// The first sample that what is to come may need.
    fn needed(&self) -> u64 {
        match (self.listening.segments, &self.ear) {
            (Segments::Speech, Some(ear)) => ear.speech.next_turn(self.rate),
            _ => self.cutter.needed(),
        }
    }

    /// A range with its samples, where the gate opens.
    fn gated(&self, range: Range<u64>) -> (Range<u64>, Option<Vec<f32>>) {
        let samples = self.signal.of(&range);
        let opens = match (self.listening.segments, self.listening.gate, &self.ear) {
            (Segments::Speech, ..) => true,
            (_, Gate::Level(level_db), _) => is_louder(level_db, samples, self.rate),
            (_, Gate::Speech, Some(ear)) => ear.speech.share(&range, self.rate) >= SHARE,
            (_, Gate::Speech, None) => false,
        };
        let samples = opens.then(|| samples.to_vec());
        (range, samples)
    }

    /// What is heard in the samples of a window; nothing where the gate stayed shut.
    fn evidence(&self, samples: Option<Vec<f32>>) -> Result<Option<Evidence>> {
        let audio = samples.map(|samples| Audio { samples, sample_rate: self.rate });
        // The detector hears a moment longer than somebody speaks; what follows may be nothing at all.
        let audio = audio.filter(|audio| !audio.is_silent());
        let adapting = self.session.is_some();
        audio.map(|audio| self.recognizer.heard(audio, Path::new("the signal"), adapting)).transpose()
    }

    /// A window with its answer; in a session that runs, once it is added to what was heard.
    fn window(&mut self, range: &Range<u64>, evidence: Option<Evidence>) -> Result<Window> {
        let seconds = |samples: u64| samples as f64 / f64::from(self.rate);
        let (start, end) = (seconds(range.start), seconds(range.end));
        let answer = match (evidence, &self.session) {
            (None, _) => None,
            (Some(evidence), None) => Some(self.recognizer.answer(&evidence, None)),
            (Some(evidence), Some((session, running))) => {
                if *running {
                    let new = seconds(range.end.saturating_sub(self.heard.max(range.start)));
                    self.heard = range.end;
                    session.hear([(&evidence, new)])?;
                }
                Some(session.answer(&evidence))
            }
        };
        Ok(Window { start, end, answer })
    }
}

/// The windows of a whole file, or its turns, handed one by one to `each`. Memory does not grow with the file. Returns what
/// should be known before the answers are trusted.
///
/// # Errors
///
/// As [`Decoder::next`], [`Recognizer::listen`], [`Listener::push`] and `each`; [`Error::File`] where the file is shorter
/// than a frame; [`Error::Interrupted`] where a stop was asked for.
pub fn timeline(
    recognizer: &Recognizer,
    decoder: Decoder,
    path: &Path,
    listening: Listening,
    observer: &dyn Observer,
    mut each: impl FnMut(Window) -> Result<()>,
) -> Result<Vec<String>> {
    let ended = timelines(recognizer, vec![decoder], path, listening, observer, |_, window| each(window))?;
    Ok(ended.notes)
}

/// A recording that was heard to its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// How long it is, in seconds.
    pub seconds: f64,
    /// What should be known before the answers are trusted.
    pub notes: Vec<String>,
}

/// The same of several channels of one file, a decoder for each: the windows of all in the order of their starts, with the
/// number of their channel.
///
/// # Errors
///
/// As [`timeline`].
pub fn timelines(
    recognizer: &Recognizer,
    decoders: Vec<Decoder>,
    path: &Path,
    listening: Listening,
    observer: &dyn Observer,
    each: impl FnMut(usize, Window) -> Result<()>,
) -> Result<Ended> {
    timelines_by(&|_, rate| recognizer.listen(rate, listening), decoders, path, observer, each)
}

/// The same with listeners of one's own, by the number of the channel and the file's rate.
///
/// # Errors
///
/// As [`timeline`].
pub fn timelines_by(
    listen: &dyn Fn(usize, u32) -> Result<Listener>,
    decoders: Vec<Decoder>,
    path: &Path,
    observer: &dyn Observer,
    mut each: impl FnMut(usize, Window) -> Result<()>,
) -> Result<Ended> {
    let mut voices: Vec<Voice> = decoders.into_iter().enumerate().map(Voice::new).collect();
    // Whichever is behind goes on, so that no channel's windows pile up.
    while let Some(behind) = voices.iter_mut().filter(|voice| !voice.ended).min_by_key(|voice| voice.decoded) {
        if observer.stop_requested() {
            return Err(Error::Interrupted(format!("stopped in {}", path.display())));
        }
        behind.go_on(listen, path)?;
        loop {
            let first = |voice: &Voice| voice.windows.front().map_or(f64::INFINITY, |window| window.start);
            let Some(next) = (0..voices.len()).min_by(|&a, &b| first(&voices[a]).total_cmp(&first(&voices[b]))) else {
                break;
            };
            let settled = voices.iter().map(Voice::next_start).fold(f64::INFINITY, f64::min);
            if first(&voices[next]) > settled {
                break;
            }
            let Some(window) = voices[next].windows.pop_front() else { break };
            each(next, window)?;
        }
    }
    let longest = voices.into_iter().max_by_key(|voice| voice.decoded);
    let heard = longest.and_then(|Voice { listener, decoder, decoded, .. }| {
        let seconds = decoded as f64 / f64::from(decoder.sample_rate()?);
        Some(Ended { seconds, notes: listener?.notes })
    });
    heard.ok_or_else(|| Error::file(path, "holds no audio samples"))
}

/// A channel of a file being listened to.
struct Voice {
    channel: usize,
    decoder: Decoder,
    listener: Option<Listener>,
    /// Samples.
    decoded: u64,
    windows: VecDeque<Window>,
    ended: bool,
}

impl Voice {
    fn new((channel, decoder): (usize, Decoder)) -> Self {
        Self { channel, decoder, listener: None, decoded: 0, windows: VecDeque::new(), ended: false }
    }

    /// A block, or the end.
    fn go_on(&mut self, listen: &dyn Fn(usize, u32) -> Result<Listener>, path: &Path) -> Result<()> {
        let named = |e: Error| match e {
            Error::Data(problem) => Error::file(path, problem),
            other => other,
        };
        let Some(block) = self.decoder.next()? else {
            self.ended = true;
            let listener = self.listener.as_mut().ok_or_else(|| Error::file(path, "holds no audio samples"))?;
            self.windows.extend(listener.finish().map_err(named)?);
            return Ok(());
        };
        self.decoded += block.len() as u64;
        let listener = match &mut self.listener {
            Some(listener) => listener,
            none => none.insert(listen(self.channel, self.decoder.sample_rate().unwrap_or_default())?),
        };
        // A second at a time, whatever the decoder's blocks: a step of work that is neither tiny nor long.
        for piece in block.chunks(1 << 15) {
            self.windows.extend(listener.push(piece).map_err(named)?);
        }
        Ok(())
    }

    /// Where a window to come may begin at the earliest; infinity at the end.
    fn next_start(&self) -> f64 {
        match &self.listener {
            _ if self.ended => f64::INFINITY,
            Some(listener) => listener.next_start(),
            None => 0.0,
        }
    }
}

/// The signal from `first` on.
#[derive(Default)]
struct Signal {
    held: Vec<f32>,
    first: u64,
}

impl Signal {
    fn end(&self) -> u64 {
        self.first + self.held.len() as u64
    }

    fn push(&mut self, samples: &[f32]) {
        self.held.extend_from_slice(samples);
    }

    fn of(&self, range: &Range<u64>) -> &[f32] {
        let place = |at: u64| (at.clamp(self.first, self.end()) - self.first) as usize;
        &self.held[place(range.start)..place(range.end)]
    }

    /// Lets go of what lies before a sample.
    fn forget(&mut self, before: u64) {
        let gone = before.clamp(self.first, self.end()) - self.first;
        self.held.drain(..gone as usize);
        self.first += gone;
    }
}

/// Cuts a signal into windows that overlap.
struct Cutter {
    window: u64,
    hop: u64,
    /// The end of the next window.
    next: u64,
    /// The end of the last window that was cut; 0 before.
    done: u64,
}

impl Cutter {
    fn new(window: u64, hop: u64, growing: bool) -> Self {
        Self { window, hop, next: if growing { hop } else { window }, done: 0 }
    }

    /// The windows that are complete once the signal reaches `end`.
    fn push(&mut self, end: u64) -> Vec<Range<u64>> {
        let mut windows = Vec::new();
        while self.next <= end {
            windows.push(self.needed()..self.next);
            self.done = self.next;
            self.next += self.hop;
        }
        windows
    }

    /// The window that the signal's end is in, where no window has it yet: as much as there is of the next one.
    fn finish(&self, end: u64) -> Option<Range<u64>> {
        let start = self.needed();
        (start < end && self.done < end).then_some(start..end)
    }

    /// Where the next window begins.
    fn needed(&self) -> u64 {
        self.next.saturating_sub(self.window)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::made_up;

    fn ranges(growing: bool, n: usize, piece: usize) -> Vec<Range<u64>> {
        let mut cutter = Cutter::new(6, 2, growing);
        let mut signal = Signal::default();
        let whole: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let mut windows = Vec::new();
        let mut check = |signal: &Signal, found: Vec<Range<u64>>| {
            for range in found {
                assert_eq!(signal.of(&range), &whole[range.start as usize..range.end as usize]);
                windows.push(range);
            }
        };
        for piece in whole.chunks(piece) {
            signal.push(piece);
            check(&signal, cutter.push(signal.end()));
            signal.forget(cutter.needed());
            assert!(signal.held.len() < 6 + piece.len());
        }
        check(&signal, cutter.finish(signal.end()).into_iter().collect());
        windows
    }

    #[test]
    fn windows_cover_the_signal_whatever_its_pieces() {
        for piece in [1, 3, 100] {
            assert_eq!(ranges(false, 11, piece), [0..6, 2..8, 4..10, 6..11]);
            assert_eq!(ranges(false, 10, piece), [0..6, 2..8, 4..10]);
            assert_eq!(ranges(false, 4, piece), vec![0..4; 1], "shorter than a window: all there is");
            assert_eq!(ranges(true, 9, piece), [0..2, 0..4, 0..6, 2..8, 4..9]);
            assert_eq!(ranges(true, 4, piece), [0..2, 0..4]);
        }
        assert_eq!(ranges(false, 0, 1), []);
    }

    #[test]
    fn a_stream_and_a_timeline_and_a_clip_of_the_same_samples_agree() {
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        let signal: Vec<f32> =
            (0..48_000 * 5).map(|i| 0.3 * (i as f32 * 0.01).sin() * (i as f32 * 0.0003).cos()).collect();
        let run = |listening: Listening, piece| {
            let listening = Listening { gate: Gate::Level(-60.0), ..listening };
            let mut listener = recognizer.listen(48_000, listening).unwrap();
            let mut windows: Vec<Window> =
                signal.chunks(piece).flat_map(|piece| listener.push(piece).unwrap()).collect();
            windows.extend(listener.finish().unwrap());
            windows
        };
        let live = run(Listening::live(), 480);
        assert_eq!(live, run(Listening::live(), 100_000));
        let timeline = run(Listening { hop: 0.5, ..Listening::timeline() }, 7_777);
        assert_eq!(timeline.len(), 5);
        assert!(timeline[0].answer.is_some());
        assert!(timeline.iter().all(|window| live.contains(window)));
        // A clip that fits a window: the last answer is the file's.
        let clip = &signal[..48_000 * 2 + 7];
        let live = Listening { gate: Gate::Level(-60.0), ..Listening::live() };
        let mut listener = recognizer.listen(48_000, live).unwrap();
        let mut windows = listener.push(clip).unwrap();
        windows.extend(listener.finish().unwrap());
        let last = windows.last().unwrap().answer.as_ref().unwrap();
        assert_eq!(last.probabilities(), recognizer.samples(clip, 48_000).unwrap().probabilities());
    }

    #[test]
    fn silence_is_no_emotion_and_settings_out_of_range_are_named() {
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        let mut listener = recognizer.listen(22_050, Listening::live()).unwrap();
        let mut windows = listener.push(&[0.0; 22_050]).unwrap();
        windows.extend(listener.finish().unwrap());
        assert!(listener.notes().is_empty() && recognizer.listen(8_000, Listening::live()).unwrap().notes().len() == 1);
        assert!(recognizer.listen(7, Listening::live()).err().unwrap().to_string().contains("rate = 7"));
        assert!(windows.len() == 2 && windows.iter().all(|window| window.answer.is_none()));
        assert!(listener.push(&[0.0, f32::NAN]).unwrap_err().to_string().contains("sample 22051 is NaN"));
        for (listening, key) in [
            (Listening { window: 0.0, ..Listening::live() }, "window = 0"),
            (Listening { hop: 4.0, ..Listening::live() }, "hop = 4"),
            (Listening { hop: f64::NAN, ..Listening::live() }, "hop = NaN"),
            (Listening { gate: Gate::Level(3.0), ..Listening::live() }, "gate = 3"),
        ] {
            assert!(recognizer.listen(22_050, listening).err().unwrap().to_string().contains(key), "{key}");
        }
    }

    /// Something that the detector takes for a voice, where `speaks`.
    fn talk(rate: u32, seconds: u32, speaks: impl Fn(f64) -> bool) -> Vec<f32> {
        let at = |i: u32| {
            let t = f64::from(i) / f64::from(rate);
            let pitch = std::f64::consts::TAU * (140.0 * t + 3.0 * (6.0 * t).sin());
            let loud = if speaks(t) { 0.1 + 0.1 * (9.0 * t).sin() } else { 0.0 };
            (loud * (pitch.sin() + 0.5 * (2.0 * pitch).sin() + 0.3 * (5.0 * pitch).sin())) as f32
        };
        (0..seconds * rate).map(at).collect()
    }

    #[test]
    fn speech_is_answered_for_by_windows_and_by_turns_whatever_the_pieces() {
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        let speaks = |t: f64| (2.0..4.0).contains(&t) || (6.0..7.5).contains(&t);
        let run = |rate, listening, piece| {
            let mut listener = recognizer.listen(rate, listening).unwrap();
            let mut windows: Vec<Window> =
                talk(rate, 10, speaks).chunks(piece).flat_map(|piece| listener.push(piece).unwrap()).collect();
            windows.extend(listener.finish().unwrap());
            windows
        };
        for rate in [22_050, 16_000, 44_100] {
            let windows = run(rate, Listening { window: 1.0, hop: 1.0, ..Listening::timeline() }, 1_000_000);
            let heard: Vec<bool> = windows.iter().map(|window| window.answer.is_some()).collect();
            assert_eq!(heard.len(), 10, "{rate}");
            assert!(!heard[0] && heard[2] && heard[3] && heard[6] && !heard[9], "{rate}: {heard:?}");
            assert_eq!(run(rate, Listening { window: 1.0, hop: 1.0, ..Listening::timeline() }, 333), windows);
            let turns = run(rate, Listening::turns(), 1_000_000);
            assert_eq!(turns.len(), 2, "{rate}: {turns:?}");
            assert!((turns[0].start - 2.0).abs() < 0.3 && (turns[1].end - 7.5).abs() < 0.3, "{rate}: {turns:?}");
            assert!(turns.iter().all(|turn| turn.answer.is_some()));
            assert_eq!(run(rate, Listening::turns(), 333), turns);
        }
    }

    #[test]
    fn channels_apart_are_heard_together_in_the_order_of_time() {
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        let sides = [talk(16_000, 9, |t| !(2.0..=6.5).contains(&t)), talk(16_000, 9, |t| (3.0..5.0).contains(&t))];
        let mut bytes = std::io::Cursor::new(Vec::new());
        let sample_format = hound::SampleFormat::Int;
        let spec = hound::WavSpec { channels: 2, sample_rate: 16_000, bits_per_sample: 16, sample_format };
        let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
        for i in 0..sides[0].len() {
            sides.iter().for_each(|side| writer.write_sample((side[i] * 32_768.0) as i16).unwrap());
        }
        writer.finalize().unwrap();
        let path = Path::new("call.wav");
        let bytes: std::sync::Arc<[u8]> = bytes.into_inner().into();
        let decoder = |side| Decoder::of_bytes(bytes.clone(), path).unwrap().channel(crate::audio::Channel::Only(side));
        let of = |sides: &[usize], listening| {
            let decoders = sides.iter().map(|&side| decoder(side)).collect();
            let mut rows = Vec::new();
            let each = |side, window: Window| {
                rows.push((side, window));
                Ok(())
            };
            timelines(&recognizer, decoders, path, listening, &(), each).unwrap();
            rows
        };
        let turns = of(&[0, 1], Listening::turns());
        assert_eq!(turns.iter().map(|(side, _)| *side).collect::<Vec<_>>(), [0, 1, 0], "{turns:?}");
        assert!(turns.windows(2).all(|pair| pair[0].1.start <= pair[1].1.start));
        let windows = of(&[0, 1], Listening::timeline());
        assert!(windows.windows(2).all(|pair| pair[0].1.start <= pair[1].1.start));
        for side in [0, 1] {
            let alone: Vec<Window> = of(&[side], Listening::timeline()).into_iter().map(|(_, window)| window).collect();
            let apart: Vec<Window> = windows.iter().filter(|row| row.0 == side).map(|row| row.1.clone()).collect();
            assert_eq!(apart, alone);
        }
    }
}
