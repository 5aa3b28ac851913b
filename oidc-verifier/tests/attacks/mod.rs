//! What a stranger can do to a token, class by class. Each attack starts from an honest token and
//! makes tokens that must be refused; those of [`harmless`] must not.
//!
//! A malformed header or payload is signed with the honest key, so that nothing but the malformed
//! part can be the reason.

#![allow(
    dead_code,
    unused_imports,
    clippy::allow_attributes,
    reason = "each test program uses its own part of this"
)]
#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "this runs in tests only"
)]

mod algorithm;
mod claims;
mod harmless;
mod header;
mod json;
mod key_set;
mod serialisation;
mod signature;

use crate::support::Honest;

pub(crate) use harmless::harmless;
pub(crate) use key_set::key_sets;

/// A class of changes to an honest token.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) tokens: fn(&Honest) -> Vec<Vec<u8>>,
}

/// Every class of changes that a verifier must refuse.
pub(crate) fn catalogue() -> Vec<Attack> {
    let parts = [json::ATTACKS, header::ATTACKS, claims::ATTACKS];
    let parts = parts.into_iter().flatten().map(Attack::from);
    parts.chain(on_the_signature()).collect()
}

/// The classes in which the algorithm matters.
pub(crate) fn on_the_signature() -> Vec<Attack> {
    let parts = [
        serialisation::ATTACKS,
        algorithm::ATTACKS,
        signature::ATTACKS,
    ];
    parts.into_iter().flatten().map(Attack::from).collect()
}

/// The classes that touch the signature alone.
pub(crate) fn of_the_signature() -> Vec<Attack> {
    signature::ATTACKS.iter().map(Attack::from).collect()
}

impl From<&Row> for Attack {
    fn from((name, tokens): &Row) -> Attack {
        Attack {
            name,
            tokens: *tokens,
        }
    }
}

/// A name for a class and what makes its tokens.
type Row = (&'static str, fn(&Honest) -> Vec<Vec<u8>>);

/// Texts as tokens.
fn texts<T: Into<Vec<u8>>>(tokens: impl IntoIterator<Item = T>) -> Vec<Vec<u8>> {
    tokens.into_iter().map(Into::into).collect()
}
