//! `AssumeRoleWithWebIdentity` as it was asked for, within the limits of its API.

use std::fmt;
use std::time::Duration;

use oidc_verifier::aws::SessionDuration;

use crate::aws_wire::AwsError;
use crate::aws_wire::query::Query;
use crate::role_arn::RoleArn;
use crate::session_policy::{self, SessionPolicies};

/// A call whose parameters are within their limits. Nothing of it is true yet.
pub(crate) struct AssumeRole {
    pub(crate) role_arn: RoleArn,
    pub(crate) session_name: String,
    pub(crate) token: String,
    pub(crate) duration: Option<Duration>,
    /// The host of another provider, for tokens that are no OpenID Connect tokens.
    pub(crate) provider_id: Option<String>,
    pub(crate) policies: SessionPolicies,
}

impl AssumeRole {
    const SESSION_NAME_CHARS: std::ops::RangeInclusive<usize> = 2..=64;
    const TOKEN_CHARS: std::ops::RangeInclusive<usize> = 4..=20_000;
    const PROVIDER_ID_CHARS: std::ops::RangeInclusive<usize> = 4..=2_048;
    const POLICY_CHARS: std::ops::RangeInclusive<usize> = 1..=2_048;
    const POLICY_ARN_CHARS: std::ops::RangeInclusive<usize> = 20..=2_048;
    const MAX_POLICY_ARNS: usize = 10;

    /// The most characters of all session policies together.
    pub(crate) const MAX_POLICIES_CHARS: usize = 2_048;

    pub(crate) fn read(mut query: Query) -> Result<AssumeRole, AwsError> {
        let mut faults = Faults::default();
        let role_arn = faults.text(&mut query, "RoleArn", RoleArn::CHARS);
        let session_name = faults.text(
            &mut query,
            "RoleSessionName",
            AssumeRole::SESSION_NAME_CHARS,
        );
        let mut token = faults.text(&mut query, "WebIdentityToken", AssumeRole::TOKEN_CHARS);
        // CircleCI's steps write `echo $OIDC_TOKEN` to a file, and SDKs send what is in the file.
        token.truncate(token.trim_end_matches(['\r', '\n']).len());
        let seconds = query.take_number("DurationSeconds")?;
        let provider_id = faults.optional(&mut query, "ProviderId", AssumeRole::PROVIDER_ID_CHARS);
        let policy = faults.optional(&mut query, "Policy", AssumeRole::POLICY_CHARS);
        if !policy
            .as_deref()
            .is_none_or(session_policy::has_its_characters)
        {
            faults.add(
                "Policy",
                "satisfy regular expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u00FF]+",
            );
        }
        let arns = query.take_structures("PolicyArns", ["arn"])?;
        query.finish()?;

        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
        if !session_name.bytes().all(is_name) {
            faults.add(
                "RoleSessionName",
                "satisfy regular expression pattern: [\\w+=,.@-]*",
            );
        }
        let duration = seconds.map(Duration::from_secs);
        if duration.is_some_and(|duration| duration < SessionDuration::MIN) {
            faults.add("DurationSeconds", "have value greater than or equal to 900");
        }
        if duration.is_some_and(|duration| duration > SessionDuration::MAX) {
            faults.add("DurationSeconds", "have value less than or equal to 43200");
        }
        if arns.len() > AssumeRole::MAX_POLICY_ARNS {
            faults.add("PolicyArns", "have length less than or equal to 10");
        }
        let arns: Vec<String> = arns
            .into_iter()
            .map(|[arn]| arn.unwrap_or_default())
            .collect();
        let in_length = |arn: &String| AssumeRole::POLICY_ARN_CHARS.contains(&arn.chars().count());
        if !arns.iter().all(in_length) {
            faults.add("PolicyArns", "have members of 20 to 2048 characters");
        }
        faults.none()?;

        let role_arn = RoleArn::parse(&role_arn)
            .ok_or_else(|| AwsError::new(400, "ValidationError", "Request ARN is invalid"))?;
        if !arns.iter().all(|arn| is_policy_arn(arn, &role_arn)) {
            return Err(AwsError::new(
                400,
                "ValidationError",
                "Policy ARN is invalid",
            ));
        }
        if !policy.as_deref().is_none_or(session_policy::is_policy) {
            let message = "The policy is not in the valid JSON format.";
            return Err(AwsError::new(400, "MalformedPolicyDocument", message));
        }
        Ok(AssumeRole {
            role_arn,
            session_name,
            token,
            duration,
            provider_id,
            policies: SessionPolicies {
                inline: policy,
                managed: arns,
            },
        })
    }
}

/// A managed policy: of AWS, or of the account of the role.
fn is_policy_arn(arn: &str, role: &RoleArn) -> bool {
    let (partition, account) = (role.partition(), role.account());
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte);
    [account, "aws"].iter().any(|owner| {
        let name = arn.strip_prefix(&format!("arn:{partition}:iam::{owner}:policy/"));
        name.is_some_and(|name| !name.is_empty() && name.bytes().all(is_name))
    })
}

/// What is out of bounds, all of it in one answer, as AWS does. No value is repeated: one of them is a
/// token.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, parameter: &str, constraint: impl fmt::Display) {
        let mut name = parameter.to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        self.0.push(format!(
            "Value at '{name}' failed to satisfy constraint: Member must {constraint}"
        ));
    }

    fn text(
        &mut self,
        query: &mut Query,
        parameter: &str,
        chars: std::ops::RangeInclusive<usize>,
    ) -> String {
        match query.take_text(parameter) {
            None => {
                self.add(parameter, "not be null");
                String::new()
            }
            Some(text) => self.within(parameter, text, &chars),
        }
    }

    fn optional(
        &mut self,
        query: &mut Query,
        parameter: &str,
        chars: std::ops::RangeInclusive<usize>,
    ) -> Option<String> {
        let text = query.take_text(parameter)?;
        Some(self.within(parameter, text, &chars))
    }

    fn within(
        &mut self,
        parameter: &str,
        text: String,
        chars: &std::ops::RangeInclusive<usize>,
    ) -> String {
        let count = text.chars().count();
        let (min, max) = (chars.start(), chars.end());
        if count < *min {
            self.add(
                parameter,
                format_args!("have length greater than or equal to {min}"),
            );
        }
        if count > *max {
            self.add(
                parameter,
                format_args!("have length less than or equal to {max}"),
            );
        }
        text
    }

    fn none(self) -> Result<(), AwsError> {
        let count = self.0.len();
        if count == 0 {
            return Ok(());
        }
        let errors = if count == 1 { "error" } else { "errors" };
        let message = format!(
            "{count} validation {errors} detected: {}",
            self.0.join("; ")
        );
        Err(AwsError::new(400, "ValidationError", message))
    }
}
