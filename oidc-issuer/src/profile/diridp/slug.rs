//! The name of a provider that has none of its own.

/// A name for files, made of an issuer's URL: without `https://` if only a host follows; of its
/// parts between other characters than letters, digits and `._-`, without dots and hyphens before
/// them, joined by `_`.
pub(super) fn of(issuer: &str) -> String {
    let host = issuer
        .strip_prefix("https://")
        .filter(|rest| rest.trim_end_matches('/').chars().all(|char| char != '/'));
    let text = host.unwrap_or(issuer);
    let separates = |char: char| !char.is_alphanumeric() && !matches!(char, '.' | '_' | '-');
    let parts = text
        .split(separates)
        .map(|part| part.trim_start_matches(['.', '-']))
        .filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_")
}

#[cfg(test)]
mod tests {
    use super::of;

    /// diridp's README and its unit test.
    #[test]
    fn a_host_is_its_own_name_and_the_rest_is_joined() {
        for (issuer, name) in [
            ("https://example.com", "example.com"),
            ("https://example.com/", "example.com"),
            ("https://example.com:8080", "example.com_8080"),
            ("http://example.com", "http_example.com"),
            ("https://example.com/a/b", "https_example.com_a_b"),
            ("https://ex-ample.com", "ex-ample.com"),
            ("https://.example.com", "example.com"),
            ("https://-x", "x"),
            ("a b", "a_b"),
            ("../..", ""),
        ] {
            assert_eq!(of(issuer), name, "{issuer}");
        }
    }
}
