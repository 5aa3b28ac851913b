//! What an operator rules about an issuer's keys, whatever the issuer publishes.

use oidc_core::{Jwk, NumericDate, ThumbprintHash};

use super::{KeySource, Replaced};

/// A key that an operator no longer trusts, whatever the issuer publishes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DistrustedKey {
    /// Every key of this `kid`, now and later.
    Kid(String),
    /// The key of this SHA-256 thumbprint in base64url (RFC 7638), under whatever name.
    Thumbprint(String),
}

impl DistrustedKey {
    pub(super) fn covers(&self, jwk: &Jwk) -> bool {
        match self {
            Self::Kid(kid) => jwk.kid() == Some(kid),
            Self::Thumbprint(text) => jwk.thumbprint(ThumbprintHash::S256).as_str() == *text,
        }
    }
}

impl KeySource {
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

/// What an operator has ruled about the keys of an issuer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rulings {
    pub(crate) distrusted: Vec<DistrustedKey>,
    pub(crate) issued_before: Option<NumericDate>,
}

impl Rulings {
    pub(crate) fn names(&self, kid: &str) -> bool {
        let named = |key: &DistrustedKey| matches!(key, DistrustedKey::Kid(own) if own == kid);
        self.distrusted.iter().any(named)
    }
}
