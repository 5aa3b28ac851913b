//! The ARN of a role, and the ARN of its sessions.

use std::fmt;

/// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RoleArn {
    text: String,
    partition: String,
    account: String,
    name: String,
}

impl RoleArn {
    /// The shortest and the longest, in characters (API of AWS STS).
    pub(crate) const CHARS: std::ops::RangeInclusive<usize> = 20..=2_048;

    /// The longest name of a role (API of IAM).
    const MAX_NAME_CHARS: usize = 64;

    /// `None` for anything else: another service, a user, a pattern.
    pub(crate) fn parse(text: &str) -> Option<RoleArn> {
        if !RoleArn::CHARS.contains(&text.len()) {
            return None;
        }
        let mut parts = text.split(':');
        let (arn, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
        let (region, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || (arn, service, region) != ("arn", "iam", "") {
            return None;
        }
        let is_partition = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
        let path = resource.strip_prefix("role/")?;
        let name = path.rsplit('/').next()?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        let fits = partition.starts_with("aws")
            && partition.bytes().all(is_partition)
            && account.len() == 12
            && account.bytes().all(|byte| byte.is_ascii_digit())
            && (1..=RoleArn::MAX_NAME_CHARS).contains(&name.len())
            && path.bytes().all(|byte| byte == b'/' || is_name(byte));
        fits.then(|| RoleArn {
            text: text.to_owned(),
            partition: partition.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn partition(&self) -> &str {
        &self.partition
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    /// The ARN of a session of this role: the path of the role is not in it.
    pub(crate) fn session(&self, name: &str) -> String {
        let RoleArn {
            partition,
            account,
            name: role,
            ..
        } = self;
        format!("arn:{partition}:sts::{account}:assumed-role/{role}/{name}")
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
