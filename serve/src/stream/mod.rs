//! `/v1/stream`: samples in over a WebSocket, an answer out at every hop, as `ser-predict --stream` gives them.

mod opening;
mod speakers;
mod voices;

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use ser::audio::Beginning;
use serde_json::json;
use tokio::time::{Instant as Deadline, timeout, timeout_at};

use self::{
    opening::{Opening, Said},
    voices::Stream,
};
use crate::{
    app::{App, end_of},
    guard,
    metrics::Open,
    problem::Problem,
};

/// The largest message in bytes: 5 s of two channels of 48 kHz in 16 bits.
const LARGEST_MESSAGE: usize = 1 << 20;

/// Listens to samples as they come.
///
/// A WebSocket. The first message is JSON: `{"rate": 16000, "format": "s16le", "channels": 1}`, and where wanted `window`,
/// `hop`, `gate`, `segments`, `channel`, `threshold`, `top` as in /v1/recognize; formats are u8, s16le, s24le, s32le, f32le
/// and f64le. With `"activity": true`, `{"speech": true}` says that somebody begins to speak, `false` that nobody does any
/// more. The server answers `{"ready": …}`. Then come samples as binary messages of at most 1 MiB and 10 s, and at every hop an object goes
/// back, as `ser-predict --stream --format jsonl` prints it.
///
/// Where the models adapt (`adapts` in /v1/models), a stream may know its speakers: with `"enrol": true` the samples that come
/// first are learnt from and not answered for, until `{"enrol": false}`, which is answered with
/// `{"enrolled": {"heard_seconds": …, "degree": …, "off": …}}`; `{"enrol": true}` may come again. With `"adapt": true` every answer
/// is learnt from before it is given. Answers then say how far they are adapted, and the last message has `speakers`, what was heard
/// of them, which the first message of another stream may begin with.
///
/// `{"end": true}` asks for what is left; the server sends it, then
/// `{"end": {"seconds": …, "summaries": […]}}`, and closes. What is wrong is `{"problem": …}` before the close. A page gives its token as a
/// subprotocol `token.TOKEN` beside `ser`.
#[utoipa::path(
    get,
    path = "/v1/stream",
    responses(
        (status = 101, description = "The stream is open"),
        (status = 400, description = "This is no request for a WebSocket", body = Problem,
         content_type = "application/problem+json"),
        (status = 401, description = "The token is missing or wrong", body = Problem,
         content_type = "application/problem+json"),
        (status = 403, description = "The page is from elsewhere", body = Problem,
         content_type = "application/problem+json"),
        (status = 426, description = "This is no request for a WebSocket", body = Problem,
         content_type = "application/problem+json"),
        (status = 429, description = "Too many streams are open", body = Problem,
         content_type = "application/problem+json",
         headers(("Retry-After" = u32, description = "Seconds to wait"))),
        (status = 503, description = "The server is stopping", body = Problem,
         content_type = "application/problem+json"),
    ),
    security((), ("token" = []))
)]
pub async fn stream(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return Problem::new(rejection.status(), rejection.body_text()).into_response(),
    };
    if !guard::same_origin(&headers, &app.options.allow_origin) {
        let detail = "pages of this origin may not open streams here: start the server with --allow-origin";
        return Problem::new(StatusCode::FORBIDDEN, detail).into_response();
    }
    let Ok(place) = Arc::clone(&app.open_streams).try_acquire_owned() else {
        return Problem::full("too many streams are open").into_response();
    };
    let stopped = app.stopped();
    upgrade
        .protocols([guard::SUBPROTOCOL])
        .max_message_size(LARGEST_MESSAGE)
        .max_frame_size(LARGEST_MESSAGE)
        .on_upgrade(move |socket| async move {
            let begun = Instant::now();
            let open = Open::new(&app.metrics.streams);
            let mut session = Session { app: Arc::clone(&app), socket, stopped, bytes: 0, seconds: 0.0 };
            let outcome = session.run().await;
            let code = session.close(outcome).await;
            if !app.options.quiet {
                let (bytes, seconds) = (session.bytes, session.seconds);
                eprintln!(
                    "STREAM /v1/stream {code} {bytes} bytes {seconds:.2} s of audio {:.1} ms",
                    1e3 * begun.elapsed().as_secs_f64()
                );
            }
            drop((open, place));
        })
}

/// How a stream ended.
enum End {
    /// Its caller is gone or has closed.
    Gone,
    /// It was heard to its end, or the server stops.
    Heard { is_stopping: bool },
}

/// What comes next.
enum Heard {
    Message(Option<Result<Message, axum::Error>>),
    Stop,
}

struct Session {
    app: Arc<App>,
    socket: WebSocket,
    stopped: tokio::sync::watch::Receiver<bool>,
    bytes: u64,
    seconds: f64,
}

impl Session {
    async fn run(&mut self) -> Result<End, Problem> {
        let Some(opening) = self.opening().await? else { return Ok(End::Gone) };
        let (mut stream, ready) = opening.open(&self.app)?;
        self.send(json!({ "ready": ready }).to_string()).await?;
        let mut beginning = Beginning::default();
        // Only samples count as a sign of life: whoever merely pings holds a place for nothing.
        let mut deadline = Deadline::now() + self.app.options.timeout();
        loop {
            let message = tokio::select! {
                biased;
                () = end_of(&mut self.stopped) => Heard::Stop,
                message = timeout_at(deadline, self.socket.recv()) => Heard::Message(message.map_err(|_| idle(&self.app))?),
            };
            let message = match message {
                Heard::Stop => return self.finish(stream, true).await,
                Heard::Message(message) => message,
            };
            match message {
                None | Some(Ok(Message::Close(_))) => return Ok(End::Gone),
                Some(Err(error)) => return broken(&error),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Text(text))) => match Said::read(&text)? {
                    Said::End(_) => return self.finish(stream, false).await,
                    Said::Enrol(true) => stream.begin_to_enrol()?,
                    Said::Enrol(false) => {
                        stream = self.work(stream, Stream::enrol).await?;
                        deadline = Deadline::now() + self.app.options.timeout();
                    }
                },
                Some(Ok(Message::Binary(bytes))) => {
                    if let Some(name) = beginning.add(&bytes) {
                        return Err(Problem::wrong(format!(
                            "the samples begin with the header of a {name} file: send samples without one, or the file \
                             to /v1/recognize"
                        )));
                    }
                    let room = Arc::clone(&self.app.bodies);
                    stream = self.work(stream, move |stream| stream.hear(&bytes, &room)).await?;
                    deadline = Deadline::now() + self.app.options.timeout();
                }
            }
        }
    }

    /// The first message; none where the caller is gone.
    async fn opening(&mut self) -> Result<Option<Opening>, Problem> {
        let deadline = Deadline::now() + self.app.options.timeout();
        loop {
            let message = tokio::select! {
                biased;
                () = end_of(&mut self.stopped) => return Err(Problem::stopping()),
                message = timeout_at(deadline, self.socket.recv()) => message.map_err(|_| idle(&self.app))?,
            };
            return match message {
                None | Some(Ok(Message::Close(_))) => Ok(None),
                Some(Err(error)) => broken(&error).map(|_| None),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Text(text))) => Opening::read(&text).map(Some),
                Some(Ok(Message::Binary(_))) => {
                    Err(Problem::wrong("the first message says what the samples are, as {\"rate\": 16000}"))
                }
            };
        }
    }

    /// Does a piece of work on the stream's threads and sends what comes of it.
    async fn work(
        &mut self,
        mut stream: Stream,
        work: impl FnOnce(&mut Stream) -> Result<Vec<String>, Problem> + Send + 'static,
    ) -> Result<Stream, Problem> {
        let place = self.app.streams.place().ok_or_else(|| Problem::full("too many streams are open"))?;
        let before = stream.all_seconds();
        let (stream, rows) = self
            .app
            .streams
            .run(place, move |_| {
                let rows = work(&mut stream);
                (stream, rows)
            })
            .await?;
        (self.bytes, self.seconds) = (stream.bytes(), stream.all_seconds());
        self.app.metrics.heard_stream(self.seconds - before);
        for row in rows? {
            if row.contains("\"start\":") {
                self.app.metrics.windows.inc();
            }
            self.send(row).await?;
        }
        Ok(stream)
    }

    async fn finish(&mut self, stream: Stream, is_stopping: bool) -> Result<End, Problem> {
        let stream = self.work(stream, Stream::end).await?;
        self.send(stream.farewell().to_string()).await?;
        Ok(End::Heard { is_stopping })
    }

    /// Says how it ended and closes; the code.
    async fn close(&mut self, outcome: Result<End, Problem>) -> u16 {
        let (code, reason) = match &outcome {
            Ok(End::Gone) => return close_code::NORMAL,
            Ok(End::Heard { is_stopping: false }) => (close_code::NORMAL, "heard to the end"),
            Ok(End::Heard { is_stopping: true }) => (close_code::AWAY, "the server is stopping"),
            Err(problem) => {
                let _ = self.send(json!({ "problem": problem }).to_string()).await;
                let code = match problem.status {
                    413 => close_code::SIZE,
                    429 | 503 => close_code::AGAIN,
                    500 => close_code::ERROR,
                    _ => close_code::POLICY,
                };
                (code, problem.title)
            }
        };
        let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
        // Whoever does not read is not waited for; whoever does, closes in turn.
        let patience = std::time::Duration::from_secs(2);
        let _ = timeout(patience, async {
            if self.socket.send(close).await.is_ok() {
                while let Some(Ok(_)) = self.socket.recv().await {}
            }
        })
        .await;
        code
    }

    /// Sends a text. Whoever does not read it in time is not answered any more, however much he sends.
    async fn send(&mut self, text: String) -> Result<(), Problem> {
        let sent = timeout(self.app.options.timeout(), self.socket.send(Message::text(text))).await;
        sent.ok().and_then(Result::ok).ok_or_else(|| {
            let detail = format!("the answers were not read within {} s (--timeout)", self.app.options.timeout);
            Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
        })
    }
}

fn idle(app: &App) -> Problem {
    Problem::new(StatusCode::REQUEST_TIMEOUT, format!("no samples came for {} s (--timeout)", app.options.timeout))
}

/// What a broken connection comes to: a message that is too large is told to its sender.
fn broken(error: &axum::Error) -> Result<End, Problem> {
    let text = error.to_string();
    match text.contains("too long") || text.contains("too large") || text.contains("too big") {
        true => Err(Problem::too_large(format!("a message may have {LARGEST_MESSAGE} bytes: send smaller ones"))),
        false => Ok(End::Gone),
    }
}
