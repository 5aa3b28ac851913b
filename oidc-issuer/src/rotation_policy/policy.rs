//! A rotation whose times fit each other.

use std::time::Duration;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::error::RotationPolicyError;
use super::member::{Member, Values};
use super::settings::RotationSettings;
use super::solve;

/// The times that a ring of keys keeps. Every value satisfies the rules I1 to I12, see [`Rule`].
///
/// A value is made by [`solve`](Self::solve), or read from a document of [`RotationSettings`].
/// Serialized it is the whole document, which reads as the same value.
///
/// ```
/// use oidc_issuer::{RotationPolicy, RotationSettings, Rule};
///
/// let policy: RotationPolicy = serde_json::from_str(r#"{ "period": "30d" }"#)?;
/// assert_eq!(policy.token_lifetime().as_secs(), 3_600);
/// assert_eq!(policy.publish_before().as_secs(), 24 * 3_600 + 60);
///
/// // A token of a day, under a key that goes six hours after its last signature.
/// let settings: RotationSettings =
///     serde_json::from_str(r#"{ "token_lifetime": "24h", "publish_after": "6h" }"#)?;
/// let error = RotationPolicy::solve(&settings).unwrap_err();
/// assert_eq!(error.rule(), Some(Rule::I3));
/// assert_eq!(error.fix().unwrap().to_string(), "raise `publish_after` to 1d8m5s");
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// [`Rule`]: super::Rule
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RotationPolicy(Values<u64>);

impl RotationPolicy {
    /// Derives what `settings` leaves out, and checks that all of it fits.
    ///
    /// # Errors
    ///
    /// [`RotationPolicyError`] names the member that is out of range, or the rule that does not
    /// hold with the smallest edits that mend it.
    pub fn solve(settings: &RotationSettings) -> Result<RotationPolicy, RotationPolicyError> {
        solve::solve(settings).map(RotationPolicy)
    }

    /// How far ahead `exp` is reserved beyond the longest lifetime: what `publish_after` leaves when
    /// leeway and clocks are served. Rule I3 keeps it at least R + D + E.
    pub(crate) fn reserved_ahead(&self) -> Duration {
        let served = [self.token_lifetime(), self.leeway_and_error()];
        let served = served
            .into_iter()
            .fold(Duration::ZERO, Duration::saturating_add);
        self.publish_after().saturating_sub(served)
    }

    /// How long after a key was staged a replica may still publish without it: until it reads the
    /// state again, and a little for what is under way.
    pub(crate) fn settling(&self) -> Duration {
        [
            self.poll_interval(),
            self.signing_delay(),
            self.clock_error(),
        ]
        .into_iter()
        .fold(Duration::ZERO, Duration::saturating_add)
    }

    /// S + E: how long after its `exp` a token may still be accepted somewhere.
    pub(crate) fn leeway_and_error(&self) -> Duration {
        self.verifier_leeway().saturating_add(self.clock_error())
    }

    pub(super) fn values(&self) -> &Values<u64> {
        &self.0
    }
}

/// The default of every member.
impl Default for RotationPolicy {
    fn default() -> RotationPolicy {
        RotationPolicy(solve::derived(&RotationSettings::new()))
    }
}

impl From<RotationPolicy> for RotationSettings {
    fn from(policy: RotationPolicy) -> RotationSettings {
        Member::ALL
            .iter()
            .fold(RotationSettings::new(), |settings, member| {
                settings.with(*member, policy.0.get(*member))
            })
    }
}

impl Serialize for RotationPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RotationSettings::from(*self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for RotationPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let settings = RotationSettings::deserialize(deserializer)?;
        RotationPolicy::solve(&settings).map_err(de::Error::custom)
    }
}
