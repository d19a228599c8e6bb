//! The routes. An endpoint is a handler with its `#[utoipa::path]`, and a line here.
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Uri};
use axum::routing::get;
use utoipa::OpenApi;
use utoipa::openapi::Server;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use super::app::App;
use super::origins::Origin;
use super::problem::Problem;
use super::public_url::PublicUrl;
use super::{events, form, operation, origins, result, screen, vote};

#[derive(OpenApi)]
#[openapi(info(
    title = "votekit serve",
    description = "A vote: cast ballots, read the result. Paths of /vote, /result and /candidates may end with a slash.",
))]
struct Description;

/// The routes of one address.
pub(super) struct Routes {
    pub router: Router<Arc<App>>,
    pub description: Bytes,
}

/// What operators alone may ask, for an address of its own.
pub(super) fn of_operators() -> Router<Arc<App>> {
    Router::new()
        .route("/metrics", get(operation::metrics_text))
        .route("/healthz", get(operation::healthz))
        .route("/readyz", get(operation::readyz))
        .fallback(not_found)
}

/// All routes; `/metrics` only `with_metrics`. Pages of the `allowed` origins may use them. The description says that they
/// are at `public`, if that is known.
pub(super) fn of_all(allowed: &[Origin], with_metrics: bool, public: &PublicUrl) -> Routes {
    let described = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(events::events))
        .routes(routes!(operation::healthz))
        .routes(routes!(operation::readyz))
        .routes(routes!(operation::document))
        .routes(routes!(result::ballot))
        .routes(routes!(result::picture));
    let described = if with_metrics { described.routes(routes!(operation::metrics_text)) } else { described };
    let described = with_and_without_slash(described, routes!(vote::vote));
    let described = with_and_without_slash(described, routes!(result::result));
    let described = with_and_without_slash(described, routes!(result::candidates));
    let (router, mut description) = described.split_for_parts();
    if public.is_known() {
        description.servers = Some(vec![Server::new(public.to_string().trim_end_matches('/'))]);
    }
    let router = router
        .route("/", get(form::show).post(form::take))
        .route("/screen", get(screen::show))
        .route("/assets/{name}", get(form::asset))
        .fallback(not_found)
        .method_not_allowed_fallback(wrong_method);
    let router = match origins::layer(allowed) {
        Some(layer) => router.layer(layer),
        None => router,
    };
    // Serialising these plain values cannot fail.
    Routes { router, description: Bytes::from(description.to_pretty_json().unwrap_or_default()) }
}

async fn not_found(uri: Uri) -> Problem {
    Problem::not_found(format!("there is nothing at {}; /openapi.json lists what there is", uri.path()))
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
