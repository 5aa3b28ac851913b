//! What a guard remembers of a token: a name of fixed size, and until when.

use std::time::Duration;

use oidc_core::NumericDate;

use crate::digest;
use crate::verified::Verified;

/// One verified token as a [`ReplayGuard`](super::ReplayGuard) sees it.
///
/// It is made of a [`Verified`] and of nothing else: what was not verified cannot use up the name
/// of what will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TokenUse {
    id: [u8; 32],
    until: NumericDate,
}

impl TokenUse {
    /// For how long a token is remembered beyond the last moment at which verification accepts it:
    /// the threads and hosts that share a guard read clocks that differ by less.
    pub const MARGIN: Duration = Duration::from_secs(5);

    /// The use of this token.
    pub fn of(token: &Verified<'_>) -> Self {
        let issuer = token.issuer().as_str().as_bytes();
        let id = match token.jwt_id() {
            Some(jti) => digest::of_parts(&[b"jti", issuer, jti.as_bytes()]),
            None => digest::of_parts(&[b"claims", issuer, token.claims_json().as_bytes()]),
        };
        Self {
            id,
            until: token.refused_from().saturating_add(Self::MARGIN),
        }
    }

    /// The token's name: a SHA-256 of its issuer and its `jti`, or of its issuer and its claims
    /// set where it has none.
    pub const fn id(&self) -> &[u8; 32] {
        &self.id
    }

    /// Until when it must be remembered: `exp`, the leeway and [`MARGIN`](Self::MARGIN).
    pub const fn until(&self) -> NumericDate {
        self.until
    }

    #[cfg(test)]
    pub(super) const fn new(id: [u8; 32], until: NumericDate) -> Self {
        Self { id, until }
    }
}
