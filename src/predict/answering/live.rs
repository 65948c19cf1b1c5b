//! Streams: raw samples from a pipe, a microphone.

use std::{
    io::{self, Read, Write},
    path::Path,
    time::{Duration, Instant},
};

use super::{
    super::{Channels, Listener, Listening, Pcm, STDIN, SampleFormat, Segments, Side, Source, Window},
    Answering,
};
use crate::{
    audio::{Beginning, Channel},
    error::{Error, Result},
    stdout::read_on,
};

/// What raw samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw {
    /// In Hz.
    pub rate: u32,
    /// How many channels are interleaved.
    pub channels: usize,
    /// How a sample is written.
    pub format: SampleFormat,
}

impl<W: Write> Answering<'_, W> {
    /// Answers for raw samples as they come in, until they end or a stop is asked for.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] for a channel that the stream has not, and for the header of a file; as
    /// [`Recognizer::listen`](super::super::Recognizer::listen); those of reading and writing.
    pub fn raw(&mut self, mut input: impl Read, raw: Raw, listening: Listening) -> Result<()> {
        let mut pcm = Pcm::new(raw.format, raw.channels)?;
        let sides = self.channels.sides(raw.channels);
        let channels: Vec<Channel> = sides.iter().map(|side| side.channel).collect();
        if self.channels == Channels::Right && raw.channels < 2 {
            return Err(Error::Config("--channel right: the stream has one channel (--channels)".into()));
        }
        let mut live = Live::new(self, raw.rate, listening, sides, STDIN)?;
        let mut beginning = Beginning::default();
        let mut bytes = [0; 1 << 13];
        while !self.observer.stop_requested() {
            let n = match input.read(&mut bytes) {
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Error::io("read", Path::new("standard input"))(error)),
            };
            if let Some(name) = beginning.add(&bytes[..n]) {
                return Err(Error::Config(format!(
                    "standard input begins with the header of a {name} file, and --stream takes samples without one: \
                     give - in place of --stream, or decode it first, as `ffmpeg -i FILE -f {} -`",
                    raw.format
                )));
            }
            if n == 0 {
                break;
            }
            if !live.push(&pcm.push_apart(&bytes[..n], &channels), self)? {
                return Ok(());
            }
        }
        if beginning.is_empty() && !self.observer.stop_requested() {
            return Err(Error::Data("standard input is empty: nothing was heard".into()));
        }
        live.end(self)
    }

    /// Answers for what the microphone hears, until a stop is asked for.
    ///
    /// # Errors
    ///
    /// As [`Microphone::open`](super::super::microphone::Microphone::open) and [`Answering::raw`].
    #[cfg(feature = "microphone")]
    pub fn microphone(&mut self, listening: Listening) -> Result<()> {
        let microphone = super::super::microphone::Microphone::open()?;
        let mut live = Live::new(self, microphone.sample_rate(), listening, Channels::Mix.sides(1), "microphone")?;
        while !self.observer.stop_requested() {
            if !live.push(&[microphone.next(self.observer)?], self)? {
                return Ok(());
            }
        }
        live.end(self)
    }

    /// What listens to a channel of a stream, which is one speaker's where answers are adapted.
    fn listener(&self, rate: u32, listening: Listening) -> Result<Listener> {
        match &self.speakers {
            None => self.recognizer.listen(rate, listening),
            Some(speakers) => speakers.session(self.recognizer)?.listen(rate, listening, speakers.whose.is_some()),
        }
    }
}

/// A stream that is being listened to, each of its channels that is meant by itself.
struct Live {
    voices: Vec<(Side, Listener)>,
    name: &'static str,
    rate: u32,
    /// Samples of a channel.
    samples: u64,
    /// From the arrival of a window's last samples to its row, one of each answer.
    times: Vec<Duration>,
}

impl Live {
    fn new<W: Write>(
        work: &Answering<W>,
        rate: u32,
        listening: Listening,
        sides: Vec<Side>,
        name: &'static str,
    ) -> Result<Self> {
        let voices = sides.into_iter().map(|side| Ok((side, work.listener(rate, listening)?)));
        let voices = voices.collect::<Result<Vec<_>>>()?;
        let latency = voices.iter().map(|(_, listener)| listener.latency()).fold(0.0, f64::max);
        let what = match listening.segments {
            Segments::Speech => "an answer for every turn, half a second after it".to_owned(),
            Segments::Windows => {
                format!("an answer every {} s on the last {} s", listening.hop, listening.window)
            }
        };
        let conversion = 1e3 * latency;
        work.observer.log(&format!(
            "listening: {what}; resampling adds up to {conversion:.0} ms, and the answer takes some time itself"
        ));
        voices.iter().take(1).flat_map(|(_, listener)| listener.notes()).for_each(|note| work.note(note));
        Ok(Self { voices, name, rate, samples: 0, times: Vec::new() })
    }

    /// Takes in samples of each channel and writes what they complete. Whether to go on.
    fn push<W: Write>(&mut self, channels: &[Vec<f32>], work: &mut Answering<W>) -> Result<bool> {
        let arrived = Instant::now();
        self.samples += channels.first().map_or(0, |samples| samples.len() as u64);
        self.write(arrived, work, |listener, at| listener.push(&channels[at]))
    }

    fn write<W: Write>(
        &mut self,
        arrived: Instant,
        work: &mut Answering<W>,
        mut hear: impl FnMut(&mut Listener, usize) -> Result<Vec<Window>>,
    ) -> Result<bool> {
        for (at, (side, listener)) in self.voices.iter_mut().enumerate() {
            let source = Source { path: self.name, channel: side.name.as_deref() };
            for window in hear(listener, at)? {
                if !read_on(work.output.window(source, &window))? {
                    return Ok(false);
                }
                self.times.push(arrived.elapsed());
            }
        }
        Ok(true)
    }

    fn end<W: Write>(mut self, work: &mut Answering<W>) -> Result<()> {
        let arrived = Instant::now();
        if self.write(arrived, work, |listener, _| listener.finish())? {
            let channels: Vec<Option<&str>> = self.voices.iter().map(|(side, _)| side.name.as_deref()).collect();
            let seconds = self.samples as f64 / f64::from(self.rate);
            read_on(work.output.summary(self.name, &channels, seconds))?;
        }
        self.times.sort_unstable();
        if let (Some(median), Some(longest)) = (self.times.get(self.times.len() / 2), self.times.last()) {
            work.observer.log(&format!(
                "{} answers, each {:.1} ms after its last samples came (median; longest {:.1} ms)",
                self.times.len(),
                1e3 * median.as_secs_f64(),
                1e3 * longest.as_secs_f64()
            ));
        }
        Ok(())
    }
}
