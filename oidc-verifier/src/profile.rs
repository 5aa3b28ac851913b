//! Sets of rules with a name, for issuers and relying parties that are known to differ.

use std::time::Duration;

use jsonptr::Pointer;
use oidc_core::{Algorithm, ClaimsScanner};

use crate::signature;
use crate::trusted_issuer::{ExtraAudiences, TokenRules, TrustedIssuer};
use crate::verifier::Verifier;

/// By which rules an issuer's tokens are judged, if not by those on the
/// [front page](crate#decisions-that-the-standards-leave-open).
///
/// A profile is a whole and has a name. There is no way to take one rule out of it or to switch a
/// check off; a number that it sets can be set otherwise by a later call on the builder.
#[derive(Clone, Debug)]
pub struct Profile(Rules);

#[derive(Clone, Debug)]
enum Rules {
    AwsSts,
}

impl Profile {
    /// The bytes of a token that [`aws_sts`](Self::aws_sts) reads at most: the length of
    /// `WebIdentityToken` in the API of AWS STS.
    pub const AWS_STS_MAX_TOKEN_BYTES: usize = 20_000;

    /// As AWS's `AssumeRoleWithWebIdentity` judges the tokens of an IAM OIDC provider. The
    /// audiences of the issuer are the provider's client IDs; see
    /// [`aws::IdentityProvider`](crate::aws::IdentityProvider).
    ///
    /// What the real service does, recorded in September 2026, and this profile with it:
    ///
    /// | subject | rule |
    /// |---|---|
    /// | algorithm | RS256, RS384, RS512, ES256, ES384, ES512 (the last not on `ring`) |
    /// | clock | 300 s on `exp`, `nbf` and `iat`: `now - 300 < exp`, `nbf <= now + 300`, `iat <= now + 300` |
    /// | dates | an integer, or one in quotation marks; a fraction, an exponent or `null` is an error |
    /// | lifetime | unlimited; `exp` and `iat` are not compared with each other |
    /// | `sub` | there; a string, which may be empty, or an integer, which becomes its digits |
    /// | `aud`, `azp` | `aud` is there; `azp`, if there, decides alone; without it `aud` has one name |
    /// | no `kid`, or an empty one | accepted if the issuer has exactly one usable key |
    /// | JWK without `kid` | never used |
    /// | several JWKs of one `kid` | the last of the usable ones takes the place of the others |
    /// | `alg` of the JWK | not looked at: the header's decides, within the key's type and curve |
    /// | `use`, `key_ops` | `use` absent or `sig`; a key with `key_ops` is not used, whatever they are |
    /// | `x5c` | if there, its first certificate holds the key |
    /// | more than 100 keys of one `kty` | none of them is used; those of another `kty` are |
    /// | token | at most 20,000 bytes |
    ///
    /// Where the service has a bug, this profile refuses cleanly instead: a `sub` that is `null`,
    /// which is an internal failure there, and members of the same name, of which the last one
    /// wins there. Where its behaviour is not known, the rule is the strict one of this crate:
    /// `typ` is absent or `JWT`, `jti` is a string if it is there, a `sub` has at most 1,024 bytes
    /// and no control characters, an integer has no sign for a date and no zeros in front.
    pub const fn aws_sts() -> Profile {
        Profile(Rules::AwsSts)
    }

    /// Sets everything that the profile is about.
    pub(crate) fn apply(self, issuer: &mut TrustedIssuer) {
        match self.0 {
            Rules::AwsSts => {
                issuer.algorithms = AWS_STS_ALGORITHMS.to_vec();
                issuer
                    .algorithms
                    .retain(|one| signature::is_supported(*one));
                issuer.extra_audiences = ExtraAudiences::Allow;
                issuer.leeway = Verifier::MAX_LEEWAY;
                issuer.max_lifetime = Duration::MAX;
                issuer.max_age = None;
                issuer.types.clear();
                issuer.max_token_bytes = Profile::AWS_STS_MAX_TOKEN_BYTES;
                issuer.rules = TokenRules::AwsSts { azp: None };
            }
        }
    }
}

const AWS_STS_ALGORITHMS: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
];

/// OpenID Connect Core section 2.
const AZP: &str = "/azp";

impl TokenRules {
    /// The claims that the rules look at beyond the registered ones.
    pub(crate) fn pointers(&self) -> Option<Pointer<'static>> {
        match self {
            TokenRules::Standard => None,
            TokenRules::AwsSts { .. } => Pointer::parse(AZP).ok(),
        }
    }

    /// Finds those claims among the ones that `scanner` locates.
    pub(crate) fn find_claims(&mut self, scanner: &ClaimsScanner) {
        match self {
            TokenRules::Standard => {}
            TokenRules::AwsSts { azp } => {
                *azp = Pointer::parse(AZP)
                    .ok()
                    .and_then(|one| scanner.index_of(one));
            }
        }
    }
}
