//! The routes. An endpoint is a handler with its `#[utoipa::path]`, and a line here.
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Uri};
use axum::routing::get;
use utoipa::OpenApi;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::app::App;
use super::origins::Origin;
use super::problem::Problem;
use super::{events, form, operation, origins, result, vote};

#[derive(OpenApi)]
#[openapi(info(
    title = "votekit serve",
    description = "A vote: cast ballots, read the result. Paths of /vote, /result and /candidates may end with a slash.",
))]
struct Description;

/// All routes, and their `OpenAPI` description. Pages of the `allowed` origins may use them.
pub(super) fn routes(allowed: &[Origin]) -> (Router<Arc<App>>, Bytes) {
    let described = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(events::events))
        .routes(routes!(operation::healthz))
        .routes(routes!(operation::readyz))
        .routes(routes!(operation::metrics_text))
        .routes(routes!(operation::document));
    let described = with_and_without_slash(described, routes!(vote::vote));
    let described = with_and_without_slash(described, routes!(result::result));
    let described = with_and_without_slash(described, routes!(result::candidates));
    let (router, description) = described.split_for_parts();
    let router = router
        .route("/", get(form::show).post(form::take))
        .route("/assets/{name}", get(form::asset))
        .fallback(|uri: Uri| async move {
            Problem::not_found(format!("there is nothing at {}; /openapi.json lists what there is", uri.path()))
        })
        .method_not_allowed_fallback(wrong_method);
    let router = match origins::layer(allowed) {
        Some(layer) => router.layer(layer),
        None => router,
    };
    // Serialising these plain values cannot fail.
    (router, Bytes::from(description.to_pretty_json().unwrap_or_default()))
}

/// The paths of the contract also exist with a trailing slash, which the description mentions only once.
fn with_and_without_slash(
    router: OpenApiRouter<Arc<App>>,
    endpoint: UtoipaMethodRouter<Arc<App>>,
) -> OpenApiRouter<Arc<App>> {
    let (_, paths, methods) = &endpoint;
    let router = paths.paths.keys().fold(router, |router, path| router.route(&format!("{path}/"), methods.clone()));
    router.routes(endpoint)
}

/// axum adds the header Allow.
async fn wrong_method(request: Request<Body>) -> Problem {
    Problem::wrong_method(format!("{} is not answered at {}", request.method(), request.uri().path()))
}
