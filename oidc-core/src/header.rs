//! The JOSE header (RFC 7515 section 4), read strictly.

use std::sync::LazyLock;

use jsonptr::{Kind, Located, PointerSet, ScanBuffer, ScanError, ScanLimits, Text};

use crate::algorithm::Algorithm;
use crate::document::pointer_set;

/// What a verifier may read of a JOSE header.
///
/// Header parameters that bring or locate a key (`jku`, `jwk`, `x5u`, `x5c`) are never read: keys
/// come from the issuer's configured set (RFC 8725 section 3.10).
#[derive(Clone, Copy, Debug)]
pub struct JoseHeader<'a> {
    alg: Algorithm,
    kid: Option<Text<'a>>,
    typ: Option<Text<'a>>,
}

/// The parameters that are looked at, in the order of [`pointers`].
const POINTERS: [&str; 8] = ["", "/alg", "/kid", "/typ", "/crit", "/b64", "/zip", "/cty"];

fn pointers() -> &'static PointerSet {
    static SET: LazyLock<PointerSet> = LazyLock::new(|| pointer_set(&POINTERS));
    &SET
}

impl<'a> JoseHeader<'a> {
    /// Bytes of a header: a `kid`, a `typ` and a certificate chain that nobody reads.
    pub const MAX_BYTES: usize = 8 * 1024;

    /// Bytes of a `kid`, unescaped. The longest seen in the wild are under 100.
    pub const MAX_KID_BYTES: usize = 256;

    /// Levels of nesting: an embedded JWK needs two.
    pub const MAX_DEPTH: usize = 16;

    /// Reads the decoded bytes of a header; `buffer` is memory to work in.
    ///
    /// # Errors
    ///
    /// The first thing that makes the header one this library does not act on. None quotes the
    /// token.
    pub fn read(json: &'a [u8], buffer: &mut ScanBuffer) -> Result<JoseHeader<'a>, HeaderError> {
        let limits = ScanLimits::new()
            .max_bytes(Self::MAX_BYTES)
            .max_depth(Self::MAX_DEPTH);
        let document = pointers().scan_into(json, &limits, buffer)?;
        let member = |index| buffer.get(document, index);
        if member(0).is_none_or(|root| root.kind() != Kind::Object) {
            return Err(HeaderError::NotAnObject);
        }
        // Extensions first: what follows may mean something else under them.
        if let Some(crit) = member(4) {
            return Err(critical(crit));
        }
        if member(5).is_some() {
            return Err(HeaderError::UnencodedPayload);
        }
        if member(6).is_some() {
            return Err(HeaderError::Compressed);
        }
        if let Some(cty) = text(member(7), "cty")?
            && media_type_is(cty, "jwt")
        {
            return Err(HeaderError::Nested);
        }
        let kid = text(member(2), "kid")?;
        if kid.is_some_and(|kid| kid.len_utf8() > Self::MAX_KID_BYTES) {
            return Err(HeaderError::KidTooLong {
                max: Self::MAX_KID_BYTES,
            });
        }
        let typ = text(member(3), "typ")?;
        let alg = text(member(1), "alg")?.ok_or(HeaderError::NoAlgorithm)?;
        let alg = Algorithm::from_name(alg.to_cow().as_bytes())
            .map_err(|_| HeaderError::UnknownAlgorithm)?;
        Ok(JoseHeader { alg, kid, typ })
    }

    /// The signature algorithm that the token names (RFC 7515 section 4.1.1): a claim of the
    /// sender, which narrows the choice of keys and never adds one.
    pub const fn alg(&self) -> Algorithm {
        self.alg
    }

    /// The key ID (section 4.1.4): opaque, compared byte for byte.
    pub const fn kid(&self) -> Option<Text<'a>> {
        self.kid
    }

    /// The media type of the token (section 4.1.9).
    pub const fn typ(&self) -> Option<Text<'a>> {
        self.typ
    }

    /// Whether `typ` is this media type: without regard to case, and to a leading `application/`,
    /// which RFC 7515 section 4.1.9 recommends to leave out.
    pub fn typ_is(&self, media_type: &str) -> bool {
        self.typ.is_some_and(|typ| media_type_is(typ, media_type))
    }
}

fn media_type_is(own: Text<'_>, media_type: &str) -> bool {
    const PREFIX: &str = "application/";
    fn bare(text: &str) -> &str {
        match text.split_at_checked(PREFIX.len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case(PREFIX) => rest,
            _ => text,
        }
    }
    // As nearly all tokens have it.
    own == media_type || bare(&own.to_cow()).eq_ignore_ascii_case(bare(media_type))
}

fn text<'a>(
    member: Option<Located<'a>>,
    parameter: &'static str,
) -> Result<Option<Text<'a>>, HeaderError> {
    match member {
        None => Ok(None),
        Some(value) => match value.text() {
            Some(text) => Ok(Some(text)),
            None => Err(HeaderError::NotText { parameter }),
        },
    }
}

/// RFC 7515 section 4.1.11: a non-empty list of names. This library understands no extension, so
/// every well-formed one is refused too.
#[cold]
fn critical(crit: Located<'_>) -> HeaderError {
    let mut names = crit.elements().into_iter().flatten().peekable();
    if names.peek().is_some() && names.all(|name| name.text().is_some()) {
        HeaderError::UnknownCritical
    } else {
        HeaderError::MalformedCritical
    }
}

/// Why a JOSE header is not one to act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// `zip` is there: a signed token is never compressed here.
    #[error("header asks for compression")]
    Compressed,
    /// The bytes are not JSON that the strict reader accepts.
    #[error("header is not strict JSON")]
    Json(#[from] ScanError),
    /// `kid` is longer than the limit.
    #[error("`kid` is longer than {max} bytes")]
    #[non_exhaustive]
    KidTooLong {
        /// The limit in bytes.
        max: usize,
    },
    /// `crit` is not a list of names, or is empty.
    #[error("`crit` is malformed")]
    MalformedCritical,
    /// `cty` says that the payload is a token itself (RFC 7519 section 5.2).
    #[error("token is nested")]
    Nested,
    /// `alg` is missing.
    #[error("header has no `alg`")]
    NoAlgorithm,
    /// The header is JSON, but no object.
    #[error("header is not an object")]
    NotAnObject,
    /// A parameter that must be a string is not.
    #[error("`{parameter}` is not a string")]
    #[non_exhaustive]
    NotText {
        /// The parameter's name.
        parameter: &'static str,
    },
    /// `b64` is there: RFC 7797 section 7 keeps it out of tokens.
    #[error("header asks for an unencoded payload")]
    UnencodedPayload,
    /// `alg` names no algorithm of this library; `none` and HMAC are among those.
    #[error("`alg` names no supported signature algorithm")]
    UnknownAlgorithm,
    /// `crit` names an extension that this library does not implement; it implements none.
    #[error("`crit` names an unknown extension")]
    UnknownCritical,
}

impl HeaderError {
    /// A stable word for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Compressed => "header_compressed",
            Self::Json(_) => "header_json",
            Self::KidTooLong { .. } => "kid_too_long",
            Self::MalformedCritical => "crit_malformed",
            Self::Nested => "token_nested",
            Self::NoAlgorithm => "alg_missing",
            Self::NotAnObject => "header_not_object",
            Self::NotText { .. } => "header_not_text",
            Self::UnencodedPayload => "payload_unencoded",
            Self::UnknownAlgorithm => "alg_unsupported",
            Self::UnknownCritical => "crit_unknown",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Algorithm, HeaderError> {
        JoseHeader::read(json.as_bytes(), &mut ScanBuffer::new()).map(|header| header.alg())
    }

    #[test]
    fn a_header_needs_alg_and_nothing_else() {
        assert_eq!(read(r#"{"alg":"ES256"}"#), Ok(Algorithm::Es256));
        assert_eq!(read(r#"{"\u0061lg":"ES\u003256"}"#), Ok(Algorithm::Es256));
        assert_eq!(read(r#"{"kid":"a"}"#), Err(HeaderError::NoAlgorithm));
        for other in [r#"[{"alg":"ES256"}]"#, "\"ES256\"", "null", "1"] {
            assert_eq!(read(other), Err(HeaderError::NotAnObject), "{other}");
        }
    }

    #[test]
    fn alg_is_a_supported_name_in_its_exact_spelling() {
        for name in [
            "none", "None", "nOnE", "", "HS256", "RS1", "es256", "ES256 ", "ES256K", "Ed448",
        ] {
            let json = format!(r#"{{"alg":"{name}"}}"#);
            assert_eq!(read(&json), Err(HeaderError::UnknownAlgorithm), "{name}");
        }
        for value in ["null", "true", "256", "[\"ES256\"]", "{}"] {
            let json = format!(r#"{{"alg":{value}}}"#);
            assert_eq!(
                read(&json),
                Err(HeaderError::NotText { parameter: "alg" }),
                "{value}"
            );
        }
        // Names are case-sensitive (RFC 7515 section 4): this is another, unknown parameter.
        assert_eq!(read(r#"{"Alg":"ES256"}"#), Err(HeaderError::NoAlgorithm));
    }

    #[test]
    fn every_crit_is_refused_rfc_7515_section_4_1_11() {
        for value in [r#"["exp"]"#, r#"["b64"]"#, r#"["x","x"]"#] {
            let json = format!(r#"{{"alg":"ES256","crit":{value},"x":1}}"#);
            assert_eq!(read(&json), Err(HeaderError::UnknownCritical), "{value}");
        }
        for value in ["[]", "null", "\"exp\"", "{}", "[1]", "[\"x\",1]"] {
            let json = format!(r#"{{"alg":"ES256","crit":{value}}}"#);
            assert_eq!(read(&json), Err(HeaderError::MalformedCritical), "{value}");
        }
    }

    #[test]
    fn another_payload_than_claims_is_refused() {
        for (member, error) in [
            (r#""b64":false"#, HeaderError::UnencodedPayload),
            (r#""b64":true"#, HeaderError::UnencodedPayload),
            (r#""zip":"DEF""#, HeaderError::Compressed),
            (r#""cty":"JWT""#, HeaderError::Nested),
            (r#""cty":"application/jwt""#, HeaderError::Nested),
            (r#""cty":1"#, HeaderError::NotText { parameter: "cty" }),
        ] {
            assert_eq!(
                read(&format!(r#"{{"alg":"ES256",{member}}}"#)),
                Err(error),
                "{member}"
            );
        }
        assert_eq!(
            read(r#"{"alg":"ES256","cty":"json"}"#),
            Ok(Algorithm::Es256)
        );
    }

    #[test]
    fn embedded_keys_are_not_even_read() {
        let json = r#"{"alg":"ES256","jwk":{"kty":7},"jku":3,"x5u":[],"x5c":"no","x5t":null}"#;
        assert_eq!(read(json), Ok(Algorithm::Es256));
    }

    #[test]
    fn a_kid_is_a_string_of_at_most_256_bytes() {
        for (length, fits) in [(0, true), (256, true), (257, false)] {
            let json = format!(r#"{{"alg":"ES256","kid":"{}"}}"#, "k".repeat(length));
            let expected = if fits {
                Ok(Algorithm::Es256)
            } else {
                Err(HeaderError::KidTooLong { max: 256 })
            };
            assert_eq!(read(&json), expected, "{length}");
        }
        for value in ["1", "null", "[]", "{}"] {
            let json = format!(r#"{{"alg":"ES256","kid":{value}}}"#);
            assert_eq!(
                read(&json),
                Err(HeaderError::NotText { parameter: "kid" }),
                "{value}"
            );
        }
    }

    #[test]
    fn duplicate_parameters_are_refused_rfc_7515_section_4() {
        for json in [
            r#"{"alg":"ES256","alg":"ES256"}"#,
            r#"{"alg":"ES256","x":1,"\u0078":2}"#,
        ] {
            assert!(matches!(read(json), Err(HeaderError::Json(_))), "{json}");
        }
    }

    #[test]
    fn typ_is_compared_as_a_media_type() {
        let mut buffer = ScanBuffer::new();
        for (typ, is_jwt) in [
            ("JWT", true),
            ("jwt", true),
            ("application/jwt", true),
            ("APPLICATION/JWT", true),
            ("at+jwt", false),
            ("JWT ", false),
            ("", false),
            ("application/application/jwt", false),
        ] {
            let json = format!(r#"{{"alg":"ES256","typ":"{typ}"}}"#);
            let header = JoseHeader::read(json.as_bytes(), &mut buffer).unwrap();
            assert_eq!(header.typ_is("JWT"), is_jwt, "{typ}");
        }
    }

    #[test]
    fn size_and_depth_are_limited_on_both_sides() {
        let json = |filler: usize| format!(r#"{{"alg":"ES256","x":"{}"}}"#, "x".repeat(filler));
        let frame = json(0).len();
        assert!(read(&json(JoseHeader::MAX_BYTES - frame)).is_ok());
        assert!(read(&json(JoseHeader::MAX_BYTES - frame + 1)).is_err());
        let nested = |depth: usize| {
            format!(
                r#"{{"alg":"ES256","x":{}{}}}"#,
                "[".repeat(depth),
                "]".repeat(depth)
            )
        };
        assert!(read(&nested(JoseHeader::MAX_DEPTH - 1)).is_ok());
        assert!(read(&nested(JoseHeader::MAX_DEPTH)).is_err());
    }
}
