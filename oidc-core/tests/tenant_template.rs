//! Documents that the tenants of one provider share. The fixtures have the shape of Microsoft
//! Entra's, `https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration` and
//! what its `jwks_uri` names, with other keys.

#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use oidc_core::{
    IssuerIdentifier, JwkSet, ProviderMetadata, TenantIssuer, TenantTemplate, TenantTemplateError,
};

const TEMPLATE: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";
const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const METADATA: &str = r#"{
    "token_endpoint": "https://login.microsoftonline.com/common/oauth2/v2.0/token",
    "jwks_uri": "https://login.microsoftonline.com/common/discovery/v2.0/keys",
    "subject_types_supported": ["pairwise"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0",
    "tenant_region_scope": null
}"#;

fn tenant(id: &str) -> TenantIssuer {
    TenantTemplate::parse(TEMPLATE)
        .unwrap()
        .issuer_of(id)
        .unwrap()
}

#[test]
fn the_document_of_all_tenants_is_read_for_one_that_was_named() {
    let tenant = tenant(TENANT);
    let metadata = ProviderMetadata::parse_for_tenant(&tenant, METADATA.as_bytes()).unwrap();
    assert_eq!(metadata.issuer(), tenant.issuer());
    assert_eq!(
        metadata.jwks_uri().as_str(),
        "https://login.microsoftonline.com/common/discovery/v2.0/keys"
    );
}

#[test]
fn a_template_is_refused_in_the_usual_mode() {
    let tenant = tenant(TENANT);
    let error = ProviderMetadata::parse(tenant.issuer(), METADATA.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "issuer_mismatch");
    assert!(IssuerIdentifier::parse(TEMPLATE).is_err());
}

#[test]
fn only_this_template_and_this_tenant_name_the_tenant() {
    let tenant = tenant(TENANT);
    let read = |issuer: &str| {
        let document = METADATA.replace(TEMPLATE, issuer);
        let read = ProviderMetadata::parse_for_tenant(&tenant, document.as_bytes());
        read.map(drop).map_err(|error| error.code())
    };
    assert_eq!(read(tenant.issuer().as_str()), Ok(()));
    for other in [
        "https://login.microsoftonline.com/{tenantid}/v2.0/",
        "https://login.microsoftonline.com/{TENANTID}/v2.0",
        "https://login.microsoftonline.us/{tenantid}/v2.0",
        "https://sts.windows.net/{tenantid}/",
        "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        "https://login.microsoftonline.com/common/v2.0",
        "",
    ] {
        assert_eq!(read(other), Err("issuer_mismatch"), "{other}");
    }
}

#[test]
fn a_key_of_another_tenant_is_not_read() {
    let tenant = tenant(TENANT);
    let key = |kid: &str, issuer: &str| {
        format!(
            r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","use":"sig"{issuer},
                "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
        )
    };
    let set = format!(
        r#"{{"keys":[{},{},{},{},{}]}}"#,
        key(
            "all",
            r#","issuer":"https://login.microsoftonline.com/{tenantid}/v2.0""#
        ),
        key("own", &format!(r#","issuer":"{}""#, tenant.issuer())),
        key("none", ""),
        key(
            "foreign",
            r#","issuer":"https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0""#
        ),
        key("odd", r#","issuer":7"#),
    );
    let read = JwkSet::parse_for_tenant(&tenant, set.as_bytes()).unwrap();
    let kids: Vec<_> = read.keys().iter().filter_map(|key| key.kid()).collect();
    assert_eq!(kids, ["all", "own", "none"]);
    let reasons: Vec<_> = read
        .skipped()
        .iter()
        .map(|key| key.reason().code())
        .collect();
    assert_eq!(reasons, ["other_issuer", "malformed_member"]);
    // It means nothing to an issuer that has a document of its own.
    assert_eq!(JwkSet::parse(set.as_bytes()).unwrap().keys().len(), 5);
}

#[test]
fn a_template_has_one_placeholder_as_a_segment_of_its_path() {
    for text in [
        TEMPLATE,
        "https://sts.windows.net/{tenantid}/",
        "https://login.example/{tenantid}",
    ] {
        assert_eq!(TenantTemplate::parse(text).unwrap().as_str(), text);
    }
    for text in [
        "https://login.example/common/v2.0",
        "https://{tenantid}/v2.0",
        "https://{tenantid}.login.example/v2.0",
        "https://login.example/a{tenantid}/v2.0",
        "https://login.example/{tenantid}b/v2.0",
        "https://login.example/{tenantid}/{tenantid}",
        "https://login.example/{tenant}/v2.0",
        "",
    ] {
        let error = TenantTemplate::parse(text).unwrap_err();
        assert_eq!(error, TenantTemplateError::Placeholder, "{text}");
    }
    for (text, code) in [
        ("http://login.example/{tenantid}", "not_https"),
        ("https://login.example/{tenantid}?a", "placeholder"),
        ("https://localhost/{tenantid}", "internal_host"),
    ] {
        let error = TenantTemplate::parse(text).unwrap_err();
        assert_eq!(error.code(), code, "{text}");
    }
}

#[test]
fn a_tenant_is_letters_digits_and_hyphens() {
    let template = TenantTemplate::parse(TEMPLATE).unwrap();
    for id in [
        "",
        "a/b",
        "..",
        "a.b",
        "{tenantid}",
        "a%2fb",
        "\u{e9}",
        "a b",
    ] {
        let error = template.issuer_of(id).unwrap_err();
        assert_eq!(error, TenantTemplateError::Tenant, "{id}");
    }
    assert_eq!(
        TenantTemplateError::Tenant.to_string(),
        "tenant is not letters, digits and hyphens"
    );
    assert_eq!(
        TenantTemplateError::Placeholder.to_string(),
        "template has not exactly one `{tenantid}` as a segment of its path"
    );
}

/// OpenID Connect Discovery section 4: one trailing slash goes before the well-known path, and
/// stays in the name.
#[test]
fn a_trailing_slash_is_a_part_of_the_name_and_not_of_the_path() {
    for (issuer, url) in [
        (
            "https://acme.eu.auth0.com/",
            "https://acme.eu.auth0.com/.well-known/openid-configuration",
        ),
        (
            "https://eastus.oic.prod-aks.azure.com/72f988bf-86f1-41af-91ab-2d7cd011db47/0184990a-477b-4fa8-9968-496074483cee/",
            "https://eastus.oic.prod-aks.azure.com/72f988bf-86f1-41af-91ab-2d7cd011db47/0184990a-477b-4fa8-9968-496074483cee/.well-known/openid-configuration",
        ),
        (
            "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
            "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/.well-known/openid-configuration",
        ),
    ] {
        let own = IssuerIdentifier::parse(issuer).unwrap();
        assert_eq!(own.discovery_url(), url);
        let document = |named: &str| {
            format!(r#"{{"issuer":"{named}","jwks_uri":"https://keys.example/jwks"}}"#)
        };
        assert!(ProviderMetadata::parse(&own, document(issuer).as_bytes()).is_ok());
        let bare = issuer.trim_end_matches('/');
        for other in [bare.to_owned(), format!("{issuer}/")] {
            let error = ProviderMetadata::parse(&own, document(&other).as_bytes()).unwrap_err();
            assert_eq!(error.code(), "issuer_mismatch", "{other}");
        }
    }
}
