//! The transitions that a policy leads to, before there is a key.

use std::time::Duration;

use oidc_core::NumericDate;

use super::policy::RotationPolicy;

/// The longest plan: ten years.
pub const MAX_PLAN_DAYS: u16 = 3_650;

/// One step of a key in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedTransition {
    /// When.
    pub at: NumericDate,
    /// Which key: 1 for the first one made, and so on.
    pub key: u32,
    /// What it becomes.
    pub to: PlannedState,
}

impl PlannedTransition {
    /// The label that stands for the key's id: `k1`, `k2`, …
    pub fn kid(&self) -> String {
        format!("k{}", self.key)
    }
}

/// The states that a key passes when nothing goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PlannedState {
    /// Made, stored, and not seen in public yet.
    Staged,
    /// Seen in public; waits for its turn.
    Published,
    /// Signs.
    Active,
    /// Signs no more; its tokens may still be valid.
    Retiring,
    /// In no document any more.
    Withdrawn,
}

impl PlannedState {
    /// The name, such as `staged`.
    pub const fn name(self) -> &'static str {
        match self {
            PlannedState::Staged => "staged",
            PlannedState::Published => "published",
            PlannedState::Retiring => "retiring",
            PlannedState::Active => "active",
            PlannedState::Withdrawn => "withdrawn",
        }
    }
}

impl RotationPolicy {
    /// Every transition of a ring that first starts at `start`, over so many days, in the order in
    /// which they happen; at most [`MAX_PLAN_DAYS`] are looked ahead.
    ///
    /// Each change is reckoned to be seen in public [`propagation`](Self::propagation) after it
    /// was made, or when every replica has read of it. The first key signs as soon as it is seen,
    /// because nobody holds an older JWK Set; every other one waits for its turn.
    ///
    /// ```
    /// use oidc_core::NumericDate;
    /// use oidc_issuer::RotationPolicy;
    ///
    /// let plan = RotationPolicy::default().plan(NumericDate::MIN, 8);
    /// let text: Vec<String> = plan
    ///     .iter()
    ///     .map(|step| format!("{} {} {}", step.at, step.kid(), step.to.name()))
    ///     .collect();
    /// assert_eq!(text, [
    ///     "0 k1 staged", "0 k2 staged", "60 k1 published", "60 k2 published", "60 k1 active",
    ///     "604860 k1 retiring", "604860 k2 active", "604860 k3 staged", "604935 k3 published",
    ///     "609425 k1 withdrawn",
    /// ]);
    /// ```
    pub fn plan(&self, start: NumericDate, days: u16) -> Vec<PlannedTransition> {
        let days = days.min(MAX_PLAN_DAYS);
        let end = start.saturating_add(Duration::from_secs(u64::from(days).saturating_mul(86_400)));
        let first = u32::from(self.standbys()).saturating_add(1);
        let mut steps = Vec::new();
        let mut add = |at, key, to| {
            if at < end {
                steps.push(PlannedTransition { at, key, to });
            }
        };
        for key in 1..=first {
            add(start, key, PlannedState::Staged);
            let seen = start.saturating_add(self.propagation());
            add(seen, key, PlannedState::Published);
        }
        let mut at = start.saturating_add(self.propagation());
        for key in 1.. {
            if at >= end {
                break;
            }
            add(at, key, PlannedState::Active);
            if key > 1 {
                let made = key.saturating_add(first).saturating_sub(1);
                add(at, made, PlannedState::Staged);
                let seen = at.saturating_add(self.propagation().max(self.settling()));
                add(seen, made, PlannedState::Published);
            }
            at = at.saturating_add(self.period());
            add(at, key, PlannedState::Retiring);
            let gone = at.saturating_add(self.publish_after());
            add(gone, key, PlannedState::Withdrawn);
        }
        // What happens at one time: a key is seen before it signs, and its predecessor steps back
        // in the same write.
        steps.sort_by_key(|step| (step.at, rank(step.to), step.key));
        steps
    }
}

/// The order of what happens in one second.
const fn rank(state: PlannedState) -> u8 {
    match state {
        PlannedState::Published => 0,
        PlannedState::Retiring => 1,
        PlannedState::Active => 2,
        PlannedState::Staged => 3,
        PlannedState::Withdrawn => 4,
    }
}
