//! What a verifier asks of the tokens of a known provider, provider by provider. The facts are those
//! of `oidc_core::provider`; here they are written out, so that a change of either is seen.

#![cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#![expect(
    clippy::arithmetic_side_effects,
    reason = "these helpers run in tests only"
)]

mod support;

use std::time::Duration;

use oidc_core::Algorithm;
use oidc_core::provider::Provider;
use oidc_verifier::{
    BuildError, ExtraAudiences, PointerBuf, Profile, Ready, Verifier, VerifierBuilder,
};
use support::{AUDIENCE, Members, NOW, all_keys, at, identifier, key, parse_set, sign};

/// A provider, an issuer of it, and what its tokens may be.
struct Row {
    provider: Provider,
    issuer: &'static str,
    algorithms: &'static [Algorithm],
    max_lifetime: i64,
    may_name_others: bool,
}

const RS256: &[Algorithm] = &[Algorithm::Rs256];
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

const fn row(
    provider: Provider,
    issuer: &'static str,
    max_lifetime: i64,
    may_name_others: bool,
) -> Row {
    Row {
        provider,
        issuer,
        algorithms: RS256,
        max_lifetime,
        may_name_others,
    }
}

const ROWS: [Row; 10] = [
    Row {
        algorithms: &[Algorithm::Rs256, Algorithm::Es384],
        ..row(
            Provider::AwsOutbound,
            "https://5d1c0b7e-6a0e-4d58-9c5f-2f5b7a10c9aa.tokens.sts.global.api.aws",
            HOUR,
            true,
        )
    },
    row(
        Provider::Bitbucket,
        "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
        HOUR,
        true,
    ),
    row(
        Provider::Buildkite,
        "https://agent.buildkite.com",
        HOUR,
        false,
    ),
    row(
        Provider::CircleCi,
        "https://oidc.circleci.com/org/8f0c1f0e-4a5b-4c39-9d5e-0b5a3a6f0c11",
        DAY,
        true,
    ),
    row(
        Provider::Entra,
        "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/",
        // `iat` is dated back.
        DAY + 300,
        false,
    ),
    row(
        Provider::GitHubActions,
        "https://token.actions.githubusercontent.com",
        HOUR,
        false,
    ),
    row(Provider::GitLab, "https://gitlab.com", DAY, true),
    row(Provider::Google, "https://accounts.google.com", HOUR, false),
    Row {
        algorithms: &[Algorithm::Rs256, Algorithm::Es256, Algorithm::Es384],
        ..row(
            Provider::Kubernetes,
            "https://oidc.eks.eu-north-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF",
            DAY,
            true,
        )
    },
    row(Provider::Terraform, "https://app.terraform.io", DAY, false),
];

fn builder(row: &Row) -> VerifierBuilder<Ready> {
    Verifier::builder()
        .issuer(identifier(row.issuer))
        .audience(AUDIENCE)
        .provider(row.provider)
        .keys(parse_set(&all_keys()))
}

fn claims(row: &Row, lifetime: i64) -> Members {
    let (issuer, exp) = (row.issuer, NOW + lifetime);
    Members::read(
        format!(r#"{{"iss":"{issuer}","sub":"s","aud":"{AUDIENCE}","iat":{NOW},"exp":{exp}}}"#)
            .as_bytes(),
    )
}

fn token(claims: &Members) -> String {
    let key = key(Algorithm::Rs256);
    let kid = key.kid();
    sign(
        key,
        format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#),
        claims.to_json(),
    )
}

fn code(verifier: &Verifier, token: &str) -> Result<(), &'static str> {
    let verified = verifier.verify(token.as_bytes(), at(NOW));
    verified.map(drop).map_err(|error| error.code())
}

#[test]
fn every_provider_but_spiffe_stands_in_the_table() {
    let mut providers: Vec<_> = ROWS.iter().map(|row| row.provider).collect();
    providers.push(Provider::SpiffeJwtSvid);
    providers.sort_unstable();
    assert_eq!(providers, Provider::ALL);
}

#[test]
fn a_provider_signs_with_its_own_algorithms_only() {
    for row in &ROWS {
        let verifier = builder(row).build().unwrap();
        for algorithm in support::algorithms() {
            let key = key(algorithm);
            let header = format!(
                r#"{{"alg":"{algorithm}","kid":"{}","typ":"JWT"}}"#,
                key.kid()
            );
            let token = sign(key, header, claims(row, 600).to_json());
            let expected = row.algorithms.contains(&algorithm)
                || (row.provider == Provider::Kubernetes && algorithm == Algorithm::Es512);
            assert_eq!(
                code(&verifier, &token).is_ok(),
                expected,
                "{} {algorithm}",
                row.provider
            );
        }
    }
}

#[test]
fn a_token_lives_no_longer_than_the_provider_lets_it() {
    for row in &ROWS {
        let verifier = builder(row).build().unwrap();
        let most = token(&claims(row, row.max_lifetime));
        assert_eq!(code(&verifier, &most), Ok(()), "{}", row.provider);
        let more = token(&claims(row, row.max_lifetime + 1));
        assert_eq!(
            code(&verifier, &more),
            Err("lifetime_too_long"),
            "{}",
            row.provider
        );
    }
}

#[test]
fn a_token_names_its_key_where_every_token_does() {
    for row in &ROWS {
        let only_key = support::jwk_set([key(Algorithm::Rs256)]);
        let builder = Verifier::builder()
            .issuer(identifier(row.issuer))
            .audience(AUDIENCE)
            .provider(row.provider)
            .keys(parse_set(&only_key));
        let nameless = |typ: &str| {
            let header = format!(r#"{{"alg":"RS256"{typ}}}"#);
            sign(key(Algorithm::Rs256), header, claims(row, 600).to_json())
        };
        let verifier = builder.build().unwrap();
        assert_eq!(
            code(&verifier, &nameless("")),
            Err("kid_required"),
            "{}",
            row.provider
        );
        let empty = nameless(r#","kid":"""#);
        assert_eq!(
            code(&verifier, &empty),
            Err("key_unknown"),
            "{}",
            row.provider
        );
    }
}

#[test]
fn other_audiences_beside_ours_are_for_providers_that_write_several() {
    for row in &ROWS {
        let verifier = builder(row).build().unwrap();
        let several = claims(row, 600).with("aud", &format!(r#"["{AUDIENCE}","other"]"#));
        let expected = if row.may_name_others {
            Ok(())
        } else {
            Err("aud_several")
        };
        assert_eq!(
            code(&verifier, &token(&several)),
            expected,
            "{}",
            row.provider
        );
        let in_a_list = claims(row, 600).with("aud", &format!(r#"["{AUDIENCE}"]"#));
        assert_eq!(
            code(&verifier, &token(&in_a_list)),
            Ok(()),
            "{}",
            row.provider
        );
    }
}

/// Where the provider writes one audience, a second is none of its tokens, be it the relying party's
/// own.
#[test]
fn two_audiences_of_ones_own_are_for_providers_that_write_several() {
    for row in &ROWS {
        let both = builder(row).audience("second").build().unwrap();
        let second = claims(row, 600).with("aud", r#""second""#);
        assert_eq!(code(&both, &token(&second)), Ok(()), "{}", row.provider);
        let several = claims(row, 600).with("aud", &format!(r#"["{AUDIENCE}","second"]"#));
        let expected = if row.may_name_others {
            Ok(())
        } else {
            Err("aud_several")
        };
        assert_eq!(code(&both, &token(&several)), expected, "{}", row.provider);
    }
}

#[test]
fn typ_is_absent_or_jwt() {
    for row in &ROWS {
        let verifier = builder(row).build().unwrap();
        let key = key(Algorithm::Rs256);
        for (typ, expected) in [
            ("JWT", Ok(())),
            ("JOSE", Err("typ_not_allowed")),
            ("at+jwt", Err("typ_not_allowed")),
        ] {
            let header = format!(r#"{{"alg":"RS256","kid":"{}","typ":"{typ}"}}"#, key.kid());
            let token = sign(key, header, claims(row, 600).to_json());
            assert_eq!(code(&verifier, &token), expected, "{} {typ}", row.provider);
        }
        assert_eq!(
            code(&verifier, &token(&claims(row, 600))),
            Ok(()),
            "{}",
            row.provider
        );
    }
}

#[test]
fn what_is_said_after_the_provider_overrides_it() {
    let row = &ROWS[5];
    let overridden = builder(row)
        .algorithms([Algorithm::Rs256, Algorithm::Es256])
        .max_lifetime(Duration::from_secs(7_200))
        .extra_audiences(ExtraAudiences::Allow)
        .build()
        .unwrap();
    let several = claims(row, 7_200).with("aud", &format!(r#"["{AUDIENCE}","other"]"#));
    let es256 = key(Algorithm::Es256);
    let header = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, es256.kid());
    assert_eq!(
        code(&overridden, &sign(es256, header, several.to_json())),
        Ok(())
    );
}

#[test]
fn audiences_and_keys_are_said_before_a_profile_or_after_it() {
    let row = &ROWS[5];
    let verifier = Verifier::builder()
        .issuer(identifier(row.issuer))
        .audience("other")
        .audience(AUDIENCE)
        .keys(parse_set(&all_keys()))
        .locate(oidc_verifier::PointerBuf::root())
        .max_token_bytes(20_000)
        .provider(row.provider)
        .build()
        .unwrap();
    assert_eq!(code(&verifier, &token(&claims(row, 600))), Ok(()));
}

/// A profile would take the setting back, a check as well as what loosens one.
#[test]
fn what_a_profile_would_take_back_does_not_build() {
    type Setting = fn(VerifierBuilder<Ready>) -> VerifierBuilder<Ready>;
    let settings: [(&str, Setting); 8] = [
        ("require_kid", VerifierBuilder::require_kid),
        ("extra_audiences", |own| {
            own.extra_audiences(ExtraAudiences::Forbid)
        }),
        ("algorithms", |own| own.algorithms([Algorithm::Rs256])),
        ("leeway", |own| own.leeway(Duration::ZERO)),
        ("max_lifetime", |own| {
            own.max_lifetime(Duration::from_secs(60))
        }),
        ("max_age", |own| own.max_age(Duration::from_secs(60))),
        ("accept_typ", |own| own.accept_typ("at+jwt")),
        ("profile", |own| own.profile(Profile::aws_sts())),
    ];
    let row = &ROWS[5];
    for (setting, say) in settings {
        let builder = || {
            Verifier::builder()
                .issuer(identifier(row.issuer))
                .audience(AUDIENCE)
        };
        let late = say(builder()).provider(row.provider);
        // Whatever is said after it, and of others.
        let late = late
            .require_kid()
            .issuer(identifier("https://other.example"));
        let error = late.audience(AUDIENCE).build().unwrap_err();
        assert_eq!(error.code(), "said_before_profile");
        assert_eq!(
            error.to_string(),
            format!(
                "`{setting}` of `{}` comes before a profile, which would take it back",
                row.issuer
            )
        );
        if setting != "profile" {
            assert!(
                say(builder().provider(row.provider)).build().is_ok(),
                "{setting}"
            );
        }
        // What was said of one issuer is not taken back by the profile of another.
        let other = say(builder()).issuer(identifier("https://other.example"));
        let other = other.audience(AUDIENCE).profile(Profile::aws_sts());
        assert!(other.build().is_ok(), "{setting}");
    }
}

#[test]
fn an_issuer_that_is_known_is_not_taken_for_another_providers() {
    let build = |issuer: &str| {
        let builder = Verifier::builder()
            .issuer(identifier(issuer))
            .audience(AUDIENCE);
        builder.provider(Provider::GitLab).build().map(drop)
    };
    for own in [
        "https://gitlab.com",
        "https://gitlab.acme.example",
        "https://gitlab.acme.example/",
    ] {
        assert_eq!(build(own), Ok(()), "{own}");
    }
    let error = build("https://token.actions.githubusercontent.com").unwrap_err();
    assert!(matches!(
        error,
        BuildError::OtherProvider {
            provider: Provider::GitLab,
            ..
        }
    ));
    assert_eq!(
        (error.code(), &*error.to_string()),
        ("other_provider", "issuer is not one of gitlab")
    );
}

#[test]
fn kid_can_be_required_of_any_issuer() {
    let row = &ROWS[6];
    let plain = || {
        let builder = Verifier::builder()
            .issuer(identifier(row.issuer))
            .audience(AUDIENCE);
        builder.keys(parse_set(&support::jwk_set([key(Algorithm::Rs256)])))
    };
    let nameless = sign(
        key(Algorithm::Rs256),
        r#"{"alg":"RS256"}"#,
        claims(row, 600).to_json(),
    );
    assert_eq!(code(&plain().build().unwrap(), &nameless), Ok(()));
    let strict = plain().require_kid().build().unwrap();
    assert_eq!(code(&strict, &nameless), Err("kid_required"));
    assert_eq!(code(&strict, &token(&claims(row, 600))), Ok(()));
}

#[test]
fn claims_that_the_profile_does_not_know_are_reported_and_refuse_nothing() {
    let row = &ROWS[0];
    let verifier = builder(row).build().unwrap();
    let inside = r#"{"aws_account":"111122223333","source_region":"eu-north-1","principal_id":"p",
        "moon_phase":"full","request_tags":{"any":"1"}}"#;
    let claims = claims(row, 600)
        .with("jti", "\"j\"")
        .with("https://sts.amazonaws.com/", inside)
        .with("tide", "1");
    let token = token(&claims);
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    assert_eq!(verified.provider(), Some(Provider::AwsOutbound));
    let drift = verified.claim_drift().unwrap();
    let mut unknown: Vec<_> = drift.unknown.iter().map(PointerBuf::as_str).collect();
    unknown.sort_unstable();
    assert_eq!(
        unknown,
        ["/https:~1~1sts.amazonaws.com~1/moon_phase", "/tide"]
    );
    assert!(drift.absent.is_empty() && drift.other_kind.is_empty());
}

#[test]
fn a_token_as_it_is_known_has_no_drift() {
    let row = &ROWS[3];
    let verifier = builder(row).build().unwrap();
    let claims = claims(row, 600)
        .with("oidc.circleci.com/project-id", "\"2b9e\"")
        .with("oidc.circleci.com/ssh-rerun", "false");
    let token = token(&claims);
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    assert!(verified.claim_drift().unwrap().is_empty());
}

#[test]
fn without_a_provider_nothing_is_known_and_nothing_reported() {
    let row = &ROWS[3];
    let builder = Verifier::builder()
        .issuer(identifier(row.issuer))
        .audience(AUDIENCE);
    let verifier = builder.keys(parse_set(&all_keys())).build().unwrap();
    let token = token(&claims(row, 600));
    let verified = verifier.verify(token.as_bytes(), at(NOW)).unwrap();
    assert_eq!((verified.provider(), verified.claim_drift()), (None, None));
}

/// OpenID Connect Core section 3.1.3.7 item 2: Auth0, AKS and Entra of version 1 end in a slash.
#[test]
fn a_trailing_slash_is_a_part_of_the_issuer() {
    for issuer in [
        "https://acme.eu.auth0.com",
        "https://eastus.oic.prod-aks.azure.com/72f988bf-86f1-41af-91ab-2d7cd011db47/0184990a-477b-4fa8-9968-496074483cee",
        "https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47",
    ] {
        let with_slash = format!("{issuer}/");
        for (own, named, expected) in [
            (&*with_slash, &*with_slash, Ok(())),
            (&*with_slash, issuer, Err("issuer_untrusted")),
            (issuer, &*with_slash, Err("issuer_untrusted")),
        ] {
            let builder = Verifier::builder()
                .issuer(identifier(own))
                .audience(AUDIENCE);
            let verifier = builder.keys(parse_set(&all_keys())).build().unwrap();
            let claims = claims(&ROWS[0], 600).with("iss", &format!("\"{named}\""));
            assert_eq!(code(&verifier, &token(&claims)), expected, "{own} {named}");
        }
    }
}
