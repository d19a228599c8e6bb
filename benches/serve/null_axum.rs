//! The baseline for serve: an axum service that parses the same JSON, stores nothing and answers the same bytes.
//! `null_axum` ADDRESS:PORT
use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use serde::Deserialize;

/// The contract's body.
#[derive(Deserialize)]
#[allow(dead_code, reason = "parsed, and that is all")]
struct Vote {
    candidate_id: i64,
    opinion: Option<String>,
}

const RESULT: &str = r#"[[{"candidate_id":1,"num_vote":3333334},{"candidate_id":2,"num_vote":3333333},{"candidate_id":3,"num_vote":3333333}],[{"total_vote_10_min":0}]]"#;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:5001".to_owned());
    const JSON: [(axum::http::HeaderName, &str); 1] = [(CONTENT_TYPE, "application/json")];
    let router = axum::Router::new()
        .route("/vote", post(|Json(_): Json<Vote>| async move { (JSON, "{\"success\": true}") }))
        .route("/result", get(|| async move { (JSON, RESULT) }));
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await
}
