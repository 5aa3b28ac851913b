//! What the test programs share: keys, honest tokens, and tokens made by hand.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses its own part of this"
)]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

mod members;

use std::sync::LazyLock;
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier, JwkSet, NumericDate, base64url};
use oidc_issuer::{Issuer, JwtId, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::{Ready, Verifier, VerifierBuilder};
use serde_json::{Value, json};

pub(crate) use self::members::Members;

/// Whether this run tests `aws-lc-rs`. With both features on, it is used.
pub(crate) const AWS_LC_RS: bool = cfg!(feature = "aws-lc-rs");

pub(crate) const ISSUER: &str = "https://oidc.circleci.example/org/0c7b";
pub(crate) const AUDIENCE: &str = "https://deploy.example";

/// Stands in every text that a stranger could write, and in no error.
pub(crate) const CANARY: &str = "canary";

/// 2026-09-21T14:13:20Z
pub(crate) const NOW: i64 = 1_790_000_000;

pub(crate) fn at(seconds: i64) -> NumericDate {
    NumericDate::from_seconds(seconds).expect("a time before the year 10000")
}

pub(crate) fn identifier(text: &str) -> IssuerIdentifier {
    IssuerIdentifier::parse(text).expect("an issuer identifier")
}

/// The algorithms that the tested backend has.
pub(crate) fn algorithms() -> impl Iterator<Item = Algorithm> {
    let all = Algorithm::ALL.iter().copied();
    all.filter(|algorithm| AWS_LC_RS || *algorithm != Algorithm::Es512)
}

/// The honest key for an algorithm, named after it in lower case.
///
/// The RSA algorithms share one key, that of RFC 7515 appendix A.2; each issuer here signs with one
/// algorithm.
pub(crate) fn key(algorithm: Algorithm) -> &'static SigningKey {
    static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| key_ring("A.2", "-canary"));
    keyed(&KEYS, algorithm)
}

/// A stranger's key for an algorithm, under the name of the honest one.
pub(crate) fn foreign_key(algorithm: Algorithm) -> &'static SigningKey {
    static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| key_ring("4.1", "-canary"));
    keyed(&KEYS, algorithm)
}

fn keyed(keys: &'static [SigningKey], algorithm: Algorithm) -> &'static SigningKey {
    let mut keys = keys.iter();
    keys.find(|key| key.algorithm() == algorithm)
        .expect("a key for each algorithm")
}

fn key_ring(rsa: &str, suffix: &str) -> Vec<SigningKey> {
    let rsa = private_rsa_jwk(rsa);
    algorithms_of_issuer()
        .map(|algorithm| {
            let key = if algorithm.is_rsa() {
                SigningKey::from_jwk_json(algorithm, rsa.to_string().as_bytes())
            } else {
                SigningKey::generate(algorithm, &SystemRandom::new())
            };
            let name = algorithm.name().to_ascii_lowercase() + suffix;
            key.and_then(|key| key.with_kid(&name)).expect("a key")
        })
        .collect()
}

/// The issuer runs on aws-lc-rs in every run.
fn algorithms_of_issuer() -> impl Iterator<Item = Algorithm> {
    Algorithm::ALL.iter().copied()
}

/// A published private key: RFC 7515 appendix A.2 or RFC 7520 section 4.1.
fn private_rsa_jwk(section: &str) -> Value {
    let cookbook = include_str!("../vectors/jose-cookbook/jws/4_1.rsa_v15_signature.json");
    let rfc7515 = include_str!("../vectors/rfc7515.json");
    let file: Value =
        serde_json::from_str(if section == "4.1" { cookbook } else { rfc7515 }).unwrap();
    let cases = file["cases"].as_array().into_iter().flatten();
    let mut jwk = match cases.into_iter().find(|case| case["section"] == section) {
        Some(case) => case["jwk"].clone(),
        None => file["input"]["key"].clone(),
    };
    jwk.as_object_mut().unwrap().remove("kid");
    jwk
}

/// The document that publishes these keys.
pub(crate) fn jwk_set<'k>(keys: impl IntoIterator<Item = &'k SigningKey>) -> String {
    let keys = keys.into_iter().map(|key| key.public_jwk().clone());
    JwkSet::from_keys(keys)
        .expect("keys of different names")
        .to_json()
}

/// The honest keys for all algorithms of the tested backend.
pub(crate) fn all_keys() -> String {
    jwk_set(algorithms().map(key))
}

pub(crate) fn parse_set(json: &str) -> JwkSet {
    JwkSet::parse(json.as_bytes()).expect("a key set")
}

/// A verifier's builder with the honest issuer, audience, keys and all algorithms.
pub(crate) fn builder() -> VerifierBuilder<Ready> {
    Verifier::builder()
        .issuer(identifier(ISSUER))
        .audience(AUDIENCE)
        .algorithms(algorithms())
        .keys(parse_set(&all_keys()))
}

pub(crate) fn verifier() -> Verifier {
    builder().build().expect("a verifier")
}

/// What a token says beyond the registered claims.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    Aws,
    CircleCi,
    GitHub,
}

impl Shape {
    pub(crate) const ALL: [Shape; 3] = [Shape::Aws, Shape::CircleCi, Shape::GitHub];

    fn claims(self) -> Value {
        match self {
            Shape::Aws => json!({"https://sts.amazonaws.com/": {
                "org_id": "o-abc1234567",
                "aws_account": "111122223333",
                "ou_path": ["o-abc1234567/r-ab12/ou-ab12-11111111/"],
                "original_session_exp": "2026-09-21T16:13:20Z",
                "source_region": "us-east-1",
                "principal_id": "arn:aws:iam::111122223333:role/canary",
                "principal_tags": {"environment": "production", "cost-center": "engineering"},
                "ec2_source_instance_arn": "arn:aws:ec2:us-east-1:111122223333:instance/i-1",
            }}),
            Shape::CircleCi => json!({
                "oidc.circleci.com/project-id": "6a1c9c6e-canary",
                "oidc.circleci.com/context-ids": ["0b7c", "1d2e"],
                "oidc.circleci.com/vcs-ref": "refs/heads/main",
                "oidc.circleci.com/vcs-origin": "github.com/acme/web",
                "oidc.circleci.com/ssh-rerun": false,
            }),
            Shape::GitHub => json!({
                "repository": "acme/canary",
                "repository_id": "123456789",
                "repository_owner": "acme",
                "ref": "refs/heads/main",
                "ref_type": "branch",
                "sha": "0123456789abcdef0123456789abcdef01234567",
                "workflow": "déploiement ???>>>~~~",
                "job_workflow_ref": "acme/canary/.github/workflows/deploy.yml@refs/heads/main",
                "run_attempt": 1,
                "runner_environment": "github-hosted",
            }),
        }
    }
}

/// A token that `oidc-issuer` minted, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Honest {
    pub(crate) algorithm: Algorithm,
    pub(crate) token: String,
    pub(crate) header: Members,
    pub(crate) claims: Members,
}

/// A token of the honest issuer, with `nbf` and `jti`, valid at [`NOW`].
pub(crate) fn mint(algorithm: Algorithm, shape: Shape) -> Honest {
    let pem = key(algorithm).to_pkcs8_pem();
    let key = SigningKey::from_pkcs8_pem(algorithm, &pem)
        .and_then(|copy| copy.with_kid(key(algorithm).kid()))
        .expect("a copy of the key");
    let issuer = Issuer::builder(identifier(ISSUER))
        .key(key)
        .build()
        .expect("an issuer");
    let mut spec = TokenSpec::new("org/canary/project/7/user/9", AUDIENCE)
        .and_then(|spec| spec.with_lifetime(Duration::from_secs(600)))
        .and_then(|spec| spec.with_not_before_backdate(Duration::from_secs(5)))
        .expect("a subject and an audience")
        .with_jwt_id(JwtId::random(&SystemRandom::new()).expect("random bits"));
    for (name, value) in shape.claims().as_object().unwrap() {
        spec = spec.with_claim(name, value).expect("a claim");
    }
    let token = issuer
        .issue(&spec, at(NOW - 10))
        .expect("a token")
        .into_string();
    let part = |index| {
        let text = token.split('.').nth(index).expect("three parts");
        Members::read(&base64url::decode(text).expect("base64url"))
    };
    Honest {
        algorithm,
        header: part(0),
        claims: part(1),
        token: token.clone(),
    }
}

impl Honest {
    /// The parts of the token as they stand.
    pub(crate) fn parts(&self) -> [&str; 3] {
        let parts: Vec<&str> = self.token.split('.').collect();
        [parts[0], parts[1], parts[2]]
    }

    pub(crate) fn signature(&self) -> Vec<u8> {
        base64url::decode(self.parts()[2]).expect("base64url")
    }

    /// The token with this signature.
    pub(crate) fn with_signature(&self, signature: impl AsRef<[u8]>) -> String {
        let [header, payload, _] = self.parts();
        format!("{header}.{payload}.{}", base64url::encode(signature))
    }

    /// A token with this header and these claims, signed with the honest key.
    pub(crate) fn sign(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        sign(key(self.algorithm), header, payload)
    }

    /// The token with another header, signed with the honest key.
    pub(crate) fn with_header(&self, header: impl AsRef<[u8]>) -> String {
        self.sign(header, self.claims.to_json())
    }

    /// The token with other claims, signed with the honest key.
    pub(crate) fn with_claims(&self, payload: impl AsRef<[u8]>) -> String {
        self.sign(self.header.to_json(), payload)
    }

    /// The token with one claim set to this JSON, signed with the honest key.
    pub(crate) fn with_claim(&self, name: &str, json: &str) -> String {
        self.with_claims(self.claims.with(name, json).to_json())
    }

    /// The token without a claim, signed with the honest key.
    pub(crate) fn without_claim(&self, name: &str) -> String {
        self.with_claims(self.claims.without(name).to_json())
    }
}

/// A compact JWS over these bytes, whatever they are.
pub(crate) fn sign(
    key: &SigningKey,
    header: impl AsRef<[u8]>,
    payload: impl AsRef<[u8]>,
) -> String {
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(payload)
    );
    let signature = key.sign(input.as_bytes()).expect("a signature");
    format!("{input}.{}", base64url::encode(signature))
}
