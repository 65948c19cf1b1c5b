//! `/v1/recognize`: a recording, or several, as `ser-predict` answers for it.

use std::{path::Path, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use ser::{
    audio::{Audio, Decoder},
    error::{Error, Result},
    events::{Observer, Stop},
    predict::{Listener, Output, Recognizer, Session, Side, Source, timelines_by},
};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use crate::{
    app::App,
    asked::Asked,
    metrics::Size,
    problem::Problem,
    upload::{File, Upload, drain, take_in},
};

/// The longest that is taken as one clip, in seconds, as in the library.
const LONGEST_CLIP: u32 = 600;

/// Why a recording has no answer.
#[derive(Debug)]
enum Fault {
    /// It is no audio, or of a kind that is not read: 415.
    Foreign(Error),
    /// It lasts too long: 413.
    Long(Error),
    /// All else.
    Other(Error),
}

impl Fault {
    fn error(&self) -> &Error {
        match self {
            Self::Foreign(error) | Self::Long(error) | Self::Other(error) => error,
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::Foreign(error) => Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, error.to_string()),
            Self::Long(error) => Problem::too_large(error.to_string()),
            Self::Other(error) => Problem::of(error),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

/// Recordings in a form.
#[derive(ToSchema)]
#[allow(dead_code)]
pub struct Form {
    /// One or more recordings.
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1)]
    file: Vec<Vec<u8>>,
    /// Speech of the one person who is heard in them, of 600 s at the most: answers are adapted to the voice.
    #[schema(value_type = Option<Vec<String>>, format = Binary, nullable = false)]
    enrol: Option<Vec<Vec<u8>>>,
}

/// What `ser-predict --format json` prints.
#[derive(Serialize, ToSchema)]
#[allow(dead_code)]
pub struct Document {
    /// "ser-predict/1": keys are added, but not removed.
    schema: String,
    /// The emotions that the models know.
    classes: Vec<String>,
    /// One for each recording, or for each of its windows.
    results: Vec<Row>,
    /// Of timelines: how the time of each recording, or of each of its channels, is shared among the emotions.
    #[schema(required = false, nullable = false)]
    summaries: Option<Vec<Sum>>,
}

/// How the time of a recording is shared among the emotions.
#[derive(Serialize, ToSchema)]
#[allow(dead_code)]
pub struct Sum {
    /// What its sender calls the recording.
    path: String,
    /// Which channel it is of, where they are apart.
    #[schema(required = false, nullable = false)]
    channel: Option<String>,
    /// How long the recording is.
    seconds: f64,
    /// Seconds that are answered for.
    speech: f64,
    /// The part of them that is "uncertain".
    #[schema(required = false, nullable = false)]
    uncertain: Option<f64>,
    /// The part of them that each emotion has.
    #[schema(required = false, nullable = false)]
    shares: Option<std::collections::BTreeMap<String, f64>>,
}

/// A recording, or a window of it.
#[derive(Serialize, ToSchema)]
#[allow(dead_code)]
pub struct Row {
    /// What its sender calls the recording.
    path: String,
    /// Which channel it is of, where they are apart: left, right, 3 …, or mono.
    #[schema(required = false, nullable = false)]
    channel: Option<String>,
    /// Where the window begins, in seconds.
    #[schema(required = false, nullable = false)]
    start: Option<f64>,
    /// Where it ends.
    #[schema(required = false, nullable = false)]
    end: Option<f64>,
    /// The most probable emotion, "uncertain" below the threshold, or "silence".
    #[schema(required = false, nullable = false)]
    emotion: Option<String>,
    /// The recording's length.
    #[schema(required = false, nullable = false)]
    seconds: Option<f64>,
    /// The probability of the most probable emotion.
    #[schema(required = false, nullable = false)]
    confidence: Option<f32>,
    /// The probabilities by emotion.
    #[schema(required = false, nullable = false)]
    probabilities: Option<std::collections::BTreeMap<String, f32>>,
    /// How far the answer is adapted to the speaker, where one was enrolled.
    #[schema(required = false, nullable = false)]
    adapted: Option<Adapted>,
    /// What should be known before the answer is trusted.
    #[schema(required = false, nullable = false)]
    notes: Option<Vec<String>>,
    /// Why there is no answer for this one of several recordings.
    #[schema(required = false, nullable = false)]
    error: Option<String>,
}

/// How far an answer is adapted to a speaker.
#[derive(Serialize, ToSchema)]
#[allow(dead_code)]
pub struct Adapted {
    /// Seconds of the speaker's speech that were heard.
    heard_seconds: f64,
    /// From 0, as for anybody, to 1, as for this speaker alone.
    degree: f64,
    /// Why it is left off, where it is.
    #[schema(required = true)]
    off: Option<String>,
}

/// Who answers: the models as they are, or as adapted to a speaker.
enum Answering<'a> {
    Plain(&'a Recognizer),
    Adapted(&'a Session),
}

impl Answering<'_> {
    fn audio(&self, audio: Audio, path: &Path) -> Result<ser::predict::Answer> {
        match self {
            Self::Plain(recognizer) => recognizer.audio(audio, path),
            Self::Adapted(session) => session.audio(audio, path),
        }
    }

    fn listen(&self, rate: u32, listening: ser::predict::Listening) -> Result<Listener> {
        match self {
            Self::Plain(recognizer) => recognizer.listen(rate, listening),
            Self::Adapted(session) => session.listen(rate, listening, false),
        }
    }
}

/// What emotion is heard in a recording.
///
/// The body is the file itself (WAV, AIFF, FLAC, MP3, Ogg, M4A, WebM …, known by its content), or a form with one or more in
/// the field `file`, beside them speech of the same person in `enrol`, where the models can adapt. A single recording that cannot be used is a problem; among several it has a row that says why.
#[utoipa::path(
    post,
    path = "/v1/recognize",
    params(Asked),
    request_body(content((Vec<u8> = "application/octet-stream"), (Form = "multipart/form-data"))),
    responses(
        (status = 200, description = "What ser-predict prints", content(
            (Document = "application/json"), (String = "application/jsonl"), (String = "text/csv"))),
        (status = 400, description = "The request is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem,
         content_type = "application/problem+json"),
        (status = 408, description = "The body did not come in time", body = Problem,
         content_type = "application/problem+json"),
        (status = 413, description = "The recording is too large or too long", body = Problem,
         content_type = "application/problem+json"),
        (status = 415, description = "The body is not audio that is read here", body = Problem,
         content_type = "application/problem+json"),
        (status = 422, description = "The recording is damaged, silent or too short", body = Problem,
         content_type = "application/problem+json"),
        (status = 429, description = "Too much to do: try again later", body = Problem,
         content_type = "application/problem+json",
         headers(("Retry-After" = u32, description = "Seconds to wait"))),
        (status = 503, description = "The work took too long, or the server is stopping", body = Problem,
         content_type = "application/problem+json"),
    ),
    security((), ("token" = []))
)]
pub async fn recognize(State(app): State<Arc<App>>, request: Request) -> Response {
    let asked = match Asked::read(request.uri().query()) {
        Ok(_) if app.clips.is_full() => Err(Problem::full("too many recordings wait already")),
        other => other,
    };
    let asked = match asked {
        Ok(asked) => asked,
        Err(problem) => {
            drain(request.into_body()).await;
            return problem.into_response();
        }
    };
    let upload = match take_in(&app, request, || asked.name()).await {
        Ok(upload) => upload,
        Err(problem) => return problem.into_response(),
    };
    let bytes = upload.bytes;
    let (mut response, seconds) = match answer(&app, asked, upload).await {
        Ok((response, seconds)) => (response, seconds),
        Err(problem) => (problem.into_response(), 0.0),
    };
    app.metrics.heard_clips(seconds);
    response.extensions_mut().insert(Size { bytes, seconds });
    response
}

async fn answer(app: &Arc<App>, asked: Asked, upload: Upload) -> std::result::Result<(Response, f64), Problem> {
    let place = app.clips.place().ok_or_else(|| Problem::full("too many recordings wait already"))?;
    let content_type = asked.content_type();
    let shared = Arc::clone(app);
    let work = app.clips.run(place, move |stop| work(&shared, &asked, &upload, stop));
    let (body, seconds) = timeout(app.options.timeout(), work).await.map_err(|_| {
        let detail = format!("the work took longer than {} s (--timeout): send less at once", app.options.timeout);
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    })???;
    Ok((([(header::CONTENT_TYPE, content_type)], body).into_response(), seconds))
}

/// The answer's body, and the seconds that were heard.
fn work(app: &App, asked: &Asked, upload: &Upload, stop: &Stop) -> std::result::Result<(Vec<u8>, f64), Problem> {
    let mut body = Vec::new();
    let written = |e: std::io::Error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("cannot write: {e}"));
    let files = &upload.files;
    let session = enrolled(app, &upload.enrol, stop)?;
    let (style, known) = (asked.style(app.model, app.recognizer.threshold()), app.recognizer.vocabulary());
    let output = match session {
        Some(_) => Output::adapted(&mut body, asked.format(), style, known),
        None => Output::of(&mut body, asked.format(), style, known),
    };
    let mut output = output.map_err(written)?;
    let answering = session.as_ref().map_or(Answering::Plain(&app.recognizer), Answering::Adapted);
    let mut heard = session.as_ref().map_or(0.0, |session| session.adapted().seconds);
    // One after the other: whoever sends many does not keep others waiting.
    for file in files {
        let fault = match asked.is_timeline() {
            true => match windows(app, &answering, asked, file, stop, &mut output) {
                Ok(seconds) => {
                    heard += seconds;
                    continue;
                }
                Err(fault) => fault,
            },
            false => match clips(app, &answering, asked, file, stop, &mut output) {
                Ok(seconds) => {
                    heard += seconds;
                    continue;
                }
                Err(fault) => fault,
            },
        };
        if files.len() == 1 || matches!(fault.error(), Error::Interrupted(_)) {
            return Err(fault.problem());
        }
        output.clip(&file.name, Err(fault.error())).map_err(written)?;
    }
    output.finish().map_err(written)?;
    Ok((body, heard))
}

/// Who was enrolled, if somebody was.
fn enrolled(app: &App, files: &[File], stop: &Stop) -> std::result::Result<Option<Session>, Problem> {
    if files.is_empty() {
        return Ok(None);
    }
    let session = app.recognizer.session().map_err(|error| Problem::of(&error))?;
    for file in files {
        let enrol = || {
            let path = Path::new(&file.name);
            let audio = samples(app, path, opened(file)?, stop)?;
            Ok(session.enrol_audio(audio, path)?)
        };
        enrol().map_err(|fault: Fault| {
            let problem = fault.problem();
            Problem { detail: format!("enrol: {}", problem.detail), ..problem }
        })?;
    }
    Ok(Some(session))
}

fn opened(file: &File) -> std::result::Result<Decoder, Fault> {
    let decoder = Decoder::of_bytes(Arc::clone(&file.bytes), Path::new(&file.name));
    decoder.map_err(|error| match file.is_audio() {
        true => Fault::Other(error),
        false => Fault::Foreign(error),
    })
}

/// The channels that are asked for, each with its name where they are apart.
fn apart(asked: &Asked, file: &File) -> std::result::Result<Vec<(Side, Decoder)>, Fault> {
    // What is no audio is told apart first.
    opened(file)?;
    Ok(asked.channels().decoders(|| Decoder::of_bytes(Arc::clone(&file.bytes), Path::new(&file.name)))?)
}

fn unwritten(e: &std::io::Error) -> Error {
    Error::Data(format!("cannot write: {e}"))
}

fn stopped() -> Error {
    Error::Interrupted("stopped: nobody waits for the answer, or the server is stopping".into())
}

/// The channels of a recording, each as one clip; how long they are together.
fn clips(
    app: &App,
    answering: &Answering,
    asked: &Asked,
    file: &File,
    stop: &Stop,
    output: &mut Output<&mut Vec<u8>>,
) -> std::result::Result<f64, Fault> {
    let path = Path::new(&file.name);
    let sides = apart(asked, file)?;
    let alone = sides.len() == 1;
    let mut heard = 0.0;
    for (side, decoder) in sides {
        let answer = match samples(app, path, decoder, stop) {
            Ok(audio) => answering.audio(audio, path),
            Err(Fault::Other(error)) => Err(error),
            Err(fault) => return Err(fault),
        };
        let source = Source { path: &file.name, channel: side.name.as_deref() };
        match answer {
            // A silent party does not make the other one unheard.
            Err(error) if alone || matches!(error, Error::Interrupted(_)) => return Err(error.into()),
            answer => {
                heard += answer.as_ref().map_or(0.0, ser::predict::Answer::seconds);
                output.clip(source, answer.as_ref()).map_err(|e| unwritten(&e))?;
            }
        }
    }
    Ok(heard)
}

/// All samples of a channel, which must be few enough for a clip.
fn samples(app: &App, path: &Path, mut decoder: Decoder, stop: &Stop) -> std::result::Result<Audio, Fault> {
    let longest = app.options.max_seconds.min(LONGEST_CLIP);
    let mut samples = Vec::new();
    while let Some(block) = decoder.next()? {
        if stop.stop_requested() {
            return Err(stopped().into());
        }
        samples.extend(block);
        let rate = decoder.sample_rate().unwrap_or(u32::MAX);
        if samples.len() as u64 > u64::from(longest) * u64::from(rate) {
            let problem = format!("lasts longer than {longest} s, too long for one clip here: ask for ?timeline=true");
            return Err(Fault::Long(Error::file(path, problem)));
        }
    }
    match decoder.sample_rate() {
        Some(sample_rate) if !samples.is_empty() => Ok(Audio { samples, sample_rate }),
        _ => Err(Error::file(path, "holds no audio samples").into()),
    }
}

/// The windows of a recording, written one by one; how long it is.
fn windows(
    app: &App,
    answering: &Answering,
    asked: &Asked,
    file: &File,
    stop: &Stop,
    output: &mut Output<&mut Vec<u8>>,
) -> std::result::Result<f64, Fault> {
    let path = Path::new(&file.name);
    let longest = app.options.max_seconds;
    let listening = asked.listening().map_err(|problem| Error::Config(problem.detail))?;
    let (sides, decoders): (Vec<Side>, Vec<Decoder>) = apart(asked, file)?.into_iter().unzip();
    let names: Vec<Option<&str>> = sides.iter().map(|side| side.name.as_deref()).collect();
    let too_long = || Error::file(path, format!("lasts longer than {longest} s, the most that is heard here"));
    let mut is_long = false;
    let each = |side: usize, window: ser::predict::Window| -> Result<()> {
        if window.end > f64::from(longest) {
            is_long = true;
            return Err(too_long());
        }
        let source = Source { path: &file.name, channel: names[side] };
        output.window(source, &window).map_err(|e| unwritten(&e))
    };
    let listen = |_: usize, rate: u32| answering.listen(rate, listening);
    match timelines_by(&listen, decoders, path, stop, each) {
        // Who is silent to the end has no turn that would tell.
        Ok(ended) if ended.seconds > f64::from(longest) => Err(Fault::Long(too_long())),
        Ok(ended) => {
            output.summary(&file.name, &names, ended.seconds).map_err(|e| unwritten(&e))?;
            Ok(ended.seconds)
        }
        Err(error) if is_long => Err(Fault::Long(error)),
        Err(error) => Err(error.into()),
    }
}
