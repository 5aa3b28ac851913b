//! What a SPIFFE JWT-SVID says beside what other tokens say (JWT-SVID section 3, SPIFFE-ID
//! section 2).

use oidc_core::provider::spiffe::Subject;
use oidc_core::{Claim, Claims};

use crate::error::ClaimError;

/// Whether the subject is a SPIFFE ID of this trust domain. Without one it is of none.
pub(crate) fn is_of_trust_domain(claims: &Claims<'_>, own: Option<&str>) -> bool {
    let Claim::WellFormed(sub) = claims.sub() else {
        return false;
    };
    Subject::parse(&sub.to_cow()).is_ok_and(|sub| own == Some(sub.trust_domain()))
}

/// The keys of a trust domain vouch for its own subjects and for no other.
pub(super) fn subject(claims: &Claims<'_>, own: Option<&str>) -> Result<(), ClaimError> {
    match claims.sub() {
        Claim::WellFormed(_) if !is_of_trust_domain(claims, own) => {
            Err(ClaimError::ForeignTrustDomain)
        }
        // What is wrong with another `sub`, the check of all tokens says.
        Claim::WellFormed(_) | Claim::Absent | Claim::Malformed(_) => Ok(()),
    }
}
