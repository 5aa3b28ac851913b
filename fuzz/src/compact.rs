use jsonptr::ScanBuffer;
use oidc_core::{ClaimsScanner, CompactError, CompactJws, JoseHeader, base64url};
use oidc_verifier::dangerous::Unverified;

use crate::reference;

/// The compact serialization: three parts that are not empty and give the bytes back, strict
/// base64url with one text for each byte string, and readers of header and claims that bear
/// whatever the parts hold.
///
/// # Panics
///
/// When the law does not hold.
pub fn compact(data: &[u8]) -> bool {
    let parts: Vec<&[u8]> = data.split(|byte| *byte == b'.').collect();
    let three = parts.len() == 3 && parts.iter().all(|part| !part.is_empty());
    let fits = data.len() <= CompactJws::DEFAULT_MAX_BYTES;
    let jws = match CompactJws::parse(data) {
        Ok(jws) => jws,
        Err(error) => {
            assert!(!(three && fits), "{error}");
            assert_eq!(matches!(error, CompactError::TooLong { .. }), !fits);
            assert!(Unverified::read(data).is_err());
            return false;
        }
    };
    assert!(three && fits);
    let own = [jws.header(), jws.payload(), jws.signature()];
    assert_eq!(own.as_slice(), parts.as_slice());
    assert_eq!([jws.signing_input(), b".", jws.signature()].concat(), data);

    let mut all_decode = true;
    for part in own {
        let decoded = base64url::decode(part).ok();
        assert_eq!(decoded, reference::base64url::decode(part));
        match decoded {
            Some(bytes) => {
                assert_eq!(base64url::encode(&bytes).as_bytes(), part);
                let mut buffer = ScanBuffer::new();
                let _ = JoseHeader::read(&bytes, &mut buffer);
                let _ = ClaimsScanner::registered().scan(&bytes, &mut buffer);
            }
            None => all_decode = false,
        }
    }
    let _ = Unverified::read(data);
    all_decode
}
