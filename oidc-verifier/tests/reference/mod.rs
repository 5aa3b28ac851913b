//! A second verifier, slow and plain, that shares nothing with the one under test.
//!
//! It reads JSON with `serde_json`, base64url a character at a time, and calls aws-lc-rs directly
//! whatever backend is tested. It follows the rules that the documentation of this crate and of
//! `oidc-core` states; where the two verifiers answer differently, one of them is wrong.

pub(crate) mod base64url;
pub(crate) mod date;
pub(crate) mod json;
pub(crate) mod keys;
pub(crate) mod tested;

use date::Round;
use json::{Json, Kind};
use keys::Key;

/// What a relying party asks of one issuer.
#[derive(Clone, Debug)]
pub(crate) struct Trust {
    pub(crate) issuer: String,
    pub(crate) audiences: Vec<String>,
    /// What may stand beside them; `None` is anything.
    pub(crate) extra_audiences: Option<Vec<String>>,
    pub(crate) algorithms: Vec<String>,
    pub(crate) leeway: u64,
    pub(crate) max_lifetime: u64,
    pub(crate) max_age: Option<u64>,
    pub(crate) types: Vec<String>,
    pub(crate) jwk_set: Vec<u8>,
}

/// What an accepted token says.
#[derive(Debug, PartialEq)]
pub(crate) struct Accepted {
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audience: Vec<String>,
    pub(crate) exp: i128,
    pub(crate) iat: i128,
    pub(crate) nbf: Option<i128>,
    pub(crate) jti: Option<String>,
    pub(crate) alg: String,
    pub(crate) kid: Option<String>,
}

const MAX_TOKEN: usize = 32 * 1024;
const MAX_HEADER: usize = 8 * 1024;
const MAX_HEADER_DEPTH: usize = 16;
const MAX_CLAIMS_DEPTH: usize = 32;
const MAX_KID: usize = 256;
const MAX_ISS: usize = 512;
const MAX_SUB: usize = 1_024;
const MAX_AUD: usize = 4_000;
const MAX_AUDIENCES: usize = 16;
const MAX_JTI: usize = 255;

/// The reference verifier of these issuers, whose key sets are read once.
pub(crate) struct Reference(Vec<(Trust, Vec<Key>)>);

impl Reference {
    pub(crate) fn new(trusted: impl IntoIterator<Item = Trust>) -> Reference {
        let read = |trust: Trust| {
            let keys = keys::read(&trust.jwk_set);
            (trust, keys)
        };
        Reference(trusted.into_iter().map(read).collect())
    }

    /// Verifies the token, or says in a word what is wrong with it.
    pub(crate) fn verify(&self, token: &[u8], now: i64) -> Result<Accepted, &'static str> {
        verify(&self.0, token, now)
    }
}

fn verify(trusted: &[(Trust, Vec<Key>)], token: &[u8], now: i64) -> Result<Accepted, &'static str> {
    if token.len() > MAX_TOKEN {
        return Err("size");
    }
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = parts.as_slice() else {
        return Err("parts");
    };
    if parts.iter().any(|part| part.is_empty()) {
        return Err("empty part");
    }
    let signing_input = [header, &b"."[..], payload].concat();
    let header = base64url::decode(header).ok_or("header base64url")?;
    let payload = base64url::decode(payload).ok_or("payload base64url")?;
    let signature = base64url::decode(signature).ok_or("signature base64url")?;

    if header.len() > MAX_HEADER {
        return Err("header size");
    }
    let header = json::read(&header, MAX_HEADER_DEPTH).ok_or("header JSON")?;
    let header = Header::read(&header)?;
    let claims = json::read(&payload, MAX_CLAIMS_DEPTH).ok_or("claims JSON")?;
    let claims = Claims::read(&claims)?;

    let mut trusted = trusted.iter();
    let issuer = trusted.find(|(trust, _)| trust.issuer == claims.issuer);
    let (trust, keys) = issuer.ok_or("issuer")?;
    if !trust.accepts_typ(header.typ.as_deref()) {
        return Err("typ");
    }
    if !trust.algorithms.contains(&header.alg) {
        return Err("algorithm");
    }
    choose(keys, &header)?
        .verifies(&header.alg, &signing_input, &signature)
        .then_some(())
        .ok_or("signature")?;
    claims.check(trust, i128::from(now))?;
    Ok(Accepted {
        alg: header.alg,
        kid: header.kid,
        ..claims.accepted()
    })
}

struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
}

impl Header {
    fn read(header: &Json) -> Result<Header, &'static str> {
        if !matches!(header.kind, Kind::Object(_)) {
            return Err("header kind");
        }
        for extension in ["crit", "b64", "zip"] {
            if header.member(extension).is_some() {
                return Err("header extension");
            }
        }
        let text = |name| match header.member(name) {
            None => Ok(None),
            Some(value) => value
                .text()
                .map(str::to_owned)
                .map(Some)
                .ok_or("header text"),
        };
        if text("cty")?.is_some_and(|cty| media_type(&cty) == "jwt") {
            return Err("nested");
        }
        let kid = text("kid")?;
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
            return Err("kid size");
        }
        let typ = text("typ")?;
        let alg = text("alg")?.ok_or("alg missing")?;
        Ok(Header { alg, kid, typ })
    }
}

/// In lower case, without a leading `application/` (RFC 7515 section 4.1.9).
fn media_type(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let bare = lower.strip_prefix("application/");
    bare.unwrap_or(&lower).to_owned()
}

impl Trust {
    fn accepts_typ(&self, typ: Option<&str>) -> bool {
        typ.is_none_or(|typ| {
            let typ = media_type(typ);
            typ == "jwt" || self.types.iter().any(|own| media_type(own) == typ)
        })
    }
}

/// The one key that the header means; two are as bad as none.
fn choose<'k>(keys: &'k [Key], header: &Header) -> Result<&'k Key, &'static str> {
    let fits = |key: &&Key| {
        let named = header.kid.is_none() || key.kid == header.kid;
        named && key.serves(&header.alg)
    };
    let fitting: Vec<&Key> = keys.iter().filter(fits).collect();
    match fitting.as_slice() {
        [key] => Ok(key),
        [] => Err("no key"),
        _ => Err("several keys"),
    }
}

struct Claims {
    issuer: String,
    subject: Option<String>,
    audience: Option<Vec<String>>,
    exp: Option<i128>,
    nbf: Option<i128>,
    iat: Option<i128>,
    jti: Option<String>,
}

impl Claims {
    /// Whatever is there is well-formed, needed or not.
    fn read(claims: &Json) -> Result<Claims, &'static str> {
        if !matches!(claims.kind, Kind::Object(_)) {
            return Err("claims kind");
        }
        let text = |name, max| match claims.member(name) {
            None => Ok(None),
            Some(value) => string_or_uri(value, max).map(Some).ok_or("text claim"),
        };
        let date = |name, round: Round| match claims.member(name).map(|value| &value.kind) {
            None => Ok(None),
            Some(Kind::Number(number)) => date::second(number, &round).map(Some).ok_or("date"),
            Some(_) => Err("date kind"),
        };
        let audience = match claims.member("aud") {
            None => None,
            Some(value) => Some(audiences(value).ok_or("aud")?),
        };
        Ok(Claims {
            issuer: text("iss", MAX_ISS)?.ok_or("iss missing")?,
            subject: text("sub", MAX_SUB)?,
            audience,
            exp: date("exp", Round::Down)?,
            nbf: date("nbf", Round::Up)?,
            iat: date("iat", Round::Up)?,
            jti: text("jti", MAX_JTI)?,
        })
    }

    fn check(&self, trust: &Trust, now: i128) -> Result<(), &'static str> {
        self.subject.as_ref().ok_or("sub missing")?;
        let audience = self.audience.as_ref().ok_or("aud missing")?;
        let exp = self.exp.ok_or("exp missing")?;
        let iat = self.iat.ok_or("iat missing")?;
        let leeway = i128::from(trust.leeway);
        let since = |from: i128, to: i128| to.checked_sub(from).ok_or("arithmetic");

        if since(exp, now)? >= leeway {
            return Err("expired");
        }
        if self
            .nbf
            .is_some_and(|nbf| since(now, nbf).is_ok_and(|wait| wait > leeway))
        {
            return Err("not yet valid");
        }
        if since(now, iat)? > leeway {
            return Err("issued in the future");
        }
        if !(0..=i128::from(trust.max_lifetime)).contains(&since(iat, exp)?) {
            return Err("lifetime");
        }
        if let Some(max) = trust.max_age
            && since(leeway, since(iat, now)?)? > i128::from(max)
        {
            return Err("age");
        }
        if !audience.iter().any(|name| trust.audiences.contains(name)) {
            return Err("foreign audience");
        }
        if let Some(extra) = &trust.extra_audiences
            && !audience
                .iter()
                .all(|name| trust.audiences.contains(name) || extra.contains(name))
        {
            return Err("extra audience");
        }
        Ok(())
    }

    fn accepted(self) -> Accepted {
        Accepted {
            issuer: self.issuer,
            subject: self.subject.unwrap_or_default(),
            audience: self.audience.unwrap_or_default(),
            exp: self.exp.unwrap_or_default(),
            iat: self.iat.unwrap_or_default(),
            nbf: self.nbf,
            jti: self.jti,
            alg: String::new(),
            kid: None,
        }
    }
}

/// A string that is neither empty nor too long, without control characters.
fn string_or_uri(value: &Json, max: usize) -> Option<String> {
    let text = value.text()?;
    let fits = (1..=max).contains(&text.len()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// One name or a list of some (RFC 7519 section 4.1.3).
fn audiences(value: &Json) -> Option<Vec<String>> {
    match &value.kind {
        Kind::Array(names) => (1..=MAX_AUDIENCES).contains(&names.len()).then(|| {
            names
                .iter()
                .map(|name| string_or_uri(name, MAX_AUD))
                .collect()
        })?,
        Kind::Null | Kind::Bool | Kind::Number(_) | Kind::String(_) | Kind::Object(_) => {
            Some(vec![string_or_uri(value, MAX_AUD)?])
        }
    }
}
