//! Two patterns against each other: the rules one by one, and all short texts.

#![expect(
    clippy::expect_used,
    reason = "a pattern of a test that does not parse fails it"
)]

use jsonptr::{MAX_PATTERN_BYTES, Pattern};
use proptest::prelude::*;

fn plain(pattern: &str) -> Pattern {
    Pattern::parse(pattern).expect(pattern)
}

fn segmented(pattern: &str) -> Pattern {
    Pattern::parse_segmented(pattern, '/').expect(pattern)
}

#[test]
fn patterns_overlap_where_one_text_matches_both() {
    for (own, other, overlap) in [
        ("", "", true),
        ("", "*", true),
        ("", "?", false),
        ("a", "a", true),
        ("a", "b", false),
        ("a*", "*b", true),
        ("a*", "b*", false),
        ("a?", "?b", true),
        ("a?", "a", false),
        ("*:pull_request", "repo:acme/web:*", true),
        ("*:pull_request", "repo:acme/web:ref:*", true),
        (
            "repo:*:pull_request",
            "repo:acme/web:ref:refs/heads/main",
            false,
        ),
        (r"\*", "*", true),
        (r"\*", "a", false),
    ] {
        assert_eq!(plain(own).overlaps(&plain(other)), overlap, "{own} {other}");
        assert_eq!(plain(other).overlaps(&plain(own)), overlap, "{other} {own}");
    }
    assert!(!segmented("a/*").overlaps(&plain("a/b/c")));
    assert!(segmented("a/**").overlaps(&plain("a/b/c")));
    assert!(!segmented("?").overlaps(&plain("/")));
}

#[test]
fn a_pattern_covers_what_is_narrower() {
    for (own, other, covers) in [
        ("*", "*", true),
        ("*", "a?b*", true),
        ("a*", "ab*", true),
        ("a*", "a", true),
        ("ab*", "a*", false),
        ("?", "a", true),
        ("a", "?", false),
        ("?", "*", false),
        ("*?", "*", false),
        ("a*c", "abc", true),
        ("repo:acme/*", "repo:acme/web:*", true),
        ("repo:acme/*", "repo:acme*", false),
        (r"\*", "*", false),
        ("*", r"\*", true),
    ] {
        assert_eq!(plain(own).covers(&plain(other)), covers, "{own} {other}");
    }
    assert!(plain("a*").covers(&segmented("a/*")));
    assert!(!segmented("a*").covers(&plain("a*")));
    assert!(segmented("a/**").covers(&plain("a/*")));
}

/// Every text of up to this many of the characters that count.
fn short_texts(longest: usize) -> Vec<String> {
    let mut texts = vec![String::new()];
    let mut last = texts.clone();
    for _ in 0..longest {
        let longer = |text: &String| ['a', 'b', '/', '*'].map(|char| format!("{text}{char}"));
        last = last.iter().flat_map(longer).collect();
        texts.extend_from_slice(&last);
    }
    texts
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let source = r"(a|b|/|\?|\*|\*\*|\\\*){0,3}";
    (source, any::<bool>()).prop_map(|(source, whole)| {
        if whole {
            plain(&source)
        } else {
            segmented(&source)
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A common text of two patterns need not be longer than both together.
    #[test]
    fn overlapping_is_having_a_text_in_common(own in pattern(), other in pattern()) {
        let texts = short_texts(6);
        let common = texts.iter().find(|text| own.matches(text) && other.matches(text));
        prop_assert_eq!(own.overlaps(&other), common.is_some(), "{:?} {:?}", own, other);
    }

    #[test]
    fn what_is_covered_is_matched(own in pattern(), other in pattern()) {
        if own.covers(&other) {
            let texts = short_texts(6);
            let lost = texts.iter().find(|text| other.matches(text) && !own.matches(text));
            prop_assert_eq!(lost, None, "{:?} {:?}", own, other);
        }
        prop_assert!(own.covers(&own) && plain("*").covers(&own), "{:?}", own);
    }
}

/// Not timed, only done: the cost is a step for each pair of characters.
#[test]
fn the_longest_patterns_are_compared() {
    let half = MAX_PATTERN_BYTES / 2;
    let (runs, others) = (plain(&"a*".repeat(half)), plain(&"*a".repeat(half)));
    assert!(runs.overlaps(&others));
    assert!(plain(&format!("a{}", "*a".repeat(half - 1))).overlaps(&runs));
    assert!(!runs.covers(&others));
    assert!(runs.covers(&runs));
}
