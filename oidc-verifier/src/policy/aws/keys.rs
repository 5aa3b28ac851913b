//! Condition keys: which claim, or which part of the request, a name stands for.

use std::borrow::Cow;

use jsonptr::{Located, PointerBuf};

use super::super::claims_view::ClaimsView;
use super::provider::Provider;
use super::request::Request;

/// Which claims are condition keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::policy) enum Mode {
    /// Those that AWS documents for the provider.
    #[default]
    Documented,
    /// Every top-level claim.
    Open,
}

/// Where the value of a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Source {
    /// The first of these claims that is there.
    Claims {
        pointers: Box<[PointerBuf]>,
        /// In the last of them an array of one counts as its element, as the service reads `aud`.
        unwrapped: bool,
    },
    /// The statement's own provider says it.
    Fixed(Box<str>),
    /// The request says it, under this name in lower case.
    Request(Box<str>),
    /// The names of the session tags that the token asks for: the claim of nested ones, and the whole
    /// claims set for those that are claims of their own.
    TagKeys([PointerBuf; 2]),
    /// Whether the token itself lists the role that is asked for.
    RoleAuthorized(PointerBuf),
    /// A claim of the issuer that AWS makes no key of.
    NoKey,
    /// Known, and never there while a role is assumed with a token.
    NeverThere,
}

/// What a key says of one request.
#[derive(Clone, Debug)]
pub(in crate::policy) enum Value<'a> {
    Absent,
    One(Cow<'a, str>),
    Elements(Located<'a>),
    Texts(Cow<'a, [String]>),
    /// `null` or an object: the key is there, and no operator speaks of what it says.
    Unusable,
}

impl Value<'_> {
    /// Whether there is a value, as `Null` asks. Several that are all empty are none: AWS calls them
    /// a null set, on which `ForAllValues` holds, and names `Null` as what keeps them out.
    pub(super) fn is_something(&self) -> bool {
        match self {
            Self::One(_) => true,
            Self::Texts(texts) => texts.iter().any(|text| !text.is_empty()),
            Self::Elements(list) => {
                let elements = list.elements().into_iter().flatten();
                let mut texts = elements.filter_map(scalar_text);
                texts.any(|text| !text.is_empty())
            }
            Self::Absent | Self::Unusable => false,
        }
    }
}

impl Source {
    /// What the key stands for in a statement about this provider. Names of keys are compared
    /// without regard to case (ASCII).
    pub(super) fn of(key: &str, provider: &Provider, mode: Mode) -> Self {
        let lower = key.to_ascii_lowercase();
        if let Some(suffix) = lower
            .strip_prefix(&*provider.prefix)
            .and_then(|rest| rest.strip_prefix(':'))
        {
            // INVARIANT: lower case has the same bytes elsewhere, ASCII only.
            let written = key.len().checked_sub(suffix.len());
            let written = written.and_then(|start| key.get(start..)).unwrap_or(suffix);
            return Self::of_issuer(suffix, written, provider, mode);
        }
        let fixed =
            |value: Option<&str>| value.map_or(Self::NeverThere, |value| Self::Fixed(value.into()));
        let own = provider.account.is_some();
        match lower.as_str() {
            "aws:principalaccount" => fixed(provider.account.as_deref()),
            "aws:principaltype" => fixed(own.then_some("User")),
            "aws:userid" => fixed(own.then_some(&*provider.name)),
            "aws:federatedprovider" => fixed(Some(&*provider.name)),
            "aws:principalarn" => Self::NeverThere,
            "sts:roleauthorizedbyidp" => Self::RoleAuthorized(PointerBuf::from_tokens([ROLES])),
            "sts:sourceidentity" => {
                Self::claims([PointerBuf::from_tokens([SOURCE_IDENTITY])], false)
            }
            "sts:transitivetagkeys" => Self::claims(
                [
                    PointerBuf::from_tokens([TAGS, "transitive_tag_keys"]),
                    PointerBuf::from_tokens([format!("{TAGS}/transitive_tag_keys").as_str()]),
                ],
                false,
            ),
            "aws:tagkeys" => Self::TagKeys([
                PointerBuf::from_tokens([TAGS, "principal_tags"]),
                PointerBuf::root(),
            ]),
            _ => match lower.strip_prefix("aws:requesttag/") {
                Some(tag) => {
                    let written = key.len().checked_sub(tag.len());
                    let tag = written.and_then(|start| key.get(start..)).unwrap_or(tag);
                    Self::tag(tag)
                }
                None => Self::Request(lower.into()),
            },
        }
    }

    fn of_issuer(suffix: &str, written: &str, provider: &Provider, mode: Mode) -> Self {
        let member = |name: &str| PointerBuf::from_tokens([name]);
        match suffix {
            "aud" => return Self::claims([member("azp"), member("aud")], true),
            "oaud" => return Self::claims([member("aud")], true),
            "sub" | "amr" | "email" => return Self::claims([member(suffix)], false),
            _ => {}
        }
        if let Some(name) = documented(&provider.prefix)
            .iter()
            .find(|name| **name == suffix)
        {
            return Self::claims([member(name)], false);
        }
        if *provider.prefix == *GOOGLE && ORGANIZATION_NUMBER.contains(&suffix) {
            let pointer = PointerBuf::from_tokens(["google", "organization_number"]);
            return Self::claims([pointer], false);
        }
        match mode {
            Mode::Documented => Self::NoKey,
            Mode::Open => Self::claims([member(written)], false),
        }
    }

    /// A session tag, in the nested form (a list of one) or in the flattened one.
    fn tag(name: &str) -> Self {
        Self::claims(
            [
                PointerBuf::from_tokens([format!("{FLAT_TAG}{name}").as_str()]),
                PointerBuf::from_tokens([TAGS, "principal_tags", name]),
            ],
            true,
        )
    }

    fn claims<const N: usize>(pointers: [PointerBuf; N], unwrapped: bool) -> Self {
        Self::Claims {
            pointers: pointers.into(),
            unwrapped,
        }
    }

    pub(super) fn pointers(&self) -> &[PointerBuf] {
        match self {
            Self::Claims { pointers, .. } => pointers,
            Self::TagKeys(pointers) => pointers,
            Self::RoleAuthorized(pointer) => std::slice::from_ref(pointer),
            Self::Fixed(_) | Self::Request(_) | Self::NoKey | Self::NeverThere => &[],
        }
    }

    /// The steps that it costs to find the claims that it reads.
    pub(super) fn reading(&self, claims: ClaimsView<'_>) -> usize {
        let pointers = self.pointers().iter();
        pointers
            .map(|pointer| claims.reading(pointer.as_pointer()))
            .fold(0, usize::saturating_add)
    }

    /// The claim that says it, and its value.
    pub(super) fn located<'a>(&self, claims: ClaimsView<'a>) -> Option<(&PointerBuf, Located<'a>)> {
        let mut pointers = self.pointers().iter();
        pointers.find_map(|pointer| Some((pointer, claims.get(pointer.as_pointer())?)))
    }

    pub(super) fn value<'s: 'a, 'a>(&'s self, claims: ClaimsView<'a>) -> Value<'a> {
        match self {
            Self::Claims {
                pointers,
                unwrapped,
            } => match self.located(claims) {
                None => Value::Absent,
                Some((pointer, value)) => {
                    of_claim(value, *unwrapped && pointers.last() == Some(pointer))
                }
            },
            Self::Fixed(text) => Value::One(Cow::Borrowed(text)),
            Self::Request(name) => match claims.request().map(|request| request.get(name)) {
                None => Value::Absent,
                Some(value) => value,
            },
            Self::RoleAuthorized(pointer) => match claims.request().and_then(Request::role) {
                None => Value::Absent,
                Some(role) => {
                    let roles = claims.get(pointer.as_pointer());
                    let listed = roles.is_some_and(|roles| lists(roles, role));
                    Value::One(Cow::Borrowed(if listed { "true" } else { "false" }))
                }
            },
            Self::TagKeys([nested, root]) => tag_keys(
                claims.get(nested.as_pointer()),
                claims.get(root.as_pointer()),
            ),
            Self::NoKey | Self::NeverThere => Value::Absent,
        }
    }
}

/// The names of session tags in both forms; absent where there is none.
fn tag_keys<'a>(nested: Option<Located<'_>>, root: Option<Located<'_>>) -> Value<'a> {
    let nested = nested.and_then(|nested| nested.members());
    let root = root.and_then(|root| root.members());
    let mut keys: Vec<String> = Vec::new();
    keys.extend(
        nested
            .into_iter()
            .flatten()
            .map(|(name, _)| String::from(name)),
    );
    keys.extend(root.into_iter().flatten().filter_map(|(name, _)| {
        let name = name.to_cow();
        name.strip_prefix(FLAT_TAG).map(str::to_owned)
    }));
    if keys.is_empty() {
        Value::Absent
    } else {
        Value::Texts(keys.into())
    }
}

/// Whether the claim of allowed roles names this one: an array of ARNs, or a string of them with `;`
/// between; white space around them is nothing, what is no string is nothing.
fn lists(roles: Located<'_>, role: &str) -> bool {
    match (roles.text(), roles.elements()) {
        (Some(text), _) => text.to_cow().split(';').any(|one| one.trim() == role),
        (None, Some(elements)) => elements
            .filter_map(|element| element.text())
            .any(|text| text.to_cow().trim() == role),
        (None, None) => false,
    }
}

fn of_claim(value: Located<'_>, unwrapped: bool) -> Value<'_> {
    if let Some(text) = scalar_text(value) {
        return Value::One(text);
    }
    let Some(mut elements) = value.elements() else {
        return Value::Unusable;
    };
    if unwrapped
        && let Some(only) = elements.next()
        && elements.next().is_none()
        && let Some(text) = scalar_text(only)
    {
        return Value::One(text);
    }
    Value::Elements(value)
}

/// A string's characters, a number or boolean as the token writes it.
pub(super) fn scalar_text(value: Located<'_>) -> Option<Cow<'_, str>> {
    match value.text() {
        Some(text) => Some(text.to_cow()),
        None if value.number().is_some() || value.as_bool().is_some() => Some(value.json().into()),
        None => None,
    }
}

/// Claims that AWS makes keys of beside those of every issuer, from its Service Authorization
/// Reference; `prefix` is the issuer without its scheme.
fn documented(prefix: &str) -> &'static [&'static str] {
    let host = prefix.split('/').next().unwrap_or_default();
    let is_github = host == "token.actions.githubusercontent.com"
        || (host == prefix && host.starts_with("token.actions.") && host.ends_with(".ghe.com"))
        || prefix.starts_with("github.com/enterprises/");
    if is_github {
        return &[
            "actor",
            "actor_id",
            "enterprise_id",
            "environment",
            "job_workflow_ref",
            "ref",
            "repository",
            "repository_id",
            "repository_owner_id",
            "workflow",
        ];
    }
    if prefix.starts_with("oidc.circleci.com/org/") {
        return &["oidc.circleci.com/project-id"];
    }
    if host == prefix && host.starts_with("idcs-") && host.ends_with(".identity.oraclecloud.com") {
        return &["rpst_id"];
    }
    match prefix {
        "gitlab.com" => &[
            "namespace_id",
            "pipeline_source",
            "project_id",
            "ref_protected",
            "runner_environment",
            "user_access_level",
            "user_email",
            "user_id",
            "user_login",
        ],
        "agent.buildkite.com" | "agent.buildkite.dev" | "agent.buildkite.site" => &[
            "build_branch",
            "cluster_id",
            "cluster_name",
            "organization_id",
            "organization_slug",
            "pipeline_id",
            "pipeline_slug",
        ],
        _ => &[],
    }
}

const GOOGLE: &str = "accounts.google.com";

/// AWS's table and Google's token spell it differently.
const ORGANIZATION_NUMBER: [&str; 2] = ["google/organization_number", "google:organization_number"];

/// The claim of session tags.
pub(super) const TAGS: &str = "https://aws.amazon.com/tags";

/// A session tag that is a claim of its own begins so.
const FLAT_TAG: &str = "https://aws.amazon.com/tags/principal_tags/";

/// The claim of the roles that the token may be used for.
const ROLES: &str = "https://aws.amazon.com/roles";

/// The claim of the source identity.
pub(super) const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";
