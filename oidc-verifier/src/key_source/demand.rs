//! What tokens ask of a source, and what they get.

use oidc_core::{JoseHeader, NumericDate};

use super::KeySource;
use super::action::FetchKind;
use super::age::Age;
use super::permits::Cause;

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

/// What tokens want of the next fetch of the JWK Set.
#[derive(Clone, Debug, Default)]
pub(super) struct Demand {
    /// Why the fetch is to be made, if for no other reason.
    pub(super) cause: Option<Cause>,
    /// The names that it is to bring. Bounded like those that are remembered.
    pub(super) kids: Vec<Box<str>>,
}

impl KeySource {
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
}
