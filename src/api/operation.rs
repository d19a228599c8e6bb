//! What operators ask: whether the service lives and is ready, its metrics, its description.
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::metrics;
use super::problem::Problem;

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "operation", responses((status = 200, description = "It does", body = String, content_type = "text/plain")))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether votes can be taken and read
#[utoipa::path(
    get, path = "/readyz", tag = "operation",
    responses(
        (status = 200, description = "They can", body = String, content_type = "text/plain"),
        (status = 503, description = "They cannot, or the service is ending", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    if *app.stopping.borrow() || app.draining.load(Ordering::Relaxed) {
        return Problem::unavailable("the service is ending").into_response();
    }
    if !app.health.is_readable() {
        return Problem::unavailable(because("the votes cannot be read", &app.health.reason())).into_response();
    }
    if !app.health.is_writable() {
        return Problem::unavailable(because("votes cannot be written", &app.health.reason())).into_response();
    }
    "ready\n".into_response()
}

fn because(what: &str, reason: &str) -> String {
    if reason.is_empty() { what.to_owned() } else { format!("{what}: {reason}") }
}

/// Counters and histograms for Prometheus
#[utoipa::path(get, path = "/metrics", tag = "operation", responses((status = 200, description = "OpenMetrics text", body = String, content_type = "application/openmetrics-text")))]
pub(super) async fn metrics_text(State(app): State<Arc<App>>) -> Response {
    app.metrics.queue_depth.set(app.writes.depth() as i64);
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], app.metrics.text()).into_response()
}

/// The `OpenAPI` description of the service
#[utoipa::path(get, path = "/openapi.json", tag = "operation", responses((status = 200, description = "OpenAPI 3.1", content_type = "application/json", body = Object)))]
pub(super) async fn document(State(app): State<Arc<App>>) -> Response {
    ([(CONTENT_TYPE, "application/json")], app.description.clone()).into_response()
}
