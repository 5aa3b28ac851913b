//! The identity documents of Doppler's service accounts, as policies.
//!
//! An identity names a provider and, for each claim, a list of options:
//!
//! ```
//! use oidc_verifier::IssuerIdentifier;
//! use oidc_verifier::policy::doppler::Identity;
//!
//! let identity = Identity::from_json(br#"{
//!     "name": "ec2-prod", "ttl_seconds": 600, "method": "oidc",
//!     "config": {
//!         "discovery_url": "https://ci.example",
//!         "claims_type": "exact",
//!         "claims": {
//!             "aud": ["doppler"],
//!             "sub": ["arn:aws:iam::111122223333:role/ci/ec2-doppler-oidc"],
//!             "/https:~1~1sts.amazonaws.com~1/source_region": ["eu-north-1", "eu-west-1"]
//!         }
//!     }
//! }"#)?;
//! let claims = br#"{"aud": "doppler", "sub": "arn:aws:iam::111122223333:role/ci/ec2-doppler-oidc",
//!     "https://sts.amazonaws.com/": {"source_region": "eu-west-1"}}"#;
//! let issuer = IssuerIdentifier::parse("https://ci.example")?;
//! let claims = identity.policy().vouched_claims(issuer, claims)?;
//! assert!(identity.policy().decide(&claims).is_allowed());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How claims are compared
//!
//! | question | answer |
//! |---|---|
//! | several claims | all must match |
//! | several options of a claim | one must match |
//! | `claims_type` | `exact` (if it is left out) or `wildcard`, for all claims of the identity |
//! | a name | a top-level claim; with a leading `/`, a JSON Pointer (RFC 6901) |
//! | `wildcard` | `*` stands for any characters, also none and also `/` and `:`; all other characters for themselves, also `?` and `\` |
//! | `exact` | all characters for themselves, also `*` |
//! | a string | its characters, byte for byte |
//! | a number, a boolean | its JSON text as the token writes it: `42` and `true` match `"42"` and `"true"`, `42.0` does not |
//! | an array | one element must match, by the rules above |
//! | an object, `null`, an array in an array, an absent claim | never |
//! | `aud`, `sub` | must be configured |
//! | `discovery_url` | is the issuer, byte for byte |
//!
//! Doppler does not document how numbers and booleans compare, nor whether `?` is a wildcard; the
//! answers here are the narrow ones that its documents allow.

use std::time::Duration;

use jsonptr::{Pattern, PointerBuf};
use oidc_core::IssuerIdentifier;
use oidc_core::provider::Provider;

use super::condition::{ClaimTest, Condition, Elements, Test, TextOption};
use super::document::{Node, PolicyDocument};
use super::error::{PolicyError, PolicyFault};
use super::fields::{self, Fields};
use super::path::Path;
use super::place::Place;
use super::replay_mode::ReplayMode;
use super::translation::{Fidelity, Formula, Leaf, NativeRule, Translation, Translator, text};
use super::{Effect, Origin, Policy, Rule, load};

/// A service-account identity: which tokens it admits, and for how long.
#[derive(Clone, Debug)]
pub struct Identity {
    name: Box<str>,
    ttl: Duration,
    issuer: IssuerIdentifier,
    policy: Policy,
}

impl Identity {
    /// Reads an identity document, strictly.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] says which member is wrong.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyError> {
        Self::compile(&PolicyDocument::from_json(json)?)
    }

    /// Compiles an identity document of any format.
    ///
    /// # Errors
    ///
    /// [`PolicyError`] says which member is wrong.
    pub fn compile(document: &PolicyDocument) -> Result<Self, PolicyError> {
        identity(document)
    }

    /// Its name, which is also the id of its one rule.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How long the access lasts that it gives, in whole seconds.
    pub const fn ttl(&self) -> Duration {
        self.ttl
    }

    /// The issuer whose tokens it admits.
    pub const fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// The audiences that it names, for the verifier that its tokens come to first
    /// ([`VerifierBuilder::audience`](crate::VerifierBuilder::audience)). `None` if one of them is a
    /// pattern: a verifier knows the names of its service, and takes no token for another.
    ///
    /// ```
    /// use oidc_verifier::policy::doppler::Identity;
    ///
    /// let identity = Identity::from_json(br#"{"name": "ci", "ttl_seconds": 600, "method": "oidc",
    ///     "config": {"discovery_url": "https://ci.example", "claims": {
    ///         "aud": ["https://api.secrets.example", "secrets"], "sub": ["job-42"]}}}"#)?;
    /// assert_eq!(identity.audiences(), Some(vec!["https://api.secrets.example", "secrets"]));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn audiences(&self) -> Option<Vec<&str>> {
        let mut audiences = Vec::new();
        for condition in self.policy.rules().iter().flat_map(|rule| &rule.conditions) {
            let Condition::Claim(claim) = condition else {
                continue;
            };
            let Test::JsonText(options) = &claim.test else {
                continue;
            };
            if claim.pointer.as_str() != "/aud" {
                continue;
            }
            for option in options {
                audiences.push(match option {
                    TextOption::Exact(text) => &**text,
                    TextOption::Wildcard(own) if own.is_literal() => own.literal_prefix(),
                    TextOption::AnyCase(_) | TextOption::Wildcard(_) => return None,
                });
            }
        }
        Some(audiences)
    }

    /// The identity in the native language: the same tokens are admitted.
    pub fn translate(&self) -> Translation {
        let mut translator = Translator::default();
        for rule in self.policy.rules() {
            let Origin::Dialect {
                rule: at,
                conditions,
            } = &rule.origin
            else {
                continue;
            };
            let formulas = rule
                .conditions
                .iter()
                .zip(conditions)
                .map(|(condition, at)| {
                    translator.report(at, Fidelity::Exact, "");
                    formula(condition)
                });
            let formulas = formulas.collect();
            translator.add(NativeRule {
                id: &rule.id,
                effect: rule.effect,
                issuer: rule.issuer.as_str(),
                at,
                conditions: formulas,
            });
        }
        translator.finish(self.issuer.as_str())
    }

    /// The identity as a policy of one rule.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }
}

fn identity(document: &PolicyDocument) -> Result<Identity, PolicyError> {
    let root = Path::Root;
    let known = &["name", "ttl_seconds", "method", "config"];
    let fields = Fields::read(&document.root, &root, known)?;
    let name = fields::non_empty(fields.require("name")?, &root.member("name"))?;
    let ttl = ttl(fields.require("ttl_seconds")?, &root.member("ttl_seconds"))?;
    let at = root.member("method");
    if fields::text(fields.require("method")?, &at)? != "oidc" {
        return Err(fields::unknown_word(&at, "`oidc`"));
    }

    let config_at = root.member("config");
    let known = &["discovery_url", "claims_type", "claims"];
    let config = Fields::read(fields.require("config")?, &config_at, known)?;
    let at = config_at.member("discovery_url");
    let issuer = load::issuer(config.require("discovery_url")?, &at)?;
    let at = config_at.member("claims_type");
    let wildcard = match config.get("claims_type") {
        None => false,
        Some(node) => match fields::text(node, &at)? {
            "exact" => false,
            "wildcard" => true,
            _ => return Err(fields::unknown_word(&at, "`exact`, `wildcard`")),
        },
    };
    let at = config_at.member("claims");
    let (conditions, places) = conditions(config.require("claims")?, &at, wildcard)?;
    let rule = Rule {
        id: name.into(),
        effect: Effect::Allow,
        issuer: issuer.clone(),
        provider: Provider::of_issuer(&issuer),
        audiences: Vec::new(),
        conditions,
        origin: Origin::Dialect {
            rule: at.to_pointer(),
            conditions: places,
        },
        replay: ReplayMode::Off,
    };
    Ok(Identity {
        name: name.into(),
        ttl,
        issuer,
        policy: Policy::assemble(vec![rule], &at)?,
    })
}

/// The native form of a claim with its options.
fn formula(condition: &Condition) -> Formula {
    let Condition::Claim(test) = condition else {
        return Formula::False;
    };
    let Test::JsonText(options) = &test.test else {
        return Formula::False;
    };
    let leaf = Leaf::of(&test.pointer).elements("any");
    let as_text = || ("as", text("text"));
    let mut exact = Vec::new();
    let mut ways = Vec::new();
    for option in options {
        match option {
            TextOption::Exact(own) | TextOption::AnyCase(own) => exact.push(text(own)),
            TextOption::Wildcard(own) if own.is_literal() => exact.push(text(own.literal_prefix())),
            TextOption::Wildcard(own) => {
                ways.push(leaf.with([("pattern", text(own.as_str())), as_text()]));
            }
        }
    }
    match exact.len() {
        0 => {}
        1 => ways.extend(
            exact
                .pop()
                .map(|only| leaf.with([("equals", only), as_text()])),
        ),
        _ => ways.push(leaf.with([("one_of", Node::List(exact)), as_text()])),
    }
    Formula::any(ways)
}

fn ttl(node: &Node, path: &Path<'_>) -> Result<Duration, PolicyError> {
    let Node::Number(number) = node else {
        return Err(fields::wrong_kind(node, path, "a number"));
    };
    match number.as_number().to_u64() {
        Some(seconds) if seconds > 0 => Ok(Duration::from_secs(seconds)),
        _ => Err(fields::unknown_word(path, "the whole numbers from 1")),
    }
}

/// Conditions, and where each stands.
type Placed = (Box<[Condition]>, Box<[PointerBuf]>);

fn conditions(node: &Node, path: &Path<'_>, wildcard: bool) -> Result<Placed, PolicyError> {
    let claims = fields::map(node, path)?;
    for member in ["aud", "sub"] {
        if !claims.iter().any(|(name, _)| name == member) {
            let fault = PolicyFault::MissingMember { member };
            return Err(PolicyError::new(path, fault));
        }
    }
    if claims.len() > Policy::MAX_CONDITIONS {
        let max = Policy::MAX_CONDITIONS;
        return Err(PolicyError::new(path, PolicyFault::TooMany { max }));
    }
    let mut conditions: Vec<Condition> = Vec::new();
    let mut places = Vec::new();
    for (name, node) in claims {
        let path = path.member(name);
        if name.is_empty() {
            return Err(PolicyError::new(&path, PolicyFault::Empty));
        }
        let test = Test::JsonText(options(node, &path, wildcard)?);
        conditions.push(Condition::Claim(ClaimTest {
            place: Place::default(),
            pointer: load::claim(name, &path)?,
            part: None,
            elements: Some(Elements::Any),
            operator: if wildcard { "wildcard" } else { "exact" },
            expected: node.to_json().into(),
            cost: test.cost(),
            test,
        }));
        places.push(path.to_pointer());
    }
    Ok((conditions.into(), places.into()))
}

fn options(node: &Node, path: &Path<'_>, wildcard: bool) -> Result<Box<[TextOption]>, PolicyError> {
    let mut options = Vec::new();
    let list = fields::list(node, path, Policy::MAX_OPTIONS)?;
    for (index, node) in list.iter().enumerate() {
        let path = path.index(index);
        let text = fields::non_empty(node, &path)?;
        options.push(if wildcard {
            // Only `*` is a wildcard: the two other special characters stand for themselves.
            let pattern = text.replace('\\', r"\\").replace('?', r"\?");
            let pattern = Pattern::parse(&pattern)
                .map_err(|error| PolicyError::new(&path, PolicyFault::Pattern(error)))?;
            TextOption::Wildcard(pattern)
        } else {
            TextOption::Exact(text.into())
        });
    }
    Ok(options.into())
}
