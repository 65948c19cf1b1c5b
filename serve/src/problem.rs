//! What went wrong with a request, as `application/problem+json` (RFC 9457).

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use ser::error::Error;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Problem {
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    pub status: u16,
    /// The status in words.
    pub title: &'static str,
    /// What was wrong, where, and what to do.
    pub detail: String,
}

/// After how many seconds to try again where there was too much to do.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status: status.as_u16(), title: status.canonical_reason().unwrap_or("Error"), detail: detail.into() }
    }

    pub fn wrong(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
    }

    pub fn full(what: &str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, format!("{what}: try again in a second"))
    }

    pub fn stopping() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the server is stopping: try another one, or again later")
    }

    /// An error of the library. What is wrong with a file is the caller's to mend; what it says names the file as the caller
    /// did.
    pub fn of(error: &Error) -> Self {
        let status = match error {
            Error::Config(_) => StatusCode::BAD_REQUEST,
            Error::File { .. } | Error::Data(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Interrupted(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Io { .. } => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }

    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.to_json()));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.status {
            401 => drop(headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))),
            429 | 503 => drop(headers.insert(header::RETRY_AFTER, RETRY_AFTER)),
            _ => {}
        }
        response
    }
}
