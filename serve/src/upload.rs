//! Taking in recordings: the body as it is, or the files of a form; never more than is allowed, never for longer.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{FromRequest, Multipart, Request, multipart::MultipartError},
    http::{StatusCode, header},
};
use http_body_util::BodyExt;
use ser::audio::sniff;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Duration, timeout},
};

use crate::{app::App, problem::Problem};

/// The field of a form that files are in.
const FIELD: &str = "file";

/// The field of a form that has speech of whoever is heard in the files.
const ENROL: &str = "enrol";

/// What is read of a body that is refused, so that its sender gets to read why, and for how long.
const DRAINED: (usize, Duration) = (1 << 20, Duration::from_millis(250));

/// A recording.
pub struct File {
    /// What its sender calls it.
    pub name: String,
    pub bytes: Arc<[u8]>,
}

impl File {
    /// Whether it is a kind of audio at all, by its first bytes.
    pub fn is_audio(&self) -> bool {
        let head = &self.bytes[..self.bytes.len().min(ser::audio::HEAD_BYTES)];
        matches!(sniff(head), ser::audio::Content::Audio(_))
    }
}

/// What came with a request.
pub struct Upload {
    pub files: Vec<File>,
    /// Speech of whoever is heard in them, to adapt to.
    pub enrol: Vec<File>,
    /// Bytes of all of it.
    pub bytes: usize,
    /// Given back once the files are worked on.
    #[allow(dead_code)]
    held: Held,
}

/// Memory that a request holds, of what all together may.
struct Held {
    from: Arc<Semaphore>,
    permit: Option<OwnedSemaphorePermit>,
    most: usize,
    bytes: usize,
}

impl Held {
    /// Holds `more` bytes.
    fn grow(&mut self, more: usize) -> Result<(), Problem> {
        self.bytes += more;
        if self.bytes > self.most {
            return Err(too_large(self.most));
        }
        let have = self.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let missing = self.bytes.div_ceil(1024).saturating_sub(have);
        if missing == 0 {
            return Ok(());
        }
        // In steps, so that many small pieces do not ask each.
        let step = u32::try_from(missing.max(64)).unwrap_or(u32::MAX);
        let full = || Problem::full("too many recordings are being sent at once");
        let more = Arc::clone(&self.from).try_acquire_many_owned(step).map_err(|_| full())?;
        match &mut self.permit {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

fn too_large(most: usize) -> Problem {
    Problem::too_large(format!("the body is larger than {most} bytes, the most that this server takes (--max-body)"))
}

/// Takes in the recordings of a request.
///
/// # Errors
///
/// 400 where there is none or the form is broken, 408 where they take too long, 413 where they are too large, 429 where too
/// much is being sent by all together.
pub async fn take_in(app: &App, request: Request, name: impl FnOnce() -> String) -> Result<Upload, Problem> {
    let most = app.options.largest();
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > most as u64) {
        return Err(too_large(most));
    }
    let mut held = Held { from: Arc::clone(&app.bodies), permit: None, most, bytes: 0 };
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_form = kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data");
    let reading = async {
        match is_form {
            true => form(request, &mut held).await,
            false => {
                let file = whole(request.into_body(), &mut held).await.map(|bytes| File { name: name(), bytes });
                file.map(|file| (vec![file], Vec::new()))
            }
        }
    };
    let (files, enrol) = timeout(app.options.timeout(), reading).await.map_err(|_| {
        let detail = format!("the body did not come within {} s (--timeout)", app.options.timeout);
        Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
    })??;
    Ok(Upload { files, enrol, bytes: held.bytes, held })
}

async fn whole(mut body: Body, held: &mut Held) -> Result<Arc<[u8]>, Problem> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|e| Problem::wrong(format!("the body breaks off: {e}")))?;
        if let Ok(data) = frame.into_data() {
            held.grow(data.len())?;
            bytes.extend_from_slice(&data);
        }
    }
    match bytes.is_empty() {
        true => Err(Problem::wrong("the body is empty: send a recording, as curl --data-binary @clip.wav does")),
        false => Ok(bytes.into()),
    }
}

/// The recordings of a form, and those to adapt to.
async fn form(request: Request, held: &mut Held) -> Result<(Vec<File>, Vec<File>), Problem> {
    let most = held.most;
    let broken = |e: MultipartError| match e.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(most),
        _ => Problem::wrong(format!("the form cannot be read: {}", e.body_text())),
    };
    let mut form = Multipart::from_request(request, &())
        .await
        .map_err(|e| Problem::wrong(format!("the form cannot be read: {}", e.body_text())))?;
    let (mut files, mut enrol) = (Vec::new(), Vec::new());
    while let Some(mut field) = form.next_field().await.map_err(broken)? {
        let place = match field.name() {
            Some(FIELD) => &mut files,
            Some(ENROL) => &mut enrol,
            Some(other) => {
                return Err(Problem::wrong(format!("the form has a field {other:?}: files are in `{FIELD}`")));
            }
            None => return Err(Problem::wrong(format!("the form has a field without a name: files are in `{FIELD}`"))),
        };
        let name = field.file_name().unwrap_or("-").to_owned();
        let mut bytes = Vec::new();
        while let Some(piece) = field.chunk().await.map_err(broken)? {
            held.grow(piece.len())?;
            bytes.extend_from_slice(&piece);
        }
        place.push(File { name, bytes: bytes.into() });
    }
    match files.is_empty() {
        true => Err(Problem::wrong(format!("the form has no file: put recordings into the field `{FIELD}`"))),
        false => Ok((files, enrol)),
    }
}

/// Reads on for a moment what is refused: a connection that is closed on somebody who still sends is reset, and the answer
/// lost.
pub async fn drain(mut body: Body) {
    let (most, time) = DRAINED;
    let reading = async {
        let mut bytes = 0;
        while let Some(Ok(frame)) = body.frame().await {
            bytes += frame.data_ref().map_or(0, |data| data.len());
            if bytes > most {
                break;
            }
        }
    };
    let _ = timeout(time, reading).await;
}
