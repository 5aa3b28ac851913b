//! The way of a token from bytes to proof.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::{ArcSwap, Guard};
use jsonptr::{Pointer, PointerSetError, ScanBuffer};
use oidc_core::{
    Algorithm, Claim, Claims, ClaimsError, ClaimsScanner, CompactJws, IssuerIdentifier, JoseHeader,
    JwkUse, JwsPart, NumericDate, base64url,
};

use crate::builder::{VerifierBuilder, WantsIssuer};
use crate::checks::{self, Times};
use crate::error::{ClaimError, Hopeless, VerifyError};
use crate::issuer_keys::{InstallError, Installed, IssuerKeys};
use crate::key_selection::{IssuerKeyTable, KeySnapshot, Named};
use crate::telemetry;
use crate::trusted_issuer::{self, TokenRules, TrustedIssuer};
use crate::verified::{Held, Kid, Proof, Verified, Workspace};

/// Verifies the tokens of the issuers that it was built to trust.
///
/// It is immutable but for the issuers' keys, which [`install`](Self::install) swaps as a whole
/// while other threads verify; no reader ever waits.
pub struct Verifier {
    issuers: Vec<TrustedIssuer>,
    scanner: Arc<ClaimsScanner>,
    max_token_bytes: usize,
    keys: ArcSwap<KeySnapshot>,
}

impl Verifier {
    /// By how much clocks may differ unless the builder says otherwise: they do by seconds.
    pub const DEFAULT_LEEWAY: Duration = Duration::from_secs(60);

    /// The longest leeway: RFC 7519 section 4.1.4 speaks of no more than a few minutes.
    pub const MAX_LEEWAY: Duration = Duration::from_secs(300);

    /// The longest time from `iat` to `exp` unless the builder says otherwise: a day, for no known
    /// workload issuer signs for longer.
    pub const DEFAULT_MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

    /// Issuers of one verifier: they are found by comparing `iss` with each.
    pub const MAX_ISSUERS: usize = 256;

    /// Starts with an issuer, then its audience; there is no other way to a verifier.
    pub fn builder() -> VerifierBuilder<WantsIssuer> {
        VerifierBuilder::new()
    }

    pub(crate) fn assemble<'p>(
        mut issuers: Vec<TrustedIssuer>,
        pointers: impl IntoIterator<Item = Pointer<'p>>,
        max_token_bytes: usize,
    ) -> Result<Verifier, PointerSetError> {
        let pointers: Vec<_> = pointers.into_iter().collect();
        let configuration = trusted_issuer::fingerprint(&issuers, &pointers, max_token_bytes);
        let keys = KeySnapshot::new(configuration, issuers.iter().map(|_| None).collect());
        let scanner = ClaimsScanner::new(pointers)?;
        for issuer in &mut issuers {
            issuer.rules.find_claims(&scanner);
        }
        Ok(Verifier {
            issuers,
            scanner: Arc::new(scanner),
            max_token_bytes,
            keys: ArcSwap::from_pointee(keys),
        })
    }

    /// Checks the signature and the registered claims of `token` at the time `now`.
    ///
    /// `token` is a JWS in compact serialization (RFC 7515 section 7.1) and nothing around it. The
    /// checks are those of RFC 7519 section 7.2 and OpenID Connect Core section 3.1.3.7: the
    /// algorithm allowed, a key of the issuer named by `kid`, `iss`, `sub`, `aud`, `exp` and `iat`
    /// there, `nbf - leeway <= now < exp + leeway`, `iat <= now + leeway`, `exp - iat` within the
    /// lifetime.
    ///
    /// # Errors
    ///
    /// [`VerifyError::class`] says whether the token is refused or cannot be judged.
    ///
    /// # Security
    ///
    /// Until the signature holds, what the token says chooses one configured issuer and one of its
    /// keys, and nothing else. A token that has expired or is for another audience is refused
    /// before its signature is looked at.
    pub fn verify(&self, token: &[u8], now: NumericDate) -> Result<Verified<'_>, VerifyError> {
        let outcome = self.judge(token, now);
        telemetry::judged(&outcome);
        outcome
    }

    /// The same without a word about it to anyone.
    pub(crate) fn judge(
        &self,
        token: &[u8],
        now: NumericDate,
    ) -> Result<Verified<'_>, VerifyError> {
        let mut workspace = Box::<Workspace>::default();
        let proof = self.check(token, now, &mut workspace)?;
        Ok(Verified::new(proof, Held::Own(workspace)))
    }

    /// Like [`verify`](Self::verify), in memory that the caller lends: once `workspace` has grown,
    /// nothing is allocated.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn verify_in<'a>(
        &'a self,
        token: &[u8],
        now: NumericDate,
        workspace: &'a mut Workspace,
    ) -> Result<Verified<'a>, VerifyError> {
        let checked = self.check(token, now, workspace);
        let outcome = checked.map(|proof| Verified::new(proof, Held::Lent(workspace)));
        telemetry::judged(&outcome);
        outcome
    }

    /// The keys of this moment.
    pub(crate) fn snapshot(&self) -> Guard<Arc<KeySnapshot>> {
        self.keys.load()
    }

    /// What was proven of a token of this issuer, once more.
    pub(crate) fn proof(
        &self,
        issuer: usize,
        algorithm: Algorithm,
        times: Times,
    ) -> Option<Proof<'_>> {
        let issuer = self.issuers.get(issuer)?;
        Some(Proof {
            issuer: Cow::Borrowed(&issuer.identifier),
            provider: issuer.provider,
            scanner: Cow::Borrowed(&self.scanner),
            algorithm,
            times,
            leeway: issuer.leeway,
        })
    }

    /// The issuer of a proof by its place, and since when its tokens are refused for their age.
    pub(crate) fn refused_for_age_from(&self, proof: &Proof<'_>) -> Option<(usize, NumericDate)> {
        let mut issuers = self.issuers.iter().enumerate();
        let (index, issuer) = issuers.find(|(_, own)| own.identifier == *proof.issuer)?;
        let from = match issuer.max_age {
            None => NumericDate::MAX,
            Some(max_age) => {
                let age = max_age.saturating_add(issuer.leeway);
                // At that very age it is accepted.
                let last = proof.times.iat.saturating_add(age);
                last.saturating_add(Duration::from_secs(1))
            }
        };
        Some((index, from))
    }

    pub(crate) fn check(
        &self,
        token: &[u8],
        now: NumericDate,
        workspace: &mut Workspace,
    ) -> Result<Proof<'_>, VerifyError> {
        let jws = CompactJws::parse_within(token, self.max_token_bytes)?;
        if jws.header().len() > MAX_ENCODED_HEADER {
            return Err(VerifyError::HeaderTooLong {
                max: JoseHeader::MAX_BYTES,
            });
        }
        if jws.signature().len() > MAX_ENCODED_SIGNATURE {
            return Err(VerifyError::Signature);
        }
        let Workspace {
            header,
            signature,
            payload,
            kid,
            header_scan,
            claims_scan,
        } = workspace;
        let keys = self.keys.load();
        let header = Header::read(jws.header(), &keys, header, header_scan, kid)?;

        decode(JwsPart::Signature, jws.signature(), signature)?;
        let claims = self.read_payload(jws.payload(), payload, claims_scan)?;

        let (index, issuer) = self.issuer_of(&claims)?;
        if token.len() > issuer.max_token_bytes {
            CompactJws::parse_within(token, issuer.max_token_bytes)?;
        }
        if header
            .words
            .is_some_and(|words| !issuer.accepts_typ(&words))
        {
            return Err(VerifyError::TypNotAllowed);
        }
        let algorithm = header.algorithm;
        if !issuer.algorithms.contains(&algorithm) {
            return Err(VerifyError::AlgorithmNotAllowed { algorithm });
        }
        let key = keys.select(index, algorithm, header.named)?;
        let validity = checks::hopeless(&claims, issuer, now)?;

        if !key.verifies(jws.signing_input(), signature) {
            return Err(VerifyError::Signature);
        }
        if header
            .words
            .is_some_and(|words| TrustedIssuer::is_usual_typ(&words))
        {
            let known = &keys.known_headers;
            known.remember(jws.header(), kid.get(), algorithm, header.named);
        }
        let times = checks::authentic(&claims, &validity, issuer, now)?;
        if let Some(cut_off) = keys.issued_before(index)
            && times.iat < cut_off
        {
            let iat = times.iat;
            return Err(ClaimError::IssuedBeforeCutOff { iat, cut_off }.into());
        }
        Ok(Proof {
            issuer: Cow::Borrowed(&issuer.identifier),
            scanner: Cow::Borrowed(&self.scanner),
            provider: issuer.provider,
            algorithm,
            times,
            leeway: issuer.leeway,
        })
    }

    /// Decodes the payload into `text`, keeping its memory, and locates the claims in it.
    fn read_payload<'w>(
        &self,
        encoded: &[u8],
        text: &'w mut String,
        scan: &'w mut ScanBuffer,
    ) -> Result<Claims<'w>, VerifyError> {
        let mut bytes = core::mem::take(text).into_bytes();
        let decoded = decode(JwsPart::Payload, encoded, &mut bytes);
        match String::from_utf8(bytes) {
            Ok(payload) => *text = payload,
            // The strict reader says at which byte.
            Err(not_utf8) => {
                let fault = self.scanner.scan(not_utf8.as_bytes(), scan).err();
                return Err(fault.unwrap_or(ClaimsError::NotAnObject).into());
            }
        }
        decoded?;
        Ok(self.scanner.scan_text(text, scan)?)
    }

    /// The one thing that `iss` decides before the signature holds.
    fn issuer_of(&self, claims: &Claims<'_>) -> Result<(usize, &TrustedIssuer), VerifyError> {
        let mut issuers = self.issuers.iter().enumerate();
        issuers
            .find(|(_, issuer)| claims.is_issued_by(&issuer.identifier))
            .map_or_else(|| self.issuer_without_iss(claims), Ok)
    }

    /// The issuer whose keys would judge the token, whatever its signature is worth.
    #[cfg(feature = "http")]
    pub(crate) fn issuer_of_token(&self, token: &[u8]) -> Option<&IssuerIdentifier> {
        let jws = CompactJws::parse_within(token, self.max_token_bytes).ok()?;
        let (mut text, mut scan) = (String::new(), ScanBuffer::new());
        let claims = self
            .read_payload(jws.payload(), &mut text, &mut scan)
            .ok()?;
        let (_, issuer) = self.issuer_of(&claims).ok()?;
        Some(&issuer.identifier)
    }

    /// Why the claims name no issuer of the verifier, unless they need not: a JWT-SVID may leave
    /// `iss` out. The trust domain of its subject then chooses one of the issuers that were
    /// configured for JWT-SVIDs, and is checked again with the claims.
    #[cold]
    fn issuer_without_iss(
        &self,
        claims: &Claims<'_>,
    ) -> Result<(usize, &TrustedIssuer), VerifyError> {
        match claims.iss() {
            Claim::WellFormed(_) => return Err(VerifyError::UntrustedIssuer),
            Claim::Malformed(_) => return Err(Hopeless::MalformedIssuer.into()),
            Claim::Absent => {}
        }
        let mut issuers = self.issuers.iter().enumerate();
        let issuer = issuers.find(|(_, issuer)| match &issuer.rules {
            TokenRules::JwtSvid { trust_domain } => {
                checks::is_of_trust_domain(claims, trust_domain.as_deref())
            }
            TokenRules::Standard | TokenRules::AwsSts { .. } => false,
        });
        issuer.ok_or_else(|| Hopeless::NoIssuer.into())
    }

    /// Installs an issuer's keys: from now on they, and only they, verify its tokens.
    ///
    /// Every key is prepared here, once, for the algorithms that the issuer may use. Tokens that
    /// are being verified meanwhile see the old keys or the new ones, never a mixture.
    ///
    /// # Errors
    ///
    /// The issuer is not one of this verifier's, or none of the keys can be used; the keys that
    /// were there before stay.
    pub fn install(&self, keys: &IssuerKeys) -> Result<Installed, InstallError> {
        let (index, issuer) = self
            .issuers
            .iter()
            .enumerate()
            .find(|(_, issuer)| issuer.identifier == keys.issuer)
            .ok_or(InstallError::UnknownIssuer)?;
        let of_svids = matches!(issuer.rules, TokenRules::JwtSvid { .. });
        if keys.set.key_use() != JwkUse::Sig && !of_svids {
            return Err(InstallError::ForJwtSvids);
        }
        let (mut table, unusable) = IssuerKeyTable::prepare(&keys.set, issuer);
        table.issued_before = keys.issued_before;
        if table.len() == 0 {
            return Err(InstallError::NoUsableKey { unusable });
        }
        let installed = Installed {
            usable: table.len(),
            unusable,
        };
        let table = Arc::new(table);
        self.keys
            .rcu(|held| held.with(index, Some(Arc::clone(&table))));
        Ok(installed)
    }

    /// Takes an issuer's keys away: until others are installed its tokens cannot be judged
    /// ([`VerifyError::KeysUnavailable`]), which is not to say that they are refused.
    ///
    /// For keys that the issuer has not confirmed for too long. False if the issuer is not one of
    /// this verifier's.
    pub fn withdraw(&self, issuer: &IssuerIdentifier) -> bool {
        let mut issuers = self.issuers();
        let Some(index) = issuers.position(|own| own == issuer) else {
            return false;
        };
        self.keys.rcu(|held| held.with(index, None));
        true
    }

    #[cfg(feature = "http")]
    pub(crate) const fn max_token_bytes(&self) -> usize {
        self.max_token_bytes
    }

    /// The issuers that this verifier trusts, in the order in which they were named.
    pub fn issuers(&self) -> impl ExactSizeIterator<Item = &IssuerIdentifier> {
        self.issuers.iter().map(|issuer| &issuer.identifier)
    }
}

/// What the header of the token at hand says.
struct Header<'w> {
    algorithm: Algorithm,
    /// The keys of its `kid`, if it has one.
    named: Option<Named>,
    /// `None`: a token with the same header was verified before, and its `typ` is the usual one.
    words: Option<JoseHeader<'w>>,
}

impl<'w> Header<'w> {
    /// Reads the header, unless it is known; leaves its `kid` in `kid`.
    fn read(
        encoded: &[u8],
        keys: &KeySnapshot,
        bytes: &'w mut Vec<u8>,
        scan: &'w mut ScanBuffer,
        kid: &mut Kid,
    ) -> Result<Header<'w>, VerifyError> {
        if let Some(known) = keys.known_headers.find(encoded) {
            kid.hold_plain(known.kid());
            return Ok(Header {
                algorithm: known.algorithm,
                named: known.named,
                words: None,
            });
        }
        decode(JwsPart::Header, encoded, bytes)?;
        let words = JoseHeader::read(bytes, scan)?;
        kid.hold(words.kid());
        Ok(Header {
            algorithm: words.alg(),
            named: kid.get().map(|kid| keys.named(kid)).transpose()?,
            words: Some(words),
        })
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuers", &self.issuers)
            .finish_non_exhaustive()
    }
}

/// [`JoseHeader::MAX_BYTES`] as base64url.
const MAX_ENCODED_HEADER: usize = JoseHeader::MAX_BYTES.div_ceil(3) * 4;

/// The signature of the largest RSA key, 8,192 bits, as base64url.
const MAX_ENCODED_SIGNATURE: usize = 1_024_usize.div_ceil(3) * 4;

fn decode(part: JwsPart, text: &[u8], bytes: &mut Vec<u8>) -> Result<(), VerifyError> {
    bytes.clear();
    base64url::decode_into(text, bytes).map_err(|source| VerifyError::Base64Url { part, source })
}
