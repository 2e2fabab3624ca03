//! Requests to the hub: redirects are followed here, so that the token goes to the hub's own host alone, and a server that asks for
//! patience gets some.

use std::thread;
use std::time::Duration;

use ureq::http::Response;
use ureq::{Agent, Body};

use super::HubSettings;
use super::transfer::Step;
use crate::nn::error::HubFault;

/// Redirects are followed so often.
const MOST_REDIRECTS: usize = 10;
/// A request is repeated so often when the server says when to come again.
const MOST_WAITS: usize = 3;
/// The longest that a server is waited for at its wish.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// What the hub says about a file. Redirects to other hosts, where large files lie, are not followed.
    Head,
    /// The file from this byte on.
    Bytes(u64),
}

/// A client for one hub.
pub(super) struct Client<'a> {
    agent: Agent,
    settings: &'a HubSettings,
    tell: &'a dyn Fn(Step),
}

impl<'a> Client<'a> {
    pub(super) fn new(settings: &'a HubSettings, tell: &'a dyn Fn(Step)) -> Self {
        let config = Agent::config_builder().max_redirects(0).http_status_as_error(false).timeout_connect(Some(settings.timeout));
        let agent = config.user_agent(concat!("derm/", env!("CARGO_PKG_VERSION"))).build().into();
        Self { agent, settings, tell }
    }

    /// Asks for an address below the endpoint; also says whether the answer is the endpoint's own.
    pub(super) fn ask(&self, path: &str, ask: Ask) -> Result<(Response<Body>, bool), HubFault> {
        let mut url = format!("{}{path}", self.settings.endpoint);
        let mut waits = 0;
        for _ in 0..=MOST_REDIRECTS {
            let own = origin(&url) == origin(&self.settings.endpoint);
            let answer = self.once(&url, ask, own)?;
            let status = answer.status().as_u16();
            match (status, header(&answer, "location")) {
                (301 | 302 | 303 | 307 | 308, Some(location)) => {
                    let next = join(&url, location);
                    if ask == Ask::Head && own && origin(&next) != origin(&url) {
                        return Ok((answer, own));
                    }
                    url = next;
                }
                (429 | 503, _) if waits < MOST_WAITS => match patience(&answer, status) {
                    Some(wait) => {
                        waits += 1;
                        (self.tell)(Step::Wait(wait));
                        thread::sleep(wait);
                    }
                    None => return Err(HubFault::Status(status)),
                },
                (401 | 403, _) => return Err(HubFault::Denied { with_token: own && self.settings.token.is_some() }),
                (404, _) => return Err(HubFault::NotFound),
                (200 | 206 | 416, _) => return Ok((answer, own)),
                _ => return Err(HubFault::Status(status)),
            }
        }
        Err(HubFault::Transport(format!("more than {MOST_REDIRECTS} redirects")))
    }

    fn once(&self, url: &str, ask: Ask, own: bool) -> Result<Response<Body>, HubFault> {
        let request = if ask == Ask::Head { self.agent.head(url) } else { self.agent.get(url) };
        // A compressed answer would have another length.
        let mut request = request.header("Accept-Encoding", "identity");
        if let (Some(token), true) = (&self.settings.token, own) {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        if let Ask::Bytes(start @ 1..) = ask {
            request = request.header("Range", format!("bytes={start}-"));
        }
        request.call().map_err(|error| HubFault::Transport(error.to_string()))
    }
}

/// A header's text, if it has one.
pub(super) fn header<'r>(answer: &'r Response<Body>, name: &str) -> Option<&'r str> {
    answer.headers().get(name)?.to_str().ok()
}

/// How long to wait before the next try; `None` where the server does not say and is not merely asking for patience.
fn patience(answer: &Response<Body>, status: u16) -> Option<Duration> {
    let asked = header(answer, "retry-after").and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    let wait = asked.or((status == 429).then_some(Duration::from_secs(1)))?;
    (wait <= LONGEST_WAIT).then_some(wait)
}

/// Scheme, host and port.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    format!("{scheme}://{host}").to_lowercase()
}

/// Where a `Location` leads.
fn join(base: &str, location: &str) -> String {
    let scheme = base.split("://").next().unwrap_or_default();
    if location.contains("://") {
        location.to_owned()
    } else if location.starts_with("//") {
        format!("{scheme}:{location}")
    } else if location.starts_with('/') {
        format!("{}{location}", origin(base))
    } else {
        let path = base.split(['?', '#']).next().unwrap_or_default();
        format!("{}/{location}", path.rsplit_once('/').map_or(path, |(folder, _)| folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_are_relative_to_where_they_came_from() {
        let base = "http://Hub:1/a/b?c";
        assert_eq!(join(base, "https://cdn/x"), "https://cdn/x");
        assert_eq!(join(base, "//cdn/x"), "http://cdn/x");
        assert_eq!(join(base, "/x"), "http://hub:1/x");
        assert_eq!(join(base, "x"), "http://Hub:1/a/x");
    }

    #[test]
    fn another_scheme_or_port_is_another_host() {
        assert_eq!(origin("http://Hub:1/a"), origin("http://hub:1?b"));
        for other in ["https://hub:1/a", "http://hub:2/a", "http://hub.evil:1/a", "http://hub:1@evil/a", "http://hub"] {
            assert_ne!(origin("http://hub:1"), origin(other), "{other}");
        }
    }
}
