use oidc_core::provider::Provider;

/// Structured subjects: a text.
///
/// Whoever reads it prints it as it was. Its parts are not empty, and where colons stand between
/// them, none holds a colon: no value can pass for a name and another value.
///
/// # Panics
///
/// When the law does not hold.
pub fn subject(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else {
        return false;
    };
    let mut read = false;
    for &provider in Provider::ALL {
        let Ok(subject) = provider.subject(text) else {
            continue;
        };
        read = true;
        assert_eq!(subject.to_string(), text);
        assert_eq!(subject.provider(), provider);
        let parts = provider.profile().subject_parts;
        let found: Vec<_> = parts
            .iter()
            .filter_map(|part| Some((part.name, subject.part(part.name)?)))
            .collect();
        assert!(!found.is_empty());
        assert!(found.iter().all(|(_, value)| !value.is_empty()));
        let delimited = [
            Provider::Bitbucket,
            Provider::GitHubActions,
            Provider::GitLab,
            Provider::Kubernetes,
            Provider::Terraform,
        ];
        // Every value stands between two colons, so none can pass for a name and a value.
        if delimited.contains(&provider) {
            assert!(found.iter().all(|(_, value)| !value.contains(':')));
        }
    }
    read
}
