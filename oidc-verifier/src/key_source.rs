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
mod document;
mod error;
mod keys;
mod permits;
mod response;
mod status;

use std::time::Duration;

use oidc_core::{
    DiscoveryResponse, IssuerIdentifier, JoseHeader, JwkSet, NumericDate, ProviderMetadata,
    ProviderMetadataError,
};

pub use self::action::{Action, Fetch, FetchId, FetchKind, FetchLimits, Validators};
pub use self::config::{
    Amount, KeySourceConfig, KeySourceConfigBuilder, KeySourceConfigError, Setting,
};
pub use self::error::{FetchError, TransportError};
pub use self::keys::DistrustedKey;
pub use self::response::FetchResponse;
pub use self::status::{KeyFreshness, LastError, Status};

use self::absent::AbsentKids;
use self::age::{Age, Clock};
use self::document::{Document, Freshness, Held};
use self::keys::{Keys, Rulings};
use self::permits::{Cause, Permits};

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

/// The one fetch that is under way.
#[derive(Clone, Debug)]
struct Flight {
    id: FetchId,
    kind: FetchKind,
    conditional: bool,
    random: u64,
    given_up_at: Age,
}

/// What tokens want of the next fetch of the JWK Set.
#[derive(Clone, Debug, Default)]
struct Demand {
    /// Why the fetch is to be made, if for no other reason.
    cause: Option<Cause>,
    /// The names that it is to bring. Bounded like those that are remembered.
    kids: Vec<Box<str>>,
}

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
            None => idle(self.next_fetch().min(self.next_event(age)), age, now),
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

    /// Asks for a key that the verifier does not have: [`VerifyError::UnknownKey`] for a token that
    /// names this issuer. Says whether a fetch may help; it never makes anybody wait itself.
    ///
    /// [`VerifyError::UnknownKey`]: crate::VerifyError::UnknownKey
    ///
    /// # Security
    ///
    /// Anyone can invent names. They cost no more than the permits of a cooldown, and no time of
    /// those who name a key that is there.
    pub fn handle_unknown_kid(&mut self, kid: &str, now: NumericDate) -> Refetch {
        let age = self.advance(now);
        let rotating = self
            .changed_at
            .is_some_and(|at| age < at.plus(self.config.cooldown()));
        if let Some(known) = self.known(kid, age, now) {
            return known;
        }
        let cause = if rotating {
            Cause::UnknownKidInRotation
        } else {
            Cause::UnknownKid
        };
        let answer = self.demand(cause, age, now);
        if answer == Refetch::Wait && !self.is_fetching(FetchKind::JwkSet) {
            self.want(kid);
        }
        answer
    }

    /// Asks whether the issuer has put another key under a name that the verifier has:
    /// [`VerifyError::Signature`] for a token that names this issuer and this `kid`.
    ///
    /// Verify again after the fetch only if [`key_generation`](Self::key_generation) has changed.
    ///
    /// [`VerifyError::Signature`]: crate::VerifyError::Signature
    pub fn handle_bad_signature(&mut self, kid: &str, now: NumericDate) -> Refetch {
        let age = self.advance(now);
        match self.known(kid, age, now) {
            Some(Refetch::Known) => self.demand(Cause::BadSignature, age, now),
            Some(other) => other,
            None => self.handle_unknown_kid(kid, now),
        }
    }

    /// Trusts a key no longer, from the next [`poll`](Self::poll) on and whatever the issuer
    /// publishes. Says how many keys that are held now it takes away.
    pub fn distrust(&mut self, key: DistrustedKey) -> usize {
        let before = self.trusted_count();
        if !self.rulings.distrusted.contains(&key) {
            self.rulings.distrusted.push(key);
        }
        self.apply_rulings();
        before.saturating_sub(self.trusted_count())
    }

    /// Ends [`distrust`](Self::distrust) of a key; false if there was none.
    pub fn end_distrust(&mut self, key: &DistrustedKey) -> bool {
        let before = self.rulings.distrusted.len();
        self.rulings.distrusted.retain(|one| one != key);
        self.apply_rulings();
        self.rulings.distrusted.len() < before
    }

    /// Refuses every token of the issuer with an `iat` before `cut_off`, from the next
    /// [`poll`](Self::poll) on: for when a key was stolen and is replaced. `None` ends it.
    pub fn refuse_issued_before(&mut self, cut_off: Option<NumericDate>) {
        self.rulings.issued_before = cut_off;
        self.apply_rulings();
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

    /// How it stands at `now`.
    pub fn status(&self, now: NumericDate) -> Status<'_> {
        let age = self.clock.age(now);
        let on_clock = |then: Age| now.saturating_add(then.since(age));
        let held = self.keys.held.as_ref();
        let trusted = self
            .keys
            .trusted(age)
            .filter(|held| held.value.trusted.is_some());
        let freshness = match trusted {
            None => KeyFreshness::Unavailable,
            Some(held) if age < held.freshness.stale_at => KeyFreshness::Fresh,
            Some(_) => KeyFreshness::Stale,
        };
        let cooling_down = self
            .permits
            .check(Cause::UnknownKid, &self.config, age)
            .err();
        let backing_off = Some(self.keys.retry_at()).filter(|until| age < *until);
        Status {
            freshness,
            age: held.map(|held| age.since(held.freshness.fetched)),
            trusted_until: trusted.map(|held| on_clock(held.freshness.trust_ends)),
            jwks_uri: self.jwks_uri.held.as_ref().map(|held| held.value.as_str()),
            generation: self.generation(),
            keys: trusted.map_or(0, |held| held.value.trusted_count()),
            skipped: held.map_or(&[], |held| held.value.published.skipped()),
            distrusted: &self.rulings.distrusted,
            issued_before: self.rulings.issued_before,
            fetching: self.flight.as_ref().map(|flight| flight.kind),
            cooling_down_until: cooling_down.max(backing_off).map(on_clock),
            failures: self.keys.failures(),
            last_error: self.last_error.as_ref(),
            absent_kids: self.absent.count(age),
        }
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

    /// What is to be fetched now.
    fn due(&self, age: Age) -> Option<FetchKind> {
        let can_fetch_keys = self.jwks_uri.trusted(age).is_some();
        let wanted = self.demand.cause.is_some() && age >= self.keys.retry_at();
        if age >= self.jwks_uri.due_at() {
            Some(FetchKind::Discovery)
        } else if can_fetch_keys && (age >= self.keys.due_at() || wanted) {
            Some(FetchKind::JwkSet)
        } else {
            None
        }
    }

    /// When a fetch is due next, if no token asks for one.
    fn next_fetch(&self) -> Age {
        let keys = match &self.jwks_uri.held {
            Some(_) => self.keys.due_at(),
            None => Age::NEVER,
        };
        keys.min(self.jwks_uri.due_at())
    }

    /// When something changes without a fetch: trust in the keys ends.
    fn next_event(&self, age: Age) -> Age {
        let trusted = self.keys.trusted(age);
        trusted.map_or(Age::NEVER, |held| held.freshness.trust_ends)
    }

    fn begin(&mut self, kind: FetchKind, random: u64, age: Age) -> Fetch {
        let (url, validators, max_body_bytes) = match kind {
            FetchKind::Discovery => {
                let held = self.jwks_uri.held.as_ref();
                let validators = held.map(|held| held.validators.clone());
                let max = self.config.max_metadata_bytes();
                (self.issuer.discovery_url(), validators, max)
            }
            FetchKind::JwkSet => {
                // The attempt is what counts, not what comes of it. One that was due anyway is
                // nobody's.
                if age < self.keys.due_at()
                    && let Some(cause) = self.demand.cause
                {
                    self.permits.take(cause, self.config.cooldown(), age);
                }
                self.demand.cause = None;
                let uri = self.jwks_uri.held.as_ref().map(|held| held.value.clone());
                let held = self.keys.held.as_ref();
                let validators = held.map(|held| held.validators.clone());
                let max = self.config.max_jwk_set_bytes();
                (uri.unwrap_or_default(), validators, max)
            }
        };
        let validators = validators.unwrap_or_default();
        let total_timeout = self.config.total_timeout();
        let patience = total_timeout.saturating_mul(2).max(LEAST_PATIENCE);
        self.fetches = self.fetches.wrapping_add(1);
        let id = FetchId(self.fetches);
        self.flight = Some(Flight {
            id,
            kind,
            conditional: !validators.is_empty(),
            random,
            given_up_at: age.plus(patience),
        });
        let limits = FetchLimits {
            connect_timeout: self.config.connect_timeout(),
            total_timeout,
            max_body_bytes,
        };
        Fetch {
            id,
            kind,
            url,
            limits,
            validators,
        }
    }

    fn learn_metadata(
        &mut self,
        flight: &Flight,
        response: &FetchResponse<'_>,
        age: Age,
    ) -> Result<Learned, FetchError> {
        if response.status == 304 {
            let url = self.issuer.discovery_url();
            return self.confirm(flight, response, &url, age);
        }
        let metadata = ProviderMetadata::from_response(
            &self.issuer,
            &DiscoveryResponse::new(
                response.status,
                response.content_type,
                response.url,
                response.body,
            ),
        );
        let metadata = metadata.map_err(FetchError::Metadata)?;
        let uri = metadata.jwks_uri().as_str();
        let held = self.jwks_uri.held.as_ref();
        if held.is_none_or(|held| held.value != uri) {
            // Other keys, at another place: what is known of the old one does not count there.
            if let Some(keys) = &mut self.keys.held {
                keys.validators = Validators::default();
            }
            self.keys.succeed();
            self.keys.hurry(age);
        }
        let soft_age = response.soft_age(self.config.soft_age(), &self.config);
        self.jwks_uri.hold(Held {
            value: uri.to_owned(),
            validators: response.validators(),
            freshness: Freshness::new(soft_age, &self.config, flight.random, age),
        });
        Ok(Learned::Metadata)
    }

    fn learn_keys(
        &mut self,
        flight: &Flight,
        response: &FetchResponse<'_>,
        age: Age,
    ) -> Result<Learned, FetchError> {
        let uri = self.jwks_uri.held.as_ref().map(|held| held.value.clone());
        let uri = uri.unwrap_or_default();
        if response.status == 304 {
            return self.confirm(flight, response, &uri, age);
        }
        if response.status != 200 {
            let status = response.status;
            return Err(FetchError::Status { status });
        }
        if response.url != uri {
            return Err(FetchError::ResponseUrl);
        }
        if !response.may_be_jwk_set() {
            return Err(FetchError::ContentType);
        }
        let max = self.config.max_jwk_set_bytes();
        let published = JwkSet::parse_within(response.body, max).map_err(FetchError::JwkSet)?;

        let soft_age = response.soft_age(self.config.soft_age(), &self.config);
        let validators = response.validators();
        let freshness = Freshness::new(soft_age, &self.config, flight.random, age);
        let same = |held: &&mut Held<Keys>| held.value.published.keys() == published.keys();
        if let Some(held) = self.keys.held.as_mut().filter(same) {
            held.value.published = published;
            held.validators = validators;
            held.freshness = freshness;
            self.keys.succeed();
            self.note_absent(age);
            return Ok(Learned::SameKeys);
        }
        self.generations = self.generations.wrapping_add(1);
        let before = self.keys.held.take();
        let value = Keys::new(
            &self.issuer,
            published,
            &self.rulings,
            self.generations,
            before.as_ref().map(|held| &held.value),
        );
        self.keys.hold(Held {
            value,
            validators,
            freshness,
        });
        if before.is_some() {
            self.changed_at = Some(age);
        }
        self.told.replaced = Some(Replaced(before));
        self.absent.clear();
        self.note_absent(age);
        Ok(Learned::NewKeys)
    }

    /// Takes a 304: what is held is what the issuer has.
    fn confirm(
        &mut self,
        flight: &Flight,
        response: &FetchResponse<'_>,
        url: &str,
        age: Age,
    ) -> Result<Learned, FetchError> {
        if !flight.conditional {
            return Err(FetchError::NotModifiedUnasked);
        }
        if response.url != url {
            return Err(FetchError::ResponseUrl);
        }
        // RFC 9111 section 4.3.4: what the 304 does not say stays as it was.
        let renew = |held: &Freshness| {
            let usual = held.stale_at.since(held.fetched);
            let soft_age = response.soft_age(usual, &self.config);
            Freshness::new(soft_age, &self.config, flight.random, age)
        };
        match flight.kind {
            FetchKind::Discovery => {
                if let Some(held) = &mut self.jwks_uri.held {
                    held.freshness = renew(&held.freshness);
                }
                self.jwks_uri.succeed();
                Ok(Learned::Metadata)
            }
            FetchKind::JwkSet => {
                if let Some(held) = &mut self.keys.held {
                    held.freshness = renew(&held.freshness);
                }
                self.keys.succeed();
                self.note_absent(age);
                Ok(Learned::SameKeys)
            }
        }
    }

    fn fail(&mut self, kind: FetchKind, error: FetchError, random: u64, age: Age, at: NumericDate) {
        match kind {
            FetchKind::Discovery => self.jwks_uri.fail(&self.config, random, age),
            FetchKind::JwkSet => {
                self.demand = Demand::default();
                let gone = matches!(error, FetchError::Status { status: 404 | 410 });
                // The keys may have moved. Asked once, not with each attempt.
                if gone && self.keys.failures() == 0 && !self.pinned {
                    self.jwks_uri.hurry(age);
                }
                self.keys.fail(&self.config, random, age);
            }
        }
        self.last_error = Some(LastError { kind, error, at });
    }

    /// What can be said of a name without asking the issuer.
    fn known(&self, kid: &str, age: Age, now: NumericDate) -> Option<Refetch> {
        let held = self.keys.trusted(age).map(|held| &held.value);
        if held.is_some_and(|keys| keys.trusts(kid)) {
            return Some(Refetch::Known);
        }
        if self.rulings.names(kid) || held.is_some_and(|keys| keys.publishes(kid)) {
            return Some(Refetch::Distrusted);
        }
        let until = if kid.len() > JoseHeader::MAX_KID_BYTES {
            Age::NEVER
        } else {
            self.absent.until(kid, age)?
        };
        let until = now.saturating_add(until.since(age));
        Some(Refetch::Absent { until })
    }

    fn demand(&mut self, cause: Cause, age: Age, now: NumericDate) -> Refetch {
        let not_before = |until: Age| Refetch::CoolingDown {
            until: now.saturating_add(until.since(age)),
        };
        if self.is_fetching(FetchKind::JwkSet) {
            return Refetch::Wait;
        }
        if self.jwks_uri.trusted(age).is_none() {
            // The keys come after the metadata.
            let soon = self.flight.is_some() || age >= self.jwks_uri.due_at();
            return if soon {
                Refetch::Wait
            } else {
                not_before(self.jwks_uri.due_at())
            };
        }
        if age >= self.keys.due_at() {
            return Refetch::Wait;
        }
        if age < self.keys.retry_at() {
            return not_before(self.keys.retry_at());
        }
        match self.permits.check(cause, &self.config, age) {
            Ok(()) => {
                self.demand.cause = Some(cause);
                Refetch::Wait
            }
            Err(until) => not_before(until),
        }
    }

    fn is_fetching(&self, kind: FetchKind) -> bool {
        self.flight
            .as_ref()
            .is_some_and(|flight| flight.kind == kind)
    }

    fn want(&mut self, kid: &str) {
        let kids = &mut self.demand.kids;
        if kids.len() < self.config.absent_kids() && !kids.iter().any(|own| **own == *kid) {
            kids.push(kid.into());
        }
    }

    /// Remembers the names that a good fetch was to bring and did not.
    fn note_absent(&mut self, age: Age) {
        for kid in std::mem::take(&mut self.demand.kids) {
            let held = self.keys.held.as_ref();
            if !held.is_some_and(|held| held.value.trusts(&kid)) {
                self.absent.insert(kid, &self.config, age);
            }
        }
    }

    fn trusted_count(&self) -> usize {
        let held = self.keys.held.as_ref();
        held.map_or(0, |held| held.value.trusted_count())
    }

    fn apply_rulings(&mut self) {
        let replaced = self
            .told
            .replaced
            .as_mut()
            .and_then(|Replaced(held)| held.as_mut());
        for held in self.keys.held.as_mut().into_iter().chain(replaced) {
            let next = self.generations.wrapping_add(1);
            if held.value.rule(&self.issuer, &self.rulings, next) {
                self.generations = next;
            }
        }
    }
}

/// What came of a [`FetchResponse`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Learned {
    /// Where the keys are.
    Metadata,
    /// Other keys than before.
    NewKeys,
    /// The same keys, trusted anew.
    SameKeys,
    /// Nothing: the fetch had been given up.
    TooLate,
}

/// Whether fetching the keys anew may help a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
#[non_exhaustive]
pub enum Refetch {
    /// The key is there: verify again.
    Known,
    /// A fetch is due or under way: verify again, once, when it has ended.
    Wait,
    /// No fetch is made for it now: refuse the token.
    #[non_exhaustive]
    CoolingDown {
        /// When one could be made.
        until: NumericDate,
    },
    /// The issuer was asked a short time ago and had no such key: refuse the token.
    #[non_exhaustive]
    Absent {
        /// How long that is remembered if the keys do not change.
        until: NumericDate,
    },
    /// An operator does not trust the key: refuse the token.
    Distrusted,
}

impl Refetch {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Wait => "wait",
            Self::CoolingDown { .. } => "cooling_down",
            Self::Absent { .. } => "absent",
            Self::Distrusted => "distrusted",
        }
    }
}

fn idle(until: Age, age: Age, now: NumericDate) -> Action {
    // Whole seconds: a driver that comes back at once would spin.
    let wait = until.since(age).max(Duration::from_secs(1));
    Action::Idle {
        until: now.saturating_add(wait),
    }
}

/// Times are whole seconds: a shorter patience might end before the timeout.
const LEAST_PATIENCE: Duration = Duration::from_secs(2);
