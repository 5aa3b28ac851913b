//! The documents of issuers over HTTP: `DocumentServer` serves them (feature `http`), `Prober` looks
//! at them through the public URL as relying parties do (feature `probe`).

#[cfg(feature = "probe")]
mod addresses;
#[cfg(feature = "http")]
mod document_server;
#[cfg(feature = "probe")]
mod fetch;
#[cfg(feature = "probe")]
mod probe_error;
#[cfg(feature = "probe")]
mod prober;
#[cfg(feature = "probe")]
mod published;
#[cfg(feature = "http")]
mod response;
#[cfg(feature = "probe")]
mod tls;

#[cfg(feature = "http")]
pub use self::document_server::{DocumentServer, PublishError};
#[cfg(feature = "probe")]
pub use self::{
    probe_error::{ProbeError, ProbeFault},
    prober::Prober,
    published::Published,
    tls::TlsSetupError,
};
