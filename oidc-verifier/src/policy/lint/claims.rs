//! Tests of claims that the issuer does not have, or that are of other kinds there.

use jsonptr::{Pointer, PointerBuf};
use oidc_core::provider::{ClaimKind, Extent, KnownClaim, Provider, ProviderProfile};

use crate::policy::Rule;
use crate::policy::condition::{ClaimTest, Test};
use crate::policy::fields::alike;
use crate::policy::operator_view::shown;

use super::guard::grade_if_it_never_holds;
use super::terms::Term;
use super::values::Values;
use super::{FindingCode, Report};

pub(super) fn check(rule: &Rule, index: usize, terms: &[Term<'_>], report: &mut Report<'_>) {
    let profile = rule.provider.map(Provider::profile);
    for term in terms {
        let pointer = term.test.pointer.as_pointer();
        let known = profile.and_then(|profile| profile.claim(pointer));
        let mut add = |code, message: String| {
            let grade = grade_if_it_never_holds(rule, term);
            report.add(code, grade, index, term.at.clone(), message);
        };
        if let (Some(profile), None) = (profile, known)
            && !pointer.is_root()
        {
            add(
                FindingCode::ClaimNeverEmitted,
                never_emitted(profile, pointer),
            );
            continue;
        }
        if let (Some(profile), Test::EqualsClaim(other)) = (profile, &term.test.test)
            && profile.claim(other.as_pointer()).is_none()
        {
            let message = never_emitted(profile, other.as_pointer());
            add(FindingCode::ClaimNeverEmitted, message);
        }
        let kinds = match known {
            Some(known) => kinds_of(known),
            None => registered(pointer),
        };
        if let Some(kinds) = kinds
            && let Some(kind) = other_kind(term.test, kinds)
        {
            let name = shown(pointer.as_str());
            add(FindingCode::KindMismatch, format!("`{name}` is {kind}"));
        }
    }
}

fn never_emitted(profile: &ProviderProfile, pointer: Pointer<'_>) -> String {
    let (name, title) = (shown(pointer.as_str()), profile.title);
    let last = pointer
        .last()
        .map(jsonptr::Token::decoded)
        .unwrap_or_default();
    let near = profile
        .claims
        .iter()
        .find(|known| alike(&known.name(), &last));
    let near = near.map_or_else(String::new, |near| {
        let near: PointerBuf = near.pointer.to_owned();
        format!("; did you mean `{}`", shown(near.as_str()))
    });
    format!("no token of {title} has `{name}`{near}")
}

/// The kinds of a claim's values, if they are known: those below an open-ended claim are not.
fn kinds_of(known: &KnownClaim) -> Option<&'static [ClaimKind]> {
    (known.extent == Extent::One).then_some(known.kinds)
}

/// Registered claims (RFC 7519 section 4.1) have one kind in every token that is verified.
fn registered(pointer: Pointer<'_>) -> Option<&'static [ClaimKind]> {
    match pointer.as_str() {
        "/iss" | "/sub" | "/jti" => Some(&[ClaimKind::String]),
        "/aud" => Some(&[ClaimKind::String, ClaimKind::Strings]),
        "/exp" | "/iat" | "/nbf" => Some(&[ClaimKind::Number]),
        _ => None,
    }
}

/// What the claim is, if the test can hold on no value of its kinds.
fn other_kind(test: &ClaimTest, kinds: &[ClaimKind]) -> Option<&'static str> {
    if matches!(test.test, Test::Absent | Test::Exists) {
        return None;
    }
    // Doppler compares the text of numbers and booleans.
    let by_text = matches!(test.test, Test::JsonText(_));
    let (texts, numbers, bools) = Values::of(&test.test).kinds();
    let fits = |kind: &ClaimKind| match kind {
        ClaimKind::String => texts,
        ClaimKind::Strings => texts && test.elements.is_some(),
        ClaimKind::Number => numbers || by_text,
        ClaimKind::Bool => bools || by_text,
        ClaimKind::Null | ClaimKind::Object | ClaimKind::Objects | _ => false,
    };
    if kinds.iter().any(fits) {
        return None;
    }
    Some(match kinds.first()? {
        ClaimKind::Strings if texts => "an array: say `elements`",
        ClaimKind::String => "a string",
        ClaimKind::Number => "a number",
        ClaimKind::Bool => "a boolean",
        ClaimKind::Object => "an object",
        ClaimKind::Strings | ClaimKind::Objects => "an array",
        ClaimKind::Null | _ => "null",
    })
}
