//! Subjects of the form `name:value:name:value`.

/// The values behind these names, in their order. No value but the last holds a colon; the last is
/// all that is left, and may be empty.
pub(super) fn values<'a, const N: usize>(text: &'a str, names: [&str; N]) -> Option<[&'a str; N]> {
    let mut values = [""; N];
    let mut rest = text;
    let last = N.checked_sub(1)?;
    for (index, (value, name)) in values.iter_mut().zip(names).enumerate() {
        let own = rest.strip_prefix(name)?.strip_prefix(':')?;
        if index == last {
            *value = own;
        } else {
            (*value, rest) = own.split_once(':').filter(|(own, _)| !own.is_empty())?;
        }
    }
    Some(values)
}

/// Whether a text is made of letters, digits and `-`, `_`, `.`, and is not empty.
pub(super) fn is_name(text: &str) -> bool {
    let in_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !text.is_empty() && text.bytes().all(in_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_behind_their_names_in_order() {
        assert_eq!(values("a:x:b:y", ["a", "b"]), Some(["x", "y"]));
        assert_eq!(values("a:x:b:", ["a", "b"]), Some(["x", ""]));
        assert_eq!(values("a:x:b:y:z", ["a", "b"]), Some(["x", "y:z"]));
        for text in [
            "",
            "a",
            "a:x",
            "a:x:b",
            "a::b:y",
            "b:y:a:x",
            "a:x:y:b:z",
            "ab:x:b:y",
        ] {
            assert_eq!(values(text, ["a", "b"]), None, "{text}");
        }
    }
}
