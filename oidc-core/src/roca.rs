//! The fingerprint of CVE-2017-15361 (ROCA).
//!
//! The faulty generator made primes of the form `k·M + (65537^a mod M)`, where `M` is a product of
//! consecutive primes: all up to 701 for moduli of 2048 bits and more. Their product is a power of
//! 65537 modulo each of these primes, which a modulus of another origin almost never is (Nemec,
//! Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack, CCS 2017, section 3.2).

/// Whether the odd modulus, big-endian, is a power of 65537 modulo every prime that tells.
pub(crate) fn is_fingerprinted(modulus: &[u8]) -> bool {
    // One pass gives the residues modulo all divisors of 2⁶⁰ − 1; of a hundred thousand sound
    // moduli six go on from here.
    let folded = residue_of_fold(modulus);
    FOLD_PRIMES
        .iter()
        .all(|prime| is_power(remainder(folded, *prime), *prime))
        && OTHER_PRIMES
            .iter()
            .all(|prime| is_power(residue(modulus, *prime), *prime))
}

/// The modulus modulo 2⁶⁰ − 1, not fully reduced: since 2⁶⁰ is 1 there, its digits of 60 bits may
/// be added. They are taken two at a time, 15 bytes.
fn residue_of_fold(modulus: &[u8]) -> u64 {
    let mut sum = 0_u128;
    for chunk in modulus.rchunks(15) {
        let mut digits = [0_u8; 16];
        let start = digits.len().saturating_sub(chunk.len());
        if let Some(end) = digits.get_mut(start..) {
            end.copy_from_slice(chunk);
        }
        // INVARIANT: 2⁷ digit pairs of 120 bits do not overflow; the longest modulus has 69.
        sum = sum.wrapping_add(u128::from_be_bytes(digits));
    }
    let digit = |shift: u32| u64::try_from((sum >> shift) & DIGIT_MASK).unwrap_or_default();
    digit(0).wrapping_add(digit(60)).wrapping_add(digit(120))
}

/// The modulus modulo a prime below 2³².
fn residue(modulus: &[u8], prime: u64) -> u64 {
    modulus.iter().fold(0, |rest, byte| {
        remainder((rest << 8) | u64::from(*byte), prime)
    })
}

fn is_power(residue: u64, prime: u64) -> bool {
    let mut power = 1;
    loop {
        if power == residue {
            return true;
        }
        power = remainder(GENERATOR.wrapping_mul(power), prime);
        if power == 1 {
            return false;
        }
    }
}

fn remainder(number: u64, prime: u64) -> u64 {
    number.checked_rem(prime).unwrap_or_default()
}

const GENERATOR: u64 = 65537;

const DIGIT_MASK: u128 = (1 << 60) - 1;

/// Primes up to 701 that divide 2⁶⁰ − 1, and modulo which the powers of 65537 leave numbers out.
const FOLD_PRIMES: [u64; 5] = [11, 13, 331, 61, 151];

/// The other primes below 168 modulo which the powers of 65537 leave numbers out.
const OTHER_PRIMES: [u64; 13] = [37, 97, 79, 73, 19, 127, 17, 53, 71, 103, 107, 109, 157];

#[cfg(test)]
mod tests {
    use super::*;

    /// 2048 bits, congruent to 65537^1234567 modulo the product of the primes up to 701.
    const FINGERPRINTED: &str = "80ad45f23b1a11df587fd2803bab6c398d88348a7eed8d14f06d3fef701966a0\
        c381e88f38c0c8fd8712b8bc076f3787b9d179e06c0fd4f5f8130c4237730edfafbd67f9619699cfe1988ad9\
        f06c144a025b413f8a9a021ea648a7dd06839eb905b6e6e307d4bedc51431193e6c3f3391a2b8f1ff1fd42a2\
        9755d4c13a902931cd447e35b8b6dc53cc0b55a055c1a9d4f9a955c94750b11068604c61185da794701c5d5e\
        248cd69c0af6f3bf607306f3577671a9501c88452e042a6808e56b2df8f0fb258bdb5030193d9668ab3e157f\
        cd96f49423728a044478d6762318c7ed573f341a0e2f0030318b2723b4fa0af6fa0a48a43539c9577ceb5abe\
        ba07dc8b";

    fn bytes(hex: &str) -> Vec<u8> {
        let pairs = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap());
        pairs
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    }

    #[test]
    fn a_modulus_of_the_faulty_form_is_recognised() {
        assert!(is_fingerprinted(&bytes(FINGERPRINTED)));
    }

    #[test]
    fn its_neighbours_are_not() {
        let mut modulus = bytes(FINGERPRINTED);
        for last in [0x89, 0x8d, 0x8f] {
            *modulus.last_mut().unwrap() = last;
            assert!(!is_fingerprinted(&modulus), "{last:x}");
        }
    }

    #[test]
    fn both_ways_to_a_residue_agree() {
        let mut modulus = bytes(FINGERPRINTED);
        for extra in 0..40 {
            let folded = residue_of_fold(&modulus);
            for prime in FOLD_PRIMES {
                assert_eq!(folded % prime, residue(&modulus, prime), "{extra} {prime}");
            }
            modulus.insert(0, 255);
        }
        let longest = vec![255; 1024];
        assert_eq!(residue_of_fold(&longest) % 331, residue(&longest, 331));
    }

    #[test]
    fn the_primes_are_those_that_tell() {
        let prime = |p: u64| (2..p).all(|d| !p.is_multiple_of(d));
        let tells = |p: u64| (1..p).any(|residue| !is_power(residue, p));
        let mut named = [&FOLD_PRIMES[..], &OTHER_PRIMES[..]].concat();
        named.sort_unstable();
        let mut telling: Vec<u64> = (3..168).filter(|p| prime(*p) && tells(*p)).collect();
        telling.push(331);
        assert_eq!(named, telling);
        assert!(tells(331));
        let folds = |p: &u64| ((1_u64 << 60) - 1).is_multiple_of(*p);
        assert!(FOLD_PRIMES.iter().all(folds));
    }
}
