//! The claim `https://aws.amazon.com/roles`: which roles its issuer lets a token assume.

use jsonptr::{Kind, Located, Text};

use super::identity_provider::is_partition;
use super::sts_error::StsError;

/// The roles that a token may assume by the word of its issuer, if the issuer speaks about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthorizedRoles(Option<Vec<String>>);

impl AuthorizedRoles {
    /// The longest ARN of a role, in characters.
    const MAX_ARN_CHARS: usize = 2_048;

    /// Reads the claim: a list of ARNs, or one text in which semicolons separate them. What is no
    /// ARN of a role is ignored, white space around one too; `null` is no claim.
    pub(super) fn read(claim: Option<Located<'_>>) -> Result<AuthorizedRoles, StsError> {
        let Some(claim) = claim.filter(|claim| !claim.is_null()) else {
            return Ok(AuthorizedRoles(None));
        };
        let listed: Vec<String> = match claim.kind() {
            Kind::Array => {
                let texts = claim.elements().into_iter().flatten();
                let texts = texts.filter_map(|text| text.text());
                texts.map(|text| text.to_cow().into_owned()).collect()
            }
            Kind::String => {
                let text = claim.text().map(Text::to_cow).unwrap_or_default();
                text.split(';').map(str::to_owned).collect()
            }
            Kind::Bool | Kind::Null | Kind::Number | Kind::Object => {
                return Err(StsError::invalid(
                    "The roles claim is not in a supported format",
                ));
            }
        };
        let roles = listed.iter().map(|text| text.trim());
        let roles: Vec<String> = roles
            .filter(|text| is_role_arn(text))
            .map(str::to_owned)
            .collect();
        if roles.is_empty() {
            return Err(StsError::invalid(
                "The roles claim contains no valid role ARNs",
            ));
        }
        Ok(AuthorizedRoles(Some(roles)))
    }

    /// The listed ARNs, or `None` where the token does not speak about roles.
    pub fn arns(&self) -> Option<&[String]> {
        self.0.as_deref()
    }

    /// Whether the issuer has named this role, byte for byte: the condition key
    /// `sts:RoleAuthorizedByIdp` of the role's trust policy. False where the token does not speak
    /// about roles; then the trust policy alone decides.
    ///
    /// # Errors
    ///
    /// [`InvalidIdentityToken`](super::StsErrorCode::InvalidIdentityToken) where it names other
    /// roles only.
    pub fn authorize(&self, role_arn: &str) -> Result<bool, StsError> {
        match &self.0 {
            None => Ok(false),
            Some(roles) if roles.iter().any(|role| role == role_arn) => Ok(true),
            Some(_) => Err(StsError::invalid(
                "The target role ARN is not present in the roles claim of the identity token",
            )),
        }
    }
}

/// `arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`, without a pattern in it.
fn is_role_arn(text: &str) -> bool {
    let mut parts = text.split(':');
    let mut part = || parts.next().unwrap_or_default();
    let (arn, partition, service, region) = (part(), part(), part(), part());
    let (account, resource) = (part(), part());
    let path_and_name = resource.strip_prefix("role/").unwrap_or_default();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte);
    parts.next().is_none()
        && (arn, service, region) == ("arn", "iam", "")
        && is_partition(partition)
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && !path_and_name.is_empty()
        && !path_and_name.ends_with('/')
        && path_and_name.bytes().all(is_name)
        && text.len() <= AuthorizedRoles::MAX_ARN_CHARS
}
