//! How many fetches tokens may cause.

use std::time::Duration;

use super::age::Age;
use super::config::KeySourceConfig;

/// Which kind of token asks for the keys to be fetched anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It names a key that is not there. Anyone can write such a token.
    UnknownKid,
    /// The same, while the keys have just changed: different copies of the set are about.
    UnknownKidInRotation,
    /// The key that it names is there, and its signature does not hold under it.
    BadSignature,
}

/// The fetches of the last window that tokens caused, at most [`KeySourceConfig::PERMITS`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Permits(Vec<(Age, Cause)>);

impl Permits {
    /// Whether `cause` may bring about a fetch at `now`; else from when on.
    ///
    /// Invented names may take all permits but one, forged signatures one: neither flood stops
    /// the other kind, and that is how a rotation is noticed.
    pub(crate) fn check(
        &self,
        cause: Cause,
        config: &KeySourceConfig,
        now: Age,
    ) -> Result<(), Age> {
        if self.allow(cause, config, now) {
            return Ok(());
        }
        let ends = self.0.iter().map(|(at, _)| at.plus(config.cooldown()));
        let mut ends = ends.filter(|end| *end > now);
        let until = ends.find(|end| self.allow(cause, config, *end));
        Err(until.unwrap_or_else(|| now.plus(config.cooldown())))
    }

    fn allow(&self, cause: Cause, config: &KeySourceConfig, now: Age) -> bool {
        let recent = || {
            let within = move |at: Age| now < at.plus(config.cooldown());
            self.0.iter().filter(move |(at, _)| within(*at))
        };
        let by_signature = recent()
            .filter(|(_, by)| *by == Cause::BadSignature)
            .count();
        let by_kid = recent().count().saturating_sub(by_signature);
        let all_but_one = config.permits().saturating_sub(1).max(1);
        recent().count() < config.permits()
            && match cause {
                Cause::UnknownKid => by_kid < all_but_one,
                Cause::UnknownKidInRotation => true,
                Cause::BadSignature => by_signature == 0,
            }
    }

    /// Stamps the beginning of a fetch, whatever comes of it.
    pub(crate) fn take(&mut self, cause: Cause, cooldown: Duration, now: Age) {
        self.0.retain(|(at, _)| now < at.plus(cooldown));
        self.0.push((now, cause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Age {
        Age::ZERO.plus(Duration::from_secs(seconds))
    }

    fn config(permits: usize) -> KeySourceConfig {
        KeySourceConfig::builder().permits(permits).build().unwrap()
    }

    /// Takes whatever is allowed at one moment, in this order.
    fn taken(permits: usize, causes: &[Cause]) -> Vec<bool> {
        let config = config(permits);
        let mut held = Permits::default();
        let mut take = |cause: &Cause| {
            let allowed = held.check(*cause, &config, at(0)).is_ok();
            if allowed {
                held.take(*cause, config.cooldown(), at(0));
            }
            allowed
        };
        causes.iter().map(&mut take).collect()
    }

    #[test]
    fn names_and_signatures_leave_each_other_a_permit() {
        use Cause::{BadSignature as Bad, UnknownKid as Kid, UnknownKidInRotation as Rotation};
        for (permits, causes, expected) in [
            (2, [Kid, Kid, Bad, Bad], [true, false, true, false]),
            (2, [Bad, Bad, Kid, Kid], [true, false, true, false]),
            (
                2,
                [Kid, Rotation, Rotation, Bad],
                [true, true, false, false],
            ),
            (1, [Kid, Kid, Bad, Rotation], [true, false, false, false]),
            (1, [Bad, Kid, Bad, Rotation], [true, false, false, false]),
            (4, [Kid, Kid, Kid, Kid], [true, true, true, false]),
        ] {
            assert_eq!(taken(permits, &causes), expected, "{permits} {causes:?}");
        }
    }

    #[test]
    fn a_permit_comes_back_one_cooldown_after_its_fetch_began() {
        let config = config(2);
        let mut permits = Permits::default();
        permits.take(Cause::UnknownKid, config.cooldown(), at(100));
        permits.take(Cause::BadSignature, config.cooldown(), at(110));
        for (cause, now, expected) in [
            (Cause::UnknownKid, 129, Err(at(130))),
            (Cause::UnknownKid, 130, Ok(())),
            (Cause::BadSignature, 139, Err(at(140))),
            (Cause::BadSignature, 140, Ok(())),
            (Cause::UnknownKidInRotation, 129, Err(at(130))),
        ] {
            assert_eq!(permits.check(cause, &config, at(now)), expected, "{now}");
        }
    }
}
