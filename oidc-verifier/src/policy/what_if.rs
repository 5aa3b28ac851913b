//! What a change of policy would have done to claims that were recorded.
//!
//! ```
//! use oidc_verifier::policy::Policy;
//! use oidc_verifier::policy::what_if::{Recorded, what_if};
//!
//! # fn policy(subject: &str) -> Result<Policy, Box<dyn std::error::Error>> {
//! #     let rules = serde_json::json!({"rules": [{"id": "jobs", "effect": "allow",
//! #         "issuer": "https://ci.example", "audiences": ["deploy"],
//! #         "conditions": [{"claim": "sub", "pattern": subject}]}]});
//! #     Ok(Policy::from_json(rules.to_string().as_bytes())?)
//! # }
//! let current = policy("job-4*")?;
//! let candidate = policy("job-*")?;
//! let recorded = [r#"{"aud": "deploy", "sub": "job-42"}"#, r#"{"aud": "deploy", "sub": "job-50"}"#]
//!     .map(|claims| Recorded::new("https://ci.example", claims));
//!
//! let report = what_if(&current, &candidate, recorded);
//! assert_eq!((report.newly_admitted, report.still_admitted), (1, 1));
//! assert_eq!(
//!     report.changes[0].to_string(),
//!     "newly admitted: record 1, `job-50` of `https://ci.example`: \
//!      before no_rule_holds, after allowed by rule 0 `jobs`",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use jsonptr::Pointer;
use oidc_core::IssuerIdentifier;
use serde::{Serialize, Serializer};

use super::claims_view::ClaimsView;
use super::decision::Decision;
use super::operator_view::{RuleName, shown};
use super::{Policy, VouchError};

/// Changes, and malformed records, that one report lists. All are counted.
pub const MAX_LISTED: usize = 1_000;

/// A claims set that was verified once, and the issuer it was verified for. The caller vouches for
/// both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recorded<I, C> {
    /// The issuer.
    pub issuer: I,
    /// The bytes of the claims set, as they were signed.
    pub claims: C,
}

impl<I: AsRef<str>, C: AsRef<[u8]>> Recorded<I, C> {
    /// A record of a claims set.
    pub const fn new(issuer: I, claims: C) -> Self {
        Self { issuer, claims }
    }
}

/// Decides on recorded claims by two policies, one record after the other: none is kept.
///
/// A record that cannot be decided on is reported and passed over.
pub fn what_if<I, C>(
    current: &Policy,
    candidate: &Policy,
    recorded: impl IntoIterator<Item = Recorded<I, C>>,
) -> WhatIf
where
    I: AsRef<str>,
    C: AsRef<[u8]>,
{
    let mut report = WhatIf::default();
    for (number, record) in recorded.into_iter().enumerate() {
        let (issuer, claims) = (record.issuer.as_ref(), record.claims.as_ref());
        match compare(current, candidate, issuer, claims, number) {
            Ok(compared) => report.count(compared),
            Err(malformed) => report.malformed(malformed),
        }
    }
    report
}

/// Who would be let in, and who no longer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct WhatIf {
    /// Records that only the candidate admits.
    pub newly_admitted: usize,
    /// Records that only the current policy admits.
    pub newly_refused: usize,
    /// Records that both admit.
    pub still_admitted: usize,
    /// Records that neither admits.
    pub still_refused: usize,
    /// Records that could not be decided on.
    pub malformed: usize,
    /// Each change in the order of the records, the first [`MAX_LISTED`] of them.
    pub changes: Vec<Change>,
    /// Each record that could not be decided on, the first [`MAX_LISTED`] of them.
    pub not_decided: Vec<Malformed>,
}

/// A record on which the policies differ. It quotes the record: it is for whoever runs the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// Which record, from 0.
    pub record: usize,
    /// Its issuer.
    pub issuer: String,
    /// Its subject, escaped and cut; none if it has no text there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the current policy says of it.
    pub before: Judgement,
    /// What the candidate says of it.
    pub after: Judgement,
}

/// What one policy says of one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Judgement {
    /// Whether it admits the record.
    pub allowed: bool,
    /// How it came about, as a stable word ([`Outcome::code`](super::Outcome::code)).
    pub code: &'static str,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleName>,
    /// For a refusal, what came nearest to admit it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// A record that could not be decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Malformed {
    /// Which record, from 0.
    pub record: usize,
    /// What is wrong with it.
    pub fault: RecordFault,
}

/// Why a record cannot be decided on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordFault {
    /// The issuer cannot be one.
    #[error("issuer is not usable")]
    Issuer(#[source] oidc_core::IssuerIdentifierError),
    /// The claims are none that anyone can vouch for.
    #[error("{0}")]
    Claims(#[source] VouchError),
}

impl RecordFault {
    /// A stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Issuer(error) => error.code(),
            Self::Claims(error) => error.code(),
        }
    }
}

impl Serialize for Malformed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeStruct;
        let mut own = serializer.serialize_struct("Malformed", 2)?;
        own.serialize_field("record", &self.record)?;
        own.serialize_field("code", self.fault.code())?;
        own.end()
    }
}

/// What came of one record.
enum Compared {
    Admitted,
    Refused,
    Changed(Box<Change>),
}

fn compare(
    current: &Policy,
    candidate: &Policy,
    issuer: &str,
    claims: &[u8],
    record: usize,
) -> Result<Compared, Malformed> {
    let malformed = |fault| Malformed { record, fault };
    let issuer = IssuerIdentifier::parse(issuer)
        .or_else(|error| IssuerIdentifier::loopback(issuer).map_err(|_| error))
        .map_err(|error| malformed(RecordFault::Issuer(error)))?;
    let unvouched = |error| malformed(RecordFault::Claims(error));
    let own = current.vouched_claims(issuer.clone(), claims);
    let own = own.map_err(unvouched)?;
    let others = candidate.vouched_claims(issuer.clone(), claims);
    let others = others.map_err(unvouched)?;
    let (before, after) = (current.decide(&own), candidate.decide(&others));
    // A rule that admits each token once admits this one: no guard has seen it.
    let admits = |decision: &Decision<'_>| decision.outcome().admits();
    Ok(match (admits(&before), admits(&after)) {
        (true, true) => Compared::Admitted,
        (false, false) => Compared::Refused,
        (true, false) | (false, true) => Compared::Changed(Box::new(Change {
            record,
            issuer: shown(issuer.as_str()),
            subject: subject(ClaimsView::from(&own)),
            before: Judgement::of(&before),
            after: Judgement::of(&after),
        })),
    })
}

fn subject(claims: ClaimsView<'_>) -> Option<String> {
    let sub = claims.get(Pointer::parse("/sub").ok()?)?;
    sub.text().map(|sub| shown(&sub.to_cow()))
}

impl Judgement {
    fn of(decision: &Decision<'_>) -> Self {
        let outcome = decision.outcome();
        let hint = (!outcome.admits())
            .then(|| decision.for_operator().nearest.map(|near| near.hint))
            .flatten();
        let name = |rule| Some(RuleName::new(rule, decision.rule_id()?));
        Self {
            allowed: outcome.admits(),
            code: outcome.code(),
            rule: outcome.rule().and_then(name),
            hint,
        }
    }
}

impl WhatIf {
    fn count(&mut self, compared: Compared) {
        let count = match &compared {
            Compared::Admitted => &mut self.still_admitted,
            Compared::Refused => &mut self.still_refused,
            Compared::Changed(change) if change.after.allowed => &mut self.newly_admitted,
            Compared::Changed(_) => &mut self.newly_refused,
        };
        *count = count.saturating_add(1);
        if let Compared::Changed(change) = compared
            && self.changes.len() < MAX_LISTED
        {
            self.changes.push(*change);
        }
    }

    fn malformed(&mut self, malformed: Malformed) {
        self.malformed = self.malformed.saturating_add(1);
        if self.not_decided.len() < MAX_LISTED {
            self.not_decided.push(malformed);
        }
    }

    /// Whether the candidate lets in anyone whom the current policy does not.
    pub const fn admits_more(&self) -> bool {
        self.newly_admitted > 0
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        if let Some(rule) = &self.rule {
            write!(f, " by rule {} `{}`", rule.index, rule.id.escape_debug())?;
        }
        Ok(())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.after.allowed {
            "newly admitted"
        } else {
            "newly refused"
        };
        write!(f, "{word}: record {}, ", self.record)?;
        if let Some(subject) = &self.subject {
            write!(f, "`{subject}` of ")?;
        }
        let (issuer, before, after) = (&self.issuer, &self.before, &self.after);
        write!(f, "`{issuer}`: before {before}, after {after}")?;
        // Of what is refused now, the reason; of what was, nobody asks any more.
        match &after.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (record, fault, code) = (self.record, self.fault, self.fault.code());
        write!(f, "not decided: record {record}: {fault} ({code})")
    }
}

impl fmt::Display for WhatIf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} newly admitted, {} newly refused, {} still admitted, {} still refused, {} not decided",
            self.newly_admitted,
            self.newly_refused,
            self.still_admitted,
            self.still_refused,
            self.malformed,
        )?;
        for change in &self.changes {
            writeln!(f, "{change}")?;
        }
        for malformed in &self.not_decided {
            writeln!(f, "{malformed}")?;
        }
        let changes = self.newly_admitted.saturating_add(self.newly_refused);
        if changes > self.changes.len() || self.malformed > self.not_decided.len() {
            writeln!(f, "… and more, which are counted above")?;
        }
        Ok(())
    }
}
