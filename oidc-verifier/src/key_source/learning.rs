//! What an answer teaches, and what a failure does not take away.

use oidc_core::{DiscoveryResponse, JwkSet, NumericDate, ProviderMetadata};

use super::action::{FetchKind, Validators};
use super::age::Age;
use super::demand::Demand;
use super::document::{Freshness, Held};
use super::error::FetchError;
use super::keys::Keys;
use super::response::FetchResponse;
use super::schedule::Flight;
use super::status::LastError;
use super::{KeySource, Replaced};

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

impl Learned {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::NewKeys => "new_keys",
            Self::SameKeys => "same_keys",
            Self::TooLate => "too_late",
        }
    }
}

impl KeySource {
    pub(super) fn learn_metadata(
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
            // A back-off stays: metadata that name another place each time would cause a storm.
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

    pub(super) fn learn_keys(
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
        let same = |held: &&mut Held<Keys>| {
            let held = &held.value.published;
            held.published().eq(published.published())
        };
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

    pub(super) fn fail(
        &mut self,
        kind: FetchKind,
        error: FetchError,
        random: u64,
        age: Age,
        at: NumericDate,
    ) {
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

    /// Remembers the names that a good fetch was to bring and did not.
    fn note_absent(&mut self, age: Age) {
        for kid in std::mem::take(&mut self.demand.kids) {
            let held = self.keys.held.as_ref();
            if !held.is_some_and(|held| held.value.trusts(&kid)) {
                self.absent.insert(kid, &self.config, age);
            }
        }
    }
}
