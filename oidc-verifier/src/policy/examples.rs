//! Examples in a policy: who must be admitted and who must not, checked at every load.

use oidc_core::IssuerIdentifier;

use super::document::Node;
use super::error::{ExampleFault, PolicyError, PolicyFault};
use super::fields::{self, Fields};
use super::path::Path;
use super::{Effect, Policy, Rule};

/// One claims set of a rule, and what must come of it.
pub(super) struct Example {
    rule: usize,
    id: Box<str>,
    /// The rule's own effect is what the example is about.
    of_own_rule: bool,
    wanted: Effect,
    issuer: IssuerIdentifier,
    json: String,
    /// Where it stands, for the error.
    at: (usize, &'static str, usize),
}

/// Adds the examples of a rule to `found`.
pub(super) fn collect(
    node: &Node,
    path: &Path<'_>,
    index: usize,
    rule: &Rule,
    found: &mut Vec<Example>,
) -> Result<(), PolicyError> {
    let Node::Map(members) = node else {
        return Ok(());
    };
    let Some((_, node)) = members.iter().find(|(name, _)| name == "examples") else {
        return Ok(());
    };
    let path = path.member("examples");
    let fields = Fields::read(node, &path, &["allow", "deny"])?;
    for (name, wanted) in [("allow", Effect::Allow), ("deny", Effect::Deny)] {
        let Some(node) = fields.get(name) else {
            continue;
        };
        let path = path.member(name);
        let list = fields::list(node, &path, Policy::MAX_EXAMPLES)?;
        for (place, node) in list.iter().enumerate() {
            let path = path.index(place);
            let claims = fields::map(node, &path)?;
            found.push(Example {
                rule: index,
                id: rule.id.clone(),
                of_own_rule: wanted == rule.effect,
                wanted,
                issuer: issuer_of(claims, rule, &path)?,
                json: complete(claims, rule),
                at: (index, name, place),
            });
        }
    }
    Ok(())
}

/// The example's own issuer, or the rule's.
fn issuer_of(
    claims: &[(String, Node)],
    rule: &Rule,
    path: &Path<'_>,
) -> Result<IssuerIdentifier, PolicyError> {
    match claims.iter().find(|(name, _)| name == "iss") {
        Some((_, iss)) => super::load::issuer(iss, &path.member("iss")),
        None => Ok(rule.issuer.clone()),
    }
}

/// The claims with the rule's issuer and first audience, where they say none.
fn complete(claims: &[(String, Node)], rule: &Rule) -> String {
    let mut claims = claims.to_vec();
    let own = [
        ("iss", Some(rule.issuer.as_str())),
        ("aud", rule.audiences.first().map(|aud| &**aud)),
    ];
    for (name, value) in own {
        if let Some(value) = value
            && !claims.iter().any(|(own, _)| own == name)
        {
            claims.push((name.to_owned(), Node::Text(value.to_owned())));
        }
    }
    Node::Map(claims).to_json()
}

impl Example {
    /// # Errors
    ///
    /// The policy decides it otherwise than it says.
    pub(super) fn run(&self, policy: &Policy) -> Result<(), PolicyError> {
        let fault = match policy.vouched_claims(self.issuer.clone(), self.json.as_bytes()) {
            Err(_) => ExampleFault::Invalid,
            Ok(claims) => {
                let decision = policy.decide(&claims);
                let own_rule_holds = || policy.rule_holds(self.rule, &claims);
                match (self.wanted, decision.outcome().admits()) {
                    (Effect::Allow, false) => ExampleFault::Refused,
                    (Effect::Deny, true) => ExampleFault::Admitted,
                    (Effect::Allow, true) | (Effect::Deny, false)
                        if self.of_own_rule && !own_rule_holds() =>
                    {
                        ExampleFault::OtherRule
                    }
                    (Effect::Allow, true) | (Effect::Deny, false) => return Ok(()),
                }
            }
        };
        let (rule, list, place) = self.at;
        let root = Path::Root;
        let rules = root.member("rules");
        let rule_at = rules.index(rule);
        let examples = rule_at.member("examples");
        let list = examples.member(list);
        let error = PolicyError::new(&list.index(place), PolicyFault::Example(fault));
        Err(error.in_rule(self.rule, Some(&self.id)))
    }
}
