//! `/openapi.json`, made of the types; `/healthz` and `/readyz`.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};

use crate::{app::App, asked, models, problem::Problem, recognize, stream};

#[derive(OpenApi)]
#[openapi(
    info(title = "ser-serve", description = "What emotion is heard in speech."),
    paths(recognize::recognize, stream::stream, models::models, healthz, readyz),
    components(schemas(asked::Kind, asked::Which, asked::Written)),
    modifiers(&Token)
)]
struct Interface;

/// How a token is given, where the server asks for one.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

pub async fn document() -> Response {
    match Interface::openapi().to_json() {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(e) => {
            let detail = format!("the description cannot be written: {e}");
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
        }
    }
}

/// Whether the server lives.
#[utoipa::path(get, path = "/healthz", responses((status = 200, description = "It lives", body = String)))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether it takes requests: not while it is stopping.
#[utoipa::path(
    get,
    path = "/readyz",
    responses(
        (status = 200, description = "It takes requests", body = String),
        (status = 503, description = "It is stopping", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn readyz(State(app): State<Arc<App>>) -> Response {
    match app.is_stopping() {
        true => Problem::stopping().into_response(),
        false => "ok\n".into_response(),
    }
}
