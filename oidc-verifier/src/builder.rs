//! Building a [`Verifier`]: an issuer, then an audience, then whatever differs from the defaults.

use std::time::Duration;

use jsonptr::{PointerBuf, PointerSetError};
use oidc_core::provider::Provider;
use oidc_core::{Algorithm, CompactJws, IssuerIdentifier, JwkSet};

use crate::issuer_keys::{InstallError, IssuerKeys};
use crate::profile::Profile;
use crate::signature;
use crate::trusted_issuer::{ExtraAudiences, TokenRules, TrustedIssuer, WithoutKid};
use crate::verifier::Verifier;

/// Collects what a [`Verifier`] needs. Its state keeps the order: there is no way to
/// [`build`](VerifierBuilder::build) without an issuer and an audience for it.
///
/// ```
/// use oidc_verifier::{IssuerIdentifier, Verifier};
///
/// let issuer = IssuerIdentifier::parse("https://ci.example")?;
/// let verifier = Verifier::builder().issuer(issuer).audience("deploy").build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Without an issuer it does not compile, nor without an audience, which each further issuer needs
/// too:
///
/// ```compile_fail,E0599
/// let verifier = oidc_verifier::Verifier::builder().build();
/// ```
///
/// ```compile_fail,E0599
/// # use oidc_verifier::{IssuerIdentifier, Verifier};
/// # let issuer = IssuerIdentifier::parse("https://ci.example").unwrap();
/// let verifier = Verifier::builder().issuer(issuer).build();
/// ```
///
/// ```compile_fail,E0599
/// # use oidc_verifier::{IssuerIdentifier, Verifier};
/// # let issuer = IssuerIdentifier::parse("https://ci.example").unwrap();
/// # let other = issuer.clone();
/// let verifier = Verifier::builder().issuer(issuer).audience("deploy").issuer(other).build();
/// ```
#[derive(Clone, Debug)]
pub struct VerifierBuilder<State> {
    issuers: Vec<TrustedIssuer>,
    keys: Vec<IssuerKeys>,
    pointers: Vec<PointerBuf>,
    max_token_bytes: usize,
    /// The first setting that a later profile took back, and of whom.
    taken_back: Option<(IssuerIdentifier, &'static str)>,
    state: State,
}

/// The builder waits for its first issuer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WantsIssuer;

/// The builder waits for the audience of the issuer that was named last.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WantsAudience {
    identifier: IssuerIdentifier,
}

/// The builder has all it must have. What follows is about the issuer that was named last.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ready {
    current: TrustedIssuer,
    /// The first thing that was said of it and that a profile would take back.
    said: Option<&'static str>,
}

impl VerifierBuilder<WantsIssuer> {
    pub(crate) fn new() -> Self {
        Self {
            issuers: Vec::new(),
            keys: Vec::new(),
            pointers: Vec::new(),
            max_token_bytes: CompactJws::DEFAULT_MAX_BYTES,
            taken_back: None,
            state: WantsIssuer,
        }
    }

    /// Trusts the tokens of this issuer. `iss` must equal it byte for byte.
    pub fn issuer(self, identifier: IssuerIdentifier) -> VerifierBuilder<WantsAudience> {
        self.with(WantsAudience { identifier })
    }
}

impl VerifierBuilder<WantsAudience> {
    /// The name of this relying party, as the issuer's tokens carry it in `aud`.
    ///
    /// It should name this one service: a token for a shared audience can be replayed at every
    /// service that shares it.
    pub fn audience(self, audience: impl Into<String>) -> VerifierBuilder<Ready> {
        let current = TrustedIssuer::new(self.state.identifier.clone(), audience.into());
        let said = None;
        self.with(Ready { current, said })
    }
}

impl VerifierBuilder<Ready> {
    /// One more audience of this relying party: a token for any of them is accepted.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.state.current.audiences.push(audience.into());
        self
    }

    /// Judges the issuer's tokens by a set of rules with a name, instead of those of the standards.
    ///
    /// It comes before what else is said of the issuer, which overrides it, but for audiences and
    /// keys. What it would take back, a check among it, does not
    /// [build](BuildError::SaidBeforeProfile).
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        if let (None, Some(setting)) = (&self.taken_back, self.state.said) {
            self.taken_back = Some((self.state.current.identifier.clone(), setting));
        }
        profile.apply(&mut self.say("profile").current);
        self
    }

    /// Says whose tokens they are: [`Profile::provider`].
    #[must_use]
    pub fn provider(self, provider: Provider) -> Self {
        self.profile(Profile::provider(provider))
    }

    /// Refuses tokens without `kid`. Without this one is accepted if exactly one key fits.
    #[must_use]
    pub fn require_kid(mut self) -> Self {
        self.say("require_kid").current.without_kid = WithoutKid::NoKey;
        self
    }

    /// What else may stand in `aud`; anything, unless this is said.
    #[must_use]
    pub fn extra_audiences(mut self, extra: ExtraAudiences) -> Self {
        self.say("extra_audiences").current.extra_audiences = extra;
        self
    }

    /// The algorithms that the issuer's tokens may be signed with, instead of
    /// [`Algorithm::DEFAULT_ALLOWED`]. `EdDSA` and `Ed25519` are two names: list both to accept
    /// both.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.say("algorithms").current.algorithms = algorithms.into_iter().collect();
        self
    }

    /// By how much clocks may differ, in whole seconds: [`Verifier::DEFAULT_LEEWAY`] unless
    /// this is said, [`Verifier::MAX_LEEWAY`] at most.
    #[must_use]
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.say("leeway").current.leeway = leeway;
        self
    }

    /// The longest time from `iat` to `exp`: [`Verifier::DEFAULT_MAX_LIFETIME`] unless this is said.
    /// CI tokens live an hour or less.
    #[must_use]
    pub fn max_lifetime(mut self, max_lifetime: Duration) -> Self {
        self.say("max_lifetime").current.max_lifetime = max_lifetime;
        self
    }

    /// The longest time since `iat`, whatever `exp` says; unlimited unless this is said.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.say("max_age").current.max_age = Some(max_age);
        self
    }

    /// Also accepts tokens whose `typ` is this media type (`at+jwt`). Absent and `JWT` always
    /// pass, and nothing else unless it is named here.
    #[must_use]
    pub fn accept_typ(mut self, media_type: impl Into<String>) -> Self {
        self.say("accept_typ").current.types.push(media_type.into());
        self
    }

    /// The issuer's keys, if they are known now; see [`Verifier::install`] for later.
    #[must_use]
    pub fn keys(mut self, set: JwkSet) -> Self {
        self.keys
            .push(IssuerKeys::new(self.state.current.identifier.clone(), set));
        self
    }

    /// Finds this value in every token while it is verified, so that
    /// [`Verified::get`](crate::Verified::get) costs nothing more.
    #[must_use]
    pub fn locate(mut self, pointer: impl Into<PointerBuf>) -> Self {
        self.pointers.push(pointer.into());
        self
    }

    /// Finds these values too: what a policy asks for
    /// ([`Policy::pointers`](crate::policy::Policy::pointers)) is then read in the one pass that
    /// verification makes over the claims.
    #[must_use]
    pub fn locate_all<P: Into<PointerBuf>>(
        mut self,
        pointers: impl IntoIterator<Item = P>,
    ) -> Self {
        self.pointers.extend(pointers.into_iter().map(Into::into));
        self
    }

    /// The most bytes that a token may have: 32 KiB unless this is said, 1 MiB at most.
    #[must_use]
    pub fn max_token_bytes(mut self, max_token_bytes: usize) -> Self {
        self.max_token_bytes = max_token_bytes;
        self
    }

    /// Trusts one more issuer, with an audience and settings of its own.
    pub fn issuer(mut self, identifier: IssuerIdentifier) -> VerifierBuilder<WantsAudience> {
        self.issuers.push(self.state.current.clone());
        self.with(WantsAudience { identifier })
    }

    /// The state, once this setting was said.
    fn say(&mut self, setting: &'static str) -> &mut Ready {
        self.state.said.get_or_insert(setting);
        &mut self.state
    }

    /// The verifier.
    ///
    /// # Errors
    ///
    /// A setting that cannot be meant: an empty audience, an empty list of algorithms, something
    /// that a later profile takes back, the same issuer twice, a limit out of its bounds, keys of
    /// which none can be used.
    pub fn build(mut self) -> Result<Verifier, BuildError> {
        if let Some((issuer, setting)) = self.taken_back {
            return Err(BuildError::SaidBeforeProfile { issuer, setting });
        }
        self.issuers.push(self.state.current);
        if self.issuers.len() > Verifier::MAX_ISSUERS {
            return Err(BuildError::TooManyIssuers);
        }
        for (index, issuer) in self.issuers.iter().enumerate() {
            check(issuer)?;
            let before = self.issuers.iter().take(index);
            if before
                .into_iter()
                .any(|other| other.identifier == issuer.identifier)
            {
                return Err(BuildError::DuplicateIssuer {
                    issuer: issuer.identifier.clone(),
                });
            }
            if let TokenRules::JwtSvid { trust_domain } = &issuer.rules {
                let before = self.issuers.iter().take(index);
                let same = |other: &TrustedIssuer| {
                    matches!(&other.rules,
                    TokenRules::JwtSvid { trust_domain: own } if own == trust_domain)
                };
                if before.into_iter().any(same) {
                    return Err(BuildError::DuplicateTrustDomain);
                }
            }
        }
        if self.max_token_bytes > CompactJws::MAX_BYTES {
            return Err(BuildError::TokenLimitTooHigh);
        }
        let by_rules = self
            .issuers
            .iter()
            .filter_map(|issuer| issuer.rules.pointers());
        let by_rules: Vec<_> = by_rules.collect();
        let pointers = self.pointers.iter().map(PointerBuf::as_pointer);
        let pointers = by_rules.into_iter().chain(pointers);
        let verifier = Verifier::assemble(self.issuers, pointers, self.max_token_bytes)?;
        for keys in self.keys {
            verifier.install(&keys)?;
        }
        Ok(verifier)
    }
}

impl<State> VerifierBuilder<State> {
    fn with<Next>(self, state: Next) -> VerifierBuilder<Next> {
        VerifierBuilder {
            issuers: self.issuers,
            keys: self.keys,
            pointers: self.pointers,
            max_token_bytes: self.max_token_bytes,
            taken_back: self.taken_back,
            state,
        }
    }
}

fn check(issuer: &TrustedIssuer) -> Result<(), BuildError> {
    let extra: &[String] = match &issuer.extra_audiences {
        ExtraAudiences::Only(names) => names,
        ExtraAudiences::Allow | ExtraAudiences::Forbid | ExtraAudiences::ForbidSecond => &[],
    };
    if issuer.audiences.iter().chain(extra).any(String::is_empty) {
        return Err(BuildError::EmptyAudience);
    }
    if issuer.algorithms.is_empty() {
        return Err(BuildError::NoAlgorithm);
    }
    if let Some(&algorithm) = issuer
        .algorithms
        .iter()
        .find(|algorithm| !signature::is_supported(**algorithm))
    {
        return Err(BuildError::UnsupportedAlgorithm { algorithm });
    }
    if let Some(provider) = issuer.provider
        && Provider::of_issuer(&issuer.identifier).is_some_and(|own| own != provider)
    {
        return Err(BuildError::OtherProvider { provider });
    }
    if matches!(&issuer.rules, TokenRules::JwtSvid { trust_domain: None }) {
        return Err(BuildError::NoTrustDomain);
    }
    if issuer.leeway > Verifier::MAX_LEEWAY {
        return Err(BuildError::LeewayTooLong);
    }
    if issuer.max_lifetime.is_zero() || issuer.max_age.is_some_and(|age| age.is_zero()) {
        return Err(BuildError::NothingCanPass);
    }
    Ok(())
}

/// Why a [`Verifier`] was not built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// One issuer was named twice.
    #[error("issuer `{issuer}` is configured twice")]
    #[non_exhaustive]
    DuplicateIssuer {
        /// Which one.
        issuer: IssuerIdentifier,
    },
    /// Two issuers were configured for one SPIFFE trust domain: a token that does not say its issuer
    /// could be of either.
    #[error("trust domain is configured twice")]
    DuplicateTrustDomain,
    /// An audience is the empty string: every service would share it.
    #[error("audience is empty")]
    EmptyAudience,
    /// The keys given to the builder cannot be used.
    #[error("keys cannot be used")]
    Keys(#[from] InstallError),
    /// The leeway is more than 300 s.
    #[error("leeway is longer than 300 s")]
    LeewayTooLong,
    /// The list of algorithms is empty.
    #[error("no algorithm is allowed")]
    NoAlgorithm,
    /// The trust domain of SPIFFE JWT-SVIDs was not said: see
    /// [`Profile::jwt_svid`](crate::Profile::jwt_svid).
    #[error("no trust domain for JWT-SVIDs")]
    NoTrustDomain,
    /// A lifetime or age of zero refuses every token.
    #[error("lifetime or age of zero lets no token pass")]
    NothingCanPass,
    /// The issuer is known, and is another provider's.
    #[error("issuer is not one of {provider}")]
    #[non_exhaustive]
    OtherProvider {
        /// The provider that was said.
        provider: Provider,
    },
    /// More values to locate than one pass finds.
    #[error("too many pointers to locate")]
    Pointers(#[from] PointerSetError),
    /// Something was said of an issuer and then a profile, which would take it back: the profile
    /// comes first.
    #[error("`{setting}` of `{issuer}` comes before a profile, which would take it back")]
    #[non_exhaustive]
    SaidBeforeProfile {
        /// Which issuer.
        issuer: IssuerIdentifier,
        /// The first setting that would be lost.
        setting: &'static str,
    },
    /// The limit on tokens is above 1 MiB.
    #[error("token limit is above 1 MiB")]
    TokenLimitTooHigh,
    /// More issuers than one verifier takes.
    #[error("more than {} issuers", Verifier::MAX_ISSUERS)]
    TooManyIssuers,
    /// The crypto backend of this build does not have the algorithm.
    #[error("algorithm {algorithm} is not supported by this build's crypto backend")]
    #[non_exhaustive]
    UnsupportedAlgorithm {
        /// Which one.
        algorithm: Algorithm,
    },
}

impl BuildError {
    /// A stable word for logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DuplicateIssuer { .. } => "issuer_duplicate",
            Self::DuplicateTrustDomain => "trust_domain_duplicate",
            Self::EmptyAudience => "audience_empty",
            Self::Keys(error) => error.code(),
            Self::LeewayTooLong => "leeway_too_long",
            Self::NoAlgorithm => "no_algorithm",
            Self::NoTrustDomain => "no_trust_domain",
            Self::NothingCanPass => "nothing_can_pass",
            Self::OtherProvider { .. } => "other_provider",
            Self::Pointers(_) => "too_many_pointers",
            Self::SaidBeforeProfile { .. } => "said_before_profile",
            Self::TokenLimitTooHigh => "token_limit_too_high",
            Self::TooManyIssuers => "too_many_issuers",
            Self::UnsupportedAlgorithm { .. } => "alg_not_in_backend",
        }
    }
}
