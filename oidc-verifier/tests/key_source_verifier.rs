//! A key source and the verifier that it serves, together.
#![cfg(all(feature = "discovery", any(feature = "aws-lc-rs", feature = "ring")))]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

mod key_source_world;

use std::time::Duration;

use key_source_world::{Answer, ISSUER, World, at, config, set};
use oidc_core::{Algorithm, IssuerIdentifier, JwkSet};
use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
use oidc_verifier::key_source::{DistrustedKey, Refetch};
use oidc_verifier::{Class, Verifier, VerifyError};

const AUDIENCE: &str = "https://deploy.example";

/// A verifier and the world of its one issuer, which publishes `keys`.
struct Party {
    world: World,
    verifier: Verifier,
    usable: usize,
}

impl Party {
    fn new(keys: &Issuer) -> Party {
        let identifier = IssuerIdentifier::parse(ISSUER).unwrap();
        let verifier = Verifier::builder().issuer(identifier).audience(AUDIENCE);
        let mut party = Party {
            world: World::new(config()),
            verifier: verifier.build().unwrap(),
            usable: 0,
        };
        party.publish(keys);
        party.pass(0);
        party
    }

    fn publish(&mut self, issuer: &Issuer) {
        let set = JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
        self.world.server.keys = set.keys().to_vec();
    }

    fn pass(&mut self, seconds: i64) {
        self.world.run();
        self.world.pass(seconds);
        match &self.world.installed {
            Some(keys) => {
                self.usable = self.verifier.install(keys).unwrap().usable;
            }
            None => assert!(self.verifier.withdraw(self.world.source.issuer())),
        }
    }

    /// The code of the outcome for a token that `issuer` makes now.
    fn judge(&self, issuer: &Issuer) -> Result<(), VerifyError> {
        let spec = TokenSpec::new("job-42", AUDIENCE).unwrap();
        let token = issuer.issue(&spec, self.world.now()).unwrap();
        let judged = self
            .verifier
            .verify(token.as_str().as_bytes(), self.world.now());
        judged.map(|_| ())
    }
}

fn issuer() -> Issuer {
    let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
    let identifier = IssuerIdentifier::parse(ISSUER).unwrap();
    Issuer::builder(identifier).key(key).build().unwrap()
}

fn kid(issuer: &Issuer) -> String {
    let set = JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap();
    set.keys().first().unwrap().kid().unwrap().to_owned()
}

#[test]
fn a_hard_cut_refuses_the_first_token_until_its_key_is_fetched() {
    let (old, new) = (issuer(), issuer());
    let mut party = Party::new(&old);
    assert_eq!(party.judge(&old), Ok(()));
    party.publish(&new);
    assert_eq!(party.judge(&new), Err(VerifyError::UnknownKey));
    assert_eq!(party.world.ask(&kid(&new)), Refetch::Wait);
    party.pass(0);
    assert_eq!(party.judge(&new), Ok(()));
    assert_eq!(party.judge(&old), Err(VerifyError::UnknownKey));
}

#[test]
fn past_the_bound_of_an_outage_tokens_are_unavailable_and_not_refused() {
    let issuer = issuer();
    let mut party = Party::new(&issuer);
    party.world.server.answer = Answer::Down;
    party.pass(4_199);
    assert_eq!(party.judge(&issuer), Ok(()));
    party.pass(1);
    let error = party.judge(&issuer).unwrap_err();
    assert_eq!(error, VerifyError::KeysUnavailable);
    assert_eq!(error.class(), Class::Unavailable);
    party.world.server.answer = Answer::Good;
    party.pass(61);
    assert_eq!(party.judge(&issuer), Ok(()));
}

#[test]
fn a_stolen_key_is_out_at_once_and_so_is_what_was_dated_back() {
    let (stolen, next) = (issuer(), issuer());
    let mut party = Party::new(&stolen);
    party
        .world
        .source
        .distrust(DistrustedKey::Kid(kid(&stolen)));
    party.publish(&next);
    assert_eq!(party.world.ask(&kid(&next)), Refetch::Wait);
    party.pass(0);
    assert_eq!(party.judge(&stolen), Err(VerifyError::UnknownKey));
    assert_eq!(party.judge(&next), Ok(()));

    let later = party.world.now().saturating_add(Duration::from_secs(10));
    party.world.source.refuse_issued_before(Some(later));
    party.pass(9);
    assert_eq!(party.judge(&next).unwrap_err().code(), "iat_before_cut_off");
    party.pass(1);
    assert_eq!(party.judge(&next), Ok(()));
    assert_eq!(later, at(10));
}

#[test]
fn keys_of_several_kinds_are_installed_together() {
    let issuer = issuer();
    let mut party = Party::new(&issuer);
    party.world.server.keys.extend(set(&[1]));
    party.pass(528);
    assert_eq!(party.usable, 2);
    assert_eq!(party.judge(&issuer), Ok(()));
}
