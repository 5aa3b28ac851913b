//! What a lint can find, and how bad it is.

use std::fmt;

use serde::{Serialize, Serializer};

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a policy can be used, looked at, or refused"
)]
pub enum Grade {
    /// Nothing is known against it.
    Safe,
    /// Someone should look at it.
    Caution,
    /// It may admit someone outside, or a guard in it guards nothing.
    Dangerous,
}

impl Grade {
    /// A stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Caution => "caution",
            Self::Dangerous => "dangerous",
        }
    }
}

impl fmt::Display for Grade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Grade {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident $code:literal, $why:literal, $fix:literal;)+) => {
        /// What a [`Finding`](super::Finding) is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum FindingCode {
            $(
                $(#[doc = $doc])+
                #[doc = concat!("\n\nWhy: ", $why, ".\n\nInstead: ", $fix, ".")]
                $name,
            )+
        }

        impl FindingCode {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// A stable word.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)+
                }
            }

            /// Why it matters.
            pub const fn why(self) -> &'static str {
                match self {
                    $(Self::$name => $why,)+
                }
            }

            /// What to write instead.
            pub const fn fix(self) -> &'static str {
                match self {
                    $(Self::$name => $fix,)+
                }
            }
        }
    };
}

codes! {
    /// Any branch, or any environment, is admitted.
    AnyRef "any_ref",
        "whoever may push a branch, protected or not, runs code of their own with this access",
        "pin the ref in its own claim, or an environment that is protected; give patterns a `separator`";
    /// The audience is not pinned.
    AudienceUnpinned "audience_unpinned",
        "a token that the workload showed to any other service opens this one too",
        "name the audience that is this service";
    /// Nothing guards an allow rule but claims that whoever asks for the token chooses.
    CallerControlled "caller_controlled",
        "such a claim proves nothing about who asked",
        "pin the subject or an id that the provider gives";
    /// No token of this issuer has the claim.
    ClaimNeverEmitted "claim_never_emitted",
        "the condition never holds, or is known to no version of this library",
        "correct the name; nested claims are written as JSON Pointers";
    /// Jobs that someone steers over SSH are admitted.
    DebuggedAdmitted "debugged_admitted",
        "whoever may start a job again with SSH types commands that run with this access",
        "demand that `oidc.circleci.com/ssh-rerun` is `false`, or deny `true`";
    /// Builds of forks are admitted.
    ForkAdmitted "fork_admitted",
        "where a project passes secrets to builds of forks, strangers get its tokens",
        "pin `oidc.circleci.com/vcs-origin`";
    /// Only negations, `absent` and `or_absent` guard an allow rule.
    GuardNegative "guard_negative",
        "whoever is not on the list gets in, and so does every new tenant of the issuer",
        "say who is meant with `equals`, `one_of` or `pattern`; put refusals into deny rules";
    /// An operator of AWS that absence passes, in a statement that allows.
    HoldsIfAbsent "holds_if_absent",
        "`ForAllValues` and `IfExists` hold of a token that does not have the key at all",
        "add `Null` with `false` for the key, or use the operator without them";
    /// The comparison of rules was ended.
    Incomplete "incomplete",
        "rules that never match or are needless may be there and not be reported",
        "split the policy by issuer or audience";
    /// Every token of the issuer is admitted.
    IssuerWhole "issuer_whole",
        "whoever gets a token of this issuer for this audience gets in",
        "pin the subject, or claims that only your workloads have";
    /// A condition key that has no value when a token is presented to AWS.
    KeyNotExposed "key_not_exposed",
        "AWS makes condition keys of few claims, and only of the provider in `Principal`",
        "use a documented key with the provider's prefix: `…:sub`, `…:aud`";
    /// The operand is of a kind that the claim never has.
    KindMismatch "kind_mismatch",
        "nothing is converted: `1` and `\"1\"`, `true` and `\"true\"` differ, so the condition never holds",
        "write the value as the issuer does, with or without quotation marks; on arrays say `elements`";
    /// Names without the ids that stay with their owner.
    NameWithoutId "name_without_id",
        "an organisation or project that is renamed or deleted leaves its name to whoever takes it",
        "name the id beside the name: `repository_owner_id`, `project_id`, `workspaceUuid`";
    /// The conditions of a rule contradict each other.
    NeverMatches "never_matches",
        "an allow rule that never matches is a mistake; a deny rule that never matches protects nothing",
        "correct the condition, or delete the rule";
    /// A deny rule refuses all that an allow rule admits.
    Overruled "overruled",
        "the allow rule has no effect",
        "narrow the deny rule, or delete the allow rule";
    /// Jobs of pull requests are admitted.
    PullRequestAdmitted "pull_request_admitted",
        "they run code that nobody has reviewed; `pull_request_target` runs for strangers",
        "pin the ref or an environment; deny `event_name` of pull requests";
    /// Another rule of the same effect says all that this one says.
    Shadowed "shadowed",
        "the rule has no effect: whoever reads it believes in a limit that is not there",
        "delete the rule, or narrow the wider one";
    /// No condition pins the subject.
    SubjectUnpinned "subject_unpinned",
        "the other claims may be the same for many workloads of the issuer",
        "add a condition on `sub`";
    /// A wildcard reaches beyond the name of the tenant.
    TenantCrossed "tenant_crossed",
        "`repo:acme*` also matches `repo:acme-evil/…`, which anyone may register",
        "write the name to its end, with the delimiter: `repo:acme/*`";
    /// All customers of a provider share the issuer, and no condition names one.
    TenantUnpinned "tenant_unpinned",
        "every customer of the provider gets tokens that pass",
        "pin the subject, or the id of the organisation or project";
    /// Every project of an organisation is admitted.
    WholeOrganisation "whole_organisation",
        "whoever may create or change any of them gets this access",
        "name the projects that are meant";
    /// An exact operator has a wildcard in its operand.
    WildcardIsLiteral "wildcard_is_literal",
        "`*` and `?` stand for themselves here, so the condition never holds",
        "say `pattern` (in other dialects the operator with wildcards), or escape it there";
}

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for FindingCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
