//! ECDSA signatures as key services write them, and as JWS has them.

use oidc_core::Algorithm;
use pkcs8::der::{Decode as _, Reader as _, SliceReader, asn1::UintRef};

/// From the DER of RFC 3279 section 2.2.3, a sequence of `r` and `s`, to the form of RFC 7518 section
/// 3.4: both as long as the curve's order, side by side, filled with zeros on the left.
///
/// One signature in 128 has an `r` or `s` that is shorter; whoever forgets to fill makes a token
/// that does not verify.
///
/// `None` for what is no such signature of this algorithm.
pub(super) fn to_fixed(algorithm: Algorithm, der: &[u8]) -> Option<Vec<u8>> {
    let length = algorithm.ecdsa_curve()?.coordinate_len();
    let mut reader = SliceReader::new(der).ok()?;
    let (r, s) = reader
        .sequence(|inside| {
            let r = UintRef::decode(inside)?;
            let s = UintRef::decode(inside)?;
            Ok::<_, pkcs8::der::Error>((r, s))
        })
        .ok()?;
    if !reader.is_finished() {
        return None;
    }
    let mut fixed = Vec::with_capacity(usize::checked_mul(length, 2)?);
    for part in [r.as_bytes(), s.as_bytes()] {
        let missing = length.checked_sub(part.len())?;
        fixed.resize(fixed.len().checked_add(missing)?, 0);
        fixed.extend_from_slice(part);
    }
    Some(fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn der(r: &[u8], s: &[u8]) -> Vec<u8> {
        let integer = |bytes: &[u8]| [&[2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
        let inside = [integer(r), integer(s)].concat();
        [&[0x30, u8::try_from(inside.len()).unwrap()], &*inside].concat()
    }

    #[test]
    fn a_short_part_is_filled_on_the_left() {
        let fixed = to_fixed(Algorithm::Es256, &der(&[1], &[0x7f, 2])).unwrap();
        let mut expected = [0; 64];
        expected[31] = 1;
        expected[62] = 0x7f;
        expected[63] = 2;
        assert_eq!(fixed, expected);
    }

    #[test]
    fn the_zero_that_keeps_an_integer_positive_is_no_part_of_it() {
        let mut long = vec![0];
        long.extend([0xff; 32]);
        let fixed = to_fixed(Algorithm::Es256, &der(&long, &[1])).unwrap();
        assert_eq!(fixed[..32], [0xff; 32]);
        assert_eq!(fixed.len(), 64);
        assert_eq!(
            to_fixed(Algorithm::Es384, &der(&long, &[1])).unwrap().len(),
            96
        );
        assert_eq!(
            to_fixed(Algorithm::Es512, &der(&long, &[1])).unwrap().len(),
            132
        );
    }

    #[test]
    fn what_is_no_signature_of_the_curve_is_none() {
        let mut too_long = vec![1];
        too_long.extend([0; 32]);
        let mut trailing = der(&[1], &[1]);
        trailing.push(0);
        for wrong in [
            der(&too_long, &[1]),
            der(&[1], &too_long),
            trailing,
            der(&[0xff], &[1]),
            der(&[0, 1], &[1]),
            der(&[], &[1]),
            vec![],
            vec![0x30, 0],
            vec![0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0],
            vec![1; 64],
        ] {
            assert_eq!(to_fixed(Algorithm::Es256, &wrong), None, "{wrong:?}");
        }
        assert_eq!(to_fixed(Algorithm::Rs256, &der(&[1], &[1])), None);
    }
}
