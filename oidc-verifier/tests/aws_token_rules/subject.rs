//! `sub`.

use crate::{claims, code, strict, sts, token, verdict};

fn subject(value: &str) -> Result<String, &'static str> {
    let token = token(&claims().with("sub", value));
    verdict(&sts(), &token, |token| token.subject().into_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with a result")]
fn is(text: &str) -> Result<String, &'static str> {
    Ok(text.to_owned())
}

#[test]
fn a_subject_may_be_empty_short_or_long() {
    assert_eq!(subject("\"\""), is(""));
    assert_eq!(subject("\"a\""), is("a"));
    let long = "a".repeat(300);
    assert_eq!(subject(&format!("\"{long}\"")), Ok(long));
    // This crate's own limit.
    let most = "a".repeat(1_024);
    assert_eq!(subject(&format!("\"{most}\"")), Ok(most));
    let more = "a".repeat(1_025);
    assert_eq!(subject(&format!("\"{more}\"")), Err("sub_malformed"));
}

#[test]
fn an_integer_becomes_its_digits() {
    assert_eq!(subject("123"), is("123"));
    assert_eq!(subject("0"), is("0"));
    assert_eq!(subject("-7"), is("-7"));
    // Past 64 bits, where a float would round.
    assert_eq!(subject("18446744073709551617"), is("18446744073709551617"));
    let most = "9".repeat(1_024);
    assert_eq!(subject(&most), Ok(most.clone()));
    assert_eq!(subject(&"9".repeat(1_025)), Err("sub_malformed"));
    // What text another number becomes is not known.
    for number in ["1.5", "1.0", "1e3", "-0"] {
        assert_eq!(subject(number), Err("sub_malformed"), "{number}");
    }
}

#[test]
fn a_subject_of_null_is_a_clean_refusal_and_no_failure() {
    for value in ["null", "true", "[]", "{}", r#"["a"]"#] {
        assert_eq!(subject(value), Err("sub_malformed"), "{value}");
    }
}

#[test]
fn the_rules_of_the_standards_take_none_of_these() {
    for value in ["\"\"", "123", "0", "null"] {
        let token = token(&claims().with("sub", value));
        assert_eq!(code(&strict(), &token), Err("sub_malformed"), "{value}");
    }
}
