//! The contract of `examples/pointer.rs`: what it answers, line by line.

#[expect(dead_code, reason = "`main` is for the example")]
#[path = "../examples/pointer.rs"]
mod program;

/// `{"sub":"job","n":[1.50,18446744073709551616],"a/b":{"":true}}`
const DOC: &str =
    "eyJzdWIiOiJqb2IiLCJuIjpbMS41MCwxODQ0Njc0NDA3MzcwOTU1MTYxNl0sImEvYiI6eyIiOnRydWV9fQ==";

#[test]
fn a_pointer_alone_is_answered_with_its_tokens() {
    check([
        (
            r#"{"id":1,"pointer":""}"#,
            r#"{"id":1,"ok":true,"tokens":[]}"#,
        ),
        (
            r#"{"id":1,"pointer":"/"}"#,
            r#"{"id":1,"ok":true,"tokens":[""]}"#,
        ),
        (
            r#"{"id":1,"pointer":"/a~1b/~01/0"}"#,
            r#"{"id":1,"ok":true,"tokens":["a/b","~1","0"]}"#,
        ),
        (
            r#"{"id":1,"pointer":"/\"\n"}"#,
            r#"{"id":1,"ok":true,"tokens":["\"\n"]}"#,
        ),
        (
            r#"{"id":1,"pointer":"/c%d"}"#,
            r#"{"id":1,"ok":true,"tokens":["c%d"]}"#,
        ),
        (
            r##"{"id":1,"pointer":"#/c%25d","fragment":true}"##,
            r#"{"id":1,"ok":true,"tokens":["c%d"]}"#,
        ),
    ]);
}

#[test]
fn with_a_document_the_answer_is_the_exact_value() {
    for (pointer, value) in [
        ("/sub", r#""job""#),
        ("/n", "[1.50,18446744073709551616]"),
        ("/n/1", "18446744073709551616"),
        ("/a~1b", r#"{"":true}"#),
        ("/a~1b/", "true"),
    ] {
        check([(
            format!(r#"{{"id":"x","pointer":"{pointer}","doc_b64":"{DOC}"}}"#),
            format!(r#"{{"id":"x","ok":true,"value":{value}}}"#),
        )]);
    }
    // `[1,\r\n2]`: the answer stays on one line.
    check([(
        r#"{"id":1,"pointer":"","doc_b64":"WzEsDQoyXQ=="}"#,
        r#"{"id":1,"ok":true,"value":[1,  2]}"#,
    )]);
}

#[test]
fn what_does_not_hold_is_said_by_a_stable_code() {
    let document = format!(r#""doc_b64":"{DOC}""#);
    for (request, why) in [
        (r#""pointer":"sub""#, "no_leading_slash"),
        (r#""pointer":"/~""#, "invalid_pointer_escape"),
        (r#""pointer":"/a","fragment":true"#, "no_leading_hash"),
        (
            r##""pointer":"#/%4","fragment":true"##,
            "invalid_percent_encoding",
        ),
        (
            r##""pointer":"#/^","fragment":true"##,
            "invalid_fragment_character",
        ),
        (
            r##""pointer":"#/%FF","fragment":true"##,
            "fragment_not_utf8",
        ),
        (
            r##""pointer":"#/~2","fragment":true"##,
            "invalid_pointer_escape",
        ),
        (&format!(r#""pointer":"/n/-",{document}"#), "not_found"),
        (&format!(r#""pointer":"/n/01",{document}"#), "not_found"),
        (&format!(r#""pointer":"/aud",{document}"#), "not_found"),
        // `{"a":1,"a":1}`, `{}x`, and nothing.
        (
            r#""pointer":"/a","doc_b64":"eyJhIjoxLCJhIjoxfQ==""#,
            "duplicate_member",
        ),
        (r#""pointer":"","doc_b64":"e314""#, "trailing_bytes"),
        (r#""pointer":"","doc_b64":"""#, "unexpected_end"),
    ] {
        check([(
            format!(r#"{{"id":1,{request}}}"#),
            format!(r#"{{"id":1,"ok":false,"why":"{why}"}}"#),
        )]);
    }
}

#[test]
fn a_line_that_is_no_request_is_answered_and_the_next_one_read() {
    check([
        ("", r#"{"id":null,"error":"not a JSON object"}"#),
        (
            r#"["/a",null,false]"#,
            r#"{"id":null,"error":"not a JSON object"}"#,
        ),
        (
            r#"{"id":1"#,
            r#"{"id":null,"error":"EOF while parsing an object at line 1 column 7"}"#,
        ),
        (
            r#"{"id":1}"#,
            r#"{"id":1,"error":"missing field `pointer` at line 1 column 8"}"#,
        ),
        (
            r#"{"id":1,"pointer":["a"]}"#,
            r#"{"id":1,"error":"invalid type: sequence, expected a string at line 1 column 18"}"#,
        ),
        (
            r#"{"id":1,"pointer":"","fragment":"no"}"#,
            r#"{"id":1,"error":"invalid type: string \"no\", expected a boolean at line 1 column 36"}"#,
        ),
        (
            r#"{"id":1,"pointer":"","doc_b64":{}}"#,
            r#"{"id":1,"error":"invalid type: map, expected a string at line 1 column 31"}"#,
        ),
        (
            r#"{"id":1,"pointer":"/a","pointer":"/b"}"#,
            r#"{"id":1,"error":"duplicate field `pointer` at line 1 column 32"}"#,
        ),
        // JSON that `PointerSet` refuses: of such a string there is no UTF-8.
        (
            r#"{"id":1,"pointer":"/\ud800"}"#,
            r#"{"id":1,"error":"unexpected end of hex escape at line 1 column 27"}"#,
        ),
        (
            r#"{"id":1,"pointer":"","doc_b64":"e3"}"#,
            r#"{"id":1,"error":"`doc_b64` is no base64"}"#,
        ),
        (
            r#"{"id":1,"pointer":"/a"}"#,
            r#"{"id":1,"ok":true,"tokens":["a"]}"#,
        ),
    ]);
}

#[test]
fn the_id_comes_back_as_it_was_written_and_other_members_are_ignored() {
    check([
        (r#"{"pointer":""}"#, r#"{"id":null,"ok":true,"tokens":[]}"#),
        (
            r#"{"id":1.50e1,"pointer":""}"#,
            r#"{"id":1.50e1,"ok":true,"tokens":[]}"#,
        ),
        (
            r#"{"id":"\u00e9","pointer":"","x":[{}]}"#,
            r#"{"id":"\u00e9","ok":true,"tokens":[]}"#,
        ),
        (
            r#"{"id":100000000000000000000000000000001,"pointer":""}"#,
            r#"{"id":100000000000000000000000000000001,"ok":true,"tokens":[]}"#,
        ),
        (
            r#"{"id":1,"pointer":"","fragment":null,"doc_b64":null}"#,
            r#"{"id":1,"ok":true,"tokens":[]}"#,
        ),
    ]);
    // Their strings, their names and their size do not matter: they are not read.
    for other in [
        r#""\ud800""#.to_owned(),
        r#"{"a":1,"a":2}"#.to_owned(),
        format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)),
        format!("[0{}]", ",0".repeat(5_000)),
        format!("\"{}\"", "x".repeat(2_000_000)),
    ] {
        check([(
            format!(r#"{{"x":{other},"id":1,"pointer":"","x":0}}"#),
            r#"{"id":1,"ok":true,"tokens":[]}"#,
        )]);
    }
}

fn check<const N: usize>(lines: [(impl AsRef<str>, impl AsRef<str>); N]) {
    for (line, answer) in lines {
        let line = line.as_ref();
        assert_eq!(
            program::answer_line(line.as_bytes()),
            answer.as_ref(),
            "{line}"
        );
    }
}
