//! The members of a JWK (RFC 7517 section 4, RFC 7518 section 6) in a checked document.

use std::borrow::Cow;
use std::sync::LazyLock;

use jsonptr::{Located, PointerSet, Text};

use crate::algorithm::Algorithm;
use crate::base64url;
use crate::certificate::JwkCertificate;
use crate::curve::Curve;
use crate::document;
use crate::jwk::{Jwk, JwkError, JwkUse};
use crate::jwk_set::JwkRemarks;
use crate::public_key::{EcPublicKey, Ed25519PublicKey, PublicKey, PublicKeyError, RsaPublicKey};
use crate::tenant_template::TenantIssuer;
use crate::walk::{Raw, Walk};

/// Each member that this crate looks at; all others are ignored.
#[derive(Default)]
pub(crate) struct JwkMembers<'a> {
    kty: Option<Raw<'a>>,
    key_use: Option<Raw<'a>>,
    key_ops: Option<Raw<'a>>,
    alg: Option<Raw<'a>>,
    kid: Option<Raw<'a>>,
    crv: Option<Raw<'a>>,
    n: Option<Raw<'a>>,
    e: Option<Raw<'a>>,
    x: Option<Raw<'a>>,
    y: Option<Raw<'a>>,
    x5c: Option<Raw<'a>>,
    issuer: Option<Raw<'a>>,
    /// The first private member, with any value.
    private: Option<&'static str>,
    /// The length of the whole JWK in bytes.
    len: usize,
}

impl<'a> JwkMembers<'a> {
    /// Collects the members of the object that comes next and steps behind it; `None` when it is
    /// no object. No name occurs twice: the scan has seen to that.
    pub(crate) fn read(walk: &mut Walk<'a>) -> Option<JwkMembers<'a>> {
        if !walk.step_over(b'{') {
            return None;
        }
        let start = walk.at().saturating_sub(1);
        let mut members = JwkMembers::default();
        while let Some((name, value)) = walk.value().zip(walk.value()) {
            members.take(name, value);
        }
        walk.step_over(b'}');
        members.len = walk.at().saturating_sub(start);
        Some(members)
    }

    fn take(&mut self, name: Raw<'_>, value: Raw<'a>) {
        let Some(name) = text(name) else { return };
        let member = match &*name {
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
            "x5c" => &mut self.x5c,
            "issuer" => &mut self.issuer,
            other => {
                let private = PRIVATE.iter().find(|private| **private == other);
                self.private = self.private.or(private.copied());
                return;
            }
        };
        *member = Some(value);
    }

    pub(crate) fn check_len(&self) -> Result<(), JwkError> {
        if self.len > Jwk::MAX_BYTES {
            return Err(JwkError::TooLong {
                max: Jwk::MAX_BYTES,
            });
        }
        Ok(())
    }

    /// Refuses a key that is symmetric or not only public, whatever else it says.
    pub(crate) fn check_public(&self) -> Result<(), JwkError> {
        match &*required_text(self.kty, "kty")? {
            "oct" => return Err(JwkError::SymmetricKey),
            "RSA" | "EC" | "OKP" => {}
            _ => return Err(JwkError::UnknownKty),
        }
        match self.private {
            Some(member) => Err(JwkError::PrivateMember { member }),
            None => Ok(()),
        }
    }

    pub(crate) fn kid(&self) -> Result<Option<Cow<'a, str>>, JwkError> {
        optional_text(self.kid, "kid")
    }

    /// Refuses a key that is not for checking signatures of this sort (RFC 7517 sections 4.2 and
    /// 4.3).
    pub(crate) fn check_use(&self, key_use: JwkUse) -> Result<(), JwkError> {
        let (name, error) = match key_use {
            JwkUse::JwtSvid => ("jwt-svid", JwkError::UseNotJwtSvid),
            JwkUse::Sig => ("sig", JwkError::UseNotSig),
        };
        if optional_text(self.key_use, "use")?.is_some_and(|key_use| key_use != name) {
            return Err(error);
        }
        let Some(key_ops) = self.key_ops else {
            return Ok(());
        };
        let malformed = JwkError::MalformedMember { member: "key_ops" };
        let elements = locate(key_ops).and_then(|key_ops| key_ops.elements());
        let mut operations: Vec<Text<'_>> = Vec::new();
        for operation in elements.ok_or(malformed)? {
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

    /// Refuses a key that its `issuer` keeps for another tenant. It is no member of RFC 7517:
    /// Microsoft Entra writes it into the set that all tenants share.
    pub(crate) fn check_issuer(&self, tenant: &TenantIssuer) -> Result<(), JwkError> {
        match optional_text(self.issuer, "issuer")? {
            Some(issuer) if !tenant.is_named_by(&issuer) => Err(JwkError::OtherIssuer),
            Some(_) | None => Ok(()),
        }
    }

    /// Refuses a key without `kid`.
    pub(crate) fn require_kid(&self) -> Result<(), JwkError> {
        required_text(self.kid, "kid").map(drop)
    }

    /// What stands beside the key and does not decide whether it is usable.
    pub(crate) fn remarks(&self, key: &PublicKey) -> JwkRemarks {
        let certificate = match self.x5c {
            None => JwkCertificate::Absent,
            Some(x5c) => {
                let mut chain = locate(x5c).and_then(|x5c| x5c.elements());
                let first = chain.as_mut().and_then(Iterator::next);
                let first = first.and_then(|first| first.text());
                first.map_or(JwkCertificate::Unreadable, |first| {
                    JwkCertificate::judge(&first.to_cow(), key)
                })
            }
        };
        JwkRemarks::new(self.key_ops.is_some(), certificate)
    }

    pub(crate) fn alg(&self) -> Result<Option<Algorithm>, JwkError> {
        let Some(alg) = optional_text(self.alg, "alg")? else {
            return Ok(None);
        };
        match Algorithm::from_name(alg.as_bytes()) {
            Ok(alg) => Ok(Some(alg)),
            Err(_) => Err(JwkError::UnknownAlg),
        }
    }

    pub(crate) fn public_key(&self) -> Result<PublicKey, JwkError> {
        let kty = required_text(self.kty, "kty")?;
        if kty == "RSA" {
            let n = decode(self.n, "n")?;
            let e = decode(self.e, "e")?;
            return Ok(RsaPublicKey::new(n, &e)?.into());
        }
        let crv = required_text(self.crv, "crv")?;
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

/// The characters of a JSON string; `None` for another value.
fn text(value: Raw<'_>) -> Option<Cow<'_, str>> {
    if value.escaped {
        return Some(locate(value)?.text()?.to_cow());
    }
    value
        .json
        .strip_prefix('"')?
        .strip_suffix('"')
        .map(Cow::Borrowed)
}

/// The rare value that is read for more than its text.
#[cold]
fn locate(value: Raw<'_>) -> Option<Located<'_>> {
    static ROOT: LazyLock<PointerSet> = LazyLock::new(|| document::pointer_set(&[""]));
    let [value] = document::scan(&ROOT, value.json.as_bytes(), value.json.len()).ok()?;
    value
}

fn optional_text<'a>(
    member: Option<Raw<'a>>,
    name: &'static str,
) -> Result<Option<Cow<'a, str>>, JwkError> {
    match member {
        None => Ok(None),
        Some(value) => match text(value) {
            Some(text) => Ok(Some(text)),
            None => Err(JwkError::MalformedMember { member: name }),
        },
    }
}

fn required_text<'a>(
    member: Option<Raw<'a>>,
    name: &'static str,
) -> Result<Cow<'a, str>, JwkError> {
    optional_text(member, name)?.ok_or(JwkError::MissingMember { member: name })
}

/// A number of any length, in a buffer of exactly its length.
fn decode(member: Option<Raw<'_>>, name: &'static str) -> Result<Box<[u8]>, JwkError> {
    let text = required_text(member, name)?;
    let mut bytes = vec![0; base64url::decoded_len(text.len())].into_boxed_slice();
    base64url::decode_to(text.as_bytes(), &mut bytes).map_err(|source| JwkError::NotBase64Url {
        member: name,
        source,
    })?;
    Ok(bytes)
}

/// A coordinate of exactly `expected` bytes.
fn decode_coordinate<'b>(
    member: Option<Raw<'_>>,
    name: &'static str,
    expected: usize,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], JwkError> {
    let text = required_text(member, name)?;
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
