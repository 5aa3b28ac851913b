//! A clock, a server and a driver that do what a test says, second by second.
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses its own part of this"
)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "these helpers run in tests only"
)]

use oidc_core::{Ed25519PublicKey, IssuerIdentifier, Jwk, JwkSet, NumericDate};
use oidc_verifier::IssuerKeys;
use oidc_verifier::key_source::{
    Action, Fetch, FetchKind, FetchResponse, KeySource, KeySourceConfig, Refetch, Status,
    TransportError,
};

pub(crate) const ISSUER: &str = "https://ci.example";
pub(crate) const JWKS_URI: &str = "https://ci.example/jwks";

/// Seconds after the beginning of the test.
pub(crate) fn at(seconds: i64) -> NumericDate {
    NumericDate::from_seconds(1_790_000_000 + seconds).unwrap()
}

pub(crate) fn config() -> KeySourceConfig {
    KeySourceConfig::default()
}

pub(crate) fn kid(key: u8) -> String {
    format!("key-{key}")
}

/// Keys by number, each named after it.
pub(crate) fn set(keys: &[u8]) -> Vec<Jwk> {
    let key = |key: &u8| {
        let public = Ed25519PublicKey::new([key + 3; 32]).unwrap();
        Jwk::new(public).with_kid(kid(*key)).unwrap()
    };
    keys.iter().map(key).collect()
}

/// What the server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Good,
    Down,
    /// Never answers, and the driver does not report.
    Silent,
    Status(u16),
    Page,
    Elsewhere,
    Body(&'static str),
}

pub(crate) struct Server {
    pub(crate) answer: Answer,
    pub(crate) discovery_only: Option<Answer>,
    pub(crate) jwk_set_only: Option<Answer>,
    pub(crate) keys: Vec<Jwk>,
    pub(crate) jwks_uri: &'static str,
    pub(crate) cache_control: Option<&'static str>,
    pub(crate) etag: bool,
    pub(crate) not_modified: usize,
}

impl Server {
    pub(crate) fn metadata(&self) -> String {
        format!(
            r#"{{"issuer": "{ISSUER}", "jwks_uri": "{}"}}"#,
            self.jwks_uri
        )
    }
}

pub(crate) struct World {
    pub(crate) source: KeySource,
    pub(crate) server: Server,
    /// Seconds that really passed.
    pub(crate) passed: i64,
    /// What the clock shows beyond them.
    pub(crate) clock_error: i64,
    /// Seconds from a fetch to its answer.
    pub(crate) latency: i64,
    pub(crate) random: u64,
    pub(crate) refuse_installs: bool,
    pub(crate) installed: Option<IssuerKeys>,
    pub(crate) installs: usize,
    pub(crate) withdrawals: usize,
    /// How often the source had nothing to do.
    pub(crate) rests: usize,
    /// Each fetch and when it began.
    pub(crate) log: Vec<(i64, FetchKind)>,
    under_way: Option<(Fetch, i64)>,
    /// When the last fetch began, on the clock.
    begun: NumericDate,
}

impl World {
    pub(crate) fn new(config: KeySourceConfig) -> World {
        let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
        World::of(KeySource::new(issuer, config))
    }

    pub(crate) fn of(source: KeySource) -> World {
        World {
            source,
            server: Server {
                answer: Answer::Good,
                discovery_only: None,
                jwk_set_only: None,
                keys: Vec::new(),
                jwks_uri: JWKS_URI,
                cache_control: None,
                etag: false,
                not_modified: 0,
            },
            passed: 0,
            clock_error: 0,
            latency: 0,
            random: 1,
            refuse_installs: false,
            installed: None,
            installs: 0,
            withdrawals: 0,
            rests: 0,
            log: Vec::new(),
            under_way: None,
            begun: at(0),
        }
    }

    pub(crate) fn now(&self) -> NumericDate {
        at(self.passed + self.clock_error)
    }

    pub(crate) fn status(&self) -> Status<'_> {
        self.source.status(self.now())
    }

    pub(crate) fn ask(&mut self, kid: &str) -> Refetch {
        self.source.handle_unknown_kid(kid, self.now())
    }

    pub(crate) fn fetched(&self) -> Vec<FetchKind> {
        self.log.iter().map(|(_, kind)| *kind).collect()
    }

    pub(crate) fn fetched_of(&self, kind: FetchKind) -> usize {
        self.log.iter().filter(|(_, own)| *own == kind).count()
    }

    /// The most fetches of one kind in any 30 seconds.
    pub(crate) fn busiest_window(&self, kind: FetchKind) -> usize {
        let times: Vec<_> = self.log.iter().filter(|(_, own)| *own == kind).collect();
        let in_window = |from: i64| {
            let within = |at: i64| (from..from + 30).contains(&at);
            times.iter().filter(|(at, _)| within(*at)).count()
        };
        times
            .iter()
            .map(|(at, _)| in_window(*at))
            .max()
            .unwrap_or(0)
    }

    pub(crate) fn installed_kids(&self) -> Vec<String> {
        let keys = self.installed.iter().flat_map(|keys| keys.jwk_set().keys());
        keys.filter_map(|key| key.kid().map(str::to_owned))
            .collect()
    }

    pub(crate) fn trusts(&self, key: u8) -> bool {
        self.installed_kids().contains(&kid(key))
    }

    /// Lets seconds pass, one after the other.
    pub(crate) fn pass(&mut self, seconds: i64) {
        for _ in 0..seconds {
            self.passed += 1;
            self.run();
        }
    }

    /// Lets seconds pass as a driver does that sleeps for as long as it is told.
    pub(crate) fn sleep(&mut self, seconds: i64) {
        let end = self.passed + seconds;
        let mut next = self.run();
        while next <= end {
            self.passed = next;
            next = self.run();
        }
        self.passed = end;
        self.run();
    }

    /// Does everything that is due, and says when it comes back.
    pub(crate) fn run(&mut self) -> i64 {
        for _ in 0..100 {
            if let Some((fetch, due)) = self.under_way.take() {
                if due > self.passed {
                    self.under_way = Some((fetch, due));
                } else {
                    self.answer(&fetch);
                }
            }
            match self.source.poll(self.bits(), self.now()) {
                Action::Fetch(fetch) => {
                    self.log.push((self.passed, fetch.kind));
                    let due = self.passed + self.latency;
                    let before = self.under_way.replace((fetch, due));
                    let now = self.now();
                    let begun = std::mem::replace(&mut self.begun, now);
                    let given_up = now.seconds_since(begun) >= 10;
                    assert!(before.is_none() || given_up, "two fetches");
                }
                Action::Install(keys) => {
                    if self.refuse_installs {
                        self.source.handle_install_refused(self.now());
                    } else {
                        self.installed = Some(keys);
                        self.installs += 1;
                    }
                }
                Action::Withdraw => {
                    self.installed = None;
                    self.withdrawals += 1;
                }
                Action::Idle { until, .. } => {
                    assert!(until > self.now());
                    self.rests += 1;
                    let due_now = |(fetch, due): &(Fetch, i64)| {
                        *due <= self.passed && self.does(fetch) != Answer::Silent
                    };
                    if self.under_way.as_ref().is_none_or(|fetch| !due_now(fetch)) {
                        let wake = until.seconds_since(at(self.clock_error));
                        let answer = self.under_way.as_ref().map(|(_, due)| *due);
                        return answer
                            .filter(|due| *due > self.passed)
                            .unwrap_or(wake)
                            .min(wake);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
        panic!("the source never rests");
    }

    /// Random bits of this second, the same however often they are asked for.
    fn bits(&self) -> u64 {
        let mut bits = self.random
            ^ self
                .passed
                .unsigned_abs()
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for shift in [30, 27, 31] {
            bits = (bits ^ (bits >> shift)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        }
        bits
    }

    fn does(&self, fetch: &Fetch) -> Answer {
        let only = match fetch.kind {
            FetchKind::Discovery => self.server.discovery_only,
            FetchKind::JwkSet => self.server.jwk_set_only,
        };
        only.unwrap_or(self.server.answer)
    }

    fn answer(&mut self, fetch: &Fetch) {
        let now = self.now();
        let answer = self.does(fetch);
        let good = match fetch.kind {
            FetchKind::Discovery => self.server.metadata(),
            FetchKind::JwkSet => match JwkSet::from_keys(self.server.keys.iter().cloned()) {
                Ok(set) => set.to_json(),
                Err(_) => r#"{"keys": []}"#.to_owned(),
            },
        };
        let digest = good.bytes().fold(7_u64, |digest, byte| {
            digest.wrapping_mul(31).wrapping_add(u64::from(byte))
        });
        let etag = format!("\"{digest}\"");
        let etag = self.server.etag.then_some(etag);
        let unchanged = etag.is_some() && fetch.validators.if_none_match() == etag.as_deref();
        let mut response = match answer {
            Answer::Silent => {
                self.under_way = Some((fetch.clone(), i64::MAX));
                return;
            }
            Answer::Down => {
                let error = TransportError::Connect;
                return self.source.handle_failure(fetch.id, error, now);
            }
            Answer::Good if unchanged => {
                self.server.not_modified += 1;
                FetchResponse::new(304, &fetch.url, b"")
            }
            Answer::Good => FetchResponse::new(200, &fetch.url, good.as_bytes()),
            Answer::Status(status) => FetchResponse::new(status, &fetch.url, good.as_bytes()),
            Answer::Page => FetchResponse::new(200, &fetch.url, b"<html>")
                .with_header("content-type", "text/html"),
            Answer::Elsewhere => {
                FetchResponse::new(200, "https://elsewhere.example", good.as_bytes())
            }
            Answer::Body(body) => FetchResponse::new(200, &fetch.url, body.as_bytes()),
        };
        if let Some(etag) = &etag {
            response = response.with_header("etag", etag);
        }
        if let Some(value) = self.server.cache_control {
            response = response.with_header("cache-control", value);
        }
        let _ = self.source.handle_response(fetch.id, &response, now);
    }
}
