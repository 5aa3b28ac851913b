//! The principal that asks, and what its token says of it.

use oidc_core::NumericDate;
use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;

/// An IAM principal, as the service that authenticated it knows it.
///
/// Everything but the tags of a request is the service's word: set here what it has verified.
#[derive(Clone, Debug)]
pub struct Caller {
    arn: String,
    region: String,
    session_expiry: Option<NumericDate>,
    /// Members of the namespace in the order of the calls.
    members: Map<String, Value>,
    principal_tags: Map<String, Value>,
}

impl Caller {
    /// A session of the role with this ARN, in this region.
    ///
    /// # Errors
    ///
    /// [`CallerError::SessionArn`] for the ARN of a session (`arn:aws:sts::…:assumed-role/…`), which
    /// lacks the role's path: see [`from_session`](Self::from_session). [`CallerError::Arn`] for
    /// what is no ARN of a role.
    pub fn role(role_arn: &str, region: &str) -> Result<Caller, CallerError> {
        let arn = Arn::parse(role_arn)?;
        if arn.service == "sts" && arn.resource.starts_with("assumed-role/") {
            return Err(CallerError::SessionArn);
        }
        Caller::principal(&arn, "role/", region)
    }

    /// A user with long-lived credentials. What AWS says of one is not documented; here it is the
    /// user's ARN, as for a role.
    ///
    /// # Errors
    ///
    /// [`CallerError::Arn`] for what is no ARN of a user.
    pub fn user(user_arn: &str, region: &str) -> Result<Caller, CallerError> {
        Caller::principal(&Arn::parse(user_arn)?, "user/", region)
    }

    /// The role behind a session: `arn:aws:sts::111122223333:assumed-role/NAME/SESSION` together
    /// with the role's `path`, which the session's ARN does not say (`/` if it has none).
    ///
    /// ```
    /// use oidc_issuer::profile::aws_outbound::Caller;
    ///
    /// let session = "arn:aws:sts::111122223333:assumed-role/deployer/i-0abc1234def567890";
    /// let caller = Caller::from_session(session, "/ci/", "eu-north-1")?;
    /// assert_eq!(caller.subject(), "arn:aws:iam::111122223333:role/ci/deployer");
    /// # Ok::<(), oidc_issuer::profile::aws_outbound::CallerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`CallerError::Arn`] for what is no ARN of a session, [`CallerError::Path`] for a path that
    /// does not begin and end with a slash.
    pub fn from_session(
        session_arn: &str,
        path: &str,
        region: &str,
    ) -> Result<Caller, CallerError> {
        let arn = Arn::parse(session_arn)?;
        let role = arn
            .resource
            .strip_prefix("assumed-role/")
            .filter(|_| arn.service == "sts")
            .and_then(|rest| rest.split_once('/'))
            .filter(|(role, session)| !role.is_empty() && !session.is_empty());
        let (role, _session) = role.ok_or(CallerError::Arn)?;
        if !path.starts_with('/') || !path.ends_with('/') {
            return Err(CallerError::Path);
        }
        let (partition, account) = (arn.partition, arn.account);
        Caller::role(
            &format!("arn:{partition}:iam::{account}:role{path}{role}"),
            region,
        )
    }

    fn principal(arn: &Arn<'_>, kind: &str, region: &str) -> Result<Caller, CallerError> {
        let name = arn.resource.strip_prefix(kind).unwrap_or_default();
        if arn.service != "iam" || name.is_empty() || name.ends_with('/') {
            return Err(CallerError::Arn);
        }
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if region.is_empty() || !region.bytes().all(plain) {
            return Err(CallerError::Region);
        }
        let text = arn.text;
        Ok(Caller {
            arn: text.to_owned(),
            region: region.to_owned(),
            session_expiry: None,
            members: Map::new(),
            principal_tags: Map::new(),
        })
    }

    /// The same, of a session that ends then: no token outlives it, and the token says so
    /// (`original_session_exp`).
    #[must_use]
    pub fn with_session_expiry(mut self, expiry: NumericDate) -> Caller {
        self.session_expiry = Some(expiry);
        self
    }

    /// The same, of an account in this organization, at these paths (`o-…/r-…/ou-…/`).
    #[must_use]
    pub fn with_organization<'p>(
        self,
        org_id: &str,
        ou_paths: impl IntoIterator<Item = &'p str>,
    ) -> Caller {
        let paths: Vec<&str> = ou_paths.into_iter().collect();
        self.with("org_id", json!(org_id))
            .with("ou_path", json!(paths))
    }

    /// The same with one more principal tag; a session tag of the same key is set after it and wins.
    #[must_use]
    pub fn with_principal_tag(mut self, key: &str, value: &str) -> Caller {
        self.principal_tags.insert(key.to_owned(), json!(value));
        self
    }

    /// The same, with the credentials of this EC2 instance.
    #[must_use]
    pub fn with_ec2_instance(self, instance_arn: &str) -> Caller {
        self.with("ec2_source_instance_arn", json!(instance_arn))
            .with("ec2_role_delivery", json!("2.0"))
    }

    /// The same, with the network of its EC2 instance.
    #[must_use]
    pub fn with_ec2_network(self, vpc: &str, private_ipv4: std::net::Ipv4Addr) -> Caller {
        self.with("ec2_instance_source_vpc", json!(vpc)).with(
            "ec2_instance_source_private_ipv4",
            json!(private_ipv4.to_string()),
        )
    }

    /// The same, with the credentials of this Lambda function.
    #[must_use]
    pub fn with_lambda_function(self, function_arn: &str) -> Caller {
        self.with("lambda_source_function_arn", json!(function_arn))
    }

    /// The same, with the credentials of a Glue job.
    #[must_use]
    pub fn with_glue_job(self) -> Caller {
        self.with(
            "glue_credential_issuing_service",
            json!("glue.amazonaws.com"),
        )
    }

    /// The same, in a session that came from this OIDC or SAML provider.
    #[must_use]
    pub fn with_federated_provider(self, provider_arn: &str) -> Caller {
        self.with("federated_provider", json!(provider_arn))
    }

    /// The same, for this user of IAM Identity Center.
    #[must_use]
    pub fn with_identity_store_user(self, store_arn: &str, user_id: &str) -> Caller {
        self.with("identity_store_arn", json!(store_arn))
            .with("identity_store_user_id", json!(user_id))
    }

    /// The same, in a session with this source identity.
    #[must_use]
    pub fn with_source_identity(self, source_identity: &str) -> Caller {
        self.with("source_identity", json!(source_identity))
    }

    fn with(mut self, name: &str, value: Value) -> Caller {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// The `sub` of its tokens.
    pub fn subject(&self) -> &str {
        &self.arn
    }

    /// The account, 12 digits.
    pub fn account(&self) -> &str {
        self.arn.split(':').nth(4).unwrap_or_default()
    }

    /// When its session ends, if it does.
    pub const fn session_expiry(&self) -> Option<NumericDate> {
        self.session_expiry
    }

    /// The object under [`NAMESPACE`](super::NAMESPACE).
    pub(super) fn claims<'t>(&self, tags: impl Iterator<Item = (&'t str, &'t str)>) -> Value {
        let mut claims = Map::new();
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("aws_account", json!(self.account()));
        set("source_region", json!(self.region));
        set("principal_id", json!(self.arn));
        if let Some(expiry) = self.session_expiry.and_then(rfc3339) {
            set("original_session_exp", json!(expiry));
        }
        for (name, value) in &self.members {
            set(name, value.clone());
        }
        if !self.principal_tags.is_empty() {
            set("principal_tags", Value::Object(self.principal_tags.clone()));
        }
        let tags: Map<String, Value> = tags
            .map(|(key, value)| (key.to_owned(), json!(value)))
            .collect();
        if !tags.is_empty() {
            set("request_tags", Value::Object(tags));
        }
        Value::Object(claims)
    }
}

/// UTC, to the second.
fn rfc3339(time: NumericDate) -> Option<String> {
    let time = time::OffsetDateTime::from_unix_timestamp(time.as_seconds()).ok()?;
    time.format(&Rfc3339).ok()
}

pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `arn:PARTITION:SERVICE::ACCOUNT:RESOURCE`; the region in the middle is empty for IAM and for
/// sessions.
struct Arn<'a> {
    text: &'a str,
    partition: &'a str,
    service: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn parse(text: &'a str) -> Result<Arn<'a>, CallerError> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().unwrap_or_default();
        let [scheme, partition, service, region, account, resource] = [(); 6].map(|()| next());
        let partition_is_known = partition == "aws" || partition.starts_with("aws-");
        let plain = resource.bytes().all(|byte| byte.is_ascii_graphic());
        if scheme != "arn" || !partition_is_known || !region.is_empty() || !plain {
            return Err(CallerError::Arn);
        }
        if !is_account(account) {
            return Err(CallerError::Account);
        }
        Ok(Arn {
            text,
            partition,
            service,
            account,
            resource,
        })
    }
}

/// Why a caller cannot be described.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallerError {
    /// The account has not 12 digits.
    #[error("an account id has 12 digits")]
    Account,
    /// The text is not the ARN that belongs here.
    #[error("not an ARN of the kind that belongs here")]
    Arn,
    /// A role's path begins and ends with a slash.
    #[error("a role's path begins and ends with a slash")]
    Path,
    /// The region is empty or has a character that no region has.
    #[error("not the name of a region")]
    Region,
    /// It is the ARN of a session, which lacks the path of the role.
    #[error("the ARN of a session lacks the role's path: give the role's ARN")]
    SessionArn,
}

impl CallerError {
    /// A stable code in `snake_case`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Arn => "arn",
            Self::Path => "path",
            Self::Region => "region",
            Self::SessionArn => "session_arn",
        }
    }
}
