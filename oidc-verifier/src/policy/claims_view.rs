//! What a policy is evaluated over: claims that someone has verified.

use std::fmt;

use jsonptr::{Located, Pointer, PointerSet, ScanBuffer, ScanLimits, Text};
use oidc_core::{
    Claim, ClaimFault, Claims, ClaimsError, ClaimsScanner, IssuerIdentifier, RegisteredClaim,
};

use super::condition::{Budget, Exhausted};
use super::cost::blocks;
use super::place::Place;
#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
use crate::Verified;

/// The claims that a policy looks at, of a [`Verified`](crate::Verified) token or of [`VouchedClaims`].
///
/// Made by `From` and by nothing else: bytes that nobody answers for do not become one.
#[derive(Clone, Copy)]
pub struct ClaimsView<'a> {
    source: Source<'a>,
    /// Of the source: every condition asks for them.
    scanner: &'a ClaimsScanner,
    claims: Claims<'a>,
    request: Option<&'a super::aws::Request>,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    Verified(&'a Verified<'a>),
    Vouched(&'a VouchedClaims<'a>),
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
impl<'a> From<&'a Verified<'_>> for ClaimsView<'a> {
    fn from(token: &'a Verified<'_>) -> Self {
        Self {
            source: Source::Verified(token),
            scanner: token.scanner(),
            claims: token.claims_set(),
            request: None,
        }
    }
}

impl<'a> From<&'a VouchedClaims<'_>> for ClaimsView<'a> {
    fn from(claims: &'a VouchedClaims<'_>) -> Self {
        Self {
            source: Source::Vouched(claims),
            scanner: claims.scanner,
            claims: Claims::rejoin(claims.document, &claims.buffer),
            request: None,
        }
    }
}

impl<'a> ClaimsView<'a> {
    /// With what the request says beside the token.
    pub(super) const fn with_request(mut self, request: &'a super::aws::Request) -> Self {
        self.request = Some(request);
        self
    }

    pub(super) const fn request(self) -> Option<&'a super::aws::Request> {
        self.request
    }

    pub(super) fn issuer(self) -> &'a str {
        match self.source {
            #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
            Source::Verified(token) => token.issuer().as_str(),
            Source::Vouched(claims) => claims.issuer.as_str(),
        }
    }

    pub(crate) fn get(self, pointer: Pointer<'_>) -> Option<Located<'a>> {
        if let Some(index) = self.scanner.index_of(pointer) {
            return self.claims.located(index);
        }
        if pointer.is_root() {
            return self.claims.root();
        }
        if let Some(claim) = registered(pointer) {
            return self.claims.as_written(claim);
        }
        match self.source {
            #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
            Source::Verified(token) => token.get(pointer),
            Source::Vouched(claims) => claims.get(pointer),
        }
    }

    /// The token that the claims are of, if it was verified here.
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    pub(super) const fn verified(self) -> Option<&'a Verified<'a>> {
        match self.source {
            Source::Verified(token) => Some(token),
            Source::Vouched(_) => None,
        }
    }

    /// The steps that [`get`](Self::get) costs: none for what was located when the claims set was
    /// read, which the registered claims always are; else another reading.
    pub(super) fn reading(self, pointer: Pointer<'_>) -> usize {
        let is_located = pointer.is_root()
            || registered(pointer).is_some()
            || self.scanner.index_of(pointer).is_some();
        if is_located {
            0
        } else {
            blocks(self.claims.json().len())
        }
    }

    /// The index of a claim that was located when the claims set was read, looked for first where it
    /// was the last time.
    #[inline]
    pub(super) fn index_at(&self, pointer: Pointer<'_>, place: &Place) -> Option<usize> {
        place.find(self.scanner, pointer)
    }

    /// What was located at this index.
    #[inline]
    pub(super) fn located(&self, index: usize) -> Option<Located<'a>> {
        self.claims.located(index)
    }

    /// Like [`get`](Self::get), paid for.
    #[inline(never)]
    pub(super) fn read(
        &self,
        pointer: Pointer<'_>,
        budget: &mut Budget,
    ) -> Result<Option<Located<'a>>, Exhausted> {
        budget.spend(self.reading(pointer))?;
        Ok(self.get(pointer))
    }

    /// The audiences in their order.
    pub(super) fn audiences(self) -> impl Iterator<Item = Text<'a>> {
        let aud = self.claims.as_written(RegisteredClaim::Aud);
        let list = aud.and_then(|aud| aud.elements());
        let one = aud.filter(|_| list.is_none());
        list.into_iter()
            .flatten()
            .chain(one)
            .filter_map(|aud| aud.text())
    }
}

/// The registered claim that a pointer names.
fn registered(pointer: Pointer<'_>) -> Option<RegisteredClaim> {
    match pointer.as_str() {
        "/aud" => Some(RegisteredClaim::Aud),
        "/exp" => Some(RegisteredClaim::Exp),
        "/iat" => Some(RegisteredClaim::Iat),
        "/iss" => Some(RegisteredClaim::Iss),
        "/jti" => Some(RegisteredClaim::Jti),
        "/nbf" => Some(RegisteredClaim::Nbf),
        "/sub" => Some(RegisteredClaim::Sub),
        _ => None,
    }
}

impl fmt::Debug for ClaimsView<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClaimsView")
            .field("issuer", &self.issuer())
            .finish_non_exhaustive()
    }
}

/// A claims set that was verified elsewhere: by an API gateway, or before it was recorded. Nothing
/// here checks that it was; the caller vouches for it.
///
/// Made by [`Policy::vouched_claims`](super::Policy::vouched_claims).
pub struct VouchedClaims<'a> {
    issuer: IssuerIdentifier,
    scanner: &'a ClaimsScanner,
    document: &'a str,
    buffer: ScanBuffer,
}

impl<'a> VouchedClaims<'a> {
    pub(super) fn read(
        scanner: &'a ClaimsScanner,
        issuer: IssuerIdentifier,
        json: &'a [u8],
    ) -> Result<Self, VouchError> {
        let mut buffer = ScanBuffer::new();
        scanner.scan(json, &mut buffer)?;
        let malformed = |claim, fault| VouchError::Malformed { claim, fault };
        // INVARIANT: the scan has read them as UTF-8.
        let document = std::str::from_utf8(json).map_err(|_| ClaimsError::NotAnObject)?;
        let claims = Claims::rejoin(document, &buffer);
        match claims.iss() {
            Claim::WellFormed(iss) if iss != issuer.as_str() => {
                return Err(VouchError::OtherIssuer);
            }
            Claim::WellFormed(_) | Claim::Absent => {}
            Claim::Malformed(fault) => return Err(malformed(RegisteredClaim::Iss, fault)),
        }
        if let Claim::Malformed(fault) = claims.aud() {
            return Err(malformed(RegisteredClaim::Aud, fault));
        }
        Ok(Self {
            issuer,
            scanner,
            document,
            buffer,
        })
    }

    /// The issuer that the caller verified them for.
    pub const fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    fn get(&self, pointer: Pointer<'_>) -> Option<Located<'_>> {
        if let Some(index) = self.scanner.index_of(pointer) {
            return Claims::rejoin(self.document, &self.buffer).located(index);
        }
        let set = PointerSet::new([pointer]).ok()?;
        let limits = ScanLimits::new().max_depth(ClaimsScanner::MAX_DEPTH);
        let mut buffer = ScanBuffer::new();
        let document = set
            .scan_into(self.document.as_bytes(), &limits, &mut buffer)
            .ok()?;
        buffer.get(document, 0)
    }
}

impl fmt::Debug for VouchedClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VouchedClaims")
            .field("issuer", &self.issuer.as_str())
            .field("bytes", &self.document.len())
            .finish_non_exhaustive()
    }
}

/// Why bytes are not claims that anyone can vouch for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VouchError {
    /// The bytes are no claims set.
    #[error("not a claims set")]
    ClaimsSet(#[from] ClaimsError),
    /// `iss` or `aud`, by which rules are chosen, is malformed.
    #[error("`{claim}` is malformed")]
    #[non_exhaustive]
    Malformed {
        /// Which claim.
        claim: RegisteredClaim,
        /// What is wrong with it.
        #[source]
        fault: ClaimFault,
    },
    /// `iss` names another issuer than the caller does.
    #[error("claims are of another issuer")]
    OtherIssuer,
}

impl VouchError {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ClaimsSet(error) => error.code(),
            Self::Malformed {
                claim: RegisteredClaim::Aud,
                ..
            } => "aud_malformed",
            Self::Malformed { .. } => "iss_malformed",
            Self::OtherIssuer => "iss_other",
        }
    }
}
