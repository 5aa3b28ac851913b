//! The how-tos `docs/trust-*.md`: their policies load, with their examples, and their warnings are
//! what the lint says.
#![expect(clippy::panic, reason = "these helpers run in tests only")]

use std::collections::BTreeSet;

use oidc_core::Algorithm;
use oidc_core::provider::Provider;
use oidc_verifier::policy::Policy;
use oidc_verifier::policy::lint::{FindingCode, Grade};
use serde_json::Value;

const HOW_TOS: &[(Provider, &str)] = &[
    (
        Provider::AwsOutbound,
        include_str!("../../docs/trust-aws.md"),
    ),
    (
        Provider::Bitbucket,
        include_str!("../../docs/trust-bitbucket.md"),
    ),
    (
        Provider::Buildkite,
        include_str!("../../docs/trust-buildkite.md"),
    ),
    (
        Provider::CircleCi,
        include_str!("../../docs/trust-circleci.md"),
    ),
    (Provider::Entra, include_str!("../../docs/trust-entra.md")),
    (
        Provider::GitHubActions,
        include_str!("../../docs/trust-github.md"),
    ),
    (Provider::GitLab, include_str!("../../docs/trust-gitlab.md")),
    (Provider::Google, include_str!("../../docs/trust-google.md")),
    (
        Provider::Kubernetes,
        include_str!("../../docs/trust-kubernetes.md"),
    ),
    (
        Provider::SpiffeJwtSvid,
        include_str!("../../docs/trust-spiffe.md"),
    ),
    (
        Provider::Terraform,
        include_str!("../../docs/trust-terraform.md"),
    ),
];

/// The JSON blocks of a page: what stands behind `json` on the first line, and the text.
fn blocks(page: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                let word = info
                    .strip_prefix("json")
                    .unwrap_or_else(|| panic!("{info}"));
                open = Some((word.trim().to_owned(), String::new()));
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none());
    blocks
}

fn load(provider: Provider, text: &str) -> Policy {
    Policy::from_json(text.as_bytes()).unwrap_or_else(|error| panic!("{provider}: {error}"))
}

#[test]
fn every_provider_has_a_page_with_a_policy_and_what_not_to_write() {
    let pages: Vec<_> = HOW_TOS.iter().map(|(provider, _)| *provider).collect();
    assert_eq!(pages, Provider::ALL);
    for (provider, page) in HOW_TOS {
        let blocks = blocks(page);
        assert!(blocks.iter().any(|(word, _)| word.is_empty()), "{provider}");
        assert!(
            blocks.iter().any(|(word, _)| !word.is_empty()),
            "{provider}"
        );
    }
}

#[test]
fn the_index_links_every_page() {
    let index = include_str!("../../docs/README.md");
    for provider in Provider::ALL {
        assert!(
            index.contains(&format!("(trust-{provider}.md)")),
            "{provider}"
        );
    }
}

/// The second cell of a row of the table at the top of a page.
fn cell<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("\n| {name} | "))
        .unwrap_or_else(|| panic!("{name}"));
    rest.split(" |\n").next().unwrap_or_default()
}

#[test]
fn the_table_of_a_page_is_what_the_profile_says() {
    for (provider, page) in HOW_TOS {
        let profile = provider.profile();

        let (signed, _) = cell(page, "signed with")
            .split_once("; ")
            .unwrap_or((cell(page, "signed with"), ""));
        let words = signed.split(|c: char| !c.is_ascii_alphanumeric());
        let named: BTreeSet<_> = words.filter_map(|word| word.parse().ok()).collect();
        let known: BTreeSet<Algorithm> = profile.algorithms.iter().copied().collect();
        assert_eq!(named, known, "{provider}");

        if let Some(path) = profile.discovery.jwks_path {
            let keys = cell(page, "keys");
            assert!(keys.contains(&format!("`{path}`")), "{provider}: {keys}");
        }

        let verifier = cell(page, "verifier");
        let said = if *provider == Provider::SpiffeJwtSvid {
            "`.profile(Profile::jwt_svid(".to_owned()
        } else {
            format!("`.provider(Provider::{provider:?})`")
        };
        let lifetime = match profile.max_lifetime.as_secs() {
            3_600 => "up to an hour unless",
            86_400 => "up to a day unless",
            86_700 => "up to a day and five minutes unless",
            seconds => panic!("{provider}: {seconds}"),
        };
        assert!(verifier.starts_with(&said), "{provider}: {verifier}");
        assert!(verifier.contains(lifetime), "{provider}: {verifier}");
    }
}

#[test]
fn a_policy_of_a_page_loads_with_its_examples_and_is_safe() {
    for (provider, page) in HOW_TOS {
        for (_, text) in blocks(page).iter().filter(|(word, _)| word.is_empty()) {
            let policy = load(*provider, text);
            for index in 0..policy.len() {
                assert_eq!(policy.rule_provider(index), Some(*provider));
            }
            let document: Value = serde_json::from_str(text).unwrap();
            for rule in document.get("rules").and_then(Value::as_array).unwrap() {
                for list in ["allow", "deny"] {
                    let examples = rule.pointer(&format!("/examples/{list}"));
                    let examples = examples.and_then(Value::as_array).map_or(0, Vec::len);
                    assert!(examples > 0, "{provider} {list}");
                }
            }
            let findings: Vec<_> = policy.lint().iter().map(ToString::to_string).collect();
            assert_eq!(findings, Vec::<String>::new(), "{provider}");
        }
    }
}

#[test]
fn what_a_page_warns_of_is_what_the_lint_finds() {
    for (provider, page) in HOW_TOS {
        for (word, text) in blocks(page).iter().filter(|(word, _)| !word.is_empty()) {
            assert!(
                FindingCode::ALL.iter().any(|code| code.as_str() == word),
                "{word}"
            );
            let findings = load(*provider, text).lint();
            let found = findings
                .iter()
                .find(|finding| finding.code.as_str() == word);
            let all: Vec<_> = findings.iter().map(ToString::to_string).collect();
            assert!(found.is_some(), "{provider} {word}: {all:?}");
            assert!(found.is_some_and(|found| found.grade > Grade::Safe));
        }
    }
}

#[test]
fn a_page_says_what_the_profile_says() {
    for (provider, page) in HOW_TOS {
        let profile = provider.profile();
        let begin = format!("# Trust tokens from {}\n", profile.title);
        let svids = format!("# Trust {}s\n", profile.title);
        assert!(
            page.starts_with(&begin) || page.starts_with(&svids),
            "{provider}"
        );
        for algorithm in profile.algorithms {
            assert!(page.contains(algorithm.name()), "{provider} {algorithm}");
        }
        if let Some(path) = profile.discovery.jwks_path {
            assert!(page.contains(&format!("`{path}`")), "{provider} {path}");
        }
        // What pins a name is what a reader came for.
        for claim in profile.claims {
            let Some(pin) = claim.pinned_by else { continue };
            let pin = pin.last().unwrap().decoded();
            assert!(page.contains(&*pin), "{provider} {pin}");
        }
    }
}
