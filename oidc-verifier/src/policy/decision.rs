//! What a policy says of one token, and which rule said it.

use std::fmt;

use serde::Serialize;

use super::claims_view::ClaimsView;
use super::condition::{Budget, Exhausted};
use super::index::Candidates;
use super::operator_view::OperatorView;
use super::replay_mode::ReplayMode;
use super::{Policy, Rule};

/// What a [`Policy`] says of one claims set.
///
/// It costs no more than the answer: the explanations are made when they are asked for, from the
/// policy and the claims that it borrows.
#[derive(Clone, Copy)]
#[must_use]
pub struct Decision<'a> {
    policy: &'a Policy,
    claims: ClaimsView<'a>,
    outcome: Outcome,
    rules_tried: usize,
    steps: usize,
}

/// How a decision came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// An allow rule holds, and no deny rule.
    #[non_exhaustive]
    Allowed {
        /// The index of the first allow rule that holds.
        rule: usize,
    },
    /// The same, and the rule admits each token once (`"replay": "enforce"`): whether this is the
    /// first time is for [`Decision::admit`] to say.
    #[non_exhaustive]
    AllowedOnce {
        /// The index of the first allow rule that holds.
        rule: usize,
    },
    /// A deny rule holds.
    #[non_exhaustive]
    Denied {
        /// Its index.
        rule: usize,
    },
    /// No rule is about the token's issuer and audience.
    NoRuleApplies,
    /// Rules are about the token's issuer and audience, and none of them holds.
    NoRuleHolds,
    /// The token would cost more than [`Policy::MAX_STEPS`]: it is refused.
    TooManySteps,
}

impl Outcome {
    /// A stable word.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Allowed { .. } => "allowed",
            Self::AllowedOnce { .. } => "allowed_once",
            Self::Denied { .. } => "denied_by_rule",
            Self::NoRuleApplies => "no_rule_applies",
            Self::NoRuleHolds => "no_rule_holds",
            Self::TooManySteps => "too_many_steps",
        }
    }

    pub(super) const fn phrase(self) -> &'static str {
        match self {
            Self::Allowed { .. } => "allowed",
            Self::AllowedOnce { .. } => {
                "allowed once: a replay guard must say that it is the first time"
            }
            Self::Denied { .. } => "refused: a deny rule holds",
            Self::NoRuleApplies => "refused: no rule is about this issuer and audience",
            Self::NoRuleHolds => "refused: no rule holds",
            Self::TooManySteps => "refused: more steps than one token may cost",
        }
    }

    /// Whether the policy admits the token, be it once.
    pub(super) const fn admits(self) -> bool {
        matches!(self, Self::Allowed { .. } | Self::AllowedOnce { .. })
    }

    /// The index of the rule that decided.
    pub const fn rule(self) -> Option<usize> {
        match self {
            Self::Allowed { rule } | Self::AllowedOnce { rule } | Self::Denied { rule } => {
                Some(rule)
            }
            Self::NoRuleApplies | Self::NoRuleHolds | Self::TooManySteps => None,
        }
    }
}

impl<'a> Decision<'a> {
    pub(super) fn make(policy: &'a Policy, claims: ClaimsView<'a>) -> Self {
        let mut budget = Budget::new(Policy::MAX_STEPS);
        let mut rules_tried = 0;
        let applicable = policy.index().candidates(&claims);
        let outcome = match applicable.get() {
            None => Outcome::NoRuleApplies,
            Some(candidates) => {
                let mut holds = |rule: &Rule| {
                    rules_tried = usize::saturating_add(rules_tried, 1);
                    rule.holds(&claims, &mut budget)
                };
                first(policy, candidates, &mut holds).unwrap_or(Outcome::TooManySteps)
            }
        };
        Self {
            policy,
            claims,
            outcome,
            rules_tried,
            steps: Policy::MAX_STEPS.saturating_sub(budget.left()),
        }
    }

    /// Whether the token is admitted, as far as a policy alone can say.
    ///
    /// False where the rule admits each token once ([`Outcome::AllowedOnce`]): there the answer is
    /// that of [`admit`](Self::admit), and a caller that does not ask it refuses.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self.outcome, Outcome::Allowed { .. })
    }

    /// How it came about.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The id of the rule that decided, if one did.
    pub fn rule_id(&self) -> Option<&'a str> {
        self.policy.rule_id(self.outcome.rule()?)
    }

    /// How many rules were tried: those about the token's issuer and audience, up to the one that
    /// decided.
    pub const fn rules_tried(&self) -> usize {
        self.rules_tried
    }

    /// How many steps it took: one for each comparison, and one for each 64 bytes it read.
    pub const fn steps(&self) -> usize {
        self.steps
    }

    /// The whole story, for whoever runs the service: the policy, the claims, the nearest miss.
    pub fn for_operator(&self) -> OperatorView {
        OperatorView::new(self)
    }

    /// What may be told to whoever brought the token: neither the policy, nor which tenants it
    /// names, nor how near the token came.
    pub const fn for_caller(&self) -> CallerView {
        CallerView {
            allowed: self.is_allowed(),
        }
    }

    /// What the rule that decided says about tokens that are used again.
    pub fn replay(&self) -> ReplayMode {
        match self.outcome {
            Outcome::Allowed { rule } | Outcome::AllowedOnce { rule } => self.policy.replay(rule),
            Outcome::Denied { .. }
            | Outcome::NoRuleApplies
            | Outcome::NoRuleHolds
            | Outcome::TooManySteps => ReplayMode::Off,
        }
    }

    pub(super) const fn policy(&self) -> &'a Policy {
        self.policy
    }

    pub(super) const fn claims(&self) -> ClaimsView<'a> {
        self.claims
    }
}

impl fmt::Debug for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decision")
            .field("outcome", &self.outcome)
            .field("rules_tried", &self.rules_tried)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}

/// Deny rules first: one that holds ends it. If their cost ends the budget, nothing is allowed.
fn first(
    policy: &Policy,
    candidates: &Candidates,
    holds: &mut impl FnMut(&Rule) -> Result<bool, Exhausted>,
) -> Result<Outcome, Exhausted> {
    let mut find = |indices: &[usize]| {
        for &index in indices {
            if let Some(rule) = policy.rule(index)
                && holds(rule)?
            {
                return Ok(Some(index));
            }
        }
        Ok(None)
    };
    if let Some(rule) = find(&candidates.deny)? {
        return Ok(Outcome::Denied { rule });
    }
    Ok(match find(&candidates.allow)? {
        Some(rule) if policy.replay(rule) == ReplayMode::Enforce => Outcome::AllowedOnce { rule },
        Some(rule) => Outcome::Allowed { rule },
        None => Outcome::NoRuleHolds,
    })
}

/// A decision as the bearer of the token may see it. Every refusal looks the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct CallerView {
    /// Whether the token is admitted.
    pub allowed: bool,
}

impl fmt::Display for CallerView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.allowed {
            "allowed"
        } else {
            "refused: no policy admits this token"
        })
    }
}
