//! Request bodies: limits on size, time, and the memory of all of them together.
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::problem::Problem;

/// A body up to this size is always accepted.
const SMALL_BODY_BYTES: u64 = 4 * 1024;
/// Memory for all larger bodies together, from arrival to response: 32 MiB.
static LARGE_BODIES_KIB: Semaphore = Semaphore::const_new(32 * 1024);

/// The share of that memory taken by a large body.
pub(super) type Room = Option<SemaphorePermit<'static>>;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

/// Reads the whole `body` of a request with these `headers`. The second value reserves its memory until dropped.
///
/// # Errors
/// 415 if it is compressed, 413 if it is larger than `bytes_most`, 408 if it does not arrive within [`BODY_PATIENCE`], 400 if it breaks off, 503 if
/// too many large bodies are there at once.
pub(super) async fn read(headers: &HeaderMap, body: Body, bytes_most: usize) -> Result<(Bytes, Room), Problem> {
    let coding = headers.get(CONTENT_ENCODING).map(|coding| coding.to_str().unwrap_or("?").trim());
    if let Some(coding) = coding.filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")) {
        return Err(Problem::content_type(format!("the body is compressed ({coding}): send it as it is")));
    }
    let too_large = || Problem::too_large(format!("a body has at most {bytes_most} bytes"));
    let announced = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|bytes| bytes > bytes_most as u64) {
        return Err(too_large());
    }
    let bytes = announced.unwrap_or(bytes_most as u64);
    let room = match bytes <= SMALL_BODY_BYTES {
        true => None,
        // At most 192 KiB.
        false => Some(LARGE_BODIES_KIB.try_acquire_many(bytes.div_ceil(1024) as u32).map_err(|_| {
            Problem::overloaded("too many long opinions at this moment: nothing was stored, try again in a second")
        })?),
    };
    match timeout(BODY_PATIENCE, to_bytes(body, bytes_most)).await {
        Ok(Ok(bytes)) => Ok((bytes, room)),
        Ok(Err(error)) => {
            let cause = std::error::Error::source(&error);
            match cause.is_some_and(|cause| cause.is::<http_body_util::LengthLimitError>()) {
                true => Err(too_large()),
                false => Err(Problem::bad_request("the body broke off")),
            }
        }
        Err(_) => Err(Problem::too_slow(format!("the body did not arrive within {} s", BODY_PATIENCE.as_secs()))),
    }
}
