//! Keys that are fetched and kept current: [`KeySource`](crate::KeySource)s driven on tokio.
//!
//! A [`KeyRefresher`] fetches in the background, for any number of issuers, and hands the keys to a
//! [`Verifier`](crate::Verifier), whose readers never wait. What it may connect to, and how much it
//! bears with, is said by its [`HttpTransport`].
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use oidc_verifier::http::{HttpTransport, KeyRefresher};
//! use oidc_verifier::key_source::KeySourceConfig;
//! use oidc_verifier::{IssuerIdentifier, Verifier};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = Verifier::builder()
//!     .issuer(IssuerIdentifier::parse("https://token.actions.githubusercontent.com")?)
//!     .audience("https://deploy.example")
//!     .build()?;
//! let keys = KeyRefresher::builder(Arc::new(verifier), HttpTransport::new()?)
//!     .discover_all(&KeySourceConfig::default())
//!     .spawn()?;
//! keys.wait_until_ready(Duration::from_secs(10)).await?;
//!
//! # let token = b"";
//! match keys.verify(token).await {
//!     Ok(verified) => println!("{} of {}", verified.subject(), verified.issuer()),
//!     Err(error) => println!("{}: {error}", error.code()),
//! }
//! keys.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! A program without an async runtime starts it with
//! [`spawn_thread`](KeyRefresherBuilder::spawn_thread) and gets a [`blocking::KeyRefresher`].
//!
//! # What happens when
//!
//! | | tokens of known keys | tokens of unknown keys |
//! |---|---|---|
//! | all is well | verified at once | wait for a fetch, at most 2 s, as often as the permits allow; else refused |
//! | fetches fail | verified, until the bound of trust | refused |
//! | a fetch hangs | verified | unavailable after 2 s |
//! | no keys, or none any longer | | unavailable |
//!
//! "Unavailable" is [`VerifyError::KeysUnavailable`](crate::VerifyError): an HTTP service answers 503.

mod address;
pub mod blocking;
mod builder;
mod client;
mod driven;
mod ready;
mod refresher;
mod resolver;
mod tls;
mod transport;
mod unknown_key;

use std::time::Duration;

pub use self::address::AddressPolicy;
pub use self::builder::{KeyRefresherBuilder, StartError};
pub use self::client::HttpTransport;
pub use self::ready::NotReady;
pub use self::refresher::KeyRefresher;
pub use self::resolver::{Resolver, SystemResolver};
pub use self::tls::{RootCertificates, TlsSetupError};
pub use self::transport::{Response, Transport};
use crate::key_source::Setting;

/// How long a token waits for a fetch that may bring its key, unless the builder says otherwise:
/// longer waits have piled requests up elsewhere.
pub const WAIT_FOR_KEYS: Setting<Duration> = Setting::new(
    Duration::from_secs(2),
    Duration::ZERO,
    Duration::from_secs(5),
);

/// How many tokens of one issuer wait at the same time. Strangers can make a token wait while a fetch
/// is under way; each holds a request of the service open.
pub const MAX_WAITING: usize = 1_024;
