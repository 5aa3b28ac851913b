//! diridp: tokens as files, for the programs of one machine.
//!
//! [`Config`] reads diridp's configuration as it is, every option with its default. [`TokenClaims`]
//! are the claims of a token, by where they come from. The example program `diridp` puts them
//! together with the rotation and the files.
//!
//! ```
//! use oidc_issuer::profile::diridp::Config;
//! # // In a service the format is YAML.
//! let config: Config = serde_json::from_str(r#"{
//!     "providers": [{
//!         "issuer": "https://example.com",
//!         "keys": [{"alg": "EdDSA", "crv": "Ed25519"}],
//!         "tokens": [{
//!             "path": "/run/diridp/containers/:sub/aws_token",
//!             "claims": {"aud": "sts.amazonaws.com"}
//!         }]
//!     }]
//! }"#)?;
//! let provider = &config.providers()[0];
//! assert_eq!(provider.name(), "example.com");
//! assert_eq!(provider.webroot().to_str(), Some("/var/lib/diridp/example.com/webroot"));
//! assert_eq!(provider.tokens()[0].path().parameter(), Some("sub"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What differs from the original
//!
//! | question | answer |
//! |---|---|
//! | `iss`, `exp`, `iat`, `nbf`, `jti` as claims or as a path parameter | refused: the issuer sets them |
//! | a token without `sub` or `aud` | refused |
//! | an issuer that is not https | refused, but for a loopback address |
//! | a directory's name | letters, digits and `._@+-` of ASCII, at most 255, not beginning with a dot; others are passed over with a warning |
//! | ES256K | refused: no backend signs with it |
//! | `key_size` | 2048, 3072 or 4096 |
//! | a lifespan of 0, of a token above a day, of a key above 400 days | refused |
//! | `jwks_path` that is the discovery document's | refused |
//! | two tokens for one file, also by a parameter | refused |
//! | an unknown option, a fraction | refused, with its place |
//! | a key's margin that is shorter than its tokens live | the key stays published until the last of them has expired |

mod claims;
mod config;
mod config_error;
mod index;
mod path;
mod slug;
mod timing;

pub use self::claims::{ClaimsError, TokenClaims};
pub use self::config::{Config, KeyConfig, Provider, TokenConfig};
pub use self::config_error::{ConfigError, ConfigFault};
pub use self::index::{IndexedKey, KeyIndex};
pub use self::path::TokenPath;
