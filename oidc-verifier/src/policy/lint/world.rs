//! Tokens that are not meant: whether a rule may admit one of them.

use jsonptr::Pattern;

use crate::policy::Rule;
use crate::policy::condition::{ClaimTest, Condition, Elements, Test};

use super::values::{Effort, Values};

/// A kind of token, as far as it is known: a stranger's, one of a pull request.
#[derive(Debug)]
pub(super) struct World {
    claims: Vec<(&'static str, Said)>,
    parts: Parts,
}

/// Parts of the subject that have another name than the claim that says the same; a part that no
/// claim says stands below `/sub`.
pub(super) type Parts = &'static [(&'static str, &'static str)];

/// What the tokens say in one claim.
#[derive(Debug)]
pub(super) enum Said {
    /// Nothing: they do not have it.
    Nothing,
    /// A text that matches one of these.
    Text(Vec<Pattern>),
    Bool(bool),
}

impl World {
    pub(super) const fn new(claims: Vec<(&'static str, Said)>, parts: Parts) -> Self {
        Self { claims, parts }
    }

    /// What the tokens say in the claim, or the part of the subject, that a test is about.
    fn get(&self, test: &ClaimTest) -> Option<&Said> {
        let is_about = |claim: &str| match test.part {
            None => test.pointer.as_str() == claim,
            Some(part) => match self.parts.iter().find(|(name, _)| *name == part.name) {
                Some((_, own)) => *own == claim,
                // Most parts have the name of their claim.
                None => claim.strip_prefix('/') == Some(part.name),
            },
        };
        let mut claims = self.claims.iter();
        claims
            .find(|(claim, _)| is_about(claim))
            .map(|(_, said)| said)
    }

    /// Whether anything is known of what a test is about.
    pub(super) fn speaks_of(&self, test: &ClaimTest) -> bool {
        self.get(test).is_some()
    }

    /// Whether a rule may hold on such a token. What is not known of the token is taken to fit:
    /// `false` is certain, and if the effort is spent it is the answer.
    pub(super) fn may_pass(&self, rule: &Rule, effort: &mut Effort) -> bool {
        let mut conditions = rule.conditions.iter();
        conditions.all(|own| self.may_hold(own, Side::Holds, effort)) && !effort.is_spent()
    }

    /// Whether a rule certainly holds on such a token, as far as its conditions are about what is
    /// known of it.
    pub(super) fn passes(&self, rule: &Rule, effort: &mut Effort) -> bool {
        let mut conditions = rule.conditions.iter();
        conditions.all(|own| self.holds(own, effort))
    }

    fn holds(&self, condition: &Condition, effort: &mut Effort) -> bool {
        match condition {
            Condition::Claim(test) => match self.get(test) {
                None => false,
                Some(Said::Nothing) => matches!(test.test, Test::Absent),
                Some(said) => {
                    test.elements != Some(Elements::None)
                        && said.values().is_within(&Values::of(&test.test), effort)
                }
            },
            Condition::All(parts) => parts.iter().all(|own| self.holds(own, effort)),
            Condition::Any(parts) => parts.iter().any(|own| self.holds(own, effort)),
            Condition::Aws(_) | Condition::ClaimPrefix(_) | Condition::Not { .. } => false,
        }
    }

    fn may_hold(&self, condition: &Condition, side: Side, effort: &mut Effort) -> bool {
        let holds = side == Side::Holds;
        match condition {
            Condition::Claim(test) => self.may_be(test, side, effort),
            Condition::Aws(_) | Condition::ClaimPrefix(_) => true,
            Condition::Not { inner, or_absent } => {
                let inside = match (holds, or_absent) {
                    (true, false) => Side::Fails,
                    (true, true) => Side::FailsOrAbsent,
                    (false, _) => Side::Holds,
                };
                self.may_hold(inner, inside, effort)
            }
            // All must hold for `all` to hold, and fail for `any` to fail.
            Condition::All(parts) | Condition::Any(parts)
                if holds == matches!(condition, Condition::All(_)) =>
            {
                parts.iter().all(|own| self.may_hold(own, side, effort))
            }
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().any(|own| self.may_hold(own, side, effort))
            }
        }
    }

    fn may_be(&self, test: &ClaimTest, side: Side, effort: &mut Effort) -> bool {
        let Some(said) = self.get(test) else {
            return true;
        };
        if matches!(said, Said::Nothing) {
            let absent = matches!(test.test, Test::Absent);
            return match side {
                Side::Holds => absent,
                Side::Fails => false,
                Side::FailsOrAbsent => !absent,
            };
        }
        let (token, policy) = (said.values(), Values::of(&test.test));
        let inside = side == Side::Holds;
        if inside == (test.elements == Some(Elements::None)) {
            !token.is_within(&policy, effort)
        } else {
            !token.is_disjoint(&policy, effort)
        }
    }
}

impl Said {
    fn values(&self) -> Values<'_> {
        match self {
            Self::Nothing => Values::default(),
            Self::Text(patterns) => Values::matching(patterns),
            Self::Bool(own) => Values::bool(*own),
        }
    }
}

/// What a condition has to come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Holds,
    Fails,
    FailsOrAbsent,
}
