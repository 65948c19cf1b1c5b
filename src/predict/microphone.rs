//! The default microphone, through `cpal`.

use std::{sync::mpsc, time::Duration};

use cpal::{
    FromSample, SampleFormat, SizedSample,
    traits::{DeviceTrait, HostTrait, StreamTrait},
};

use crate::{
    error::{Error, Result},
    events::Observer,
};

/// What the recording thread sends.
enum Piece {
    /// Mono samples.
    Samples(Vec<f32>),
    /// A gap in the recording, which goes on.
    Gap(String),
    /// Why there is no more.
    End(String),
}

/// A microphone that is being recorded from until it is dropped.
pub struct Microphone {
    pieces: mpsc::Receiver<Piece>,
    sample_rate: u32,
    _stream: cpal::Stream,
}

impl Microphone {
    /// Starts to record from the system's default input, at its own rate.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where there is no microphone or it cannot be opened.
    pub fn open() -> Result<Self> {
        let wrong = |e: cpal::Error| Error::Data(format!("cannot record from the microphone: {e}"));
        let device = cpal::default_host()
            .default_input_device()
            .ok_or_else(|| Error::Data("there is no microphone: connect one, or pipe samples to --stream".into()))?;
        let config = device.default_input_config().map_err(wrong)?;
        let (sender, pieces) = mpsc::channel();
        let stream = match config.sample_format() {
            SampleFormat::I8 => record::<i8>(&device, config.into(), sender),
            SampleFormat::I16 => record::<i16>(&device, config.into(), sender),
            SampleFormat::I32 => record::<i32>(&device, config.into(), sender),
            SampleFormat::U8 => record::<u8>(&device, config.into(), sender),
            SampleFormat::F32 => record::<f32>(&device, config.into(), sender),
            other => return Err(Error::Data(format!("the microphone's samples are {other}, which is not supported"))),
        }
        .map_err(wrong)?;
        stream.play().map_err(wrong)?;
        Ok(Self { pieces, sample_rate: config.sample_rate(), _stream: stream })
    }

    /// In Hz.
    #[must_use]
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// The samples since the last call, mono; after a tenth of a second perhaps none. The observer is told of gaps.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] where the device is gone.
    pub fn next(&self, observer: &dyn Observer) -> Result<Vec<f32>> {
        match self.pieces.recv_timeout(Duration::from_millis(100)) {
            Ok(Piece::Samples(samples)) => Ok(samples),
            Ok(Piece::Gap(problem)) => {
                observer.warn(&problem);
                Ok(Vec::new())
            }
            Ok(Piece::End(problem)) => Err(Error::Data(format!("the microphone stopped: {problem}"))),
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(Vec::new()),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Error::Data("the microphone is gone".into())),
        }
    }
}

fn record<T: SizedSample>(
    device: &cpal::Device,
    config: cpal::StreamConfig,
    to: mpsc::Sender<Piece>,
) -> std::result::Result<cpal::Stream, cpal::Error>
where
    f32: FromSample<T>,
{
    let channels = usize::from(config.channels).max(1);
    let problems = to.clone();
    device.build_input_stream(
        config,
        move |samples: &[T], _: &cpal::InputCallbackInfo| {
            let value = |sample: &T| <f32 as FromSample<T>>::from_sample_(*sample);
            let mono = samples.chunks_exact(channels).map(|f| f.iter().map(value).sum::<f32>() / channels as f32);
            // Nobody listens any more: the stream is about to be dropped.
            let _ = to.send(Piece::Samples(mono.collect()));
        },
        move |e| match e.kind() {
            cpal::ErrorKind::Xrun | cpal::ErrorKind::RealtimeDenied | cpal::ErrorKind::DeviceChanged => {
                drop(problems.send(Piece::Gap(e.to_string())));
            }
            _ => drop(problems.send(Piece::End(e.to_string()))),
        },
        None,
    )
}
