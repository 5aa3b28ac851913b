//! Why a token was not verified, sorted by who must act.

use std::time::Duration;

use jsonptr::ScanError;
use oidc_core::{
    Algorithm, Base64UrlError, ClaimFault, ClaimsError, CompactError, HeaderError, JwsPart,
    NumericDate, RegisteredClaim,
};

/// Why [`Verifier::verify`](crate::Verifier::verify) did not verify a token.
///
/// No variant quotes the token, and only those of [`Claim`](Self::Claim) speak about authentic
/// data: see [`is_authenticated`](Self::is_authenticated).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The algorithm is not allowed for this issuer.
    #[error("algorithm {algorithm} is not allowed for the issuer")]
    #[non_exhaustive]
    AlgorithmNotAllowed {
        /// The algorithm that the header names.
        algorithm: Algorithm,
    },
    /// The issuer publishes several keys of this name that fit the algorithm: it must mend its set.
    #[error("several keys have this `kid`")]
    AmbiguousKey,
    /// A part of the token is not strict base64url (RFC 7515 section 2).
    #[error("{part} of the token is not base64url")]
    #[non_exhaustive]
    Base64Url {
        /// Which part.
        part: JwsPart,
        /// What is wrong, and where in the part.
        source: Base64UrlError,
    },
    /// The token is authentic and a registered claim does not hold: refuse.
    #[error("claim check failed")]
    Claim(#[from] ClaimError),
    /// The payload is not a claims set.
    #[error("payload is not a claims set")]
    ClaimsSet(#[from] ClaimsError),
    /// The bytes are not a JWS in compact serialization.
    #[error("not a compact token")]
    Compact(#[from] CompactError),
    /// The JOSE header is not one to act on.
    #[error("header is refused")]
    Header(#[from] HeaderError),
    /// The JOSE header is longer than the limit; it was not read.
    #[error("header is longer than {max} bytes")]
    #[non_exhaustive]
    HeaderTooLong {
        /// The limit in bytes, decoded.
        max: usize,
    },
    /// What the token says of itself rules it out; whether it is authentic was not looked at.
    #[error("{0}, and was not authenticated")]
    Hopeless(Hopeless),
    /// The key that `kid` names does not serve the algorithm that `alg` names (RFC 8725
    /// section 3.1).
    #[error("key does not serve the algorithm")]
    KeyNotForAlgorithm,
    /// No keys are installed for the issuer, never or not any longer: the token may be good.
    #[error("keys of the issuer are not available")]
    KeysUnavailable,
    /// The token has no `kid` and several keys fit.
    #[error("token needs a `kid`")]
    KidRequired,
    /// The signature is wrong. Deliberately says no more.
    #[error("signature does not verify")]
    Signature,
    /// `typ` names another kind of token (RFC 8725 section 3.11).
    #[error("`typ` names another kind of token")]
    TypNotAllowed,
    /// No key fits: the caller may fetch the issuer's JWK Set anew, at a bounded rate.
    #[error("no key of this `kid`")]
    UnknownKey,
    /// `iss` names no configured issuer.
    #[error("issuer is not trusted")]
    UntrustedIssuer,
}

/// What a token says of itself that no signature could mend. The token's own words are not
/// repeated: anyone could have written them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Hopeless {
    /// `exp` has passed.
    #[error("token has expired")]
    Expired,
    /// `aud` names none of the relying party's audiences.
    #[error("token is for another audience")]
    ForeignAudience,
    /// `iss` is not a string that could name an issuer.
    #[error("token's `iss` is malformed")]
    MalformedIssuer,
    /// There is no `iss`.
    #[error("token has no `iss`")]
    NoIssuer,
    /// `nbf` is yet to come.
    #[error("token is not valid yet")]
    NotYetValid,
}

/// Which check of an authentic token's registered claims failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// `azp` is there and is not a string (OpenID Connect Core section 2).
    #[error("`azp` is not a string")]
    AuthorizedPartyMalformed,
    /// `aud` has several names and there is no `azp` to say whom the token was issued to (OpenID
    /// Connect Core section 3.1.3.7 item 4); an error where the issuer's rules ask for it.
    #[error("`aud` has several names and there is no `azp`")]
    AuthorizedPartyMissing,
    /// The token was issued before the time from which on the issuer's tokens are taken.
    #[error("`iat` {iat} is earlier than the cut-off {cut_off}")]
    #[non_exhaustive]
    IssuedBeforeCutOff {
        /// When the token says it was issued.
        iat: NumericDate,
        /// The cut-off.
        cut_off: NumericDate,
    },
    /// `iat` lies in the future by more than the leeway.
    #[error("`iat` {iat} is later than {now}")]
    #[non_exhaustive]
    IssuedInFuture {
        /// When the token says it was issued.
        iat: NumericDate,
        /// The time of the check.
        now: NumericDate,
    },
    /// `sub` is not a SPIFFE ID of the trust domain that the issuer is trusted for.
    #[error("`sub` is not a SPIFFE ID of the trust domain")]
    ForeignTrustDomain,
    /// `exp` comes before `iat`.
    #[error("`exp` {exp} is earlier than `iat` {iat}")]
    #[non_exhaustive]
    LifetimeNegative {
        /// When the token was issued.
        iat: NumericDate,
        /// When it expires.
        exp: NumericDate,
    },
    /// The token is valid for longer than allowed.
    #[error("lifetime of {lifetime:?} is longer than {max:?}")]
    #[non_exhaustive]
    LifetimeTooLong {
        /// From `iat` to `exp`.
        lifetime: Duration,
        /// The most that is allowed.
        max: Duration,
    },
    /// A claim is there and is not what RFC 7519 says.
    #[error("`{claim}` is malformed")]
    #[non_exhaustive]
    Malformed {
        /// Which claim.
        claim: RegisteredClaim,
        /// What is wrong with it.
        source: ClaimFault,
    },
    /// A required claim is not there.
    #[error("`{claim}` is missing")]
    #[non_exhaustive]
    Missing {
        /// Which claim.
        claim: RegisteredClaim,
    },
    /// `aud` names more than one audience, where exactly one was asked for.
    #[error("`aud` names more than one audience")]
    SeveralAudiences,
    /// The token was issued longer ago than allowed.
    #[error("age of {age:?} is more than {max:?}")]
    #[non_exhaustive]
    TooOld {
        /// From `iat` to the time of the check.
        age: Duration,
        /// The most that is allowed.
        max: Duration,
    },
    /// `aud` names one of ours, and others that are not allowed beside it.
    #[error("`aud` names another audience beside ours")]
    UnexpectedAudience,
}

/// Who must act on a [`VerifyError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "besides verified, a token is refused or not judged"
)]
pub enum Class {
    /// The caller: the token is not good. An HTTP service answers 401.
    Refused,
    /// The service: it cannot judge. An HTTP service answers 503.
    Unavailable,
}

impl VerifyError {
    /// Who must act.
    pub const fn class(&self) -> Class {
        match self {
            Self::KeysUnavailable => Class::Unavailable,
            Self::AlgorithmNotAllowed { .. }
            | Self::AmbiguousKey
            | Self::Base64Url { .. }
            | Self::Claim(_)
            | Self::ClaimsSet(_)
            | Self::Compact(_)
            | Self::Header(_)
            | Self::HeaderTooLong { .. }
            | Self::Hopeless(_)
            | Self::KeyNotForAlgorithm
            | Self::KidRequired
            | Self::Signature
            | Self::TypNotAllowed
            | Self::UnknownKey
            | Self::UntrustedIssuer => Class::Refused,
        }
    }

    /// Whether the signature held, so that the error is about what the issuer really said.
    pub const fn is_authenticated(&self) -> bool {
        matches!(self, Self::Claim(_))
    }

    /// A stable word for logs, metrics and tests: it does not change between versions. What each
    /// means, and what to do, is in [Why a token is refused].
    ///
    /// [Why a token is refused]: https://github.com/workload-identity/workload-identity/blob/main/docs/refusals.md
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AlgorithmNotAllowed { .. } => "alg_not_allowed",
            Self::AmbiguousKey => "key_ambiguous",
            Self::Base64Url {
                part: JwsPart::Header,
                ..
            } => "header_base64url",
            Self::Base64Url {
                part: JwsPart::Payload,
                ..
            } => "payload_base64url",
            Self::Base64Url {
                part: JwsPart::Signature,
                ..
            } => "signature_base64url",
            Self::Claim(error) => error.code(),
            Self::ClaimsSet(error) => error.code(),
            Self::Compact(error) => error.code(),
            Self::Header(error) => error.code(),
            Self::HeaderTooLong { .. } => "header_too_long",
            Self::Hopeless(reason) => reason.code(),
            Self::KeyNotForAlgorithm => "key_not_for_alg",
            Self::KeysUnavailable => "keys_unavailable",
            Self::KidRequired => "kid_required",
            Self::Signature => "signature",
            Self::TypNotAllowed => "typ_not_allowed",
            Self::UnknownKey => "key_unknown",
            Self::UntrustedIssuer => "issuer_untrusted",
        }
    }

    /// The fault in the JSON of header or payload, if that is what was wrong.
    pub const fn json_fault(&self) -> Option<&ScanError> {
        match self {
            Self::Header(HeaderError::Json(fault)) | Self::ClaimsSet(ClaimsError::Json(fault)) => {
                Some(fault)
            }
            Self::AlgorithmNotAllowed { .. }
            | Self::AmbiguousKey
            | Self::Base64Url { .. }
            | Self::Claim(_)
            | Self::ClaimsSet(_)
            | Self::Compact(_)
            | Self::Header(_)
            | Self::HeaderTooLong { .. }
            | Self::Hopeless(_)
            | Self::KeyNotForAlgorithm
            | Self::KeysUnavailable
            | Self::KidRequired
            | Self::Signature
            | Self::TypNotAllowed
            | Self::UnknownKey
            | Self::UntrustedIssuer => None,
        }
    }
}

impl Hopeless {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::ForeignAudience => "aud_foreign",
            Self::MalformedIssuer => "iss_malformed",
            Self::NoIssuer => "iss_missing",
            Self::NotYetValid => "not_yet_valid",
        }
    }
}

impl ClaimError {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AuthorizedPartyMalformed => "azp_malformed",
            Self::AuthorizedPartyMissing => "azp_missing",
            Self::ForeignTrustDomain => "trust_domain_foreign",
            Self::IssuedBeforeCutOff { .. } => "iat_before_cut_off",
            Self::IssuedInFuture { .. } => "iat_future",
            Self::LifetimeNegative { .. } => "lifetime_negative",
            Self::LifetimeTooLong { .. } => "lifetime_too_long",
            Self::Malformed { claim, .. } => match claim {
                RegisteredClaim::Aud => "aud_malformed",
                RegisteredClaim::Exp => "exp_malformed",
                RegisteredClaim::Iat => "iat_malformed",
                RegisteredClaim::Iss => "iss_malformed",
                RegisteredClaim::Jti => "jti_malformed",
                RegisteredClaim::Nbf => "nbf_malformed",
                RegisteredClaim::Sub => "sub_malformed",
            },
            Self::Missing { claim } => match claim {
                RegisteredClaim::Aud => "aud_missing",
                RegisteredClaim::Exp => "exp_missing",
                RegisteredClaim::Iat => "iat_missing",
                RegisteredClaim::Iss => "iss_missing",
                RegisteredClaim::Jti => "jti_missing",
                RegisteredClaim::Nbf => "nbf_missing",
                RegisteredClaim::Sub => "sub_missing",
            },
            Self::SeveralAudiences => "aud_several",
            Self::TooOld { .. } => "too_old",
            Self::UnexpectedAudience => "aud_unexpected",
        }
    }
}

impl From<Hopeless> for VerifyError {
    fn from(reason: Hopeless) -> Self {
        Self::Hopeless(reason)
    }
}
