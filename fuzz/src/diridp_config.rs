use oidc_issuer::profile::diridp::{Config, KeyConfig, Provider};

/// diridp's configuration, as JSON and as YAML: whatever is accepted can be worked with. Its issuers
/// have names of their own and none that leads out of a folder, every token has its key, and its
/// claims make a token.
///
/// # Panics
///
/// When the law does not hold.
pub fn diridp_config(data: &[u8]) -> bool {
    let json = Config::from_json(data).ok();
    let yaml = std::str::from_utf8(data)
        .ok()
        .and_then(|text| serde_saphyr::from_str::<Config>(text).ok());
    for config in json.iter().chain(&yaml) {
        holds(config);
    }
    json.is_some() || yaml.is_some()
}

fn holds(config: &Config) {
    let mut names: Vec<&str> = config.providers().iter().map(Provider::name).collect();
    for name in &names {
        assert!(!name.is_empty() && !name.starts_with('.') && !name.contains('/'));
    }
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for provider in config.providers() {
        assert!(provider.jwks_path().starts_with('/'));
        for token in provider.tokens() {
            let key = provider.key_of(token);
            let algorithm = key.map(KeyConfig::algorithm);
            assert!(algorithm.is_some());
            assert!(key.is_some_and(|key| provider.longest_token(key) >= token.lifespan()));
            let directory = token.path().parameter().map(|_| "workload");
            assert!(token.token_spec(directory).is_ok());
            assert!(token.path().file(directory).is_absolute());
        }
    }
}
