//! A policy of a dialect, said in the native language.

mod formula;

use std::fmt;

use jsonptr::{Pointer, PointerBuf};
use serde::{Serialize, Serializer};

use super::document::Node;
use super::{Effect, Policy, PolicyError};

pub(super) use self::formula::{Formula, Leaf, boolean, text};

/// A policy of a dialect in the native language, and how true it is to each condition.
///
/// ```
/// use oidc_verifier::policy::{Fidelity, Policy};
/// use oidc_verifier::policy::doppler::Identity;
///
/// let identity = Identity::from_json(br#"{
///     "name": "ci", "ttl_seconds": 600, "method": "oidc",
///     "config": {"discovery_url": "https://ci.example", "claims": {"aud": ["d"], "sub": ["job-42"]}}
/// }"#)?;
/// let translation = identity.translate();
/// assert_eq!(translation.fidelity(), Fidelity::Exact);
/// let policy = Policy::from_json(translation.document().as_bytes())?;
/// assert_eq!(policy.rule_id(0), Some("ci"));
/// # Ok::<(), oidc_verifier::policy::PolicyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Translation {
    document: String,
    conditions: Vec<TranslatedCondition>,
}

/// What became of one condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TranslatedCondition {
    /// Where it stands in the dialect's document.
    pub at: PointerBuf,
    /// How true the translation is.
    pub verdict: Fidelity,
    /// Where it is not exact, what differs.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub note: &'static str,
}

/// How true a translation is to what it translates, by the tokens that are admitted in the end: a deny
/// rule that refuses more is narrower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a set is equal to another, within it, or around it"
)]
pub enum Fidelity {
    /// The same tokens are admitted.
    Exact,
    /// Some tokens are refused that were admitted.
    Narrowed,
    /// Some tokens are admitted that were refused. No dialect is translated so today.
    Widened,
}

impl Fidelity {
    /// A stable word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Narrowed => "narrowed",
            Self::Widened => "widened",
        }
    }
}

impl fmt::Display for Fidelity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Fidelity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Translation {
    /// The native document, laid out to be read: [`Policy::from_json`] loads it.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// The policy that the document is.
    ///
    /// # Errors
    ///
    /// None for a policy whose pointers are no more than a native one may have.
    pub fn policy(&self) -> Result<Policy, PolicyError> {
        Policy::from_json(self.document.as_bytes())
    }

    /// What became of each condition, in the order of the dialect's document.
    pub fn conditions(&self) -> &[TranslatedCondition] {
        &self.conditions
    }

    /// How true the whole is: as its least true condition.
    pub fn fidelity(&self) -> Fidelity {
        let verdicts = self.conditions.iter().map(|own| own.verdict);
        verdicts.max().unwrap_or(Fidelity::Exact)
    }
}

/// Collects the native rules of a dialect's policy.
#[derive(Debug, Default)]
pub(super) struct Translator {
    rules: Vec<Node>,
    ids: Vec<String>,
    conditions: Vec<TranslatedCondition>,
}

/// A rule to be written.
pub(super) struct NativeRule<'r> {
    pub(super) id: &'r str,
    pub(super) effect: Effect,
    pub(super) issuer: &'r str,
    /// Where the rule stands in the dialect's document.
    pub(super) at: &'r PointerBuf,
    /// All of them hold.
    pub(super) conditions: Vec<Formula>,
}

/// Bytes of an id, of those that a rule may have, that leave room for a number.
const MAX_ID_BYTES: usize = 240;

impl Translator {
    /// Reports what became of a condition; of one that became several things, the least true.
    pub(super) fn report(&mut self, at: &PointerBuf, verdict: Fidelity, note: &'static str) {
        match self.conditions.iter_mut().find(|own| own.at == *at) {
            Some(own) if own.verdict < verdict => {
                own.verdict = verdict;
                own.note = note;
            }
            Some(_) => {}
            None => self.conditions.push(TranslatedCondition {
                at: at.clone(),
                verdict,
                note,
            }),
        }
    }

    pub(super) fn add(&mut self, rule: NativeRule<'_>) {
        let mut conditions = Formula::all(rule.conditions).into_parts();
        let count = |parts: &[Formula]| parts.iter().map(Formula::conditions).sum::<usize>();
        let depth = |parts: &[Formula]| parts.iter().map(Formula::depth).max();
        let audience = Leaf::of(&PointerBuf::from_tokens(["aud"])).test("exists", boolean(true));
        let fits = |parts: &[Formula]| {
            count(parts) < Policy::MAX_CONDITIONS
                && depth(parts).is_none_or(|depth| depth <= Policy::MAX_NESTING)
        };
        if !fits(&conditions) {
            // An allow rule that admits nobody, or a deny rule that refuses everybody.
            let note = "more conditions, or deeper ones, than a native rule may have";
            self.report(rule.at, Fidelity::Narrowed, note);
            conditions = match rule.effect {
                Effect::Allow => vec![Formula::False],
                Effect::Deny => Vec::new(),
            };
        }
        if !conditions.iter().any(Formula::speaks_of_audience) {
            // Of every verified token this holds.
            conditions.insert(0, audience);
        }
        let text = |word: &str| Node::Text(word.to_owned());
        let effect = match rule.effect {
            Effect::Allow => "allow",
            Effect::Deny => "deny",
        };
        let id = self.unused_id(rule.id);
        let members = [
            ("id", text(&id)),
            ("effect", text(effect)),
            ("issuer", text(rule.issuer)),
            ("audiences", text("by_condition")),
            (
                "conditions",
                Node::List(conditions.into_iter().map(Formula::into_node).collect()),
            ),
        ];
        self.ids.push(id);
        self.rules.push(formula::map(members));
    }

    /// Rules of one native policy have ids of their own.
    fn unused_id(&self, wanted: &str) -> String {
        let mut end = wanted.len().min(MAX_ID_BYTES);
        while !wanted.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let short = wanted.get(..end).unwrap_or_default();
        let mut id = short.to_owned();
        let mut number = 1_usize;
        while self.ids.contains(&id) {
            number = number.saturating_add(1);
            id = format!("{short} ({number})");
        }
        id
    }

    /// The translation; `issuer` is that of a policy which admits nobody.
    pub(super) fn finish(mut self, issuer: &str) -> Translation {
        if self.rules.is_empty() {
            self.add(NativeRule {
                id: "nobody",
                effect: Effect::Allow,
                issuer,
                at: &PointerBuf::root(),
                conditions: vec![Formula::False],
            });
        }
        let document = formula::map([("rules", Node::List(self.rules))]);
        Translation {
            document: document.to_json_lines(),
            conditions: self.conditions,
        }
    }
}

/// A claim as the native language names it.
pub(super) fn claim_name(pointer: Pointer<'_>) -> String {
    let mut tokens = pointer.tokens();
    match (tokens.next(), tokens.next()) {
        (Some(only), None) => {
            let name = only.decoded();
            if name.is_empty() || name.starts_with('/') {
                pointer.as_str().to_owned()
            } else {
                name.into_owned()
            }
        }
        _ => pointer.as_str().to_owned(),
    }
}
