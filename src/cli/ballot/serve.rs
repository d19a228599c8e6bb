//! `votekit serve`: the vote as a web service.
use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use anyhow::Context;
use votekit::api::{AccessLog, IpNet, Listen, LogFormat, Options, Origin, PublicUrl, Rate, Service};
use votekit::units::DurationSecs;

use super::ballots::BallotFile;
use crate::cli::terminal::console::Console;
use crate::cli::terminal::exit;

const EXAMPLES: &str = "\
Examples:
  votekit serve                                       ballots.db at http://127.0.0.1:5000
  votekit serve --ballots board.db --listen 0.0.0.0:80
  votekit serve --rate-limit 5/s --trust-proxy 127.0.0.1
  votekit serve --allow-origin https://front.example
  votekit serve --listen unix:/run/votekit/socket --public-url https://vote.example/poll
  curl -d '{\"candidate_id\": 2}' -H 'Content-Type: application/json' http://127.0.0.1:5000/vote
  curl http://127.0.0.1:5000/result

/ is a page to vote and watch on. For programs: POST /vote; GET /result, /result?window=30m, /candidates, /events (the \
result whenever it changes), /healthz, /readyz, /metrics (Prometheus), /openapi.json, which describes all of it.

A vote is answered after it is on disk. SIGTERM and Ctrl-C: no new connections, what was taken is answered, exit code 0; \
a second one ends it at once. Where no file is named and there is no ballots.db, one is made with the candidates 1 薯片, \
2 林林 and 3 正氣.

Every option can also be set in the environment: --rate-limit as VOTEKIT_SERVE_RATE_LIMIT.

Copy the file with votekit backup while the service runs: cp alone misses the latest votes, which are in the …-wal beside it.

A socket that systemd hands over (LISTEN_FDS) is used if --listen is not given, and systemd is told when votes can be cast. A \
signal that the parent ignored stays ignored, as after nohup.

Limits: bodies 192 KiB; a request's head 32 KiB, its body within 10 s; a client that takes none of its answer for \
30 s is cut; half of the connections may be event streams. A vote waits 6 s for another program that writes the file, then \
it is told to come again (503).";

/// Where to listen if nothing is said.
const USUAL_ADDRESS: &str = "127.0.0.1:5000";

/// Whether and how requests are logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Access {
    /// Not; only faults are
    Off,
    /// A line a request, for people
    Text,
    /// A JSON object a request, and a fault
    Json,
}

/// Serve the vote over HTTP
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where to listen: an address with a port (0 takes a free one), or `unix:/path` [default: 127.0.0.1:5000]
    #[arg(long, value_name = "ADDRESS", env = "VOTEKIT_SERVE_LISTEN", hide_env = true)]
    listen: Option<String>,
    /// The port at 127.0.0.1, for those who type it as other servers have it
    #[arg(long, value_name = "PORT", hide = true, conflicts_with = "listen")]
    port: Option<u16>,
    /// Where people reach the service through a proxy, a path included: <https://vote.example/poll>
    #[arg(long, value_name = "URL", env = "VOTEKIT_SERVE_PUBLIC_URL", hide_env = true)]
    public_url: Option<PublicUrl>,
    /// Serve /metrics at this address, and only there
    #[arg(long, value_name = "ADDRESS", env = "VOTEKIT_SERVE_METRICS_LISTEN", hide_env = true)]
    metrics_listen: Option<String>,
    /// Pages of these origins, such as <https://front.example>, may use the API (CORS); * for any
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', env = "VOTEKIT_SERVE_ALLOW_ORIGIN", hide_env = true)]
    allow_origin: Vec<Origin>,
    /// How long an idle connection stays open: longer than load balancers use theirs (60s)
    #[arg(long, value_name = "SPAN", default_value = "75s", env = "VOTEKIT_SERVE_KEEP_ALIVE", hide_env = true)]
    keep_alive: DurationSecs,
    /// How long to go on after SIGTERM while /readyz says no, so that load balancers notice
    #[arg(long, value_name = "SPAN", env = "VOTEKIT_SERVE_SHUTDOWN_DELAY", hide_env = true)]
    shutdown_delay: Option<DurationSecs>,
    /// How long open requests may take to end after SIGTERM
    #[arg(long, value_name = "SPAN", default_value = "10s", env = "VOTEKIT_SERVE_GRACE", hide_env = true)]
    grace: DurationSecs,
    /// Votes a client may cast: 5/s, 30/m, 100/h. Off by default: a whole room may share one address
    #[arg(long, value_name = "N/UNIT", env = "VOTEKIT_SERVE_RATE_LIMIT", hide_env = true)]
    rate_limit: Option<Rate>,
    /// Proxies whose X-Forwarded-For is believed, as addresses or networks: 127.0.0.1,10.0.0.0/8
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',', value_parser = network, env = "VOTEKIT_SERVE_TRUST_PROXY", hide_env = true)]
    trust_proxy: Vec<IpNet>,
    /// Log requests on stderr; votes, opinions and voters are never in it
    #[arg(long, value_name = "FORMAT", default_value = "off", env = "VOTEKIT_SERVE_ACCESS_LOG", hide_env = true)]
    access_log: Access,
    /// Votes that may wait to be written; beyond that, clients get 503 and try again
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1_000_000), env = "VOTEKIT_SERVE_QUEUE", hide_env = true)]
    queue: u32,
    /// Open connections at most; more wait until one closes
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000), env = "VOTEKIT_SERVE_CONNECTIONS", hide_env = true)]
    connections: u32,
    #[command(flatten)]
    file: BallotFile,
}

impl Args {
    /// Runs the command until SIGTERM or Ctrl-C.
    ///
    /// # Errors
    /// When the ballot file cannot be opened, or the address cannot be listened on.
    pub(crate) fn run(self, console: &Console) -> anyhow::Result<()> {
        let listen = self.listen()?;
        let metrics_at = self.metrics_listen.as_deref().map(|at| place("--metrics-listen", at)).transpose()?;
        let public = self.public_url.clone();
        // A file that is named is a file that should be there.
        let votes = if self.file.is_named() { self.file.open(console)? } else { self.file.open_or_make(console)? };
        let options = Options {
            queue_most: self.queue as usize,
            connections_most: self.connections as usize,
            rate: self.rate_limit,
            trusted: self.trust_proxy,
            grace: self.grace.into(),
            shutdown_delay: self.shutdown_delay.map_or(Duration::ZERO, Into::into),
            keep_alive: self.keep_alive.into(),
            origins: self.allow_origin,
            public: self.public_url.unwrap_or_default(),
            log: if self.access_log == Access::Json { LogFormat::Json } else { LogFormat::Text },
            access_log: if self.access_log == Access::Off { AccessLog::Off } else { AccessLog::On },
        };
        let service = Service::bind(listen, metrics_at, votes, options)?;
        // Where there is no systemd, nobody is told.
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
        if self.access_log != Access::Json {
            let (file, place) = (self.file.place(), service.place());
            let public = public.map_or_else(String::new, |url| format!(" for {url}"));
            console.note(&format!("serving {file} at {place}{public} until Ctrl-C"));
            if let Some(place) = service.metrics_place() {
                console.note(&format!("metrics are at {place}/metrics"));
            }
        }
        let ended = service.run()?;
        if ended.cut > 0 {
            console.warn(&format!("{} connections were still open after {} and were cut", ended.cut, self.grace));
        }
        if !ended.written {
            console.warn("another program held the ballot file: votes that waited for it were not stored");
        }
        if ended.log_lines_lost > 0 {
            console.warn(&format!("{} lines of the log were lost: nobody read them fast enough", ended.log_lines_lost));
        }
        Ok(())
    }
}

impl Args {
    /// Where to listen: where it was typed, or on the socket of systemd, or at the usual address.
    fn listen(&self) -> anyhow::Result<Listen> {
        if let Some(port) = self.port {
            return Ok(Listen::Address(SocketAddr::from(([127, 0, 0, 1], port))));
        }
        if let Some(listen) = &self.listen {
            return place("--listen", listen);
        }
        let mut handed = listenfd::ListenFd::from_env();
        if let Ok(Some(socket)) = handed.take_unix_listener(0) {
            return Ok(Listen::UnixSocket(socket));
        }
        let socket = handed.take_tcp_listener(0);
        match socket.context("the socket that systemd handed over cannot be used: it must be a stream that listens")? {
            Some(socket) => Ok(Listen::Socket(socket)),
            None => place("--listen", USUAL_ADDRESS),
        }
    }
}

/// An address, or a network as `10.0.0.0/8`.
fn network(text: &str) -> Result<IpNet, String> {
    let net = text.parse().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    net.map_err(|_| "not an address as 127.0.0.1, nor a network as 10.0.0.0/8".into())
}

/// The place that `text` names, as the option `flag` has it.
fn place(flag: &str, text: &str) -> anyhow::Result<Listen> {
    if let Some(path) = text.strip_prefix("unix:") {
        return if path.starts_with('/') {
            Ok(Listen::Unix(path.into()))
        } else {
            Err(exit::misuse(format!("{flag} {text:?} has no whole path: write unix:/run/votekit.sock")))
        };
    }
    let shape =
        || exit::misuse(format!("{flag} {text:?} is not an address with a port: write 127.0.0.1:5000, or unix:/path"));
    if !text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok()) {
        return Err(shape());
    }
    let found = text.to_socket_addrs().with_context(|| format!("{flag} {text:?}: the name is not known"))?.next();
    found.map(Listen::Address).ok_or_else(shape)
}
