//! Listening to a signal of any length, window by window: a long file's timeline, a stream, a microphone.

use std::{ops::Range, path::Path};

use rayon::prelude::*;

use super::{Answer, Gate, Recognizer};
use crate::{
    audio::{Audio, Decoder, Resampler},
    error::{Error, Result},
    events::Observer,
    setting::out_of_range,
};

/// How a signal is cut into windows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Listening {
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
        Self { window: 3.0, hop: 1.0, growing: false, gate: Gate::default() }
    }

    /// Live: an answer every half second on the last 3 s. Once the first window is full, they are the windows of a timeline
    /// with that hop.
    #[must_use]
    pub fn live() -> Self {
        Self { window: 3.0, hop: 0.5, growing: true, gate: Gate::default() }
    }

    fn validate(&self) -> Result<()> {
        if !(0.2..=600.0).contains(&self.window) {
            return Err(out_of_range("--window", self.window, "seconds, from 0.2 to 600"));
        }
        if !(0.05..=self.window).contains(&self.hop) {
            return Err(out_of_range("--hop", self.hop, "seconds, from 0.05 to the window's length"));
        }
        if !(-200.0..=0.0).contains(&self.gate.level_db) {
            return Err(out_of_range("--gate", self.gate.level_db, "dB of full scale, from -200 to 0"));
        }
        Ok(())
    }
}

/// A window and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    /// Where it begins, in seconds from the signal's start.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// The answer; none where the gate stayed shut.
    pub answer: Option<Answer>,
}

/// Takes in a signal piece by piece and answers window by window. What it holds is a window and a block, however long
/// the signal is. Answers do not depend on how the signal was cut into pieces.
pub struct Listener {
    recognizer: Recognizer,
    listening: Listening,
    resampler: Resampler,
    cutter: Cutter,
    rate: u32,
    notes: Vec<String>,
    /// Samples taken in.
    samples_in: u64,
}

impl Listener {
    pub(super) fn new(recognizer: Recognizer, from: u32, rate: u32, listening: Listening) -> Result<Self> {
        listening.validate()?;
        let samples = |seconds: f64| ((seconds * f64::from(rate)).round() as u64).max(1);
        let cutter = Cutter::new(samples(listening.window), samples(listening.hop), listening.growing);
        let resampler = Resampler::new(from, rate).map_err(|problem| Error::Config(format!("the signal {problem}")))?;
        let notes = recognizer.notes_at(from);
        Ok(Self { recognizer, listening, resampler, cutter, rate, notes, samples_in: 0 })
    }

    /// What should be known before the answers are trusted, as [`Answer::notes`].
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// How much later than its last sample comes in a window is complete at the most, in seconds: what the conversion of
    /// the rate holds back. The time to compute the answer comes on top.
    #[must_use]
    pub fn latency(&self) -> f64 {
        self.resampler.latency()
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
        let cuts = self.cutter.push(&converted);
        self.answers(cuts)
    }

    /// The end of the signal: the windows that are still to come.
    ///
    /// # Errors
    ///
    /// As [`Listener::push`].
    pub fn finish(&mut self) -> Result<Vec<Window>> {
        let converted = self.resampler.finish().map_err(Error::Data)?;
        let mut cuts = self.cutter.push(&converted);
        cuts.extend(self.cutter.finish());
        self.answers(cuts)
    }

    fn answers(&self, cuts: Vec<Cut>) -> Result<Vec<Window>> {
        cuts.into_par_iter().map(|cut| self.answer(cut)).collect()
    }

    fn answer(&self, Cut { range, samples }: Cut) -> Result<Window> {
        let seconds = |samples: u64| samples as f64 / f64::from(self.rate);
        let (start, end) = (seconds(range.start), seconds(range.end));
        let answer = match self.listening.gate.opens(&samples, self.rate) {
            true => Some(self.recognizer.audio(Audio { samples, sample_rate: self.rate }, Path::new("the signal"))?),
            false => None,
        };
        Ok(Window { start, end, answer })
    }
}

/// The windows of a whole file, handed one by one to `each`. Memory does not grow with the file. Returns what should be
/// known before the answers are trusted.
///
/// # Errors
///
/// As [`Decoder::next`], [`Recognizer::listen`], [`Listener::push`] and `each`; [`Error::File`] where the file is shorter
/// than a frame; [`Error::Interrupted`] where a stop was asked for.
pub fn timeline(
    recognizer: &Recognizer,
    mut decoder: Decoder,
    path: &Path,
    listening: Listening,
    observer: &dyn Observer,
    mut each: impl FnMut(Window) -> Result<()>,
) -> Result<Vec<String>> {
    let mut listener = None;
    let named = |e: Error| match e {
        Error::Data(problem) => Error::file(path, problem),
        other => other,
    };
    while let Some(block) = decoder.next()? {
        if observer.stop_requested() {
            return Err(Error::Interrupted(format!("stopped in {}", path.display())));
        }
        let listener = match &mut listener {
            Some(listener) => listener,
            none => none.insert(recognizer.listen(decoder.sample_rate().unwrap_or_default(), listening)?),
        };
        // A second at a time, whatever the decoder's blocks: a step of work that is neither tiny nor long.
        for piece in block.chunks(1 << 15) {
            listener.push(piece).map_err(named)?.into_iter().try_for_each(&mut each)?;
        }
    }
    let mut listener = listener.ok_or_else(|| Error::file(path, "holds no audio samples"))?;
    listener.finish().map_err(named)?.into_iter().try_for_each(each)?;
    Ok(listener.notes)
}

/// The samples of a window, with their places in the signal.
struct Cut {
    range: Range<u64>,
    samples: Vec<f32>,
}

/// Cuts a signal into windows that overlap.
struct Cutter {
    window: u64,
    hop: u64,
    /// The end of the next window.
    next: u64,
    /// The end of the last window that was cut; 0 before.
    done: u64,
    /// The signal from `first` on.
    held: Vec<f32>,
    first: u64,
}

impl Cutter {
    fn new(window: u64, hop: u64, growing: bool) -> Self {
        let next = if growing { hop } else { window };
        Self { window, hop, next, done: 0, held: Vec::new(), first: 0 }
    }

    fn end(&self) -> u64 {
        self.first + self.held.len() as u64
    }

    fn push(&mut self, samples: &[f32]) -> Vec<Cut> {
        self.held.extend_from_slice(samples);
        let mut cuts = Vec::new();
        while self.next <= self.end() {
            cuts.push(self.cut(self.next.saturating_sub(self.window)..self.next));
            self.done = self.next;
            self.next += self.hop;
        }
        // What no window to come needs.
        let needed = self.next.saturating_sub(self.window).min(self.end());
        self.held.drain(..(needed - self.first) as usize);
        self.first = needed;
        cuts
    }

    /// The window that the signal's end is in, where no window has it yet: as much as there is of the next one.
    fn finish(&mut self) -> Option<Cut> {
        let (start, end) = (self.next.saturating_sub(self.window), self.end());
        (start < end && self.done < end).then(|| self.cut(start..end))
    }

    fn cut(&self, range: Range<u64>) -> Cut {
        let place = |at: u64| (at - self.first) as usize;
        Cut { samples: self.held[place(range.start)..place(range.end)].to_vec(), range }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::made_up;

    fn ranges(growing: bool, n: usize, piece: usize) -> Vec<Range<u64>> {
        let mut cutter = Cutter::new(6, 2, growing);
        let signal: Vec<f32> = (0..n).map(|i| i as f32).collect();
        let mut cuts: Vec<Cut> = signal.chunks(piece).flat_map(|piece| cutter.push(piece)).collect();
        assert!(cutter.held.len() < 6 + piece);
        cuts.extend(cutter.finish());
        for cut in &cuts {
            assert_eq!(cut.samples, signal[cut.range.start as usize..cut.range.end as usize]);
        }
        cuts.into_iter().map(|cut| cut.range).collect()
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
        let run = |listening, piece| {
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
        let mut listener = recognizer.listen(48_000, Listening::live()).unwrap();
        let mut windows = listener.push(clip).unwrap();
        windows.extend(listener.finish().unwrap());
        let last = windows.last().unwrap().answer.as_ref().unwrap();
        assert_eq!(last.probabilities(), recognizer.samples(clip, 48_000).unwrap().probabilities());
    }

    #[test]
    fn silence_is_no_emotion_and_settings_out_of_range_are_named() {
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        let mut listener = recognizer.listen(22_050, Listening::live()).unwrap();
        let windows = listener.push(&[0.0; 22_050]).unwrap();
        assert!(listener.notes().is_empty() && recognizer.listen(8_000, Listening::live()).unwrap().notes().len() == 1);
        assert!(recognizer.listen(7, Listening::live()).err().unwrap().to_string().contains("--rate = 7"));
        assert!(windows.len() == 2 && windows.iter().all(|window| window.answer.is_none()));
        assert!(listener.push(&[0.0, f32::NAN]).unwrap_err().to_string().contains("sample 22051 is NaN"));
        for (listening, key) in [
            (Listening { window: 0.0, ..Listening::live() }, "--window = 0"),
            (Listening { hop: 4.0, ..Listening::live() }, "--hop = 4"),
            (Listening { hop: f64::NAN, ..Listening::live() }, "--hop = NaN"),
            (Listening { gate: Gate { level_db: 3.0 }, ..Listening::live() }, "--gate = 3"),
        ] {
            assert!(recognizer.listen(22_050, listening).err().unwrap().to_string().contains(key), "{key}");
        }
    }
}
