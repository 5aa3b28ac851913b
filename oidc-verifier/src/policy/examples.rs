//! Examples in a policy: who must be admitted and who must not, checked at every load.

use oidc_core::IssuerIdentifier;

use super::condition::{Budget, Exhausted};
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
            exact(node, &path)?;
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

/// No number is one that its format has rounded: what is decided on would not be what was written.
fn exact(node: &Node, path: &Path<'_>) -> Result<(), PolicyError> {
    match node {
        Node::RoundedNumber => Err(PolicyError::new(path, PolicyFault::Number)),
        Node::List(nodes) => {
            let mut nodes = nodes.iter().enumerate();
            nodes.try_for_each(|(index, node)| exact(node, &path.index(index)))
        }
        Node::Map(members) => {
            let mut members = members.iter();
            members.try_for_each(|(name, node)| exact(node, &path.member(name)))
        }
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => Ok(()),
    }
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
    pub(super) fn run(&self, policy: &Policy, budget: &mut Budget) -> Result<(), PolicyError> {
        let judged = self.judge(policy, budget);
        let Some(fault) = judged.unwrap_or(Some(ExampleFault::TooManySteps)) else {
            return Ok(());
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

    /// What is wrong with it, if something is.
    fn judge(
        &self,
        policy: &Policy,
        budget: &mut Budget,
    ) -> Result<Option<ExampleFault>, Exhausted> {
        let vouched = policy.vouched_claims(self.issuer.clone(), self.json.as_bytes());
        let Ok(claims) = vouched else {
            return Ok(Some(ExampleFault::Invalid));
        };
        let decision = policy.decide(&claims);
        budget.spend(decision.steps())?;
        Ok(match (self.wanted, decision.outcome().admits()) {
            (Effect::Allow, false) => Some(ExampleFault::Refused),
            (Effect::Deny, true) => Some(ExampleFault::Admitted),
            (Effect::Allow, true) | (Effect::Deny, false) => {
                let decided = !self.of_own_rule || policy.rule_holds(self.rule, &claims, budget)?;
                (!decided).then_some(ExampleFault::OtherRule)
            }
        })
    }
}
