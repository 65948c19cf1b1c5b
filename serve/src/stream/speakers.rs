//! Samples of speakers that are learnt from and not answered for.

use std::{path::Path, sync::Arc};

use ser::{audio::Audio, predict::Session};
use serde_json::json;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// The most that is learnt from at once, in seconds of all channels together.
const LONGEST: u64 = 120;

/// What was said to be learnt from, so far: it is cut into pieces once its length is known.
pub struct Enrolment {
    /// By channel.
    heard: Vec<Vec<f32>>,
    rate: u32,
    /// Memory that it holds.
    held: Vec<OwnedSemaphorePermit>,
}

impl Enrolment {
    pub fn new(channels: usize, rate: u32) -> Self {
        Self { heard: vec![Vec::new(); channels], rate, held: Vec::new() }
    }

    /// # Errors
    ///
    /// 413 where it is too long, 422 where a sample is no number, 429 where there is no room.
    pub fn push(&mut self, samples: Vec<Vec<f32>>, room: &Arc<Semaphore>) -> Result<(), Problem> {
        let count: usize = samples.iter().map(Vec::len).sum();
        let total = count + self.heard.iter().map(Vec::len).sum::<usize>();
        if total as u64 > LONGEST * u64::from(self.rate) {
            let detail = format!("enrolled speech is longer than {LONGEST} s, all channels together: enrol less");
            return Err(Problem::too_large(detail));
        }
        if samples.iter().flatten().any(|sample| !sample.is_finite()) {
            let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Problem::new(status, "a sample of the enrolled speech is not a number to compute with"));
        }
        let size = u32::try_from((count * size_of::<f32>()).div_ceil(1024)).unwrap_or(u32::MAX);
        let full = || Problem::full("too much is being sent at once");
        self.held.push(Arc::clone(room).try_acquire_many_owned(size).map_err(|_| full())?);
        self.heard.iter_mut().zip(samples).for_each(|(heard, more)| heard.extend(more));
        Ok(())
    }

    /// Tells the sessions of all channels, and what each knows now. Who was not heard stays unknown, which is said.
    pub fn learn<'a>(self, sessions: impl Iterator<Item = (Option<&'a str>, &'a Session)>) -> Vec<String> {
        let learn = |((name, session), samples): ((Option<&str>, &Session), Vec<f32>)| {
            let failed = session.enrol_audio(Audio { samples, sample_rate: self.rate }, Path::new("what was enrolled"));
            let mut told = json!({ "enrolled": session.adapted().object() });
            name.into_iter().for_each(|name| told["channel"] = name.into());
            failed.err().into_iter().for_each(|error| told["error"] = error.to_string().into());
            told.to_string()
        };
        sessions.zip(self.heard).map(learn).collect()
    }
}
