//! The claims set (RFC 7519 section 4), located in one pass and read without a copy.

use core::fmt;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::LazyLock;

use jsonptr::{
    Kind, Located, Number, Pointer, PointerSet, PointerSetError, ScanBuffer, ScanError, ScanLimits,
    Text,
};
use serde::de::DeserializeOwned;

use crate::document::pointer_set;
use crate::issuer_identifier::IssuerIdentifier;
use crate::numeric_date::NumericDate;

/// Locates the registered claims, and whatever else a caller names, in one pass over a claims set.
///
/// ```
/// use jsonptr::{Pointer, ScanBuffer};
/// use oidc_core::{Claim, ClaimsScanner};
///
/// let account = Pointer::parse("/https:~1~1sts.amazonaws.com~1/aws_account")?;
/// let scanner = ClaimsScanner::new([account])?;
/// let payload = br#"{"sub":"job","https://sts.amazonaws.com/":{"aws_account":"111122223333"}}"#;
/// let mut buffer = ScanBuffer::new();
/// let claims = scanner.scan(payload, &mut buffer)?;
/// assert!(matches!(claims.sub(), Claim::WellFormed(sub) if sub == "job"));
/// assert!(matches!(claims.exp(), Claim::Absent));
/// assert_eq!(claims.located(0).unwrap().text().unwrap(), "111122223333");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ClaimsScanner {
    set: PointerSet,
    limits: ScanLimits,
    id: Option<NonZeroUsize>,
}

/// A claims set in which the registered claims have been located.
///
/// Each registered claim is absent, well-formed or malformed, and no call turns the last into the
/// first: a verifier that skips a malformed claim checks nothing.
#[derive(Clone, Copy)]
pub struct Claims<'a> {
    document: &'a str,
    buffer: &'a ScanBuffer,
}

/// One registered claim of a claims set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a claim has these three states and no other"
)]
pub enum Claim<T> {
    /// The claims set has no such member.
    Absent,
    /// It has one that RFC 7519 allows, within this library's limits.
    WellFormed(T),
    /// It has one that is not usable: an error everywhere, whether the claim is needed or not.
    Malformed(ClaimFault),
}

/// The registered claims of RFC 7519 section 4.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "RFC 7519 section 4.1 registers these seven"
)]
pub enum RegisteredClaim {
    /// `aud`
    Aud,
    /// `exp`
    Exp,
    /// `iat`
    Iat,
    /// `iss`
    Iss,
    /// `jti`
    Jti,
    /// `nbf`
    Nbf,
    /// `sub`
    Sub,
}

/// The root and the registered claims; the caller's pointers follow.
const REGISTERED: [&str; 8] = ["", "/iss", "/sub", "/aud", "/exp", "/nbf", "/iat", "/jti"];

impl ClaimsScanner {
    /// Containers inside each other: the richest known token has four.
    pub const MAX_DEPTH: usize = 32;

    /// How many pointers a caller may add.
    pub const MAX_POINTERS: usize = jsonptr::MAX_POINTERS - REGISTERED.len();

    /// Bytes of a `sub`, unescaped. OpenID Connect Core section 2 says 255; role ARNs with paths
    /// and nested project paths are longer.
    pub const MAX_SUB_BYTES: usize = 1_024;

    /// Bytes of an audience, unescaped: the 1,000 characters that AWS allows, of up to four bytes.
    pub const MAX_AUD_BYTES: usize = 4_000;

    /// Audiences of one token; AWS allows 10.
    pub const MAX_AUDIENCES: usize = 16;

    /// Bytes of a `jti`, unescaped.
    pub const MAX_JTI_BYTES: usize = 255;

    /// A scanner that also locates `pointers`, in one pass with the registered claims.
    ///
    /// # Errors
    ///
    /// More than [`MAX_POINTERS`](Self::MAX_POINTERS).
    pub fn new<'p>(
        pointers: impl IntoIterator<Item = Pointer<'p>>,
    ) -> Result<ClaimsScanner, PointerSetError> {
        let registered = REGISTERED
            .iter()
            .filter_map(|text| Pointer::parse(text).ok());
        Ok(Self::of(PointerSet::new(registered.chain(pointers))?))
    }

    /// The scanner that locates the registered claims and nothing else.
    pub fn registered() -> &'static ClaimsScanner {
        static SCANNER: LazyLock<ClaimsScanner> =
            LazyLock::new(|| ClaimsScanner::of(pointer_set(&REGISTERED)));
        &SCANNER
    }

    fn of(set: PointerSet) -> Self {
        Self {
            set,
            limits: ScanLimits::new().max_depth(Self::MAX_DEPTH),
            id: next_id(),
        }
    }

    /// Reads the decoded bytes of a payload; what was found stays in `buffer`.
    ///
    /// # Errors
    ///
    /// The bytes are not strict JSON, or no object.
    pub fn scan<'a>(
        &self,
        payload: &'a [u8],
        buffer: &'a mut ScanBuffer,
    ) -> Result<Claims<'a>, ClaimsError> {
        let document = self.set.scan_into(payload, &self.limits, buffer)?;
        Self::found(document, buffer)
    }

    /// Like [`scan`](Self::scan), over text that is known to be UTF-8.
    ///
    /// # Errors
    ///
    /// The same, but for bytes that are not UTF-8.
    pub fn scan_text<'a>(
        &self,
        payload: &'a str,
        buffer: &'a mut ScanBuffer,
    ) -> Result<Claims<'a>, ClaimsError> {
        self.set.scan_text_into(payload, &self.limits, buffer)?;
        Self::found(payload, buffer)
    }

    fn found<'a>(document: &'a str, buffer: &'a ScanBuffer) -> Result<Claims<'a>, ClaimsError> {
        let claims = Claims { document, buffer };
        match claims.member(0).map(|root| root.kind()) {
            Some(Kind::Object) => Ok(claims),
            _ => Err(ClaimsError::NotAnObject),
        }
    }

    /// The index among the caller's pointers at which [`Claims::located`] answers for `pointer`.
    pub fn index_of(&self, pointer: Pointer<'_>) -> Option<usize> {
        self.set
            .pointers()
            .skip(REGISTERED.len())
            .position(|held| held == pointer)
    }

    /// A number that this scanner and its clones have, and no other scanner of the process: whoever
    /// remembers it with an index need not compare pointers again. `None` once all are given away.
    pub const fn id(&self) -> Option<NonZeroUsize> {
        self.id
    }

    /// The caller's pointer with this index.
    pub fn pointer(&self, index: usize) -> Option<Pointer<'_>> {
        self.set.pointer(index.checked_add(REGISTERED.len())?)
    }
}

/// The next number; they do not begin again, so no two scanners are taken for one.
fn next_id() -> Option<NonZeroUsize> {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    let next = |id: usize| id.checked_add(1);
    let id = NEXT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    id.ok().and_then(NonZeroUsize::new)
}

impl<'a> Claims<'a> {
    /// The claims of a document that a scanner has read before into this `buffer`.
    ///
    /// With another document the answers are parts of that one, or none: keep the two together.
    pub const fn rejoin(document: &'a str, buffer: &'a ScanBuffer) -> Claims<'a> {
        Claims { document, buffer }
    }

    /// The issuer (section 4.1.1): a non-empty string.
    pub fn iss(&self) -> Claim<Text<'a>> {
        self.text(1, IssuerIdentifier::MAX_BYTES)
    }

    /// Whether `iss` is well-formed and this issuer, byte for byte.
    #[inline]
    pub fn is_issued_by(&self, issuer: &IssuerIdentifier) -> bool {
        // No identifier is empty, too long or with control characters, so nor is what equals one.
        let iss = self.member(1).and_then(|iss| iss.text());
        iss.is_some_and(|iss| iss == *issuer.as_str())
    }

    /// The subject (section 4.1.2): a non-empty string.
    pub fn sub(&self) -> Claim<Text<'a>> {
        self.text(2, ClaimsScanner::MAX_SUB_BYTES)
    }

    /// The audience (section 4.1.3): one non-empty string, or an array of some.
    pub fn aud(&self) -> Claim<AudienceClaim<'a>> {
        match self.member(3) {
            None => Claim::Absent,
            Some(value) => {
                AudienceClaim::read(value).map_or_else(Claim::Malformed, Claim::WellFormed)
            }
        }
    }

    /// The expiration time (section 4.1.4), a fraction rounded down: the token is not accepted at
    /// or after it.
    pub fn exp(&self) -> Claim<NumericDate> {
        date(self.member(4), Number::floor_i64)
    }

    /// The start of validity (section 4.1.5), a fraction rounded up.
    pub fn nbf(&self) -> Claim<NumericDate> {
        date(self.member(5), Number::ceil_i64)
    }

    /// The time of issue (section 4.1.6), a fraction rounded up.
    pub fn iat(&self) -> Claim<NumericDate> {
        date(self.member(6), Number::ceil_i64)
    }

    /// The token's own ID (section 4.1.7): a non-empty string.
    pub fn jti(&self) -> Claim<Text<'a>> {
        self.text(7, ClaimsScanner::MAX_JTI_BYTES)
    }

    /// The claims set itself, an object.
    pub fn root(&self) -> Option<Located<'a>> {
        self.member(0)
    }

    /// A registered claim as it stands, whatever it is: for a relying party that reads a form which
    /// RFC 7519 does not allow.
    pub fn as_written(&self, claim: RegisteredClaim) -> Option<Located<'a>> {
        self.member(match claim {
            RegisteredClaim::Iss => 1,
            RegisteredClaim::Sub => 2,
            RegisteredClaim::Aud => 3,
            RegisteredClaim::Exp => 4,
            RegisteredClaim::Nbf => 5,
            RegisteredClaim::Iat => 6,
            RegisteredClaim::Jti => 7,
        })
    }

    /// What the caller's pointer with this index found.
    pub fn located(&self, index: usize) -> Option<Located<'a>> {
        self.member(index.checked_add(REGISTERED.len())?)
    }

    /// The whole claims set as it was received.
    pub const fn json(&self) -> &'a str {
        self.document
    }

    /// Reads the claims set into the caller's own type.
    ///
    /// # Errors
    ///
    /// What `serde_json` says: a member that the type needs is missing or of another kind.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.document)
    }

    #[inline]
    fn text(&self, index: usize, max: usize) -> Claim<Text<'a>> {
        self.member(index)
            .map_or(Claim::Absent, |value| text(value, max))
    }

    #[inline]
    fn member(&self, index: usize) -> Option<Located<'a>> {
        self.buffer.get(self.document, index)
    }
}

impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("bytes", &self.document.len())
            .finish_non_exhaustive()
    }
}

/// The well-formed `aud` of a claims set: one audience or several, never none.
#[derive(Clone, Copy, Debug)]
pub struct AudienceClaim<'a> {
    value: Located<'a>,
}

impl<'a> AudienceClaim<'a> {
    fn read(value: Located<'a>) -> Result<Self, ClaimFault> {
        let check = |name: Located<'a>| match text(name, ClaimsScanner::MAX_AUD_BYTES) {
            Claim::WellFormed(_) => Ok(()),
            Claim::Malformed(fault) => Err(fault),
            Claim::Absent => Err(ClaimFault::Empty),
        };
        match value.elements() {
            None => check(value)?,
            Some(names) => {
                let mut count = 0_usize;
                for name in names {
                    count = count.saturating_add(1);
                    if count > ClaimsScanner::MAX_AUDIENCES {
                        return Err(ClaimFault::TooMany {
                            max: ClaimsScanner::MAX_AUDIENCES,
                        });
                    }
                    check(name)?;
                }
                if count == 0 {
                    return Err(ClaimFault::Empty);
                }
            }
        }
        Ok(Self { value })
    }

    /// The audiences in their order.
    pub fn iter(&self) -> impl Iterator<Item = Text<'a>> + use<'a> {
        let names = self.value.elements();
        let one = names.is_none().then_some(self.value);
        names
            .into_iter()
            .flatten()
            .chain(one)
            .filter_map(|name| name.text())
    }

    /// Whether one of the audiences is `name`, byte for byte.
    pub fn contains(&self, name: &str) -> bool {
        match self.value.text() {
            Some(one) => one == name,
            None => self.iter().any(|own| own == name),
        }
    }
}

#[inline]
fn text(value: Located<'_>, max: usize) -> Claim<Text<'_>> {
    let Some(text) = value.text() else {
        return Claim::Malformed(ClaimFault::WrongKind {
            actual: value.kind(),
        });
    };
    if text.is_empty() {
        return Claim::Malformed(ClaimFault::Empty);
    }
    if text.len_utf8() > max {
        return Claim::Malformed(ClaimFault::TooLong { max });
    }
    if text.has_control() {
        return Claim::Malformed(ClaimFault::ControlCharacter);
    }
    Claim::WellFormed(text)
}

#[inline]
fn date<'a>(
    value: Option<Located<'a>>,
    whole: impl Fn(Number<'a>) -> Option<i64>,
) -> Claim<NumericDate> {
    let Some(value) = value else {
        return Claim::Absent;
    };
    let Some(number) = value.number() else {
        return Claim::Malformed(ClaimFault::WrongKind {
            actual: value.kind(),
        });
    };
    match whole(number).map(NumericDate::from_seconds) {
        Some(Ok(date)) => Claim::WellFormed(date),
        Some(Err(_)) | None => Claim::Malformed(ClaimFault::OutOfRange),
    }
}

/// Why bytes are no claims set at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// The bytes are not JSON that the strict reader accepts.
    #[error("claims set is not strict JSON")]
    Json(#[from] ScanError),
    /// JSON, but no object (RFC 7519 section 7.2 step 10).
    #[error("claims set is not an object")]
    NotAnObject,
}

impl ClaimsError {
    /// A stable word for logs and metrics.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Json(_) => "claims_json",
            Self::NotAnObject => "claims_not_object",
        }
    }
}

/// Why a registered claim is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimFault {
    /// It holds a control character.
    #[error("control character")]
    ControlCharacter,
    /// An empty string or an empty array.
    #[error("empty")]
    Empty,
    /// A date that is not written as whole seconds, where a relying party reads no other.
    #[error("not whole seconds")]
    NotWholeSeconds,
    /// A number outside [`NumericDate::MIN`] and [`NumericDate::MAX`].
    #[error("date out of range")]
    OutOfRange,
    /// Longer than the limit.
    #[error("longer than {max} bytes")]
    #[non_exhaustive]
    TooLong {
        /// The limit in bytes.
        max: usize,
    },
    /// More entries than the limit.
    #[error("more than {max} entries")]
    #[non_exhaustive]
    TooMany {
        /// The limit.
        max: usize,
    },
    /// Not the kind of value that RFC 7519 says.
    #[error("of kind {actual}")]
    #[non_exhaustive]
    WrongKind {
        /// The kind it is of.
        actual: Kind,
    },
}

impl RegisteredClaim {
    /// The claim's name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aud => "aud",
            Self::Exp => "exp",
            Self::Iat => "iat",
            Self::Iss => "iss",
            Self::Jti => "jti",
            Self::Nbf => "nbf",
            Self::Sub => "sub",
        }
    }
}

impl fmt::Display for RegisteredClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_that_of_a_scanner_and_its_clones_and_no_other() {
        let (one, two) = (
            ClaimsScanner::new([]).unwrap(),
            ClaimsScanner::new([]).unwrap(),
        );
        assert!(one.id().is_some());
        assert_eq!(one.id(), one.clone().id());
        assert_ne!(one.id(), two.id());
        assert_ne!(one.id(), ClaimsScanner::registered().id());
    }

    /// What `read` says of the claims set `json`.
    fn claim<T>(json: &str, read: impl Fn(&Claims<'_>) -> T) -> T {
        let scanner = ClaimsScanner::new([]).unwrap();
        let mut buffer = ScanBuffer::new();
        read(&scanner.scan(json.as_bytes(), &mut buffer).unwrap())
    }

    /// `exp`, `nbf` and `iat`, all of this value.
    fn dates(value: &str) -> [Claim<NumericDate>; 3] {
        let json = format!(r#"{{"exp":{value},"nbf":{value},"iat":{value}}}"#);
        claim(&json, |claims| [claims.exp(), claims.nbf(), claims.iat()])
    }

    fn exp(value: &str) -> Claim<NumericDate> {
        dates(value)[0]
    }

    fn seconds(seconds: i64) -> Claim<NumericDate> {
        Claim::WellFormed(NumericDate::from_seconds(seconds).unwrap())
    }

    const fn wrong<T>(actual: Kind) -> Claim<T> {
        Claim::Malformed(ClaimFault::WrongKind { actual })
    }

    #[test]
    fn a_date_is_any_json_number_rfc_7519_section_2() {
        for (value, expected) in [
            ("1790000000", 1_790_000_000),
            ("1.79e9", 1_790_000_000),
            ("1790000000.0", 1_790_000_000),
            ("17900000000e-1", 1_790_000_000),
            ("0", 0),
            ("-0.0", 0),
            ("253402300799", 253_402_300_799),
        ] {
            assert_eq!(exp(value), seconds(expected), "{value}");
        }
        for value in [
            "-1",
            "-0.5",
            "253402300800",
            "1e308",
            "9223372036854775808",
            "1E1000000000",
        ] {
            assert_eq!(
                exp(value),
                Claim::Malformed(ClaimFault::OutOfRange),
                "{value}"
            );
        }
        assert_eq!(exp("\"1790000000\""), wrong(Kind::String));
        assert_eq!(exp("true"), wrong(Kind::Bool));
        assert_eq!(exp("null"), wrong(Kind::Null));
        assert_eq!(exp("[1790000000]"), wrong(Kind::Array));
    }

    #[test]
    fn a_fraction_never_lengthens_validity() {
        for fraction in [
            "1790000000.000000000000001",
            "1790000000.5",
            "1790000000.999999999",
        ] {
            let (down, up) = (seconds(1_790_000_000), seconds(1_790_000_001));
            assert_eq!(dates(fraction), [down, up, up], "{fraction}");
        }
    }

    #[test]
    fn text_claims_are_non_empty_strings_within_their_limit() {
        let sub = |value: &str| {
            claim(&format!(r#"{{"sub":{value}}}"#), |claims| {
                match claims.sub() {
                    Claim::WellFormed(text) => Ok(text.to_cow().into_owned()),
                    Claim::Malformed(fault) => Err(fault),
                    Claim::Absent => panic!("absent"),
                }
            })
        };
        assert_eq!(sub(r#""a\u00e9""#), Ok("a\u{e9}".to_owned()));
        assert_eq!(sub(r#""""#), Err(ClaimFault::Empty));
        assert_eq!(sub(r#""a\u0000""#), Err(ClaimFault::ControlCharacter));
        assert_eq!(sub(r#""a\n""#), Err(ClaimFault::ControlCharacter));
        assert_eq!(sub("\"a\u{7f}\""), Err(ClaimFault::ControlCharacter));
        assert_eq!(sub("\"a\u{85}\""), Err(ClaimFault::ControlCharacter));
        assert_eq!(sub("\"\u{e9}~\""), Ok("\u{e9}~".to_owned()));
        assert_eq!(
            sub("123"),
            Err(ClaimFault::WrongKind {
                actual: Kind::Number
            })
        );
        assert_eq!(
            sub("null"),
            Err(ClaimFault::WrongKind { actual: Kind::Null })
        );
        assert!(sub(&format!("\"{}\"", "s".repeat(1_024))).is_ok());
        assert_eq!(
            sub(&format!("\"{}\"", "s".repeat(1_025))),
            Err(ClaimFault::TooLong { max: 1_024 })
        );
        assert!(claim("{}", |claims| matches!(claims.sub(), Claim::Absent)));
    }

    #[test]
    fn the_whole_claims_set_is_at_its_root() {
        let json = r#" {"sub":"s","n":{"m":1}} "#;
        let names = claim(json, |claims| {
            let members = claims.root().and_then(|root| root.members());
            members
                .unwrap()
                .map(|(name, _)| String::from(name))
                .collect::<Vec<_>>()
        });
        assert_eq!(names, ["sub", "n"]);
    }

    #[test]
    fn an_issuer_is_one_string() {
        let iss = |value: &str| {
            claim(&format!(r#"{{"iss":{value}}}"#), |claims| {
                match claims.iss() {
                    Claim::Malformed(fault) => Some(fault),
                    Claim::WellFormed(_) | Claim::Absent => None,
                }
            })
        };
        assert_eq!(iss(r#""https://a.example""#), None);
        assert_eq!(
            iss(r#"["https://a.example"]"#),
            Some(ClaimFault::WrongKind {
                actual: Kind::Array
            })
        );
    }

    #[test]
    fn a_claims_set_is_issued_by_the_issuer_that_it_names_byte_for_byte() {
        let issuer = IssuerIdentifier::parse("https://a.example/x").unwrap();
        let issued = |value: &str| {
            claim(&format!(r#"{{"iss":{value}}}"#), |claims| {
                claims.is_issued_by(&issuer)
            })
        };
        assert!(issued(r#""https://a.example/x""#));
        assert!(issued(r#""https:\/\/a.example\/\u0078""#));
        for other in [
            r#""https://a.example/""#,
            r#""https://a.example/x/""#,
            r#""https://A.example/x""#,
            r#""https://a.example/x\u0000""#,
            r#"["https://a.example/x"]"#,
            r#""""#,
            "null",
        ] {
            assert!(!issued(other), "{other}");
        }
        assert!(!claim("{}", |claims| claims.is_issued_by(&issuer)));
    }

    #[test]
    fn an_audience_is_one_or_many_and_never_none_rfc_7519_section_4_1_3() {
        let aud = |value: &str| {
            claim(&format!(r#"{{"aud":{value}}}"#), |claims| {
                match claims.aud() {
                    Claim::WellFormed(aud) => Ok(aud
                        .iter()
                        .map(|name| name.to_cow().into_owned())
                        .collect::<Vec<_>>()),
                    Claim::Malformed(fault) => Err(fault),
                    Claim::Absent => panic!("absent"),
                }
            })
        };
        assert_eq!(aud(r#""a""#), Ok(vec!["a".to_owned()]));
        assert_eq!(
            aud(r#"["a","b"]"#),
            Ok(vec!["a".to_owned(), "b".to_owned()])
        );
        for empty in ["\"\"", "[]", r#"["a",""]"#] {
            assert_eq!(aud(empty), Err(ClaimFault::Empty), "{empty}");
        }
        for (value, actual) in [
            (r#"[["a"]]"#, Kind::Array),
            (r#"["a",1]"#, Kind::Number),
            (r#"{"a":1}"#, Kind::Object),
            ("null", Kind::Null),
            ("7", Kind::Number),
        ] {
            assert_eq!(aud(value), Err(ClaimFault::WrongKind { actual }), "{value}");
        }
        let many = |count: usize| format!("[{}]", vec!["\"a\""; count].join(","));
        assert_eq!(aud(&many(16)).map(|all| all.len()), Ok(16));
        assert_eq!(aud(&many(17)), Err(ClaimFault::TooMany { max: 16 }));
    }

    #[test]
    fn names_are_exact_and_found_only_at_the_top() {
        let json = r#"{"ISS":"a","iss ":"b","iss\u0000":"c","claims":{"iss":"d"}}"#;
        assert!(claim(json, |claims| matches!(claims.iss(), Claim::Absent)));
        assert!(claim(r#"{"i\u0073s":"a"}"#, |claims| matches!(
            claims.iss(),
            Claim::WellFormed(_)
        )));
    }

    #[test]
    fn a_claims_set_is_an_object() {
        let scanner = ClaimsScanner::new([]).unwrap();
        for json in ["[]", "\"a\"", "1", "null", "[{\"sub\":\"a\"}]"] {
            let result = scanner.scan(json.as_bytes(), &mut ScanBuffer::new()).err();
            assert_eq!(result, Some(ClaimsError::NotAnObject), "{json}");
        }
    }
}
