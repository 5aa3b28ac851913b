//! What the operator says: accounts, their identity providers and their roles.

use std::collections::{BTreeMap, HashSet};
use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use oidc_verifier::aws::{IdentityProvider, SessionDuration};
use oidc_verifier::http::AddressPolicy;
use oidc_verifier::policy::aws::{Settings, TrustPolicy};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::named::Named;
use crate::role_arn::RoleArn;
use crate::sessions::Session;

/// The configuration, read and checked.
#[derive(Debug)]
pub(crate) struct Configuration {
    /// The region that requests are signed for.
    pub(crate) region: String,
    pub(crate) accounts: Vec<Account>,
    /// Certificates that may vouch for issuers, beside those of the platform.
    pub(crate) root_certificates: Option<PathBuf>,
    pub(crate) addresses: AddressPolicy,
}

/// An AWS account.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) number: String,
    pub(crate) providers: Vec<IdentityProvider>,
    /// By their ARNs.
    pub(crate) roles: BTreeMap<String, Role>,
}

/// A role that tokens may assume.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) arn: RoleArn,
    pub(crate) id: String,
    pub(crate) trust: TrustPolicy,
    /// `MaxSessionDuration` of IAM.
    pub(crate) max_session_duration: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    region: String,
    accounts: Vec<Named<AccountDocument>>,
    root_certificates: Option<PathBuf>,
    #[serde(default)]
    addresses: Addresses,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Addresses {
    #[default]
    Public,
    PublicOrPrivate,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountDocument {
    account: String,
    #[serde(default = "aws")]
    partition: String,
    identity_providers: Vec<Named<ProviderDocument>>,
    roles: Vec<Named<RoleDocument>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderDocument {
    url: Option<String>,
    loopback_url: Option<String>,
    client_ids: Vec<String>,
    #[serde(default)]
    thumbprints: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoleDocument {
    arn: String,
    role_id: String,
    max_session_duration: Option<u64>,
    /// As it is written: its own reader refuses what is written twice.
    trust_policy: Box<RawValue>,
}

fn aws() -> String {
    "aws".to_owned()
}

impl Configuration {
    /// Far more than anybody configures by hand: a megabyte for each account of a hundred roles.
    pub(crate) const MAX_BYTES: u64 = 4 * 1024 * 1024;

    /// The most identity providers of an account (IAM quotas).
    const MAX_PROVIDERS: usize = 100;

    /// The most accounts: each keeps the keys of its own providers current.
    const MAX_ACCOUNTS: usize = 100;

    pub(crate) fn from_json(json: &[u8]) -> Result<Configuration, ConfigurationError> {
        // Line and column are in the error.
        let Named::<Document>(document) =
            serde_json::from_slice(json).map_err(|error| ConfigurationError {
                at: String::new(),
                what: error.into(),
            })?;
        if !is_region(&document.region) {
            return Err(ConfigurationError::new("/region", "it is no region"));
        }
        let count = document.accounts.len();
        if !(1..=Configuration::MAX_ACCOUNTS).contains(&count) {
            return Err(ConfigurationError::new(
                "/accounts",
                "there are not 1 to 100 accounts",
            ));
        }
        let mut accounts: Vec<Account> = Vec::new();
        let mut role_ids = HashSet::new();
        for (index, Named(document)) in document.accounts.into_iter().enumerate() {
            let at = format!("/accounts/{index}");
            let account = Account::new(document, &at)?;
            if accounts.iter().any(|other| other.number == account.number) {
                return Err(ConfigurationError::new(
                    at,
                    "the account stands there twice",
                ));
            }
            for role in account.roles.values() {
                if !role_ids.insert(role.id.clone()) {
                    let what = format!("two roles have the id `{}`", role.id);
                    return Err(ConfigurationError::new(at, what));
                }
            }
            accounts.push(account);
        }
        Ok(Configuration {
            region: document.region,
            accounts,
            root_certificates: document.root_certificates,
            addresses: match document.addresses {
                Addresses::Public => AddressPolicy::PublicOnly,
                Addresses::PublicOrPrivate => AddressPolicy::PublicOrPrivate,
            },
        })
    }
}

impl Account {
    /// Whether it still has the role of this session. A role that was made anew under the name of
    /// another has another id.
    pub(crate) fn knows(&self, session: &Session) -> bool {
        session.user_id.split_once(':').is_some_and(|(id, name)| {
            let mut roles = self.roles.values();
            roles.any(|role| role.id == id && role.arn.session(name) == session.arn)
        })
    }

    fn new(document: AccountDocument, at: &str) -> Result<Account, ConfigurationError> {
        let mut providers: Vec<IdentityProvider> = Vec::new();
        if !(1..=Configuration::MAX_PROVIDERS).contains(&document.identity_providers.len()) {
            return Err(ConfigurationError::new(
                format!("{at}/identity_providers"),
                "there are not 1 to 100 identity providers",
            ));
        }
        for (index, Named(provider)) in document.identity_providers.into_iter().enumerate() {
            let at = format!("{at}/identity_providers/{index}");
            let provider = provider.register(&document.account, &document.partition, &at)?;
            // Not the URLs: `http` and `https` of one host have the same ARN.
            if providers.iter().any(|other| other.arn() == provider.arn()) {
                return Err(ConfigurationError::new(at, "its ARN stands there twice"));
            }
            providers.push(provider);
        }
        let mut roles = BTreeMap::new();
        for (index, Named(role)) in document.roles.into_iter().enumerate() {
            let at = format!("{at}/roles/{index}");
            let role = role.read(&document.account, &document.partition, &providers, &at)?;
            if let Some(other) = roles.insert(role.arn.as_str().to_owned(), role) {
                let what = format!("`{}` stands there twice", other.arn);
                return Err(ConfigurationError::new(format!("{at}/arn"), what));
            }
        }
        Ok(Account {
            number: document.account,
            providers,
            roles,
        })
    }
}

impl ProviderDocument {
    fn register(
        self,
        account: &str,
        partition: &str,
        at: &str,
    ) -> Result<IdentityProvider, ConfigurationError> {
        let provider = match (&self.url, &self.loopback_url) {
            (Some(url), None) => IdentityProvider::new(account, url, self.client_ids),
            (None, Some(url)) => IdentityProvider::loopback(account, url, self.client_ids),
            (None, None) | (Some(_), Some(_)) => {
                let what = "it has neither or both of `url` and `loopback_url`";
                return Err(ConfigurationError::new(at, what));
            }
        };
        provider
            .and_then(|provider| provider.with_partition(partition))
            .and_then(|provider| provider.with_thumbprints(self.thumbprints))
            .map_err(|error| ConfigurationError::new(at, error))
    }
}

impl RoleDocument {
    /// A role lets 3,600 s be asked for at least (API of IAM).
    const MIN_SESSION_DURATION: Duration = SessionDuration::DEFAULT;

    fn read(
        self,
        account: &str,
        partition: &str,
        providers: &[IdentityProvider],
        at: &str,
    ) -> Result<Role, ConfigurationError> {
        let member = |name: &str| format!("{at}/{name}");
        let arn = RoleArn::parse(&self.arn)
            .filter(|arn| (arn.account(), arn.partition()) == (account, partition))
            .ok_or_else(|| {
                ConfigurationError::new(member("arn"), "it is no ARN of a role of this account")
            })?;
        let is_id = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !(16..=128).contains(&self.role_id.len()) || !self.role_id.bytes().all(is_id) {
            let what = "it has not 16 to 128 letters and digits, such as `AROAEXAMPLEEXAMPLE`";
            return Err(ConfigurationError::new(member("role_id"), what));
        }
        let max = self.max_session_duration.map(Duration::from_secs);
        let max_session_duration = max.unwrap_or(RoleDocument::MIN_SESSION_DURATION);
        let allowed = RoleDocument::MIN_SESSION_DURATION..=SessionDuration::MAX;
        if !allowed.contains(&max_session_duration) {
            let what = "it is not 3600 to 43200";
            return Err(ConfigurationError::new(
                member("max_session_duration"),
                what,
            ));
        }
        let settings = Settings::new().identity_providers(providers);
        let trust = TrustPolicy::from_json_with(self.trust_policy.get().as_bytes(), settings)
            .map_err(|error| ConfigurationError::new(member("trust_policy"), error))?;
        Ok(Role {
            arn,
            id: self.role_id,
            trust,
            max_session_duration,
        })
    }
}

/// `eu-north-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let is_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&text.len()) && text.bytes().all(is_region)
}

/// What is wrong, and where.
#[derive(Debug, thiserror::Error)]
#[error("configuration{at}: {what}")]
pub(crate) struct ConfigurationError {
    /// Empty where `what` says it.
    at: String,
    what: Box<dyn Error + Send + Sync>,
}

impl ConfigurationError {
    fn new(
        pointer: impl AsRef<str>,
        what: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> ConfigurationError {
        let pointer = pointer.as_ref();
        ConfigurationError {
            at: format!(", at `{pointer}`"),
            what: what.into(),
        }
    }
}
