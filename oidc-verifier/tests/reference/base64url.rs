//! Base64url as RFC 7515 section 2 has it, a character at a time.

/// The bytes of `text`; `None` for padding, for any character outside the alphabet, for a length
/// that ends inside a byte, and for spare bits that are not zero.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bytes = Vec::new();
    let mut held: u32 = 0;
    let mut bits: u32 = 0;
    for character in text {
        let value = ALPHABET.iter().position(|one| one == character)?;
        held = (held << 6) | u32::try_from(value).ok()?;
        bits = bits.checked_add(6)?;
        if bits >= 8 {
            bits = bits.checked_sub(8)?;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1_u32 << bits).wrapping_sub(1);
        }
    }
    // Four spare bits after one byte of three, two after two; six are a character too many.
    (bits < 6 && held == 0).then_some(bytes)
}
