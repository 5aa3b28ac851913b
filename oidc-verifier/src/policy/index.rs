//! The rules of a policy by issuer and audience.

use std::collections::{BTreeMap, HashMap};

use super::claims_view::ClaimsView;
use super::{Effect, Rule};

/// Which rules may apply to a token. A rule that is not found here costs it nothing.
///
/// Most policies have an issuer or two, whose long name one comparison finds sooner than a hash;
/// audiences are short and can be many.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    issuers: BTreeMap<Box<str>, OfIssuer>,
}

#[derive(Clone, Debug, Default)]
struct OfIssuer {
    by_audience: HashMap<Box<str>, Candidates>,
    /// Rules of dialects that say the audience in a condition.
    any_audience: Candidates,
}

/// Indices of rules, in the order of the document.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidates {
    pub(super) deny: Vec<usize>,
    pub(super) allow: Vec<usize>,
}

impl Index {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut index = Self::default();
        for (number, rule) in rules.iter().enumerate() {
            let issuer = index.issuers.entry(rule.issuer.as_str().into());
            let of_issuer = issuer.or_default();
            if rule.audiences.is_empty() {
                of_issuer.any_audience.add(number, rule.effect);
            }
            for audience in &rule.audiences {
                let candidates = of_issuer.by_audience.entry(audience.clone());
                candidates.or_default().add(number, rule.effect);
            }
        }
        index
    }

    /// Whether any rule is about the issuer.
    pub(super) fn knows_issuer(&self, issuer: &str) -> bool {
        self.issuers.contains_key(issuer)
    }

    /// The rules for a token, each once. Nothing is copied for the usual token, which has one
    /// audience.
    pub(super) fn candidates<'i>(&'i self, claims: &ClaimsView<'_>) -> Applicable<'i> {
        let Some(of_issuer) = self.issuers.get(claims.issuer()) else {
            return Applicable::None;
        };
        let found = if of_issuer.any_audience.is_empty() {
            Applicable::None
        } else {
            Applicable::One(&of_issuer.any_audience)
        };
        if of_issuer.by_audience.is_empty() {
            return found;
        }
        of_issuer.add_by_audience(found, claims)
    }
}

impl OfIssuer {
    #[inline(never)]
    fn add_by_audience<'i>(
        &'i self,
        mut found: Applicable<'i>,
        claims: &ClaimsView<'_>,
    ) -> Applicable<'i> {
        for audience in claims.audiences() {
            if let Some(candidates) = self.by_audience.get(&*audience.to_cow()) {
                found = found.with(candidates);
            }
        }
        found
    }
}

impl Candidates {
    fn add(&mut self, rule: usize, effect: Effect) {
        let list = match effect {
            Effect::Allow => &mut self.allow,
            Effect::Deny => &mut self.deny,
        };
        // A rule that names one audience twice is still one rule.
        if list.last() != Some(&rule) {
            list.push(rule);
        }
    }

    const fn is_empty(&self) -> bool {
        self.deny.is_empty() && self.allow.is_empty()
    }
}

pub(super) enum Applicable<'i> {
    None,
    One(&'i Candidates),
    Several(Box<Candidates>),
}

impl<'i> Applicable<'i> {
    pub(super) fn get(&self) -> Option<&Candidates> {
        match self {
            Self::None => None,
            Self::One(candidates) => Some(candidates),
            Self::Several(candidates) => Some(candidates),
        }
    }

    fn with(self, more: &'i Candidates) -> Self {
        let mut several = match self {
            Self::None => return Self::One(more),
            Self::One(one) if std::ptr::eq(one, more) => return Self::One(one),
            Self::One(one) => Box::new(one.clone()),
            Self::Several(several) => several,
        };
        merge(&mut several.deny, &more.deny);
        merge(&mut several.allow, &more.allow);
        Self::Several(several)
    }
}

fn merge(rules: &mut Vec<usize>, more: &[usize]) {
    rules.extend_from_slice(more);
    rules.sort_unstable();
    rules.dedup();
}
