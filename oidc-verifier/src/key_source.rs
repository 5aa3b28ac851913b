//! When to fetch an issuer's keys, and for how long to trust them. Never how: there is no I/O here.
//!
//! A [`KeySource`] is a value that a driver asks what to do and tells what happened. It fetches the
//! provider metadata, then the JWK Set, refreshes both before they grow stale, and says when the
//! verifier is to take new keys or to do without.
//!
//! ```
//! use oidc_verifier::key_source::{
//!     Action, Fetch, FetchResponse, KeySource, KeySourceConfig, TransportError,
//! };
//! use oidc_verifier::{IssuerIdentifier, NumericDate};
//! # #[cfg(any(feature = "aws-lc-rs", feature = "ring"))] {
//! use oidc_verifier::Verifier;
//!
//! /// Does what is due and says when to come back.
//! fn drive(source: &mut KeySource, verifier: &Verifier, now: NumericDate) -> NumericDate {
//!     loop {
//!         let random = 4; // chosen by a fair dice roll; a program draws 64 bits each time
//!         match source.poll(random, now) {
//!             Action::Fetch(fetch) => match get(&fetch) {
//!                 Ok((status, body)) => {
//!                     let response = FetchResponse::new(status, &fetch.url, &body)
//!                         .with_header("Cache-Control", "max-age=900");
//!                     if let Err(error) = source.handle_response(fetch.id, &response, now) {
//!                         eprintln!("{}: {error}", error.code());
//!                     }
//!                 }
//!                 Err(error) => source.handle_failure(fetch.id, error, now),
//!             },
//!             Action::Install(keys) => {
//!                 if verifier.install(&keys).is_err() {
//!                     source.handle_install_refused(now);
//!                 }
//!             }
//!             Action::Withdraw => {
//!                 verifier.withdraw(source.issuer());
//!             }
//!             Action::Idle { until, .. } => return until,
//!             _ => return now,
//!         }
//!     }
//! }
//!
//! # let issuer = IssuerIdentifier::parse("https://ci.example")?;
//! # let verifier = Verifier::builder().issuer(issuer.clone()).audience("a").build()?;
//! let mut source = KeySource::new(issuer, KeySourceConfig::default());
//! let now = NumericDate::from_seconds(1_790_000_000)?;
//! let next = drive(&mut source, &verifier, now);
//! # assert!(next > now.saturating_add(std::time::Duration::from_secs(600)));
//! # assert_eq!(source.status(now).keys, 1);
//! # fn get(fetch: &Fetch) -> Result<(u16, Vec<u8>), TransportError> {
//! #     let body: &[u8] = match fetch.url.as_str() {
//! #         "https://ci.example/jwks" => br#"{"keys": [{"kty": "OKP", "crv": "Ed25519",
//! #             "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
//! #         _ => br#"{"issuer": "https://ci.example", "jwks_uri": "https://ci.example/jwks"}"#,
//! #     };
//! #     Ok((200, body.to_vec()))
//! # }
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Time
//!
//! There is one notion of time, the `now` of every other call of this crate. A source counts what
//! passes between calls and thereby keeps an age of its own:
//!
//! - Where the clock goes back, no time passes: no key is trusted longer by the length of the jump
//!   and no wait lasts longer. How much really passed is unknown, so a refresh is due at once.
//! - Where it goes forward, that time has passed. It may have: a machine that slept shows the same,
//!   and a monotonic clock would not notice. Keys then need to be confirmed, which is due at once.
//!   A jump of an hour leaves fresh keys in trust.
//!
//! # Load
//!
//! However many tokens name keys that do not exist, they cause no more fetches in a
//! [cooldown](KeySourceConfig::COOLDOWN) than there are [permits](KeySourceConfig::PERMITS), and
//! none while fetches fail. Tokens whose key is there never come here.

mod absent;
mod action;
mod age;
mod config;
mod demand;
mod document;
mod error;
mod keys;
mod learning;
mod permits;
mod response;
mod rulings;
mod schedule;
mod status;

use oidc_core::{IssuerIdentifier, NumericDate, ProviderMetadata, ProviderMetadataError};

pub use self::action::{Action, Fetch, FetchId, FetchKind, FetchLimits, Validators};
pub use self::config::{
    Amount, KeySourceConfig, KeySourceConfigBuilder, KeySourceConfigError, Setting,
};
pub use self::demand::Refetch;
pub use self::error::{FetchError, TransportError};
pub use self::learning::Learned;
pub use self::response::FetchResponse;
pub use self::rulings::DistrustedKey;
pub use self::status::{KeyFreshness, LastError, Status};

use self::absent::AbsentKids;
use self::age::{Age, Clock};
use self::demand::Demand;
use self::document::{Document, Freshness, Held};
use self::keys::Keys;
use self::permits::Permits;
use self::rulings::Rulings;
use self::schedule::{Flight, idle};

/// Decides when the keys of one issuer are fetched, and which of them are trusted.
///
/// See the [module](self) for how it is driven.
#[derive(Clone, Debug)]
pub struct KeySource {
    issuer: IssuerIdentifier,
    config: KeySourceConfig,
    clock: Clock,
    /// Whether `jwks_uri` was configured, so that there is nothing to discover.
    pinned: bool,
    jwks_uri: Document<String>,
    keys: Document<Keys>,
    rulings: Rulings,
    generations: u64,
    changed_at: Option<Age>,
    told: Told,
    fetches: u64,
    flight: Option<Flight>,
    demand: Demand,
    permits: Permits,
    absent: AbsentKids,
    last_error: Option<LastError>,
    /// What the last poll was given.
    random: u64,
}

/// Which keys the driver was last told to use, and what was so before while that may be undone.
#[derive(Clone, Debug, Default)]
struct Told {
    generation: Option<u64>,
    /// There until an `Install` is not refused any more.
    before: Option<Before>,
    /// There until the keys of a fetch are installed.
    replaced: Option<Replaced>,
}

/// The generation that the driver had.
#[derive(Clone, Copy, Debug)]
struct Before(Option<u64>);

/// What was held before the keys of the last fetch.
#[derive(Clone, Debug)]
struct Replaced(Option<Held<Keys>>);

impl KeySource {
    /// A source for the keys of `issuer`, found by discovery.
    pub fn new(issuer: IssuerIdentifier, config: KeySourceConfig) -> KeySource {
        KeySource::starting_with(issuer, config, None)
    }

    /// A source for an issuer whose `jwks_uri` is configured, because it has no discovery or
    /// because nobody else shall choose it.
    ///
    /// # Errors
    ///
    /// [`ProviderMetadataError`] when the URL would be refused in provider metadata.
    pub fn with_jwks_uri(
        issuer: IssuerIdentifier,
        jwks_uri: &str,
        config: KeySourceConfig,
    ) -> Result<KeySource, ProviderMetadataError> {
        let metadata = ProviderMetadata::for_issuer(&issuer, jwks_uri, [])?;
        let jwks_uri = metadata.jwks_uri().as_str().to_owned();
        Ok(KeySource::starting_with(issuer, config, Some(jwks_uri)))
    }

    fn starting_with(
        issuer: IssuerIdentifier,
        config: KeySourceConfig,
        jwks_uri: Option<String>,
    ) -> KeySource {
        KeySource {
            issuer,
            config,
            clock: Clock::default(),
            pinned: jwks_uri.is_some(),
            jwks_uri: Document::new(jwks_uri.map(|value| Held {
                value,
                validators: Validators::default(),
                freshness: Freshness::FOR_EVER,
            })),
            keys: Document::new(None),
            rulings: Rulings::default(),
            generations: 0,
            changed_at: None,
            told: Told::default(),
            fetches: 0,
            flight: None,
            demand: Demand::default(),
            permits: Permits::default(),
            absent: AbsentKids::default(),
            last_error: None,
            random: 0,
        }
    }

    /// The issuer.
    pub const fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// The numbers that it goes by.
    pub const fn config(&self) -> &KeySourceConfig {
        &self.config
    }

    /// What is due at `now`. Ask again after each action until it is [`Action::Idle`].
    ///
    /// `random` is 64 random bits, others for each call; it spreads the times of fetches and
    /// guards no secret.
    pub fn poll(&mut self, random: u64, now: NumericDate) -> Action {
        let age = self.advance(now);
        self.random = random;
        if let Some(change) = self.change_of_keys(age) {
            return change;
        }
        if let Some(flight) = &self.flight {
            let until = self.next_event(age).min(flight.given_up_at);
            return idle(until, age, now);
        }
        match self.due(age) {
            Some(kind) => Action::Fetch(self.begin(kind, random, age)),
            None => idle(self.next_fetch(age).min(self.next_event(age)), age, now),
        }
    }

    /// Takes the response to a fetch.
    ///
    /// # Errors
    ///
    /// [`FetchError`] says why it counts as a failure. Whatever was known stays and is trusted
    /// until its bound.
    pub fn handle_response(
        &mut self,
        id: FetchId,
        response: &FetchResponse<'_>,
        now: NumericDate,
    ) -> Result<Learned, FetchError> {
        let age = self.advance(now);
        let Some(flight) = self.flight.take_if(|flight| flight.id == id) else {
            return Ok(Learned::TooLate);
        };
        let learned = match flight.kind {
            FetchKind::Discovery => self.learn_metadata(&flight, response, age),
            FetchKind::JwkSet => self.learn_keys(&flight, response, age),
        };
        if let Err(error) = &learned {
            self.fail(flight.kind, error.clone(), flight.random, age, now);
        }
        learned
    }

    /// Takes the news that a fetch brought no response.
    pub fn handle_failure(&mut self, id: FetchId, error: TransportError, now: NumericDate) {
        let age = self.advance(now);
        if let Some(flight) = self.flight.take_if(|flight| flight.id == id) {
            let error = FetchError::Transport(error);
            self.fail(flight.kind, error, flight.random, age, now);
        }
    }

    /// Takes the news that the verifier refused the keys of the [`Action::Install`] just given.
    ///
    /// The fetch that brought them counts as failed and the keys before it stay, until their bound.
    /// If it was not a fetch that changed the keys, none of them is trusted until one succeeds.
    pub fn handle_install_refused(&mut self, now: NumericDate) {
        let age = self.advance(now);
        let Some(Before(before)) = self.told.before.take() else {
            return;
        };
        self.told.generation = before;
        self.keys.held = self.told.replaced.take().and_then(|Replaced(held)| held);
        self.fail(
            FetchKind::JwkSet,
            FetchError::NotInstalled,
            self.random,
            age,
            now,
        );
    }

    /// Counts the changes of the trusted keys; 0 before the first.
    pub const fn generation(&self) -> u64 {
        match &self.keys.held {
            Some(held) => held.value.generation,
            None => 0,
        }
    }

    /// The [`generation`](Self::generation) in which the keys of this name became what they are.
    pub fn key_generation(&self, kid: &str) -> Option<u64> {
        self.keys.held.as_ref()?.value.generation_of(kid)
    }

    /// Lets time pass: the one place where it does.
    fn advance(&mut self, now: NumericDate) -> Age {
        let (age, went_back) = self.clock.advance(now);
        if went_back {
            self.keys.hurry(age);
            if !self.pinned {
                self.jwks_uri.hurry(age);
            }
        }
        if let Some(flight) = self.flight.take_if(|flight| age >= flight.given_up_at) {
            self.fail(flight.kind, FetchError::Abandoned, flight.random, age, now);
        }
        age
    }

    /// Tells the driver of keys that it does not have yet, or has no longer.
    fn change_of_keys(&mut self, age: Age) -> Option<Action> {
        let trusted = self.keys.trusted(age);
        let trusted = trusted.and_then(|held| {
            let keys = held.value.trusted.as_ref()?;
            Some((held.value.generation, keys))
        });
        let generation = trusted.map(|(generation, _)| generation);
        if generation == self.told.generation {
            // Not refused, hence installed.
            self.told.before = None;
            self.told.replaced = None;
            return None;
        }
        let action = match trusted {
            Some((_, keys)) => {
                self.told.before = Some(Before(self.told.generation));
                Action::Install(keys.clone())
            }
            None => Action::Withdraw,
        };
        self.told.generation = generation;
        Some(action)
    }
}
