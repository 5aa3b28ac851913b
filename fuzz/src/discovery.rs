use jsonptr::ScanLimits;
use oidc_core::{DiscoveryResponse, IssuerIdentifier, ProviderMetadata};

use crate::reference::json;

/// Discovery: the first line is the issuer as it is configured, what follows the document.
///
/// A document is accepted only for the issuer that it names, byte for byte; `jwks_uri` is one that
/// may be fetched and reads the same in its text and as a URL; a response is accepted only with
/// status 200, as JSON and from the issuer's own URL.
///
/// # Panics
///
/// When the law does not hold.
pub fn discovery(data: &[u8]) -> bool {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (line, body) = data.split_at(end.unwrap_or(data.len()));
    let Some(issuer) = std::str::from_utf8(line).ok().and_then(issuer) else {
        return false;
    };
    let Ok(metadata) = ProviderMetadata::parse(&issuer, body) else {
        return false;
    };
    let document = json::read(body, ScanLimits::DEFAULT_DEPTH);
    let text = |name| document.as_ref()?.member(name)?.text();
    assert_eq!(text("issuer"), Some(issuer.as_str()));
    assert_eq!(metadata.issuer(), &issuer);

    let url = metadata.jwks_uri();
    assert!(url.scheme() == "https" || issuer.is_loopback());
    assert!(url.username().is_empty() && url.password().is_none() && url.fragment().is_none());
    assert!(url.has_host());
    let uri = text("jwks_uri").unwrap_or_default();
    assert_eq!(parts(url.as_str()), parts(uri));

    let written = serde_json::to_vec(&metadata).unwrap_or_default();
    assert_eq!(
        ProviderMetadata::parse(&issuer, &written).as_ref(),
        Ok(&metadata)
    );
    responses(&issuer, &metadata, body);
    true
}

/// Scheme, authority, path and query. A URL library writes the host in lower case, leaves out the
/// scheme's own port and writes a missing path as `/`; it may change nothing else.
fn parts(url: &str) -> Option<(&str, String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let port = if scheme == "https" { ":443" } else { ":80" };
    let authority = authority.strip_suffix(port).unwrap_or(authority);
    let slash = if tail.starts_with('/') { "" } else { "/" };
    Some((
        scheme,
        authority.to_ascii_lowercase(),
        format!("{slash}{tail}"),
    ))
}

/// Both constructors keep the text, and agree that it is one or the other.
fn issuer(text: &str) -> Option<IssuerIdentifier> {
    let public = IssuerIdentifier::parse(text).ok();
    let loopback = IssuerIdentifier::loopback(text).ok();
    assert!(public.is_none() || loopback.is_none());
    let issuer = public.or(loopback)?;
    assert_eq!(issuer.as_str(), text);
    let url = issuer.discovery_url();
    let base = url.strip_suffix("/.well-known/openid-configuration");
    assert_eq!(base, Some(text.strip_suffix('/').unwrap_or(text)));
    Some(issuer)
}

fn responses(issuer: &IssuerIdentifier, metadata: &ProviderMetadata, body: &[u8]) {
    let url = issuer.discovery_url();
    let elsewhere = format!("{url}/");
    for (status, content_type, from, good) in [
        (200, Some("application/json"), &url, true),
        (200, None, &url, true),
        (200, Some("text/html"), &url, false),
        (200, Some("application/json"), &elsewhere, false),
        (302, Some("application/json"), &url, false),
        (500, Some("application/json"), &url, false),
    ] {
        let response = DiscoveryResponse::new(status, content_type, from, body);
        let answer = ProviderMetadata::from_response(issuer, &response);
        assert_eq!(answer.ok().as_ref(), good.then_some(metadata));
    }
}
