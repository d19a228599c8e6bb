//! What a browser remembers of its vote, so that the page shows it after a reload: a cookie that `page/ballot.js` writes too. It is
//! for the eye alone and decides nothing.
use axum::http::HeaderMap;
use axum::http::header::COOKIE;

use super::public_url::PublicUrl;
use crate::ballot::CandidateId;

const NAME: &str = "votekit_voted";
/// How long a browser keeps it: a year.
const MAX_AGE_SECS: u32 = 31_536_000;

/// The candidate that the sender of `headers` voted for in the vote named `tag`.
pub(super) fn read(headers: &HeaderMap, tag: &str) -> Option<CandidateId> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    let mut values = cookies.filter_map(|cookie| cookie.trim().strip_prefix(NAME)?.strip_prefix('='));
    values.find_map(|value| value.strip_prefix(tag)?.strip_prefix('.')?.parse().ok())
}

/// The cookie of a browser that voted for `candidate` in the vote named `tag`.
pub(super) fn cookie(public: &PublicUrl, tag: &str, candidate: CandidateId) -> String {
    let (base, secure) = (public.base(), if public.is_secure() { "; Secure" } else { "" });
    let path = if base.is_empty() { "/" } else { base };
    format!("{NAME}={tag}.{candidate}; Path={path}; Max-Age={MAX_AGE_SECS}; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vote_is_remembered_as_that_of_this_vote_alone() {
        let cookie = cookie(&PublicUrl::default(), "t1", 7);
        assert_eq!(cookie, "votekit_voted=t1.7; Path=/; Max-Age=31536000; SameSite=Lax");
        let sent = |line: &str| HeaderMap::from_iter([(COOKIE, line.parse().unwrap())]);
        let headers = sent("a=b; votekit_voted=t1.7; c=d");
        assert_eq!((read(&headers, "t1"), read(&headers, "t2"), read(&HeaderMap::new(), "t1")), (Some(7), None, None));
        for other in ["votekit_voted=t1", "votekit_voted=t1.x", "votekit_voted=t17", "votekit_voted2=t1.7"] {
            assert_eq!(read(&sent(other), "t1"), None, "{other}");
        }
    }
}
