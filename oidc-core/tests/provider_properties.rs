//! Laws of structured subjects.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

use oidc_core::IssuerIdentifier;
use oidc_core::provider::{Provider, circleci};
use proptest::prelude::*;
use proptest::sample::select;

/// What subjects are made of, and what they are not.
const PIECES: &[&str] = &[
    "repo:",
    "acme",
    "acme@1",
    "/",
    "web",
    "web@2",
    ":",
    "ref:",
    "refs/heads/main",
    "pull_request",
    "environment:",
    "prod%3Aeu",
    "workflow:",
    "repository_id:",
    "2",
    "org/",
    "project/",
    "user/",
    "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11",
    "/vcs-origin/",
    "github.com/acme/web",
    "/vcs-ref/",
    "file-streaming/audit-logs",
    "arn:aws:iam::111122223333:",
    "role/",
    "user",
    "root",
    "ci/",
    "project_path:",
    "acme/web",
    "ref_type:",
    "branch",
    "organization:",
    "pipeline:",
    "commit:",
    "step:",
    "project:",
    "workspace:",
    "run_phase:",
    "plan",
    "stack:",
    "deployment:",
    "operation:",
    "{8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11}",
    "system:serviceaccount:",
    "spiffe://",
    "acme.example",
    "112233445566778899001",
    "*",
    "?",
    " ",
    "\u{e9}",
    "",
];

/// What some provider writes.
const SUBJECTS: &[&str] = &[
    "repo:acme@1/web@2:ref:refs/heads/main",
    "repo:acme/web:environment:prod",
    "org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11/project/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11/user/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/main",
    "arn:aws:iam::111122223333:role/ci/deploy",
    "project_path:acme/web:ref_type:branch:ref:main",
    "organization:acme:pipeline:web:ref:refs/heads/main:commit:abc:step:build",
    "organization:acme:project:p:workspace:w:run_phase:plan",
    "{8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11}:{8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11}",
    "system:serviceaccount:prod:web",
    "spiffe://acme.example/ns/prod",
];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(select(PIECES), 0..12).prop_map(|pieces| pieces.concat())
}

/// A subject that some provider writes, with something replaced, added or left out.
fn mutated() -> impl Strategy<Value = String> {
    let piece = select(PIECES);
    (
        select(SUBJECTS).prop_map(str::to_owned),
        any::<prop::sample::Index>(),
        piece,
        0..3_usize,
    )
        .prop_map(|(subject, at, piece, cut)| {
            let at = at.index(subject.len() + 1);
            let end = (at + cut).min(subject.len());
            format!(
                "{}{piece}{}",
                subject.get(..at).unwrap(),
                subject.get(end..).unwrap()
            )
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_subject_prints_as_it_was_read(text in prop_oneof![text(), mutated(), ".{0,40}"]) {
        for &provider in Provider::ALL {
            let Ok(subject) = provider.subject(&text) else { continue };
            prop_assert_eq!(subject.to_string(), &*text);
            for part in provider.profile().subject_parts {
                let value = subject.part(part.name);
                prop_assert!(value.is_none_or(|value| !value.is_empty()), "{} {}", provider, text);
            }
        }
    }

    #[test]
    fn a_github_subject_gives_back_what_it_was_made_of(
        owner in "[A-Za-z0-9-]{1,12}",
        name in "[A-Za-z0-9._-]{1,12}",
        ids in prop::option::of((0..u32::MAX, 0..u32::MAX)),
        branch in "[a-z0-9/._-]{1,20}",
    ) {
        let repository = match ids {
            None => format!("{owner}/{name}"),
            Some((owner_id, id)) => format!("{owner}@{owner_id}/{name}@{id}"),
        };
        let text = format!("repo:{repository}:ref:refs/heads/{branch}");
        let subject = Provider::GitHubActions.subject(&text).unwrap();
        prop_assert_eq!(subject.part("repository").unwrap(), format!("{owner}/{name}"));
        prop_assert_eq!(subject.part("ref").unwrap(), format!("refs/heads/{branch}"));
        let own = subject.part("repository_id").map(String::from);
        prop_assert_eq!(own, ids.map(|(_, id)| id.to_string()));
    }

    /// Whatever the two say, they are told apart again or refused.
    #[test]
    fn a_circleci_subject_is_read_as_it_was_built(
        origin in "(github.com/acme/)?[a-z/-]{0,12}(/vcs-ref|/vcs-ref/refs)?",
        branch in "[a-z/-]{0,12}(/vcs-ref/refs/heads/main|/vcs-origin/x)?",
    ) {
        let id = "8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11";
        let git_ref = format!("refs/heads/{branch}");
        let job = circleci::Subject::job(id, id, id).unwrap();
        if let Ok(subject) = job.with_vcs(&origin, &git_ref) {
            let text = subject.to_string();
            prop_assert_eq!(circleci::Subject::parse(&text), Ok(subject));
            prop_assert_eq!(subject.vcs(), Some((&*origin, &*git_ref)));
        }
    }

    /// What stands behind the host, or before it, makes another issuer.
    #[test]
    fn an_issuer_with_anything_added_is_of_no_provider_or_the_same(
        issuer in select(vec![
            "https://token.actions.githubusercontent.com",
            "https://5d1c0b7e-6a0e-4d58-9c5f-2f5b7a10c9aa.tokens.sts.global.api.aws",
            "https://oidc.circleci.com",
            "https://gitlab.com",
            "https://agent.buildkite.com",
            "https://accounts.google.com",
            "https://app.terraform.io",
        ]),
        label in "[a-z0-9-]{1,8}",
    ) {
        for text in [
            format!("{issuer}.{label}"),
            format!("{issuer}.{label}/{label}"),
            format!("{issuer}{label}"),
            issuer.replacen("https://", &format!("https://{label}."), 1),
            issuer.replacen("https://", &format!("https://{label}"), 1),
            issuer.replacen("https://", &format!("https://{label}.example/"), 1),
        ] {
            if let Ok(issuer) = IssuerIdentifier::parse(&text) {
                prop_assert_eq!(Provider::of_issuer(&issuer), None, "{}", text);
            }
        }
    }
}
