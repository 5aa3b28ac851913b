//! The configuration: accounts, access keys, and what each of them may do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::Ipv4Addr;

use oidc_core::NumericDate;
use oidc_issuer::RotationPolicy;
use oidc_issuer::profile::aws_outbound::{Account, Caller, CallerError, WebIdentityTokenRequest};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use crate::state::issuer_under;

/// What the operator has written. Unknown members are refused, and those that stand twice.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The base of the issuer URLs, where a proxy with TLS stands before this program.
    pub(crate) public_url: Option<String>,
    /// The regions that requests may be signed for.
    pub(crate) regions: Vec<String>,
    pub(crate) accounts: Vec<AccountConfig>,
    pub(crate) access_keys: Vec<AccessKey>,
    /// How the keys of every issuer rotate.
    #[serde(default)]
    pub(crate) rotation: RotationPolicy,
}

/// An account of this service.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountConfig {
    pub(crate) id: String,
    /// Until somebody uses the switch.
    #[serde(default)]
    pub(crate) outbound_federation: Switch,
    pub(crate) organization: Option<Organization>,
}

/// Whether an account hands out tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Switch {
    #[default]
    Disabled,
    Enabled,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Organization {
    id: String,
    paths: Vec<String>,
}

/// An access key and the principal behind it.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "they are AWS's names")]
pub(crate) struct AccessKey {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: SecretText,
    pub(crate) session_token: Option<SecretText>,
    pub(crate) principal: Principal,
    may: BTreeSet<Action>,
}

/// What an access key may be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
pub(crate) enum Action {
    #[serde(rename = "sts:GetWebIdentityToken")]
    GetWebIdentityToken,
    #[serde(rename = "sts:TagGetWebIdentityToken")]
    TagGetWebIdentityToken,
    #[serde(rename = "iam:EnableOutboundWebIdentityFederation")]
    EnableFederation,
    #[serde(rename = "iam:DisableOutboundWebIdentityFederation")]
    DisableFederation,
    #[serde(rename = "iam:GetOutboundWebIdentityFederationInfo")]
    GetFederationInfo,
}

impl Action {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::GetWebIdentityToken => "sts:GetWebIdentityToken",
            Self::TagGetWebIdentityToken => "sts:TagGetWebIdentityToken",
            Self::EnableFederation => "iam:EnableOutboundWebIdentityFederation",
            Self::DisableFederation => "iam:DisableOutboundWebIdentityFederation",
            Self::GetFederationInfo => "iam:GetOutboundWebIdentityFederationInfo",
        }
    }
}

/// Who has the key: one of `role`, `user` and `session`, and what a token says beside that.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Principal {
    role: Option<String>,
    user: Option<String>,
    session: Option<String>,
    /// The path of the session's role, which its ARN does not say.
    role_path: Option<String>,
    /// When the session ends.
    #[serde(default, deserialize_with = "rfc3339")]
    expires: Option<NumericDate>,
    #[serde(default)]
    tags: Tags,
    ec2_instance: Option<Ec2Instance>,
    lambda_function: Option<String>,
    federated_provider: Option<String>,
    identity_store_user: Option<IdentityStoreUser>,
    source_identity: Option<String>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Ec2Instance {
    arn: String,
    vpc: String,
    private_ipv4: Ipv4Addr,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentityStoreUser {
    store: String,
    id: String,
}

impl Config {
    /// Reads and checks a document.
    pub(crate) fn parse(json: &[u8]) -> Result<Config, ConfigError> {
        let config: Config = serde_json::from_slice(json)?;
        config.check().map_err(ConfigError::Meaning)?;
        Ok(config)
    }

    pub(crate) fn access_key(&self, id: &str) -> Option<&AccessKey> {
        self.access_keys.iter().find(|key| key.access_key_id == id)
    }

    /// The key's principal, asking in this region.
    pub(crate) fn caller(&self, key: &AccessKey, region: &str) -> Result<Caller, CallerError> {
        let caller = key.principal.caller(region)?;
        let account = self
            .accounts
            .iter()
            .find(|account| account.id == caller.account());
        Ok(
            match account.and_then(|account| account.organization.as_ref()) {
                Some(Organization { id, paths }) => {
                    caller.with_organization(id, paths.iter().map(String::as_str))
                }
                None => caller,
            },
        )
    }

    fn check(&self) -> Result<(), String> {
        if let Some(url) = &self.public_url {
            if url.ends_with('/') {
                return Err("`public_url` ends with a slash; leave it out".to_owned());
            }
            // Before it is remembered for ever.
            issuer_under(url, "00000000-0000-0000-0000-000000000000")
                .map_err(|error| format!("`public_url`: {error}"))?;
        }
        if self.regions.is_empty() {
            return Err("`regions` is empty".to_owned());
        }
        let mut accounts = BTreeSet::new();
        for AccountConfig { id, .. } in &self.accounts {
            Account::new(id).map_err(|error| format!("account `{id}`: {error}"))?;
            if !accounts.insert(id.as_str()) {
                return Err(format!("account `{id}` stands there twice"));
            }
        }
        let mut ids = BTreeSet::new();
        for key in &self.access_keys {
            let id = &key.access_key_id;
            if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(format!("`{}` is no access key id", id.escape_default()));
            }
            if !ids.insert(id) {
                return Err(format!("access key `{id}` stands there twice"));
            }
            key.check(&accounts, &self.regions)
                .map_err(|error| format!("access key `{id}`: {error}"))?;
        }
        let (longest, max) = (
            self.rotation.token_lifetime().as_secs(),
            WebIdentityTokenRequest::MAX_DURATION_SECONDS,
        );
        if longest < max {
            return Err(format!(
                "`rotation`: `token_lifetime` is {longest} s, and a request may ask for {max}"
            ));
        }
        Ok(())
    }
}

impl AccessKey {
    pub(crate) fn may(&self, action: Action) -> bool {
        self.may.contains(&action)
    }

    fn check(&self, accounts: &BTreeSet<&str>, regions: &[String]) -> Result<(), String> {
        if self.secret_access_key.expose().is_empty() {
            return Err("`secret_access_key` is empty".to_owned());
        }
        if self
            .session_token
            .as_ref()
            .is_some_and(|token| token.expose().is_empty())
        {
            return Err("`session_token` is empty; leave it out".to_owned());
        }
        if self.principal.arn().is_none() {
            return Err("`principal` needs one of `role`, `user` and `session`".to_owned());
        }
        for region in regions {
            let caller = self.principal.caller(region);
            let caller = caller.map_err(|error| format!("`{region}`: {error}"))?;
            if !accounts.contains(caller.account()) {
                return Err(format!("account `{}` is not configured", caller.account()));
            }
        }
        let of_session = self.principal.session.is_some();
        if of_session && (self.session_token.is_none() || self.principal.expires.is_none()) {
            return Err(
                "a `session` has a `session_token` and `expires`; without an end it is a `role`"
                    .to_owned(),
            );
        }
        if self.principal.role_path.is_some() && !of_session {
            return Err(
                "`role_path` is for a `session`; the ARN of a role has its path".to_owned(),
            );
        }
        Ok(())
    }
}

impl Principal {
    /// As an error names it.
    pub(crate) fn arn(&self) -> Option<&str> {
        match (&self.role, &self.user, &self.session) {
            (Some(arn), None, None) | (None, Some(arn), None) | (None, None, Some(arn)) => {
                Some(arn)
            }
            _ => None,
        }
    }

    pub(crate) fn has_expired(&self, now: NumericDate) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    fn caller(&self, region: &str) -> Result<Caller, CallerError> {
        let mut caller = match (&self.role, &self.user, &self.session) {
            (Some(arn), None, None) => Caller::role(arn, region),
            (None, Some(arn), None) => Caller::user(arn, region),
            (None, None, Some(arn)) => {
                Caller::from_session(arn, self.role_path.as_deref().unwrap_or("/"), region)
            }
            _ => Err(CallerError::Arn),
        }?;
        if let Some(expires) = self.expires {
            caller = caller.with_session_expiry(expires);
        }
        for (key, value) in &self.tags.0 {
            caller = caller.with_principal_tag(key, value);
        }
        if let Some(Ec2Instance {
            arn,
            vpc,
            private_ipv4,
        }) = &self.ec2_instance
        {
            caller = caller
                .with_ec2_instance(arn)
                .with_ec2_network(vpc, *private_ipv4);
        }
        if let Some(arn) = &self.lambda_function {
            caller = caller.with_lambda_function(arn);
        }
        if let Some(arn) = &self.federated_provider {
            caller = caller.with_federated_provider(arn);
        }
        if let Some(IdentityStoreUser { store, id }) = &self.identity_store_user {
            caller = caller.with_identity_store_user(store, id);
        }
        if let Some(identity) = &self.source_identity {
            caller = caller.with_source_identity(identity);
        }
        Ok(caller)
    }
}

/// Text that nobody shall read by accident.
pub(crate) struct SecretText(Zeroizing<String>);

impl SecretText {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SecretText, D::Error> {
        let text = String::deserialize(deserializer);
        // The error of serde quotes what is there instead: a secret of digits, without its quotes.
        let text = text.map_err(|_| de::Error::custom("a secret is a string"))?;
        Ok(SecretText(Zeroizing::new(text)))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText")
    }
}

/// Tags by their keys; a key stands once.
#[derive(Debug, Default)]
struct Tags(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Tags {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tags, D::Error> {
        deserializer.deserialize_map(TagsVisitor)
    }
}

struct TagsVisitor;

impl<'de> Visitor<'de> for TagsVisitor {
    type Value = Tags;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of tags")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tags, A::Error> {
        let mut tags = BTreeMap::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            if tags.insert(key, value).is_some() {
                return Err(de::Error::custom("a tag stands there twice"));
            }
        }
        Ok(Tags(tags))
    }
}

fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NumericDate>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let time = OffsetDateTime::parse(&text, &Rfc3339).ok();
    let time = time.filter(|time| time.nanosecond() == 0);
    let date = time.and_then(|time| NumericDate::from_seconds(time.unix_timestamp()).ok());
    let expected = "a time such as 2030-01-01T00:00:00Z";
    date.map(Some).ok_or_else(|| de::Error::custom(expected))
}

/// Why a configuration is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// The document is not what it should be, at this line and column.
    #[error("{0}")]
    Document(#[from] serde_json::Error),
    /// It is, and contradicts itself.
    #[error("{0}")]
    Meaning(String),
}
