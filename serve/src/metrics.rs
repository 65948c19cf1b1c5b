//! What `/metrics` shows, in the text format of OpenMetrics, which Prometheus reads; and a line for each request.

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, Instant},
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

use crate::{app::App, problem::Problem};

/// How requests are told apart. Nothing that a caller makes up is a label.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Request_ {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Route {
    route: String,
}

/// How audio came.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct Way {
    by: &'static str,
}

/// From 1 ms to about a minute.
const BUCKETS: [f64; 14] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0];

/// What is counted.
pub struct Metrics {
    requests: Family<Request_, Counter>,
    seconds: Family<Route, Histogram, fn() -> Histogram>,
    audio: Family<Way, Counter<f64, AtomicU64>>,
    pub connections: Gauge,
    pub streams: Gauge,
    /// Windows answered in streams.
    pub windows: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            requests: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(BUCKETS)),
            audio: Family::default(),
            connections: Gauge::default(),
            streams: Gauge::default(),
            windows: Counter::default(),
        }
    }
}

impl Metrics {
    /// Adds recordings.
    pub fn heard_clips(&self, seconds: f64) {
        self.audio.get_or_create(&Way { by: "recordings" }).inc_by(seconds);
    }

    /// Adds a piece of a stream.
    pub fn heard_stream(&self, seconds: f64) {
        self.audio.get_or_create(&Way { by: "streams" }).inc_by(seconds);
    }

    fn text(&self, app: &App) -> Result<String, std::fmt::Error> {
        let gauge = |value: usize| {
            let gauge: Gauge = Gauge::default();
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
            gauge
        };
        let mut registry = Registry::with_prefix("ser");
        registry.register("requests", "Requests answered, by route and status", self.requests.clone());
        registry.register("request_seconds", "Time from a request's header to its answer", self.seconds.clone());
        registry.register("audio_seconds", "Seconds of audio heard", self.audio.clone());
        registry.register("stream_windows", "Windows of streams answered", self.windows.clone());
        registry.register("connections", "Connections open", self.connections.clone());
        registry.register("streams", "Streams open", self.streams.clone());
        let waiting = app.clips.taken();
        registry.register("jobs", "Recordings that are worked on or wait", gauge(waiting));
        registry.register("stream_jobs", "Pieces of streams that are worked on or wait", gauge(app.streams.taken()));
        let mut text = String::new();
        encode(&mut text, &registry).map(|()| text)
    }
}

/// Counts one up while it lives.
pub struct Open(Gauge);

impl Open {
    pub fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// What is known of a request once it is answered: all of it that is ever written.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Size {
    /// Bytes of its body.
    pub bytes: usize,
    /// Seconds of audio.
    pub seconds: f64,
}

/// Counts and times requests and writes a line for each.
pub async fn measure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let (status, elapsed) = (response.status().as_u16(), begun.elapsed());
    let size = response.extensions().get::<Size>().copied().unwrap_or_default();
    app.metrics.requests.get_or_create(&Request_ { route: route.clone(), status }).inc();
    app.metrics.seconds.get_or_create(&Route { route: route.clone() }).observe(elapsed.as_secs_f64());
    if !app.options.quiet {
        eprintln!("{}", line(&method, &route, status, size, elapsed));
    }
    response
}

fn line(method: &Method, route: &str, status: u16, size: Size, elapsed: Duration) -> String {
    // A method may be any word.
    let method = if matches!(*method, Method::GET | Method::POST | Method::HEAD | Method::OPTIONS) {
        method.as_str()
    } else {
        "other"
    };
    let milliseconds = 1e3 * elapsed.as_secs_f64();
    format!("{method} {route} {status} {} bytes {:.2} s of audio {milliseconds:.1} ms", size.bytes, size.seconds)
}

pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    match app.metrics.text(&app) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => {
            let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(status, "the metrics cannot be written").into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_size_duration_and_outcome_alone() {
        let size = Size { bytes: 96_044, seconds: 3.0 };
        let written = line(&Method::POST, "/v1/recognize", 200, size, Duration::from_micros(12_340));
        assert_eq!(written, "POST /v1/recognize 200 96044 bytes 3.00 s of audio 12.3 ms");
        let method: Method = "SECRET".parse().unwrap();
        assert!(!line(&method, "none", 405, size, Duration::ZERO).contains("SECRET"));
    }
}
