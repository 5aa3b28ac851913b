//! Which keys of a JWK Set AWS STS would use.

use std::collections::HashSet;

use oidc_core::{Jwk, JwkCertificate, JwkRemarks, JwkSet};

use crate::key_selection::KeyUnusable;

/// How many keys of one `kty` a set may have; with more, none of that type is used.
const MAX_KEYS_OF_TYPE: usize = 100;

/// Each key of the set, in its order, or why it is not used.
pub(crate) fn signing_keys(set: &JwkSet) -> Vec<Result<&Jwk, KeyUnusable>> {
    let published: Vec<_> = set.published().collect();
    let of_type = |kty: &str| {
        let same = published.iter().filter(|(jwk, _)| jwk.key().kty() == kty);
        same.count()
    };
    let judge = |(jwk, remarks): &(&'_ Jwk, JwkRemarks)| {
        if of_type(jwk.key().kty()) > MAX_KEYS_OF_TYPE {
            return Err(KeyUnusable::TooManyOfType {
                max: MAX_KEYS_OF_TYPE,
            });
        }
        if jwk.kid().is_none_or(str::is_empty) {
            return Err(KeyUnusable::KidMissing);
        }
        if remarks.has_key_ops() {
            return Err(KeyUnusable::KeyOpsPresent);
        }
        match remarks.certificate() {
            JwkCertificate::Absent | JwkCertificate::SameKey => Ok(()),
            JwkCertificate::OtherKey | JwkCertificate::Unreadable => {
                Err(KeyUnusable::CertificateDiffers)
            }
        }
    };
    let mut later = HashSet::new();
    let from_the_last = published.iter().rev().map(|published| {
        judge(published)?;
        if later.insert(published.0.kid()) {
            Ok(published.0)
        } else {
            Err(KeyUnusable::Replaced)
        }
    });
    let mut judged: Vec<_> = from_the_last.collect();
    judged.reverse();
    judged
}
