//! Why a configuration is not taken.

use jsonptr::PointerBuf;
use oidc_core::IssuerIdentifierError;

use super::claims::ClaimsError;
use crate::document::{DocumentFault, Misplaced};

/// Why a [`Config`](super::Config) does not load.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("configuration at `{at}`: {fault}")]
#[non_exhaustive]
pub struct ConfigError {
    /// Where in the document.
    pub at: PointerBuf,
    /// What is wrong there.
    pub fault: ConfigFault,
}

/// What is wrong with a part of the configuration.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigFault {
    /// The document is not of its format.
    #[error("cannot be read: {0}")]
    Format(String),
    /// Its shape is not that of a configuration.
    #[error(transparent)]
    Document(DocumentFault),
    /// The algorithm is none that keys can be made for.
    #[error("not one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA")]
    Algorithm,
    /// The claims make no token.
    #[error(transparent)]
    Claims(ClaimsError),
    /// The curve of an EdDSA key is `Ed25519`.
    #[error("an EdDSA key has the curve `Ed25519`")]
    Curve,
    /// The path is that of the discovery document.
    #[error("is the path of the discovery document")]
    DiscoveryPath,
    /// Two have one name.
    #[error("the name is taken")]
    DuplicateName,
    /// The issuer cannot be one.
    #[error("not an issuer")]
    Issuer(#[source] IssuerIdentifierError),
    /// The key's name is not that of a key of this provider.
    #[error("no key of this name")]
    KeyName,
    /// The token must say which of several keys signs it.
    #[error("there are several keys: `key_name` says which")]
    KeyNameMissing,
    /// RSA keys have 2048, 3072 or 4096 bits.
    #[error("not 2048, 3072 or 4096")]
    KeySize,
    /// The name cannot be part of a file's name.
    #[error(
        "not a name for files: 1 to 128 bytes of letters, digits and `._-`, not beginning with a dot"
    )]
    Name,
    /// A provider with tokens has keys.
    #[error("there is no key to sign the tokens with")]
    NoKey,
    /// The path parameter is `:name`, once, before the last part.
    #[error("a parameter is `:name`, once, in the part before the last")]
    PathParameter,
    /// Another token goes to the same file: each would write over the other.
    #[error("another token goes there")]
    PathTaken,
    /// A number of seconds is outside its range.
    #[error("not {min} to {max} seconds")]
    #[non_exhaustive]
    Seconds {
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// A path is absolute, without `.` and `..`.
    #[error("not an absolute path without `.` and `..`")]
    TokenPath,
}

impl ConfigFault {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "format",
            Self::Document(fault) => fault.code(),
            Self::Algorithm => "algorithm",
            Self::Claims(error) => error.code(),
            Self::Curve => "curve",
            Self::DiscoveryPath => "discovery_path",
            Self::DuplicateName => "duplicate_name",
            Self::Issuer(_) => "issuer",
            Self::KeyName => "key_name",
            Self::KeyNameMissing => "key_name_missing",
            Self::KeySize => "key_size",
            Self::Name => "name",
            Self::NoKey => "no_key",
            Self::PathParameter => "path_parameter",
            Self::PathTaken => "path_taken",
            Self::Seconds { .. } => "seconds",
            Self::TokenPath => "token_path",
        }
    }
}

impl ConfigError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        self.fault.code()
    }
}

impl From<Misplaced> for ConfigError {
    fn from(Misplaced { at, fault }: Misplaced) -> Self {
        let fault = ConfigFault::Document(fault);
        Self { at, fault }
    }
}
