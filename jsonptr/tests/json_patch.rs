//! JSON Pointer as JSON Patch (RFC 6902) uses it: the corpus of json-patch-tests.
//!
//! Patches are not applied. Every `path` and `from` is parsed; where the document is still the
//! initial one and the operation needs its target to exist, the pointer is evaluated too, over a
//! `Value` and over bytes. Each operation is counted once, what is left out under its reason.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a broken vector file fails the test"
)]

use std::collections::BTreeMap;

use jsonptr::{Pointer, PointerErrorKind, PointerSet};
use serde_json::Value;

#[test]
fn every_pointer_of_the_general_tests() {
    let counts = run(include_str!("vectors/json-patch-tests/tests.json"), 95);
    assert_eq!(
        counts,
        BTreeMap::from([
            ("evaluated: leads nowhere", 11),
            ("evaluated: leads to a value", 24),
            ("parsed: `add` needs nothing to be at its path", 30),
            ("parsed: an operation before it changes the document", 3),
            ("parsed: disabled at the origin", 3),
            ("parsed: lacks a member", 5),
            ("parsed: no such operation", 1),
            ("refused: not a pointer", 1),
            ("skipped: a patch without operations", 6),
            ("skipped: no `path`, or one that is no string", 2),
            ("tested: different or leads nowhere", 4),
            ("tested: equal", 18),
        ])
    );
}

#[test]
fn every_pointer_of_the_tests_from_rfc_6902() {
    let counts = run(include_str!("vectors/json-patch-tests/spec_tests.json"), 17);
    assert_eq!(
        counts,
        BTreeMap::from([
            ("evaluated: leads to a value", 5),
            ("parsed: `add` needs nothing to be at its path", 7),
            ("parsed: disabled at the origin", 1),
            ("tested: different or leads nowhere", 2),
            ("tested: equal", 3),
        ])
    );
}

#[derive(serde::Deserialize)]
struct Derived {
    doc: Value,
    pointer: String,
    value: Value,
    equal: bool,
}

#[test]
fn every_lone_test_operation() {
    let text = include_str!("vectors/json-patch-tests/pointer-tests.derived.json");
    let cases: Vec<Derived> = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 14);
    for case in cases {
        let pointer = Pointer::parse(&case.pointer).unwrap();
        let equal = evaluate(&case.doc, pointer).as_ref() == Some(&case.value);
        assert_eq!(equal, case.equal, "{pointer} in {}", case.doc);
    }
}

fn run(file: &str, cases: usize) -> BTreeMap<&'static str, usize> {
    let all: Vec<Value> = serde_json::from_str(file).expect("a vector file");
    assert_eq!(all.len(), cases);
    let mut counts = BTreeMap::<_, usize>::new();
    for case in &all {
        for outcome in run_case(case) {
            let count = counts.entry(outcome).or_default();
            *count = count.saturating_add(1);
        }
    }
    counts
}

fn run_case(case: &Value) -> Vec<&'static str> {
    let document = case.get("doc").expect("every case has a document");
    let patch = case
        .get("patch")
        .and_then(Value::as_array)
        .expect("every case has a patch");
    if patch.is_empty() {
        return vec!["skipped: a patch without operations"];
    }
    let mut changed = false;
    let run = |operation: &Value| {
        let outcome = run_operation(case, document, operation, changed);
        changed |= text(operation, "op") != Some("test");
        outcome
    };
    patch.iter().map(run).collect()
}

fn run_operation(case: &Value, document: &Value, operation: &Value, changed: bool) -> &'static str {
    let succeeds = case.get("expected").is_some();
    if text(operation, "path").is_none() {
        assert!(!succeeds, "{case}");
        return "skipped: no `path`, or one that is no string";
    }
    for text in [text(operation, "path"), text(operation, "from")]
        .into_iter()
        .flatten()
    {
        if let Err(error) = Pointer::parse(text) {
            assert!(!succeeds, "{case}");
            assert_eq!(error.kind(), PointerErrorKind::NoLeadingSlash);
            return "refused: not a pointer";
        }
    }
    let pointer = |member| text(operation, member).and_then(|text| Pointer::parse(text).ok());
    let op = text(operation, "op").expect("every operation has a name");
    let (target, value) = match op {
        // A repeated `op` member, or a case that not every implementation can run: neither says
        // anything about a pointer.
        _ if case.get("disabled").is_some() => return "parsed: disabled at the origin",
        _ if changed => return "parsed: an operation before it changes the document",
        "add" => return "parsed: `add` needs nothing to be at its path",
        "spam" => return "parsed: no such operation",
        "test" | "replace" if operation.get("value").is_none() => {
            return "parsed: lacks a member";
        }
        "test" => (pointer("path"), operation.get("value")),
        "remove" | "replace" => (pointer("path"), None),
        "move" | "copy" => (pointer("from"), None),
        other => panic!("an operation without a test: {other}"),
    };
    let Some(target) = target else {
        return "parsed: lacks a member";
    };
    let found = evaluate(document, target);
    let Some(value) = value else {
        assert_eq!(found.is_some(), succeeds, "{case}");
        return if succeeds {
            "evaluated: leads to a value"
        } else {
            "evaluated: leads nowhere"
        };
    };
    assert_eq!(found.as_ref() == Some(value), succeeds, "{case}");
    if succeeds {
        "tested: equal"
    } else {
        "tested: different or leads nowhere"
    }
}

fn text<'a>(operation: &'a Value, member: &str) -> Option<&'a str> {
    operation.get(member).and_then(Value::as_str)
}

/// Both ways to evaluate, which must agree.
fn evaluate(document: &Value, pointer: Pointer<'_>) -> Option<Value> {
    let bytes = document.to_string();
    let set = PointerSet::new([pointer]).expect("one pointer is not too many");
    let found = set.scan(bytes.as_bytes()).expect("serde_json writes JSON");
    let value = found.get(0).map(|located| {
        serde_json::from_str::<Value>(located.json()).expect("a located value is JSON")
    });
    assert_eq!(
        value.as_ref(),
        pointer.evaluate(document),
        "{pointer} in {document}"
    );
    value
}
