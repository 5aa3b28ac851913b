//! SHA-256, from the same backend as the signatures.

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as crypto;
#[cfg(not(feature = "aws-lc-rs"))]
use ring as crypto;

use crypto::digest::{Context, Digest, SHA256};

/// A hash over several parts, each with its length before it: the same bytes divided otherwise
/// have another hash.
pub(crate) struct Parts(Context);

impl Parts {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn add(&mut self, part: &[u8]) {
        // A length has no more than 64 bits on any platform of Rust.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        self.0.update(&length.to_be_bytes());
        self.0.update(part);
    }

    /// A part that is there or not, which an empty one is not.
    pub(crate) fn add_optional(&mut self, part: Option<&[u8]>) {
        self.add(if part.is_some() { b"some" } else { b"none" });
        if let Some(part) = part {
            self.add(part);
        }
    }

    /// Parts of whatever number.
    pub(crate) fn add_list<P: AsRef<[u8]>>(&mut self, parts: &[P]) {
        let number = u64::try_from(parts.len()).unwrap_or(u64::MAX);
        self.add(&number.to_be_bytes());
        for part in parts {
            self.add(part.as_ref());
        }
    }

    pub(crate) fn hash(self) -> [u8; 32] {
        bytes(&self.0.finish())
    }
}

/// The hash of these parts.
pub(crate) fn of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Parts::new();
    for part in parts {
        hash.add(part);
    }
    hash.hash()
}

/// The hash of `message` under a prefix of one block, which nobody knows if it holds a secret.
pub(crate) fn under(prefix: &[u8; 64], message: &[u8]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(prefix);
    context.update(message);
    bytes(&context.finish())
}

fn bytes(digest: &Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_are_divided_otherwise_have_another_hash() {
        let hash = of_parts(&[b"ab", b"c"]);
        assert_eq!(hash, of_parts(&[b"ab", b"c"]));
        assert_ne!(hash, of_parts(&[b"a", b"bc"]));
        assert_ne!(hash, of_parts(&[b"abc"]));
        assert_ne!(hash, of_parts(&[b"ab", b"c", b""]));
    }
}
