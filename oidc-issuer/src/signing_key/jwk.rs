//! A private key as JSON Web Key: RFC 7517, RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2.

use std::borrow::Cow;

use oidc_core::{Algorithm, Curve, base64url};
use pkcs1::{RsaPrivateKey, UintRef};
use serde::Deserialize;
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::error::{KeyFormat, SigningKeyError};
use super::parts::{Assembled, Parts};

/// Reads a private JWK; the second part is its `kid`.
pub(super) fn read(
    json: &[u8],
    algorithm: Algorithm,
) -> Result<(Assembled, Option<String>), SigningKeyError> {
    let jwk: PrivateJwk<'_> = serde_json::from_slice(json).map_err(|error| {
        let offset = offset(json, error.line(), error.column());
        SigningKeyError::Malformed {
            format: KeyFormat::Jwk,
            offset,
        }
    })?;
    jwk.check_purpose(algorithm)?;
    let assembled = match &*jwk.kty {
        "EC" => jwk.ec(algorithm),
        "OKP" => jwk.okp(algorithm),
        "RSA" => jwk.rsa(algorithm),
        _ => Err(SigningKeyError::KeyType),
    }?;
    Ok((assembled, jwk.kid.map(Cow::into_owned)))
}

/// The members that matter. The values are borrowed, so that the JSON reader makes no copy of a
/// private one; none of them can need an escape.
#[derive(Deserialize)]
struct PrivateJwk<'a> {
    #[serde(borrow)]
    kty: Cow<'a, str>,
    #[serde(rename = "use", borrow)]
    usage: Option<Cow<'a, str>>,
    #[serde(borrow)]
    key_ops: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    alg: Option<Cow<'a, str>>,
    #[serde(borrow)]
    kid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    crv: Option<Cow<'a, str>>,
    x: Option<&'a str>,
    y: Option<&'a str>,
    n: Option<&'a str>,
    e: Option<&'a str>,
    d: Option<&'a str>,
    p: Option<&'a str>,
    q: Option<&'a str>,
    dp: Option<&'a str>,
    dq: Option<&'a str>,
    qi: Option<&'a str>,
    oth: Option<IgnoredAny>,
}

impl PrivateJwk<'_> {
    /// RFC 7517 sections 4.2 to 4.4: what the key says of its own use holds.
    fn check_purpose(&self, algorithm: Algorithm) -> Result<(), SigningKeyError> {
        if self.usage.as_deref().is_some_and(|usage| usage != "sig") {
            return Err(SigningKeyError::JwkPurpose { member: "use" });
        }
        if self
            .key_ops
            .as_ref()
            .is_some_and(|ops| !ops.iter().any(|op| op == "sign"))
        {
            return Err(SigningKeyError::JwkPurpose { member: "key_ops" });
        }
        if self
            .alg
            .as_deref()
            .is_some_and(|alg| alg != algorithm.name())
        {
            return Err(SigningKeyError::JwkAlgorithm { algorithm });
        }
        Ok(())
    }

    fn ec(&self, algorithm: Algorithm) -> Result<Assembled, SigningKeyError> {
        let curve = match self.crv.as_deref() {
            Some("P-256") => Curve::P256,
            Some("P-384") => Curve::P384,
            Some("P-521") => Curve::P521,
            Some(_) => return Err(SigningKeyError::Curve),
            None => return Err(SigningKeyError::JwkMissing { member: "crv" }),
        };
        let (x, y) = (decode("x", self.x)?, decode("y", self.y)?);
        let scalar = decode("d", self.d)?;
        for (member, coordinate) in [("x", &x), ("y", &y)] {
            if coordinate.len() != curve.coordinate_len() {
                return Err(SigningKeyError::JwkMember { member });
            }
        }
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        Parts::Ec {
            curve,
            scalar: &scalar,
            points: [Some(&point), None],
        }
        .assemble(algorithm)
    }

    fn okp(&self, algorithm: Algorithm) -> Result<Assembled, SigningKeyError> {
        match self.crv.as_deref() {
            Some("Ed25519") => {
                let (public, seed) = (decode("x", self.x)?, decode("d", self.d)?);
                Parts::Ed25519 {
                    seed: &seed,
                    public: Some(&public),
                }
                .assemble(algorithm)
            }
            Some(_) => Err(SigningKeyError::Curve),
            None => Err(SigningKeyError::JwkMissing { member: "crv" }),
        }
    }

    /// All of the CRT members are asked for. RFC 7518 section 6.3.2 lets a producer leave them out,
    /// but finding the primes again takes arithmetic on the private exponent that neither backend
    /// offers and that we will not do in variable time.
    fn rsa(&self, algorithm: Algorithm) -> Result<Assembled, SigningKeyError> {
        if self.oth.is_some() {
            return Err(SigningKeyError::MultiPrime);
        }
        let public = [decode("n", self.n)?, decode("e", self.e)?];
        let private = [
            decode("d", self.d)?,
            decode("p", self.p)?,
            decode("q", self.q)?,
            decode("dp", self.dp)?,
            decode("dq", self.dq)?,
            decode("qi", self.qi)?,
        ];
        // RFC 7518 section 2: a `Base64urlUInt` is minimal, or one key would have two thumbprints.
        for (member, number) in ["n", "e"].into_iter().zip(&public) {
            if number.first() == Some(&0) {
                return Err(SigningKeyError::JwkMember { member });
            }
        }
        let [modulus, public_exponent] = public.each_ref().map(uint);
        let [
            private_exponent,
            prime1,
            prime2,
            exponent1,
            exponent2,
            coefficient,
        ] = private.each_ref().map(uint);
        let key = RsaPrivateKey {
            modulus: modulus?,
            public_exponent: public_exponent?,
            private_exponent: private_exponent?,
            prime1: prime1?,
            prime2: prime2?,
            exponent1: exponent1?,
            exponent2: exponent2?,
            coefficient: coefficient?,
            other_prime_infos: None,
        };
        Parts::Rsa(Box::new(key)).assemble(algorithm)
    }
}

fn decode(
    member: &'static str,
    value: Option<&str>,
) -> Result<Zeroizing<Vec<u8>>, SigningKeyError> {
    let value = value.ok_or(SigningKeyError::JwkMissing { member })?;
    let bytes =
        base64url::decode(value.as_bytes()).map_err(|_| SigningKeyError::JwkMember { member })?;
    Ok(Zeroizing::new(bytes))
}

/// DER lengths end at 256 MiB, far beyond [`MAX_KEY_BYTES`](super::MAX_KEY_BYTES).
fn uint(bytes: &Zeroizing<Vec<u8>>) -> Result<UintRef<'_>, SigningKeyError> {
    UintRef::new(bytes).map_err(|_| SigningKeyError::OutOfRange)
}

/// The byte that a line and a column, both from one, stand for.
fn offset(json: &[u8], line: usize, column: usize) -> Option<usize> {
    let before: usize = json
        .split_inclusive(|byte| *byte == b'\n')
        .take(line.checked_sub(1)?)
        .map(<[u8]>::len)
        .sum();
    before.checked_add(column.checked_sub(1)?)
}
