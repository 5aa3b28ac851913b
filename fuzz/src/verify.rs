use std::sync::LazyLock;

use oidc_core::{Algorithm, NumericDate, base64url};
use oidc_issuer::SigningKey;
use oidc_verifier::Verifier;

use crate::reference::{Reference, Trust, tested};

/// Tokens: the verifier accepts what the slow reference accepts and refuses what it refuses, and
/// both read the same claims.
///
/// The first byte says what follows:
///
/// - `T`: a token, judged with the published keys of RFC 7515 appendix A and RFC 8037 appendix A.
/// - `S`: a header, a line break, claims; they are signed here with the Ed25519 key first, so that
///   header and claims are judged behind a good signature.
/// - `K`: a key set, a line break, then as `S`; the token is judged with that set.
///
/// # Panics
///
/// When the law does not hold.
pub fn verify(data: &[u8]) -> bool {
    match data.split_first() {
        Some((b'T', token)) => judge(&PUBLISHED, token),
        Some((b'S', rest)) => sign(rest).is_some_and(|token| judge(&PUBLISHED, &token)),
        Some((b'K', rest)) => {
            let (set, rest) = line(rest);
            let judges = Judges::with_keys(set);
            sign(rest).is_some_and(|token| judge(&judges, &token))
        }
        _ => false,
    }
}

/// 2026-09-21T14:13:20Z
const NOW: i64 = 1_790_000_000;

/// The keys of RFC 7515 appendices A.2 and A.3, and of RFC 8037 appendix A.2.
const KEYS: &str = include_str!("keys.json");

/// The private half of the last of them (RFC 8037 appendix A.1): published, and no secret.
const ED25519: &str = r#"{"kty":"OKP","crv":"Ed25519",
"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
"x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// Both verifiers, configured alike.
struct Judges {
    verifier: Option<Verifier>,
    reference: Reference,
}

static PUBLISHED: LazyLock<Judges> = LazyLock::new(|| Judges::with_keys(KEYS.as_bytes()));

impl Judges {
    fn with_keys(set: &[u8]) -> Judges {
        let algorithms = Algorithm::ALL
            .iter()
            .map(|algorithm| algorithm.name().to_owned());
        let trust = Trust {
            issuer: "https://ci.example".to_owned(),
            audiences: vec!["https://deploy.example".to_owned()],
            extra_audiences: None,
            algorithms: algorithms.collect(),
            leeway: 60,
            max_lifetime: 86_400,
            max_age: None,
            types: vec!["at+jwt".to_owned()],
            jwk_set: set.to_vec(),
        };
        Judges {
            verifier: tested::verifier(std::slice::from_ref(&trust)),
            reference: Reference::new([trust]),
        }
    }
}

fn judge(judges: &Judges, token: &[u8]) -> bool {
    let (Some(verifier), Ok(now)) = (&judges.verifier, NumericDate::from_seconds(NOW)) else {
        panic!("a verifier and a time");
    };
    let fast = tested::verify(verifier, token, now);
    let slow = judges.reference.verify(token, NOW);
    match (fast, slow) {
        (Ok(fast), Ok(slow)) => assert_eq!(fast, slow),
        (Err(_), Err(_)) => return false,
        (fast, slow) => panic!("{fast:?}, but {slow:?}: {}", token.escape_ascii()),
    }
    true
}

/// A token of this header and these claims.
fn sign(data: &[u8]) -> Option<Vec<u8>> {
    static KEY: LazyLock<Option<SigningKey>> =
        LazyLock::new(|| SigningKey::from_jwk_json(Algorithm::EdDsa, ED25519.as_bytes()).ok());
    let (header, claims) = line(data);
    let input = format!(
        "{}.{}",
        base64url::encode(header),
        base64url::encode(claims)
    );
    let signature = KEY.as_ref()?.sign(input.as_bytes()).ok()?;
    Some(format!("{input}.{}", base64url::encode(signature)).into_bytes())
}

/// What stands before the first line break, and what after it.
fn line(data: &[u8]) -> (&[u8], &[u8]) {
    let end = data
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(data.len());
    let (line, rest) = data.split_at(end);
    (line, rest.get(1..).unwrap_or_default())
}
