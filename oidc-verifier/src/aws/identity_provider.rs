//! An OIDC identity provider as it is registered with IAM.

use oidc_core::{IssuerIdentifier, IssuerIdentifierError};

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use crate::{Profile, Ready, Verifier, VerifierBuilder, WantsAudience};

/// An OIDC identity provider of an AWS account (`iam:CreateOpenIDConnectProvider`), within the
/// limits of IAM.
///
/// ```
/// use oidc_verifier::aws::IdentityProvider;
///
/// let provider = IdentityProvider::new("111122223333", "https://t.example/", ["client-a"])?;
/// // Path and trailing slash are kept.
/// assert_eq!(provider.arn(), "arn:aws:iam::111122223333:oidc-provider/t.example/");
/// assert_eq!(provider.condition_key("aud"), "t.example/:aud");
/// # Ok::<(), oidc_verifier::aws::IdentityProviderError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityProvider {
    partition: String,
    account: String,
    issuer: IssuerIdentifier,
    client_ids: Vec<String>,
    thumbprints: Vec<String>,
}

impl IdentityProvider {
    /// The longest URL, in characters.
    pub const MAX_URL_CHARS: usize = 255;

    /// The most client IDs, which are the audiences of the provider's tokens.
    pub const MAX_CLIENT_IDS: usize = 100;

    /// The longest client ID, in characters.
    pub const MAX_CLIENT_ID_CHARS: usize = 255;

    /// The most certificate thumbprints.
    pub const MAX_THUMBPRINTS: usize = 5;

    /// A provider of the account with this number of 12 digits, in the partition `aws`.
    ///
    /// `url` is the issuer as its tokens name it: `https`, without a query and without a port.
    /// IAM lets a provider have no client ID; here it has at least one, or no token could pass.
    ///
    /// # Errors
    ///
    /// [`IdentityProviderError`] names the rule of IAM that does not hold.
    pub fn new<I>(
        account: &str,
        url: &str,
        client_ids: I,
    ) -> Result<IdentityProvider, IdentityProviderError>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let client_ids = client_ids.into_iter().map(Into::into).collect();
        let issuer = IssuerIdentifier::parse(url);
        let provider = IdentityProvider::register(account, url, issuer, client_ids)?;
        if has_port(without_scheme(url)) {
            return Err(IdentityProviderError::Port);
        }
        Ok(provider)
    }

    /// A provider whose issuer is on this machine, for tests and demonstrations, where IAM has
    /// none: `http` or `https`, on `localhost`, `127.0.0.0/8` or `[::1]`, usually with a port.
    ///
    /// The port is part of its name. A trust policy must be loaded with
    /// [`Settings::identity_providers`](crate::policy::aws::Settings::identity_providers), or it
    /// takes the ARN for none:
    ///
    /// ```
    /// use oidc_verifier::aws::IdentityProvider;
    /// use oidc_verifier::policy::aws::{Settings, TrustPolicy};
    ///
    /// let providers = [IdentityProvider::loopback(
    ///     "111122223333",
    ///     "http://127.0.0.1:8080/ci",
    ///     ["sts.amazonaws.com"],
    /// )?];
    /// assert_eq!(providers[0].arn(), "arn:aws:iam::111122223333:oidc-provider/127.0.0.1:8080/ci");
    ///
    /// let trust = br#"{"Statement": {
    ///     "Effect": "Allow",
    ///     "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/127.0.0.1:8080/ci"},
    ///     "Action": "sts:AssumeRoleWithWebIdentity",
    ///     "Condition": {"StringEquals": {"127.0.0.1:8080/ci:sub": "job-42"}}
    /// }}"#;
    /// let settings = Settings::new().identity_providers(&providers);
    /// let trust = TrustPolicy::from_json_with(trust, settings)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), and for any other host.
    pub fn loopback<I>(
        account: &str,
        url: &str,
        client_ids: I,
    ) -> Result<IdentityProvider, IdentityProviderError>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let client_ids = client_ids.into_iter().map(Into::into).collect();
        IdentityProvider::register(account, url, IssuerIdentifier::loopback(url), client_ids)
    }

    /// By the rules that both constructors share.
    fn register(
        account: &str,
        url: &str,
        issuer: Result<IssuerIdentifier, IssuerIdentifierError>,
        client_ids: Vec<String>,
    ) -> Result<IdentityProvider, IdentityProviderError> {
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(IdentityProviderError::Account);
        }
        if url.chars().count() > IdentityProvider::MAX_URL_CHARS {
            return Err(IdentityProviderError::UrlTooLong);
        }
        let issuer = issuer?;
        if client_ids.is_empty() {
            return Err(IdentityProviderError::NoClientId);
        }
        if client_ids.len() > IdentityProvider::MAX_CLIENT_IDS {
            return Err(IdentityProviderError::TooManyClientIds);
        }
        let fits =
            |id: &String| (1..=IdentityProvider::MAX_CLIENT_ID_CHARS).contains(&id.chars().count());
        if let Some(index) = client_ids.iter().position(|id| !fits(id)) {
            return Err(IdentityProviderError::ClientIdLength { index });
        }
        Ok(IdentityProvider {
            partition: "aws".to_owned(),
            account: account.to_owned(),
            issuer,
            client_ids,
            thumbprints: Vec::new(),
        })
    }

    /// The same in another partition, such as `aws-cn`.
    ///
    /// # Errors
    ///
    /// [`IdentityProviderError::Partition`] for a name that is neither `aws` nor begins with
    /// `aws-`.
    pub fn with_partition(
        mut self,
        partition: impl Into<String>,
    ) -> Result<IdentityProvider, IdentityProviderError> {
        self.partition = partition.into();
        if is_partition(&self.partition) {
            Ok(self)
        } else {
            Err(IdentityProviderError::Partition)
        }
    }

    /// The same with these SHA-1 thumbprints of certificates, 40 hexadecimal digits each.
    ///
    /// They are kept and not used: whose TLS certificate may answer for `jwks_uri` is for what
    /// fetches the keys to say.
    ///
    /// # Errors
    ///
    /// [`IdentityProviderError`] for more than [`MAX_THUMBPRINTS`](Self::MAX_THUMBPRINTS), or one
    /// of another form.
    pub fn with_thumbprints<I>(mut self, thumbprints: I) -> Result<Self, IdentityProviderError>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.thumbprints = thumbprints.into_iter().map(Into::into).collect();
        if self.thumbprints.len() > IdentityProvider::MAX_THUMBPRINTS {
            return Err(IdentityProviderError::TooManyThumbprints);
        }
        let is_sha1 =
            |hex: &String| hex.len() == 40 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self.thumbprints.iter().position(|hex| !is_sha1(hex)) {
            Some(index) => Err(IdentityProviderError::Thumbprint { index }),
            None => Ok(self),
        }
    }

    /// The account's number.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The issuer, which its tokens name byte for byte.
    pub const fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// The client IDs.
    pub fn client_ids(&self) -> &[String] {
        &self.client_ids
    }

    /// The thumbprints.
    pub fn thumbprints(&self) -> &[String] {
        &self.thumbprints
    }

    /// The provider's ARN: the principal that a role's trust policy names, and `Provider` in the
    /// answer of AWS STS.
    pub fn arn(&self) -> String {
        let (partition, account) = (&self.partition, &self.account);
        let name = self.condition_key_prefix();
        format!("arn:{partition}:iam::{account}:oidc-provider/{name}")
    }

    /// The condition key of a trust policy for this claim: the issuer without its scheme, path and
    /// trailing slash kept, then a colon and the name.
    pub fn condition_key(&self, name: &str) -> String {
        format!("{}:{name}", self.condition_key_prefix())
    }

    /// The issuer without its scheme.
    pub(crate) fn condition_key_prefix(&self) -> &str {
        without_scheme(self.issuer.as_str())
    }

    /// Starts a verifier that trusts this provider's tokens as AWS does: the client IDs are the
    /// audiences, and [`Profile::aws_sts`] the rules.
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub fn relying_party(&self) -> VerifierBuilder<Ready> {
        self.trusted_by(Verifier::builder().issuer(self.issuer.clone()))
    }

    /// Lets a verifier trust this provider as well, beside those that it trusts already: an account
    /// has up to 100.
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub fn join(&self, relying_party: VerifierBuilder<Ready>) -> VerifierBuilder<Ready> {
        self.trusted_by(relying_party.issuer(self.issuer.clone()))
    }

    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    fn trusted_by(&self, builder: VerifierBuilder<WantsAudience>) -> VerifierBuilder<Ready> {
        let mut ids = self.client_ids.iter();
        // INVARIANT: there is a client ID; the empty audience would not be built.
        let first = ids.next().map(String::as_str).unwrap_or_default();
        ids.fold(builder.audience(first), VerifierBuilder::<Ready>::audience)
            .profile(Profile::aws_sts())
    }
}

/// Names of partitions are `aws` and `aws-…`.
pub(super) fn is_partition(text: &str) -> bool {
    let rest = text.strip_prefix("aws");
    rest.is_some_and(|rest| {
        let region = rest.strip_prefix('-');
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        rest.is_empty() || region.is_some_and(|one| !one.is_empty() && one.bytes().all(is_name))
    })
}

/// `http` is for loopback alone, and the scheme in small letters in every identifier.
fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// Whether the host is followed by a colon; those inside the brackets of an address are not meant.
fn has_port(url: &str) -> bool {
    let authority = url.split('/').next().unwrap_or_default();
    let after_address = authority.rsplit(']').next().unwrap_or_default();
    after_address.contains(':')
}

/// Which rule of IAM an identity provider breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityProviderError {
    /// The account is not 12 digits.
    #[error("account is not 12 digits")]
    Account,
    /// A client ID has no character, or more than 255.
    #[error("client ID {index} has not 1 to 255 characters")]
    #[non_exhaustive]
    ClientIdLength {
        /// Its position, from zero.
        index: usize,
    },
    /// There is no client ID.
    #[error("no client ID")]
    NoClientId,
    /// The partition is neither `aws` nor begins with `aws-`.
    #[error("partition is none of AWS")]
    Partition,
    /// The URL names a port.
    #[error("URL names a port")]
    Port,
    /// A thumbprint is not 40 hexadecimal digits.
    #[error("thumbprint {index} is not 40 hexadecimal digits")]
    #[non_exhaustive]
    Thumbprint {
        /// Its position, from zero.
        index: usize,
    },
    /// More than 100 client IDs.
    #[error("more than {} client IDs", IdentityProvider::MAX_CLIENT_IDS)]
    TooManyClientIds,
    /// More than 5 thumbprints.
    #[error("more than {} thumbprints", IdentityProvider::MAX_THUMBPRINTS)]
    TooManyThumbprints,
    /// The URL is no issuer identifier: not `https`, with a query, empty, or otherwise.
    #[error(transparent)]
    Url(#[from] IssuerIdentifierError),
    /// The URL has more than 255 characters.
    #[error("URL has more than {} characters", IdentityProvider::MAX_URL_CHARS)]
    UrlTooLong,
}

impl IdentityProviderError {
    /// A stable word for logs.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::ClientIdLength { .. } => "client_id_length",
            Self::NoClientId => "no_client_id",
            Self::Partition => "partition",
            Self::Port => "url_port",
            Self::Thumbprint { .. } => "thumbprint",
            Self::TooManyClientIds => "too_many_client_ids",
            Self::TooManyThumbprints => "too_many_thumbprints",
            Self::Url(error) => error.code(),
            Self::UrlTooLong => "url_too_long",
        }
    }
}
