//! Identity providers as a trust policy names them in `Principal`.

use oidc_core::IssuerIdentifier;

use crate::aws::IdentityProvider;

/// An OpenID Connect provider that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Provider {
    /// As it is written: an ARN, or the name of a provider that AWS knows by itself.
    pub(super) name: Box<str>,
    pub(super) issuer: IssuerIdentifier,
    /// The issuer without its scheme, in lower case: keys that begin so are its keys.
    pub(super) prefix: Box<str>,
    /// The account of the ARN.
    pub(super) account: Option<Box<str>>,
}

/// What stands in `Federated`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Federated {
    Provider(Provider),
    /// It exists, and no OpenID Connect token comes from it.
    Other,
}

/// Providers without an ARN that issue OpenID Connect tokens.
const BUILT_IN: &[&str] = &["accounts.google.com", "cognito-identity.amazonaws.com"];

/// Providers without an ARN whose tokens are opaque.
const OPAQUE: &[&str] = &["www.amazon.com", "graph.facebook.com"];

impl Federated {
    /// One of the `registered` providers, or what the text alone says; `None` if it is neither an
    /// ARN of a provider nor one of those that AWS knows.
    pub(super) fn parse(text: &str, registered: &[IdentityProvider]) -> Option<Self> {
        if let Some(provider) = registered.iter().find(|provider| provider.arn() == text) {
            return Some(Self::Provider(Provider {
                name: text.into(),
                issuer: provider.issuer().clone(),
                prefix: provider.condition_key_prefix().to_ascii_lowercase().into(),
                account: Some(provider.account().into()),
            }));
        }
        if OPAQUE.contains(&text) {
            return Some(Self::Other);
        }
        if BUILT_IN.contains(&text) {
            return Provider::new(text, text, None).map(Self::Provider);
        }
        let rest = text.strip_prefix("arn:aws")?;
        let (partition, rest) = rest.split_once(":iam::")?;
        let (account, resource) = rest.split_once(':')?;
        let known_partition = partition.is_empty() || partition.starts_with('-');
        let digits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        if !known_partition || partition.contains(':') || !digits {
            return None;
        }
        let (kind, path) = resource.split_once('/')?;
        match kind {
            "oidc-provider" => Provider::new(text, path, Some(account)).map(Self::Provider),
            "saml-provider" => Some(Self::Other),
            _ => None,
        }
    }
}

impl Provider {
    /// The issuer is the path with `https://` before it, to the last slash.
    fn new(name: &str, path: &str, account: Option<&str>) -> Option<Self> {
        if path.contains(['*', '?']) {
            return None;
        }
        Some(Self {
            name: name.into(),
            issuer: IssuerIdentifier::parse(&format!("https://{path}")).ok()?,
            prefix: path.to_ascii_lowercase().into(),
            account: account.map(Box::from),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_its_issuer_with_path_and_slash() {
        for (name, issuer, account) in [
            (
                "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
                "https://token.actions.githubusercontent.com",
                Some("111122223333"),
            ),
            (
                "arn:aws-us-gov:iam::111122223333:oidc-provider/oidc.circleci.com/org/8F0c",
                "https://oidc.circleci.com/org/8F0c",
                Some("111122223333"),
            ),
            (
                "arn:aws-cn:iam::111122223333:oidc-provider/t.example/",
                "https://t.example/",
                Some("111122223333"),
            ),
            ("accounts.google.com", "https://accounts.google.com", None),
        ] {
            let Some(Federated::Provider(provider)) = Federated::parse(name, &[]) else {
                panic!("{name}")
            };
            assert_eq!(
                (provider.issuer.as_str(), provider.account.as_deref()),
                (issuer, account)
            );
            assert_eq!(
                format!("https://{}", provider.prefix),
                issuer.to_lowercase()
            );
        }
    }

    /// The ARN does not say whether it is `http` or `https`: who registered it does.
    #[test]
    fn the_issuer_of_a_registered_provider_is_as_it_was_registered() {
        let account = "111122223333";
        let arn = "arn:aws:iam::111122223333:oidc-provider/LOCALHOST:8443/Org/";
        assert_eq!(Federated::parse(arn, &[]), None);
        for url in ["http://LOCALHOST:8443/Org/", "https://LOCALHOST:8443/Org/"] {
            let registered = [
                IdentityProvider::new(account, "https://ci.example", ["a"]).unwrap(),
                IdentityProvider::loopback(account, url, ["a"]).unwrap(),
            ];
            let Some(Federated::Provider(provider)) = Federated::parse(arn, &registered) else {
                panic!("{url}")
            };
            assert_eq!(
                (&*provider.name, provider.issuer.as_str(), &*provider.prefix),
                (arn, url, "localhost:8443/org/"),
            );
            assert_eq!(provider.account.as_deref(), Some(account));
            for other in [
                "arn:aws:iam::111122223333:oidc-provider/localhost:8443/Org/",
                "arn:aws:iam::111122223333:oidc-provider/LOCALHOST:8443/Org",
                "arn:aws:iam::111122223333:oidc-provider/LOCALHOST/Org/",
                "arn:aws:iam::444455556666:oidc-provider/LOCALHOST:8443/Org/",
                "arn:aws-cn:iam::111122223333:oidc-provider/LOCALHOST:8443/Org/",
            ] {
                assert_eq!(Federated::parse(other, &registered), None, "{other}");
            }
        }
    }

    #[test]
    fn other_providers_load_and_admit_nobody() {
        for name in [
            "www.amazon.com",
            "graph.facebook.com",
            "arn:aws:iam::111122223333:saml-provider/corp",
        ] {
            assert_eq!(
                Federated::parse(name, &[]),
                Some(Federated::Other),
                "{name}"
            );
        }
    }

    #[test]
    fn what_names_no_provider_is_refused() {
        for name in [
            "",
            "ci.example",
            "https://ci.example",
            "arn:aws:iam::1:oidc-provider/ci.example",
            "arn:aws:iam::*:oidc-provider/ci.example",
            "arn:aws:iam::111122223333:oidc-provider/*.example",
            "arn:aws:iam::111122223333:oidc-provider/",
            "arn:aws:iam::111122223333:role/ci.example",
            "arn:aws:sts::111122223333:oidc-provider/ci.example",
            "arn:awsx:iam::111122223333:oidc-provider/ci.example",
        ] {
            assert_eq!(Federated::parse(name, &[]), None, "{name}");
        }
    }
}
