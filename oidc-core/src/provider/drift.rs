//! What a token says that its provider's profile does not know, and the other way round.

use jsonptr::{Kind, Located, Pointer, PointerBuf};

use super::known_claim::{Extent, KnownClaim, Presence};
use super::profile::ProviderProfile;

/// How the claims of a token differ from those that its provider's profile knows.
///
/// Nothing in it is an error: providers add claims without notice. It is for a log or a metric, so
/// that someone looks before a policy starts to refuse everyone. The names in it are the token's:
/// report them only for a token that was verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimDrift {
    /// Claims that the profile does not know.
    pub unknown: Vec<PointerBuf>,
    /// Claims that every token of this provider has, but this one.
    pub absent: Vec<&'static KnownClaim>,
    /// Claims that are known to be of other kinds, and what they are here.
    pub other_kind: Vec<(PointerBuf, Kind)>,
    /// Whether more was found than [`MAX_REPORTED`](Self::MAX_REPORTED) claims of one sort.
    pub truncated: bool,
}

impl ClaimDrift {
    /// Claims that one report lists of each sort: a token may bring thousands of names.
    pub const MAX_REPORTED: usize = 64;

    /// Whether the token is as the profile says.
    pub const fn is_empty(&self) -> bool {
        self.unknown.is_empty() && self.absent.is_empty() && self.other_kind.is_empty()
    }
}

impl ProviderProfile {
    /// Compares a whole claims set with what is known of this provider's tokens.
    ///
    /// ```
    /// use jsonptr::{Pointer, PointerSet};
    /// use oidc_core::provider::Provider;
    ///
    /// let root = PointerSet::new([Pointer::ROOT])?;
    /// let found = root.scan(br#"{"iss": "https://oidc.circleci.com/org/8f0c", "aud": "8f0c",
    ///     "sub": "org/8f0c/project/2b9e/user/77aa", "iat": 1790000000, "exp": "1790003600",
    ///     "oidc.circleci.com/project-id": "2b9e", "oidc.circleci.com/moon-phase": "full"}"#)?;
    /// let drift = Provider::CircleCi.profile().drift(found.get(0).unwrap());
    /// assert_eq!(drift.unknown[0].as_str(), "/oidc.circleci.com~1moon-phase");
    /// assert_eq!(drift.other_kind[0].0.as_str(), "/exp");
    /// assert_eq!(drift.absent[0].name(), "oidc.circleci.com/ssh-rerun");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn drift(&self, claims: Located<'_>) -> ClaimDrift {
        let mut drift = ClaimDrift::default();
        self.visit(claims, &mut PointerBuf::root(), &mut drift);
        drift
    }

    /// Compares the object at `at`, and what is known to be below it.
    fn visit(&self, object: Located<'_>, at: &mut PointerBuf, drift: &mut ClaimDrift) {
        let mut seen = Vec::new();
        for (name, value) in object.members().into_iter().flatten() {
            at.push_token(&name.to_cow());
            if let Some(known) = self.claim(at.as_pointer()) {
                seen.push(known.pointer);
                let exact = known.pointer == at.as_pointer() || known.extent == Extent::Prefix;
                if exact && !known.may_be(value.kind()) {
                    report(
                        &mut drift.other_kind,
                        (at.clone(), value.kind()),
                        &mut drift.truncated,
                    );
                } else if value.kind() == Kind::Object && self.has_below(known) {
                    // INVARIANT: as deep as the tables are, whatever the token nests.
                    self.visit(value, at, drift);
                }
            } else {
                report(&mut drift.unknown, at.clone(), &mut drift.truncated);
            }
            at.pop_token();
        }
        for known in self.claims {
            let expected = known.presence == Presence::Always && known.extent != Extent::Prefix;
            if expected
                && is_child(known.pointer, at.as_pointer())
                && !seen.contains(&known.pointer)
            {
                report(&mut drift.absent, known, &mut drift.truncated);
            }
        }
    }

    fn has_below(&self, known: &KnownClaim) -> bool {
        let mut claims = self.claims.iter();
        known.extent == Extent::One && claims.any(|claim| is_child(claim.pointer, known.pointer))
    }
}

fn is_child(pointer: Pointer<'_>, parent: Pointer<'_>) -> bool {
    pointer.parent() == Some(parent)
}

fn report<T>(list: &mut Vec<T>, entry: T, truncated: &mut bool) {
    if list.len() < ClaimDrift::MAX_REPORTED {
        list.push(entry);
    } else {
        *truncated = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider;
    use jsonptr::PointerSet;

    fn drift(provider: Provider, json: &str) -> ClaimDrift {
        let root = PointerSet::new([Pointer::ROOT]).unwrap();
        let found = root.scan(json.as_bytes()).unwrap();
        provider.profile().drift(found.get(0).unwrap())
    }

    const AWS: &str = "https://00000000-0000-0000-0000-000000000000.tokens.sts.global.api.aws";

    /// An AWS token with these members in its namespace.
    fn aws(inside: &str) -> String {
        format!(
            r#"{{"iss":"{AWS}","aud":"a","sub":"arn:aws:iam::111122223333:role/r","iat":1,"exp":2,
               "jti":"j","https://sts.amazonaws.com/":{{"aws_account":"111122223333",
               "source_region":"eu-north-1","principal_id":"p"{inside}}}}}"#
        )
    }

    #[test]
    fn a_token_as_it_is_known_has_no_drift() {
        assert_eq!(
            drift(Provider::AwsOutbound, &aws("")),
            ClaimDrift::default()
        );
        let tags = aws(r#","request_tags":{"any":"1","name/at all":"2"},"ou_path":["o/r/"]"#);
        assert_eq!(drift(Provider::AwsOutbound, &tags), ClaimDrift::default());
    }

    #[test]
    fn a_nested_claim_that_is_new_is_reported_with_its_place() {
        let found = drift(Provider::AwsOutbound, &aws(r#","moon_phase":"full""#));
        assert_eq!(
            found.unknown,
            [PointerBuf::parse("/https:~1~1sts.amazonaws.com~1/moon_phase").unwrap()]
        );
        assert!(found.absent.is_empty() && found.other_kind.is_empty() && !found.truncated);
    }

    #[test]
    fn a_claim_that_vanished_is_reported_where_its_parent_is_there() {
        let found = drift(
            Provider::AwsOutbound,
            &format!(r#"{{"iss":"{AWS}","sub":"s"}}"#),
        );
        let names: Vec<_> = found.absent.iter().map(|claim| claim.name()).collect();
        assert_eq!(
            names,
            ["aud", "iat", "exp", "jti", "https://sts.amazonaws.com/"]
        );
    }

    #[test]
    fn a_claim_of_another_kind_is_reported_and_not_entered() {
        let json = r#"{"iss":"i","aud":"a","sub":"s","iat":1,"exp":2,"jti":7,
            "https://sts.amazonaws.com/":["x"]}"#;
        let found = drift(Provider::AwsOutbound, json);
        let kinds: Vec<_> = found
            .other_kind
            .iter()
            .map(|(at, kind)| (at.as_str(), *kind))
            .collect();
        assert_eq!(
            kinds,
            [
                ("/jti", Kind::Number),
                ("/https:~1~1sts.amazonaws.com~1", Kind::Array)
            ]
        );
        assert!(found.absent.is_empty());
    }

    #[test]
    fn a_report_lists_64_claims_of_a_sort_and_says_so() {
        let many = |count: usize| {
            let names: Vec<_> = (0..count).map(|index| format!(r#""n{index}":1"#)).collect();
            drift(
                Provider::AwsOutbound,
                &aws(&format!(",{}", names.join(","))),
            )
        };
        let full = many(ClaimDrift::MAX_REPORTED);
        assert_eq!((full.unknown.len(), full.truncated), (64, false));
        let over = many(ClaimDrift::MAX_REPORTED + 1);
        assert_eq!((over.unknown.len(), over.truncated), (64, true));
    }
}
