//! Every example of RFC 6901, from `tests/vectors/rfc6901.json`.

#![expect(clippy::expect_used, reason = "a broken vector file fails the test")]

use jsonptr::{Pointer, PointerBuf, PointerErrorKind, PointerSet};
use serde_json::Value;

#[derive(serde::Deserialize)]
struct Vectors {
    /// The document of section 5, as text.
    doc: String,
    cases: Vec<Case>,
    not_pointers: Vec<NotPointer>,
}

#[derive(serde::Deserialize)]
struct Case {
    pointer: String,
    json_string: String,
    fragment: String,
    value: Value,
}

#[derive(serde::Deserialize)]
struct NotPointer {
    text: String,
    why: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors/rfc6901.json")).expect("a vector file")
}

/// Section 5: the JSON string representation.
#[test]
fn section_5_each_json_string_is_its_pointer_and_evaluates_to_its_value() {
    let vectors = vectors();
    let document: Value = serde_json::from_str(&vectors.doc).unwrap();
    assert_eq!(vectors.cases.len(), 12);
    for case in &vectors.cases {
        let pointer: PointerBuf = serde_json::from_str(&case.json_string).unwrap();
        assert_eq!(pointer.as_str(), case.pointer);
        assert_eq!(serde_json::to_string(&pointer).unwrap(), case.json_string);
        assert_eq!(
            pointer.as_pointer().evaluate(&document),
            Some(&case.value),
            "{pointer}"
        );
    }
}

/// Section 5, over the bytes of the document: all pointers in one pass.
#[test]
fn section_5_one_pass_over_the_bytes_finds_every_value() {
    let vectors = vectors();
    let pointers = vectors
        .cases
        .iter()
        .map(|case| Pointer::parse(&case.pointer).unwrap());
    let set = PointerSet::new(pointers).unwrap();
    let found = set.scan(vectors.doc.as_bytes()).unwrap();
    for (index, case) in vectors.cases.iter().enumerate() {
        let located = found.get(index).unwrap();
        let value: Value = serde_json::from_str(located.json()).unwrap();
        assert_eq!(value, case.value, "{}", case.pointer);
    }
}

/// Section 6: the URI fragment identifier representation.
#[test]
fn section_6_each_fragment_is_its_pointer_both_ways() {
    let vectors = vectors();
    assert_eq!(vectors.cases.len(), 12);
    for case in &vectors.cases {
        let pointer = PointerBuf::from_fragment(&case.fragment).unwrap();
        assert_eq!(pointer.as_str(), case.pointer);
        assert_eq!(pointer.as_pointer().to_fragment(), case.fragment);
    }
}

/// Section 3: what breaks the grammar is an error (section 7: an invalid pointer syntax).
#[test]
fn section_3_what_is_no_pointer_is_refused_for_its_reason() {
    let vectors = vectors();
    assert_eq!(vectors.not_pointers.len(), 5);
    for NotPointer { text, why } in &vectors.not_pointers {
        let kind = match why.as_str() {
            "no leading slash" | "fragment form" => PointerErrorKind::NoLeadingSlash,
            "lone tilde" | "unknown escape" => PointerErrorKind::InvalidEscape,
            other => panic!("a reason without a test: {other}"),
        };
        assert_eq!(Pointer::parse(text).unwrap_err().kind(), kind, "{text}");
        assert_eq!(
            PointerBuf::parse(text.as_str()).unwrap_err().kind(),
            kind,
            "{text}"
        );
    }
}
