//! Headers that have come with a good signature: the next token of the same key most likely has the
//! same one, byte for byte, and what it says need not be read again.

use std::sync::OnceLock;

use oidc_core::Algorithm;

use crate::key_selection::Named;

/// A few headers, for as long as the keys that they came with: they stand in the snapshot of the
/// keys and go with it.
///
/// Each place is written once, so readers share it and never wait. Only a token whose signature
/// held may write: a stranger can neither fill the places nor choose what stands in them.
#[derive(Debug, Default)]
pub(crate) struct KnownHeaders {
    places: [OnceLock<KnownHeader>; PLACES],
}

/// What one header says; it depends on the header's bytes and the snapshot alone.
#[derive(Debug)]
pub(crate) struct KnownHeader {
    encoded: Box<[u8]>,
    kid: Option<Box<str>>,
    pub(crate) algorithm: Algorithm,
    pub(crate) named: Option<Named>,
}

/// How many headers are remembered: a verifier of a few issuers sees one for each of their keys
/// that sign. They are searched one after the other, which costs less than reading one.
const PLACES: usize = 8;

impl KnownHeaders {
    /// What is known of this header, still encoded. Every byte is compared.
    pub(crate) fn find(&self, encoded: &[u8]) -> Option<&KnownHeader> {
        self.places
            .iter()
            .map_while(OnceLock::get)
            .find(|known| *known.encoded == *encoded)
    }

    /// Remembers a header, while there is room.
    pub(crate) fn remember(
        &self,
        encoded: &[u8],
        kid: Option<&str>,
        algorithm: Algorithm,
        named: Option<Named>,
    ) {
        if let Some(place) = self.places.iter().find(|place| place.get().is_none()) {
            // Another thread may have been faster; then this header waits for its next token.
            let _ = place.set(KnownHeader {
                encoded: encoded.into(),
                kid: kid.map(Into::into),
                algorithm,
                named,
            });
        }
    }
}

impl KnownHeader {
    pub(crate) fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remember(headers: &KnownHeaders, encoded: &[u8]) {
        headers.remember(encoded, Some("kid"), Algorithm::Es256, None);
    }

    #[test]
    fn a_header_is_known_by_every_byte() {
        let headers = KnownHeaders::default();
        assert!(headers.find(b"eyJhbGciOiJFUzI1NiJ9").is_none());
        remember(&headers, b"eyJhbGciOiJFUzI1NiJ9");
        let known = headers.find(b"eyJhbGciOiJFUzI1NiJ9").unwrap();
        assert_eq!(
            (known.kid(), known.algorithm),
            (Some("kid"), Algorithm::Es256)
        );
        for other in [
            "eyJhbGciOiJFUzI1NiJ",
            "eyJhbGciOiJFUzI1NiJ9A",
            "eyJhbGciOiJFUzI1NiJ8",
            "",
        ] {
            assert!(headers.find(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn the_first_few_headers_stay_and_no_more_come() {
        let headers = KnownHeaders::default();
        let encoded = |index: usize| format!("header-{index}").into_bytes();
        for index in 0..=PLACES {
            remember(&headers, &encoded(index));
        }
        for index in 0..PLACES {
            assert!(headers.find(&encoded(index)).is_some(), "{index}");
        }
        assert!(headers.find(&encoded(PLACES)).is_none());
    }
}
