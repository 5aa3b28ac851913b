//! Conditions of this dialect, explained.

use jsonptr::Pattern;

use super::super::claims_view::ClaimsView;
use super::super::condition::{Budget, Exhausted};
use super::super::hint::differs_only;
use super::super::operator_view::{ConditionView, shown};
use super::expectation::Expectation;
use super::keys::{Source, Value};
use super::operator::SetOperator;
use super::test::{AwsCondition, Check, KeyTest};

impl AwsCondition {
    pub(in crate::policy) fn view(
        &self,
        claims: ClaimsView<'_>,
        budget: &mut Budget,
    ) -> Result<ConditionView, Exhausted> {
        let verdict = self.judge(claims, budget)?;
        let view = |claim, operator, expected, actual| ConditionView {
            claim,
            subject: None,
            elements: None,
            operator,
            expected,
            actual,
            verdict,
            hint: None,
            conditions: Vec::new(),
        };
        Ok(match self {
            Self::Key(test) => {
                let hint = (!verdict.holds()).then(|| test.hint(claims));
                ConditionView {
                    elements: test.set.map(SetOperator::name),
                    hint: hint.flatten(),
                    ..view(
                        Some(shown(&test.key)),
                        test.operator,
                        Some(shown(&test.expected)),
                        test.actual(claims),
                    )
                }
            }
            Self::Provider(name) => {
                let asked = claims.request().and_then(super::Request::provider);
                view(
                    Some("Principal".to_owned()),
                    "Federated",
                    Some(shown(&format!("\"{name}\""))),
                    asked.map(|asked| shown(&format!("\"{asked}\""))),
                )
            }
        })
    }
}

impl KeyTest {
    fn actual(&self, claims: ClaimsView<'_>) -> Option<String> {
        let names = matches!(self.source, Source::TagKeys(_));
        if let Some((_, value)) = self.source.located(claims).filter(|_| !names) {
            return Some(shown(value.json()));
        }
        match self.source.value(claims) {
            Value::One(text) => Some(shown(&format!("\"{text}\""))),
            Value::Texts(texts) => Some(shown(&format!("{texts:?}"))),
            Value::Absent | Value::Elements(_) | Value::Unusable => None,
        }
    }

    /// What may be the matter when it does not hold.
    fn hint(&self, claims: ClaimsView<'_>) -> Option<String> {
        match (&self.source, self.source.value(claims)) {
            (Source::NoKey, _) => {
                Some("AWS makes no condition key of this claim: it is always absent".to_owned())
            }
            (Source::NeverThere, _) => {
                Some("key is absent while a role is assumed with a token".to_owned())
            }
            (_, Value::Absent) => Some("no such key".to_owned()),
            (_, Value::Unusable) => Some("claim is neither a scalar nor an array".to_owned()),
            (_, Value::Elements(_) | Value::Texts(_)) if self.set.is_none() => {
                let values = matches!(self.check, Check::Values { .. });
                values.then(|| "key has several values: say `ForAnyValue:`".to_owned())
            }
            (_, Value::Elements(_) | Value::Texts(_)) => None,
            (_, Value::One(text)) => self.near_miss(&text),
        }
    }

    fn near_miss(&self, text: &str) -> Option<String> {
        let Check::Values {
            negated: false,
            wanted,
            ..
        } = &self.check
        else {
            return None;
        };
        let lower_text = text.to_lowercase();
        wanted.iter().find_map(|wanted| match wanted {
            Expectation::Text(own) => differs_only(own, text).or_else(|| {
                let like = own.contains(['*', '?'])
                    && Pattern::parse(own).is_ok_and(|own| own.matches(text));
                like.then(|| "`*` and `?` are plain characters here: say `StringLike`".to_owned())
            }),
            Expectation::Like(pattern) => {
                let lower = Pattern::parse(&pattern.as_str().to_lowercase());
                let case = lower.is_ok_and(|lower| lower.matches(&lower_text));
                case.then(|| "differs only in case".to_owned())
            }
            Expectation::AnyCase(_)
            | Expectation::Arn(_)
            | Expectation::Number(..)
            | Expectation::Date(..)
            | Expectation::Bool(_)
            | Expectation::Binary(_)
            | Expectation::Address(_)
            | Expectation::Variable(..) => None,
        })
    }
}
