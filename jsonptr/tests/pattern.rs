//! Patterns: the rules one by one, and all forms against a plain, slow matcher.

#![expect(
    clippy::expect_used,
    reason = "a pattern of a test that does not parse fails it"
)]

use std::collections::HashMap;

use jsonptr::{MAX_PATTERN_BYTES, Pattern, PatternError};
use proptest::prelude::*;

fn plain(pattern: &str) -> Pattern {
    Pattern::parse(pattern).expect(pattern)
}

fn segmented(pattern: &str) -> Pattern {
    Pattern::parse_segmented(pattern, '/').expect(pattern)
}

#[test]
fn both_ends_are_anchored() {
    for (pattern, text, matches) in [
        ("", "", true),
        ("", "a", false),
        ("a", "a", true),
        ("a", "aa", false),
        ("a", "", false),
        ("a*", "ba", false),
        ("*a", "ab", false),
        ("*a", "a\n", false),
        ("a*", "\na", false),
        ("a\n", "a", false),
        ("a?c", "xabc", false),
        ("a?c", "abcx", false),
    ] {
        assert_eq!(
            plain(pattern).matches(text),
            matches,
            "{pattern} on {text:?}"
        );
        assert_eq!(
            segmented(pattern).matches(text),
            matches,
            "{pattern} on {text:?}"
        );
    }
}

#[test]
fn a_star_matches_any_run_and_a_question_mark_one_character() {
    for (pattern, text, matches) in [
        ("*", "", true),
        ("*", "a\nb", true),
        ("**", "", true),
        ("?", "", false),
        ("?", "a", true),
        ("?", "\n", true),
        ("?", "ab", false),
        ("?*", "", false),
        ("?*?", "a", false),
        ("?*?", "ab", true),
        ("a*b", "ab", true),
        ("a*b", "a-b-b", true),
        ("a*b", "a-b-c", false),
        ("a*a", "a", false),
        ("a*a", "aa", true),
        ("ab*ba", "aba", false),
        ("*ab*ab*", "abab", true),
        ("*ab*ab*", "aab-b", false),
        ("*aba*", "abba", false),
        ("a*b*c", "abbc", true),
        ("a*b*c", "acb", false),
    ] {
        assert_eq!(
            plain(pattern).matches(text),
            matches,
            "{pattern} on {text:?}"
        );
    }
}

#[test]
fn a_character_is_a_unicode_scalar_value() {
    for (pattern, text, matches) in [
        ("?", "é", true),
        ("?", "😀", true),
        ("??", "é", false),
        // An `e` and a combining accent are two.
        ("?", "e\u{301}", false),
        ("??", "e\u{301}", true),
        ("é", "e\u{301}", false),
        ("*é*", "caféine", true),
        ("?é?", "aéb", true),
        ("?é?", "aèb", false),
        ("*\u{1f600}", "a\u{1f600}", true),
        ("*?\u{1f600}", "\u{1f600}", false),
        // The same last byte, another character.
        ("*\u{e9}", "\u{a9}", false),
    ] {
        assert_eq!(
            plain(pattern).matches(text),
            matches,
            "{pattern} on {text:?}"
        );
    }
}

#[test]
fn no_other_character_is_special() {
    for text in [
        ".", "a.c", "[a]", "{a,b}", "(a|b)+", "^a$", "!a", "~", "a\n", "\r\n", "\0", "%2A",
    ] {
        assert!(plain(text).matches(text));
        assert!(segmented(text).matches(text));
    }
    for (pattern, text) in [
        (".", "a"),
        ("[ab]", "a"),
        ("{a,b}", "a"),
        ("a+", "aa"),
        ("A", "a"),
    ] {
        assert!(!plain(pattern).matches(text), "{pattern} on {text}");
    }
}

/// The wildcards of a text are characters like any others.
#[test]
fn nothing_in_the_text_is_special() {
    assert!(!plain("repo:acme/app").matches("*"));
    assert!(!plain("repo:acme/app").matches("repo:acme/*"));
    assert!(!plain(r"a\*").matches(r"a\*"));
    assert!(plain("a?").matches("a*"));
    assert!(plain("a*").matches(r"a\"));
}

#[test]
fn an_escape_makes_a_wildcard_plain() {
    for (pattern, text, matches) in [
        (r"\*", "*", true),
        (r"\*", "a", false),
        (r"\?", "?", true),
        (r"\?", "a", false),
        (r"\\", r"\", true),
        (r"\\*", r"\abc", true),
        (r"\\\*", r"\*", true),
        (r"\\\*", r"\abc", false),
        (r"*\**", "a*b", true),
        (r"*\**", "ab", false),
        (r"?\??", "a?b", true),
        (r"?\??", "abb", false),
    ] {
        assert_eq!(plain(pattern).matches(text), matches, "{pattern} on {text}");
        assert_eq!(
            segmented(pattern).matches(text),
            matches,
            "{pattern} on {text}"
        );
    }
}

#[test]
fn an_escape_of_anything_else_is_an_error() {
    for (pattern, at) in [
        (r"\", 0),
        (r"a\", 1),
        (r"\d", 0),
        (r"é\/", 2),
        (r"\\\", 2),
        (r"*\é", 1),
    ] {
        for result in [
            Pattern::parse(pattern),
            Pattern::parse_segmented(pattern, '/'),
        ] {
            let Err(PatternError::InvalidEscape { offset, .. }) = result else {
                panic!("{pattern} is a pattern");
            };
            assert_eq!(offset, at, "{pattern}");
        }
    }
}

#[test]
fn one_star_stays_in_its_segment_and_two_go_across() {
    for (pattern, text, matches) in [
        ("a/*", "a/b", true),
        ("a/*", "a/", true),
        ("a/*", "a/b/c", false),
        ("a/**", "a/b/c", true),
        ("a/**", "a/", true),
        ("a/**", "a", false),
        ("a/*/c", "a/b/c", true),
        ("a/*/c", "a//c", true),
        ("a/*/c", "a/b/b/c", false),
        ("a/**/c", "a/b/b/c", true),
        ("a/**/c", "a/c", false),
        ("a?c", "a/c", false),
        ("a?c", "abc", true),
        ("*", "a/b", false),
        ("**", "a/b", true),
        ("***", "a/b", true),
        ("*?**", "/", false),
        ("*?**", "a/", true),
        ("*/*", "a", false),
        ("*/*", "/", true),
        (
            "repo:*/*:ref:refs/heads/*",
            "repo:a/b:ref:refs/heads/main",
            true,
        ),
        (
            "repo:*/*:ref:refs/heads/*",
            "repo:a/b:ref:refs/heads/x/main",
            false,
        ),
        ("repo:acme/*:ref:**", "repo:acme/x/y:ref:z", false),
    ] {
        assert_eq!(
            segmented(pattern).matches(text),
            matches,
            "{pattern} on {text}"
        );
    }
}

#[test]
fn the_separator_is_chosen() {
    let pattern = Pattern::parse_segmented("org:*:**", ':').unwrap();
    assert_eq!(pattern.separator(), Some(':'));
    assert!(pattern.matches("org:a/b:c:d"));
    assert!(!pattern.matches("org:a"));
    let pattern = Pattern::parse_segmented("a→?→c", '→').unwrap();
    assert!(pattern.matches("a→é→c"));
    assert!(!pattern.matches("a→→→c"));
    // A separator that the pattern does not name still ends a segment.
    assert!(!Pattern::parse_segmented("a*", '.').unwrap().matches("a.b"));
    assert_eq!(plain("*").separator(), None);

    for separator in ['*', '?', '\\'] {
        let error = Pattern::parse_segmented("a", separator).unwrap_err();
        assert!(matches!(error, PatternError::InvalidSeparator { .. }));
    }
}

#[test]
fn a_pattern_has_at_most_1024_bytes() {
    for (unit, count) in [
        ("a", 1024),
        ("?", 1024),
        ("*", 1024),
        (r"\*", 512),
        ("é", 512),
        ("?*", 512),
    ] {
        let longest = unit.repeat(count);
        assert_eq!(longest.len(), MAX_PATTERN_BYTES);
        assert!(
            plain(&longest).matches(&longest.replace('\\', "")),
            "{unit}"
        );
        assert!(
            segmented(&longest).matches(&longest.replace('\\', "")),
            "{unit}"
        );
        let Err(PatternError::TooLong { bytes, .. }) = Pattern::parse(&format!("{longest}a"))
        else {
            panic!("{unit}: one byte too many is a pattern");
        };
        assert_eq!(bytes, 1025);
        assert!(Pattern::parse_segmented(&format!("{longest}a"), '/').is_err());
    }
}

#[test]
fn what_every_match_has_in_common_can_be_asked() {
    for (pattern, prefix, suffix, literal, everything) in [
        ("", "", "", true, false),
        (r"a\*b", "a*b", "a*b", true, false),
        ("repo:acme/*", "repo:acme/", "", false, false),
        (r"a\??b*c\\", "a?", r"c\", false, false),
        ("*", "", "", false, true),
        ("***", "", "", false, true),
        ("?", "", "", false, false),
        ("*?", "", "", false, false),
    ] {
        let pattern = plain(pattern);
        assert_eq!(pattern.literal_prefix(), prefix, "{pattern}");
        assert_eq!(pattern.literal_suffix(), suffix, "{pattern}");
        assert_eq!(pattern.is_literal(), literal, "{pattern}");
        assert_eq!(pattern.matches_everything(), everything, "{pattern}");
    }
    assert!(!segmented("*").matches_everything());
    assert!(segmented("**").matches_everything());
}

#[test]
fn patterns_are_equal_when_they_are_written_alike() {
    assert_eq!(plain("a*"), plain("a*"));
    assert_ne!(plain("a*"), plain("a**"));
    assert_ne!(plain("a*"), segmented("a*"));
    assert_ne!(
        segmented("a*"),
        Pattern::parse_segmented("a*", ':').unwrap()
    );
}

/// The definition of the pattern language, by recursion over both texts. The memory of what was
/// answered before only keeps the tests short.
fn reference(pattern: &[char], text: &[char], separator: Option<char>) -> bool {
    type Answers = HashMap<(usize, usize), bool>;

    fn at(pattern: &[char], text: &[char], separator: Option<char>, seen: &mut Answers) -> bool {
        let key = (pattern.len(), text.len());
        if let Some(answer) = seen.get(&key) {
            return *answer;
        }
        let inside = |char: char| separator != Some(char);
        let answer = match (pattern, text) {
            ([], text) => text.is_empty(),
            (['*', '*', rest @ ..], _) if separator.is_some() => {
                at(rest, text, separator, seen)
                    || text
                        .split_first()
                        .is_some_and(|(_, t)| at(pattern, t, separator, seen))
            }
            (['*', rest @ ..], _) => {
                at(rest, text, separator, seen)
                    || text
                        .split_first()
                        .is_some_and(|(c, t)| inside(*c) && at(pattern, t, separator, seen))
            }
            (_, []) => false,
            (['?', rest @ ..], [char, tail @ ..]) => {
                inside(*char) && at(rest, tail, separator, seen)
            }
            (['\\', literal, rest @ ..] | [literal, rest @ ..], [char, tail @ ..]) => {
                literal == char && at(rest, tail, separator, seen)
            }
        };
        seen.insert(key, answer);
        answer
    }

    at(pattern, text, separator, &mut HashMap::new())
}

fn agrees(pattern: &str, text: &str, separator: Option<char>) -> Result<bool, TestCaseError> {
    let compiled = match separator {
        None => Pattern::parse(pattern),
        Some(separator) => Pattern::parse_segmented(pattern, separator),
    };
    let compiled = compiled.expect(pattern);
    let (pattern, chars): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
    let expected = reference(&pattern, &chars, separator);
    prop_assert_eq!(
        compiled.matches(text),
        expected,
        "{:?} on {:?}",
        compiled,
        text
    );
    if expected {
        prop_assert!(text.starts_with(compiled.literal_prefix()));
        prop_assert!(text.ends_with(compiled.literal_suffix()));
    }
    prop_assert!(expected || !compiled.matches_everything());
    prop_assert!(!expected || !compiled.is_literal() || text == compiled.literal_prefix());
    Ok(expected)
}

/// A text that the pattern matches, made by filling its wildcards from `fill`.
fn filled(pattern: &str, fill: &[String], segmented: bool) -> String {
    let mut out = String::new();
    let mut fill = fill.iter().cycle();
    let mut chars = pattern.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\\' => out.extend(chars.next()),
            '?' => out.push('x'),
            '*' => {
                let run = fill.next().map_or("", String::as_str);
                let across = !segmented || chars.next_if_eq(&'*').is_some();
                out.extend(run.chars().filter(|char| across || *char != '/'));
            }
            char => out.push(char),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn stars_match_as_the_definition_says(pattern in "[ab*]{0,12}", text in "[ab]{0,16}") {
        agrees(&pattern, &text, None)?;
    }

    #[test]
    fn plain_patterns_match_as_the_definition_says(
        pattern in r"([abé/*?\n]|\\\*|\\\?|\\\\){0,12}",
        text in r"[abé/*?\\\n]{0,12}",
    ) {
        agrees(&pattern, &text, None)?;
    }

    #[test]
    fn segmented_patterns_match_as_the_definition_says(
        pattern in r"([ab/?*]|\*\*|\\\*|\\\\){0,10}",
        text in r"[ab/*\\]{0,12}",
        separator in prop::sample::select(vec!['/', 'a', 'é']),
    ) {
        agrees(&pattern, &text, Some(separator))?;
    }

    #[test]
    fn a_filled_pattern_matches(
        pattern in r"([ab/é*?]|\*\*|\\\*|\\\?|\\\\){0,20}",
        fill in prop::collection::vec("[ab/é]{0,5}", 1..4),
    ) {
        prop_assert!(agrees(&pattern, &filled(&pattern, &fill, false), None)?);
        prop_assert!(agrees(&pattern, &filled(&pattern, &fill, true), Some('/'))?);
    }

    #[test]
    fn an_escaped_text_matches_itself_alone(text in any::<String>(), other in any::<String>()) {
        let escaped = text.replace('\\', r"\\").replace('*', r"\*").replace('?', r"\?");
        prop_assume!(escaped.len() <= MAX_PATTERN_BYTES);
        let pattern = plain(&escaped);
        prop_assert!(pattern.matches(&text));
        prop_assert_eq!(pattern.matches(&other), text == other);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    /// States that fill several words.
    #[test]
    fn long_patterns_match_as_the_definition_says(
        pattern in r"([ab/?]|[ab]\*|\*\*){60,240}",
        fill in prop::collection::vec("[ab/]{0,3}", 1..4),
        extra in "[ab/]{0,2}",
    ) {
        for separator in [None, Some('/')] {
            let text = filled(&pattern, &fill, separator.is_some());
            prop_assert!(agrees(&pattern, &text, separator)?);
            agrees(&pattern, &format!("{text}{extra}"), separator)?;
            agrees(&pattern, &text.replace("ab", "ba"), separator)?;
        }
    }
}
