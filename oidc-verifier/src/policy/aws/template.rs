//! The text of a condition value: wildcards, escapes and variables.

/// A run of a value that means one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::policy) enum Piece<V> {
    /// These characters.
    Text(String),
    /// `*`: any characters, also none.
    Any,
    /// `?`: one character.
    One,
    /// `${…}`: the value of a key.
    Variable(V),
}

/// A variable as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Variable {
    pub(super) key: Box<str>,
    /// For a request without the key.
    pub(super) default: Option<Box<str>>,
}

pub(super) type Template = Vec<Piece<Variable>>;

/// What is special in a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Syntax {
    /// `*` and `?`, in operators of the `Like` family.
    pub(super) wildcards: bool,
    /// `${key}`, `${key, 'default'}`, and the escapes `${*}`, `${?}`, `${$}`: from version
    /// 2012-10-17 on.
    pub(super) variables: bool,
}

/// `None` if a variable is not readable.
pub(super) fn read(text: &str, syntax: Syntax) -> Option<Template> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        if syntax.variables
            && let Some(inside) = rest.strip_prefix("${")
        {
            rest = variable(inside, &mut pieces)?;
            continue;
        }
        match next {
            '*' if syntax.wildcards => pieces.push(Piece::Any),
            '?' if syntax.wildcards => pieces.push(Piece::One),
            other => push(other, &mut pieces),
        }
        rest = rest.get(next.len_utf8()..)?;
    }
    Some(pieces)
}

/// Reads what follows `${`, and returns what follows its `}`.
fn variable<'t>(inside: &'t str, pieces: &mut Template) -> Option<&'t str> {
    for literal in ['*', '?', '$'] {
        if let Some(rest) = inside
            .strip_prefix(literal)
            .and_then(|rest| rest.strip_prefix('}'))
        {
            push(literal, pieces);
            return Some(rest);
        }
    }
    let end = inside.find([',', '}'])?;
    let (key, rest) = inside.split_at_checked(end)?;
    let key = key.trim();
    if key.is_empty() || key.contains(['$', '{', '\'', '*', '?']) {
        return None;
    }
    let (default, rest) = match rest.strip_prefix(',') {
        None => (None, rest),
        Some(rest) => {
            let (default, rest) = rest.trim_start().strip_prefix('\'')?.split_once('\'')?;
            (Some(default.into()), rest.trim_start())
        }
    };
    pieces.push(Piece::Variable(Variable {
        key: key.into(),
        default,
    }));
    rest.strip_prefix('}')
}

/// Adds a character that stands for itself.
fn push(char: char, pieces: &mut Template) {
    if let Some(Piece::Text(text)) = pieces.last_mut() {
        text.push(char);
    } else {
        pieces.push(Piece::Text(char.into()));
    }
}

/// The six parts of an ARN, divided by its first five colons; `None` if it has fewer.
pub(super) fn arn_parts(template: Template) -> Option<Vec<Template>> {
    let mut parts = vec![Vec::new()];
    for piece in template {
        let Piece::Text(mut rest) = piece else {
            parts.last_mut()?.push(piece);
            continue;
        };
        while parts.len() < ARN_PARTS
            && let Some((before, after)) = rest.split_once(':')
        {
            if !before.is_empty() {
                parts.last_mut()?.push(Piece::Text(before.to_owned()));
            }
            parts.push(Vec::new());
            rest = String::from(after);
        }
        if !rest.is_empty() {
            parts.last_mut()?.push(Piece::Text(rest));
        }
    }
    (parts.len() == ARN_PARTS).then_some(parts)
}

/// `arn:partition:service:region:account:resource`, where the resource may have colons.
pub(super) const ARN_PARTS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Syntax = Syntax {
        wildcards: true,
        variables: true,
    };

    fn text(text: &str) -> Piece<Variable> {
        Piece::Text(text.to_owned())
    }

    fn variable(key: &str, default: Option<&str>) -> Piece<Variable> {
        Piece::Variable(Variable {
            key: key.into(),
            default: default.map(Box::from),
        })
    }

    #[test]
    fn wildcards_escapes_and_variables_are_told_apart() {
        for (value, pieces) in [
            ("", vec![]),
            ("a*?", vec![text("a"), Piece::Any, Piece::One]),
            ("a${*}${?}${$}{b}", vec![text("a*?${b}")]),
            ("$a{b}$", vec![text("$a{b}$")]),
            (
                "x/${t.example:sub}*",
                vec![text("x/"), variable("t.example:sub", None), Piece::Any],
            ),
            (
                "${aws:PrincipalTag/team, 'no team, }'}é",
                vec![
                    variable("aws:PrincipalTag/team", Some("no team, }")),
                    text("é"),
                ],
            ),
            ("${ k ,'' }", vec![variable("k", Some(""))]),
        ] {
            assert_eq!(read(value, ALL), Some(pieces), "{value}");
        }
    }

    #[test]
    fn a_variable_that_is_not_readable_is_none() {
        for value in [
            "${",
            "${}",
            "${ }",
            "a${k",
            "${k, x}",
            "${k, 'x}",
            "${k,'x' y}",
            "${${k}}",
            "${**}",
        ] {
            assert_eq!(read(value, ALL), None, "{value}");
        }
    }

    #[test]
    fn what_is_not_special_stands_for_itself() {
        let none = Syntax {
            wildcards: false,
            variables: false,
        };
        assert_eq!(read("${*}*?${", none), Some(vec![text("${*}*?${")]));
    }

    #[test]
    fn an_arn_has_six_parts_and_the_last_may_have_colons() {
        let parts = |value: &str| arn_parts(read(value, ALL).unwrap());
        let six = parts("arn:*:iam::${k}:role/a:b").unwrap();
        assert_eq!(
            six,
            [
                vec![text("arn")],
                vec![Piece::Any],
                vec![text("iam")],
                vec![],
                vec![variable("k", None)],
                vec![text("role/a:b")],
            ]
        );
        for value in ["", "*", "arn:aws:iam::1"] {
            assert_eq!(parts(value), None, "{value}");
        }
    }
}
