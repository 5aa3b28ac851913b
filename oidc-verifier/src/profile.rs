//! Sets of rules with a name, for issuers and relying parties that are known to differ.

use std::time::Duration;

use jsonptr::Pointer;
use oidc_core::provider::{AudienceRule, Provider, ProviderProfile, spiffe};
use oidc_core::{Algorithm, ClaimsScanner};

use crate::signature;
use crate::trusted_issuer::{ExtraAudiences, TokenRules, TrustedIssuer, WithoutKid};
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
    Provider(Provider),
    JwtSvid { trust_domain: String },
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

    /// As the tokens of this provider are, by its [`ProviderProfile`]: the algorithms that it signs
    /// with (as far as the crypto backend has them), the longest lifetime, `kid` required where
    /// every token has one, the `typ` that it writes beside `JWT`, and whether `aud` may name
    /// more than one audience.
    ///
    /// It tightens the rules of the standards and loosens none, but for a `typ` and a lifetime that
    /// the provider is known to write. A verifier is not built for an issuer that is known to be
    /// another provider's, nor for [`Provider::SpiffeJwtSvid`], which must know its trust domain:
    /// use [`jwt_svid`](Self::jwt_svid).
    ///
    /// [`Verified::claim_drift`](crate::Verified::claim_drift) reports what is new in a token.
    ///
    /// ```
    /// use oidc_core::provider::Provider;
    /// use oidc_verifier::{IssuerIdentifier, Verifier};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let verifier = Verifier::builder()
    ///     .issuer(IssuerIdentifier::parse("https://token.actions.githubusercontent.com")?)
    ///     .audience("https://deploy.example")
    ///     .provider(Provider::GitHubActions)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub const fn provider(provider: Provider) -> Profile {
        Profile(Rules::Provider(provider))
    }

    /// As the JWT-SVIDs of a SPIFFE trust domain are (`prod.example`, without a scheme).
    ///
    /// Beside what [`provider`](Self::provider) says of [`Provider::SpiffeJwtSvid`]:
    ///
    /// - `sub` is a SPIFFE ID of this trust domain;
    /// - a token without `iss`, which other issuers' tokens always have, is taken for this issuer if
    ///   its subject lies in the trust domain. The issuer's identifier is then a name of your own,
    ///   such as the address of the trust domain's OIDC discovery; a token that has `iss` must name
    ///   it;
    /// - keys whose `use` is `jwt-svid` ([`JwkSet::parse_jwt_svid`](oidc_core::JwkSet::parse_jwt_svid))
    ///   can be installed, and for no other issuer;
    /// - `iat` is required as ever, which JWT-SVID leaves open and SPIRE always writes.
    ///
    /// # Errors
    ///
    /// [`TrustDomainError`] for a text that is no trust domain.
    pub fn jwt_svid(trust_domain: &str) -> Result<Profile, TrustDomainError> {
        let id = format!("spiffe://{trust_domain}");
        match spiffe::Subject::parse(&id) {
            Ok(subject) if subject.trust_domain() == trust_domain => Ok(Profile(Rules::JwtSvid {
                trust_domain: trust_domain.to_owned(),
            })),
            Ok(_) | Err(_) => Err(TrustDomainError),
        }
    }

    /// Sets everything that the profile is about. What was said before, but audiences, does not
    /// build.
    pub(crate) fn apply(self, issuer: &mut TrustedIssuer) {
        let audiences = std::mem::take(&mut issuer.audiences);
        *issuer = TrustedIssuer::new(issuer.identifier.clone(), String::new());
        issuer.audiences = audiences;
        match self.0 {
            Rules::AwsSts => {
                issuer.algorithms = supported(&AWS_STS_ALGORITHMS);
                issuer.leeway = Verifier::MAX_LEEWAY;
                issuer.max_lifetime = Duration::MAX;
                issuer.max_token_bytes = Profile::AWS_STS_MAX_TOKEN_BYTES;
                issuer.without_kid = WithoutKid::OnlyKey;
                issuer.rules = TokenRules::AwsSts { azp: None };
            }
            Rules::Provider(provider) => {
                apply_known(provider.profile(), issuer);
                if !provider.profile().requires_iss {
                    issuer.rules = TokenRules::JwtSvid { trust_domain: None };
                }
            }
            Rules::JwtSvid { trust_domain } => {
                apply_known(Provider::SpiffeJwtSvid.profile(), issuer);
                issuer.rules = TokenRules::JwtSvid {
                    trust_domain: Some(trust_domain),
                };
            }
        }
    }
}

fn apply_known(known: &ProviderProfile, issuer: &mut TrustedIssuer) {
    issuer.provider = Some(known.provider);
    issuer.algorithms = supported(known.algorithms);
    issuer.max_lifetime = known.max_lifetime;
    issuer.extra_audiences = match known.audience {
        AudienceRule::Several => ExtraAudiences::Allow,
        AudienceRule::ExactlyOne | _ => ExtraAudiences::ForbidSecond,
    };
    if known.requires_kid {
        issuer.without_kid = WithoutKid::NoKey;
    }
    let others = known.types.iter().filter(|name| **name != "JWT");
    issuer.types = others.map(ToString::to_string).collect();
}

/// Those that the crypto backend has.
fn supported(algorithms: &[Algorithm]) -> Vec<Algorithm> {
    let algorithms = algorithms.iter().copied();
    algorithms
        .filter(|one| signature::is_supported(*one))
        .collect()
}

/// A text is no SPIFFE trust domain (SPIFFE-ID section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SPIFFE trust domain")]
#[non_exhaustive]
pub struct TrustDomainError;

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
            TokenRules::Standard | TokenRules::JwtSvid { .. } => None,
            TokenRules::AwsSts { .. } => Pointer::parse(AZP).ok(),
        }
    }

    /// Finds those claims among the ones that `scanner` locates.
    pub(crate) fn find_claims(&mut self, scanner: &ClaimsScanner) {
        match self {
            TokenRules::Standard | TokenRules::JwtSvid { .. } => {}
            TokenRules::AwsSts { azp } => {
                *azp = Pointer::parse(AZP)
                    .ok()
                    .and_then(|one| scanner.index_of(one));
            }
        }
    }
}
