//! Sockets: taking connections in, and coming to an end when a signal says so.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, Method, StatusCode, Uri, header},
    middleware::{from_fn_with_state, map_response},
    response::Response,
    routing::{get, post},
};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use ser::error::Result;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
};
use tokio_io_timeout::TimeoutStream;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::{
    app::{App, cannot, end_of},
    guard::{admit, check_origin},
    metrics::{Open, measure, metrics},
    models, openapi, page,
    problem::Problem,
    recognize, stream,
};

/// The most that a request's header may be, in bytes and in lines.
const HEADER: (usize, usize) = (1 << 16, 64);

/// Runs the server until a signal ends it.
///
/// # Errors
///
/// Where the address cannot be listened on, or the system gives no threads or signals.
pub fn run(app: Arc<App>, address: SocketAddr) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(app.options.jobs().clamp(1, 4))
        .enable_all()
        .build()
        .map_err(|e| cannot("start threads", e))?;
    runtime.block_on(serve(app, address))
}

async fn serve(app: Arc<App>, address: SocketAddr) -> Result<()> {
    let listener = TcpListener::bind(address).await.map_err(|e| {
        let hint = if e.kind() == std::io::ErrorKind::AddrInUse { ": choose another --port" } else { "" };
        ser::error::Error::Config(format!("cannot listen on {address}: {e}{hint}"))
    })?;
    let address = listener.local_addr().map_err(|e| cannot("listen", e))?;
    let mut signals = Signals::new()?;
    eprintln!("listening on http://{address} with {} model(s)", app.recognizer.bundles());
    let router = router(&app)?;
    let places = Arc::new(Semaphore::new(app.options.max_connections as usize));
    loop {
        let place = tokio::select! {
            () = signals.next() => break,
            place = Arc::clone(&places).acquire_owned() => place,
        };
        let socket = tokio::select! {
            () = signals.next() => break,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                // No descriptors are left, say: others close theirs soon.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        // Answers are small and wanted at once.
        let _ = socket.set_nodelay(true);
        connection(&app, socket, router.clone(), place.ok());
    }
    drop(listener);
    eprintln!("stopping: finishing what is under way; a second signal ends at once");
    app.begin_to_stop();
    let patience = app.options.timeout() + Duration::from_secs(5);
    tokio::select! {
        () = app.all_ended() => eprintln!("stopped"),
        () = tokio::time::sleep(patience) => eprintln!("stopped; some requests took too long and were cut off"),
        () = signals.next() => eprintln!("stopped at once"),
    }
    Ok(())
}

/// Answers on a connection, whatever it is made of, until either side ends it.
pub fn connection(
    app: &Arc<App>,
    socket: impl AsyncRead + AsyncWrite + Send + 'static,
    router: Router,
    place: Option<tokio::sync::OwnedSemaphorePermit>,
) {
    let mut socket = TimeoutStream::new(socket);
    socket.set_write_timeout(Some(app.options.timeout()));
    let service = tower_service(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(app.options.timeout())
        .max_buf_size(HEADER.0)
        .max_headers(HEADER.1)
        .serve_connection(TokioIo::new(Box::pin(socket)), TowerToHyperService::new(service))
        .with_upgrades();
    let counted = Open::new(&app.metrics.connections);
    let mut stopped = app.stopped();
    tokio::spawn(async move {
        let mut connection = std::pin::pin!(connection);
        // A client that breaks off or sends what is no HTTP has had its answer, if there was one to give.
        tokio::select! {
            _ = connection.as_mut() => {}
            () = end_of(&mut stopped) => {
                connection.as_mut().graceful_shutdown();
                let _ = connection.await;
            }
        }
        drop((counted, place, stopped));
    });
}

fn tower_service(
    router: Router,
) -> impl tower_service::Service<
    hyper::Request<Incoming>,
    Response = Response,
    Error = std::convert::Infallible,
    Future: Send,
> + Clone {
    tower::util::MapRequest::new(router, |request: hyper::Request<Incoming>| request.map(axum::body::Body::new))
}

/// Every path.
pub fn router(app: &Arc<App>) -> Result<Router> {
    let origins = app.options.allow_origin.iter().map(|origin| check_origin(origin)).collect::<Result<Vec<_>>>()?;
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::RETRY_AFTER]);
    let guarded = Router::new()
        .route("/v1/recognize", post(recognize::recognize))
        .route("/v1/stream", get(stream::stream))
        .route("/v1/models", get(models::models))
        .route("/metrics", get(metrics))
        .route_layer(from_fn_with_state(Arc::clone(app), admit));
    Ok(Router::new()
        .merge(guarded)
        .route("/healthz", get(openapi::healthz))
        .route("/readyz", get(openapi::readyz))
        .route("/openapi.json", get(openapi::document))
        .merge(page::router())
        .fallback(nowhere)
        .method_not_allowed_fallback(other_method)
        .layer(DefaultBodyLimit::max(app.options.largest()))
        .layer(cors)
        .layer(map_response(secure))
        .layer(from_fn_with_state(Arc::clone(app), measure))
        .with_state(Arc::clone(app)))
}

async fn nowhere(uri: Uri) -> Problem {
    let path: String = uri.path().chars().take(100).collect();
    Problem::new(StatusCode::NOT_FOUND, format!("there is nothing at {path}: see /openapi.json"))
}

async fn other_method(method: Method) -> Problem {
    let method: String = method.as_str().chars().take(20).collect();
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, format!("{method} is not for this path: see /openapi.json"))
}

/// What goes with every answer.
async fn secure(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// SIGTERM and SIGINT.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    #[cfg(unix)]
    fn new() -> Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|e| cannot("listen to signals", e));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn new() -> Result<Self> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
