//! The members of a JWK (RFC 7517 section 4, RFC 7518 section 6) in a scanned document.

use std::borrow::Cow;

use jsonptr::{Located, Text};

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::curve::Curve;
use crate::jwk::{Jwk, JwkError};
use crate::public_key::{EcPublicKey, Ed25519PublicKey, PublicKey, PublicKeyError, RsaPublicKey};

/// Where the members stand that this crate looks at; all others are ignored.
#[derive(Default)]
pub(crate) struct JwkMembers<'a> {
    kty: Option<Located<'a>>,
    key_use: Option<Located<'a>>,
    key_ops: Option<Located<'a>>,
    alg: Option<Located<'a>>,
    kid: Option<Located<'a>>,
    crv: Option<Located<'a>>,
    n: Option<Located<'a>>,
    e: Option<Located<'a>>,
    x: Option<Located<'a>>,
    y: Option<Located<'a>>,
    /// The first private member, with any value.
    private: Option<&'static str>,
}

impl<'a> JwkMembers<'a> {
    /// Collects the members; no name occurs twice, the scan has seen to that.
    pub(crate) fn read(jwk: Located<'a>) -> Result<JwkMembers<'a>, JwkError> {
        if jwk.json().len() > Jwk::MAX_BYTES {
            return Err(JwkError::TooLong {
                max: Jwk::MAX_BYTES,
            });
        }
        let mut members = JwkMembers::default();
        for (name, value) in jwk.members().ok_or(JwkError::NotAnObject)? {
            members.take(&name.to_cow(), value);
        }
        Ok(members)
    }

    fn take(&mut self, name: &str, value: Located<'a>) {
        let member = match name {
            "kty" => &mut self.kty,
            "use" => &mut self.key_use,
            "key_ops" => &mut self.key_ops,
            "alg" => &mut self.alg,
            "kid" => &mut self.kid,
            "crv" => &mut self.crv,
            "n" => &mut self.n,
            "e" => &mut self.e,
            "x" => &mut self.x,
            "y" => &mut self.y,
            _ => {
                let private = PRIVATE.iter().find(|private| **private == name);
                self.private = self.private.or(private.copied());
                return;
            }
        };
        *member = Some(value);
    }

    /// Refuses a key that is symmetric or not only public, whatever else it says.
    pub(crate) fn check_public(&self) -> Result<(), JwkError> {
        let kty = text(self.kty, "kty")?;
        if kty == "oct" {
            return Err(JwkError::SymmetricKey);
        }
        if kty != "RSA" && kty != "EC" && kty != "OKP" {
            return Err(JwkError::UnknownKty);
        }
        match self.private {
            Some(member) => Err(JwkError::PrivateMember { member }),
            None => Ok(()),
        }
    }

    pub(crate) fn kid(&self) -> Result<Option<Cow<'a, str>>, JwkError> {
        Ok(optional_text(self.kid, "kid")?.map(Text::to_cow))
    }

    /// Refuses a key that is not for checking signatures (RFC 7517 sections 4.2 and 4.3).
    pub(crate) fn check_use(&self) -> Result<(), JwkError> {
        if optional_text(self.key_use, "use")?.is_some_and(|key_use| key_use != "sig") {
            return Err(JwkError::UseNotSig);
        }
        let Some(key_ops) = self.key_ops else {
            return Ok(());
        };
        let malformed = JwkError::MalformedMember { member: "key_ops" };
        let mut operations: Vec<Text<'_>> = Vec::new();
        for operation in key_ops.elements().ok_or(malformed)? {
            let operation = operation.text().ok_or(malformed)?;
            // The registry has eight; a list beyond twice that is no list of operations.
            if operations.len() == 16 || operations.contains(&operation) {
                return Err(malformed);
            }
            operations.push(operation);
        }
        if operations.iter().any(|operation| *operation == "verify") {
            Ok(())
        } else {
            Err(JwkError::KeyOpsWithoutVerify)
        }
    }

    pub(crate) fn alg(&self) -> Result<Option<Algorithm>, JwkError> {
        let Some(alg) = optional_text(self.alg, "alg")? else {
            return Ok(None);
        };
        match Algorithm::from_name(alg.to_cow().as_bytes()) {
            Ok(alg) => Ok(Some(alg)),
            Err(_) => Err(JwkError::UnknownAlg),
        }
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, JwkError> {
        let kty = text(self.kty, "kty")?;
        if kty == "RSA" {
            let n = decode(self.n, "n")?;
            let e = decode(self.e, "e")?;
            return Ok(RsaPublicKey::new(n, &e)?.into());
        }
        let crv = text(self.crv, "crv")?;
        if kty == "EC" {
            let curve = Curve::ALL.iter().find(|curve| crv == curve.name());
            let curve = *curve.ok_or(JwkError::UnknownCrv)?;
            let (mut x, mut y) = ([0; MAX_COORDINATE_BYTES], [0; MAX_COORDINATE_BYTES]);
            let x = decode_coordinate(self.x, "x", curve.coordinate_len(), &mut x)?;
            let y = decode_coordinate(self.y, "y", curve.coordinate_len(), &mut y)?;
            return Ok(EcPublicKey::new(curve, x, y)?.into());
        }
        if crv != "Ed25519" {
            return Err(JwkError::UnknownCrv);
        }
        let mut x = [0; 32];
        let len = x.len();
        decode_coordinate(self.x, "x", len, &mut x)?;
        Ok(Ed25519PublicKey::new(x)?.into())
    }
}

fn optional_text<'a>(
    member: Option<Located<'a>>,
    name: &'static str,
) -> Result<Option<Text<'a>>, JwkError> {
    match member {
        None => Ok(None),
        Some(value) => match value.text() {
            Some(text) => Ok(Some(text)),
            None => Err(JwkError::MalformedMember { member: name }),
        },
    }
}

fn text<'a>(member: Option<Located<'a>>, name: &'static str) -> Result<Text<'a>, JwkError> {
    optional_text(member, name)?.ok_or(JwkError::MissingMember { member: name })
}

/// A number of any length, in a buffer of exactly its length.
fn decode(member: Option<Located<'_>>, name: &'static str) -> Result<Box<[u8]>, JwkError> {
    let text = text(member, name)?.to_cow();
    let mut bytes = vec![0; base64url::decoded_len(text.len())].into_boxed_slice();
    base64url::decode_to(text.as_bytes(), &mut bytes).map_err(|source| JwkError::NotBase64Url {
        member: name,
        source,
    })?;
    Ok(bytes)
}

/// A coordinate of exactly `expected` bytes.
fn decode_coordinate<'b>(
    member: Option<Located<'_>>,
    name: &'static str,
    expected: usize,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], JwkError> {
    let text = text(member, name)?.to_cow();
    let len = base64url::decoded_len(text.len());
    if len != expected {
        return Err(PublicKeyError::CoordinateLength { len, expected }.into());
    }
    match base64url::decode_to(text.as_bytes(), buffer) {
        Ok(bytes) => Ok(bytes),
        Err(source) => Err(JwkError::NotBase64Url {
            member: name,
            source,
        }),
    }
}

/// RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1, RFC 8037 section 2.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// P-521.
const MAX_COORDINATE_BYTES: usize = 66;
