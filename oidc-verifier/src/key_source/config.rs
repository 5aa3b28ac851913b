//! The numbers of a key source: each with a default, and bounded on both sides.

use std::fmt;
use std::time::Duration;

use oidc_core::{JwkSet, ProviderMetadata};

/// How one setting may be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting<T> {
    default: T,
    min: T,
    max: T,
}

impl<T: Copy> Setting<T> {
    pub(crate) const fn new(default: T, min: T, max: T) -> Setting<T> {
        Setting { default, min, max }
    }

    /// What holds unless something else is chosen.
    pub const fn default(&self) -> T {
        self.default
    }

    /// The least that can be chosen.
    pub const fn min(&self) -> T {
        self.min
    }

    /// The most that can be chosen.
    pub const fn max(&self) -> T {
        self.max
    }
}

/// When a [`KeySource`](super::KeySource) fetches, for how long it trusts what came, and what it
/// bears with.
///
/// ```
/// use std::time::Duration;
/// use oidc_verifier::key_source::KeySourceConfig;
///
/// let config = KeySourceConfig::builder()
///     .trust_after_soft_age(Duration::from_secs(900))
///     .build()?;
/// assert_eq!(config.cooldown(), Duration::from_secs(30));
///
/// let hasty = KeySourceConfig::builder().cooldown(Duration::from_secs(1)).build();
/// assert_eq!(hasty.unwrap_err().to_string(), "`cooldown` is not within 5s and 600s");
/// # Ok::<(), oidc_verifier::key_source::KeySourceConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySourceConfig(Values);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Values {
    soft_age: Duration,
    max_age_floor: Duration,
    max_age_ceiling: Duration,
    refresh_ahead_percent: u64,
    jitter_percent: u64,
    trust_after_soft_age: Duration,
    cooldown: Duration,
    permits: usize,
    absent_kids: usize,
    absent_kid_age: Duration,
    first_backoff: Duration,
    max_backoff: Duration,
    connect_timeout: Duration,
    total_timeout: Duration,
    max_metadata_bytes: usize,
    max_jwk_set_bytes: usize,
}

const fn seconds(default: u64, min: u64, max: u64) -> Setting<Duration> {
    Setting::new(
        Duration::from_secs(default),
        Duration::from_secs(min),
        Duration::from_secs(max),
    )
}

impl KeySourceConfig {
    /// The soft age of a document that comes without `max-age`: ten minutes, as most key sources
    /// have it.
    pub const SOFT_AGE: Setting<Duration> = seconds(600, 60, 86_400);

    /// The least that a `max-age` counts for: issuers are seen to say 15 seconds, and 0.
    pub const MAX_AGE_FLOOR: Setting<Duration> = seconds(60, 30, 3_600);

    /// The most that a `max-age` counts for: issuers are seen to say a month, and a withdrawn key
    /// must go sooner.
    pub const MAX_AGE_CEILING: Setting<Duration> = seconds(3_600, 60, 86_400);

    /// At how many hundredths of the soft age a document is fetched anew, so that it seldom grows
    /// stale.
    pub const REFRESH_AHEAD_PERCENT: Setting<u64> = Setting::new(80, 50, 95);

    /// By how many hundredths that moment moves either way, so that many relying parties do not
    /// come at once.
    pub const JITTER_PERCENT: Setting<u64> = Setting::new(10, 0, 25);

    /// For how long keys past their soft age are trusted while no fetch succeeds. Then they are
    /// withdrawn: a revoked key dies, and an outage of less than this refuses nobody.
    pub const TRUST_AFTER_SOFT_AGE: Setting<Duration> = seconds(3_600, 0, 86_400);

    /// The window in which strangers cause no more fetches than there are permits.
    pub const COOLDOWN: Setting<Duration> = seconds(30, 5, 600);

    /// How many fetches a window tokens may cause. One is kept for signs of a rotation that a
    /// flood of invented names cannot give.
    pub const PERMITS: Setting<usize> = Setting::new(2, 1, 4);

    /// How many names of keys that do not exist are remembered.
    pub const ABSENT_KIDS: Setting<usize> = Setting::new(128, 0, 1_024);

    /// For how long such a name causes no other fetch. All are forgotten when the keys change.
    pub const ABSENT_KID_AGE: Setting<Duration> = seconds(300, 30, 3_600);

    /// The shortest wait after a failed fetch.
    pub const FIRST_BACKOFF: Setting<Duration> = seconds(1, 1, 60);

    /// The longest wait after a failed fetch.
    pub const MAX_BACKOFF: Setting<Duration> = seconds(60, 1, 600);

    /// How long connecting may take.
    pub const CONNECT_TIMEOUT: Setting<Duration> = Setting::new(
        Duration::from_secs(2),
        Duration::from_millis(200),
        Duration::from_secs(30),
    );

    /// How long a fetch may take in all: half a second proved too short for issuers, a minute too
    /// long for those who wait. A fetch that has not ended after twice this is given up.
    pub const TOTAL_TIMEOUT: Setting<Duration> = Setting::new(
        Duration::from_secs(5),
        Duration::from_millis(200),
        Duration::from_secs(30),
    );

    /// The longest provider metadata in bytes.
    pub const MAX_METADATA_BYTES: Setting<usize> = Setting::new(
        ProviderMetadata::MAX_BYTES,
        1_024,
        ProviderMetadata::MAX_BYTES,
    );

    /// The longest JWK Set in bytes.
    pub const MAX_JWK_SET_BYTES: Setting<usize> =
        Setting::new(JwkSet::DEFAULT_MAX_BYTES, 16 * 1_024, JwkSet::MAX_BYTES);

    /// Starts with the defaults.
    pub const fn builder() -> KeySourceConfigBuilder {
        KeySourceConfigBuilder(DEFAULT)
    }
}

const DEFAULT: Values = Values {
    soft_age: KeySourceConfig::SOFT_AGE.default,
    max_age_floor: KeySourceConfig::MAX_AGE_FLOOR.default,
    max_age_ceiling: KeySourceConfig::MAX_AGE_CEILING.default,
    refresh_ahead_percent: KeySourceConfig::REFRESH_AHEAD_PERCENT.default,
    jitter_percent: KeySourceConfig::JITTER_PERCENT.default,
    trust_after_soft_age: KeySourceConfig::TRUST_AFTER_SOFT_AGE.default,
    cooldown: KeySourceConfig::COOLDOWN.default,
    permits: KeySourceConfig::PERMITS.default,
    absent_kids: KeySourceConfig::ABSENT_KIDS.default,
    absent_kid_age: KeySourceConfig::ABSENT_KID_AGE.default,
    first_backoff: KeySourceConfig::FIRST_BACKOFF.default,
    max_backoff: KeySourceConfig::MAX_BACKOFF.default,
    connect_timeout: KeySourceConfig::CONNECT_TIMEOUT.default,
    total_timeout: KeySourceConfig::TOTAL_TIMEOUT.default,
    max_metadata_bytes: KeySourceConfig::MAX_METADATA_BYTES.default,
    max_jwk_set_bytes: KeySourceConfig::MAX_JWK_SET_BYTES.default,
};

/// The defaults.
impl Default for KeySourceConfig {
    fn default() -> KeySourceConfig {
        KeySourceConfig(DEFAULT)
    }
}

/// Chooses numbers for a [`KeySourceConfig`]. A fraction of a second counts in the two timeouts
/// only; in ages it is dropped.
#[derive(Clone, Debug)]
#[must_use]
pub struct KeySourceConfigBuilder(Values);

/// One getter and one setter for each number, both under its name.
macro_rules! settings {
    ($($name:ident: $type:ty, $setting:ident, $what:literal;)*) => {
        impl KeySourceConfig {
            $(
                #[doc = concat!("See [`", stringify!($setting), "`](Self::", stringify!($setting), ").")]
                pub const fn $name(&self) -> $type {
                    self.0.$name
                }
            )*
        }

        impl KeySourceConfigBuilder {
            $(
                #[doc = concat!($what, ": see [`", stringify!($setting), "`](KeySourceConfig::", stringify!($setting), ").")]
                pub const fn $name(mut self, $name: $type) -> Self {
                    self.0.$name = $name;
                    self
                }
            )*

            /// The configuration of these numbers.
            ///
            /// # Errors
            ///
            /// [`KeySourceConfigError`] names the number that is out of bounds, or the two that
            /// contradict each other.
            pub fn build(self) -> Result<KeySourceConfig, KeySourceConfigError> {
                let values = self.0;
                $(
                    let Setting { min, max, .. } = KeySourceConfig::$setting;
                    if !(min..=max).contains(&values.$name) {
                        let (min, max) = (min.into(), max.into());
                        let name = stringify!($name);
                        return Err(KeySourceConfigError::OutOfBounds { name, min, max });
                    }
                )*
                for (lesser, greater, contradict) in [
                    ("max_age_floor", "max_age_ceiling", values.max_age_floor > values.max_age_ceiling),
                    ("first_backoff", "max_backoff", values.first_backoff > values.max_backoff),
                    ("connect_timeout", "total_timeout", values.connect_timeout > values.total_timeout),
                ] {
                    if contradict {
                        return Err(KeySourceConfigError::Contradiction { lesser, greater });
                    }
                }
                Ok(KeySourceConfig(values))
            }
        }
    };
}

settings! {
    soft_age: Duration, SOFT_AGE, "The soft age without `max-age`";
    max_age_floor: Duration, MAX_AGE_FLOOR, "The least that `max-age` counts for";
    max_age_ceiling: Duration, MAX_AGE_CEILING, "The most that `max-age` counts for";
    refresh_ahead_percent: u64, REFRESH_AHEAD_PERCENT, "When to refresh";
    jitter_percent: u64, JITTER_PERCENT, "How far that moment moves";
    trust_after_soft_age: Duration, TRUST_AFTER_SOFT_AGE, "How long stale keys are trusted";
    cooldown: Duration, COOLDOWN, "The window of fetches that tokens cause";
    permits: usize, PERMITS, "How many of them";
    absent_kids: usize, ABSENT_KIDS, "How many absent names are remembered";
    absent_kid_age: Duration, ABSENT_KID_AGE, "For how long";
    first_backoff: Duration, FIRST_BACKOFF, "The shortest wait after a failure";
    max_backoff: Duration, MAX_BACKOFF, "The longest wait after a failure";
    connect_timeout: Duration, CONNECT_TIMEOUT, "The time to connect";
    total_timeout: Duration, TOTAL_TIMEOUT, "The time for a fetch";
    max_metadata_bytes: usize, MAX_METADATA_BYTES, "The longest provider metadata";
    max_jwk_set_bytes: usize, MAX_JWK_SET_BYTES, "The longest JWK Set";
}

/// Why there is no [`KeySourceConfig`] of these numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeySourceConfigError {
    /// A number is too small or too large.
    #[error("`{name}` is not within {min} and {max}")]
    #[non_exhaustive]
    OutOfBounds {
        /// The setting.
        name: &'static str,
        /// The least allowed.
        min: Amount,
        /// The most allowed.
        max: Amount,
    },
    /// Two numbers contradict each other.
    #[error("`{lesser}` is more than `{greater}`")]
    #[non_exhaustive]
    Contradiction {
        /// The setting that must not be more than the other.
        lesser: &'static str,
        /// The other.
        greater: &'static str,
    },
}

impl KeySourceConfigError {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OutOfBounds { .. } => "out_of_bounds",
            Self::Contradiction { .. } => "contradiction",
        }
    }
}

/// A number of a setting, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Amount {
    /// A count.
    Count(u64),
    /// A time.
    Time(Duration),
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => count.fmt(f),
            Self::Time(time) => fmt::Debug::fmt(time, f),
        }
    }
}

impl From<u64> for Amount {
    fn from(count: u64) -> Amount {
        Amount::Count(count)
    }
}

impl From<usize> for Amount {
    fn from(count: usize) -> Amount {
        Amount::Count(u64::try_from(count).unwrap_or(u64::MAX))
    }
}

impl From<Duration> for Amount {
    fn from(time: Duration) -> Amount {
        Amount::Time(time)
    }
}
