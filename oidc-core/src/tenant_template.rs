//! Issuers of one provider that differ in their tenant alone, and share one document.

use crate::issuer_identifier::{IssuerIdentifier, IssuerIdentifierError};

/// The name that a provider gives to all its tenants' issuers at once, with a placeholder where the
/// tenant belongs: `https://login.microsoftonline.com/{tenantid}/v2.0`.
///
/// It is no issuer, and nothing that names it is trusted for it. A relying party with many tenants
/// says with it that it knows: then the documents that the tenants share can be read for each of
/// those it has named ([`issuer_of`](Self::issuer_of)), and for no other.
///
/// ```
/// use oidc_core::TenantTemplate;
///
/// let template = TenantTemplate::parse("https://login.microsoftonline.com/{tenantid}/v2.0")?;
/// let tenant = template.issuer_of("72f988bf-86f1-41af-91ab-2d7cd011db47")?;
/// assert_eq!(
///     tenant.issuer().as_str(),
///     "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
/// );
/// # Ok::<(), oidc_core::TenantTemplateError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TenantTemplate {
    text: String,
    /// Where the placeholder begins.
    offset: usize,
}

/// The issuer of one tenant, with the template that it was made from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TenantIssuer {
    template: String,
    issuer: IssuerIdentifier,
}

impl TenantTemplate {
    /// What stands where the tenant belongs.
    pub const PLACEHOLDER: &str = "{tenantid}";

    /// A template: an issuer identifier with exactly one [`PLACEHOLDER`](Self::PLACEHOLDER), which
    /// is a whole segment of its path.
    ///
    /// # Errors
    ///
    /// [`TenantTemplateError`].
    pub fn parse(text: &str) -> Result<TenantTemplate, TenantTemplateError> {
        let placeholder = TenantTemplateError::Placeholder;
        let (before, after) = text
            .split_once(TenantTemplate::PLACEHOLDER)
            .ok_or(placeholder)?;
        let whole = before.ends_with('/') && (after.is_empty() || after.starts_with('/'));
        // A host would be chosen by the tenant where the placeholder follows the scheme.
        if !whole || before == "https://" || after.contains(TenantTemplate::PLACEHOLDER) {
            return Err(placeholder);
        }
        let template = TenantTemplate {
            text: text.to_owned(),
            offset: before.len(),
        };
        template.fill("tenant")?;
        Ok(template)
    }

    /// The issuer of a tenant: an id or a name of ASCII letters, digits and hyphens.
    ///
    /// # Errors
    ///
    /// [`TenantTemplateError::Tenant`] for other characters, or none.
    pub fn issuer_of(&self, tenant: &str) -> Result<TenantIssuer, TenantTemplateError> {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if tenant.is_empty() || !tenant.bytes().all(is_name) {
            return Err(TenantTemplateError::Tenant);
        }
        Ok(TenantIssuer {
            template: self.text.clone(),
            issuer: self.fill(tenant)?,
        })
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn fill(&self, tenant: &str) -> Result<IssuerIdentifier, IssuerIdentifierError> {
        let before = self.text.get(..self.offset).unwrap_or_default();
        let after = self.text.get(self.offset..).unwrap_or_default();
        let after = after.strip_prefix(TenantTemplate::PLACEHOLDER);
        let text = [before, tenant, after.unwrap_or_default()].concat();
        IssuerIdentifier::parse(&text)
    }
}

impl TenantIssuer {
    /// The tenant's issuer, as its tokens name it.
    pub const fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// Whether a document that says this speaks for the tenant: it names the template, or exactly
    /// this tenant.
    pub(crate) fn is_named_by(&self, text: &str) -> bool {
        text == self.template || text == self.issuer.as_str()
    }
}

/// Why there is no template, or no issuer of a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TenantTemplateError {
    /// It is no issuer identifier, whatever the tenant.
    #[error(transparent)]
    Issuer(#[from] IssuerIdentifierError),
    /// `{tenantid}` does not stand exactly once, as a whole segment of the path.
    #[error("template has not exactly one `{{tenantid}}` as a segment of its path")]
    Placeholder,
    /// The tenant is empty or has other characters than letters, digits and hyphens.
    #[error("tenant is not letters, digits and hyphens")]
    Tenant,
}

impl TenantTemplateError {
    /// A stable code in `snake_case`.
    pub const fn code(&self) -> &'static str {
        match self {
            TenantTemplateError::Issuer(error) => error.code(),
            TenantTemplateError::Placeholder => "placeholder",
            TenantTemplateError::Tenant => "tenant",
        }
    }
}
