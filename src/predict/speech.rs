//! Where speech is: a score for every frame of a signal, and the turns that follow from the scores.

use std::{collections::VecDeque, ops::Range};

use earshot::Detector;

use crate::audio::Resampler;

/// The rate that the detector works at, in Hz.
pub(super) const RATE: u32 = 16_000;
/// Samples of a frame: 16 ms.
const FRAME: usize = 256;

/// From this score on a frame is speech: earshot's own threshold.
const SPEECH: f32 = 0.5;
/// Frames of a pause that ends a turn: 0.5 s, longer than the pauses within a sentence.
const PAUSE: u64 = 31;
/// How many frames of a turn are speech at the least, 0.25 s: less is a click or a cough.
const SHORTEST: u64 = 16;
/// The longest turn in frames, 15 s. Who speaks on is cut where the score is lowest in its last third.
const LONGEST: u64 = 938;
/// What a turn gets at both ends, in frames, 0.1 s: soft sounds begin and end words.
const MARGIN: u64 = 6;

/// The detector hears speech of −20 dB of full scale and not of −60 dB, so quiet signals are made louder: until the greatest
/// sample of late reaches this …
const WANTED: f32 = 0.3;
/// … or by 30 dB, whichever is less.
const MOST: f32 = 31.6;
/// How much of the greatest sample is remembered from one frame to the next: a 5 s time constant.
const REMEMBERED: f32 = 0.9968;

/// Scores a signal as it comes. The scores depend on nothing but the signal: not on its pieces, nor, as earshot's pure-Rust
/// mathematics is built in, on the processor.
pub(super) struct Speech {
    detector: Box<Detector>,
    resampler: Resampler,
    /// Samples that do not fill a frame yet.
    pending: Vec<f32>,
    /// The greatest sample of late.
    peak: f32,
    /// The scores from the frame `first` on.
    scores: VecDeque<f32>,
    first: u64,
    turns: Turns,
}

impl Speech {
    /// Of a signal at `from` Hz.
    pub(super) fn new(from: u32) -> Result<Self, String> {
        Ok(Self {
            detector: Detector::default_boxed(),
            resampler: Resampler::new(from, RATE)?,
            pending: Vec::new(),
            peak: 0.0,
            scores: VecDeque::new(),
            first: 0,
            turns: Turns::default(),
        })
    }

    /// How much later than its last sample a frame is scored at the most, in seconds.
    pub(super) fn latency(&self) -> f64 {
        self.resampler.latency() + FRAME as f64 / f64::from(RATE)
    }

    /// Takes in more of the signal.
    pub(super) fn push(&mut self, samples: &[f32]) -> Result<(), String> {
        let converted = self.resampler.push(samples)?;
        self.score(&converted);
        Ok(())
    }

    /// The end of the signal: what is left of it is a frame, too, and whoever speaks has ended.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        let converted = self.resampler.finish()?;
        self.score(&converted);
        if !self.pending.is_empty() {
            let rest = FRAME - self.pending.len();
            self.score(&vec![0.0; rest]);
        }
        self.turns.finish();
        Ok(())
    }

    fn score(&mut self, samples: &[f32]) {
        self.pending.extend_from_slice(samples);
        let mut frame = [0.0; FRAME];
        let whole = self.pending.len() - self.pending.len() % FRAME;
        for samples in self.pending[..whole].chunks_exact(FRAME) {
            let peak = samples.iter().fold(0.0, |peak: f32, x| peak.max(x.abs()));
            self.peak = peak.max(REMEMBERED * self.peak);
            let gain = (WANTED / self.peak.max(f32::MIN_POSITIVE)).clamp(1.0, MOST);
            frame.iter_mut().zip(samples).for_each(|(to, x)| *to = (gain * x).clamp(-1.0, 1.0));
            let score = self.detector.predict_f32(&frame);
            self.turns.push(score);
            self.scores.push_back(score);
        }
        self.pending.drain(..whole);
    }

    /// How many frames have been scored.
    fn scored(&self) -> u64 {
        self.first + self.scores.len() as u64
    }

    /// Whether all frames that end by the sample `at` of a signal at `rate` Hz have been scored.
    pub(super) fn knows(&self, at: u64, rate: u32) -> bool {
        frames(at, rate) <= self.scored()
    }

    /// The part of the frames within a range of samples that are speech; 0 where there is none.
    pub(super) fn share(&self, range: &Range<u64>, rate: u32) -> f64 {
        let (from, to) = (range.start * u64::from(RATE), frames(range.end, rate).min(self.scored()));
        let from = from.div_ceil(FRAME as u64 * u64::from(rate)).max(self.first);
        let within = (from..to).filter_map(|frame| self.scores.get((frame - self.first) as usize));
        let (mut all, mut speech) = (0u32, 0u32);
        within.for_each(|&score| {
            all += 1;
            speech += u32::from(score >= SPEECH);
        });
        f64::from(speech) / f64::from(all.max(1))
    }

    /// Lets go of the frames that end before the sample `at`.
    pub(super) fn forget(&mut self, at: u64, rate: u32) {
        let gone = frames(at, rate).saturating_sub(self.first).min(self.scores.len() as u64);
        self.scores.drain(..gone as usize);
        self.first += gone;
    }

    /// The turns that have ended since, as samples at `rate` Hz.
    pub(super) fn turns(&mut self, rate: u32) -> Vec<Range<u64>> {
        self.turns.ended.drain(..).map(|turn| samples(turn.start, rate)..samples(turn.end, rate)).collect()
    }

    /// The first sample that a turn to come may begin with.
    pub(super) fn next_turn(&self, rate: u32) -> u64 {
        samples(self.turns.next(), rate)
    }

    /// Whether somebody speaks at this moment.
    pub(super) fn is_speaking(&self) -> bool {
        self.turns.is_open()
    }
}

/// How many frames end by the sample `at` of a signal at `rate` Hz.
fn frames(at: u64, rate: u32) -> u64 {
    at * u64::from(RATE) / (FRAME as u64 * u64::from(rate))
}

/// The first sample of a frame, of a signal at `rate` Hz.
fn samples(frame: u64, rate: u32) -> u64 {
    frame * FRAME as u64 * u64::from(rate) / u64::from(RATE)
}

/// Finds turns in scores, frame by frame.
#[derive(Default)]
struct Turns {
    /// Frames seen.
    seen: u64,
    open: Option<Turn>,
    /// The end of the last turn.
    before: u64,
    ended: Vec<Range<u64>>,
}

struct Turn {
    start: u64,
    /// The end of its last frame of speech.
    end: u64,
    /// Of its frames from the first on.
    scores: Vec<f32>,
    /// How many of them are speech.
    speech: u64,
    /// Whether it goes on from one that was too long.
    goes_on: bool,
}

impl Turns {
    fn push(&mut self, score: f32) {
        let at = self.seen;
        self.seen += 1;
        let Some(turn) = &mut self.open else {
            if score >= SPEECH {
                self.open = Some(Turn { start: at, end: at + 1, scores: vec![score], speech: 1, goes_on: false });
            }
            return;
        };
        turn.scores.push(score);
        if score >= SPEECH {
            turn.end = at + 1;
            turn.speech += 1;
        }
        if self.seen - turn.end >= PAUSE {
            self.close();
        } else if self.seen - turn.start >= LONGEST {
            self.cut();
        }
    }

    fn finish(&mut self) {
        self.close();
    }

    fn close(&mut self) {
        let Some(turn) = self.open.take() else { return };
        if turn.goes_on || turn.speech >= SHORTEST {
            let start = if turn.goes_on { turn.start } else { turn.start.saturating_sub(MARGIN).max(self.before) };
            self.end(start..(turn.end + MARGIN).min(self.seen.max(turn.end)));
        }
    }

    fn cut(&mut self) {
        let Some(mut turn) = self.open.take() else { return };
        let late = turn.scores.len() * 2 / 3;
        let lowest = turn.scores.iter().enumerate().skip(late).min_by(|a, b| a.1.total_cmp(b.1));
        let at = lowest.map_or(turn.scores.len(), |(at, _)| at);
        let start = if turn.goes_on { turn.start } else { turn.start.saturating_sub(MARGIN).max(self.before) };
        let middle = turn.start + at as u64;
        self.end(start..middle);
        let scores = turn.scores.split_off(at);
        self.open =
            Some(Turn { start: middle, end: turn.end.max(middle + 1), scores, speech: turn.speech, goes_on: true });
    }

    fn end(&mut self, turn: Range<u64>) {
        self.before = turn.end;
        self.ended.push(turn);
    }

    fn next(&self) -> u64 {
        let first = self.open.as_ref().map_or(self.seen, |turn| turn.start);
        let ended = self.ended.first().map_or(u64::MAX, |turn| turn.start);
        first.saturating_sub(MARGIN).max(self.before).min(ended)
    }

    fn is_open(&self) -> bool {
        // A fifth of a second after the last frame of speech nobody speaks any more, though the turn may go on.
        self.open.as_ref().is_some_and(|turn| self.seen - turn.end < 2 * MARGIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(scores: impl IntoIterator<Item = f32>) -> Vec<Range<u64>> {
        let mut turns = Turns::default();
        for score in scores {
            let next = turns.next();
            turns.push(score);
            assert!(turns.ended.iter().all(|turn| turn.start >= next), "what was let go is not needed again");
        }
        turns.finish();
        turns.ended
    }

    fn scores(parts: &[(f32, usize)]) -> Vec<f32> {
        parts.iter().flat_map(|&(score, times)| std::iter::repeat_n(score, times)).collect()
    }

    #[test]
    fn turns_end_with_a_pause_and_clicks_are_none() {
        assert_eq!(turns(scores(&[(0.0, 50), (0.9, 50), (0.0, 50)])), vec![44..106; 1]);
        assert_eq!(turns(scores(&[(0.9, 20), (0.1, 30), (0.9, 20)])), vec![0..70; 1], "a pause within a sentence");
        assert_eq!(turns(scores(&[(0.9, 20), (0.1, 31), (0.9, 20)])), [0..26, 45..71]);
        assert_eq!(turns(scores(&[(0.0, 20), (0.9, 15), (0.0, 50)])), [], "too short");
        assert_eq!(turns(scores(&[(0.4, 200)])), [], "nobody has begun");
        assert_eq!(turns(scores(&[(0.9, 2), (0.4, 25), (0.9, 2), (0.4, 25), (0.9, 2), (0.4, 40)])), [], "clicks");
        assert_eq!(turns([]), []);
    }

    #[test]
    fn who_speaks_on_is_cut_where_the_score_is_lowest() {
        let mut long = scores(&[(0.9, 2_000)]);
        long[700] = 0.6;
        let cut = turns(long);
        assert_eq!(cut[0], 0..700);
        assert_eq!(cut.last().unwrap().end, 2_000);
        assert!(cut.windows(2).all(|pair| pair[0].end == pair[1].start), "{cut:?}");
        assert!(cut.iter().all(|turn| turn.end - turn.start <= LONGEST), "{cut:?}");
    }

    /// Something that the detector takes for a voice, from 1 s to 3 s of 5.
    fn signal(rate: u32, level: f64) -> Vec<f32> {
        let at = |i: u32| {
            let t = f64::from(i) / f64::from(rate);
            let pitch = std::f64::consts::TAU * (140.0 * t + 3.0 * (6.0 * t).sin());
            let loud = if (1.0..3.0).contains(&t) { 0.5 + 0.5 * (9.0 * t).sin() } else { 0.0 };
            (level * loud * (pitch.sin() + 0.5 * (2.0 * pitch).sin() + 0.3 * (5.0 * pitch).sin())) as f32
        };
        (0..5 * rate).map(at).collect()
    }

    #[test]
    fn speech_is_found_at_any_level_and_rate_and_whatever_the_pieces() {
        for (rate, level) in [(16_000, 0.2), (16_000, 0.004), (44_100, 0.2), (8_000, 0.02)] {
            let of = |piece| {
                let mut speech = Speech::new(rate).unwrap();
                signal(rate, level).chunks(piece).for_each(|piece| speech.push(piece).unwrap());
                speech.finish().unwrap();
                assert!(speech.knows(5 * u64::from(rate), rate));
                let second = |at: u64| at * u64::from(rate)..(at + 1) * u64::from(rate);
                let shares = [0, 1, 2, 4].map(|at| speech.share(&second(at), rate));
                (shares, speech.turns(rate))
            };
            let (shares, found) = of(rate as usize);
            assert!(shares[0] < 0.05 && shares[1] > 0.5 && shares[2] > 0.5 && shares[3] < 0.05, "{rate}: {shares:?}");
            let near = |at: u64, wanted: f64| (at as f64 / f64::from(rate) - wanted).abs() < 0.25;
            assert!(found.len() == 1 && near(found[0].start, 1.0) && near(found[0].end, 3.0), "{rate}: {found:?}");
            assert_eq!(of(777), (shares, found));
        }
    }

    #[test]
    fn noise_and_silence_are_not_speech() {
        let hiss = |i: u32| {
            let mixed = (i ^ 0x5bd1_e995).wrapping_mul(2_654_435_761);
            let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519);
            (((mixed ^ (mixed >> 13)) >> 8) as f32 / 8_388_608.0 - 1.0) * 0.1
        };
        for signal in [&hiss as &dyn Fn(u32) -> f32, &|_| 0.0] {
            let mut speech = Speech::new(RATE).unwrap();
            speech.push(&(0..80_000).map(signal).collect::<Vec<_>>()).unwrap();
            speech.finish().unwrap();
            assert!(speech.share(&(0..80_000), RATE) < 0.05);
            assert_eq!(speech.turns(RATE), []);
        }
    }
}
