//! What those who will read the documents and the tokens ask of them.

use core::fmt;

use oidc_core::{Algorithm, IssuerIdentifier, Jwk, JwkSet};
use serde_json::Value;

use super::Document;
use crate::issuer::Issuer;

/// A relying party whose limits are known.
///
/// The limits are those that their documentation gives, or that users have reported; what nobody
/// has written down is not checked.
///
/// ```
/// use oidc_core::{Algorithm, IssuerIdentifier};
/// use oidc_issuer::{Consumer, Issuer, SigningKey, SystemRandom};
///
/// let issuer = Issuer::builder(IssuerIdentifier::parse("https://ci.example")?)
///     .key(SigningKey::generate(Algorithm::EdDsa, &SystemRandom::new())?)
///     .build()?;
/// let findings = Consumer::AwsSts.check(&issuer);
/// assert_eq!(findings[0].code, "no_common_algorithm");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consumer {
    /// AWS IAM OIDC providers and STS.
    AwsSts,
    /// A trusted token issuer of AWS IAM Identity Center.
    AwsIdentityCenter,
    /// Google Cloud workload identity federation, with discovery.
    Gcp,
    /// Google Cloud with an uploaded JWK Set.
    GcpUpload,
    /// Federated credentials of Microsoft Entra.
    Entra,
    /// Vault's JWT auth method, and others on the same Go libraries.
    Vault,
    /// Kubernetes' structured authentication.
    Kubernetes,
    /// Whoever was given the JWK Set once and keeps it until somebody gives them another.
    Snapshot,
}

/// What a consumer will not take, or might not.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerFinding {
    /// A stable word.
    pub code: &'static str,
    /// How bad it is.
    pub grade: ConsumerGrade,
    /// What, with its numbers.
    pub message: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ConsumerGrade {
    /// It works, with an effort on the other side, or it is not known whether it does.
    Caution,
    /// Tokens will be refused.
    Refused,
}

impl fmt::Display for ConsumerFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

/// What a consumer takes.
struct Limits {
    algorithms: &'static [Algorithm],
    /// Keys of one type (`kty`).
    max_keys_of_a_type: usize,
    max_issuer_chars: usize,
    /// Whether the issuer may have a port.
    port: bool,
    /// Audiences of one token.
    max_audiences: usize,
    max_audience_chars: usize,
    max_subject_chars: usize,
    max_token_chars: usize,
    max_lifetime_seconds: i64,
    kid: KidRule,
    /// Members of the discovery document that its set-up guide asks for.
    discovery: &'static [&'static str],
    /// Whether the documents come without being asked for.
    fetches: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum KidRule {
    Any,
    UpTo(usize),
}

const RS_ES: &[Algorithm] = &[
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
];

/// Vault's default list, which is that of the Go library under it.
const GO: &[Algorithm] = &[
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::Es512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Ps512,
    Algorithm::EdDsa,
];

const BASIC: &[&str] = &["issuer", "jwks_uri"];

/// No limit that is known.
const OPEN: Limits = Limits {
    algorithms: Algorithm::ALL,
    max_keys_of_a_type: usize::MAX,
    max_issuer_chars: usize::MAX,
    port: true,
    max_audiences: usize::MAX,
    max_audience_chars: usize::MAX,
    max_subject_chars: usize::MAX,
    max_token_chars: usize::MAX,
    max_lifetime_seconds: i64::MAX,
    kid: KidRule::Any,
    discovery: BASIC,
    fetches: true,
};

const AWS_STS: Limits = Limits {
    algorithms: RS_ES,
    max_keys_of_a_type: 100,
    max_issuer_chars: 255,
    port: false,
    // Several need `azp`, which this crate does not set.
    max_audiences: 1,
    max_audience_chars: 255,
    max_token_chars: 20_000,
    discovery: &[
        "issuer",
        "jwks_uri",
        "claims_supported",
        "response_types_supported",
        "subject_types_supported",
        "id_token_signing_alg_values_supported",
    ],
    ..OPEN
};

const AWS_IDENTITY_CENTER: Limits = Limits {
    algorithms: &[Algorithm::Rs256],
    max_issuer_chars: 512,
    ..AWS_STS
};

const GCP: Limits = Limits {
    algorithms: &[Algorithm::Rs256, Algorithm::Es256],
    max_audiences: 10,
    max_audience_chars: 256,
    max_lifetime_seconds: 48 * 60 * 60,
    ..OPEN
};

const GCP_UPLOAD: Limits = Limits {
    fetches: false,
    ..GCP
};

const ENTRA: Limits = Limits {
    algorithms: &[Algorithm::Rs256],
    max_issuer_chars: 600,
    max_subject_chars: 600,
    max_audiences: 1,
    max_audience_chars: 600,
    ..OPEN
};

const VAULT: Limits = Limits {
    algorithms: GO,
    ..OPEN
};

const KUBERNETES: Limits = Limits {
    algorithms: &[
        Algorithm::Rs256,
        Algorithm::Rs384,
        Algorithm::Rs512,
        Algorithm::Es256,
        Algorithm::Es384,
        Algorithm::Es512,
        Algorithm::Ps256,
        Algorithm::Ps384,
        Algorithm::Ps512,
    ],
    kid: KidRule::UpTo(1_024),
    ..OPEN
};

const SNAPSHOT: Limits = Limits {
    fetches: false,
    ..OPEN
};

/// Above this, a JWK Set is larger than the buffers of some consumers.
const LARGE_JWK_SET_BYTES: usize = 16 * 1024;

/// Above this, a token does not fit the header lines of some proxies.
const LARGE_TOKEN_CHARS: usize = 4 * 1024;

impl Consumer {
    /// All of them.
    pub const ALL: &'static [Consumer] = &[
        Consumer::AwsSts,
        Consumer::AwsIdentityCenter,
        Consumer::Gcp,
        Consumer::GcpUpload,
        Consumer::Entra,
        Consumer::Vault,
        Consumer::Kubernetes,
        Consumer::Snapshot,
    ];

    /// The word for it in configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AwsSts => "aws-sts",
            Self::AwsIdentityCenter => "aws-identity-center",
            Self::Gcp => "gcp",
            Self::GcpUpload => "gcp-upload",
            Self::Entra => "entra",
            Self::Vault => "vault",
            Self::Kubernetes => "kubernetes",
            Self::Snapshot => "snapshot",
        }
    }

    /// The consumer of this name.
    pub fn from_name(name: &str) -> Option<Consumer> {
        Self::ALL.iter().copied().find(|own| own.name() == name)
    }

    const fn limits(self) -> &'static Limits {
        match self {
            Self::AwsSts => &AWS_STS,
            Self::AwsIdentityCenter => &AWS_IDENTITY_CENTER,
            Self::Gcp => &GCP,
            Self::GcpUpload => &GCP_UPLOAD,
            Self::Entra => &ENTRA,
            Self::Vault => &VAULT,
            Self::Kubernetes => &KUBERNETES,
            Self::Snapshot => &SNAPSHOT,
        }
    }

    /// The algorithms that it verifies.
    pub const fn algorithms(self) -> &'static [Algorithm] {
        self.limits().algorithms
    }

    /// What it will not take of this issuer's documents, worst first.
    pub fn check(self, issuer: &Issuer) -> Vec<ConsumerFinding> {
        let (jwk_set, discovery) = (issuer.jwk_set_document(), issuer.discovery_document());
        self.check_documents(issuer.id(), jwk_set, discovery)
    }

    /// What it will not take of these documents, worst first.
    pub fn check_documents(
        self,
        issuer: &IssuerIdentifier,
        jwk_set: &Document,
        discovery: &Document,
    ) -> Vec<ConsumerFinding> {
        let mut findings = Findings::default();
        self.check_issuer(issuer, &mut findings);
        self.check_jwk_set(jwk_set, &mut findings);
        if self.limits().fetches {
            self.check_discovery(issuer, discovery, &mut findings);
        } else {
            let message =
                "it keeps the JWK Set that it was given: a rotation waits until somebody \
                           has given it the next one"
                    .to_owned();
            findings.caution("snapshot", message);
        }
        findings.sorted()
    }

    fn check_issuer(self, issuer: &IssuerIdentifier, findings: &mut Findings) {
        let limits = self.limits();
        let text = issuer.as_str();
        let length = text.chars().count();
        if length > limits.max_issuer_chars {
            let max = limits.max_issuer_chars;
            let message = format!("the issuer has {length} characters, {max} at most are taken");
            findings.refused("issuer_length", message);
        }
        let after_scheme = text.split_once("://").map_or(text, |(_, rest)| rest);
        let authority = after_scheme.split('/').next().unwrap_or_default();
        if !limits.port && has_port(authority) {
            findings.refused("issuer_port", "the issuer has a port".to_owned());
        }
        if !text.starts_with("https://") {
            findings.refused("issuer_scheme", "the issuer is not https".to_owned());
        }
        if text.ends_with('/') {
            let message = "the issuer ends with a slash, which is easily lost in a configuration";
            findings.caution("issuer_slash", message.to_owned());
        }
        if authority.bytes().any(|byte| byte.is_ascii_uppercase()) {
            let message = "the issuer's host has capital letters, which some clients write small";
            findings.caution("issuer_case", message.to_owned());
        }
    }

    fn check_jwk_set(self, document: &Document, findings: &mut Findings) {
        let limits = self.limits();
        let Ok(set) = JwkSet::parse(&document.bytes) else {
            let message = "the JWK Set has no key that can be used".to_owned();
            findings.refused("jwk_set", message);
            return;
        };
        let bytes = document.bytes.len();
        if bytes > LARGE_JWK_SET_BYTES {
            let message = format!("the JWK Set has {bytes} bytes; some readers stop at 16 KiB");
            findings.caution("jwk_set_size", message);
        }
        for (kind, count) in count_by_type(&document.bytes) {
            if count > limits.max_keys_of_a_type {
                let max = limits.max_keys_of_a_type;
                let message = format!(
                    "{count} {kind} keys, {max} at most are read: every {kind} token is refused"
                );
                findings.refused("too_many_keys", message);
            }
        }
        let common = |jwk: &&Jwk| {
            limits
                .algorithms
                .iter()
                .any(|algorithm| jwk.fits(*algorithm))
        };
        let usable = set.keys().iter().filter(common).count();
        if usable == 0 {
            let names: Vec<&str> = limits.algorithms.iter().map(|own| own.name()).collect();
            let message = format!("no key is for one of {}", names.join(", "));
            findings.refused("no_common_algorithm", message);
        } else if usable < set.keys().len() {
            let others = set.keys().len().saturating_sub(usable);
            let message = format!(
                "{others} of the keys are for algorithms that it does not take: choose the \
                 algorithm by audience"
            );
            findings.caution("other_algorithms", message);
        }
        if let KidRule::UpTo(max) = limits.kid
            && set
                .keys()
                .iter()
                .any(|jwk| jwk.kid().is_some_and(|kid| kid.len() > max))
        {
            findings.refused("kid_length", format!("a `kid` is longer than {max} bytes"));
        }
    }

    fn check_discovery(
        self,
        issuer: &IssuerIdentifier,
        document: &Document,
        findings: &mut Findings,
    ) {
        let metadata: Value = serde_json::from_slice(&document.bytes).unwrap_or_default();
        for member in self.limits().discovery {
            if metadata.get(member).is_none() {
                let message = format!("the discovery document has no `{member}`");
                findings.refused("discovery_member", message);
            }
        }
        if metadata.get("issuer").and_then(Value::as_str) != Some(issuer.as_str()) {
            let message = "the discovery document names another issuer".to_owned();
            findings.refused("discovery_issuer", message);
        }
    }

    /// What it will not take of this token, worst first. The token is one of the issuer's own, as
    /// text.
    pub fn check_token(self, token: &str) -> Vec<ConsumerFinding> {
        let limits = self.limits();
        let mut findings = Findings::default();
        let part = |index| {
            let text = token.split('.').nth(index).unwrap_or_default();
            let bytes = oidc_core::base64url::decode(text).unwrap_or_default();
            serde_json::from_slice::<Value>(&bytes).unwrap_or_default()
        };
        let (header, claims) = (part(0), part(1));
        let length = token.len();
        if length > limits.max_token_chars {
            let max = limits.max_token_chars;
            let message = format!("the token has {length} characters, {max} at most are taken");
            findings.refused("token_length", message);
        } else if length > LARGE_TOKEN_CHARS {
            let message = format!("the token has {length} characters; some proxies stop at 4 KiB");
            findings.caution("token_size", message);
        }
        let alg = header
            .get("alg")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if !limits
            .algorithms
            .iter()
            .any(|algorithm| algorithm.name() == alg)
        {
            findings.refused("token_algorithm", format!("`{alg}` is not taken"));
        }
        let names: Vec<&str> = match claims.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
                vec![]
            }
        };
        let (count, max) = (names.len(), limits.max_audiences);
        if count > max {
            findings.refused(
                "token_audiences",
                format!("{count} audiences, {max} at most are taken"),
            );
        }
        let max = limits.max_audience_chars;
        if names.iter().any(|name| name.chars().count() > max) {
            let message = format!("an audience has more than {max} characters");
            findings.refused("token_audience_length", message);
        }
        let subject = claims
            .get("sub")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let max = limits.max_subject_chars;
        if subject.chars().count() > max {
            let message = format!("the subject has more than {max} characters");
            findings.refused("token_subject_length", message);
        }
        let time = |name| claims.get(name).and_then(Value::as_i64).unwrap_or_default();
        let lifetime = time("exp").saturating_sub(time("iat"));
        let max = limits.max_lifetime_seconds;
        if lifetime >= max {
            let message = format!("a lifetime of {lifetime} s is not less than {max} s");
            findings.refused("token_lifetime", message);
        }
        findings.sorted()
    }
}

fn has_port(authority: &str) -> bool {
    let after_host = authority.rsplit(']').next().unwrap_or_default();
    after_host.contains(':')
}

/// The keys of each type as they are written: a reader counts those that it cannot use as well.
fn count_by_type(jwk_set: &[u8]) -> Vec<(String, usize)> {
    let set: Value = serde_json::from_slice(jwk_set).unwrap_or_default();
    let keys = set.get("keys").and_then(Value::as_array);
    let mut counts: Vec<(String, usize)> = Vec::new();
    for key in keys.into_iter().flatten() {
        let kind = key.get("kty").and_then(Value::as_str).unwrap_or_default();
        match counts.iter_mut().find(|(own, _)| own == kind) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => counts.push((kind.to_owned(), 1)),
        }
    }
    counts
}

#[derive(Default)]
struct Findings(Vec<ConsumerFinding>);

impl Findings {
    fn refused(&mut self, code: &'static str, message: String) {
        self.push(code, ConsumerGrade::Refused, message);
    }

    fn caution(&mut self, code: &'static str, message: String) {
        self.push(code, ConsumerGrade::Caution, message);
    }

    fn push(&mut self, code: &'static str, grade: ConsumerGrade, message: String) {
        self.0.push(ConsumerFinding {
            code,
            grade,
            message,
        });
    }

    fn sorted(mut self) -> Vec<ConsumerFinding> {
        self.0
            .sort_by_key(|finding| core::cmp::Reverse(finding.grade));
        self.0
    }
}
