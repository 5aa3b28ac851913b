//! Why a policy does not load.

use std::fmt;

use jsonptr::{PatternError, Pointer, PointerBuf, PointerError, ScanError};
use oidc_core::IssuerIdentifierError;
use oidc_core::provider::Provider;

use super::path::Path;

/// Why a policy does not load: the rule, the member, and what is wrong with it.
///
/// ```
/// use oidc_verifier::policy::Policy;
///
/// let error = Policy::from_json(br#"{"rules": [{
///     "id": "ci", "effect": "allow", "issuer": "https://ci.example", "audiences": ["deploy"],
///     "conditions": [{"claim": "sub", "equal": "job-42"}]
/// }]}"#)
/// .unwrap_err();
/// assert_eq!((error.code(), error.at().as_str()), ("member_unknown", "/rules/0/conditions/0/equal"));
/// assert_eq!(
///     error.to_string(),
///     "rule 0 `ci`: unknown member, did you mean `equals`, at `/rules/0/conditions/0/equal`",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// What the document calls a rule.
    noun: &'static str,
    rule: Option<usize>,
    id: Option<Box<str>>,
    at: PointerBuf,
    fault: PolicyFault,
}

/// What is wrong in a policy document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyFault {
    /// AWS: an action that no trust policy is about.
    #[error("not an action of a trust policy, such as `sts:AssumeRoleWithWebIdentity`")]
    Action,
    /// AWS: neither an IP address nor a block of them.
    #[error("neither an IP address nor a block such as `203.0.113.0/24`")]
    Address,
    /// AWS: an ARN without its six parts.
    #[error("ARN does not have six parts, divided by `:`")]
    Arn,
    /// AWS: bytes that are not written in base64.
    #[error("not base64")]
    Base64,
    /// A date is not written as RFC 3339 says, to the second.
    #[error("date is not of the form `2027-01-31T23:59:59Z`")]
    Date,
    /// A name stands twice.
    #[error("member stands twice")]
    DuplicateMember,
    /// A pointer and a plain name, or two rules, say the same thing.
    #[error("says the same as `{first}`")]
    #[non_exhaustive]
    Duplicate {
        /// Where it was said before.
        first: PointerBuf,
    },
    /// An empty string or list where it would match everything, or nothing.
    #[error("empty")]
    Empty,
    /// An example of the policy is not decided as it says.
    #[error("{0}")]
    Example(ExampleFault),
    /// AWS: a date of none of the forms that IAM reads.
    #[error("neither a date such as `2027-01-31T23:59:59Z` nor seconds since 1970")]
    Instant,
    /// The issuer cannot be one.
    #[error("issuer is not usable")]
    Issuer(#[source] IssuerIdentifierError),
    /// The bytes are not strict JSON.
    #[error("policy is not strict JSON")]
    Json(#[source] ScanError),
    /// A member that belongs to another operator.
    #[error("`{member}` has no meaning here")]
    #[non_exhaustive]
    MisplacedMember {
        /// Which one.
        member: &'static str,
    },
    /// A member that must be there.
    #[error("member `{member}` is missing")]
    #[non_exhaustive]
    MissingMember {
        /// Which one.
        member: &'static str,
    },
    /// `exists` and `absent` are only ever `true`.
    #[error("can only be `true`; the opposite is said with `{other}`")]
    #[non_exhaustive]
    MustBeTrue {
        /// The operator that says the opposite.
        other: &'static str,
    },
    /// The audience is to be said by a condition, and no condition is about it.
    #[error("no condition is about `aud` or `azp`")]
    NoAudience,
    /// A condition without an operator.
    #[error("condition has no operator")]
    NoOperator,
    /// A condition on a part of the subject, where nothing says whose subjects they are.
    #[error("issuer is of no known provider: say whose tokens they are with `provider`")]
    NoProvider,
    /// AWS: a value that an operator on numbers cannot read.
    #[error("not a number")]
    NotANumber,
    /// The format crate gave a float that may not be the number that was written.
    #[error("number is not exact in this format")]
    Number,
    /// The rule names one provider, and its issuer is known to be another's.
    #[error("issuer is known to be one of `{provider}`")]
    #[non_exhaustive]
    OtherProvider {
        /// Whose issuer it is.
        provider: Provider,
    },
    /// A pattern cannot be read.
    #[error("pattern is not usable")]
    Pattern(#[source] PatternError),
    /// A claim that begins with `/` is no JSON Pointer (RFC 6901).
    #[error("pointer is not usable")]
    Pointer(#[source] PointerError),
    /// AWS: a federated principal that is no identity provider.
    #[error("neither the ARN of an identity provider nor one of those that IAM knows by name")]
    Principal,
    /// A separator of more or less than one character.
    #[error("separator is not one character")]
    Separator,
    /// A condition with two operators.
    #[error("condition has both `{first}` and `{second}`")]
    #[non_exhaustive]
    SeveralOperators {
        /// One of them.
        first: &'static str,
        /// Another.
        second: &'static str,
    },
    /// Conditions, or the claim that one names, are nested deeper than the limit.
    #[error("nested deeper than {max}")]
    #[non_exhaustive]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// The document is longer than the limit, white space not counted.
    #[error("policy is longer than {max} characters")]
    #[non_exhaustive]
    TooLong {
        /// The limit.
        max: usize,
    },
    /// More than the limit.
    #[error("more than {max}")]
    #[non_exhaustive]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// More claims named by all rules together than one pass over a token locates.
    #[error("more than {max} different claims are named")]
    #[non_exhaustive]
    TooManyClaims {
        /// The limit.
        max: usize,
    },
    /// The document cannot be read at all.
    #[error("policy is not readable")]
    Unreadable,
    /// A member that this version does not know: it may have been meant to narrow the policy.
    #[error("unknown member{}", suggest(*.suggestion))]
    #[non_exhaustive]
    UnknownMember {
        /// A known member that is spelt much like it.
        suggestion: Option<&'static str>,
    },
    /// Subjects of this provider have no such part.
    #[error("subjects of `{provider}` have no such part{}", suggest(*.suggestion))]
    #[non_exhaustive]
    UnknownPart {
        /// Whose subjects.
        provider: Provider,
        /// A part that is spelt much like it.
        suggestion: Option<&'static str>,
    },
    /// AWS: a condition operator that is not known, in this spelling.
    #[error("unknown operator{}", suggest(*.suggestion))]
    #[non_exhaustive]
    UnknownOperator {
        /// A known operator that is spelt much like it.
        suggestion: Option<&'static str>,
    },
    /// A word that is none of the known ones.
    #[error("not one of {known}")]
    #[non_exhaustive]
    UnknownWord {
        /// The known ones.
        known: &'static str,
    },
    /// AWS: `${` does not begin a variable, or an escape.
    #[error("variable is not of the form `${{key}}` or `${{key, 'default'}}`")]
    Variable,
    /// A value of another kind than the member has.
    #[error("is {actual}, not {expected}")]
    #[non_exhaustive]
    WrongKind {
        /// What the member is.
        expected: &'static str,
        /// What was found.
        actual: &'static str,
    },
}

/// What an example in a policy shows to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ExampleFault {
    /// A claims set that must be refused is admitted.
    #[error("example that must be refused is admitted")]
    Admitted,
    /// The claims set is none: duplicate names, a malformed `iss` or `aud`.
    #[error("example is not a claims set")]
    Invalid,
    /// Decided rightly, but not by the rule that it stands in.
    #[error("example is not decided by its own rule")]
    OtherRule,
    /// A claims set that must be admitted is refused.
    #[error("example that must be admitted is refused")]
    Refused,
    /// With this one, the examples of the policy cost more than
    /// [`Policy::MAX_EXAMPLE_STEPS`](super::Policy::MAX_EXAMPLE_STEPS).
    #[error(
        "examples cost more than {} steps together",
        super::Policy::MAX_EXAMPLE_STEPS
    )]
    TooManySteps,
}

fn suggest(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(", did you mean `{name}`"))
}

impl PolicyError {
    pub(super) fn new(at: &Path<'_>, fault: PolicyFault) -> Self {
        Self::at_pointer(at.to_pointer(), fault)
    }

    pub(super) const fn at_pointer(at: PointerBuf, fault: PolicyFault) -> Self {
        Self {
            noun: "rule",
            rule: None,
            id: None,
            at,
            fault,
        }
    }

    /// Of a dialect whose rules are statements.
    pub(super) fn in_statement(mut self, index: usize, id: Option<&str>) -> Self {
        self.noun = "statement";
        self.in_rule(index, id)
    }

    pub(super) fn in_rule(mut self, index: usize, id: Option<&str>) -> Self {
        self.rule = Some(index);
        self.id = id.map(Box::from);
        self
    }

    /// The index of the rule (or statement), from 0, if it is about one.
    pub const fn rule(&self) -> Option<usize> {
        self.rule
    }

    /// The id of that rule, if it has a usable one.
    pub fn rule_id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The member of the document that is wrong.
    pub fn at(&self) -> Pointer<'_> {
        self.at.as_pointer()
    }

    /// What is wrong with it.
    pub const fn fault(&self) -> &PolicyFault {
        &self.fault
    }

    /// A stable word for logs and tests.
    pub const fn code(&self) -> &'static str {
        match &self.fault {
            PolicyFault::Action => "action_unknown",
            PolicyFault::Address => "address_invalid",
            PolicyFault::Arn => "arn_invalid",
            PolicyFault::Base64 => "base64_invalid",
            PolicyFault::Date | PolicyFault::Instant => "date_invalid",
            PolicyFault::DuplicateMember => "duplicate_member",
            PolicyFault::Duplicate { .. } => "duplicate",
            PolicyFault::Empty => "empty",
            PolicyFault::Example(ExampleFault::Invalid) => "example_invalid",
            PolicyFault::Example(ExampleFault::TooManySteps) => "example_too_many_steps",
            PolicyFault::Example(_) => "example_failed",
            PolicyFault::Issuer(_) => "issuer_invalid",
            PolicyFault::Json(error) => error.code(),
            PolicyFault::MisplacedMember { .. } => "member_misplaced",
            PolicyFault::MissingMember { .. } => "member_missing",
            PolicyFault::MustBeTrue { .. } => "must_be_true",
            PolicyFault::NoAudience => "audience_missing",
            PolicyFault::NoOperator => "operator_missing",
            PolicyFault::NoProvider => "provider_missing",
            PolicyFault::NotANumber => "number_invalid",
            PolicyFault::Number => "number_inexact",
            PolicyFault::OtherProvider { .. } => "provider_other",
            PolicyFault::Pattern(_) => "pattern_invalid",
            PolicyFault::Pointer(_) => "pointer_invalid",
            PolicyFault::Principal => "principal_invalid",
            PolicyFault::Separator => "separator_invalid",
            PolicyFault::SeveralOperators { .. } => "operator_several",
            PolicyFault::TooDeep { .. } => "too_deep",
            PolicyFault::TooLong { .. } => "too_long",
            PolicyFault::TooMany { .. } => "too_many",
            PolicyFault::TooManyClaims { .. } => "too_many_claims",
            PolicyFault::Unreadable => "unreadable",
            PolicyFault::UnknownMember { .. } => "member_unknown",
            PolicyFault::UnknownPart { .. } => "part_unknown",
            PolicyFault::UnknownOperator { .. } => "operator_unknown",
            PolicyFault::UnknownWord { .. } => "word_unknown",
            PolicyFault::Variable => "variable_invalid",
            PolicyFault::WrongKind { .. } => "wrong_kind",
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.rule {
            write!(f, "{} {index}", self.noun)?;
            if let Some(id) = &self.id {
                write!(f, " `{}`", id.escape_debug())?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{}", self.fault)?;
        if !self.at.as_pointer().is_root() {
            write!(f, ", at `{}`", self.at.as_str().escape_debug())?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.fault)
    }
}
