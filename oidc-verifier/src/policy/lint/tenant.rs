//! Whom a rule lets in that it may not be meant for, by what is known of the issuer's tokens.

use std::borrow::Cow;
use std::collections::HashMap;

use jsonptr::PointerBuf;
use oidc_core::provider::{IssuerScope, KnownClaim, Provider};

use crate::policy::condition::ClaimTest;
use crate::policy::{Effect, Rule};

use super::guard::{at_claim, is_guard};
use super::shape::Shape;
use super::terms::{Term, narrows, place, rule_demands};
use super::values::{Effort, Values};
use super::world::World;
use super::{FindingCode, Grade, Report};

/// The shapes that were needed so far.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    read: HashMap<&'static str, Option<Shape>>,
}

impl Shapes {
    fn get(&mut self, name: &'static str) -> Option<&Shape> {
        let read = self.read.entry(name);
        read.or_insert_with(|| Shape::named(name)).as_ref()
    }
}

/// An allow rule that has a guard.
pub(super) struct Guarded<'r> {
    /// All rules of its policy.
    pub(super) rules: &'r [Cow<'r, Rule>],
    pub(super) rule: &'r Rule,
    pub(super) index: usize,
    pub(super) terms: &'r [Term<'r>],
}

impl Guarded<'_> {
    pub(super) fn check(&self, shapes: &mut Shapes, report: &mut Report<'_>, effort: &mut Effort) {
        let provider = self.rule.provider;
        if let Some(provider) = provider
            && self.only_callers_choice(provider)
        {
            let message = "whoever asks for the token chooses the claims that this rule is about";
            self.add(
                FindingCode::CallerControlled,
                Grade::Dangerous,
                None,
                message,
                report,
            );
            return;
        }
        let name = provider.map_or_else(|| self.shape_of_subject(), |own| Some(own.name()));
        let Some(shape) = name.and_then(|name| shapes.get(name)) else {
            return;
        };
        if self.strangers(provider, shape, report, effort) {
            return;
        }
        if shape.colleague.may_pass(self.rule, effort) {
            let message = "other projects of the same organisation are admitted";
            let at = Some(&shape.colleague);
            self.add(
                FindingCode::WholeOrganisation,
                Grade::Caution,
                at,
                message,
                report,
            );
        }
        self.contexts(shape, report, effort);
        if let (Some(successor), Some(_)) = (&shape.successor, provider)
            && successor.may_pass(self.rule, effort)
        {
            let message = "the names in this rule can be given up, and taken by someone else";
            let at = Some(successor);
            self.add(
                FindingCode::NameWithoutId,
                Grade::Caution,
                at,
                message,
                report,
            );
        }
    }

    /// Whether nothing is demanded but what whoever asks for the token chooses.
    fn only_callers_choice(&self, provider: Provider) -> bool {
        let profile = provider.profile();
        !rule_demands(self.rule, &|test| {
            let known = profile.claim(test.pointer.as_pointer());
            is_guard(test) && !known.is_some_and(KnownClaim::is_caller_controlled)
        })
    }

    /// The shape of the subjects that the rule names.
    fn shape_of_subject(&self) -> Option<&'static str> {
        self.terms
            .iter()
            .filter(|term| term.is_plain() && is_whole_subject(term.test))
            .find_map(|term| {
                let values = Values::of(&term.test.test);
                let literals = values.literals().iter().copied();
                let patterns = values.patterns().map(jsonptr::Pattern::literal_prefix);
                literals.chain(patterns).find_map(Shape::of_subject)
            })
    }

    /// Says whether someone of another tenant may pass; whom else the rule lets in does not matter
    /// then.
    fn strangers(
        &self,
        provider: Option<Provider>,
        shape: &Shape,
        report: &mut Report<'_>,
        effort: &mut Effort,
    ) -> bool {
        let shared = Provider::issuer_scope(&self.rule.issuer) == IssuerScope::Shared;
        // In an installation of one's own several organisations share an issuer.
        let installation = matches!(
            provider,
            Some(Provider::GitHubActions | Provider::GitLab | Provider::Terraform)
        );
        if provider.is_some() && !shared && !installation
            || !shape.stranger.may_pass(self.rule, effort)
        {
            return false;
        }
        let names_tenant = |test: &ClaimTest| shape.stranger.speaks_of(test) && narrows(test);
        if rule_demands(self.rule, &names_tenant) {
            let inside = provider.is_some() && !shared;
            let grade = if inside {
                Grade::Caution
            } else {
                Grade::Dangerous
            };
            let message =
                "the wildcard stands before the name of the tenant has ended: others match";
            let at = Some(&shape.stranger);
            self.add(FindingCode::TenantCrossed, grade, at, message, report);
            true
        } else if shared {
            let message = "all customers share this issuer, and no condition names one of them";
            let code = FindingCode::TenantUnpinned;
            self.add(code, Grade::Dangerous, None, message, report);
            true
        } else {
            false
        }
    }

    /// In what circumstances a job of the right project may pass.
    fn contexts(&self, shape: &Shape, report: &mut Report<'_>, effort: &mut Effort) {
        let worlds = [shape.any_branch.as_ref(), shape.any_environment.as_ref()];
        if let Some(world) = worlds.into_iter().find_map(|own| self.admits(own, effort)) {
            let message = "any branch is admitted, or can be named so that it is";
            self.add(
                FindingCode::AnyRef,
                Grade::Caution,
                Some(world),
                message,
                report,
            );
        }
        if let Some(world) = self.admits(shape.pull_request.as_ref(), effort) {
            let message = "pull requests are admitted: code that nobody has reviewed";
            let code = FindingCode::PullRequestAdmitted;
            self.add(code, Grade::Caution, Some(world), message, report);
        }
        if let Some(world) = self.admits(shape.fork.as_ref(), effort) {
            let message = "builds of forks are admitted, where the project gives them tokens";
            let code = FindingCode::ForkAdmitted;
            self.add(code, Grade::Caution, Some(world), message, report);
        }
        if let Some(world) = self.admits(shape.debugged.as_ref(), effort) {
            let message = "jobs that were started again with SSH are admitted: someone steers them";
            let code = FindingCode::DebuggedAdmitted;
            self.add(code, Grade::Caution, Some(world), message, report);
        }
        let named = self.terms.iter().find(|term| {
            let target = |text: &&str| *text == "pull_request_target";
            term.is_plain()
                && term.test.pointer.as_str() == "/event_name"
                && Values::of(&term.test.test).literals().iter().any(target)
        });
        if let Some(term) = named {
            let message = "`pull_request_target` runs for pull requests of strangers";
            let (code, at) = (FindingCode::PullRequestAdmitted, term.at.clone());
            report.add(code, Grade::Dangerous, self.index, at, message);
        }
    }

    /// The world, if the rule may let its tokens in and no deny rule certainly keeps them out.
    fn admits<'w>(&self, world: Option<&'w World>, effort: &mut Effort) -> Option<&'w World> {
        let world = world?;
        let admitted =
            world.may_pass(self.rule, effort) && !self.is_denied(|rule| world.passes(rule, effort));
        admitted.then_some(world)
    }

    /// Whether a deny rule that applies wherever this rule does certainly holds.
    fn is_denied(&self, mut holds: impl FnMut(&Rule) -> bool) -> bool {
        let applies = |deny: &Rule| {
            let mut audiences = self.rule.audiences.iter();
            deny.effect == Effect::Deny
                && deny.issuer == self.rule.issuer
                && (deny.audiences.is_empty()
                    || !self.rule.audiences.is_empty()
                        && audiences.all(|own| deny.audiences.contains(own)))
        };
        let mut rules = self.rules.iter();
        rules.any(|deny| applies(deny) && holds(deny))
    }

    fn add(
        &self,
        code: FindingCode,
        grade: Grade,
        world: Option<&World>,
        message: &str,
        report: &mut Report<'_>,
    ) {
        report.add(code, grade, self.index, self.place_for(world), message);
    }

    /// The condition that comes nearest to what a finding is about: on the subject, or on another
    /// claim that the world speaks of; otherwise the rule.
    fn place_for(&self, world: Option<&World>) -> PointerBuf {
        let Some(world) = world else {
            return place(self.rule, self.index);
        };
        let about = |term: &&Term<'_>| term.is_plain() && world.speaks_of(term.test);
        let mut terms = self.terms.iter();
        let subject = terms.find(|term| term.is_plain() && is_whole_subject(term.test));
        match subject.or_else(|| self.terms.iter().find(about)) {
            Some(term) => term.at.clone(),
            None => at_claim(self.rule, self.index, self.terms, "/sub"),
        }
    }
}

fn is_whole_subject(test: &ClaimTest) -> bool {
    test.part.is_none() && test.pointer.as_str() == "/sub"
}
