//! What all requests share.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use ser::{
    error::{Error, Result},
    frontend::encoder::models_dir,
    predict::{BuiltIn, Bundle, DEFAULT, Recognizer, load_all},
};
use tokio::sync::{Semaphore, watch};

use crate::{guard::Token, metrics::Metrics, models, options::Options, pool::Pool};

/// What is said of the model that answers where no bundle is named.
const CARD: &str = include_str!("../../models/README.md");

/// How many of the largest bodies are held at once, all requests together.
const BODIES: usize = 8;

/// The server, less its sockets.
pub struct App {
    pub recognizer: Recognizer,
    /// The model in the program that answers, where it is one, as `ser-predict` names it.
    pub model: Option<&'static str>,
    pub options: Options,
    pub token: Option<Token>,
    /// What `/v1/models` answers.
    pub models: String,
    pub clips: Pool,
    pub streams: Pool,
    pub open_streams: Arc<Semaphore>,
    /// KiB of bodies that may still be taken in.
    pub bodies: Arc<Semaphore>,
    pub metrics: Metrics,
    stopping: AtomicBool,
    /// Tells connections and streams that the end is near.
    stop: watch::Sender<bool>,
}

impl App {
    /// Reads the bundles and makes ready.
    ///
    /// # Errors
    ///
    /// Those of the library where bundles cannot be read or do not go together, and of [`Options::token`].
    pub fn new(options: Options) -> Result<Arc<Self>> {
        let token = options.token()?.map(Token::new);
        let (bundles, card, model) = match options.bundles.first() {
            Some(first) => (load_all(&options.bundles)?, None, BuiltIn::named(first).map(|known| known.name)),
            None => (Bundle::read(DEFAULT.bytes()?, DEFAULT.name.as_ref())?.voters(), Some(CARD), Some(DEFAULT.name)),
        };
        let mut shown = models::shown(&bundles, card)?;
        let recognizer = Recognizer::with_models(bundles, &models_dir(options.models.clone()))?;
        shown.threshold = recognizer.threshold();
        shown.adapts = recognizer.session().is_ok();
        recognizer.notes().iter().for_each(|note| eprintln!("note: {note}"));
        for origin in &options.allow_origin {
            crate::guard::check_origin(origin)?;
        }
        let jobs = options.jobs();
        Ok(Arc::new(Self {
            recognizer,
            model,
            token,
            models: shown.to_json()?,
            clips: Pool::new("clips", jobs, options.queue.into())?,
            // A stream has one piece of work at a time, so that there is always room.
            streams: Pool::new("streams", jobs, options.streams())?,
            open_streams: Arc::new(Semaphore::new(options.streams())),
            bodies: Arc::new(Semaphore::new((BODIES * options.largest()).div_ceil(1024).min(Semaphore::MAX_PERMITS))),
            metrics: Metrics::default(),
            stopping: AtomicBool::new(false),
            stop: watch::Sender::new(false),
            options,
        }))
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Refuses what comes from now on, and tells streams to come to an end.
    pub fn begin_to_stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.stop.send_replace(true);
    }

    /// Turns true when the server begins to stop.
    pub fn stopped(&self) -> watch::Receiver<bool> {
        self.stop.subscribe()
    }

    /// Waits until nobody holds what [`App::stopped`] gave: connections and streams.
    pub async fn all_ended(&self) {
        self.stop.closed().await;
    }
}

/// Waits until the server begins to stop.
pub async fn end_of(stopped: &mut watch::Receiver<bool>) {
    drop(stopped.wait_for(|stopped| *stopped).await);
}

/// Errors at the start that the library does not raise.
pub fn cannot(what: &'static str, error: std::io::Error) -> Error {
    Error::Data(format!("cannot {what}: {error}"))
}
