//! Client addresses, and how often a client may vote.
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use axum::http::HeaderMap;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use ipnet::IpNet;

use super::problem::Problem;
use crate::units::DurationSecs;

/// The address of the other end of the connection: an extension of every request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub IpAddr);

/// The number of votes a client may cast per unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    votes: NonZeroU32,
    per: Duration,
}

/// A text that is not a rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a rate: write 5/s, 30/m or 100/h")]
pub struct RateError;

impl FromStr for Rate {
    type Err = RateError;

    /// `5/s`, `30/m`, `100/h`.
    fn from_str(text: &str) -> Result<Self, RateError> {
        let (votes, unit) = text.split_once('/').ok_or(RateError)?;
        let per = DurationSecs::of_unit(unit).filter(|per| *per <= DurationSecs::HOUR).ok_or(RateError)?;
        Ok(Rate { votes: votes.parse().map_err(|_| RateError)?, per: per.into() })
    }
}

/// The client whose request came from `peer`: the peer itself or, if that is a trusted proxy, the last address in
/// `X-Forwarded-For` that is not one. What an untrusted client writes there is ignored.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let peer = peer.to_canonical();
    if !is_trusted(peer) {
        return peer;
    }
    let named = headers.get_all("x-forwarded-for");
    let mut client = peer;
    // Each proxy appends the address its request came from, so the last header line is the latest.
    for line in named.iter().rev() {
        for address in line.to_str().unwrap_or("").rsplit(',') {
            let Some(address) = parse_address(address.trim()) else { return client };
            client = address;
            if !is_trusted(address) {
                return client;
            }
        }
    }
    client
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]:4711`.
fn parse_address(text: &str) -> Option<IpAddr> {
    let plain = text.parse::<IpAddr>().or_else(|_| text.trim_matches(['[', ']']).parse::<IpAddr>());
    plain.ok().or_else(|| Some(text.parse::<SocketAddr>().ok()?.ip())).map(|address| address.to_canonical())
}

/// Limits each client to a rate.
pub(super) struct Limiter {
    clients: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limiter {
    /// Each client starts with `rate.votes` and regains them evenly.
    pub(super) fn new(rate: Rate) -> Self {
        let each = rate.per / rate.votes.get();
        // Never zero: a rate has at most 2^32 votes an hour, and an hour has more nanoseconds.
        let quota = Quota::with_period(each.max(Duration::from_nanos(1))).unwrap_or(Quota::per_second(rate.votes));
        Limiter { clients: RateLimiter::dashmap(quota.allow_burst(rate.votes)) }
    }

    /// Takes one of `client`'s votes.
    ///
    /// # Errors
    /// 429 if none is left, with the time until the next.
    pub(super) fn admit(&self, client: IpAddr) -> Result<(), Problem> {
        self.clients.check_key(&network(client)).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            let secs = u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1);
            Problem::rate_limited(format!("too many votes from your address: try again in {secs} s")).retry_after(secs)
        })
    }

    /// Forgets clients that have regained all their votes, so that memory does not grow with every client that ever came.
    pub(super) fn forget_idle(&self) {
        self.clients.retain_recent();
        self.clients.shrink_to_fit();
    }
}

/// The network that counts as one client: an IPv6 client may have a whole /64 to choose from.
fn network(client: IpAddr) -> IpAddr {
    match client {
        IpAddr::V4(_) => client,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_as_people_write_them() {
        let rate = |votes, secs| Ok(Rate { votes: NonZeroU32::new(votes).unwrap(), per: Duration::from_secs(secs) });
        assert_eq!("5/s".parse(), rate(5, 1));
        assert_eq!("30/m".parse(), rate(30, 60));
        assert_eq!("100/h".parse(), rate(100, 3600));
        for text in ["", "5", "0/s", "-1/s", "5/", "5/d", "5 /s", "99999999999/s"] {
            assert_eq!(text.parse::<Rate>(), Err(RateError), "{text:?}");
        }
    }

    #[test]
    fn only_a_trusted_proxy_says_who_the_client_is() {
        let trusted: Vec<IpNet> = vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let ask = |peer: &str, forwarded: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in forwarded {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            client(peer.parse::<SocketAddr>().unwrap().ip(), &headers, &trusted).to_string()
        };
        assert_eq!(ask("192.0.2.7:1", &["203.0.113.5"]), "192.0.2.7");
        assert_eq!(ask("127.0.0.1:1", &["203.0.113.5"]), "203.0.113.5");
        assert_eq!(ask("[::ffff:127.0.0.1]:1", &["203.0.113.5"]), "203.0.113.5");
        assert_eq!(ask("127.0.0.1:1", &["1.2.3.4, 203.0.113.5, 10.1.2.3"]), "203.0.113.5");
        assert_eq!(ask("127.0.0.1:1", &["1.2.3.4", "203.0.113.5:99"]), "203.0.113.5");
        assert_eq!(ask("127.0.0.1:1", &["[2001:db8::1]:80"]), "2001:db8::1");
        assert_eq!(ask("127.0.0.1:1", &["203.0.113.5, rubbish"]), "127.0.0.1");
        assert_eq!(ask("127.0.0.1:1", &[]), "127.0.0.1");
    }

    #[test]
    fn a_client_has_its_votes_and_then_waits() {
        let limiter = Limiter::new("2/h".parse().unwrap());
        let (one, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        assert!(limiter.admit(one).is_ok() && limiter.admit(one).is_ok() && limiter.admit(other).is_ok());
        assert!(limiter.admit(one).is_err());
        limiter.forget_idle();
        assert!(limiter.admit(one).is_err(), "who still has to wait is not forgotten");
        let near = |last| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, last]);
        assert!(limiter.admit(near(1)).is_ok() && limiter.admit(near(2)).is_ok());
        assert!(limiter.admit(near(3)).is_err(), "a /64 is one client");
    }
}
