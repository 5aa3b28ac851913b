//! Trust policies: which verified tokens are let in, as data, and why.
//!
//! Verification says that an issuer said something. A policy says whose words open which door. It is
//! a document of rules, compiled when it is loaded: what loads can be evaluated, in bounded time,
//! with one answer.
//!
//! ```
//! use oidc_verifier::IssuerIdentifier;
//! use oidc_verifier::policy::Policy;
//!
//! let policy = Policy::from_json(br#"{"rules": [
//!     {
//!         "id": "deploy-main",
//!         "effect": "allow",
//!         "issuer": "https://ci.example",
//!         "audiences": ["deploy"],
//!         "conditions": [
//!             {"claim": "sub", "pattern": "repo:acme/*:ref:refs/heads/main"},
//!             {"claim": "/repo/owner_id", "equals": 4217},
//!             {"claim": "groups", "elements": "any", "one_of": ["release", "operations"]},
//!             {"not": {"claim": "event", "equals": "pull_request"}}
//!         ],
//!         "examples": {
//!             "allow": [{"sub": "repo:acme/web:ref:refs/heads/main", "repo": {"owner_id": 4217},
//!                        "groups": ["release"], "event": "push"}],
//!             "deny": [{"sub": "repo:acme-evil/web:ref:refs/heads/main", "repo": {"owner_id": 4217},
//!                       "groups": ["release"], "event": "push"}]
//!         }
//!     },
//!     {
//!         "id": "no-debug-sessions",
//!         "effect": "deny",
//!         "issuer": "https://ci.example",
//!         "audiences": ["deploy"],
//!         "conditions": [{"claim": "ssh_rerun", "equals": true}]
//!     }
//! ]}"#)?;
//!
//! // A `Verified` token is judged in the same way: `policy.decide(&verified)`.
//! let issuer = IssuerIdentifier::parse("https://ci.example")?;
//! let claims = br#"{"aud": "deploy", "sub": "repo:acme/web:ref:refs/heads/Main",
//!     "repo": {"owner_id": 4217}, "groups": ["release"], "event": "push"}"#;
//! let claims = policy.vouched_claims(issuer, claims)?;
//! let decision = policy.decide(&claims);
//! assert!(!decision.is_allowed());
//! assert_eq!(decision.for_caller().to_string(), "refused: no policy admits this token");
//! let report = decision.for_operator();
//! assert_eq!(report.nearest.unwrap().hint, "`/sub`: differs only in case");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rules
//!
//! A rule speaks of one `issuer` and at least one of its `audiences` (or, with `"audiences":
//! "by_condition"`, has a condition on `aud` or `azp` that says which); it holds when all of its
//! `conditions` hold, and it has at least one. A rule of effect `deny` that holds refuses the token,
//! whatever else holds. If none does, one `allow` rule that holds admits it. Without a rule there is
//! no access. A deny rule about an absent claim does not hold: what must be there is said in the
//! allow rules.
//!
//! `examples` are claims sets that the whole policy must admit or refuse; `iss` and `aud` may be left
//! out, they are then the rule's. An example of the rule's own effect must be one on which the rule
//! holds. A policy whose examples fail does not load.
//!
//! `replay` says of an allow rule whether one token may be used again: `off` (if it is left out) that
//! it may, `observe` that [`Decision::admit`] reports it, `enforce` that it refuses it. The first
//! allow rule that holds decides, also about this.
//!
//! # Conditions
//!
//! A condition names a `claim` and one operator. A claim is the name of a top-level member, or with
//! a leading `/` a JSON Pointer (RFC 6901): `/https:~1~1sts.amazonaws.com~1/aws_account`.
//!
//! | operator | holds when the claim is |
//! |---|---|
//! | `equals` | this string byte for byte, this number exactly (`1.0` is 1), this boolean |
//! | `one_of` | equal to one of these |
//! | `pattern` | a string that the whole pattern matches ([`jsonptr::Pattern`]); with a `separator`, `*` stops at it and `**` does not |
//! | `prefix`, `suffix` | a string that begins or ends so |
//! | `less_than`, `at_most`, `at_least`, `more_than` | a number in this relation, compared exactly |
//! | `before`, `not_before` | a number of seconds since 1970 in this relation to a date (`2027-01-31T23:59:59Z`) |
//! | `equals_claim` | a scalar equal to that of another claim |
//! | `exists` | there, and not `null` |
//! | `absent` | not there |
//! | `claim_prefix` | (of no one claim) there is a top-level claim whose name begins so |
//!
//! With `"as": "text"`, `equals`, `one_of` and `pattern` take a number or a boolean as the text that the
//! token writes; with `"as": "text_in_any_case"`, the first two do not tell ASCII letters by case.
//!
//! Otherwise nothing is converted: `1`, `"1"` and `true`, `"true"` differ. Characters of a token are never
//! special: a claim `*` is a claim of one asterisk.
//!
//! An array matches only through `elements`: `any` of them, `all` of them, or `none`. A scalar then
//! counts as an array of one, and on an empty array no quantifier holds.
//!
//! Above them stand `{"all": […]}`, `{"any": […]}` and `{"not": …}`.
//!
//! # Parts of the subject
//!
//! In place of a `claim`, a condition may name a part of the `subject`: CI systems write several
//! facts into `sub`, and a pattern over all of it can be made to match by whoever chooses one of
//! them. `{"subject": "repository", "equals": "acme/web"}` reads `sub` as the provider writes it,
//! and compares one part, as it stands there: nothing is decoded.
//!
//! ```
//! use oidc_verifier::IssuerIdentifier;
//! use oidc_verifier::policy::Policy;
//!
//! let policy = Policy::from_json(br#"{"rules": [{
//!     "id": "web-main", "effect": "allow",
//!     "issuer": "https://token.actions.githubusercontent.com", "audiences": ["deploy"],
//!     "conditions": [
//!         {"subject": "repository", "equals": "acme/web"},
//!         {"subject": "repository_id", "equals": "90001"},
//!         {"subject": "ref", "equals": "refs/heads/main"}
//!     ],
//!     "examples": {
//!         "allow": [{"sub": "repo:acme@4217/web@90001:ref:refs/heads/main"}],
//!         "deny": [{"sub": "repo:acme/web:ref:refs/heads/main"},
//!                  {"sub": "repo:acme@4217/web@90001:environment:ref:refs/heads/main"}]
//!     }
//! }]}"#)?;
//!
//! let issuer = IssuerIdentifier::parse("https://token.actions.githubusercontent.com")?;
//! let claims = br#"{"aud": "deploy", "sub": "repo:acme@4217/web@90001:pull_request"}"#;
//! let claims = policy.vouched_claims(issuer, claims)?;
//! let report = policy.decide(&claims).for_operator();
//! assert_eq!(
//!     report.nearest.unwrap().hint,
//!     "part `ref` of `/sub`: subject \"repo:acme@4217/web@90001:pull_request\" has no such part",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Which parts there are, [`ProviderProfile::subject_parts`] says. The provider is known by the
//! rule's issuer; for an installation under a name of its own the rule says it, `"provider":
//! "gitlab"`. A part is a string. Of a subject that lacks the part, or is of no form that the
//! provider is known to use, nothing holds, and of the latter not even `absent`: such a token is let in
//! by no rule that asks for a part, and refused by no deny rule that does.
//!
//! [`ProviderProfile::subject_parts`]: oidc_core::provider::ProviderProfile::subject_parts
//!
//! # What is neither true nor false
//!
//! A condition on an absent claim, on `null`, or on a value of a kind that the operator does not
//! speak of *cannot hold* ([`Verdict`]), and neither can its negation: `not` never admits a token for
//! what it does not say. `{"not": …, "or_absent": true}` does, where absence is the only reason; an
//! array without elements is an absence too for a condition on its elements.
//! `all` cannot hold if one of its parts cannot; `any` holds if one of its parts does. An empty `all`
//! does not load; an empty `any` is false, and does not load below `not`.
//!
//! # Before a token comes
//!
//! [`Policy::lint`] finds what admits more than was meant, and what never matches
//! ([`lint`](mod@lint)); [`what_if`](mod@what_if) says whom a change would newly admit, of claims
//! that were recorded.
//!
//! # Cost
//!
//! Give [`Policy::pointers`] to [`VerifierBuilder::locate`](crate::VerifierBuilder::locate): all claims are then found while
//! a token is verified, in its one reading. Each test of a claim that was not found there, and is no
//! registered one, reads the claims set again. Rules about other issuers and audiences cost nothing.
//! One token costs at most [`Policy::MAX_STEPS`]; at the limit it is refused.

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
mod admission;
pub mod aws;
mod claims_view;
mod condition;
mod cost;
mod date;
mod decision;
mod document;
pub mod doppler;
mod error;
mod examples;
mod fields;
mod hint;
mod index;
pub mod lint;
mod load;
mod operator_view;
mod path;
mod place;
mod replay_mode;
mod subject;
mod translation;
pub mod what_if;

use jsonptr::{Pointer, PointerBuf};
use oidc_core::provider::Provider;
use oidc_core::{ClaimsScanner, IssuerIdentifier};
use serde::de::{Deserialize, Deserializer, Error as _};

use self::condition::{Budget, Condition, Exhausted};
use self::index::Index;
use self::path::Path;

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
pub use self::admission::{Admitted, NotAdmitted};
pub use self::{
    claims_view::{ClaimsView, VouchError, VouchedClaims},
    condition::Verdict,
    decision::{CallerView, Decision, Outcome},
    document::PolicyDocument,
    error::{ExampleFault, PolicyError, PolicyFault},
    operator_view::{ConditionView, Nearest, OperatorView, RuleName, RuleView},
    replay_mode::ReplayMode,
    translation::{Fidelity, TranslatedCondition, Translation},
};

/// Rules, compiled: see the [module](self).
///
/// Read from JSON by [`from_json`](Self::from_json), from another format through
/// [`PolicyDocument`] and [`compile`](Self::compile), or as a part of the caller's own document by
/// `Deserialize`.
#[derive(Clone, Debug)]
pub struct Policy {
    rules: Vec<Rule>,
    index: Index,
    pointers: Vec<PointerBuf>,
    scanner: ClaimsScanner,
}

/// One rule, compiled.
#[derive(Clone, Debug)]
struct Rule {
    id: Box<str>,
    effect: Effect,
    issuer: IssuerIdentifier,
    /// Whose tokens they are, if the rule or the issuer's text says it.
    provider: Option<Provider>,
    /// Empty in dialects that say the audience in a condition.
    audiences: Vec<Box<str>>,
    conditions: Box<[Condition]>,
    /// Of an allow rule; a deny rule has none to speak of.
    replay: ReplayMode,
    origin: Origin,
}

/// Where a rule and its conditions stand in their document.
#[derive(Clone, Debug)]
enum Origin {
    /// In the native language: `/rules/N`, and `conditions` below it as they are nested.
    Native,
    /// In no document: the dialect implies the rule. It is explained only where it holds.
    Implied,
    /// In a dialect, whose conditions stand side by side: one place for each.
    Dialect {
        rule: PointerBuf,
        conditions: Box<[PointerBuf]>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Allow,
    Deny,
}

impl Policy {
    /// Rules of one policy. Whoever needs more has a directory, and no policy.
    pub const MAX_RULES: usize = 1_000;

    /// Bytes of a rule's id: it stands in every explanation and log line.
    pub const MAX_ID_BYTES: usize = 256;

    /// Conditions of one rule, those inside `all`, `any` and `not` and these themselves included.
    pub const MAX_CONDITIONS: usize = 64;

    /// Conditions inside each other: a condition of a rule is at depth 1.
    pub const MAX_NESTING: usize = 8;

    /// Bytes of one pattern.
    pub const MAX_PATTERN_BYTES: usize = jsonptr::MAX_PATTERN_BYTES;

    /// Entries of one `one_of` or `audiences`.
    pub const MAX_OPTIONS: usize = 1_000;

    /// Examples in one list of a rule.
    pub const MAX_EXAMPLES: usize = 64;
    /// Steps that all examples of a policy may cost together, counted as those of a token: each one
    /// tries every rule of its issuer and audience, and loading shall take seconds at most.
    pub const MAX_EXAMPLE_STEPS: usize = 50_000_000;

    /// Different claims that all rules name together: those that one reading of a token locates.
    pub const MAX_CLAIMS: usize = ClaimsScanner::MAX_POINTERS;

    /// Steps that one token may cost: one for each comparison, and one for each 64 bytes it reads.
    /// It bounds a decision, and its explanation, to some tens of milliseconds.
    pub const MAX_STEPS: usize = 100_000;

    /// Reads a policy in the native language, strictly, with exact numbers.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] says which rule and which member is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyError> {
        Self::compile(&PolicyDocument::from_json(json)?)
    }

    /// Compiles a policy in the native language.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] says which rule and which member is wrong.
    pub fn compile(document: &PolicyDocument) -> Result<Self, PolicyError> {
        load::policy(document)
    }

    /// Every claim that a rule names, each once, and `/aud`: for
    /// [`VerifierBuilder::locate`](crate::VerifierBuilder::locate), so that a token is read once.
    ///
    /// A claim that is not located there is found all the same, at the cost of another reading, which
    /// counts among the [steps](Self::MAX_STEPS); the registered claims of RFC 7519 always are located.
    pub fn pointers(&self) -> impl ExactSizeIterator<Item = Pointer<'_>> {
        self.pointers.iter().map(PointerBuf::as_pointer)
    }

    /// How many rules it has.
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether it has no rule: it admits nobody. Only a dialect can say so.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The id of the rule with this index.
    pub fn rule_id(&self, index: usize) -> Option<&str> {
        self.rule(index).map(|rule| &*rule.id)
    }

    /// Whose tokens the rule with this index is about, if the rule or its issuer's text says it.
    pub fn rule_provider(&self, index: usize) -> Option<Provider> {
        self.rule(index).and_then(|rule| rule.provider)
    }

    /// Decides on a [`Verified`](crate::Verified) token, or on [`VouchedClaims`].
    ///
    /// ```
    /// use oidc_verifier::policy::Policy;
    /// use oidc_verifier::{IssuerIdentifier, JwkSet, NumericDate, Verifier};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let (jwks, token) = mint()?;
    /// let policy = Policy::from_json(br#"{"rules": [{
    ///     "id": "jobs", "effect": "allow", "issuer": "https://ci.example", "audiences": ["deploy"],
    ///     "conditions": [{"claim": "sub", "pattern": "job-*"}]
    /// }]}"#)?;
    ///
    /// let verifier = Verifier::builder()
    ///     .issuer(IssuerIdentifier::parse("https://ci.example")?)
    ///     .audience("deploy")
    ///     .keys(JwkSet::parse(&jwks)?)
    ///     .locate_all(policy.pointers())
    ///     .build()?;
    ///
    /// let now = NumericDate::from_seconds(1_790_000_060)?;
    /// let verified = verifier.verify(&token, now)?;
    /// let decision = policy.decide(&verified);
    /// assert!(decision.is_allowed());
    /// assert_eq!(decision.rule_id(), Some("jobs"));
    /// # Ok(())
    /// # }
    /// # fn mint() -> Result<(Vec<u8>, Vec<u8>), Box<dyn std::error::Error>> {
    /// #     use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
    /// #     let key = SigningKey::generate(oidc_verifier::Algorithm::Es256, &SystemRandom::new())?;
    /// #     let id = IssuerIdentifier::parse("https://ci.example")?;
    /// #     let issuer = Issuer::builder(id).key(key).build()?;
    /// #     let spec = TokenSpec::new("job-42", "deploy")?;
    /// #     let token = issuer.issue(&spec, NumericDate::from_seconds(1_790_000_000)?)?;
    /// #     Ok((issuer.jwk_set_document().bytes.clone(), token.as_str().as_bytes().to_vec()))
    /// # }
    /// ```
    pub fn decide<'a>(&'a self, claims: impl Into<ClaimsView<'a>>) -> Decision<'a> {
        Decision::make(self, claims.into())
    }

    /// Reads claims that someone else has verified: *the caller vouches for them*. `issuer` is whom
    /// they were verified for; an `iss` among them must say the same.
    ///
    /// # Errors
    ///
    /// The bytes are no claims set, `iss` or `aud` is malformed, or `iss` is another.
    ///
    /// # Security
    ///
    /// Bytes of a token that nobody verified are not claims of anyone. A
    /// [`Verified`](crate::Verified) token needs no vouching.
    pub fn vouched_claims<'a>(
        &'a self,
        issuer: IssuerIdentifier,
        json: &'a [u8],
    ) -> Result<VouchedClaims<'a>, VouchError> {
        VouchedClaims::read(&self.scanner, issuer, json)
    }

    fn assemble(rules: Vec<Rule>, at: &Path<'_>) -> Result<Self, PolicyError> {
        let mut pointers = vec![PointerBuf::from_tokens(["aud"])];
        let mut seen: std::collections::HashSet<PointerBuf> = pointers.iter().cloned().collect();
        for (index, rule) in rules.iter().enumerate() {
            for condition in &rule.conditions {
                condition.for_each_pointer(&mut |pointer| {
                    if seen.insert(pointer.to_owned()) {
                        pointers.push(pointer.to_owned());
                    }
                });
            }
            if pointers.len() > Self::MAX_CLAIMS {
                let max = Self::MAX_CLAIMS;
                let error = PolicyError::new(&at.index(index), PolicyFault::TooManyClaims { max });
                return Err(error.in_rule(index, Some(&rule.id)));
            }
        }
        let max = Self::MAX_CLAIMS;
        let scanner = ClaimsScanner::new(pointers.iter().map(PointerBuf::as_pointer))
            .map_err(|_| PolicyError::new(at, PolicyFault::TooManyClaims { max }))?;
        Ok(Self {
            index: Index::new(&rules),
            rules,
            pointers,
            scanner,
        })
    }

    fn rule(&self, index: usize) -> Option<&Rule> {
        self.rules.get(index)
    }

    fn replay(&self, rule: usize) -> ReplayMode {
        self.rule(rule)
            .map_or(ReplayMode::Enforce, |rule| rule.replay)
    }

    fn rules(&self) -> &[Rule] {
        &self.rules
    }

    const fn index(&self) -> &Index {
        &self.index
    }

    /// Whether the conditions of one rule hold, and it applies.
    fn rule_holds<'a>(
        &'a self,
        index: usize,
        claims: impl Into<ClaimsView<'a>>,
        budget: &mut Budget,
    ) -> Result<bool, Exhausted> {
        let claims = claims.into();
        let applicable = self.index.candidates(&claims);
        let applies = applicable.get().is_some_and(|candidates| {
            candidates.allow.contains(&index) || candidates.deny.contains(&index)
        });
        match self.rule(index).filter(|_| applies) {
            Some(rule) => rule.holds(&claims, budget),
            None => Ok(false),
        }
    }
}

impl Rule {
    fn holds(&self, claims: &ClaimsView<'_>, budget: &mut Budget) -> Result<bool, Exhausted> {
        budget.spend(1)?;
        for condition in &self.conditions {
            if !condition.judge(claims, budget)?.holds() {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl<'de> Deserialize<'de> for Policy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = PolicyDocument::deserialize(deserializer)?;
        Self::compile(&document).map_err(D::Error::custom)
    }
}
