//! What a request says beside the token.

use std::collections::BTreeMap;
use std::net::IpAddr;

use oidc_core::NumericDate;

use super::super::date;
use super::keys::Value;

/// The request to assume the role: what conditions may ask beside the claims.
///
/// All of it is optional; a key that nobody has said is absent.
///
/// ```
/// use oidc_verifier::NumericDate;
/// use oidc_verifier::policy::aws::Request;
///
/// let request = Request::new()
///     .at(NumericDate::from_seconds(1_790_000_000)?)
///     .with_session_name("deploy-42")
///     .with_value("aws:RequestedRegion", "eu-north-1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    provider: Option<String>,
    role: Option<String>,
    /// By their names in lower case.
    values: BTreeMap<String, Vec<String>>,
    /// Keys with several values, also of one or none.
    lists: Vec<String>,
}

impl Request {
    /// A request of which nothing is known but the token.
    pub fn new() -> Self {
        Self::default()
    }

    /// When it comes: `aws:CurrentTime` and `aws:EpochTime`.
    #[must_use]
    pub fn at(self, now: NumericDate) -> Self {
        let seconds = now.as_seconds();
        self.with_value("aws:CurrentTime", date::rfc3339(seconds))
            .with_value("aws:EpochTime", seconds.to_string())
    }

    /// The provider that the token was verified for, by its ARN (or for Google `accounts.google.com`).
    ///
    /// Without it, a statement's provider is known by its issuer alone.
    #[must_use]
    pub fn with_provider(mut self, arn: impl Into<String>) -> Self {
        self.provider = Some(arn.into());
        self
    }

    /// The role that is asked for, by its ARN: with the token's claim of allowed roles it says
    /// `sts:RoleAuthorizedByIdp`.
    #[must_use]
    pub fn with_role(mut self, arn: impl Into<String>) -> Self {
        self.role = Some(arn.into());
        self
    }

    /// The name that the caller gives to the session: `sts:RoleSessionName`.
    #[must_use]
    pub fn with_session_name(self, name: impl Into<String>) -> Self {
        self.with_value("sts:RoleSessionName", name)
    }

    /// The address that it comes from: `aws:SourceIp`.
    #[must_use]
    pub fn with_source_ip(self, address: IpAddr) -> Self {
        self.with_value("aws:SourceIp", address.to_string())
    }

    /// Any other key with one value. Keys of the token's issuer are never asked here.
    #[must_use]
    pub fn with_value(mut self, key: &str, value: impl Into<String>) -> Self {
        let key = key.to_ascii_lowercase();
        self.lists.retain(|own| *own != key);
        self.values.insert(key, vec![value.into()]);
        self
    }

    /// Any other key with several values, which is asked with `ForAllValues` or `ForAnyValue`.
    #[must_use]
    pub fn with_values<I>(mut self, key: &str, values: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        let key = key.to_ascii_lowercase();
        let values = values.into_iter().map(Into::into).collect();
        self.values.insert(key.clone(), values);
        self.lists.push(key);
        self
    }

    pub(super) fn provider(&self) -> Option<&str> {
        self.provider.as_deref()
    }

    pub(super) fn role(&self) -> Option<&str> {
        self.role.as_deref()
    }

    /// The value of the key with this name in lower case.
    pub(super) fn get(&self, name: &str) -> Value<'_> {
        match self.values.get(name).map(Vec::as_slice) {
            None => Value::Absent,
            Some([only]) if !self.lists.iter().any(|list| list == name) => {
                Value::One(only.as_str().into())
            }
            Some(several) => Value::Texts(several.into()),
        }
    }
}
