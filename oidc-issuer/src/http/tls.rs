//! TLS by the crypto backend of this build: the one place that chooses rustls's provider.

use std::sync::Arc;

use rustls::client::WantsClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

/// Why TLS could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsSetupError {
    /// The crypto backend lacks what TLS needs.
    #[error("crypto backend cannot do TLS")]
    Backend,
    /// A certificate given cannot vouch for anybody.
    #[error("root certificate cannot be used")]
    Certificate,
    /// The bytes given hold no certificate in PEM, or one that is damaged.
    #[error("root certificates are not PEM")]
    Pem,
    /// The platform has no root certificates, or does not let them be read.
    #[error("platform has no root certificates")]
    Platform,
}

impl TlsSetupError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Backend => "tls_backend",
            Self::Certificate => "roots_certificate",
            Self::Pem => "roots_pem",
            Self::Platform => "roots_platform",
        }
    }
}

pub(super) fn by_platform() -> Result<ClientConfig, TlsSetupError> {
    let verifier = rustls_platform_verifier::Verifier::new(Arc::new(provider()))
        .map_err(|_| TlsSetupError::Platform)?;
    let verifier = Arc::new(verifier);
    Ok(finish(
        builder()?
            .dangerous()
            .with_custom_certificate_verifier(verifier),
    ))
}

pub(super) fn by_roots(pem: &[u8]) -> Result<ClientConfig, TlsSetupError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| TlsSetupError::Pem)?;
        roots
            .add(certificate)
            .map_err(|_| TlsSetupError::Certificate)?;
    }
    if roots.is_empty() {
        return Err(TlsSetupError::Pem);
    }
    Ok(finish(builder()?.with_root_certificates(roots)))
}

pub(super) fn by_nobody() -> Result<ClientConfig, TlsSetupError> {
    let roots = RootCertStore::empty();
    Ok(finish(builder()?.with_root_certificates(roots)))
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, TlsSetupError> {
    ClientConfig::builder_with_provider(Arc::new(provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsSetupError::Backend)
}

fn finish(builder: ConfigBuilder<ClientConfig, WantsClientCert>) -> ClientConfig {
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

fn provider() -> CryptoProvider {
    #[cfg(feature = "aws-lc-rs")]
    use rustls::crypto::aws_lc_rs as backend;
    #[cfg(not(feature = "aws-lc-rs"))]
    use rustls::crypto::ring as backend;
    backend::default_provider()
}
