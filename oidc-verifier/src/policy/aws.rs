//! AWS role trust policies, as policies.
//!
//! A trust policy says who may assume a role; here, which tokens may (`sts:AssumeRoleWithWebIdentity`):
//!
//! ```
//! use oidc_verifier::IssuerIdentifier;
//! use oidc_verifier::policy::aws::{Request, TrustPolicy};
//!
//! let trust = TrustPolicy::from_json(br#"{
//!     "Version": "2012-10-17",
//!     "Statement": {
//!         "Sid": "DeployFromMain",
//!         "Effect": "Allow",
//!         "Principal": {"Federated":
//!             "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},
//!         "Action": "sts:AssumeRoleWithWebIdentity",
//!         "Condition": {
//!             "StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"},
//!             "StringLike": {"token.actions.githubusercontent.com:sub":
//!                 "repo:acme/*:ref:refs/heads/main"}
//!         }
//!     }
//! }"#)?;
//!
//! let issuer = IssuerIdentifier::parse("https://token.actions.githubusercontent.com")?;
//! let claims = br#"{"aud": "sts.amazonaws.com", "sub": "repo:acme/web:ref:refs/heads/main"}"#;
//! let claims = trust.policy().vouched_claims(issuer, claims)?;
//! let request = Request::new();
//! let decision = trust.decide(&claims, &request);
//! assert!(decision.is_allowed());
//! assert_eq!(decision.rule_id(), Some("DeployFromMain"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The token is first verified by AWS's rules ([`Profile::aws_sts`](crate::Profile::aws_sts)), or by yours.
//! [Decide as AWS role trust policies do] is the way through it, step by step.
//!
//! [Decide as AWS role trust policies do]: https://github.com/workload-identity/workload-identity/blob/main/docs/aws-trust-policies.md
//!
//! # Statements
//!
//! | member | read as |
//! |---|---|
//! | `Version` | `2012-10-17` knows variables; `2008-10-17`, or none, takes `${` literally |
//! | `Effect` | a statement that denies wins; of those that allow, one is enough |
//! | `Principal` | `Federated` with the ARN of a provider, `arn:…:oidc-provider/` and the issuer without `https://` ([`Settings::identity_providers`] for those on loopback); or `accounts.google.com`, `cognito-identity.amazonaws.com`. Other principals load and admit no token; `*` denies every token and admits none. `NotPrincipal` does not load |
//! | `Action`, `NotAction` | without regard to case, with wildcards. A token with session tags needs `sts:TagSession` as well, one with a source identity `sts:SetSourceIdentity` |
//! | `Condition` | below |
//!
//! A document has at most [`TrustPolicy::MAX_CHARACTERS`]; no member is unknown, no name stands twice.
//!
//! # Condition keys
//!
//! A key of a token begins with its issuer, without scheme and with port, path and slash, then `:`. Names of
//! keys are compared without regard to case.
//!
//! | key | says |
//! |---|---|
//! | `…:sub`, `…:email`, `…:amr` | the claim of that name |
//! | `…:aud` | `azp` if the token has it, else `aud` |
//! | `…:oaud` | `aud` |
//! | claims of GitHub, GitLab, Buildkite, CircleCI, Google and Oracle that AWS documents | the claim of that name |
//! | any other claim | absent, as at AWS; a claim with [`Settings::open_keys`] |
//! | `aws:PrincipalAccount`, `aws:PrincipalType`, `aws:userid`, `aws:FederatedProvider` | what the provider's ARN says; `aws:PrincipalArn` is absent |
//! | `sts:SourceIdentity`, `aws:RequestTag/…`, `aws:TagKeys`, `sts:TransitiveTagKeys` | what the token asks for |
//! | any other | what the [`Request`] says |
//!
//! A number or a boolean is the text that the token writes. An array is a key with several values; an array of
//! one is its element for `aud` and session tags. `null` and objects are values of which no operator speaks.
//!
//! # Conditions
//!
//! All operators hold, each with all of its keys; of the values of a key, one is enough. A negated operator
//! holds when none of them is as said.
//!
//! | operators | the value of the key is | if the key is absent |
//! |---|---|---|
//! | `StringEquals`, `StringLike` | this text; `*` and `?` stand for characters, also `/` and `:`, in `StringLike` alone | does not hold |
//! | `StringEqualsIgnoreCase` | this text, but for the case of ASCII letters | does not hold |
//! | `ArnEquals`, `ArnLike` | matched in each of its six parts | does not hold |
//! | `Numeric…`, `Date…` | a number, exactly; a W3C date or seconds since 1970 | does not hold |
//! | `Bool` | `true` or `false` in any case | does not hold |
//! | `BinaryEquals`, `IpAddress` | these bytes in base64; in this block | does not hold |
//! | `…Not…` | another one; what cannot be read as the operator needs it is neither | holds |
//! | `…IfExists` | as without it | holds |
//! | `Null` | absent (`true`), or there with a value (`false`); several that are all empty are neither | |
//! | `ForAllValues:…` | one of several, and all pass; also when there are none but empty ones | holds |
//! | `ForAnyValue:…` | one of several that passes, and is not empty | does not hold |
//!
//! Without `ForAllValues` or `ForAnyValue` nothing holds of a key with several values, not even a negation.
//! Names of operators are read in AWS's own spelling only.
//!
//! `${key}` stands for the value of a key, `${key, 'text'}` for the text where the key is absent, `${*}`, `${?}`
//! and `${$}` for these characters, in operators on strings and ARNs. What a variable stands for is text: no
//! character of it is a wildcard. Nothing equals a value whose variable is absent.

mod action;
mod compile;
mod expectation;
mod instant;
mod keys;
mod native_form;
mod network;
mod operator;
mod provider;
mod request;
mod statement;
mod template;
mod test;
mod translate;
mod view;

use super::claims_view::ClaimsView;
use super::document::PolicyDocument;
use super::error::{PolicyError, PolicyFault};
use super::path::Path;
use super::{Decision, Policy, Translation};
use crate::aws::IdentityProvider;

use self::compile::Compiled;
use self::keys::Mode;

pub use self::request::Request;
pub(super) use self::{
    expectation::Expectation,
    keys::Source,
    operator::SetOperator,
    test::{AwsCondition, Check, KeyTest},
};

/// A role's trust policy: see the [module](self).
#[derive(Clone, Debug)]
pub struct TrustPolicy {
    policy: Policy,
    /// For each rule of the policy.
    statements: Vec<Option<usize>>,
    sids: Vec<Option<Box<str>>>,
}

/// How a trust policy is read, where it is not as AWS does by default.
///
/// ```
/// use oidc_verifier::policy::aws::{Settings, TrustPolicy};
///
/// # let json = br#"{"Statement": {"Effect": "Allow", "Principal": {"Federated": "accounts.google.com"},
/// #     "Action": "sts:AssumeRoleWithWebIdentity"}}"#;
/// let trust = TrustPolicy::from_json_with(json, Settings::new().open_keys().raised_quota())?;
/// # Ok::<(), oidc_verifier::policy::PolicyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings<'p> {
    mode: Mode,
    raised: bool,
    registered: &'p [IdentityProvider],
}

impl<'p> Settings<'p> {
    /// As AWS reads a trust policy.
    pub const fn new() -> Self {
        Self {
            mode: Mode::Documented,
            raised: false,
            registered: &[],
        }
    }

    /// Every top-level claim of the token is a condition key, under its own name. At AWS it is not:
    /// there the same policy sees an absent key.
    #[must_use]
    pub const fn open_keys(mut self) -> Self {
        self.mode = Mode::Open;
        self
    }

    /// The account's quota for trust policies is raised: [`TrustPolicy::MAX_CHARACTERS_RAISED`].
    #[must_use]
    pub const fn raised_quota(mut self) -> Self {
        self.raised = true;
        self
    }

    /// These identity providers are registered: a `Principal` with the ARN of one of them is about
    /// tokens of its issuer. Any other ARN names an issuer on the public internet, as without this.
    ///
    /// Issuers on loopback need it ([`IdentityProvider::loopback`]): their ARN does not say whether
    /// they are `http` or `https`.
    #[must_use]
    pub const fn identity_providers(mut self, registered: &'p [IdentityProvider]) -> Self {
        self.registered = registered;
        self
    }
}

impl TrustPolicy {
    /// Characters of a trust policy, white space between them not counted (IAM quotas).
    pub const MAX_CHARACTERS: usize = 2_048;

    /// The same where the account's quota was raised, which IAM does up to here.
    pub const MAX_CHARACTERS_RAISED: usize = 4_096;

    /// Reads a trust policy, strictly, as AWS does by default.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] says which statement and which member is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyError> {
        Self::from_json_with(json, Settings::new())
    }

    /// Reads a trust policy, strictly.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] says which statement and which member is wrong.
    pub fn from_json_with(json: &[u8], settings: Settings<'_>) -> Result<Self, PolicyError> {
        Self::compile(&PolicyDocument::from_json(json)?, settings)
    }

    /// Compiles a trust policy of any format.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] says which statement and which member is wrong.
    pub fn compile(document: &PolicyDocument, settings: Settings<'_>) -> Result<Self, PolicyError> {
        let max = if settings.raised {
            Self::MAX_CHARACTERS_RAISED
        } else {
            Self::MAX_CHARACTERS
        };
        if document.root.to_json().chars().count() > max {
            return Err(PolicyError::new(&Path::Root, PolicyFault::TooLong { max }));
        }
        let statements = statement::document(&document.root, settings.registered)?;
        let Compiled {
            rules,
            statements: of_rules,
        } = compile::rules(&statements, settings.mode)?;
        Ok(Self {
            policy: Policy::assemble(rules, &Path::Root.member("Statement"))?,
            statements: of_rules,
            sids: statements.into_iter().map(|own| own.sid).collect(),
        })
    }

    /// Decides on a [`Verified`](crate::Verified) token, or on
    /// [`VouchedClaims`](super::VouchedClaims), with what the request says beside it.
    pub fn decide<'a>(
        &'a self,
        claims: impl Into<ClaimsView<'a>>,
        request: &'a Request,
    ) -> Decision<'a> {
        self.policy.decide(claims.into().with_request(request))
    }

    /// The trust policy as rules, one for each provider of each statement. It decides as
    /// [`decide`](Self::decide) does for a request that says nothing.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The trust policy in the native language, with what became of each condition.
    ///
    /// What has no exact form admits fewer tokens, never more: the native language asks nothing of a
    /// [`Request`], and knows no variables and no addresses.
    pub fn translate(&self) -> Translation {
        translate::translate(self)
    }

    /// The index of the statement that a rule of [`policy`](Self::policy) is of; `None` for the rules that
    /// every trust policy implies: that session tags and a source identity are allowed by some statement.
    pub fn statement_of_rule(&self, rule: usize) -> Option<usize> {
        self.statements.get(rule).copied().flatten()
    }

    /// The `Sid` of a statement, if it has one.
    pub fn sid(&self, statement: usize) -> Option<&str> {
        self.sids.get(statement)?.as_deref()
    }
}
