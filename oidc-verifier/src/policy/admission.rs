//! From a decision to an admission: where a rule wants it, the replay guard has the last word.

use oidc_core::NumericDate;

use super::decision::{Decision, Outcome};
use super::replay_mode::ReplayMode;
use crate::error::Class;
use crate::replay::{AsyncReplayGuard, Presented, ReplayGuard, ReplayUnavailable, TokenUse};

/// A token that was let in: by a policy, and by a replay guard where the policy asks for one.
///
/// There is no public constructor: a function that takes one cannot be reached by a token that was
/// not admitted.
#[derive(Clone, Debug)]
pub struct Admitted<'a> {
    rule: usize,
    rule_id: &'a str,
    replay: Option<Result<Presented, ReplayUnavailable>>,
}

impl<'a> Admitted<'a> {
    /// The index of the rule that admits it.
    pub const fn rule(&self) -> usize {
        self.rule
    }

    /// The id of that rule.
    pub const fn rule_id(&self) -> &'a str {
        self.rule_id
    }

    /// What the replay guard said; `None` if the rule does not ask it.
    ///
    /// Of a rule with `"replay": "enforce"` it is always [`Presented::First`]. One with `observe`
    /// admits the token whatever is said here: count it.
    pub fn replay(&self) -> Option<Result<Presented, &ReplayUnavailable>> {
        self.replay
            .as_ref()
            .map(|said| said.as_ref().map(|presented| *presented))
    }
}

/// Why a token was not let in.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAdmitted {
    /// The policy refuses it.
    #[error("{}", .0.phrase())]
    Policy(Outcome),
    /// The policy admits it once, and it was used before.
    #[error("token was used before, and rule `{}` admits it once", rule_id.escape_debug())]
    #[non_exhaustive]
    Replayed {
        /// The index of the rule.
        rule: usize,
        /// Its id.
        rule_id: Box<str>,
    },
    /// The policy admits it once, and the replay guard cannot say whether it was used before. The
    /// token may be good.
    #[error("replay guard cannot say whether the token was used before")]
    Unavailable(#[from] ReplayUnavailable),
}

impl NotAdmitted {
    /// Who must act: the caller, or the service that runs the guard.
    pub const fn class(&self) -> Class {
        match self {
            Self::Policy(_) | Self::Replayed { .. } => Class::Refused,
            Self::Unavailable(_) => Class::Unavailable,
        }
    }

    /// A stable word: the policy's [`Outcome::code`], `replayed`, or the guard's
    /// [`ReplayUnavailable::code`].
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Policy(outcome) => outcome.code(),
            Self::Replayed { .. } => "replayed",
            Self::Unavailable(why) => why.code(),
        }
    }
}

impl<'a> Decision<'a> {
    /// Lets the token in, once where the rule that decided says so.
    ///
    /// The guard is asked only about tokens that the policy admits and whose rule has `replay` at
    /// `observe` or `enforce`. So a token that is refused by the policy is not used up.
    ///
    /// # Errors
    ///
    /// The policy refuses the token, it was used before, or where that matters the guard cannot
    /// say: [`NotAdmitted::class`] says whether the token is refused or cannot be judged.
    pub fn admit(
        &self,
        guard: &(impl ReplayGuard + ?Sized),
        now: NumericDate,
    ) -> Result<Admitted<'a>, NotAdmitted> {
        let allowed = self.allowed()?;
        let said = allowed.question().map(|token| guard.record(&token?, now));
        allowed.after(said)
    }

    /// Like [`admit`](Self::admit), with a guard that may have to be waited for.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn admit_async(
        &self,
        guard: &(impl AsyncReplayGuard + ?Sized),
        now: NumericDate,
    ) -> Result<Admitted<'a>, NotAdmitted> {
        let allowed = self.allowed()?;
        let said = match allowed.question() {
            Some(Ok(token)) => Some(guard.record_async(&token, now).await),
            Some(Err(unavailable)) => Some(Err(unavailable)),
            None => None,
        };
        allowed.after(said)
    }

    fn allowed(&self) -> Result<Allowed<'a, '_>, NotAdmitted> {
        let outcome = self.outcome();
        match (outcome.rule(), self.rule_id()) {
            (Some(rule), Some(rule_id)) if outcome.admits() => Ok(Allowed {
                decision: self,
                rule,
                rule_id,
            }),
            _ => Err(NotAdmitted::Policy(outcome)),
        }
    }
}

/// A decision that the policy is for.
struct Allowed<'a, 'd> {
    decision: &'d Decision<'a>,
    rule: usize,
    rule_id: &'a str,
}

impl<'a> Allowed<'a, '_> {
    /// What the guard is to be asked, if it is.
    fn question(&self) -> Option<Result<TokenUse, ReplayUnavailable>> {
        let token = self.decision.claims().verified();
        match self.decision.replay() {
            ReplayMode::Off => None,
            ReplayMode::Observe | ReplayMode::Enforce => {
                Some(token.map(TokenUse::of).ok_or(ReplayUnavailable::Unverified))
            }
        }
    }

    fn after(
        self,
        said: Option<Result<Presented, ReplayUnavailable>>,
    ) -> Result<Admitted<'a>, NotAdmitted> {
        if self.decision.replay() == ReplayMode::Enforce {
            match &said {
                Some(Ok(Presented::First)) => {}
                Some(Ok(Presented::Again)) => {
                    return Err(NotAdmitted::Replayed {
                        rule: self.rule,
                        rule_id: self.rule_id.into(),
                    });
                }
                Some(Err(unavailable)) => return Err(unavailable.clone().into()),
                // INVARIANT: a rule that enforces has asked.
                None => return Err(ReplayUnavailable::Unverified.into()),
            }
        }
        Ok(Admitted {
            rule: self.rule,
            rule_id: self.rule_id,
            replay: said,
        })
    }
}
