//! The keys of an issuer as they came, and what is left of them.

use oidc_core::{IssuerIdentifier, Jwk, JwkSet};

use super::rulings::Rulings;
use crate::issuer_keys::IssuerKeys;

/// A set that the issuer published, and what an operator leaves of it.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) published: JwkSet,
    /// `None` when the operator leaves nothing.
    pub(crate) trusted: Option<IssuerKeys>,
    /// Grows whenever `trusted` becomes another.
    pub(crate) generation: u64,
    /// For each `kid` of `trusted` the generation in which its keys became what they are.
    since: Vec<(Option<Box<str>>, u64)>,
}

impl Keys {
    /// The keys of `published`, as `generation`, which follow upon `previous`.
    pub(crate) fn new(
        issuer: &IssuerIdentifier,
        published: JwkSet,
        rulings: &Rulings,
        generation: u64,
        previous: Option<&Keys>,
    ) -> Keys {
        let trusted = trusted(issuer, &published, rulings);
        let since = since(trusted.as_ref(), generation, previous);
        Keys {
            published,
            trusted,
            generation,
            since,
        }
    }

    /// Applies new rulings; true when that made `generation` of these keys.
    pub(crate) fn rule(
        &mut self,
        issuer: &IssuerIdentifier,
        rulings: &Rulings,
        generation: u64,
    ) -> bool {
        let trusted = trusted(issuer, &self.published, rulings);
        if trusted == self.trusted {
            return false;
        }
        self.since = since(trusted.as_ref(), generation, Some(self));
        self.trusted = trusted;
        self.generation = generation;
        true
    }

    pub(crate) fn trusts(&self, kid: &str) -> bool {
        self.generation_of(kid).is_some()
    }

    pub(crate) fn publishes(&self, kid: &str) -> bool {
        self.published
            .keys()
            .iter()
            .any(|key| key.kid() == Some(kid))
    }

    pub(crate) fn generation_of(&self, kid: &str) -> Option<u64> {
        let named = |(own, _): &&(Option<Box<str>>, u64)| own.as_deref() == Some(kid);
        self.since.iter().find(named).map(|(_, since)| *since)
    }

    pub(crate) fn trusted_count(&self) -> usize {
        self.trusted
            .as_ref()
            .map_or(0, |keys| keys.jwk_set().keys().len())
    }

    fn of<'k>(&'k self, kid: Option<&'k str>) -> impl Iterator<Item = &'k Jwk> {
        of(self.trusted.as_ref(), kid)
    }
}

fn trusted(issuer: &IssuerIdentifier, set: &JwkSet, rulings: &Rulings) -> Option<IssuerKeys> {
    let distrusted = &rulings.distrusted;
    let left = set.filtered(|key| !distrusted.iter().any(|one| one.covers(key)));
    let keys = IssuerKeys::new(issuer.clone(), left.ok()?);
    Some(match rulings.issued_before {
        Some(cut_off) => keys.refuse_issued_before(cut_off),
        None => keys,
    })
}

fn of<'k>(keys: Option<&'k IssuerKeys>, kid: Option<&'k str>) -> impl Iterator<Item = &'k Jwk> {
    let all = keys.map_or(&[][..], |keys| keys.jwk_set().keys());
    all.iter().filter(move |key| key.kid() == kid)
}

fn since(
    keys: Option<&IssuerKeys>,
    generation: u64,
    previous: Option<&Keys>,
) -> Vec<(Option<Box<str>>, u64)> {
    let mut since: Vec<(Option<Box<str>>, u64)> = Vec::new();
    for key in keys.map_or(&[][..], |keys| keys.jwk_set().keys()) {
        let kid = key.kid();
        if since.iter().any(|(own, _)| own.as_deref() == kid) {
            continue;
        }
        let unchanged = previous.filter(|previous| previous.of(kid).eq(of(keys, kid)));
        let held = unchanged.and_then(|previous| previous.generation_of(kid?));
        since.push((kid.map(Box::from), held.unwrap_or(generation)));
    }
    since
}
