//! The times that a planned rotation keeps, and why one is refused.

use std::time::Duration;

use oidc_core::{Algorithm, JwkSetError, NumericDate};

use crate::publication::JWK_SET_MAX_AGE;

/// How long a key is published before and after it signs.
///
/// A relying party that meets an unknown key must not have to guess, and one that holds an old
/// copy of the JWK Set must still find the key that signs. So a new key is published for
/// [`publish_before`](Self::publish_before) before it may sign, and an old one stays published
/// until the last token that it signed has expired and the clocks of all relying parties agree
/// that it has, which takes [`verification_leeway`](Self::verification_leeway).
///
/// ```
/// use std::time::Duration;
/// use oidc_issuer::RotationTiming;
///
/// let timing = RotationTiming::default();
/// assert_eq!(timing.publish_before(), Duration::from_secs(24 * 60 * 60));
///
/// let quick = timing.with_publish_before(Duration::from_secs(3600))?;
/// assert_eq!(quick.verification_leeway(), Duration::from_secs(300));
/// # Ok::<(), oidc_issuer::RotationTimingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RotationTiming {
    publish_before: Duration,
    verification_leeway: Duration,
}

impl RotationTiming {
    /// The shortest [`publish_before`](Self::publish_before): a cache that honours the JWK Set's
    /// `Cache-Control` has let go of the old copy, and a minute for clocks that differ.
    pub const MIN_PUBLISH_BEFORE: Duration =
        Duration::from_secs(JWK_SET_MAX_AGE.as_secs().saturating_add(60));

    /// The longest [`publish_before`](Self::publish_before): 400 days.
    pub const MAX_PUBLISH_BEFORE: Duration = Duration::from_secs(400 * 24 * 60 * 60);

    /// The shortest [`verification_leeway`](Self::verification_leeway): a minute, which most
    /// relying parties allow.
    pub const MIN_VERIFICATION_LEEWAY: Duration = Duration::from_secs(60);

    /// The longest [`verification_leeway`](Self::verification_leeway): a day.
    pub const MAX_VERIFICATION_LEEWAY: Duration = Duration::from_secs(24 * 60 * 60);

    /// The same, publishing a key for this long before it may sign.
    ///
    /// Make it longer than the longest time that any relying party keeps a JWK Set. The default
    /// of 24 hours covers those that refresh once a day, and twice those that refresh every 12
    /// hours without looking at `Cache-Control`.
    ///
    /// # Errors
    ///
    /// [`RotationTimingError`] outside [`MIN_PUBLISH_BEFORE`](Self::MIN_PUBLISH_BEFORE) to
    /// [`MAX_PUBLISH_BEFORE`](Self::MAX_PUBLISH_BEFORE).
    pub fn with_publish_before(
        self,
        publish_before: Duration,
    ) -> Result<Self, RotationTimingError> {
        let (min, max) = (Self::MIN_PUBLISH_BEFORE, Self::MAX_PUBLISH_BEFORE);
        let publish_before = within("publish_before", publish_before, min, max)?;
        Ok(Self {
            publish_before,
            ..self
        })
    }

    /// The same, keeping an old key published for this long after its last token has expired.
    ///
    /// Make it no shorter than the leeway of any relying party, plus what your clock and theirs
    /// may differ. The default is 300 seconds, the most that common libraries allow.
    ///
    /// # Errors
    ///
    /// [`RotationTimingError`] outside [`MIN_VERIFICATION_LEEWAY`](Self::MIN_VERIFICATION_LEEWAY)
    /// to [`MAX_VERIFICATION_LEEWAY`](Self::MAX_VERIFICATION_LEEWAY).
    pub fn with_verification_leeway(self, leeway: Duration) -> Result<Self, RotationTimingError> {
        let (min, max) = (Self::MIN_VERIFICATION_LEEWAY, Self::MAX_VERIFICATION_LEEWAY);
        let verification_leeway = within("verification_leeway", leeway, min, max)?;
        Ok(Self {
            verification_leeway,
            ..self
        })
    }

    /// How long a key is published before it may sign.
    pub fn publish_before(&self) -> Duration {
        self.publish_before
    }

    /// How long a key stays published after the last token that it signed has expired.
    pub fn verification_leeway(&self) -> Duration {
        self.verification_leeway
    }
}

/// 24 hours before, 300 seconds after.
impl Default for RotationTiming {
    fn default() -> Self {
        Self {
            publish_before: Duration::from_secs(24 * 60 * 60),
            verification_leeway: Duration::from_secs(300),
        }
    }
}

/// A time of a [`RotationTiming`] is out of its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}` of {} s is outside {} to {} s", given.as_secs(), min.as_secs(), max.as_secs())]
#[non_exhaustive]
pub struct RotationTimingError {
    /// The name of the time.
    pub field: &'static str,
    /// What was given.
    pub given: Duration,
    /// The shortest allowed.
    pub min: Duration,
    /// The longest allowed.
    pub max: Duration,
}

impl RotationTimingError {
    /// The stable code, `rotation_timing`.
    pub const fn code(&self) -> &'static str {
        "rotation_timing"
    }
}

/// Why a step of a rotation was refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// The issuer signs nothing with this algorithm. A new algorithm needs a new issuer value:
    /// relying parties learn from the discovery document first.
    #[error("no key signs `{algorithm}`")]
    #[non_exhaustive]
    NoRing {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The ring has a next key already: switch to it or withdraw it.
    #[error("the next key `{kid}` is published already")]
    #[non_exhaustive]
    NextPublished {
        /// Its id.
        kid: String,
    },
    /// No next key is published.
    #[error("no next key is published for `{algorithm}`")]
    #[non_exhaustive]
    NoNext {
        /// The algorithm.
        algorithm: Algorithm,
    },
    /// The next key has not been published for long enough. Wait.
    #[error("the next key `{kid}` may sign from {signs_from}, now is {now}")]
    #[non_exhaustive]
    TooYoung {
        /// Its id.
        kid: String,
        /// When it may sign.
        signs_from: NumericDate,
        /// The time that was given.
        now: NumericDate,
    },
    /// Another key of this issuer has this id.
    #[error("another key has the id `{kid}`")]
    #[non_exhaustive]
    DuplicateKid {
        /// The id.
        kid: String,
    },
    /// This is a key that the issuer publishes already.
    #[error("the key is `{kid}` under another id or algorithm")]
    #[non_exhaustive]
    SameKey {
        /// The id that it is published under.
        kid: String,
    },
    /// The ring publishes as many keys as it may. Withdraw expired ones, or rotate less often.
    #[error("the ring publishes {max} keys already")]
    #[non_exhaustive]
    TooManyKeys {
        /// [`MAX_KEYS_PER_RING`](crate::MAX_KEYS_PER_RING).
        max: usize,
    },
    /// The keys do not make a JWK Set.
    #[error("cannot publish the JWK Set")]
    JwkSet(#[source] JwkSetError),
}

impl RotationError {
    /// A stable code in `snake_case`, such as `too_young`.
    pub const fn code(&self) -> &'static str {
        match self {
            RotationError::NoRing { .. } => "no_ring",
            RotationError::NextPublished { .. } => "next_published",
            RotationError::NoNext { .. } => "no_next",
            RotationError::TooYoung { .. } => "too_young",
            RotationError::DuplicateKid { .. } => "duplicate_kid",
            RotationError::SameKey { .. } => "same_key",
            RotationError::TooManyKeys { .. } => "too_many_keys",
            RotationError::JwkSet(error) => error.code(),
        }
    }
}

fn within(
    field: &'static str,
    given: Duration,
    min: Duration,
    max: Duration,
) -> Result<Duration, RotationTimingError> {
    if (min..=max).contains(&given) {
        Ok(given)
    } else {
        Err(RotationTimingError {
            field,
            given,
            min,
            max,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn publish_before_is_bounded_on_both_sides() {
        for (seconds, ok) in [
            (0, false),
            (659, false),
            (660, true),
            (34_560_000, true),
            (34_560_001, false),
        ] {
            let given = Duration::from_secs(seconds);
            let timing = RotationTiming::default().with_publish_before(given);
            assert_eq!(timing.is_ok(), ok, "{seconds}");
            assert!(timing.map_or(true, |timing| timing.publish_before() == given));
        }
    }

    #[test]
    fn verification_leeway_is_bounded_on_both_sides() {
        for (seconds, ok) in [(59, false), (60, true), (86_400, true), (86_401, false)] {
            let given = Duration::from_secs(seconds);
            let timing = RotationTiming::default().with_verification_leeway(given);
            assert_eq!(timing.is_ok(), ok, "{seconds}");
            assert!(timing.map_or(true, |timing| timing.verification_leeway() == given));
        }
    }

    #[test]
    fn an_error_names_the_field_and_the_range() {
        let error = RotationTiming::default()
            .with_publish_before(Duration::ZERO)
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "`publish_before` of 0 s is outside 660 to 34560000 s"
        );
    }
}
