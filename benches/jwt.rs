//! The peer: jsonwebtoken 11 on the same backend, in the way of its documentation that does the
//! least work: claims into types of their own, keys made beforehand and found by `kid`.

use std::collections::HashMap;
use std::hint::black_box;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use crate::Failure;
use crate::documents::{AUDIENCE, ISSUER, Shape};
use crate::scenario::Scenario;

/// One issuer's keys, and what is asked of its tokens.
pub(crate) struct Peer {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    shape: Shape,
}

impl Peer {
    pub(crate) fn new(scenario: &Scenario, shape: Shape) -> Result<Peer, Failure> {
        let algorithm: Algorithm = scenario.algorithm.parse()?;
        let mut validation = Validation::new(algorithm);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // Without this it accepts tokens that lack them.
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        validation.validate_nbf = true;
        let peer = Peer {
            keys: keys(&scenario.jwk_set)?,
            validation,
            shape,
        };
        if peer.verify(&scenario.token) {
            Ok(peer)
        } else {
            Err("jsonwebtoken does not accept the token".into())
        }
    }

    /// Whether the token is good; its claims are read on the way.
    pub(crate) fn verify(&self, token: &str) -> bool {
        let Ok(header) = decode_header(token) else {
            return false;
        };
        let Some(key) = header.kid.as_ref().and_then(|kid| self.keys.get(kid)) else {
            return false;
        };
        match self.shape {
            Shape::Small => self.decodes::<SmallClaims>(token, key),
            Shape::Aws => self.decodes::<AwsClaims>(token, key),
            Shape::GitHub => self.decodes::<GitHubClaims>(token, key),
            Shape::Large => self.decodes::<LargeClaims>(token, key),
        }
    }

    fn decodes<T: for<'de> Deserialize<'de> + Clone>(
        &self,
        token: &str,
        key: &DecodingKey,
    ) -> bool {
        black_box(decode::<T>(token, key, &self.validation)).is_ok()
    }
}

/// Every key of a JWK Set, as jsonwebtoken holds it.
pub(crate) fn keys(jwk_set: &str) -> Result<HashMap<String, DecodingKey>, Failure> {
    let set: JwkSet = serde_json::from_str(jwk_set)?;
    let mut keys = HashMap::with_capacity(set.keys.len());
    for jwk in &set.keys {
        let kid = jwk.common.key_id.clone().ok_or("a key without a name")?;
        keys.insert(kid, DecodingKey::from_jwk(jwk)?);
    }
    Ok(keys)
}

macro_rules! claims {
    ($name:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        #[derive(Clone, Deserialize)]
        #[expect(dead_code, reason = "the values are read from the token, as a service would have it")]
        struct $name {
            iss: String,
            sub: String,
            aud: String,
            exp: i64,
            iat: i64,
            $($field: $kind),*
        }
    };
}

claims!(SmallClaims { jti: Option<String> });
claims!(GitHubClaims {
    nbf: i64,
    repository: String,
    repository_owner_id: String,
    job_workflow_ref: String,
    environment: String,
    repository_custom_property_team: String,
});
claims!(LargeClaims {
    nbf: i64,
    repository: String,
    repository_owner_id: String,
    job_workflow_ref: String,
    memberships: Vec<Membership>,
    last: u32,
});

#[derive(Clone, Deserialize)]
#[expect(dead_code, reason = "as above")]
struct Membership {
    name: String,
}

#[derive(Clone, Deserialize)]
#[expect(dead_code, reason = "as above")]
struct AwsClaims {
    iss: String,
    sub: String,
    aud: String,
    exp: i64,
    iat: i64,
    jti: String,
    #[serde(rename = "https://sts.amazonaws.com/")]
    aws: AwsClaim,
}

#[derive(Clone, Deserialize)]
#[expect(dead_code, reason = "as above")]
struct AwsClaim {
    aws_account: String,
    source_region: String,
    org_id: String,
    ec2_source_instance_arn: String,
    ec2_instance_source_vpc: String,
}
