//! What may be read of a token before it is verified: which configured issuer it names, and
//! nothing else.

use std::fmt;

use jsonptr::ScanBuffer;
use oidc_core::{Claim, ClaimsScanner, CompactJws, IssuerIdentifier, JwsPart, base64url};

use crate::error::{Hopeless, VerifyError};

/// A token that nobody has verified.
///
/// It answers one question: which of the issuers that the *caller* names does it claim to come
/// from. That chooses whose keys to fetch, and must choose nothing else: not a key set at large, a
/// tenant, a secret or a log line. Its words are not handed out.
///
/// ```
/// use oidc_verifier::IssuerIdentifier;
/// use oidc_verifier::dangerous::Unverified;
///
/// let ours = [IssuerIdentifier::parse("https://ci.example")?];
/// // {"alg":"ES256"}.{"iss":"https://ci.example"}. and a signature of one zero byte
/// let token = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2NpLmV4YW1wbGUifQ.AA";
/// assert_eq!(Unverified::read(token)?.issuer_among(&ours), Some(&ours[0]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Unverified {
    iss: String,
}

impl Unverified {
    /// Reads `iss` of a token of at most [`CompactJws::DEFAULT_MAX_BYTES`], as strictly as a
    /// verifier would.
    ///
    /// # Errors
    ///
    /// The errors that [`Verifier::verify`](crate::Verifier::verify) would give for bytes that are
    /// no token at all, or have no `iss`.
    pub fn read(token: &[u8]) -> Result<Unverified, VerifyError> {
        let jws = CompactJws::parse(token)?;
        let part = JwsPart::Payload;
        let payload = base64url::decode(jws.payload())
            .map_err(|source| VerifyError::Base64Url { part, source })?;
        let mut buffer = ScanBuffer::new();
        let scanner = ClaimsScanner::registered();
        match scanner.scan(&payload, &mut buffer)?.iss() {
            Claim::WellFormed(iss) => Ok(Unverified { iss: iss.into() }),
            Claim::Absent => Err(Hopeless::NoIssuer.into()),
            Claim::Malformed(_) => Err(Hopeless::MalformedIssuer.into()),
        }
    }

    /// The one of `configured` that the token names, byte for byte; `None` for any other.
    pub fn issuer_among<'i>(
        &self,
        configured: impl IntoIterator<Item = &'i IssuerIdentifier>,
    ) -> Option<&'i IssuerIdentifier> {
        configured
            .into_iter()
            .find(|issuer| issuer.as_str() == self.iss)
    }
}

/// The `kid` that a token names: a stranger's word, to look keys up by and for nothing else.
#[cfg(all(feature = "http", any(feature = "aws-lc-rs", feature = "ring")))]
pub(crate) fn unverified_kid(token: &[u8], max_bytes: usize) -> Option<String> {
    let jws = CompactJws::parse_within(token, max_bytes).ok()?;
    let header = base64url::decode(jws.header()).ok()?;
    let mut buffer = ScanBuffer::new();
    let header = oidc_core::JoseHeader::read(&header, &mut buffer).ok()?;
    header.kid().map(Into::into)
}

/// Shows nothing: what the token says is a stranger's word, and no log line.
impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified").finish_non_exhaustive()
    }
}
