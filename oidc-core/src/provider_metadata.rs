//! Provider metadata (OpenID Connect Discovery section 3) for workloads.

use std::sync::LazyLock;

use jsonptr::{Located, PointerSet, ScanError};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use url::Url;

use crate::algorithm::Algorithm;
use crate::document;
use crate::issuer_identifier::IssuerIdentifier;
use crate::tenant_template::TenantIssuer;
use crate::url_host::Host;
use crate::url_text::{UrlError, UrlText};

/// What an issuer publishes about itself, as far as checking its tokens needs it: who it is, where
/// its keys are, and what it signs with.
///
/// Serialized as a document to publish: without endpoints for people, as workload issuers do, and
/// with the members that the standard requires beside them.
///
/// ```
/// use oidc_core::{IssuerIdentifier, ProviderMetadata};
///
/// let issuer = IssuerIdentifier::parse("https://ci.example")?;
/// let metadata = ProviderMetadata::parse(
///     &issuer,
///     br#"{"issuer": "https://ci.example", "jwks_uri": "https://keys.example/jwks"}"#,
/// )?;
/// assert_eq!(metadata.jwks_uri().as_str(), "https://keys.example/jwks");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMetadata {
    issuer: IssuerIdentifier,
    jwks_uri: Url,
    algorithms: Option<Vec<String>>,
}

impl ProviderMetadata {
    /// The longest document in bytes. Documents of today have up to 5 kB.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// The longest `jwks_uri` in bytes.
    pub const MAX_JWKS_URI_BYTES: usize = 2048;

    /// Reads the document of `issuer`.
    ///
    /// Its `issuer` equals the configured one byte for byte (Discovery section 4.3). Its `jwks_uri`
    /// may be on another host, as it is for many providers; it is `https` on the public internet
    /// without userinfo and fragment. An issuer of [`IssuerIdentifier::loopback`] may also name an
    /// `http` or `https` URL on this machine. Other members are ignored.
    ///
    /// # Errors
    ///
    /// [`ProviderMetadataError`] names the member or the rule.
    pub fn parse(
        issuer: &IssuerIdentifier,
        body: &[u8],
    ) -> Result<ProviderMetadata, ProviderMetadataError> {
        ProviderMetadata::read(issuer, body, |named| named == issuer.as_str())
    }

    /// Reads the document that all tenants of a provider share, for one of them.
    ///
    /// Its `issuer` is the template of the tenants, byte for byte, or the tenant's own issuer; for
    /// all else see [`parse`](Self::parse). The keys at its `jwks_uri` are those of all tenants:
    /// read them with [`JwkSet::parse_for_tenant`](crate::JwkSet::parse_for_tenant).
    ///
    /// A tenant's own document, at its [`discovery_url`](IssuerIdentifier::discovery_url), needs
    /// none of this.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_for_tenant(
        tenant: &TenantIssuer,
        body: &[u8],
    ) -> Result<ProviderMetadata, ProviderMetadataError> {
        ProviderMetadata::read(tenant.issuer(), body, |named| tenant.is_named_by(named))
    }

    /// Reads a document whose `issuer` has this name.
    fn read(
        issuer: &IssuerIdentifier,
        body: &[u8],
        is_named: impl FnOnce(&str) -> bool,
    ) -> Result<ProviderMetadata, ProviderMetadataError> {
        static POINTERS: LazyLock<PointerSet> = LazyLock::new(|| {
            document::pointer_set(&[
                "",
                "/issuer",
                "/jwks_uri",
                "/id_token_signing_alg_values_supported",
            ])
        });
        if body.len() > ProviderMetadata::MAX_BYTES {
            return Err(ProviderMetadataError::TooLong {
                max: ProviderMetadata::MAX_BYTES,
            });
        }
        let [root, named_issuer, jwks_uri, algorithms] =
            document::scan(&POINTERS, body, ProviderMetadata::MAX_BYTES)
                .map_err(ProviderMetadataError::Json)?;
        if root.and_then(|root| root.members()).is_none() {
            return Err(ProviderMetadataError::NotAnObject);
        }
        if !is_named(&text(named_issuer, "issuer")?) {
            return Err(ProviderMetadataError::IssuerMismatch);
        }
        let jwks_uri = parse_jwks_uri(issuer, &text(jwks_uri, "jwks_uri")?)?;
        let algorithms = match algorithms {
            None => None,
            Some(list) => Some(strings(list, "id_token_signing_alg_values_supported")?),
        };
        Ok(ProviderMetadata {
            issuer: issuer.clone(),
            jwks_uri,
            algorithms,
        })
    }

    /// Judges what a fetch of [`IssuerIdentifier::discovery_url`] brought: status 200, a JSON
    /// content type or none, no redirect on the way, and a document that [`parse`](Self::parse)
    /// accepts.
    ///
    /// # Errors
    ///
    /// [`ProviderMetadataError`] names the member or the rule.
    pub fn from_response(
        issuer: &IssuerIdentifier,
        response: &DiscoveryResponse<'_>,
    ) -> Result<ProviderMetadata, ProviderMetadataError> {
        let status = response.status;
        match status {
            200 => {}
            300..=399 => return Err(ProviderMetadataError::Redirect { status }),
            _ => return Err(ProviderMetadataError::Status { status }),
        }
        if response.url != issuer.discovery_url() {
            return Err(ProviderMetadataError::ResponseUrl);
        }
        if !response.content_type.is_none_or(is_json) {
            return Err(ProviderMetadataError::ContentType);
        }
        ProviderMetadata::parse(issuer, response.body)
    }

    /// The metadata of an issuer that publishes its keys at `jwks_uri` and signs with
    /// `algorithms`, which are listed by name and each once.
    ///
    /// # Errors
    ///
    /// [`ProviderMetadataError::JwksUri`] and its kin, as for a relying party that would read it.
    pub fn for_issuer(
        issuer: &IssuerIdentifier,
        jwks_uri: &str,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Result<ProviderMetadata, ProviderMetadataError> {
        let mut algorithms: Vec<Algorithm> = algorithms.into_iter().collect();
        algorithms.sort_unstable();
        algorithms.dedup();
        Ok(ProviderMetadata {
            issuer: issuer.clone(),
            jwks_uri: parse_jwks_uri(issuer, jwks_uri)?,
            algorithms: Some(algorithms.iter().map(ToString::to_string).collect()),
        })
    }

    /// The issuer, equal to the one that was configured.
    pub const fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// Where the JWK Set is published.
    pub const fn jwks_uri(&self) -> &Url {
        &self.jwks_uri
    }

    /// The algorithms that the issuer says it signs with, or `None` when it does not say. Names
    /// that are no [`Algorithm`] may be among them.
    pub fn id_token_signing_alg_values_supported(&self) -> Option<&[String]> {
        self.algorithms.as_deref()
    }
}

/// What came back from a discovery URL.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct DiscoveryResponse<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The `Content-Type` header, if there is one.
    pub content_type: Option<&'a str>,
    /// Where the body came from, after any redirect.
    pub url: &'a str,
    /// The body, without content encoding.
    pub body: &'a [u8],
}

impl<'a> DiscoveryResponse<'a> {
    /// A response of these parts.
    pub const fn new(
        status: u16,
        content_type: Option<&'a str>,
        url: &'a str,
        body: &'a [u8],
    ) -> DiscoveryResponse<'a> {
        DiscoveryResponse {
            status,
            content_type,
            url,
            body,
        }
    }
}

/// Why a document or a response is no metadata of the issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderMetadataError {
    /// The response is a redirect, which is not followed: it would let the answer come from
    /// somebody else.
    #[error("response is a redirect, status {status}")]
    #[non_exhaustive]
    Redirect {
        /// The HTTP status, 300 to 399.
        status: u16,
    },
    /// The response has another status than 200.
    #[error("response has status {status}, not 200")]
    #[non_exhaustive]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// The response does not come from the issuer's discovery URL.
    #[error("response does not come from the discovery URL of the issuer")]
    ResponseUrl,
    /// The content type is neither `application/json` nor one with the suffix `+json`.
    #[error("content type of the response is not JSON")]
    ContentType,
    /// It is longer than [`ProviderMetadata::MAX_BYTES`].
    #[error("provider metadata is longer than {max} bytes")]
    #[non_exhaustive]
    TooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// It is not strict JSON. Member names must be unique, among others.
    #[error("provider metadata is not well-formed JSON")]
    Json(#[source] ScanError),
    /// It is not a JSON object.
    #[error("provider metadata is not an object")]
    NotAnObject,
    /// A required member is missing.
    #[error("member `{member}` is missing")]
    #[non_exhaustive]
    MissingMember {
        /// Its name.
        member: &'static str,
    },
    /// A member is no string, or no array of strings.
    #[error("member `{member}` is malformed")]
    #[non_exhaustive]
    MalformedMember {
        /// Its name.
        member: &'static str,
    },
    /// `issuer` is not byte for byte the configured one. A template such as `{tenantid}` ends here,
    /// unless the document is read by [`ProviderMetadata::parse_for_tenant`].
    #[error("`issuer` is not the configured issuer")]
    IssuerMismatch,
    /// `jwks_uri` is no URL to fetch.
    #[error("`jwks_uri` is not acceptable")]
    JwksUri(#[source] UrlError),
    /// `jwks_uri` is longer than [`ProviderMetadata::MAX_JWKS_URI_BYTES`].
    #[error("`jwks_uri` is longer than {max} bytes")]
    #[non_exhaustive]
    JwksUriTooLong {
        /// The limit, in bytes.
        max: usize,
    },
    /// A URL library reads `jwks_uri` as another URL than its text says, or not at all.
    #[error("`jwks_uri` is ambiguous")]
    AmbiguousJwksUri,
}

impl ProviderMetadataError {
    /// A stable code in `snake_case`, such as `issuer_mismatch`.
    pub const fn code(&self) -> &'static str {
        match self {
            ProviderMetadataError::Redirect { .. } => "redirect",
            ProviderMetadataError::Status { .. } => "status",
            ProviderMetadataError::ResponseUrl => "response_url",
            ProviderMetadataError::ContentType => "content_type",
            ProviderMetadataError::TooLong { .. } => "metadata_too_long",
            ProviderMetadataError::Json(error) => error.code(),
            ProviderMetadataError::NotAnObject => "not_an_object",
            ProviderMetadataError::MissingMember { .. } => "missing_member",
            ProviderMetadataError::MalformedMember { .. } => "malformed_member",
            ProviderMetadataError::IssuerMismatch => "issuer_mismatch",
            ProviderMetadataError::JwksUri(_) => "jwks_uri",
            ProviderMetadataError::JwksUriTooLong { .. } => "jwks_uri_too_long",
            ProviderMetadataError::AmbiguousJwksUri => "ambiguous_jwks_uri",
        }
    }
}

fn text(member: Option<Located<'_>>, name: &'static str) -> Result<String, ProviderMetadataError> {
    let member = member.ok_or(ProviderMetadataError::MissingMember { member: name })?;
    let text = member
        .text()
        .ok_or(ProviderMetadataError::MalformedMember { member: name })?;
    Ok(text.into())
}

fn strings(list: Located<'_>, name: &'static str) -> Result<Vec<String>, ProviderMetadataError> {
    let malformed = ProviderMetadataError::MalformedMember { member: name };
    let elements = list.elements().ok_or(malformed)?;
    elements
        .map(|element| Ok(element.text().ok_or(malformed)?.into()))
        .collect()
}

/// Whether the media type is `application/json` or has the structured suffix `+json` (RFC 6839
/// section 3.1), whatever its parameters.
fn is_json(content_type: &str) -> bool {
    let media_type = content_type
        .split_once(';')
        .map_or(content_type, |(before, _)| before);
    let media_type = media_type.trim_matches([' ', '\t']).to_ascii_lowercase();
    let Some((kind, subtype)) = media_type.split_once('/') else {
        return false;
    };
    let is_token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
    is_token(kind)
        && is_token(subtype)
        && (media_type == "application/json" || subtype.ends_with("+json"))
}

/// RFC 9110 section 5.6.2.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// Checks the text, then that `url` reads it as the same URL: what is fetched is what was checked.
fn parse_jwks_uri(issuer: &IssuerIdentifier, text: &str) -> Result<Url, ProviderMetadataError> {
    let max = ProviderMetadata::MAX_JWKS_URI_BYTES;
    if text.len() > max {
        return Err(ProviderMetadataError::JwksUriTooLong { max });
    }
    let before = UrlText::parse(text).map_err(ProviderMetadataError::JwksUri)?;
    if !(issuer.is_loopback() && before.host == Host::Loopback) {
        before
            .require_public()
            .map_err(ProviderMetadataError::JwksUri)?;
    }
    let url = Url::parse(text).map_err(|_| ProviderMetadataError::AmbiguousJwksUri)?;
    let after = UrlText::parse(url.as_str()).map_err(ProviderMetadataError::JwksUri)?;
    let same_tail = text.get(before.path_offset..).map(with_path)
        == url.as_str().get(after.path_offset..).map(with_path);
    if (before.scheme, before.host) == (after.scheme, after.host) && same_tail {
        Ok(url)
    } else {
        Err(ProviderMetadataError::AmbiguousJwksUri)
    }
}

/// `url` writes a missing path as `/` (RFC 3986 section 6.2.3).
fn with_path(tail: &str) -> (&str, &str) {
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    (if path.is_empty() { "/" } else { path }, query)
}

/// As a document to publish.
impl Serialize for ProviderMetadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let len = if self.algorithms.is_some() { 6 } else { 5 };
        let mut metadata = serializer.serialize_struct("ProviderMetadata", len)?;
        metadata.serialize_field("issuer", &self.issuer)?;
        metadata.serialize_field("jwks_uri", self.jwks_uri.as_str())?;
        metadata.serialize_field("scopes_supported", &["openid"])?;
        metadata.serialize_field("response_types_supported", &["id_token"])?;
        metadata.serialize_field("subject_types_supported", &["public"])?;
        if let Some(algorithms) = &self.algorithms {
            metadata.serialize_field("id_token_signing_alg_values_supported", algorithms)?;
        }
        metadata.end()
    }
}
