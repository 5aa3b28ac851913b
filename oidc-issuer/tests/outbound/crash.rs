//! `kill -9` at any moment: what was acknowledged is there after the next start.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header};
use serde_json::{Value, json};

use crate::example_program::Dice;

use super::running::{Running, ask, command, configure, get, on_the_wire, receive, send, signed};
use super::world::{ADMIN, DEPLOYER, Folder, config};

const ROUNDS: u32 = 50;

/// What has been acknowledged.
#[derive(Default)]
struct Known {
    issuer: Option<String>,
    kids: BTreeSet<String>,
    tokens: Vec<String>,
    enabled: bool,
    /// What the switch was asked for without an answer.
    asked: Option<bool>,
}

impl Known {
    /// Everything that was said before is still so.
    fn check(&mut self, running: &Running) {
        let address = running.address;
        let info = "Action=GetOutboundWebIdentityFederationInfo&Version=2010-05-08";
        let info = ask(address, ADMIN, "iam", info).unwrap();
        let enabled = info.status == 200;
        assert!(
            enabled == self.enabled || Some(enabled) == self.asked,
            "{info:?}"
        );
        (self.enabled, self.asked) = (enabled, None);
        let Some(issuer) = &self.issuer else {
            self.issuer = info.element("IssuerIdentifier");
            return;
        };
        if let Some(said) = info.element("IssuerIdentifier") {
            assert_eq!(said, *issuer);
        }
        let path = issuer.strip_prefix(&running.url()).unwrap();
        let discovery = get(address, &format!("{path}/.well-known/openid-configuration"));
        let discovery: Value = serde_json::from_str(&discovery.unwrap().text).unwrap();
        assert_eq!(discovery["issuer"], **issuer);
        let jwk_set = get(address, &format!("{path}/.well-known/jwks.json"))
            .unwrap()
            .text;
        let jwk_set: JwkSet = serde_json::from_str(&jwk_set).unwrap();
        let kids = jwk_set
            .keys
            .iter()
            .map(|key| key.common.key_id.clone().unwrap());
        let kids: BTreeSet<String> = kids.collect();
        assert!(
            self.kids.is_subset(&kids),
            "{kids:?} lacks of {:?}",
            self.kids
        );
        self.kids = kids;
        for token in &self.tokens {
            let header = decode_header(token).unwrap();
            let key = jwk_set.find(&header.kid.unwrap()).unwrap();
            let mut validation = Validation::new(header.alg);
            validation.set_issuer(&[issuer]);
            validation.set_audience(&["doppler"]);
            decode::<Value>(token, &DecodingKey::from_jwk(key).unwrap(), &validation).unwrap();
        }
    }

    /// Switches to and fro, with tokens in between, so many times.
    fn work(&mut self, address: SocketAddr, steps: u64) {
        for step in 0..steps {
            if self.enabled && step % 3 != 2 {
                let algorithm = ["ES384", "RS256"][usize::from(step % 2 == 0)];
                let body = format!(
                    "Action=GetWebIdentityToken&Version=2011-06-15&Audience.member.1=doppler\
                     &SigningAlgorithm={algorithm}&DurationSeconds=3600"
                );
                self.tokens
                    .push(ask(address, DEPLOYER, "sts", &body).unwrap().token());
                self.tokens.drain(..self.tokens.len().saturating_sub(20));
            } else {
                let answer = ask(address, ADMIN, "iam", &self.switch()).unwrap();
                assert_eq!(answer.status, 200, "{answer:?}");
                self.enabled = !self.enabled;
                if let Some(issuer) = answer.element("IssuerIdentifier") {
                    assert_eq!(*self.issuer.get_or_insert_with(|| issuer.clone()), issuer);
                }
            }
        }
    }

    fn switch(&self) -> String {
        let what = if self.enabled { "Disable" } else { "Enable" };
        format!("Action={what}OutboundWebIdentityFederation&Version=2010-05-08")
    }
}

#[test]
fn kill_9_at_any_moment_loses_nothing_that_was_acknowledged() {
    let folder = Folder::new("crash");
    let mut config = config();
    config["accounts"].as_array_mut().unwrap().truncate(1);
    config["access_keys"].as_array_mut().unwrap().truncate(3);
    config["accounts"][0]["outbound_federation"] = json!("disabled");
    configure(&folder, &config);
    let (mut dice, mut known) = (Dice::new(), Known::default());
    let (mut answered, mut unanswered) = (0, 0);
    for round in 0..ROUNDS {
        if round % 4 == 0 {
            // While it starts: the first one takes as long as its keys.
            let mut starting = command(&folder);
            let starting = starting.stdout(Stdio::null()).stderr(Stdio::null());
            let mut starting = starting.spawn().unwrap();
            let most = if round == 0 { 300_000 } else { 40_000 };
            spin(Duration::from_micros(dice.below(most)));
            starting.kill().unwrap();
            starting.wait().unwrap();
        }
        let mut running = Running::start(&folder);
        known.check(&running);
        known.work(running.address, dice.below(6));
        // The last request is under way, somewhere.
        let bytes = on_the_wire(&signed(ADMIN, "iam", &known.switch()));
        let connection = send(running.address, &bytes).unwrap();
        let kill = |running: &mut Running| {
            running.child.kill().unwrap();
            running.child.wait().unwrap();
        };
        // Sometimes right after the answer, sometimes right after the request.
        let answer = match round % 5 {
            0 => {
                let answer = receive(connection);
                kill(&mut running);
                answer
            }
            1 => {
                kill(&mut running);
                receive(connection)
            }
            _ => {
                spin(Duration::from_micros(dice.below(6_000)));
                kill(&mut running);
                receive(connection)
            }
        };
        let wanted = !known.enabled;
        if let Some(answer) = answer {
            assert_eq!(answer.status, 200, "{answer:?}");
            known.enabled = wanted;
            answered += 1;
        } else {
            known.asked = Some(wanted);
            unanswered += 1;
        }
    }
    known.check(&Running::start(&folder));
    println!("{ROUNDS} rounds: the last request was answered {answered} times, {unanswered} not");
    assert!(known.tokens.len() > 10 && known.kids.len() >= 4);
    assert!(answered > 0 && unanswered > 0, "{answered} {unanswered}");
}

/// A moment shorter than those that a timer knows.
fn spin(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::spin_loop();
    }
}
