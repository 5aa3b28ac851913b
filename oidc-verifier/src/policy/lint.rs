//! What is questionable in a policy that loads: found before any token comes.
//!
//! Takeovers of federated roles were not broken signatures. They were rules that admit more than
//! their author meant: a wildcard before the tenant's name ends, an audience and nothing else, a
//! negation as the only guard. All of that can be seen in the policy itself.
//!
//! ```
//! use oidc_verifier::policy::Policy;
//! use oidc_verifier::policy::lint::{FindingCode, Grade};
//!
//! let policy = Policy::from_json(br#"{"rules": [{
//!     "id": "deploy", "effect": "allow", "issuer": "https://ci.example", "audiences": ["deploy"],
//!     "conditions": [{"not": {"claim": "event", "equals": "pull_request"}}]
//! }]}"#)?;
//! let findings = policy.lint();
//! assert_eq!(findings[0].code, FindingCode::GuardNegative);
//! assert_eq!(findings[0].grade, Grade::Dangerous);
//! assert_eq!(findings[0].at.as_str(), "/rules/0");
//!
//! // At load: whatever is dangerous does not get into service.
//! let refused = policy.refuse_dangerous().unwrap_err();
//! assert_eq!(refused.findings()[0].code.as_str(), "guard_negative");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Grades
//!
//! [`Dangerous`](Grade::Dangerous) is what may let in someone outside: another tenant of the issuer,
//! or anyone; and a deny rule that keeps out nobody. [`Caution`](Grade::Caution) is what gives
//! someone inside more than was probably meant, or rests on something that can change hands. A
//! policy without findings is [`Safe`](Grade::Safe) as far as this can tell: which names are yours
//! nobody but you knows.
//!
//! # What it knows of issuers
//!
//! For each known provider ([`oidc_core::provider`]) it asks whether tokens may pass that are not
//! meant: a stranger's, those of another project, of any branch, of a pull request, of a fork, of
//! whoever takes over a name. Where nothing forbids it, they are said to pass; what another claim or
//! a deny rule certainly refuses is not reported. An issuer that is not known is judged by the form
//! of the subjects that its rules name (`repo:…`, `project_path:…`).
//!
//! # Codes
//!
//! [`FindingCode`] lists them; each says why it matters and what to write instead
//! ([`FindingCode::why`], [`FindingCode::fix`]).
//!
//! # Cost
//!
//! Rules are compared with those of their issuer and audience. All comparisons together take at
//! most [`MAX_STEPS`] steps; what is left then is not looked for, and [`FindingCode::Incomplete`]
//! says so.

mod claims;
mod code;
mod guard;
mod needless;
mod reach;
mod shape;
mod tenant;
mod terms;
mod trust;
mod values;
mod world;

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use jsonptr::PointerBuf;
use serde::Serialize;

use self::tenant::{Guarded, Shapes};
use self::values::Effort;
use super::aws::TrustPolicy;
use super::doppler::Identity;
use super::operator_view::RuleName;
use super::{Effect, Origin, Policy, Rule};

pub use self::code::{FindingCode, Grade};

/// Steps that looking at each rule alone may take, and once more comparing rules with each other:
/// each compares two conditions or 64 pairs of characters. It bounds the lint of a policy of the
/// largest size to some tenths of a second.
pub const MAX_STEPS: usize = 1_000_000;

/// Something questionable in a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// What it is, as a stable word.
    pub code: FindingCode,
    /// How bad it is here: the same thing can be harmless in one rule and open another.
    pub grade: Grade,
    /// The rule in which it is.
    pub rule: RuleName,
    /// Where in the document it is.
    pub at: PointerBuf,
    /// What is the matter, as one phrase.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (grade, code) = (self.grade.as_str(), self.code.as_str());
        let (index, id) = (self.rule.index, self.rule.id.escape_debug());
        let (message, at) = (&self.message, self.at.as_str().escape_debug());
        write!(
            f,
            "{grade}: rule {index} `{id}`: {message}, at `{at}` ({code})"
        )
    }
}

impl Policy {
    /// What is questionable in the policy, by rule in the order of the document: see
    /// [`lint`](self).
    pub fn lint(&self) -> Vec<Finding> {
        let mut report = Report::new(self);
        let mut shapes = Shapes::default();
        let mut alone = Effort::new(MAX_STEPS);
        let native: Vec<Cow<'_, Rule>> = self.rules().iter().map(native).collect();
        for (index, (rule, own)) in self.rules().iter().zip(&native).enumerate() {
            // Nobody wrote it.
            if matches!(rule.origin, Origin::Implied) {
                continue;
            }
            trust::check(rule, index, &mut report);
            let terms = terms::terms(own, index);
            guard::wildcards(own, index, &terms, &mut report);
            claims::check(own, index, &terms, &mut report);
            // AWS accepts a token only for an audience that is registered with the provider.
            let audience = if matches!(own, Cow::Owned(_)) {
                Grade::Caution
            } else {
                Grade::Dangerous
            };
            if rule.effect == Effect::Allow
                && guard::whom_it_leaves(own, index, &terms, audience, &mut report)
            {
                let guarded = Guarded {
                    rules: &native,
                    rule: own,
                    index,
                    terms: &terms,
                };
                guarded.check(&mut shapes, &mut report, &mut alone);
            }
        }
        let mut effort = Effort::new(MAX_STEPS);
        let dead = reach::never_match(self, &mut report, &mut effort);
        needless::check(self, &dead, &mut report, &mut effort);
        report.finish(alone.is_spent() || effort.is_spent())
    }

    /// The worst grade of all findings.
    pub fn grade(&self) -> Grade {
        let findings = self.lint();
        findings
            .iter()
            .map(|finding| finding.grade)
            .max()
            .unwrap_or(Grade::Safe)
    }

    /// The policy, if nothing in it is [dangerous](Grade::Dangerous).
    ///
    /// ```
    /// # use oidc_verifier::policy::Policy;
    /// # fn load(json: &[u8]) -> Result<Policy, Box<dyn std::error::Error>> {
    /// let policy = Policy::from_json(json)?.refuse_dangerous()?;
    /// # Ok(policy)
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Everything that is dangerous in it.
    pub fn refuse_dangerous(self) -> Result<Self, DangerousPolicy> {
        dangerous(&self).map_or(Ok(self), Err)
    }
}

impl Identity {
    /// The identity, if nothing in it is [dangerous](Grade::Dangerous). What is questionable, its
    /// [`policy`](Self::policy) says.
    ///
    /// # Errors
    ///
    /// Everything that is dangerous in it.
    pub fn refuse_dangerous(self) -> Result<Self, DangerousPolicy> {
        dangerous(self.policy()).map_or(Ok(self), Err)
    }
}

impl TrustPolicy {
    /// The trust policy, if nothing in it is [dangerous](Grade::Dangerous). What is questionable,
    /// its [`policy`](Self::policy) says.
    ///
    /// # Errors
    ///
    /// Everything that is dangerous in it.
    pub fn refuse_dangerous(self) -> Result<Self, DangerousPolicy> {
        dangerous(self.policy()).map_or(Ok(self), Err)
    }
}

fn dangerous(policy: &Policy) -> Option<DangerousPolicy> {
    let mut findings = policy.lint();
    findings.retain(|finding| finding.grade == Grade::Dangerous);
    (!findings.is_empty()).then_some(DangerousPolicy { findings })
}

/// The rule in the words of the native language.
fn native(rule: &Rule) -> Cow<'_, Rule> {
    trust::in_native_words(rule).map_or(Cow::Borrowed(rule), Cow::Owned)
}

/// A policy that loads, and should not be put into service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DangerousPolicy {
    findings: Vec<Finding>,
}

impl DangerousPolicy {
    /// What is dangerous in it: at least one finding.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// A stable word for logs and tests.
    pub const fn code(&self) -> &'static str {
        "policy_dangerous"
    }
}

impl fmt::Display for DangerousPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("policy is not safe to use")?;
        for (number, finding) in self.findings.iter().enumerate() {
            let join = if number == 0 { ": " } else { "; " };
            write!(f, "{join}{finding}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DangerousPolicy {}

/// The findings so far.
struct Report<'p> {
    policy: &'p Policy,
    findings: Vec<Finding>,
}

impl<'p> Report<'p> {
    const fn new(policy: &'p Policy) -> Self {
        Self {
            policy,
            findings: Vec::new(),
        }
    }

    fn add(
        &mut self,
        code: FindingCode,
        grade: Grade,
        rule: usize,
        at: PointerBuf,
        message: impl Into<String>,
    ) {
        let id = self.policy.rule_id(rule).unwrap_or_default();
        self.findings.push(Finding {
            code,
            grade,
            rule: RuleName::new(rule, id),
            at,
            message: message.into(),
        });
    }

    fn finish(mut self, incomplete: bool) -> Vec<Finding> {
        self.findings.sort_by_key(|finding| finding.rule.index);
        // A statement of AWS is a rule for each of its providers.
        let mut seen = HashSet::new();
        self.findings.retain(|own| {
            seen.insert((
                own.code,
                own.at.clone(),
                own.rule.id.clone(),
                own.message.clone(),
            ))
        });
        if incomplete {
            let last = self.policy.len().saturating_sub(1);
            let at = self
                .policy
                .rule(last)
                .map(|rule: &Rule| terms::place(rule, last));
            let message = "not all rules were compared with each other";
            let at = at.unwrap_or_else(PointerBuf::root);
            self.add(FindingCode::Incomplete, Grade::Caution, last, at, message);
        }
        self.findings
    }
}
