//! Segments of a long file, cut out in one pass: what lies between them is decoded at the most once, and no more is held
//! than the segment that is being cut.

use std::{path::Path, time::Duration};

use super::{
    Audio, Decoder,
    fault::{Fault, Flaw},
    pcm::Channel,
    source::Segment,
};

/// How far the end of a segment may lie behind that of its file: tables round.
const ROUNDING: Duration = Duration::from_millis(50);

/// A file of which segments are cut.
pub(crate) struct Cutter {
    path: std::path::PathBuf,
    channel: Channel,
    decoder: Decoder,
    /// What was decoded and may still be wanted.
    kept: Vec<f32>,
    /// The place of its first sample in the file.
    base: u64,
    /// Whether the file has no more.
    ended: bool,
}

impl Cutter {
    /// Opens a file to cut segments of a channel of it.
    pub(crate) fn open(path: &Path, channel: Channel) -> Result<Self, Fault> {
        Ok(Self::of(Decoder::try_open(path)?, path, channel))
    }

    /// The same for a file that is open, of which segments are cut in the order of their starts.
    pub(crate) fn of(decoder: Decoder, path: &Path, channel: Channel) -> Self {
        let decoder = decoder.channel(channel);
        Self { path: path.to_owned(), channel, decoder, kept: Vec::new(), base: 0, ended: false }
    }

    /// The segment's audio. Segments that come in the order of their starts cost one pass; one that begins before what is
    /// held costs another.
    pub(crate) fn cut(&mut self, segment: &Segment) -> Result<Audio, Fault> {
        while self.decoder.sample_rate().is_none() && self.more()? {}
        let sample_rate = self.decoder.sample_rate().ok_or_else(Fault::no_samples)?;
        let at = |time: Duration| (time.as_secs_f64() * f64::from(sample_rate)).round() as u64;
        let (start, end) = (at(segment.start), segment.end.map_or(u64::MAX, at));
        if start < self.base {
            *self = Self::open(&self.path, self.channel)?;
        }
        self.forget_before(start);
        while self.reach() < end && self.more()? {
            self.forget_before(start);
        }
        let reach = self.reach();
        // Short of the wanted end the file has no more, and this is its length.
        if start >= end.min(reach) || (reach < end && segment.end.is_some() && end > reach + at(ROUNDING)) {
            let problem = format!("{segment} is not in it, as it lasts {:.3} s", reach as f64 / f64::from(sample_rate));
            return Err(Fault::new(Flaw::NoSamples, problem));
        }
        let samples = self.kept[(start - self.base) as usize..(end.min(reach) - self.base) as usize].to_vec();
        let audio = Audio { samples, sample_rate };
        if self.decoder.is_cancelling() { Err(Fault::cancelling()) } else { Ok(audio) }
    }

    /// The place behind the last sample that is held.
    fn reach(&self) -> u64 {
        self.base + self.kept.len() as u64
    }

    /// Drops what lies before a place, and jumps where that needs no decoding.
    fn forget_before(&mut self, place: u64) {
        let reach = self.reach();
        if place >= reach {
            self.kept.clear();
            self.base = reach;
            if !self.ended {
                self.base += self.decoder.skip(place - reach);
            }
        } else if place > self.base {
            // Moved at once only where much can go.
            let gone = (place - self.base) as usize;
            if 2 * gone > self.kept.len() {
                self.kept.drain(..gone);
                self.base = place;
            }
        }
    }

    /// Decodes another block; whether there was one.
    fn more(&mut self) -> Result<bool, Fault> {
        let block = self.decoder.try_next()?;
        self.ended = block.is_none();
        self.kept.extend(block.into_iter().flatten());
        Ok(!self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audio::{
        Source, load,
        written::{chunk, flac, fmt, riff},
    };

    fn segment(path: &Path, start: u64, end: Option<u64>, channel: Channel) -> Segment {
        let end = end.map(Duration::from_millis);
        Segment { path: path.to_owned(), start: Duration::from_millis(start), end, channel }
    }

    /// Two channels at 8 kHz of a whole number of thousands of frames.
    fn stereo(seconds: u32) -> Vec<u8> {
        let frames = (0..8_000 * seconds).flat_map(|i| [(i % 30_011) as i16, -((3 * i % 29_989) as i16)]);
        let data: Vec<u8> = frames.flat_map(i16::to_le_bytes).collect();
        riff(&[fmt(1, 2, 4, 16, &[]), chunk(b"data", data.len() as u32, &data)])
    }

    #[test]
    fn segments_are_those_of_the_whole_in_any_order_and_of_any_channel() {
        let dir = tempfile::tempdir().unwrap();
        let (wav, lossless) = (dir.path().join("a.wav"), dir.path().join("b.flac"));
        std::fs::write(&wav, stereo(70)).unwrap();
        let samples: Vec<i16> = (0..12_700).map(|i| (i * 37 % 30_011) as i16).collect();
        std::fs::write(&lossless, flac(&samples, 12_700)).unwrap();
        for path in [&wav, &lossless] {
            let channels: &[Channel] =
                if *path == wav { &[Channel::Mix, Channel::Only(0), Channel::Only(1)] } else { &[Channel::Mix] };
            for &channel in channels {
                let whole = Decoder::open(path).unwrap().channel(channel).all().unwrap().samples;
                let mut cutter = Cutter::open(path, channel).unwrap();
                for (start, end) in
                    [(0, Some(10)), (5, Some(700)), (700, Some(1_580)), (1_500, None), (20, Some(30)), (0, None)]
                {
                    let wanted = segment(path, start, end, channel);
                    let cut = cutter.cut(&wanted).unwrap();
                    let last = end.map_or(whole.len(), |end| 8 * end as usize);
                    assert_eq!(cut.samples, whole[8 * start as usize..last], "{path:?} {start} {end:?} {channel:?}");
                    assert_eq!(load(&Source::Segment(wanted)).unwrap(), cut);
                }
            }
        }
    }

    #[test]
    fn a_segment_that_is_not_there_is_told_and_an_end_that_is_rounded_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wav");
        std::fs::write(&path, stereo(2)).unwrap();
        let cut =
            |start, end| Cutter::open(&path, Channel::Mix).unwrap().cut(&segment(&path, start, end, Channel::Mix));
        assert_eq!(cut(1500, Some(2040)).unwrap().samples.len(), 4_000);
        for (start, end) in [(1500, Some(2100)), (2000, None), (2010, Some(2040)), (5, Some(5)), (90_000, Some(91_000))]
        {
            let problem = cut(start, end).unwrap_err().problem;
            assert!(problem.contains("is not in it, as it lasts"), "{problem}");
        }
        let missing = segment(&path, 0, None, Channel::Only(2));
        let problem = Cutter::open(&path, Channel::Only(2)).unwrap().cut(&missing).unwrap_err().problem;
        assert!(problem.contains("has 2 channels, and channel 3 is asked for"), "{problem}");
    }
}
