//! TLS by the crypto backend of this build: the one place that chooses rustls's provider.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Who may vouch for the servers that keys are fetched from. The bytes are certificates in PEM, one
/// after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RootCertificates {
    /// Whom the platform trusts. The default.
    #[default]
    Platform,
    /// Also these: for an issuer with a certificate of one's own authority.
    PlatformAnd(Vec<u8>),
    /// These and nobody else.
    Only(Vec<u8>),
    /// Nobody: no TLS connection is ever made. For issuers on loopback without TLS.
    Nobody,
}

/// Why TLS could not be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsSetupError {
    /// The bytes given hold no certificate in PEM, or one that is damaged.
    #[error("root certificates are not PEM")]
    Pem,
    /// A certificate given cannot vouch for anybody.
    #[error("root certificate cannot be used")]
    Certificate,
    /// The platform has no root certificates, or does not let them be read.
    #[error("platform has no root certificates")]
    Platform,
    /// The crypto backend lacks what TLS needs.
    #[error("crypto backend cannot do TLS")]
    Backend,
}

impl TlsSetupError {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Pem => "roots_pem",
            Self::Certificate => "roots_certificate",
            Self::Platform => "roots_platform",
            Self::Backend => "tls_backend",
        }
    }
}

pub(super) fn client_config(roots: &RootCertificates) -> Result<ClientConfig, TlsSetupError> {
    let provider = Arc::new(provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsSetupError::Backend)?;
    let platform = |extra: Vec<CertificateDer<'static>>| {
        rustls_platform_verifier::Verifier::new_with_extra_roots(extra, provider)
            .map_err(|_| TlsSetupError::Platform)
    };
    let mut config = match roots {
        RootCertificates::Platform => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(platform(Vec::new())?)),
        RootCertificates::PlatformAnd(pem) => {
            store(pem)?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(platform(certificates(pem)?)?))
        }
        RootCertificates::Only(pem) => builder.with_root_certificates(store(pem)?),
        RootCertificates::Nobody => builder.with_root_certificates(RootCertStore::empty()),
    }
    .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsSetupError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(TlsSetupError::Pem),
    }
}

fn store(pem: &[u8]) -> Result<RootCertStore, TlsSetupError> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(pem)? {
        store
            .add(certificate)
            .map_err(|_| TlsSetupError::Certificate)?;
    }
    Ok(store)
}

fn provider() -> CryptoProvider {
    #[cfg(feature = "aws-lc-rs")]
    use rustls::crypto::aws_lc_rs as backend;
    #[cfg(not(feature = "aws-lc-rs"))]
    use rustls::crypto::ring as backend;
    backend::default_provider()
}

/// 64 bits of the operating system's randomness, through the backend. They spread the times of
/// fetches and guard no secret: where there are none, fetches come at their earliest.
pub(super) fn random_bits() -> u64 {
    #[cfg(feature = "aws-lc-rs")]
    use rustls::crypto::aws_lc_rs as backend;
    #[cfg(not(feature = "aws-lc-rs"))]
    use rustls::crypto::ring as backend;
    let mut bytes = [0; 8];
    match backend::default_provider().secure_random.fill(&mut bytes) {
        Ok(()) => u64::from_le_bytes(bytes),
        Err(_) => 0,
    }
}
