//! Browsers told apart by a signed cookie, for votes that take one vote per browser.
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::public_url::PublicUrl;

const NAME: &str = "votekit_browser";
/// How long a browser keeps it: a year.
const MAX_AGE_SECS: u32 = 31_536_000;
/// Random bytes of a browser's id.
const ID_BYTES: usize = 16;
/// Bytes of a vote's tag.
const TAG_BYTES: usize = 8;

/// Signs cookies and checks them. All services on one ballot file have the same secret.
pub(super) struct Browsers {
    secret: Vec<u8>,
    /// The attributes of its cookies.
    attributes: String,
}

impl Browsers {
    /// Anyone who knows `secret` can vote as any browser. Browsers send the cookies only to the service at `public`.
    pub(super) fn new(secret: Vec<u8>, public: &PublicUrl) -> Self {
        let (base, secure) = (public.base(), if public.is_secure() { "; Secure" } else { "" });
        let path = if base.is_empty() { "/" } else { base };
        let attributes = format!("Path={path}; Max-Age={MAX_AGE_SECS}; HttpOnly; SameSite=Lax{secure}");
        Browsers { secret, attributes }
    }

    /// The browser that a request comes from; None if it has no cookie that was signed in this `generation` of the vote.
    pub(super) fn id(&self, headers: &HeaderMap, generation: u32) -> Option<String> {
        let cookies =
            headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        let mut values = cookies.filter_map(|cookie| cookie.trim().strip_prefix(NAME)?.strip_prefix('='));
        values.find_map(|value| {
            let (id, signature) = value.split_once('.')?;
            let is_ours = self.signer(id, generation).verify_slice(&from_hex(signature)?).is_ok();
            is_ours.then(|| id.to_owned())
        })
    }

    /// Gives a browser without a cookie of this `generation` a new one.
    pub(super) fn mark(&self, answer: &mut HeaderMap, generation: u32) {
        let mut bytes = [0; ID_BYTES];
        if getrandom::fill(&mut bytes).is_err() {
            // Without the cookie it cannot vote, and is told so.
            return;
        }
        let id = to_hex(&bytes);
        let signature = to_hex(&self.signer(&id, generation).finalize().into_bytes());
        let cookie = format!("{NAME}={id}.{signature}; {}", self.attributes);
        if let Ok(cookie) = HeaderValue::try_from(cookie) {
            answer.append(SET_COOKIE, cookie);
        }
    }

    /// Names this vote in this `generation`, and no other vote at the same address. It is public, and too short to pass for
    /// a signature.
    pub(super) fn tag(&self, generation: u32) -> String {
        to_hex(&self.signer("vote", generation).finalize().into_bytes()[..TAG_BYTES])
    }

    fn signer(&self, id: &str, generation: u32) -> Hmac<Sha256> {
        // HMAC takes keys of any length.
        let mut signer = <Hmac<Sha256> as Mac>::new_from_slice(&self.secret).unwrap_or_else(|_| unreachable!());
        signer.update(format!("{generation}.{id}").as_bytes());
        signer
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_cookies_of_this_generation_count() {
        let here = PublicUrl::default();
        let (ours, theirs) = (Browsers::new(b"ours".to_vec(), &here), Browsers::new(b"theirs".to_vec(), &here));
        let mut answer = HeaderMap::new();
        ours.mark(&mut answer, 1);
        let cookie = answer[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
        let sent = |cookie: &str| HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(cookie).unwrap())]);
        let id = ours.id(&sent(&cookie), 1).unwrap();
        assert_eq!(ours.id(&sent(&format!("a=b; {cookie}; c=d")), 1), Some(id.clone()));
        assert_eq!((ours.id(&sent(&cookie), 2), theirs.id(&sent(&cookie), 1)), (None, None));
        let forged = cookie.replace(&id, &"0".repeat(32));
        for other in [forged.as_str(), "votekit_browser=", "votekit_browser=a.b", "votekit_browser=a.é", ""] {
            if let Ok(value) = HeaderValue::from_str(other) {
                assert_eq!(ours.id(&HeaderMap::from_iter([(COOKIE, value)]), 1), None, "{other}");
            }
        }
    }

    #[test]
    fn a_tag_names_one_vote_and_signs_nothing() {
        let here = PublicUrl::default();
        let (ours, theirs) = (Browsers::new(b"ours".to_vec(), &here), Browsers::new(b"theirs".to_vec(), &here));
        assert_eq!(ours.tag(1), ours.tag(1));
        assert_ne!(ours.tag(1), ours.tag(2));
        assert_ne!(ours.tag(1), theirs.tag(1));
        let forged = HeaderValue::try_from(format!("{NAME}=vote.{}", ours.tag(1))).unwrap();
        assert_eq!(ours.id(&HeaderMap::from_iter([(COOKIE, forged)]), 1), None);
    }

    #[test]
    fn a_cookie_is_for_the_service_alone() {
        let attributes = |public: &PublicUrl| {
            let mut answer = HeaderMap::new();
            Browsers::new(b"ours".to_vec(), public).mark(&mut answer, 1);
            answer[SET_COOKIE].to_str().unwrap().split_once("; ").unwrap().1.to_owned()
        };
        let of_all = "Max-Age=31536000; HttpOnly; SameSite=Lax";
        assert_eq!(attributes(&PublicUrl::default()), format!("Path=/; {of_all}"));
        let below = "https://vote.example/poll".parse().unwrap();
        assert_eq!(attributes(&below), format!("Path=/poll; {of_all}; Secure"));
    }
}
