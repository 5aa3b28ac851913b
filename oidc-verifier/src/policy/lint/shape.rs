//! What the tokens of a provider look like to a rule that was not meant for them.

mod tables;

use jsonptr::Pattern;

use self::tables::{
    AWS, BITBUCKET, BUILDKITE, CIRCLECI, ENTRA, Form, GITHUB, GITLAB, GOOGLE, KUBERNETES, SPIFFE,
    TERRAFORM, Table, Tables,
};
use super::world::{Parts, Said, World};

/// Tokens of one provider that a rule may not be meant for.
#[derive(Debug)]
pub(super) struct Shape {
    /// Of another tenant.
    pub(super) stranger: World,
    /// Of the same tenant, from another project: a repository, a workspace, a namespace.
    pub(super) colleague: World,
    /// Of any branch.
    pub(super) any_branch: Option<World>,
    /// Of any environment: whoever names one makes it.
    pub(super) any_environment: Option<World>,
    /// Of a pull request.
    pub(super) pull_request: Option<World>,
    /// Of a fork that builds in the name of the project.
    pub(super) fork: Option<World>,
    /// Of a job that someone watches and steers over SSH.
    pub(super) debugged: Option<World>,
    /// Of someone who took over a name that was given up.
    pub(super) successor: Option<World>,
}

impl Shape {
    /// The shape that a subject has which a policy names, for an issuer that nobody knows: an
    /// installation on a host of its operator's choice.
    pub(super) fn of_subject(subject: &str) -> Option<&'static str> {
        let heads = [
            ("repo:", "github"),
            ("project_path:", "gitlab"),
            ("org/", "circleci"),
            ("system:serviceaccount:", "kubernetes"),
            ("arn:aws", "aws"),
            ("spiffe://", "spiffe"),
        ];
        if subject.starts_with("organization:") {
            let pipelines = subject.contains(":pipeline:");
            return Some(if pipelines { "buildkite" } else { "terraform" });
        }
        let mut heads = heads.into_iter();
        heads
            .find(|(head, _)| subject.starts_with(head))
            .map(|(_, name)| name)
    }

    /// The shape of the tokens of the provider with this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let tables = match name {
            "aws" => &AWS,
            "bitbucket" => &BITBUCKET,
            "buildkite" => &BUILDKITE,
            "circleci" => &CIRCLECI,
            "entra" => &ENTRA,
            "github" => &GITHUB,
            "gitlab" => &GITLAB,
            "google" => &GOOGLE,
            "kubernetes" => &KUBERNETES,
            "spiffe" => &SPIFFE,
            "terraform" => &TERRAFORM,
            _ => return None,
        };
        Some(tables.read())
    }
}

impl Tables {
    fn read(&self) -> Shape {
        let world = |table, without| world(table, without, self.parts);
        let some = |table: Table, without| (!table.is_empty()).then(|| world(table, without));
        Shape {
            stranger: world(self.stranger, &[]),
            colleague: world(self.colleague, &[]),
            any_branch: some(self.any_branch, self.without),
            any_environment: some(self.any_environment, &[]),
            pull_request: some(self.pull_request, self.without),
            fork: some(self.fork, &[]),
            debugged: self
                .debugged
                .map(|claim| World::new(vec![(claim, Said::Bool(true))], self.parts)),
            successor: some(self.successor, &[]),
        }
    }
}

fn world(table: Table, without: &[&'static str], parts: Parts) -> World {
    let read = |&(form, separator): &Form| Pattern::parse_segmented(form, separator).ok();
    let said = table
        .iter()
        .map(|(claim, forms)| (*claim, Said::Text(forms.iter().filter_map(read).collect())));
    let nothing = without.iter().map(|claim| (*claim, Said::Nothing));
    World::new(said.chain(nothing).collect(), parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oidc_core::provider::Provider;

    const ALL: [(&str, &Tables); 11] = [
        ("aws", &AWS),
        ("bitbucket", &BITBUCKET),
        ("buildkite", &BUILDKITE),
        ("circleci", &CIRCLECI),
        ("entra", &ENTRA),
        ("github", &GITHUB),
        ("gitlab", &GITLAB),
        ("google", &GOOGLE),
        ("kubernetes", &KUBERNETES),
        ("spiffe", &SPIFFE),
        ("terraform", &TERRAFORM),
    ];

    #[test]
    fn every_provider_has_a_shape() {
        for &provider in Provider::ALL {
            assert!(Shape::named(provider.name()).is_some(), "{provider}");
        }
        assert_eq!(ALL.len(), Provider::ALL.len());
    }

    #[test]
    fn what_a_shape_speaks_of_is_in_the_profile_and_every_form_is_a_pattern() {
        for (name, tables) in ALL {
            let profile = Provider::from_name(name).unwrap().profile();
            let known = |claim: &str| {
                let pointer = jsonptr::Pointer::parse(claim).unwrap();
                claim.starts_with("/sub/") || profile.claim(pointer).is_some()
            };
            for table in [
                tables.stranger,
                tables.colleague,
                tables.any_branch,
                tables.any_environment,
                tables.pull_request,
                tables.fork,
                tables.successor,
            ] {
                for (claim, forms) in table {
                    assert!(known(claim), "{name} {claim}");
                    for (form, separator) in *forms {
                        let read = Pattern::parse_segmented(form, *separator);
                        assert!(read.is_ok(), "{claim} {form}");
                    }
                }
            }
            for claim in tables.without.iter().chain(&tables.debugged) {
                assert!(known(claim), "{name} {claim}");
            }
        }
    }

    #[test]
    fn every_part_of_a_subject_is_known_by_a_claim_or_a_name() {
        for (name, tables) in ALL {
            let profile = Provider::from_name(name).unwrap().profile();
            for part in profile.subject_parts {
                let mut parts = tables.parts.iter();
                let own = jsonptr::PointerBuf::from_tokens([part.name]);
                let known = parts.any(|(own, _)| *own == part.name)
                    || profile.claim(own.as_pointer()).is_some();
                assert!(known, "{name} {}", part.name);
            }
        }
    }
}
