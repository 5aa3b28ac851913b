//! The subject of a GitHub Actions token.

use core::fmt;
use std::borrow::Cow;

use crate::provider::pairs::is_name;
use crate::provider::{Provider, SubjectError};

/// Which workflow run a token is about.
///
/// `repo:OWNER/NAME` or, with immutable ids, `repo:OWNER@ID/NAME@ID`; then `:environment:NAME`,
/// `:pull_request` or `:ref:REF`. A repository or organization may replace this by a list of claims,
/// `KEY:VALUE:KEY:VALUE`, which is read too, if every key is one of GitHub's claims.
///
/// GitHub writes `:` in a value as `%3A`. Enterprise Servers before 3.19 do not: there an
/// environment could be named `prod:ref:refs/heads/main`. A value that a tenant writes freely
/// (`environment`, `workflow`, `workflow_ref`, `job_workflow_ref`) is therefore read only where it
/// ends the subject. Where a template has more after it, name the single claims instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subject<'a> {
    pairs: Vec<Pair<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Pair<'a> {
    Repository(Repository<'a>),
    PullRequest,
    Claim { key: &'static Key, value: &'a str },
}

/// A repository as a subject names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Repository<'a> {
    /// The organization or user that owns it.
    pub owner: &'a str,
    /// Its own name.
    pub name: &'a str,
    /// The ids of both, in that order, if the subject has them: it then names one repository for
    /// good.
    pub ids: Option<(&'a str, &'a str)>,
}

/// A claim that a template may list.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Key {
    name: &'static str,
    part: &'static str,
    /// The tenant writes it freely, colons too.
    free: bool,
}

const fn key(name: &'static str) -> Key {
    Key {
        name,
        part: name,
        free: false,
    }
}

const fn free(name: &'static str) -> Key {
    Key {
        name,
        part: name,
        free: true,
    }
}

static KEYS: &[Key] = &[
    key("ref"),
    free("environment"),
    Key {
        name: "repository_owner",
        part: "owner",
        free: false,
    },
    Key {
        name: "repository_owner_id",
        part: "owner_id",
        free: false,
    },
    key("repository_id"),
    key("repository_visibility"),
    key("actor"),
    key("actor_id"),
    key("base_ref"),
    key("enterprise"),
    key("enterprise_id"),
    key("event_name"),
    key("head_ref"),
    key("job_workflow_sha"),
    key("ref_type"),
    key("run_attempt"),
    key("run_id"),
    key("run_number"),
    key("runner_environment"),
    key("sha"),
    key("workflow_sha"),
    free("job_workflow_ref"),
    free("workflow"),
    free("workflow_ref"),
];

impl<'a> Subject<'a> {
    /// Reads a subject.
    ///
    /// # Errors
    ///
    /// It is of another form.
    pub fn parse(text: &'a str) -> Result<Self, SubjectError> {
        Self::read(text).ok_or(Provider::GitHubActions.unknown_form())
    }

    fn read(text: &'a str) -> Option<Self> {
        let mut subject = Self { pairs: Vec::new() };
        let mut fields = text.split(':').peekable();
        while let Some(name) = fields.next() {
            let pair = match name {
                "repo" if subject.pairs.is_empty() => {
                    Pair::Repository(Repository::read(fields.next()?)?)
                }
                "pull_request" if matches!(subject.pairs.as_slice(), [Pair::Repository(_)]) => {
                    Pair::PullRequest
                }
                _ => {
                    let key = KEYS.iter().find(|key| key.name == name)?;
                    let value = fields.next().filter(|value| !value.is_empty())?;
                    let is_ref = value
                        .strip_prefix("refs/")
                        .is_some_and(|rest| !rest.is_empty());
                    let more = fields.peek().is_some();
                    let named = subject.part(key.part);
                    // What an earlier pair says of the same thing must be the same.
                    let differs = named.is_some_and(|other| other != value);
                    let twice = subject.has(key);
                    if differs || twice || key.free && more || key.name == "ref" && !is_ref {
                        return None;
                    }
                    Pair::Claim { key, value }
                }
            };
            subject.pairs.push(pair);
        }
        Some(subject)
    }

    fn has(&self, wanted: &Key) -> bool {
        let mut pairs = self.pairs.iter();
        pairs.any(|pair| matches!(pair, Pair::Claim { key, .. } if *key == wanted))
    }

    /// The repository, unless a template leaves it out.
    pub fn repository(&self) -> Option<Repository<'a>> {
        self.pairs.iter().find_map(|pair| match pair {
            Pair::Repository(repository) => Some(*repository),
            Pair::PullRequest | Pair::Claim { .. } => None,
        })
    }

    /// Whether a pull request caused the run.
    pub fn is_pull_request(&self) -> bool {
        self.pairs.contains(&Pair::PullRequest)
    }

    /// The part with this name, as it stands in the token.
    ///
    /// `owner`, `owner_id`, `repository` (`OWNER/NAME` in either form), `repository_id`; `ref`,
    /// `environment`, `event` (`pull_request`); else the name of a claim that a template lists.
    pub fn part(&self, name: &str) -> Option<Cow<'a, str>> {
        self.pairs.iter().find_map(|pair| match *pair {
            Pair::Repository(own) => match name {
                "owner" => Some(Cow::Borrowed(own.owner)),
                "owner_id" => own.ids.map(|(owner, _)| Cow::Borrowed(owner)),
                "repository" => Some(Cow::Owned([own.owner, "/", own.name].concat())),
                "repository_id" => own.ids.map(|(_, repository)| Cow::Borrowed(repository)),
                _ => None,
            },
            Pair::PullRequest => (name == "event").then_some(Cow::Borrowed("pull_request")),
            Pair::Claim { key, value } => (name == key.part).then_some(Cow::Borrowed(value)),
        })
    }
}

impl<'a> Repository<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let (owner, name, ids) = match (owner.split_once('@'), name.split_once('@')) {
            (None, None) => (owner, name, None),
            (Some((owner, owner_id)), Some((name, id))) => (owner, name, Some((owner_id, id))),
            (Some(_), None) | (None, Some(_)) => return None,
        };
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let ids_hold = ids.is_none_or(|(owner, name)| is_id(owner) && is_id(name));
        (is_name(owner) && is_name(name) && ids_hold).then_some(Self { owner, name, ids })
    }
}

/// A part for people to read: with `%3A` as the `:` that its tenant wrote.
///
/// Compare and store parts as they stand in the token: two of them may read the same.
pub fn for_display(part: &str) -> Cow<'_, str> {
    if part.contains("%3A") {
        Cow::Owned(part.replace("%3A", ":"))
    } else {
        Cow::Borrowed(part)
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, pair) in self.pairs.iter().enumerate() {
            if index > 0 {
                f.write_str(":")?;
            }
            match pair {
                Pair::Repository(repository) => write!(f, "repo:{repository}")?,
                Pair::PullRequest => f.write_str("pull_request")?,
                Pair::Claim { key, value } => write!(f, "{}:{value}", key.name)?,
            }
        }
        Ok(())
    }
}

/// As it stands in a subject.
impl fmt::Display for Repository<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { owner, name, ids } = self;
        match ids {
            None => write!(f, "{owner}/{name}"),
            Some((owner_id, id)) => write!(f, "{owner}@{owner_id}/{name}@{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(text: &str, name: &str, expected: Option<&str>) {
        let subject = Subject::parse(text).unwrap_or_else(|_| panic!("{text}"));
        assert_eq!(subject.to_string(), text);
        assert_eq!(subject.part(name).as_deref(), expected, "{text} {name}");
    }

    #[test]
    fn the_default_forms_are_read() {
        let text = "repo:octo-org/octo-repo:ref:refs/heads/feature/a";
        is(text, "owner", Some("octo-org"));
        is(text, "repository", Some("octo-org/octo-repo"));
        is(text, "ref", Some("refs/heads/feature/a"));
        for absent in [
            "repository_id",
            "owner_id",
            "environment",
            "event",
            "name",
            "",
        ] {
            is(text, absent, None);
        }
        let text = "repo:octo-org/octo-repo:environment:Production";
        is(text, "environment", Some("Production"));
        let text = "repo:octo-org/octo-repo:pull_request";
        is(text, "event", Some("pull_request"));
        assert!(Subject::parse(text).unwrap().is_pull_request());
        let text = "repo:octo-org/octo-repo:ref:refs/tags/v1.0";
        is(text, "ref", Some("refs/tags/v1.0"));
    }

    /// GitHub, "Immutable subject claims": since 2026-07-15.
    #[test]
    fn immutable_ids_are_parts_of_their_own_and_the_name_reads_the_same() {
        let text = "repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main";
        is(text, "owner", Some("octo-org"));
        is(text, "owner_id", Some("123456"));
        is(text, "repository", Some("octo-org/octo-repo"));
        is(text, "repository_id", Some("456789"));
        let repository = Subject::parse(text).unwrap().repository().unwrap();
        assert_eq!(repository.ids, Some(("123456", "456789")));
        assert_eq!(repository.to_string(), "octo-org@123456/octo-repo@456789");
    }

    /// GitHub's first immutable form looked like a legal name; it is one.
    #[test]
    fn ids_behind_a_hyphen_are_a_part_of_the_name() {
        let text = "repo:octo-org-123456/octo-repo-456789:pull_request";
        is(text, "repository", Some("octo-org-123456/octo-repo-456789"));
        is(text, "repository_id", None);
    }

    #[test]
    fn an_escaped_colon_stays_escaped_but_for_the_eye() {
        let text = "repo:octo-org/octo-repo:environment:Production%3AV1";
        is(text, "environment", Some("Production%3AV1"));
        assert_eq!(for_display("Production%3AV1"), "Production:V1");
        assert_eq!(for_display("a%3ab%2F"), "a%3ab%2F");
    }

    #[test]
    fn templates_of_known_claims_are_read() {
        let text = "repository_owner:monalisa:repository_visibility:private";
        is(text, "owner", Some("monalisa"));
        is(text, "repository_visibility", Some("private"));
        is(text, "repository", None);
        let text =
            "job_workflow_ref:octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main";
        let workflow = "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main";
        is(text, "job_workflow_ref", Some(workflow));
        let text = "repo:o@1/r@2:ref:refs/heads/main:repository_id:2:workflow:deploy";
        is(text, "repository_id", Some("2"));
        is(text, "workflow", Some("deploy"));
        is("repo:o/r", "repository", Some("o/r"));
        is("repository_id:2", "repository_id", Some("2"));
    }

    /// Without `%3A` an environment's name could go on as if it were the next claim.
    #[test]
    fn a_name_that_carries_delimiters_makes_it_no_form() {
        for text in [
            "repo:o/r:environment:prod:ref:refs/heads/main",
            "repo:o/r:environment:prod:x",
            "repo:o/r:environment:prod:environment:prod",
            "repo:o/r:environment:prod:job_workflow_ref:o/a/.github/workflows/x.yml@refs/heads/main",
            "repository_owner:o:workflow:x:environment:prod",
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_says_two_things_of_one_is_no_form() {
        for text in [
            "repo:o@1/r@2:repository_id:3",
            "repo:o/r:repository_owner:evil",
            "repo:o/r:repo:o/r",
            "repo:o/r:pull_request:pull_request",
            "ref:refs/heads/a:ref:refs/heads/a",
        ] {
            assert!(Subject::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_form() {
        for text in [
            "",
            "repo",
            "repo:",
            "repo:o",
            "repo:o/",
            "repo:/r",
            "repo:o/r/x:pull_request",
            "repo:o/r:",
            "repo:o/r:ref",
            "repo:o/r:ref:",
            "repo:o/r:ref:main",
            "repo:o/r:ref:refs/",
            "repo:o/r:environment:",
            "repo:o/r:pull_request:",
            "repo:o/r:pull_request_target",
            "repo:o@1/r:pull_request",
            "repo:o/r@1:pull_request",
            "repo:o@/r@1:pull_request",
            "repo:o@1/r@x:pull_request",
            "repo:o@1@2/r@1:pull_request",
            "repo:o /r:pull_request",
            "repo:*/r:pull_request",
            "Repo:o/r:pull_request",
            " repo:o/r:pull_request",
            "pull_request",
            "unknown_claim:x",
            "repository:o/r",
        ] {
            assert!(Subject::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn every_key_of_a_template_is_a_claim_of_the_profile() {
        for key in KEYS {
            let pointer = format!("/{}", key.name);
            let pointer = jsonptr::Pointer::parse(&pointer).unwrap();
            let profile = Provider::GitHubActions.profile();
            assert!(profile.claim(pointer).is_some(), "{}", key.name);
            assert!(profile.subject_part(key.part).is_some(), "{}", key.part);
        }
    }
}
