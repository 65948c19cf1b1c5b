//! The page at `/`: files that are compiled in.

use std::sync::Arc;

use axum::{
    Router,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::get,
};

use crate::app::App;

/// What the page may do: run its own scripts, talk to this server, show what it made itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      media-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A file of the page: its path, its type, its text.
type File = (&'static str, &'static str, &'static str);

const SCRIPT: &str = "text/javascript; charset=utf-8";

const FILES: [File; 11] = [
    ("/", "text/html; charset=utf-8", include_str!("../page/index.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("../page/page.css")),
    ("/page.js", SCRIPT, include_str!("../page/page.js")),
    ("/common.js", SCRIPT, include_str!("../page/common.js")),
    ("/about.js", SCRIPT, include_str!("../page/about.js")),
    ("/live.js", SCRIPT, include_str!("../page/live.js")),
    ("/microphone.js", SCRIPT, include_str!("../page/microphone.js")),
    ("/result.js", SCRIPT, include_str!("../page/result.js")),
    ("/files.js", SCRIPT, include_str!("../page/files.js")),
    ("/texts.js", SCRIPT, include_str!("../page/texts.js")),
    ("/capture.js", SCRIPT, include_str!("../page/capture.js")),
];

pub fn router() -> Router<Arc<App>> {
    FILES.into_iter().fold(Router::new(), |router, (path, kind, text)| {
        router.route(path, get(move || async move { answer(kind, text) }))
    })
}

fn answer(kind: &'static str, text: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert("permissions-policy", HeaderValue::from_static("microphone=(self), camera=(), geolocation=()"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    // Another version of the server has another page.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}
