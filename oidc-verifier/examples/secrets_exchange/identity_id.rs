//! The id of an identity.

use std::fmt;

/// A UUID (RFC 9562 section 4): read in either case, kept in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct IdentityId(String);

impl IdentityId {
    pub(crate) fn parse(text: &str) -> Option<IdentityId> {
        let mut parts = text.split('-').map(|part| {
            let is_hex = part.bytes().all(|byte| byte.is_ascii_hexdigit());
            is_hex.then_some(part.len())
        });
        let lengths = [8, 4, 4, 4, 12].map(Some);
        let is_uuid = parts.by_ref().eq(lengths);
        is_uuid.then(|| IdentityId(text.to_ascii_lowercase()))
    }
}

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
