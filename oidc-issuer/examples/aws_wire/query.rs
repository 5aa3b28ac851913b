//! The requests of the Query protocol: a form whose names are paths, `Tags.member.1.Key=team`.
//!
//! Read strictly, because two readers that repair a request differently disagree about it: a name
//! stands once, escapes are complete, text is UTF-8, lists have no gaps, and what nobody asked for
//! is an error ([`Query::finish`]).

use std::collections::BTreeMap;

use super::AwsError;

/// An action with its parameters, which are taken out one after the other.
#[derive(Debug)]
pub(crate) struct Query {
    action: String,
    version: Option<String>,
    parameters: BTreeMap<String, String>,
}

/// The media type of a request's body.
pub(crate) const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// `GetWebIdentityToken` has the most: 10 audiences and 50 tags with key and value, and three more
/// beside action and version. This is twice as many.
pub(crate) const MAX_PARAMETERS: usize = 256;

impl Query {
    /// Reads the body of a request.
    pub(crate) fn parse(body: &[u8]) -> Result<Query, QueryError> {
        let mut parameters = BTreeMap::new();
        for pair in body
            .split(|byte| *byte == b'&')
            .filter(|_| !body.is_empty())
        {
            if parameters.len() == MAX_PARAMETERS {
                return Err(QueryError::TooMany);
            }
            let equals = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = equals
                .and_then(|at| Some((pair.get(..at)?, pair.get(at.checked_add(1)?..)?)))
                .ok_or(QueryError::NotAPair)?;
            let (name, value) = (decode(name)?, decode(value)?);
            if parameters.insert(name, value).is_some() {
                return Err(QueryError::Duplicate);
            }
        }
        Ok(Query {
            action: parameters.remove("Action").ok_or(QueryError::NoAction)?,
            version: parameters.remove("Version"),
            parameters,
        })
    }

    pub(crate) fn action(&self) -> &str {
        &self.action
    }

    pub(crate) fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// The text of `name`, if it is there.
    pub(crate) fn take_text(&mut self, name: &str) -> Option<String> {
        self.parameters.remove(name)
    }

    /// The whole number of `name`, if it is there.
    pub(crate) fn take_number(&mut self, name: &'static str) -> Result<Option<u64>, QueryError> {
        let Some(text) = self.take_text(name) else {
            return Ok(None);
        };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        number.ok_or(QueryError::NotANumber(name)).map(Some)
    }

    /// The texts of `name.member.1`, `name.member.2`, …
    pub(crate) fn take_list(&mut self, name: &'static str) -> Result<Vec<String>, QueryError> {
        let members = self.take_members(name)?.into_iter();
        members
            .map(|mut member| {
                let text = member.remove("");
                text.filter(|_| member.is_empty())
                    .ok_or(QueryError::Member(name))
            })
            .collect()
    }

    /// The structures of a list: for each `name.member.N` the texts of `name.member.N.FIELD`, in the
    /// order of `fields`.
    pub(crate) fn take_structures<const N: usize>(
        &mut self,
        name: &'static str,
        fields: [&str; N],
    ) -> Result<Vec<[Option<String>; N]>, QueryError> {
        let members = self.take_members(name)?.into_iter();
        members
            .map(|mut member| {
                let structure = fields.map(|field| member.remove(field));
                if member.is_empty() {
                    Ok(structure)
                } else {
                    Err(QueryError::Member(name))
                }
            })
            .collect()
    }

    /// Nothing is left that no one has asked for.
    pub(crate) fn finish(self) -> Result<(), QueryError> {
        if self.parameters.is_empty() {
            Ok(())
        } else {
            Err(QueryError::Unknown)
        }
    }

    /// What is behind `name.member.N`, for each `N` from 1: field and text, the field empty where
    /// the text is the member itself.
    fn take_members(
        &mut self,
        name: &'static str,
    ) -> Result<Vec<BTreeMap<String, String>>, QueryError> {
        // An empty list is the bare name without a text.
        if let Some(text) = self.parameters.remove(name)
            && !text.is_empty()
        {
            return Err(QueryError::Member(name));
        }
        let prefix = format!("{name}.member.");
        let mut members: BTreeMap<usize, BTreeMap<String, String>> = BTreeMap::new();
        for (path, text) in &self.parameters {
            let Some(path) = path.strip_prefix(&prefix) else {
                continue;
            };
            let (number, field) = path.split_once('.').unwrap_or((path, ""));
            let at = number.parse().ok().filter(|at: &usize| {
                // `1` and not `01` or `+1`, so that a member has one name; and no field without one.
                at.to_string() == number && path.len() != number.len().saturating_add(1)
            });
            let at = at.ok_or(QueryError::Member(name))?;
            let member = members.entry(at).or_default();
            member.insert(field.to_owned(), text.clone());
        }
        self.parameters.retain(|path, _| !path.starts_with(&prefix));
        if members
            .keys()
            .zip(1..)
            .any(|(at, expected)| *at != expected)
        {
            return Err(QueryError::Gap(name));
        }
        Ok(members.into_values().collect())
    }
}

/// `application/x-www-form-urlencoded` as the URL standard writes it: `+` is a space.
fn decode(text: &[u8]) -> Result<String, QueryError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(*rest.next()?).to_digit(16);
                let (high, low) = digit().zip(digit()).ok_or(QueryError::Escape)?;
                u8::try_from((high << 4) | low).map_err(|_| QueryError::Escape)?
            }
            byte if byte.is_ascii_graphic() => *byte,
            _ => return Err(QueryError::Escape),
        });
    }
    String::from_utf8(decoded).map_err(|_| QueryError::NotUtf8)
}

/// Why a request cannot be read. Nothing of it is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum QueryError {
    #[error("a parameter stands there twice")]
    Duplicate,
    #[error("an escape is not complete, or a byte is not escaped that has to be")]
    Escape,
    #[error("the members of `{0}` are not numbered from 1 without a gap")]
    Gap(&'static str),
    #[error("a member of `{0}` is not of the form that it has in this list")]
    Member(&'static str),
    #[error("the request does not say an action")]
    NoAction,
    #[error("`{0}` is not a whole number")]
    NotANumber(&'static str),
    #[error("a parameter has no value")]
    NotAPair,
    #[error("a parameter is not UTF-8")]
    NotUtf8,
    #[error("there are more than {MAX_PARAMETERS} parameters")]
    TooMany,
    #[error("there is a parameter that this action does not have")]
    Unknown,
}

impl From<QueryError> for AwsError {
    /// By the common errors of the IAM and STS API references.
    fn from(error: QueryError) -> AwsError {
        let (status, code) = match error {
            QueryError::NoAction => (400, "MissingAction"),
            QueryError::NotANumber(_) => (400, "ValidationError"),
            QueryError::Gap(_) | QueryError::Member(_) | QueryError::Unknown => {
                (400, "InvalidQueryParameter")
            }
            QueryError::Duplicate
            | QueryError::Escape
            | QueryError::NotAPair
            | QueryError::NotUtf8
            | QueryError::TooMany => (404, "MalformedQueryString"),
        };
        AwsError::new(status, code, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::{AwsError, MAX_PARAMETERS, Query, QueryError};

    fn query(parameters: &str) -> Query {
        Query::parse(format!("Action=Do&Version=1&{parameters}").as_bytes()).unwrap()
    }

    #[test]
    fn a_parameter_is_text_after_its_escapes() {
        let mut query = query("A=x%2By+z&B=%C3%A9%F0%9F%94%91&C=&%44=a%3Db=c");
        assert_eq!((query.action(), query.version()), ("Do", Some("1")));
        assert_eq!(query.take_text("A").as_deref(), Some("x+y z"));
        assert_eq!(query.take_text("B").as_deref(), Some("é🔑"));
        assert_eq!(query.take_text("C").as_deref(), Some(""));
        assert_eq!(query.take_text("D").as_deref(), Some("a=b=c"));
        assert_eq!(query.take_text("A"), None);
        assert_eq!(query.finish(), Ok(()));
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for (body, error) in [
            ("", QueryError::NoAction),
            ("Version=1", QueryError::NoAction),
            ("action=Do", QueryError::NoAction),
            ("Action=Do&Action=Do", QueryError::Duplicate),
            ("Action=Do&%41ction=No", QueryError::Duplicate),
            ("Action=Do&A=1&B=2&A=1", QueryError::Duplicate),
            ("Action", QueryError::NotAPair),
            ("Action=Do&", QueryError::NotAPair),
            ("&Action=Do", QueryError::NotAPair),
            ("Action=Do&&A=1", QueryError::NotAPair),
            ("Action=Do&A=%", QueryError::Escape),
            ("Action=Do&A=%4", QueryError::Escape),
            ("Action=Do&A=%4g", QueryError::Escape),
            ("Action=Do&A=%+1", QueryError::Escape),
            ("Action=Do&A=a b", QueryError::Escape),
            ("Action=Do&A=é", QueryError::Escape),
            ("Action=Do\r\n", QueryError::Escape),
            ("Action=Do&A=%FF", QueryError::NotUtf8),
            ("Action=Do&A=%ED%A0%80", QueryError::NotUtf8),
            ("Action=Do&%C3=1", QueryError::NotUtf8),
        ] {
            assert_eq!(Query::parse(body.as_bytes()).unwrap_err(), error, "{body}");
        }
    }

    #[test]
    fn a_list_is_numbered_from_one_without_gaps_in_any_order() {
        let mut query =
            query("L.member.2=b&L.member.1=a&L.member.10=j&L.member.3=c&E=&LL.member.1=x");
        assert_eq!(query.take_list("L"), Err(QueryError::Gap("L")));
        assert_eq!(query.take_list("E"), Ok(vec![]));
        assert_eq!(query.take_list("none"), Ok(vec![]));
        assert_eq!(query.take_list("LL"), Ok(vec!["x".to_owned()]));
        let ten: Vec<_> = (1..=10)
            .rev()
            .map(|n| format!("L.member.{n}={n}"))
            .collect();
        let mut query = self::query(&ten.join("&"));
        let expected: Vec<_> = (1..=10).map(|n| n.to_string()).collect();
        assert_eq!(query.take_list("L"), Ok(expected));
    }

    #[test]
    fn a_member_has_one_name_and_the_form_of_its_list() {
        for parameters in [
            "L=text",
            "L=a&L.member.1=a",
            "L.member.=a",
            "L.member.01=a",
            "L.member.%2B1=a",
            "L.member.1.=a",
            "L.member.1.Key=a",
            "L.member.1=a&L.member.1.Key=a",
            "L.member.one=a",
            "L.member.99999999999999999999999=a",
        ] {
            let error = query(parameters).take_list("L").unwrap_err();
            assert_eq!(error, QueryError::Member("L"), "{parameters}");
        }
        for parameters in ["L.member.0=a", "L.member.2=a", "L.member.1=a&L.member.3=c"] {
            let error = query(parameters).take_list("L").unwrap_err();
            assert_eq!(error, QueryError::Gap("L"), "{parameters}");
        }
        // The index form of other protocols is a parameter that no action has.
        let mut query = query("L.1=a");
        assert_eq!(query.take_list("L"), Ok(vec![]));
        assert_eq!(query.finish(), Err(QueryError::Unknown));
    }

    #[test]
    fn a_structure_has_its_fields_and_no_others() {
        let parameters = "T.member.1.Key=k&T.member.1.Value=v&T.member.2.Value=";
        let structures = query(parameters).take_structures("T", ["Key", "Value"]);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            structures,
            Ok(vec![[text("k"), text("v")], [None, text("")]])
        );
        for parameters in ["T.member.1=k", "T.member.1.key=k", "T.member.1.Key.x=k"] {
            let error = query(parameters).take_structures("T", ["Key", "Value"]);
            assert_eq!(error, Err(QueryError::Member("T")), "{parameters}");
        }
    }

    #[test]
    fn a_number_is_digits_that_fit() {
        for (text, number) in [
            ("0", Ok(Some(0))),
            ("18446744073709551615", Ok(Some(u64::MAX))),
            ("18446744073709551616", Err(QueryError::NotANumber("N"))),
            ("", Err(QueryError::NotANumber("N"))),
            ("%2B5", Err(QueryError::NotANumber("N"))),
            ("-5", Err(QueryError::NotANumber("N"))),
            ("5.0", Err(QueryError::NotANumber("N"))),
            ("%D9%A5", Err(QueryError::NotANumber("N"))),
        ] {
            assert_eq!(
                query(&format!("N={text}")).take_number("N"),
                number,
                "{text}"
            );
        }
        assert_eq!(query("M=1").take_number("N"), Ok(None));
    }

    #[test]
    fn the_number_of_parameters_has_an_end() {
        let body = |count: usize| {
            let more = (2..=count).map(|n| format!("&P{n}="));
            std::iter::once("Action=Do".to_owned())
                .chain(more)
                .collect::<String>()
        };
        assert!(Query::parse(body(MAX_PARAMETERS).as_bytes()).is_ok());
        let error = Query::parse(body(MAX_PARAMETERS + 1).as_bytes()).unwrap_err();
        assert_eq!(error, QueryError::TooMany);
    }

    /// IAM and STS API references, "Common Errors".
    #[test]
    fn each_error_has_the_code_and_status_of_the_service() {
        for (error, status, code, message) in [
            (
                QueryError::Duplicate,
                404,
                "MalformedQueryString",
                "a parameter stands there twice",
            ),
            (
                QueryError::Escape,
                404,
                "MalformedQueryString",
                "an escape is not complete, or a byte is not escaped that has to be",
            ),
            (
                QueryError::Gap("Audience"),
                400,
                "InvalidQueryParameter",
                "the members of `Audience` are not numbered from 1 without a gap",
            ),
            (
                QueryError::Member("Tags"),
                400,
                "InvalidQueryParameter",
                "a member of `Tags` is not of the form that it has in this list",
            ),
            (
                QueryError::NoAction,
                400,
                "MissingAction",
                "the request does not say an action",
            ),
            (
                QueryError::NotANumber("DurationSeconds"),
                400,
                "ValidationError",
                "`DurationSeconds` is not a whole number",
            ),
            (
                QueryError::NotAPair,
                404,
                "MalformedQueryString",
                "a parameter has no value",
            ),
            (
                QueryError::NotUtf8,
                404,
                "MalformedQueryString",
                "a parameter is not UTF-8",
            ),
            (
                QueryError::TooMany,
                404,
                "MalformedQueryString",
                "there are more than 256 parameters",
            ),
            (
                QueryError::Unknown,
                400,
                "InvalidQueryParameter",
                "there is a parameter that this action does not have",
            ),
        ] {
            assert_eq!(AwsError::from(error), AwsError::new(status, code, message));
        }
    }
}
