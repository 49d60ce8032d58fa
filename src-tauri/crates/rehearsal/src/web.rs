//! The watch page's HTTP server: the page, the stream, the room's clock, and the page's reports.
//!
//! Runs on the room's thread. Answers only to its own names (see [`crate::host`]) and only below its own path;
//! the path holds a random token when the room is open to the LAN.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, Json, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{MethodRouter, get, post};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::sleep;

use crate::host;
use crate::live::LiveBody;
use crate::page::{ASSETS, Asset};
use crate::room::{Shared, wall_millis};
use crate::status::PageReport;

/// Connections at once, idle ones included.
const CONNECTIONS: usize = 96;
/// Streams at once.
const VIEWERS: usize = 32;
/// Time for a request's header to arrive.
const HEADER_PATIENCE: Duration = Duration::from_secs(5);
/// Time for a viewer to take anything at all.
#[cfg(target_os = "linux")]
const WRITE_PATIENCE: Duration = Duration::from_secs(30);
/// The kernel's send buffer for a viewer: a second of video, so that a slow viewer shows in our queue.
const SEND_BUFFER: usize = 512 * 1024;
/// The largest report.
const REPORT_BYTES: usize = 4096;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
     media-src 'self' blob:; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the room answers and to whom.
#[derive(Clone)]
pub struct Site {
    /// `/watch/` or `/watch/<token>/`.
    pub path: String,
    /// The port browsers name.
    pub port: u16,
    /// Whether other machines may watch.
    pub lan: bool,
}

struct Web {
    site: Site,
    shared: Arc<Shared>,
}

/// Accepts until dropped.
pub async fn listen(listener: TcpListener, site: Site, shared: Arc<Shared>) {
    let router = router(Arc::new(Web { site, shared }));
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    serve(stream, router).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the watch page could not accept a connection");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn serve(stream: TcpStream, router: Router) {
    let tuned = stream.set_nodelay(true);
    let buffer = socket2::SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER);
    // A viewer who is there but never reads would keep its place for ever.
    #[cfg(target_os = "linux")]
    let buffer =
        buffer.and_then(|()| socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(WRITE_PATIENCE)));
    if let Err(error) = tuned.and(buffer) {
        tracing::debug!(%error, "a viewer's socket could not be tuned");
    }
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await;
    if let Err(error) = served {
        // A browser closing a tab in mid-stream ends here, too.
        tracing::trace!(%error, "a viewer's connection ended");
    }
}

fn router(web: Arc<Web>) -> Router {
    let base = web.site.path.clone();
    let mut router = Router::new()
        .route(&format!("{base}live.flv"), get(live))
        .route(&format!("{base}clock"), get(clock))
        .route(&format!("{base}report"), post(report))
        .layer(DefaultBodyLimit::max(REPORT_BYTES));
    for asset in &ASSETS {
        router = router.route(&format!("{base}{}", asset.path), file(asset));
    }
    if !web.site.lan {
        let to_page = || get(|| async { Redirect::temporary("/watch/") });
        router = router.route("/", to_page()).route("/watch", to_page());
    }
    router.layer(middleware::from_fn_with_state(Arc::clone(&web), guard)).with_state(web)
}

fn file(asset: &'static Asset) -> MethodRouter<Arc<Web>> {
    get(move || async move { ([(header::CONTENT_TYPE, asset.content_type)], asset.bytes) })
}

/// Turns away who has no business here, and puts the security headers on every answer.
async fn guard(State(web): State<Arc<Web>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(&web.site, &request) {
        Some(status) => status.into_response(),
        None => next.run(request).await,
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn refusal(site: &Site, request: &Request) -> Option<StatusCode> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = text(header::HOST);
    if !host::allowed(host, site.port, site.lan) {
        return Some(StatusCode::MISDIRECTED_REQUEST);
    }
    (!host::same_origin(text(header::ORIGIN), host)).then_some(StatusCode::FORBIDDEN)
}

async fn live(State(web): State<Arc<Web>>) -> Response {
    let status = web.shared.status();
    if !status.publishing || status.viewers >= VIEWERS {
        return (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")]).into_response();
    }
    let body = Body::new(LiveBody::join(Arc::clone(&web.shared)));
    ([(header::CONTENT_TYPE, "video/x-flv")], body).into_response()
}

#[derive(Serialize)]
struct Clock {
    /// Milliseconds since 1970.
    now: i64,
    publishing: bool,
    /// Broadcasts begun so far: a change means a new one.
    session: u64,
    /// Whether other machines may watch.
    lan: bool,
}

async fn clock(State(web): State<Arc<Web>>) -> Json<Clock> {
    let (publishing, session) = web.shared.change(|broadcast| broadcast.on_air());
    Json(Clock { now: wall_millis(), publishing, session, lan: web.site.lan })
}

async fn report(State(web): State<Arc<Web>>, report: Result<Json<PageReport>, JsonRejection>) -> StatusCode {
    let Ok(Json(report)) = report else { return StatusCode::BAD_REQUEST };
    let Some(report) = report.tidy() else { return StatusCode::BAD_REQUEST };
    web.shared.change(|broadcast| broadcast.pages().report(report, Instant::now()));
    StatusCode::NO_CONTENT
}
