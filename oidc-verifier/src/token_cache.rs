//! Tokens that were verified, for as long as the same verifier would verify them again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jsonptr::ScanBuffer;
use oidc_core::{Algorithm, NumericDate};

use crate::checks::Times;
use crate::digest;
use crate::error::VerifyError;
use crate::telemetry;
use crate::verified::{Held, Proof, Verified, Workspace};
use crate::verifier::Verifier;

/// Remembers tokens that were verified: for a gateway that sees the same token with each request.
///
/// It is used in place of [`Verifier::verify`], and answers what that would answer; a token that it
/// knows costs a hash of its bytes instead of a signature. It is off unless you make one. A service
/// to which each token comes about once has no use for it.
///
/// ```
/// use oidc_verifier::{IssuerIdentifier, JwkSet, NumericDate, TokenCache, Verifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (jwks, token) = mint()?;
/// # let verifier = Verifier::builder()
/// #     .issuer(IssuerIdentifier::parse("https://ci.example")?)
/// #     .audience("https://deploy.example")
/// #     .keys(JwkSet::parse(&jwks)?)
/// #     .build()?;
/// # let now = NumericDate::from_seconds(1_790_000_060)?;
/// let mut secret = [0; 32];
/// aws_lc_rs::rand::fill(&mut secret)?; // your source of randomness, once when the process starts
/// let cache = TokenCache::new(secret);
///
/// let first = cache.verify(&verifier, &token, now)?;
/// let again = cache.verify(&verifier, &token, now)?;
/// assert_eq!(again.claims_json(), first.claims_json());
///
/// let too_late = NumericDate::from_seconds(1_790_000_360)?;
/// assert_eq!(cache.verify(&verifier, &token, too_late).unwrap_err().code(), "expired");
/// # Ok(())
/// # }
/// # fn mint() -> Result<(Vec<u8>, Vec<u8>), Box<dyn std::error::Error>> {
/// #     use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
/// #     let key = SigningKey::generate(oidc_verifier::Algorithm::Es256, &SystemRandom::new())?;
/// #     let id = IssuerIdentifier::parse("https://ci.example")?;
/// #     let issuer = Issuer::builder(id).key(key).build()?;
/// #     let spec = TokenSpec::new("job-42", "https://deploy.example")?;
/// #     let token = issuer.issue(&spec, NumericDate::from_seconds(1_790_000_000)?)?;
/// #     Ok((issuer.jwk_set_document().bytes.clone(), token.as_str().as_bytes().to_vec()))
/// # }
/// ```
///
/// # What makes an answer good for another call
///
/// - **Every byte of the token**, its signature too: the name of an entry is a SHA-256 under a
///   secret of the process, so nobody can seek two tokens that share one.
/// - **Every setting of the verifier, every key of every issuer, every cut-off.** They are hashed
///   with the token: with another verifier, or once a key has come, gone or changed, nothing that
///   was remembered is found.
/// - **The time.** An entry answers from the time at which it was made until `exp` and the leeway,
///   the greatest age, or [`time_to_live`](Self::time_to_live) end it. At any other time the token
///   is verified anew.
///
/// Refusals are not remembered. Nor is what a policy or a replay guard says: they judge the
/// [`Verified`] that comes from here as any other, so a new policy holds from the next call on.
pub struct TokenCache {
    secret: [u8; 32],
    time_to_live: Duration,
    sets: Box<[Set]>,
}

/// Where a token may stand: in one of these places, by its name.
type Set = [ArcSwapOption<Entry>; TokenCache::PLACES];

/// A token that was verified.
struct Entry {
    name: [u8; 32],
    /// Answers from then on …
    from: NumericDate,
    /// … and before then.
    until: NumericDate,
    /// The issuer by its place in the verifier.
    issuer: usize,
    algorithm: Algorithm,
    times: Times,
    workspace: Arc<Workspace>,
}

impl TokenCache {
    /// Tokens that are remembered unless another number is chosen.
    pub const DEFAULT_ENTRIES: usize = 1_000;

    /// The most that can be chosen: beyond, the cache is no longer in any processor's.
    pub const MAX_ENTRIES: usize = 100_000;

    /// For how long an entry answers unless less is chosen, and at most.
    pub const MAX_TIME_TO_LIVE: Duration = Duration::from_secs(300);

    /// Bytes of a token that is remembered. A longer one is verified each time: it would take the
    /// memory of many.
    pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

    /// Places among which a token has its own; entries come in as many.
    const PLACES: usize = 4;

    /// A cache of [`DEFAULT_ENTRIES`](Self::DEFAULT_ENTRIES), each for
    /// [`MAX_TIME_TO_LIVE`](Self::MAX_TIME_TO_LIVE).
    ///
    /// `secret` comes from a source of randomness, once for the life of the process; who knows it
    /// can look for tokens of one name, though not among those that an issuer signed.
    pub fn new(secret: [u8; 32]) -> Self {
        Self::of_size(secret, Self::DEFAULT_ENTRIES, Self::MAX_TIME_TO_LIVE)
    }

    /// A cache of this many entries, rounded up to a multiple of four, each for this long, in whole
    /// seconds.
    ///
    /// # Errors
    ///
    /// No entry or more than [`MAX_ENTRIES`](Self::MAX_ENTRIES); a time below a second or above
    /// [`MAX_TIME_TO_LIVE`](Self::MAX_TIME_TO_LIVE).
    pub fn with_limits(
        secret: [u8; 32],
        entries: usize,
        time_to_live: Duration,
    ) -> Result<Self, TokenCacheError> {
        if !(1..=Self::MAX_ENTRIES).contains(&entries) {
            return Err(TokenCacheError::Entries { entries });
        }
        if !(Duration::from_secs(1)..=Self::MAX_TIME_TO_LIVE).contains(&time_to_live) {
            return Err(TokenCacheError::TimeToLive { time_to_live });
        }
        Ok(Self::of_size(secret, entries, time_to_live))
    }

    fn of_size(secret: [u8; 32], entries: usize, time_to_live: Duration) -> Self {
        let set = || std::array::from_fn(|_| ArcSwapOption::empty());
        let sets = std::iter::repeat_with(set).take(entries.div_ceil(Self::PLACES));
        Self {
            secret,
            time_to_live,
            sets: sets.collect(),
        }
    }

    /// How many tokens it can remember.
    pub const fn entries(&self) -> usize {
        self.sets.len().saturating_mul(Self::PLACES)
    }

    /// For how long an entry answers.
    pub const fn time_to_live(&self) -> Duration {
        self.time_to_live
    }

    /// Verifies a token as [`Verifier::verify`] does, or remembers that it did.
    ///
    /// One cache can serve several verifiers: what one of them found is no answer for another that
    /// is built otherwise or has other keys.
    ///
    /// # Errors
    ///
    /// Those of [`Verifier::verify`].
    pub fn verify<'a>(
        &self,
        verifier: &'a Verifier,
        token: &[u8],
        now: NumericDate,
    ) -> Result<Verified<'a>, VerifyError> {
        if token.len() > Self::MAX_TOKEN_BYTES {
            return verifier.verify(token, now);
        }
        let outcome = self.judge(verifier, token, now);
        telemetry::judged(&outcome);
        outcome
    }

    fn judge<'a>(
        &self,
        verifier: &'a Verifier,
        token: &[u8],
        now: NumericDate,
    ) -> Result<Verified<'a>, VerifyError> {
        let keys = verifier.snapshot();
        let name = self.name(&keys.fingerprint, token);
        if let Some(verified) = self.find(verifier, &name, now) {
            return Ok(verified);
        }
        let mut workspace = Workspace::new();
        let proof = verifier.check(token, now, &mut workspace)?;
        let workspace = Arc::new(workspace.without_scratch());
        // INVARIANT: an entry's name holds the keys that verified it. They may have been others
        // than those it was looked for with.
        if Arc::ptr_eq(&keys, &verifier.snapshot()) {
            self.remember(name, verifier, &proof, &workspace, now);
        }
        Ok(Verified::new(proof, Held::Shared(workspace)))
    }

    fn name(&self, fingerprint: &[u8; 32], token: &[u8]) -> [u8; 32] {
        let mut prefix = [0; 64];
        let (secret, rest) = prefix.split_at_mut(32);
        secret.copy_from_slice(&self.secret);
        rest.copy_from_slice(fingerprint);
        digest::under(&prefix, token)
    }

    fn find<'a>(
        &self,
        verifier: &'a Verifier,
        name: &[u8; 32],
        now: NumericDate,
    ) -> Option<Verified<'a>> {
        self.set_of(name)?.iter().find_map(|place| {
            let place = place.load();
            let entry = place.as_deref()?;
            if entry.name != *name || now < entry.from || entry.until <= now {
                return None;
            }
            let proof = verifier.proof(entry.issuer, entry.algorithm, entry.times)?;
            let workspace = Arc::clone(&entry.workspace);
            Some(Verified::new(proof, Held::Shared(workspace)))
        })
    }

    /// Puts an entry in its own old place, in an empty or expired one, or in that of the entry that
    /// would have expired first.
    fn remember(
        &self,
        name: [u8; 32],
        verifier: &Verifier,
        proof: &Proof<'_>,
        workspace: &Arc<Workspace>,
        now: NumericDate,
    ) {
        let Some((issuer, refused_for_age)) = verifier.refused_for_age_from(proof) else {
            return;
        };
        let until = now
            .saturating_add(self.time_to_live)
            .min(proof.times.exp.saturating_add(proof.leeway))
            .min(refused_for_age);
        let entry = Entry {
            name,
            from: now,
            until,
            issuer,
            algorithm: proof.algorithm,
            times: proof.times,
            workspace: Arc::clone(workspace),
        };
        let worth = |place: &&ArcSwapOption<Entry>| {
            let place = place.load();
            let held = place.as_deref().filter(|held| held.name != name);
            held.map(|held| held.until)
        };
        let places = self.set_of(&name).into_iter().flatten();
        if let Some(place) = places.min_by_key(worth) {
            place.store(Some(Arc::new(entry)));
        }
    }

    fn set_of(&self, name: &[u8; 32]) -> Option<&Set> {
        let (start, _) = name.split_first_chunk()?;
        let number = usize::from_ne_bytes(*start).checked_rem(self.sets.len())?;
        self.sets.get(number)
    }
}

impl Workspace {
    /// What a [`Verified`] reads of it, in no more memory than that takes.
    fn without_scratch(mut self) -> Self {
        self.payload.shrink_to_fit();
        Self {
            header: Vec::new(),
            signature: Vec::new(),
            header_scan: ScanBuffer::new(),
            // A copy has no room for what a reading needs and a proof does not.
            claims_scan: self.claims_scan.clone(),
            ..self
        }
    }
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache")
            .field("entries", &self.entries())
            .field("time_to_live", &self.time_to_live)
            .finish_non_exhaustive()
    }
}

/// Why a [`TokenCache`] was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenCacheError {
    /// No entry, or more than the limit.
    #[error("{entries} entries are not within 1 and {}", TokenCache::MAX_ENTRIES)]
    #[non_exhaustive]
    Entries {
        /// How many were asked for.
        entries: usize,
    },
    /// A time below a second, or above the limit.
    #[error("time to live of {time_to_live:?} is not within 1s and 300s")]
    #[non_exhaustive]
    TimeToLive {
        /// What was asked for.
        time_to_live: Duration,
    },
}
