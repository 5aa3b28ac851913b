//! What a relying party asks of the tokens of one issuer.

use std::time::Duration;

use jsonptr::Pointer;
use oidc_core::provider::Provider;
use oidc_core::{Algorithm, IssuerIdentifier, JoseHeader};

use crate::digest;
use crate::verifier::Verifier;

/// The configuration of one issuer, complete and checked.
#[derive(Clone, Debug)]
pub(crate) struct TrustedIssuer {
    pub(crate) identifier: IssuerIdentifier,
    pub(crate) audiences: Vec<String>,
    pub(crate) extra_audiences: ExtraAudiences,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) leeway: Duration,
    pub(crate) max_lifetime: Duration,
    pub(crate) max_age: Option<Duration>,
    /// Media types of `typ` beyond `JWT`.
    pub(crate) types: Vec<String>,
    /// The most bytes of a token, where they are less than the verifier's own limit.
    pub(crate) max_token_bytes: usize,
    pub(crate) without_kid: WithoutKid,
    /// Whose tokens they are, if that was said.
    pub(crate) provider: Option<Provider>,
    pub(crate) rules: TokenRules,
}

/// Which key is meant by a token without `kid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithoutKid {
    /// None: the token is refused.
    NoKey,
    /// The one that fits the algorithm, if no other does.
    OneThatFits,
    /// The one that the issuer has, if it has no other. An empty `kid` is as good as none.
    OnlyKey,
}

/// By whose rules the issuer's tokens and keys are judged.
///
/// Each variant is a whole set of rules with a name: nothing here takes a single check away.
#[derive(Clone, Debug)]
pub(crate) enum TokenRules {
    /// Those of the standards, as this crate's front page tells them.
    Standard,
    /// Those of AWS's `AssumeRoleWithWebIdentity`, in `checks::aws_sts` and `aws::signing_keys`.
    AwsSts {
        /// Where `azp` is among the located claims, once the verifier is assembled.
        azp: Option<usize>,
    },
    /// Those of the standards, and of SPIFFE JWT-SVIDs beside them, in `checks::jwt_svid`.
    JwtSvid {
        /// In which every subject lies. `None` is not built.
        trust_domain: Option<String>,
    },
}

/// What else may stand in `aud` beside the relying party's own audience (OpenID Connect Core
/// section 3.1.3.7 item 3 leaves it to the relying party which others it trusts).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtraAudiences {
    /// Anything: the token was also meant for others. The default, as most issuers write it.
    #[default]
    Allow,
    /// Nothing: every audience must be one of the relying party's own.
    Forbid,
    /// Nothing, and the relying party's own audiences not together either: a token is for exactly
    /// one, as the token of a provider that writes one is.
    ForbidSecond,
    /// These and nothing else.
    Only(Vec<String>),
}

impl TrustedIssuer {
    pub(crate) fn new(identifier: IssuerIdentifier, audience: String) -> Self {
        Self {
            identifier,
            audiences: vec![audience],
            extra_audiences: ExtraAudiences::default(),
            algorithms: Algorithm::DEFAULT_ALLOWED.to_vec(),
            leeway: Verifier::DEFAULT_LEEWAY,
            max_lifetime: Verifier::DEFAULT_MAX_LIFETIME,
            max_age: None,
            types: Vec::new(),
            max_token_bytes: usize::MAX,
            without_kid: WithoutKid::OneThatFits,
            provider: None,
            rules: TokenRules::Standard,
        }
    }

    /// Absent, or `JWT`, or what was asked for: another kind of token must not pass as an ID token
    /// (RFC 8725 section 3.11).
    pub(crate) fn accepts_typ(&self, header: &JoseHeader<'_>) -> bool {
        Self::is_usual_typ(header)
            || self
                .types
                .iter()
                .any(|media_type| header.typ_is(media_type))
    }

    /// What the tokens of every issuer may have.
    pub(crate) fn is_usual_typ(header: &JoseHeader<'_>) -> bool {
        header.typ().is_none() || header.typ_is("JWT")
    }
}

/// Of everything that a verifier is built with, but for keys: two that differ in any of it have
/// different ones.
pub(crate) fn fingerprint(
    issuers: &[TrustedIssuer],
    pointers: &[Pointer<'_>],
    max_token_bytes: usize,
) -> [u8; 32] {
    let mut parts = digest::Parts::new();
    for issuer in issuers {
        parts.add(&issuer.fingerprint());
    }
    let pointers: Vec<&str> = pointers.iter().map(|pointer| pointer.as_str()).collect();
    parts.add_list(&pointers);
    parts.add(&max_token_bytes.to_be_bytes());
    parts.hash()
}

impl TrustedIssuer {
    fn fingerprint(&self) -> [u8; 32] {
        // Every field by its name: one that comes later cannot be left out.
        let Self {
            identifier,
            audiences,
            extra_audiences,
            algorithms,
            leeway,
            max_lifetime,
            max_age,
            types,
            max_token_bytes,
            without_kid,
            provider,
            rules,
        } = self;
        let algorithms: Vec<&str> = algorithms.iter().map(|one| one.name()).collect();
        let nanoseconds = |time: &Duration| time.as_nanos().to_be_bytes();
        let max_age = max_age.as_ref().map(nanoseconds);
        let mut parts = digest::Parts::new();
        parts.add(identifier.as_str().as_bytes());
        parts.add_list(audiences);
        match extra_audiences {
            ExtraAudiences::Allow => parts.add(b"allow"),
            ExtraAudiences::Forbid => parts.add(b"forbid"),
            ExtraAudiences::ForbidSecond => parts.add(b"forbid_second"),
            ExtraAudiences::Only(others) => {
                parts.add(b"only");
                parts.add_list(others);
            }
        }
        parts.add_list(&algorithms);
        parts.add(&nanoseconds(leeway));
        parts.add(&nanoseconds(max_lifetime));
        parts.add_optional(max_age.as_ref().map(<[u8; 16]>::as_slice));
        parts.add_list(types);
        parts.add(&max_token_bytes.to_be_bytes());
        parts.add(match without_kid {
            WithoutKid::NoKey => b"no_key",
            WithoutKid::OneThatFits => b"one_that_fits",
            WithoutKid::OnlyKey => b"only_key",
        });
        parts.add_optional(provider.map(|one| one.name().as_bytes()));
        match rules {
            TokenRules::Standard => parts.add(b"standard"),
            TokenRules::AwsSts { .. } => parts.add(b"aws_sts"),
            TokenRules::JwtSvid { trust_domain } => {
                parts.add(b"jwt_svid");
                parts.add_optional(trust_domain.as_ref().map(String::as_bytes));
            }
        }
        parts.hash()
    }
}
