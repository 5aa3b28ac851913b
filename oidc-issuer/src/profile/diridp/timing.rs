//! The times of diridp's configuration as the policy of a ring.

use std::time::Duration;

use super::config::{KeyConfig, Provider};
use crate::rotation_policy::{RotationPolicy, RotationPolicyError, RotationSettings};

impl Provider {
    /// The times of one of its chains of keys.
    ///
    /// A key signs for its lifespan, and is published for the margin before that; the margin is what
    /// caches may take, less what clocks differ. After its last signature it is published for the
    /// margin or for as long as its tokens live, whichever is longer (weakness W1 of the original).
    ///
    /// ```
    /// use oidc_issuer::profile::diridp::Config;
    ///
    /// let config = Config::from_json(br#"{"providers": {"main": {
    ///     "issuer": "https://example.com", "keys": [{"alg": "ES256"}]
    /// }}}"#)?;
    /// let provider = &config.providers()[0];
    /// let policy = provider.rotation_policy(&provider.keys()[0])?;
    /// assert_eq!(policy.period().as_secs(), 86_400);
    /// assert_eq!(policy.publish_before().as_secs(), 21_600);
    /// assert_eq!(policy.publish_after().as_secs(), 21_600);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`RotationPolicyError`] names the rule that the times break, and what mends it.
    pub fn rotation_policy(&self, key: &KeyConfig) -> Result<RotationPolicy, RotationPolicyError> {
        let margin = key.publish_margin();
        let quarter = Duration::from_secs(margin.as_secs().div_euclid(4));
        let clock_error = CLOCK_ERROR.min(quarter).max(Duration::from_secs(1));
        let cache = margin.saturating_sub(clock_error);
        let settings = RotationSettings::new()
            .period(key.lifespan())
            .token_lifetime(self.longest_token(key).max(SHORTEST_LIFETIME))
            .publish_before(margin)
            .clock_error(clock_error)
            .consumer_cache_life(cache)
            .jwks_cache_life(cache.min(USUAL_CACHE))
            .token_refresh(Duration::ZERO)
            .rings(u8::try_from(self.keys().len()).unwrap_or(u8::MAX));
        let policy = RotationPolicy::solve(&settings)?;
        if policy.publish_after() >= margin {
            return Ok(policy);
        }
        RotationPolicy::solve(&settings.publish_after(margin))
    }
}

/// By how much clocks may differ, where the margin leaves room for it.
const CLOCK_ERROR: Duration = Duration::from_secs(60);

/// The least that a policy is made for; tokens may live shorter.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(60);

/// What a cache that honours headers takes with the web server's usual ten minutes, twice.
const USUAL_CACHE: Duration = Duration::from_secs(1_200);
