//! Who may call: a token, and the origins of pages.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use constant_time_eq::constant_time_eq;
use ser::error::{Error, Result};

use crate::{app::App, problem::Problem};

/// What a page asks for with its stream, and is given.
pub const SUBPROTOCOL: &str = "ser";

/// What precedes the token among the subprotocols that a page asks for: a page cannot set headers of a WebSocket.
const TOKEN_PREFIX: &str = "token.";

/// What callers must know.
pub struct Token(String);

impl Token {
    pub fn new(token: String) -> Self {
        Self(token)
    }

    /// Whether the request has it. How long that takes says nothing but the length of what was given.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let asked = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
        let subprotocol =
            asked.flat_map(|value| value.split(',')).find_map(|name| name.trim().strip_prefix(TOKEN_PREFIX));
        bearer.or(subprotocol).is_some_and(|given| constant_time_eq(given.as_bytes(), self.0.as_bytes()))
    }
}

/// Lets through what has the token, where there is one, and answers 503 to all once the server is stopping.
pub async fn admit(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match &app.token {
        _ if app.is_stopping() => Problem::stopping().into_response(),
        Some(token) if !token.admits(request.headers()) => {
            let detail = "this server asks for a token: send `Authorization: Bearer TOKEN`";
            Problem::new(StatusCode::UNAUTHORIZED, detail).into_response()
        }
        _ => next.run(request).await,
    }
}

/// Whether a WebSocket may be opened: browsers let every page of the web open one to anywhere and leave it to the server to
/// look at where the page is from. What is no browser names no origin.
pub fn same_origin(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = |host: &str| origin.split_once("://").is_some_and(|(_, of)| of.eq_ignore_ascii_case(host));
    host.is_some_and(own) || allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
}

/// Checks an `--allow-origin`.
pub fn check_origin(origin: &str) -> Result<HeaderValue> {
    let plain = origin.split_once("://").is_some_and(|(scheme, host)| {
        matches!(scheme, "http" | "https") && !host.is_empty() && !host.contains(['/', '*', ' '])
    });
    HeaderValue::from_str(origin)
        .ok()
        .filter(|_| plain)
        .ok_or_else(|| Error::Config(format!("--allow-origin {origin}: an origin is as https://example.org:8443")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_token_and_nothing_else_admits() {
        let token = Token::new("0123456789abcdef".into());
        for (name, value, admitted) in [
            ("authorization", "Bearer 0123456789abcdef", true),
            ("authorization", "bearer  0123456789abcdef ", true),
            ("authorization", "Bearer 0123456789abcdeg", false),
            ("authorization", "Bearer 0123456789abcde", false),
            ("authorization", "Bearer 0123456789abcdef0", false),
            ("authorization", "Basic 0123456789abcdef", false),
            ("authorization", "0123456789abcdef", false),
            ("authorization", "Bearer ", false),
            ("sec-websocket-protocol", "ser, token.0123456789abcdef", true),
            ("sec-websocket-protocol", "ser, token.", false),
            ("sec-websocket-protocol", "ser", false),
            ("cookie", "0123456789abcdef", false),
        ] {
            assert_eq!(token.admits(&headers(&[(name, value)])), admitted, "{name}: {value}");
        }
    }

    #[test]
    fn pages_from_elsewhere_open_no_stream() {
        let allowed = ["https://example.org".to_owned()];
        for (origin, fine) in [
            ("http://127.0.0.1:8000", true),
            ("https://127.0.0.1:8000", true),
            ("http://127.0.0.1:9000", false),
            ("https://example.org", true),
            ("https://example.org.evil", false),
            ("null", false),
        ] {
            let headers = headers(&[("host", "127.0.0.1:8000"), ("origin", origin)]);
            assert_eq!(same_origin(&headers, &allowed), fine, "{origin}");
        }
        assert!(same_origin(&headers(&[("host", "x")]), &[]));
        assert!(check_origin("https://example.org:8443").is_ok());
        for wrong in ["example.org", "https://", "https://a/b", "*", "https://*.example.org"] {
            assert!(check_origin(wrong).is_err(), "{wrong}");
        }
    }
}
