//! Documents with random white space, escapes, characters, numbers and nesting.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::reference::unescape;

/// A well-formed document without repeated names, as text.
pub(crate) fn document() -> impl Strategy<Value = String> {
    let value = scalar().prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            (vec(padded(inner.clone()), 0..8), white_space()).prop_map(enclose('[', ']')),
            (vec((string(), inner), 0..8), white_space(), white_space()).prop_map(
                |(members, around, empty)| {
                    let members = without_repeats(members)
                        .into_iter()
                        .map(|(name, value)| format!("{around}{name}{around}:{around}{value}"))
                        .collect();
                    enclose('{', '}')((members, empty))
                }
            ),
        ]
    });
    // Half of the documents are written as tokens are, so that both ways of reading are taken.
    (padded(value), any::<bool>()).prop_map(|(document, compact)| {
        if compact {
            without_white_space(&document)
        } else {
            document
        }
    })
}

fn enclose(open: char, close: char) -> impl Fn((Vec<String>, String)) -> String + Clone {
    move |(inside, empty)| {
        if inside.is_empty() {
            format!("{open}{empty}{close}")
        } else {
            format!("{open}{}{close}", inside.join(","))
        }
    }
}

/// The members whose name did not come before, compared unescaped.
pub(crate) fn without_repeats(members: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut seen = std::collections::HashSet::new();
    members
        .into_iter()
        .filter(|(name, _)| seen.insert(unescape(name)))
        .collect()
}

fn without_white_space(document: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keep = |&character: &char| {
        let was_inside = inside;
        match character {
            '"' if !escaped => inside = !inside,
            _ => {}
        }
        escaped = character == '\\' && !escaped;
        was_inside || !matches!(character, ' ' | '\n' | '\r' | '\t')
    };
    document.chars().filter(keep).collect()
}

fn padded(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (white_space(), value, white_space())
        .prop_map(|(before, value, after)| before + &value + &after)
}

fn white_space() -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(String::new()), 1 => "[ \t\r\n]{0,3}", 1 => " {0,12}"]
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => string(),
        2 => number(),
        1 => prop::sample::select(vec!["true", "false", "null"]).prop_map(str::to_owned),
    ]
}

/// A number that fits a double, so that `serde_json` reads it too.
pub(crate) fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,24})",
        "-?(0|[1-9][0-9]{0,9})\\.[0-9]{1,24}",
        "-?(0|[1-9][0-9]{0,9})(\\.[0-9]{1,9})?[eE][+-]?[0-9]{1,2}",
    ]
}

/// A string with its quotation marks.
pub(crate) fn string() -> impl Strategy<Value = String> {
    let plain = prop_oneof![
        "[ !#-\\[\\]-~]{0,20}",
        prop::sample::select(vec!["a", "b", "sub", "iss", "repository_owner"])
            .prop_map(str::to_owned),
    ];
    let any = vec(piece(), 0..8).prop_map(|pieces| pieces.concat());
    prop_oneof![2 => plain, 1 => any].prop_map(|inside| format!("\"{inside}\""))
}

/// One or a few characters, as they may stand inside a string.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ !#-\\[\\]-~]{1,9}",
        any::<char>()
            .prop_filter("to be escaped", |&c| c >= ' ' && c != '"' && c != '\\')
            .prop_map(String::from),
        prop::sample::select(vec![
            "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(escape),
        "[a-z]".prop_map(|text| text.chars().map(escape).collect()),
    ]
}

/// The character as one `\u` escape or as two, in digits of either case.
pub(crate) fn escape(character: char) -> String {
    let mut units = [0; 2];
    let escape = |unit: &u16| {
        if unit.is_multiple_of(2) {
            format!("\\u{unit:04x}")
        } else {
            format!("\\u{unit:04X}")
        }
    };
    character
        .encode_utf16(&mut units)
        .iter()
        .map(escape)
        .collect()
}
