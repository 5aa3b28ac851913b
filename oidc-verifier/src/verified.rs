//! The proof that a token was verified, and the memory that it stands in.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jsonptr::{Located, Pointer, PointerSet, ScanBuffer, ScanLimits, Text};
use oidc_core::provider::{ClaimDrift, Provider};
use oidc_core::{
    Algorithm, Audience, Claim, Claims, ClaimsScanner, IssuerIdentifier, NumericDate,
    RegisteredClaim,
};
use serde::de::DeserializeOwned;

use crate::checks::Times;

/// A token whose signature and claims were checked. There is no public constructor: holding one
/// *is* the evidence, and all it says is what the issuer said.
///
/// ```compile_fail,E0451
/// let forged = oidc_verifier::Verified { proof: todo!(), workspace: todo!() };
/// ```
///
/// It borrows the [`Verifier`](crate::Verifier) that checked it and, if one was lent, the
/// [`Workspace`]; [`into_owned`](Self::into_owned) makes a `Verified<'static>` of it, to be handed on
/// or kept.
pub struct Verified<'a> {
    proof: Proof<'a>,
    workspace: Held<'a>,
}

/// What verification found, apart from the memory that it was found in.
pub(crate) struct Proof<'a> {
    pub(crate) issuer: Cow<'a, IssuerIdentifier>,
    pub(crate) scanner: Cow<'a, Arc<ClaimsScanner>>,
    pub(crate) provider: Option<Provider>,
    pub(crate) algorithm: Algorithm,
    pub(crate) times: Times,
    /// By how much the clocks may differ that the times were read from.
    pub(crate) leeway: Duration,
}

/// Memory for [`Verifier::verify_in`](crate::Verifier::verify_in): once it has grown to the size of
/// the tokens that come, verification allocates nothing.
#[derive(Default)]
pub struct Workspace {
    pub(crate) header: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    pub(crate) payload: String,
    pub(crate) kid: Kid,
    pub(crate) header_scan: ScanBuffer,
    pub(crate) claims_scan: ScanBuffer,
}

pub(crate) enum Held<'a> {
    Lent(&'a Workspace),
    Shared(Arc<Workspace>),
    Own(Box<Workspace>),
}

impl<'a> Verified<'a> {
    pub(crate) const fn new(proof: Proof<'a>, workspace: Held<'a>) -> Self {
        Self { proof, workspace }
    }

    /// The same proof, without borrowing anything: it may outlive the verifier. Copies no more than
    /// a lent [`Workspace`].
    pub fn into_owned(self) -> Verified<'static> {
        let Proof {
            issuer,
            provider,
            scanner,
            algorithm,
            times,
            leeway,
        } = self.proof;
        let workspace = match self.workspace {
            Held::Lent(workspace) => Held::Own(Box::new(workspace.of_claims())),
            Held::Shared(workspace) => Held::Shared(workspace),
            Held::Own(workspace) => Held::Own(workspace),
        };
        Verified {
            proof: Proof {
                issuer: Cow::Owned(issuer.into_owned()),
                provider,
                scanner: Cow::Owned(scanner.into_owned()),
                algorithm,
                times,
                leeway,
            },
            workspace,
        }
    }

    /// The issuer, as it was configured and as `iss` says, byte for byte.
    ///
    /// A SPIFFE JWT-SVID may have no `iss`; then it is the issuer that was configured for its trust
    /// domain.
    pub fn issuer(&self) -> &IssuerIdentifier {
        &self.proof.issuer
    }

    /// The provider that the issuer was said to be, by
    /// [`VerifierBuilder::provider`](crate::VerifierBuilder::provider).
    pub const fn provider(&self) -> Option<Provider> {
        self.proof.provider
    }

    /// How the token differs from what is known of its provider's tokens, nested claims included:
    /// claims that are new, that are missing, or of another kind. `None` where no provider was
    /// named.
    ///
    /// It changes nothing about the token. It is for a log or a metric: a provider that changes its
    /// tokens is seen before a policy starts to refuse everyone.
    pub fn claim_drift(&self) -> Option<ClaimDrift> {
        let profile = self.provider()?.profile();
        Some(profile.drift(self.claims_set().root()?))
    }

    /// The subject: who the token is about (`sub`), unique within the issuer.
    ///
    /// Never empty, and a string in the token, unless the issuer's
    /// [`Profile`](crate::Profile) says otherwise: an integer is then given as its digits.
    pub fn subject(&self) -> Cow<'_, str> {
        match self.claims_set().sub() {
            Claim::WellFormed(sub) => sub.to_cow(),
            // INVARIANT: a verified token has a well-formed `sub`, or one that its issuer's rules
            // read: an empty string or an integer.
            Claim::Absent | Claim::Malformed(_) => self.subject_as_written(),
        }
    }

    #[cold]
    fn subject_as_written(&self) -> Cow<'_, str> {
        let sub = self.claims_set().as_written(RegisteredClaim::Sub);
        let digits = sub.and_then(|sub| sub.number());
        Cow::Borrowed(digits.map_or("", |digits| digits.as_str()))
    }

    /// The party that the token was issued to (`azp`, OpenID Connect Core section 2), if it says.
    ///
    /// It is what the issuer wrote; only [`Profile::aws_sts`](crate::Profile::aws_sts) compares it
    /// with the audiences.
    pub fn authorized_party(&self) -> Option<Cow<'_, str>> {
        let azp = Pointer::parse("/azp").ok().and_then(|azp| self.get(azp));
        azp.and_then(|azp| azp.text()).map(Text::to_cow)
    }

    /// Whether `aud` names this audience.
    pub fn is_for(&self, audience: &str) -> bool {
        matches!(self.claims_set().aud(), Claim::WellFormed(aud) if aud.contains(audience))
    }

    /// Every audience that `aud` names, the relying party's own and others.
    pub fn audience(&self) -> Option<Audience> {
        match self.claims_set().aud() {
            Claim::WellFormed(aud) => Audience::many(aud.iter().map(Text::to_cow)).ok(),
            Claim::Absent | Claim::Malformed(_) => None,
        }
    }

    /// When the token expires (`exp`), without leeway.
    pub const fn expires_at(&self) -> NumericDate {
        self.proof.times.exp
    }

    /// When it was issued (`iat`).
    pub const fn issued_at(&self) -> NumericDate {
        self.proof.times.iat
    }

    /// From when it is valid (`nbf`), if it says.
    pub const fn not_before(&self) -> Option<NumericDate> {
        self.proof.times.nbf
    }

    /// Its own ID (`jti`), if it has one.
    pub fn jwt_id(&self) -> Option<Cow<'_, str>> {
        match self.claims_set().jti() {
            Claim::WellFormed(jti) => Some(jti.to_cow()),
            Claim::Absent | Claim::Malformed(_) => None,
        }
    }

    /// The algorithm that it was signed with.
    pub const fn algorithm(&self) -> Algorithm {
        self.proof.algorithm
    }

    /// The name of the key that it was signed with, if the header has one.
    pub fn key_id(&self) -> Option<&str> {
        self.workspace().kid.get()
    }

    /// The value that `pointer` names in the claims set (RFC 6901), or `None` if there is none.
    ///
    /// A pointer that was given to
    /// [`VerifierBuilder::locate`](crate::VerifierBuilder::locate) was found while the token was
    /// verified; for another the claims set is read once more.
    pub fn get<'p>(&self, pointer: impl Into<Pointer<'p>>) -> Option<Located<'_>> {
        let pointer = pointer.into();
        if let Some(index) = self.proof.scanner.index_of(pointer) {
            return self.claims_set().located(index);
        }
        let set = PointerSet::new([pointer]).ok()?;
        let mut buffer = ScanBuffer::new();
        let limits = ScanLimits::new().max_depth(ClaimsScanner::MAX_DEPTH);
        let payload = self.workspace().payload.as_bytes();
        let document = set.scan_into(payload, &limits, &mut buffer).ok()?;
        buffer.get(document, 0)
    }

    /// The whole claims set, read into the caller's own type.
    ///
    /// # Errors
    ///
    /// A member that the type needs is missing or of another kind.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsTypeError> {
        self.claims_set()
            .deserialize()
            .map_err(|error| ClaimsTypeError {
                line: error.line(),
                column: error.column(),
            })
    }

    /// The claims set as JSON, byte for byte as it was signed.
    pub fn claims_json(&self) -> &str {
        &self.workspace().payload
    }

    /// From when on verification refuses it, whatever else holds: `exp` and the leeway.
    pub(crate) fn refused_from(&self) -> NumericDate {
        let Proof { times, leeway, .. } = self.proof;
        times.exp.saturating_add(leeway)
    }

    pub(crate) fn scanner(&self) -> &ClaimsScanner {
        &self.proof.scanner
    }

    pub(crate) fn claims_set(&self) -> Claims<'_> {
        let workspace = self.workspace();
        Claims::rejoin(&workspace.payload, &workspace.claims_scan)
    }

    fn workspace(&self) -> &Workspace {
        match &self.workspace {
            Held::Lent(workspace) => workspace,
            Held::Shared(workspace) => workspace,
            Held::Own(workspace) => workspace,
        }
    }
}

impl fmt::Debug for Verified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("issuer", &self.issuer().as_str())
            .field("subject", &self.subject())
            .field("expires_at", &self.proof.times.exp)
            .finish_non_exhaustive()
    }
}

impl Workspace {
    /// An empty one; it grows with the first token.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of what a proof reads: its claims and the name of its key.
    fn of_claims(&self) -> Self {
        Self {
            payload: self.payload.clone(),
            kid: self.kid.clone(),
            claims_scan: self.claims_scan.clone(),
            ..Self::default()
        }
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace")
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// The name of the key, unescaped, in memory that is used again.
#[derive(Clone, Default)]
pub(crate) struct Kid {
    present: bool,
    text: String,
}

impl Kid {
    pub(crate) fn hold(&mut self, kid: Option<Text<'_>>) {
        self.text.clear();
        self.present = kid.is_some();
        match kid.map(|kid| (kid, kid.as_plain())) {
            Some((_, Some(plain))) => self.text.push_str(plain),
            Some((escaped, None)) => self.text.extend(escaped.chars()),
            None => {}
        }
    }

    pub(crate) fn hold_plain(&mut self, kid: Option<&str>) {
        self.text.clear();
        self.present = kid.is_some();
        self.text.push_str(kid.unwrap_or_default());
    }

    pub(crate) fn get(&self) -> Option<&str> {
        self.present.then_some(self.text.as_str())
    }
}

/// The claims set is not of the type that [`Verified::claims`] was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("claims set is not of the wanted type, at line {line} column {column}")]
#[non_exhaustive]
pub struct ClaimsTypeError {
    /// The line in [`Verified::claims_json`] at which reading stopped, from 1.
    pub line: usize,
    /// The column in that line, in bytes.
    pub column: usize,
}

#[cfg(test)]
mod tests {
    use oidc_core::JwkSet;
    use oidc_issuer::{Issuer, SigningKey, SystemRandom, TokenSpec};
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::Policy;
    use crate::verifier::Verifier;

    const ISSUER: &str = "https://ci.example";

    fn now() -> NumericDate {
        NumericDate::from_seconds(1_790_000_000).unwrap()
    }

    /// A token with 50 claims besides the registered ones, 25 of them nested.
    fn claims() -> Value {
        let nested: serde_json::Map<_, _> = (0..25)
            .map(|number| (format!("n{number}"), json!(number)))
            .collect();
        let mut claims = json!({"https://ci.example/": nested, "spare": "here"});
        for number in 0..25 {
            claims[format!("c{number}")] = json!(format!("value {number}"));
        }
        claims
    }

    /// One rule of 50 conditions, each about a claim of its own.
    fn policy() -> Policy {
        let top = (0..25).map(
            |number| json!({"claim": format!("c{number}"), "pattern": format!("value*{number}")}),
        );
        let nested = (0..25).map(|number| {
            json!({"claim": format!("/https:~1~1ci.example~1/n{number}"), "equals": number})
        });
        let conditions: Vec<_> = top.chain(nested).collect();
        assert_eq!(conditions.len(), 50);
        let document = json!({"rules": [{
            "id": "all", "effect": "allow", "issuer": ISSUER, "audiences": ["deploy"],
            "conditions": conditions,
        }]});
        Policy::from_json(document.to_string().as_bytes()).unwrap()
    }

    /// Once a token is verified its payload is spoilt, so that nobody can read it a second time: only
    /// the places that were found in the one pass still lead to values.
    #[test]
    fn a_policy_of_50_conditions_reads_the_payload_once() {
        let id = IssuerIdentifier::parse(ISSUER).unwrap();
        let key = SigningKey::generate(Algorithm::Es256, &SystemRandom::new()).unwrap();
        let issuer = Issuer::builder(id.clone()).key(key).build().unwrap();
        let mut spec = TokenSpec::new("job", "deploy").unwrap();
        for (name, value) in claims().as_object().unwrap() {
            spec = spec.with_claim(name, value).unwrap();
        }
        let token = issuer.issue(&spec, now()).unwrap();
        let policy = policy();
        for located in [true, false] {
            let mut builder = Verifier::builder()
                .issuer(id.clone())
                .audience("deploy")
                .keys(JwkSet::parse(&issuer.jwk_set_document().bytes).unwrap());
            if located {
                builder = builder.locate_all(policy.pointers());
            }
            let verifier = builder.build().unwrap();
            let mut workspace = Workspace::new();
            let bytes = token.as_str().as_bytes();
            let spare = Pointer::parse("/spare").unwrap();

            let verified = verifier.verify_in(bytes, now(), &mut workspace).unwrap();
            assert!(policy.decide(&verified).is_allowed());
            assert!(verified.get(spare).is_some());

            let proof = verifier.check(bytes, now(), &mut workspace).unwrap();
            workspace.payload.replace_range(0..1, "[");
            let verified = Verified::new(proof, Held::Lent(&workspace));
            assert!(verified.get(spare).is_none(), "the payload was read again");
            let decision = policy.decide(&verified);
            assert_eq!(decision.is_allowed(), located);
        }
    }
}
