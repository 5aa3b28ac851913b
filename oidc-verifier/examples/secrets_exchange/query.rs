//! The query of a URL, strictly: what is ambiguous is refused, and not guessed.

/// The parameters of `text` (application/x-www-form-urlencoded), in their order.
///
/// # Errors
///
/// What is wrong with it, for whoever wrote it.
pub(crate) fn parameters(text: &str) -> Result<Vec<(String, String)>, &'static str> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Ok((decode(name)?, decode(value)?))
    });
    pairs.collect()
}

/// The value of the one parameter of this name.
pub(crate) fn only<'p>(
    parameters: &'p [(String, String)],
    name: &str,
) -> Result<&'p str, &'static str> {
    let mut values = parameters.iter().filter(|(own, _)| own == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Ok(value),
        (None, _) => Err("a parameter is missing"),
        (Some(_), Some(_)) => Err("a parameter is given twice"),
    }
}

fn decode(text: &str) -> Result<String, &'static str> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let escape = hex(bytes.next()).zip(hex(bytes.next()));
                let (high, low) = escape.ok_or("a percent escape is malformed")?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| "a parameter is not UTF-8")
}

fn hex(byte: Option<u8>) -> Option<u8> {
    let digit = char::from(byte?).to_digit(16)?;
    u8::try_from(digit).ok()
}
