//! What the pointers of a set find.

#![expect(
    clippy::expect_used,
    reason = "a document of ours that is refused fails the test"
)]

use jsonptr::{
    Kind, Located, MAX_POINTERS, Pointer, PointerSet, PointerSetError, ScanBuffer, ScanErrorKind,
    ScanLimits, Text,
};

#[test]
fn pointers_find_values_by_their_unescaped_names() {
    let json = r#" {"s\u0075b" : "a\u0062c" , "a/b":1,"m~n":[10,{"":true}],"":{"":null}} "#;
    for (pointer, found) in [
        ("", Some((Kind::Object, json.trim()))),
        ("/sub", Some((Kind::String, r#""a\u0062c""#))),
        (r"/s\u0075b", None),
        ("/a~1b", Some((Kind::Number, "1"))),
        ("/a", None),
        ("/m~0n", Some((Kind::Array, r#"[10,{"":true}]"#))),
        ("/m~0n/0", Some((Kind::Number, "10"))),
        ("/m~0n/1", Some((Kind::Object, r#"{"":true}"#))),
        ("/m~0n/1/", Some((Kind::Bool, "true"))),
        ("/m~0n/2", None),
        ("/m~0n/00", None),
        ("/m~0n/01", None),
        ("/m~0n/-", None),
        ("/m~0n/0/0", None),
        ("/sub/0", None),
        ("/", Some((Kind::Object, r#"{"":null}"#))),
        ("//", Some((Kind::Null, "null"))),
        ("///", None),
    ] {
        let set = PointerSet::new([Pointer::parse(pointer).expect(pointer)]).expect("a set");
        let scanned = set.scan(json.as_bytes()).expect(json);
        let located = scanned.get(0);
        assert_eq!(
            located.map(|value| (value.kind(), value.json())),
            found,
            "{pointer}"
        );
        if let Some(value) = located {
            let (_, rest) = json.split_at(value.offset());
            assert!(rest.starts_with(value.json()), "{pointer}");
        }
        assert!(scanned.get(1).is_none());
        assert_eq!(scanned.document(), json);
    }
}

#[test]
fn an_index_is_a_name_in_an_object_and_a_position_in_an_array() {
    let found = |json: &'static str| -> Vec<Option<String>> {
        let set = set_of(&["/1", "/01", "/-"]);
        let found = set.scan(json.as_bytes()).expect(json);
        let text = |index| found.get(index).map(|value| value.json().to_owned());
        (0..3).map(text).collect()
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(found("[5,6,7]"), [some("6"), None, None]);
    assert_eq!(
        found(r#"{"-":5,"01":6,"1":7}"#),
        [some("7"), some("6"), some("5")]
    );
}

#[test]
fn a_pointer_that_stands_twice_is_found_twice() {
    let set = set_of(&["/a", "/a/b", "/a", "", "/a/b", ""]);
    let found = set.scan(br#"{"a":{"b":1}}"#).expect("a document");
    let texts: Vec<_> = (0..6)
        .map(|index| found.get(index).map(|value| value.json()))
        .collect();
    assert_eq!(texts[0], Some(r#"{"b":1}"#));
    assert_eq!(texts[1], Some("1"));
    assert_eq!(texts[3], Some(r#"{"a":{"b":1}}"#));
    assert_eq!(
        (texts[0], texts[1], texts[3]),
        (texts[2], texts[4], texts[5])
    );
    assert_eq!((set.len(), set.is_empty()), (6, false));
}

#[test]
fn a_set_holds_256_pointers_and_no_more() {
    let names: Vec<_> = (0..=MAX_POINTERS).map(|n| format!("/{n}")).collect();
    let pointers = || names.iter().map(|name| Pointer::parse(name).expect(name));
    assert_eq!(MAX_POINTERS, 256);
    let set = PointerSet::new(pointers().take(MAX_POINTERS)).expect("256 pointers");
    let error = PointerSet::new(pointers()).expect_err("257 pointers");
    assert_eq!(error, PointerSetError::TooManyPointers);
    assert_eq!(error.to_string(), "more than 256 pointers");

    let members: Vec<_> = (0..300).map(|n| format!("\"{n}\":\"value {n}\"")).collect();
    let json = format!("{{{}}}", members.join(","));
    let found = set.scan(json.as_bytes()).expect("a document");
    for (index, pointer) in pointers().take(MAX_POINTERS).enumerate() {
        let text = found.get(index).and_then(|value| value.text());
        assert_eq!(text.expect("a string"), *format!("value {index}"));
        assert_eq!(set.index_of(pointer), Some(index));
        assert_eq!(set.pointer(index), Some(pointer));
    }
    assert_eq!(set.pointer(MAX_POINTERS), None);
    assert!(set.pointers().eq(pointers().take(MAX_POINTERS)));
}

#[test]
fn a_buffer_forgets_the_scan_before() {
    let (three, one) = (set_of(&["/a", "/b", "/c"]), set_of(&["/b"]));
    let limits = ScanLimits::new();
    let mut buffer = ScanBuffer::new();
    assert!(buffer.get("{}", 0).is_none());

    let json = br#"{"a":1,"b":2,"c":3}"#;
    let document = three.scan_into(json, &limits, &mut buffer).expect("valid");
    assert_eq!(buffer.get(document, 2).map(|value| value.json()), Some("3"));

    let json = br#"{"b":"two"}"#;
    let document = one.scan_into(json, &limits, &mut buffer).expect("valid");
    assert_eq!(
        buffer.get(document, 0).map(|value| value.json()),
        Some("\"two\"")
    );
    assert!(buffer.get(document, 1).is_none());

    let json = br#"{"a":{"a":1,"b":2},"b":[{"c":"#;
    three
        .scan_into(json, &limits, &mut buffer)
        .expect_err("unfinished");
    assert!((0..3).all(|index| buffer.get(document, index).is_none()));

    // What was open when the document ended is forgotten too.
    let json = br#"{"c":{"a":1}}"#;
    let document = three.scan_into(json, &limits, &mut buffer).expect("valid");
    let kinds: Vec<_> = (0..3)
        .map(|index| buffer.get(document, index).map(|value| value.kind()))
        .collect();
    assert_eq!(kinds, [None, None, Some(Kind::Object)]);
}

#[test]
fn what_the_last_document_had_is_not_found_in_the_next() {
    let set = set_of(&["/sub", "/exp"]);
    let limits = ScanLimits::new();
    let mut buffer = ScanBuffer::new();
    // Each is as long as the first, so that what was found there would be a part of it.
    for (json, found) in [
        (r#"{"sub":"job","exp":1}"#, [true, true]),
        (r#"{"sub":"job"}        "#, [true, false]),
        (r#"{"exp":1}            "#, [false, true]),
        ("[]                   ", [false, false]),
    ] {
        let document = set
            .scan_into(json.as_bytes(), &limits, &mut buffer)
            .expect(json);
        let held = [0, 1].map(|index| buffer.get(document, index).is_some());
        assert_eq!(held, found, "{json}");
    }
}

#[test]
fn a_name_that_a_pointer_names_stands_once_in_its_object() {
    let set = set_of(&["/a/b", "/a/0/b", "/a/1/b", "/b/a", "/a/b"]);
    let mut buffer = ScanBuffer::new();
    for (json, repeated_at) in [
        (r#"{"a":1,"a":2}"#, Some(7)),
        (r#"{"a":1,"\u0061":2}"#, Some(7)),
        (r#"{"\u0061":1,"a":2}"#, Some(12)),
        (r#"{"a":{"b":1,"c":2,"b":3}}"#, Some(18)),
        (r#"{"a":{"b":1},"b":{"a":{}},"a":0}"#, Some(26)),
        (r#"{"a":[{"b":1},{"b":1,"b":1}]}"#, Some(21)),
        (r#"{"a":{"b":1,"a":{"b":1}},"b":{"a":1,"b":1}}"#, None),
        (
            r#"{"a":[{"b":1},{"b":1},{"b":1}],"b":[{"a":1},{"a":1}]}"#,
            None,
        ),
        (r#"{"a":{"0":{"b":1},"1":{"b":1}}}"#, None),
        (r#"[{"a":1},{"a":1}]"#, None),
    ] {
        let scanned = set.scan_into(json.as_bytes(), &ScanLimits::new(), &mut buffer);
        let repeated = scanned.map_err(|error| (error.kind(), error.offset()));
        let expected = repeated_at.map(|at| (ScanErrorKind::DuplicateMember, at));
        assert_eq!(repeated.err(), expected, "{json}");
    }
}

#[test]
fn every_member_of_the_largest_set_is_found_in_one_object() {
    let names: Vec<String> = (0..MAX_POINTERS).map(|n| format!("claim_{n}")).collect();
    let pointers: Vec<String> = names.iter().map(|name| format!("/{name}")).collect();
    let set = set_of(&pointers.iter().map(String::as_str).collect::<Vec<_>>());
    let mut members: Vec<String> = (0..300).map(|n| format!(r#""claim_{n}":{n}"#)).collect();
    let json = format!("{{{}}}", members.join(","));
    let found = set.scan(json.as_bytes()).expect("no name stands twice");
    for n in 0..MAX_POINTERS {
        assert_eq!(found.get(n).expect("found").json(), n.to_string());
    }
    for again in [0, 255, 256, 299] {
        members.push(format!(r#""claim_{again}":0"#));
        let json = format!("{{{}}}", members.join(","));
        let error = set.scan(json.as_bytes()).map(drop).expect_err("twice");
        assert_eq!(error.kind(), ScanErrorKind::DuplicateMember, "{again}");
        members.pop();
    }
}

/// Characters that are no controls in one string and are in another: each is asked for itself.
#[test]
fn control_characters_are_seen_in_the_strings_that_hold_them() {
    let set = set_of(&["/a", "/b", "/c"]);
    for (json, expected) in [
        (
            r#"{"a":"x","b":"~","c":["x",["~"]]}"#,
            [false, false, false],
        ),
        (
            "{\"a\":\"x\",\"b\":\"\u{7f}\",\"c\":[\"x\"]}",
            [false, true, false],
        ),
        (
            "{\"a\":\"\u{9f}\",\"b\":\"\u{a0}\",\"c\":[\"x\",[\"\u{80}\"]]}",
            [true, false, true],
        ),
        (
            r#"{"a":"\n","b":"\u007f","c":["\u00e9","\u0009"]}"#,
            [true, true, true],
        ),
        (
            r#"{"a":"\"","b":"\\","c":["\\u0000"]}"#,
            [false, false, false],
        ),
    ] {
        let found = set.scan(json.as_bytes()).expect(json);
        let held = [0, 1, 2].map(|index| has_control(found.get(index).expect(json)));
        assert_eq!(held, expected, "{json:?}");
    }
}

fn has_control(value: Located<'_>) -> bool {
    match value.elements() {
        Some(mut elements) => elements.any(has_control),
        None => value.text().is_some_and(Text::has_control),
    }
}

#[test]
fn a_buffer_read_with_another_text_does_not_panic() {
    let set = set_of(&["/a"]);
    let mut buffer = ScanBuffer::new();
    let limits = ScanLimits::new();
    set.scan_into(br#"{"a":"text"}"#, &limits, &mut buffer)
        .expect("valid");
    for other in ["", "é", "ééééééééé", "{\"a\":\"é", "123456789012"] {
        if let Some(value) = buffer.get(other, 0) {
            assert!(
                value
                    .text()
                    .is_none_or(|text| text.len_utf8() < other.len())
            );
        }
    }
}

#[test]
fn a_set_without_pointers_only_checks() {
    let nothing = set_of(&[]);
    assert!(nothing.is_empty());
    assert!(nothing.scan(b"[{}, 1]").expect("valid").get(0).is_none());
    nothing.scan(b"[{}, 1").expect_err("unfinished");
}

fn set_of(pointers: &[&str]) -> PointerSet {
    let parsed = pointers
        .iter()
        .map(|text| Pointer::parse(text).expect("a pointer"));
    PointerSet::new(parsed).expect("a small set")
}
