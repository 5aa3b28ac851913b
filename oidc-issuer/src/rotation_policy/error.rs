//! Why a rotation does not fit together, and what would mend it.

use core::fmt;

use super::member::Member;

/// The rules of a rotation, each an inequality between its times.
///
/// J, K, P, R, E, S, L, D and T are the members of [`RotationSettings`](super::RotationSettings);
/// J* is J or K, whichever is longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A key has been seen in public for J* before it signs.
    I1,
    /// … and for E longer, because the fastest clock of a signer is that much early.
    I2,
    /// A key stays published for R + D + L + S + 2E after its successor took over.
    I3,
    /// No token expires later than S + E before its key goes. Held when a token is issued.
    I4,
    /// A signer whose view of the state is older than R does not sign, so it looks more often.
    I5,
    /// A private half is destroyed R + D + E after its last signature, and no later than its
    /// public half goes.
    I6,
    /// J is at least `max-age`, once for the consumer and once for each shared cache.
    I7,
    /// T is at least P (or the time in which every replica reads of a new key, where that is longer)
    /// and the time that a key is published before it signs, and no ring publishes
    /// more than [`MAX_KEYS_PER_RING`](crate::MAX_KEYS_PER_RING) keys.
    I8,
    /// All rings of one key type together publish no more keys than consumers take.
    I9,
    /// A new algorithm stands in the discovery document before its first token for the life of
    /// that document in caches, P and E.
    I10,
    /// A revoked key is distrusted P + J after its revocation, whatever L is: a thief picks `exp`.
    I11,
    /// A token file is replaced early enough: refresh, outage budget and S together less than L.
    I12,
}

impl Rule {
    /// The name, such as `I3`.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::I1 => "I1",
            Rule::I2 => "I2",
            Rule::I3 => "I3",
            Rule::I4 => "I4",
            Rule::I5 => "I5",
            Rule::I6 => "I6",
            Rule::I7 => "I7",
            Rule::I8 => "I8",
            Rule::I9 => "I9",
            Rule::I10 => "I10",
            Rule::I11 => "I11",
            Rule::I12 => "I12",
        }
    }

    /// What happens where it does not hold.
    const fn consequence(self) -> &'static str {
        match self {
            Rule::I1 => "a consumer would meet a key that its JWK Set does not hold yet",
            Rule::I2 => "the signer with the fastest clock would use a key that is not seen yet",
            Rule::I3 | Rule::I4 => "a key would go while a token of it is valid",
            Rule::I5 => "a signer would refuse to sign between two looks at the state",
            Rule::I6 => "a private half would go too early or stay for nothing",
            Rule::I7 => "caches would hold a JWK Set for longer than is reckoned with",
            Rule::I8 => "keys would pile up or sign before they are old enough",
            Rule::I9 => "consumers would refuse the whole JWK Set",
            Rule::I10 => "a consumer would refuse an algorithm that it has not read of",
            Rule::I11 => "a stolen key would be trusted for longer than the objective",
            Rule::I12 => "a token file would expire before it is replaced",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An edit of the document that mends it: the value nearest to what stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fix {
    /// Which member.
    pub member: Member,
    /// The new value, in seconds or as a count.
    pub value: u64,
    /// In which direction further values mend it too.
    pub bound: Bound,
}

impl Fix {
    /// The new value as the document writes it: `"24h"` as `1d`, a count as digits.
    pub fn text(&self) -> String {
        self.member.show(self.value)
    }
}

impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.bound {
            Bound::AtLeast => "raise",
            Bound::AtMost => "lower",
        };
        write!(f, "{verb} `{}` to {}", self.member.name(), self.text())
    }
}

/// Whether a value is the least or the most that will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bound {
    /// The value or more.
    AtLeast,
    /// The value or less.
    AtMost,
}

/// Why a rotation was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationPolicyError {
    /// A value is outside its bounds.
    #[non_exhaustive]
    OutOfRange {
        /// Which member.
        member: Member,
        /// What was given, in seconds or as a count.
        given: u64,
        /// The smallest allowed.
        min: u64,
        /// The largest allowed.
        max: u64,
    },
    /// The values contradict each other.
    #[non_exhaustive]
    Violated {
        /// The rule that does not hold.
        rule: Rule,
        /// The member whose value is too small or too large for it.
        member: Member,
        /// Its value, in seconds or as a count.
        value: u64,
        /// What the rule asks of it.
        bound: Bound,
        /// The least or the most that would do.
        limit: u64,
        /// Edits of one member that mend the document, the smallest first. Empty only where no
        /// single edit does.
        fixes: Vec<Fix>,
    },
}

impl RotationPolicyError {
    /// A stable code: `rotation_out_of_range` or `rotation_rule_violated`.
    pub const fn code(&self) -> &'static str {
        match self {
            RotationPolicyError::OutOfRange { .. } => "rotation_out_of_range",
            RotationPolicyError::Violated { .. } => "rotation_rule_violated",
        }
    }

    /// The rule that does not hold.
    pub const fn rule(&self) -> Option<Rule> {
        match self {
            RotationPolicyError::OutOfRange { .. } => None,
            RotationPolicyError::Violated { rule, .. } => Some(*rule),
        }
    }

    /// The smallest edit that mends the document.
    pub fn fix(&self) -> Option<Fix> {
        match self {
            RotationPolicyError::OutOfRange {
                member,
                given,
                min,
                max,
            } => Some(Fix {
                member: *member,
                value: (*given).clamp(*min, *max),
                bound: if given < min {
                    Bound::AtLeast
                } else {
                    Bound::AtMost
                },
            }),
            RotationPolicyError::Violated { fixes, .. } => fixes.first().copied(),
        }
    }
}

impl fmt::Display for RotationPolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RotationPolicyError::OutOfRange {
                member,
                given,
                min,
                max,
            } => {
                let [given, min, max] = [*given, *min, *max].map(|value| member.show(value));
                let name = member.name();
                write!(f, "`{name}` of {given} is outside {min} to {max}")
            }
            RotationPolicyError::Violated {
                rule,
                member,
                value,
                bound,
                limit,
                fixes,
            } => {
                let name = member.name();
                let [value, limit] = [*value, *limit].map(|value| member.show(value));
                let side = match bound {
                    Bound::AtLeast => "less",
                    Bound::AtMost => "more",
                };
                write!(
                    f,
                    "rule {rule} does not hold: `{name}` of {value} is {side} than {limit}"
                )?;
                write!(f, ", and {}", rule.consequence())?;
                match fixes.as_slice() {
                    [] => Ok(()),
                    [fix, ..] => write!(f, "; {fix}"),
                }
            }
        }
    }
}

impl core::error::Error for RotationPolicyError {}
