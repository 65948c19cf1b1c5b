//! `/v1/models`: what answers, what it was tested on and what it is not for.

use std::sync::Arc;

use axum::{extract::State, http::header, response::IntoResponse};
use ser::{
    error::{Error, Result},
    predict::{Bundle, Figures, inspect},
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;

/// What stands in every answer of `/v1/models`.
pub const NOT_FOR: &str = "Not for decisions about people: hiring, policing, health, insurance, education, or monitoring \
                           staff or pupils. What a voice sounds like is not what its speaker feels.";

/// EU law, in two sentences.
pub const LAW: &str = "In the European Union, recognising emotions of people at work or in education is prohibited (AI Act, \
                       Regulation (EU) 2024/1689, Article 5(1)(f)), except for medical or safety reasons. Elsewhere people must \
                       be told that it is done (Article 50(3)): https://eur-lex.europa.eu/eli/reg/2024/1689/oj";

/// The models that vote.
#[derive(Serialize, ToSchema)]
pub struct Models {
    /// The emotions, in the order of the columns of a table.
    pub classes: Vec<String>,
    /// The confidence below which the emotion is "uncertain", where nobody asks for another.
    pub threshold: f32,
    /// Whether answers can be adapted to a speaker.
    pub adapts: bool,
    /// What each is.
    pub models: Vec<Model>,
    /// What the models are not for.
    pub not_for: &'static str,
    /// What the law of the European Union says of their use.
    pub law: &'static str,
    /// The card of the model in the box, in Markdown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card: Option<String>,
}

/// One of the models.
#[derive(Serialize, ToSchema)]
pub struct Model {
    /// The model in words, a line for each fact.
    pub summary: String,
    /// The corpora that it was trained on.
    pub trained_on: Vec<String>,
    /// Whether they are synthetic, so that figures say nothing of people.
    pub synthetic: bool,
    /// Whether the test speakers were never heard in training.
    pub speaker_independent: bool,
    /// What it reached on validation and on test.
    #[schema(value_type = Object)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
    /// Its description, as `ser-predict inspect --format json` prints it.
    #[schema(value_type = Object)]
    pub description: Value,
}

/// What `/v1/models` says of bundles, but for the threshold and whether they adapt.
pub fn shown(bundles: &[Bundle], card: Option<&str>) -> Result<Models> {
    let model = |bundle: &Bundle| -> Result<Model> {
        let unreadable = |e: serde_json::Error| Error::Data(format!("cannot write the bundle's description: {e}"));
        Ok(Model {
            summary: inspect(bundle),
            trained_on: bundle.record.seen().iter().map(ToString::to_string).collect(),
            synthetic: bundle.record.synthetic,
            speaker_independent: bundle.record.protocol.speaker_independent,
            figures: bundle.figures,
            description: serde_json::from_str(&bundle.to_json()?).map_err(unreadable)?,
        })
    };
    Ok(Models {
        threshold: 0.0,
        adapts: false,
        classes: bundles.first().map(|bundle| bundle.classes.clone()).unwrap_or_default(),
        models: bundles.iter().map(model).collect::<Result<_>>()?,
        not_for: NOT_FOR,
        law: LAW,
        card: card.map(str::to_owned),
    })
}

impl Models {
    /// The answer of `/v1/models`.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::Data(format!("cannot write the models' description: {e}")))
    }
}

/// What answers.
#[utoipa::path(
    get,
    path = "/v1/models",
    responses(
        (status = 200, description = "The models that vote", body = Models),
        (status = 401, description = "The token is missing or wrong", body = crate::problem::Problem,
         content_type = "application/problem+json"),
        (status = 503, description = "The server is stopping", body = crate::problem::Problem,
         content_type = "application/problem+json"),
    ),
    security((), ("token" = []))
)]
pub async fn models(State(app): State<Arc<App>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], app.models.clone())
}
