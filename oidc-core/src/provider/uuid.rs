//! The text form of UUIDs (RFC 9562 section 4), as issuers write it.

/// `8-4-4-4-12` hexadecimal digits in lower case.
pub(super) fn is_uuid(text: &str) -> bool {
    let digits = |part: &str| {
        part.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let mut parts = text.split('-');
    [8, 4, 4, 4, 12].into_iter().all(|length| {
        parts
            .next()
            .is_some_and(|part| part.len() == length && digits(part))
    }) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_five_groups_of_lower_case_digits() {
        assert!(is_uuid("0184990a-477b-4fa8-9968-496074483cee"));
        for text in [
            "",
            "0184990a477b4fa89968496074483cee",
            "0184990A-477b-4fa8-9968-496074483cee",
            "0184990a-477b-4fa8-9968-496074483ce",
            "0184990a-477b-4fa8-9968-496074483ceee",
            "0184990a-477b-4fa8-9968-496074483cee-",
            "0184990g-477b-4fa8-9968-496074483cee",
            "{0184990a-477b-4fa8-9968-496074483cee}",
        ] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
