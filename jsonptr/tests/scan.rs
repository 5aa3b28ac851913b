//! The scanner as a strict reader of RFC 8259: JSONTestSuite, each fault with its byte, UTF-8,
//! surrogates and repeated names. Its limits stand in `scan_limits.rs`.

#![expect(
    clippy::expect_used,
    reason = "a broken vector file, or a document of ours that is refused, fails the test"
)]

use jsonptr::{PointerSet, ScanBuffer, ScanError, ScanErrorKind, ScanLimits};

/// What JSONTestSuite calls well-formed and this reader refuses, with the reason.
const DEVIATIONS: [(&str, ScanErrorKind); 2] = [
    // RFC 8259 section 4: names "SHOULD be unique"; two readers may take different members.
    (
        "y_object_duplicated_key.json",
        ScanErrorKind::DuplicateMember,
    ),
    (
        "y_object_duplicated_key_and_value.json",
        ScanErrorKind::DuplicateMember,
    ),
];

#[derive(serde::Deserialize)]
struct Vector {
    name: String,
    expect: String,
    bytes_b64: String,
}

#[test]
fn json_test_suite() {
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("vectors/json-test-suite/parsing.part.json"))
            .expect("the vector file");
    let (mut accepted, mut refused, mut deviating) = (0, 0, 0);
    for Vector {
        name,
        expect,
        bytes_b64,
    } in &vectors
    {
        let bytes = base64_simd::STANDARD
            .decode_to_vec(bytes_b64)
            .expect("base64");
        let kind = refusal(&bytes);
        let deviation = DEVIATIONS.iter().find(|(deviant, _)| deviant == name);
        match (expect.as_str(), deviation) {
            (_, Some((_, wanted))) => {
                assert_eq!(kind, Some(*wanted), "{name}");
                deviating += 1;
            }
            ("accept", None) => {
                assert_eq!(kind, None, "{name}");
                accepted += 1;
            }
            ("reject", None) => {
                assert!(kind.is_some(), "{name}");
                refused += 1;
            }
            (other, None) => panic!("{name}: {other}"),
        }
    }
    assert_eq!((accepted, refused, deviating), (93, 94, 2));
}

#[test]
fn each_fault_has_its_name_and_its_byte() {
    use ScanErrorKind as Kind;
    for (json, kind, offset) in [
        ("", Kind::UnexpectedEnd, 0),
        ("  ", Kind::UnexpectedEnd, 2),
        ("[", Kind::UnexpectedEnd, 1),
        ("[1", Kind::UnexpectedEnd, 2),
        ("[1,", Kind::UnexpectedEnd, 3),
        ("{", Kind::UnexpectedEnd, 1),
        (r#"{"a"#, Kind::UnexpectedEnd, 3),
        (r#"{"a""#, Kind::UnexpectedEnd, 4),
        (r#"{"a":"#, Kind::UnexpectedEnd, 5),
        (r#"{"a":1"#, Kind::UnexpectedEnd, 6),
        (r#"{"a":1,"#, Kind::UnexpectedEnd, 7),
        (r#"{"a":"b"#, Kind::UnexpectedEnd, 7),
        ("\"\\n", Kind::UnexpectedEnd, 3),
        ("]", Kind::UnexpectedByte, 0),
        ("[}", Kind::UnexpectedByte, 1),
        ("[1}", Kind::UnexpectedByte, 2),
        ("[1,]", Kind::UnexpectedByte, 3),
        ("[,1]", Kind::UnexpectedByte, 1),
        ("[1:2]", Kind::UnexpectedByte, 2),
        ("{]", Kind::UnexpectedByte, 1),
        ("{a:1}", Kind::UnexpectedByte, 1),
        (r#"{"a" 1}"#, Kind::UnexpectedByte, 5),
        (r#"{"a","b"}"#, Kind::UnexpectedByte, 4),
        (r#"{"a":}"#, Kind::UnexpectedByte, 5),
        (r#"{"a":1]"#, Kind::UnexpectedByte, 6),
        (r#"{"a":1,}"#, Kind::UnexpectedByte, 7),
        (r#"{"a":"b" "c":1}"#, Kind::UnexpectedByte, 9),
        (r#"{"a":"b"["#, Kind::UnexpectedByte, 8),
        (r#"["a"{"#, Kind::UnexpectedByte, 4),
        ("[[]{}]", Kind::UnexpectedByte, 3),
        ("[1\u{b}]", Kind::UnexpectedByte, 2),
        ("[1\u{a0}]", Kind::UnexpectedByte, 2),
        ("\0", Kind::UnexpectedByte, 0),
        ("1 2", Kind::TrailingBytes, 2),
        ("\"a\"\"b\"", Kind::TrailingBytes, 3),
        ("{},", Kind::TrailingBytes, 2),
        ("[]]", Kind::TrailingBytes, 2),
        ("nulls", Kind::TrailingBytes, 4),
        ("truE", Kind::InvalidLiteral, 0),
        ("[fals]", Kind::InvalidLiteral, 1),
        ("nul", Kind::InvalidLiteral, 0),
        ("-", Kind::InvalidNumber, 0),
        ("[-a]", Kind::InvalidNumber, 1),
        ("[1.]", Kind::InvalidNumber, 1),
        (r#"{"a":1e+}"#, Kind::InvalidNumber, 5),
        ("\"a\u{1f}\"", Kind::ControlCharacter, 2),
        ("\"a\n\"", Kind::ControlCharacter, 2),
        ("{\"a\0\":1}", Kind::ControlCharacter, 3),
        (r#""a\x""#, Kind::InvalidEscape, 2),
        (r#""\u12g4""#, Kind::InvalidEscape, 1),
        (r#"{"\a":1}"#, Kind::InvalidEscape, 2),
        (r#""\ud800""#, Kind::LoneSurrogate, 1),
        (r#"{"x\udfff":1}"#, Kind::LoneSurrogate, 3),
        (r#"{"a":1,"b":2,"a":3}"#, Kind::DuplicateMember, 13),
        (r#"{"a":1,"\u0061":3}"#, Kind::DuplicateMember, 7),
        ("\u{feff}1", Kind::ByteOrderMark, 0),
    ] {
        let error = scan(json.as_bytes(), ScanLimits::new()).expect_err(json);
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{json:?}");
    }
}

#[test]
fn an_error_says_what_and_where_and_has_a_stable_code() {
    let limits = ScanLimits::new();
    for (json, limits, code, text) in [
        (
            "\u{feff}",
            limits,
            "byte_order_mark",
            "byte order mark at byte 0",
        ),
        (
            "\"\n\"",
            limits,
            "control_character",
            "control character in a string at byte 1",
        ),
        (
            r#"{"a":1,"a":1}"#,
            limits,
            "duplicate_member",
            "duplicate member name at byte 7",
        ),
        (
            r#""\a""#,
            limits,
            "invalid_escape",
            "invalid escape at byte 1",
        ),
        (
            "nil",
            limits,
            "invalid_literal",
            "invalid literal at byte 0",
        ),
        ("-", limits, "invalid_number", "invalid number at byte 0"),
        (
            r#""\ud800""#,
            limits,
            "lone_surrogate",
            "lone surrogate at byte 1",
        ),
        (
            "[]",
            limits.max_depth(0),
            "too_deep",
            "nesting deeper than 0 at byte 0",
        ),
        (
            "12",
            limits.max_bytes(1),
            "too_long",
            "document longer than 1 bytes at byte 1",
        ),
        (
            "[1]",
            limits.max_elements(0),
            "too_many_elements",
            "array of more than 0 elements at byte 1",
        ),
        (
            r#"{"a":1}"#,
            limits.max_members(0),
            "too_many_members",
            "object of more than 0 members at byte 1",
        ),
        ("1,", limits, "trailing_bytes", "trailing bytes at byte 1"),
        ("x", limits, "unexpected_byte", "unexpected byte at byte 0"),
        ("", limits, "unexpected_end", "unexpected end at byte 0"),
    ] {
        let error = scan(json.as_bytes(), limits).expect_err(json);
        assert_eq!((error.code(), error.to_string().as_str()), (code, text));
        assert_eq!(error.kind().code(), code);
    }
    let error = scan(b"\xff", limits).expect_err("not UTF-8");
    assert_eq!(error.code(), "not_utf8");
    assert_eq!(error.to_string(), "invalid UTF-8 at byte 0");
}

#[test]
fn bytes_are_utf_8_without_a_byte_order_mark() {
    // RFC 8259 section 8.1, RFC 3629 section 3.
    for (bytes, offset) in [
        (&b"\"\x80\""[..], 1),
        (b"\"a\xc3\"", 2),
        (b"\"\xc0\xaf\"", 1),
        (b"\"\xe0\x80\xaf\"", 1),
        (b"\"\xed\xa0\x80\"", 1),
        (b"\"\xed\xbf\xbf\"", 1),
        (b"\"\xf0\x80\x80\xaf\"", 1),
        (b"\"\xf4\x90\x80\x80\"", 1),
        (b"\"\xf5\x80\x80\x80\"", 1),
        (b"\xff\xfe\"\0a\0\"\0", 0),
        (b"1 \xe2\x82", 2),
    ] {
        let error = scan(bytes, ScanLimits::new()).expect_err("not UTF-8");
        assert_eq!(
            (error.kind(), error.offset()),
            (ScanErrorKind::NotUtf8, offset),
            "{bytes:x?}"
        );
    }
    for text in [
        "\"\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}\u{10ffff}\"",
        "\"\u{feff}\"",
    ] {
        assert_eq!(refusal(text.as_bytes()), None, "{text:?}");
    }
    assert_eq!(
        refusal(b"\xef\xbb\xbf{}"),
        Some(ScanErrorKind::ByteOrderMark)
    );
    assert_eq!(refusal(b"\xef\xbb{}"), Some(ScanErrorKind::NotUtf8));
}

#[test]
fn surrogates_are_escaped_in_pairs_or_not_at_all() {
    // RFC 8259 sections 7 and 8.2.
    for pair in [
        r"\ud800\udc00",
        r"\uDBFF\uDFFF",
        r"\ud83d\ude00",
        r"\ud7ff",
        r"\ue000",
        r"\ud7ff\ue000",
    ] {
        assert_eq!(refusal(format!("\"{pair}\"").as_bytes()), None, "{pair}");
        let object = format!("{{\"{pair}\":1}}");
        assert_eq!(refusal(object.as_bytes()), None, "{object}");
    }
    for lone in [
        r"\ud800",
        r"\udbff",
        r"\udc00",
        r"\udfff",
        r"\udc00\ud800",
        r"\ud800\ud800",
        r"\ud800\u0061",
        r"\ud800\ue000",
        r"\ud800a",
        r"\ud800\n",
        r"\ud83d\ude00\ude00",
    ] {
        for json in [
            format!("\"{lone}\""),
            format!("[\"x{lone}y\"]"),
            format!("{{\"{lone}\":1}}"),
        ] {
            let kind = refusal(json.as_bytes());
            assert_eq!(kind, Some(ScanErrorKind::LoneSurrogate), "{json}");
        }
    }
}

#[test]
fn a_string_may_have_any_length_and_end_at_any_byte() {
    for length in 0..40 {
        for (fill, end) in [("x", "\""), ("x", "\\n\""), ("é", "\""), ("x", "é\"")] {
            let inside = fill.repeat(length);
            let json = format!("{{\"{inside}{end}:\"{inside}{end}}}");
            assert_eq!(refusal(json.as_bytes()), None, "{json}");
            let open = json.trim_end_matches("\"}");
            let kind = refusal(open.as_bytes());
            assert_eq!(kind, Some(ScanErrorKind::UnexpectedEnd), "{open}");
        }
    }
}

#[test]
fn a_name_stands_once_in_its_object_at_every_level() {
    let twice = [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"c":3,"a":4}"#,
        r#"{"":1,"":2}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"{"\u0061":1,"a":2}"#,
        r#"{"s\u0075b":1,"\u0073ub":2}"#,
        r#"{"/":1,"\/":2}"#,
        r#"{"\n":1,"\u000A":2}"#,
        r#"{"é":1,"\u00e9":2}"#,
        r#"{"😀":1,"\ud83d\ude00":2}"#,
        r#"{"a":{"b":1},"a":2}"#,
        r#"{"a":1,"b":{"a":1},"a":2}"#,
    ];
    let once = [
        r#"{"a":1,"A":2,"á":3,"a ":4," a":5,"":6}"#,
        r#"{"a":{"a":{"a":1}}}"#,
        r#"{"a":{"b":1},"b":{"a":1}}"#,
        r#"[{"a":1},{"a":1}]"#,
        r#"{"a":"a","b":"a"}"#,
        // The letter é in one and in two characters: JSON does not normalise.
        "{\"\u{e9}\":1,\"e\u{301}\":2}",
    ];
    for around in [
        ("", ""),
        ("[", "]"),
        ("[0,", ",1]"),
        (r#"{"x":"#, "}"),
        (r#"{"a":1,"x":"#, r#","b":2}"#),
        (r#"{"a":[{"b":["#, r#"],"c":0}],"d":0}"#),
    ] {
        for (objects, wanted) in [
            (&twice[..], Some(ScanErrorKind::DuplicateMember)),
            (&once[..], None),
        ] {
            for object in objects {
                let json = format!("{}{object}{}", around.0, around.1);
                assert_eq!(refusal(json.as_bytes()), wanted, "{json}");
            }
        }
    }
}

#[test]
fn a_name_stands_once_however_many_there_are() {
    for count in [2, 63, 64, 65, 66, 200, 1_023] {
        let mut names: Vec<_> = (0..count).map(|n| format!("\"name-{n}\"")).collect();
        assert_eq!(refusal(object_of(&names).as_bytes()), None, "{count}");
        for first in [0, count / 2, count - 1] {
            for again in [
                format!("\"name-{first}\""),
                format!("\"n\\u0061me-{first}\""),
            ] {
                names.push(again);
                let kind = refusal(object_of(&names).as_bytes());
                assert_eq!(
                    kind,
                    Some(ScanErrorKind::DuplicateMember),
                    "{count} {first}"
                );
                names.pop();
            }
        }
    }
}

/// Names with the same ends and the same length look alike to the quick test for duplicates.
#[test]
fn names_that_look_alike_are_told_apart() {
    for count in [2_usize, 64, 65, 300] {
        let names: Vec<_> = (0..count)
            .map(|n| format!("\"https://{n:04}.example/claims\""))
            .collect();
        assert_eq!(refusal(object_of(&names).as_bytes()), None, "{count}");
    }
}

fn object_of(names: &[String]) -> String {
    let members: Vec<_> = names.iter().map(|name| format!("{name}:\"v\"")).collect();
    format!("{{{}}}", members.join(","))
}

fn refusal(json: &[u8]) -> Option<ScanErrorKind> {
    scan(json, ScanLimits::new())
        .err()
        .map(|error| error.kind())
}

fn scan(json: &[u8], limits: ScanLimits) -> Result<(), ScanError> {
    let nothing = PointerSet::new([]).expect("an empty set");
    let mut buffer = ScanBuffer::new();
    nothing.scan_into(json, &limits, &mut buffer).map(drop)
}
