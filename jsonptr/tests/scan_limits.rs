//! The scanner's budgets, each from both sides.

#![expect(clippy::expect_used, reason = "a set without pointers is always made")]

use jsonptr::{PointerSet, ScanBuffer, ScanError, ScanLimits};

#[test]
fn the_defaults_are_those_of_tokens() {
    assert_eq!(ScanLimits::DEFAULT_BYTES, 1_048_576);
    assert_eq!(ScanLimits::DEFAULT_DEPTH, 64);
    assert_eq!(ScanLimits::DEFAULT_MEMBERS, 1_024);
    assert_eq!(ScanLimits::DEFAULT_ELEMENTS, 4_096);
    assert_eq!(ScanLimits::default(), ScanLimits::new());
}

#[test]
fn the_limit_on_bytes_counts_white_space() {
    let four = ScanLimits::new().max_bytes(4);
    assert_accepted(" 12 ", four);
    assert_refused(" 12  ", four, "document longer than 4 bytes at byte 4");
    let most = format!("\"{}\"", "x".repeat(ScanLimits::DEFAULT_BYTES - 2));
    assert_accepted(&most, ScanLimits::new());
    assert_refused(
        &format!("{most} "),
        ScanLimits::new(),
        "document longer than 1048576 bytes at byte 1048576",
    );
}

#[test]
fn what_is_too_long_is_not_read() {
    let four = ScanLimits::new().max_bytes(4);
    let five = b"\xff\xff\xff\xff\xff";
    let error = scan(five, four).map_err(|error| error.code());
    assert_eq!(error, Err("too_long"));
    let error = scan(&five[..4], four).map_err(|error| error.code());
    assert_eq!(error, Err("not_utf8"));
}

#[test]
fn the_limit_on_depth_counts_open_containers() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_accepted(&nested(64), ScanLimits::new());
    assert_refused(
        &nested(65),
        ScanLimits::new(),
        "nesting deeper than 64 at byte 64",
    );

    let two = ScanLimits::new().max_depth(2);
    assert_accepted(r#"{"a":{"b":1},"c":{"d":2}}"#, two);
    assert_accepted(r#"[{"b":1},[],[2],{}]"#, two);
    for (json, at) in [
        (r#"{"a":{"b":1},"c":{"d":{}}}"#, 22),
        ("[[[]]]", 2),
        ("[[],[[]]]", 5),
    ] {
        assert_refused(json, two, &format!("nesting deeper than 2 at byte {at}"));
    }

    let none = ScanLimits::new().max_depth(0);
    assert_accepted("1", none);
    assert_refused("{}", none, "nesting deeper than 0 at byte 0");
}

#[test]
fn depth_costs_no_call_stack() {
    let deep = ScanLimits::new().max_depth(usize::MAX);
    let levels = 400_000;
    let json = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert_accepted(&json, deep);
    let open = r#"{"a":"#.repeat(200_000);
    assert_refused(&open, deep, "unexpected end at byte 1000000");
}

#[test]
fn the_limit_on_members_is_that_of_each_object() {
    let two = ScanLimits::new().max_members(2);
    for json in [
        r#"{"a":1,"b":2}"#,
        r#"{"a":{"c":1,"d":2},"b":{"e":3,"f":4}}"#,
        r#"[{"a":1,"b":2},{"a":1,"b":2}]"#,
        "[1,2,3]",
    ] {
        assert_accepted(json, two);
    }
    // The byte is the quotation mark of the first name too many.
    for (json, at) in [
        (r#"{"a":1,"b":2,"c":3}"#, 13),
        (r#"{"a":"1","b":"2","c":"3"}"#, 17),
        (r#"{ "a" : "1" , "b" : "2" , "c" : "3" }"#, 26),
        (r#"{"a":{"c":1,"d":2},"b":{"e":3,"f":4},"g":5}"#, 37),
        (r#"{"a":{"c":1,"d":2,"e":3}}"#, 18),
    ] {
        let error = format!("object of more than 2 members at byte {at}");
        assert_refused(json, two, &error);
    }
    let none = ScanLimits::new().max_members(0);
    assert_accepted("[{}]", none);
    assert_refused(
        r#"[{"a":1}]"#,
        none,
        "object of more than 0 members at byte 2",
    );
}

#[test]
fn an_object_has_at_most_1024_members_by_default() {
    let object = |members: usize| {
        let members: Vec<_> = (0..members).map(|n| format!("\"{n:04}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert_accepted(&object(1_024), ScanLimits::new());
    let error = format!("object of more than 1024 members at byte {}", 1 + 9 * 1_024);
    assert_refused(&object(1_025), ScanLimits::new(), &error);
}

#[test]
fn the_limit_on_elements_is_that_of_each_array() {
    let two = ScanLimits::new().max_elements(2);
    for json in [
        "[1,2]",
        "[[1,2],[3,4]]",
        r#"{"a":[1,2],"b":[3,4],"c":[5,6]}"#,
    ] {
        assert_accepted(json, two);
    }
    // The byte is the first of the element too many.
    for (json, at) in [
        ("[1,2,3]", 5),
        ("[ 1 , 2 , 3 ]", 10),
        (r#"["1","2","3"]"#, 9),
        ("[[1,2],[3,4],[5]]", 13),
        ("[[1,2,3]]", 6),
    ] {
        let error = format!("array of more than 2 elements at byte {at}");
        assert_refused(json, two, &error);
    }
    let none = ScanLimits::new().max_elements(0);
    assert_accepted(r#"{"a":[ ]}"#, none);
    assert_refused("[0]", none, "array of more than 0 elements at byte 1");
}

#[test]
fn an_array_has_at_most_4096_elements_by_default() {
    let array = |elements: usize| format!("[{}]", vec!["0"; elements].join(","));
    assert_accepted(&array(4_096), ScanLimits::new());
    assert_refused(
        &array(4_097),
        ScanLimits::new(),
        "array of more than 4096 elements at byte 8193",
    );
}

fn assert_accepted(json: &str, limits: ScanLimits) {
    assert_eq!(scan(json.as_bytes(), limits), Ok(()), "{json:.80}");
}

fn assert_refused(json: &str, limits: ScanLimits, error: &str) {
    let told = scan(json.as_bytes(), limits).map_err(|error| error.to_string());
    assert_eq!(told, Err(error.to_owned()), "{json:.80}");
}

fn scan(json: &[u8], limits: ScanLimits) -> Result<(), ScanError> {
    let nothing = PointerSet::new([]).expect("an empty set");
    let mut buffer = ScanBuffer::new();
    nothing.scan_into(json, &limits, &mut buffer).map(drop)
}
