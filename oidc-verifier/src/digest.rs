//! SHA-256, from the same backend as the signatures.

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as crypto;
#[cfg(not(feature = "aws-lc-rs"))]
use ring as crypto;

use crypto::digest::{Context, SHA256};

/// The hash of these parts one after the other, each with its length before it: the same bytes
/// divided otherwise have another hash.
pub(crate) fn of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        // A length is no more than 64 bits on any platform of Rust.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
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
