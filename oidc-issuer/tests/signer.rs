//! Keys that live elsewhere: signers that answer late, wrong, with another key's signature, and with
//! short `r` and `s`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of a test program"
)]

mod common;

use std::future;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use common::{algorithms, at, key, parts};
use oidc_core::{Algorithm, IssuerIdentifier, Jwk};
use oidc_issuer::signer::{
    RemoteFailure, RemoteIssueError, RemoteKey, RemoteSignature, RemoteSigner, SignRequest,
    SignedBy,
};
use oidc_issuer::{Issuer, SigningKey, TokenSpec};

const NOW: i64 = common::NOW;

/// Runs a future that never has to wait for anything outside.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the future waits"),
    }
}

fn id() -> IssuerIdentifier {
    IssuerIdentifier::parse(common::ISSUER).unwrap()
}

fn spec() -> TokenSpec {
    TokenSpec::new("job", "aud").unwrap()
}

/// What a signer makes of a good signature before it answers.
type Change = fn(Vec<u8>) -> Result<RemoteSignature, RemoteFailure>;

/// Signs, and answers with something made of it.
struct Kms {
    key: SigningKey,
    change: Change,
}

impl RemoteSigner for Kms {
    async fn sign(&self, request: SignRequest<'_>) -> Result<RemoteSignature, RemoteFailure> {
        (self.change)(SigningKey::sign(&self.key, request.signing_input)?)
    }
}

fn remote(algorithm: Algorithm, change: Change) -> RemoteKey<Kms> {
    let key = key(algorithm);
    let jwk = key.public_jwk().clone();
    RemoteKey::new(&id(), jwk, Kms { key, change }).unwrap()
}

/// DER by hand: a sequence of two integers.
fn der(fixed: &[u8]) -> Vec<u8> {
    let integer = |part: &[u8]| {
        let first = part.iter().position(|byte| *byte != 0).unwrap();
        let mut bytes = part[first..].to_vec();
        if bytes[0] >= 0x80 {
            bytes.insert(0, 0);
        }
        [&[2, u8::try_from(bytes.len()).unwrap()], &*bytes].concat()
    };
    let (r, s) = fixed.split_at(fixed.len() / 2);
    let inside = [integer(r), integer(s)].concat();
    let length = match u8::try_from(inside.len()).unwrap() {
        short @ ..0x80 => vec![short],
        long => vec![0x81, long],
    };
    [vec![0x30], length, inside].concat()
}

#[test]
fn a_remote_key_signs_with_every_algorithm() {
    for algorithm in algorithms() {
        let remote = remote(algorithm, |signature| Ok(RemoteSignature::Jws(signature)));
        let token = run(remote.issue(&spec(), at(NOW), future::pending())).unwrap();
        let (header, claims) = parts(&token);
        assert_eq!(header["alg"], algorithm.name());
        assert_eq!(header["kid"], remote.public_jwk().kid().unwrap());
        assert_eq!(claims["iss"], common::ISSUER);
        assert_eq!(token.expires_at(), at(NOW + 300));
    }
}

/// The same claims and header as the issuer's own key makes of them, byte for byte.
#[test]
fn a_remote_key_makes_the_token_that_a_local_one_makes() {
    let local = Issuer::builder(id())
        .key(key(Algorithm::EdDsa))
        .build()
        .unwrap();
    let remote = RemoteKey::new(
        &id(),
        key(Algorithm::EdDsa).public_jwk().clone(),
        key(Algorithm::EdDsa),
    );
    let remote = run(remote.unwrap().issue(&spec(), at(NOW), future::pending())).unwrap();
    assert_eq!(
        remote.as_str(),
        local.issue(&spec(), at(NOW)).unwrap().as_str()
    );
}

/// One signature in 128 has a short part: 600 of them have some for all but one in 10,000 runs, and
/// whether or not, each must verify.
#[test]
fn ecdsa_in_der_becomes_the_form_of_a_token_whatever_the_length_of_its_parts() {
    let remote = remote(Algorithm::Es256, |fixed| {
        Ok(RemoteSignature::EcdsaDer(der(&fixed)))
    });
    for _ in 0..600 {
        let token = run(remote.issue(&spec(), at(NOW), future::pending())).unwrap();
        let signature = token.as_str().rsplit('.').next().unwrap();
        assert_eq!(common::from_base64url(signature).len(), 64);
    }
    if common::AWS_LC_RS {
        for algorithm in [Algorithm::Es384, Algorithm::Es512] {
            let remote = self::remote(algorithm, |fixed| {
                Ok(RemoteSignature::EcdsaDer(der(&fixed)))
            });
            assert!(run(remote.issue(&spec(), at(NOW), future::pending())).is_ok());
        }
    }
}

#[test]
fn a_signature_that_the_published_key_does_not_verify_is_never_released() {
    let other: Change = |_| {
        Ok(RemoteSignature::Jws(
            key(Algorithm::EdDsa).sign(b"another message")?,
        ))
    };
    let another_key: Change = |_| Ok(RemoteSignature::Jws(key(Algorithm::Ed25519).sign(b"x")?));
    let flipped: Change = |mut signature| {
        signature[10] ^= 1;
        Ok(RemoteSignature::Jws(signature))
    };
    let short: Change = |signature| Ok(RemoteSignature::Jws(signature[1..].to_vec()));
    let long: Change = |mut signature| {
        signature.push(0);
        Ok(RemoteSignature::Jws(signature))
    };
    let empty: Change = |_| Ok(RemoteSignature::Jws(vec![]));
    for change in [other, another_key, flipped, short, long, empty] {
        for algorithm in [
            Algorithm::EdDsa,
            Algorithm::Es256,
            Algorithm::Rs256,
            Algorithm::Ps256,
        ] {
            let outcome = run(remote(algorithm, change).issue(&spec(), at(NOW), future::pending()));
            assert_eq!(outcome.unwrap_err().code(), "signer_wrong_signature");
        }
    }
    for malformed in [
        remote(Algorithm::Es256, |fixed| {
            Ok(RemoteSignature::EcdsaDer(fixed))
        }),
        remote(Algorithm::EdDsa, |fixed| {
            Ok(RemoteSignature::EcdsaDer(der(&fixed)))
        }),
    ] {
        let outcome = run(malformed.issue(&spec(), at(NOW), future::pending()));
        assert_eq!(outcome.unwrap_err().code(), "signer_malformed");
    }
}

/// The wrong version of the right key: what a key service answers when it has rotated meanwhile.
#[test]
fn a_key_that_was_rotated_at_the_signer_makes_no_token() {
    let kms = Kms {
        key: SigningKey::generate(Algorithm::Es256, &oidc_issuer::SystemRandom::new()).unwrap(),
        change: |signature| Ok(RemoteSignature::Jws(signature)),
    };
    let published = key(Algorithm::Es256).public_jwk().clone();
    let remote = RemoteKey::new(&id(), published, kms).unwrap();
    let outcome = run(remote.issue(&spec(), at(NOW), future::pending()));
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "the published key does not verify the signature"
    );
}

/// A signer that never answers.
struct Silent;

impl RemoteSigner for Silent {
    async fn sign(&self, _request: SignRequest<'_>) -> Result<RemoteSignature, RemoteFailure> {
        future::pending().await
    }
}

#[test]
fn a_signer_that_is_late_is_not_waited_for() {
    let jwk = key(Algorithm::Es256).public_jwk().clone();
    let remote = RemoteKey::new(&id(), jwk, Silent).unwrap();
    let outcome = run(remote.issue(&spec(), at(NOW), future::ready(())));
    assert_eq!(outcome.unwrap_err().code(), "signer_deadline");
    // An answer that is there at the same time as the deadline counts.
    let at_once = self::remote(Algorithm::Es256, |signature| {
        Ok(RemoteSignature::Jws(signature))
    });
    assert!(run(at_once.issue(&spec(), at(NOW), future::ready(()))).is_ok());
}

#[test]
fn no_more_signatures_are_waited_for_than_may_be_and_a_dropped_one_gives_its_place_back() {
    let jwk = key(Algorithm::Es256).public_jwk().clone();
    let remote = RemoteKey::new(&id(), jwk, Silent)
        .unwrap()
        .with_max_in_flight(2);
    let mut context = Context::from_waker(Waker::noop());
    let mut waiting: Vec<_> = (0..2)
        .map(|_| {
            let (remote, spec) = (&remote, spec());
            Box::pin(async move { remote.issue(&spec, at(NOW), future::pending()).await })
        })
        .collect();
    for future in &mut waiting {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    let third = run(remote.issue(&spec(), at(NOW), future::ready(())));
    assert_eq!(third.unwrap_err().code(), "signer_busy");
    waiting.pop();
    let fourth = run(remote.issue(&spec(), at(NOW), future::ready(())));
    assert_eq!(fourth.unwrap_err().code(), "signer_deadline");
}

#[test]
fn a_local_key_stands_in_while_the_signer_fails() {
    let local = Issuer::builder(id())
        .key(key(Algorithm::Ed25519))
        .build()
        .unwrap();
    let failing = remote(Algorithm::Es256, |_| Err("throttled".into()));
    let issued = run(failing.issue_or(&local, &spec(), at(NOW), future::pending())).unwrap();
    let (token, signed_by) = issued;
    assert_eq!(parts(&token).0["alg"], "Ed25519");
    assert!(matches!(
        signed_by,
        SignedBy::Local { because: RemoteIssueError::Signer(failure), .. } if failure.to_string() == "throttled"
    ));

    let good = remote(Algorithm::Es256, |signature| {
        Ok(RemoteSignature::Jws(signature))
    });
    let issued = run(good.issue_or(&local, &spec(), at(NOW), future::pending())).unwrap();
    assert!(matches!(issued.1, SignedBy::Remote));

    // A token that must be signed with the remote key's algorithm is not signed with another.
    let bound = spec().with_algorithm(Algorithm::Es256);
    let error = run(failing.issue_or(&local, &bound, at(NOW), future::pending())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the remote key failed (the signer failed), and so did the local one"
    );
    assert_eq!(error.code(), "no_key");
}

/// The wrong tenant's issuer: its tokens would be good ones, of somebody else.
#[test]
fn a_key_of_another_issuer_never_stands_in() {
    let other = IssuerIdentifier::parse("https://other.example").unwrap();
    let local = Issuer::builder(other)
        .key(key(Algorithm::Es256))
        .build()
        .unwrap();
    // Told at the first call, not in the first outage.
    let good = remote(Algorithm::Es256, |signature| {
        Ok(RemoteSignature::Jws(signature))
    });
    let failing = remote(Algorithm::Es256, |_| Err("throttled".into()));
    for remote in [good, failing] {
        let error = run(remote.issue_or(&local, &spec(), at(NOW), future::pending())).unwrap_err();
        assert_eq!(error.code(), "other_issuer");
        let text = format!(
            "the local key is of https://other.example, and the remote one of {}",
            id()
        );
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn what_no_key_could_sign_is_not_sent_to_the_signer() {
    struct Counting(Mutex<usize>);
    impl RemoteSigner for Counting {
        async fn sign(&self, _request: SignRequest<'_>) -> Result<RemoteSignature, RemoteFailure> {
            *self.0.lock().unwrap() += 1;
            Err("asked".into())
        }
    }
    let local = Issuer::builder(id())
        .key(key(Algorithm::EdDsa))
        .build()
        .unwrap();
    let jwk = key(Algorithm::Es256).public_jwk().clone();
    let remote = RemoteKey::new(&id(), jwk, Counting(Mutex::new(0))).unwrap();
    for spec in [
        spec().with_algorithm(Algorithm::Rs256),
        spec().with_max_payload_bytes(10),
    ] {
        assert!(run(remote.issue(&spec, at(NOW), future::pending())).is_err());
        let error = run(remote.issue_or(&local, &spec, at(NOW), future::pending())).unwrap_err();
        assert!(["no_key", "payload_too_long"].contains(&error.code()));
    }
    let asked = run(remote.issue(&spec(), at(NOW), future::pending()));
    assert_eq!(asked.unwrap_err().code(), "signer_failed");
}

#[test]
fn a_published_key_has_a_kid_and_an_alg_that_can_be_verified() {
    let bare = Jwk::new(key(Algorithm::Es256).public_key().clone());
    let new = |jwk: Jwk| {
        RemoteKey::new(&id(), jwk, Silent)
            .map(|_| ())
            .unwrap_err()
            .code()
    };
    assert_eq!(new(bare.clone()), "no_kid");
    assert_eq!(new(bare.with_kid("k").unwrap()), "no_alg");
}

#[test]
fn debug_shows_no_signature() {
    let signature = RemoteSignature::Jws(b"secret bytes".to_vec());
    assert_eq!(format!("{signature:?}"), "Jws(12 bytes)");
    let signature = RemoteSignature::EcdsaDer(vec![1, 2, 3]);
    assert_eq!(format!("{signature:?}"), "EcdsaDer(3 bytes)");
}
