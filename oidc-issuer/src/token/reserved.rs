//! The claims that only the issuer sets.

/// Those of RFC 7519 section 4.1, and the confirmation of RFC 7800 section 3.1.
const RESERVED: [&str; 8] = ["aud", "cnf", "exp", "iat", "iss", "jti", "nbf", "sub"];

/// Whether some reader takes this name for a reserved one.
///
/// JSON names are compared byte for byte, but the reader of the Go standard library, which many
/// relying parties are built on, also takes a name that differs in case, by Unicode's simple
/// folding: `Sub`, and `ſub` with a long s.
pub(super) fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| {
        reserved
            .chars()
            .eq(name.chars().map(|character| match character {
                '\u{17f}' => 's',
                other => other.to_ascii_lowercase(),
            }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registered_claims_are_reserved_in_any_case() {
        for name in RESERVED {
            assert!(is_reserved(name));
            assert!(is_reserved(&name.to_uppercase()));
        }
        for name in ["Iss", "sUB", "\u{17f}ub", "iſſ", "Cnf"] {
            assert!(is_reserved(name), "{name}");
        }
    }

    #[test]
    fn every_other_name_is_free() {
        for name in [
            "",
            "su",
            "sub ",
            "subs",
            "azp",
            "nonce",
            "auth_time",
            "https://x/sub",
            "ѕub",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
