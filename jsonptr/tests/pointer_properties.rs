//! Laws of pointers, over generated texts, names and documents.

use jsonptr::{Pointer, PointerBuf, PointerErrorKind, PointerSet, Token};
use proptest::prelude::*;
use serde_json::Value;

/// Names in which something can go wrong, and any others.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec![
            "", "a", "b", "~", "/", "~0", "~1", "~01", "a/b", "m~n", "0", "1", "2", "-", "-1", "+1",
            "00", "01", "1e0", "18446744073709551616", " ", "%", "%41", "#", "é", "😀", "\u{0}",
        ]).prop_map(String::from),
        1 => any::<String>(),
    ]
}

fn names() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(name(), 0..6)
}

/// Texts near the grammar: most are almost pointers.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(/([a-b~/]|~0|~1|[01-]|é|%2F|%7E|%|#)*)?",
        1 => "[a~/#%01]{0,12}",
        1 => any::<String>(),
    ]
}

fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "#(/([a-b~?]|~0|~1|%2F|%7e|%C3%A9|%F0%9F%98%80|%25)*)*",
        1 => "#?[/a~%0-9A-Fé ^]{0,12}",
        1 => any::<String>(),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        name().prop_map(Value::from),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The grammar of RFC 6901 section 3, said a second time: no escape is left after taking out the
/// two that exist.
fn is_pointer(text: &str) -> bool {
    let unescaped = text.replace("~0", "").replace("~1", "");
    (text.is_empty() || text.starts_with('/')) && !unescaped.contains('~')
        // Taking out could join what was apart: `~~01` leaves `~1`, then nothing.
        && !text.contains("~~")
}

/// All pointers of a document, with what they lead to.
fn paths<'v>(value: &'v Value, at: &PointerBuf, out: &mut Vec<(PointerBuf, &'v Value)>) {
    out.push((at.clone(), value));
    let mut below = |name: &str, value: &'v Value| {
        let mut pointer = at.clone();
        pointer.push_token(name);
        paths(value, &pointer, out);
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(elements) => {
            elements
                .iter()
                .enumerate()
                .for_each(|(index, v)| below(&index.to_string(), v));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

proptest! {
    #[test]
    fn a_text_is_a_pointer_exactly_when_the_grammar_says_so(text in text()) {
        match Pointer::parse(&text) {
            Ok(pointer) => {
                prop_assert!(is_pointer(&text));
                prop_assert_eq!(pointer.as_str(), &text);
                prop_assert_eq!(pointer.to_string(), text);
            }
            Err(error) => {
                prop_assert!(!is_pointer(&text));
                let before = text.get(..error.offset()).unwrap();
                if error.kind() == PointerErrorKind::InvalidEscape {
                    // What stands before the fault is a pointer, and the fault is in its last token.
                    let valid = Pointer::parse(before).unwrap();
                    prop_assert_eq!(valid.tokens().skip(error.token()).count(), 1);
                    prop_assert_eq!(text.as_bytes().get(error.offset()), Some(&b'~'));
                } else {
                    prop_assert_eq!((error.offset(), error.token()), (0, 0));
                }
            }
        }
    }

    #[test]
    fn every_way_in_gives_the_same_answer(text in text()) {
        let parsed = Pointer::parse(&text).map(Pointer::to_owned);
        prop_assert_eq!(&PointerBuf::parse(text.as_str()), &parsed);
        prop_assert_eq!(&text.parse::<PointerBuf>(), &parsed);
        prop_assert_eq!(&PointerBuf::try_from(text.clone()), &parsed);
        let json = serde_json::to_string(&text).unwrap();
        prop_assert_eq!(serde_json::from_str::<PointerBuf>(&json).ok(), parsed.ok());
    }

    #[test]
    fn names_come_out_as_they_went_in(names in names()) {
        let pointer = PointerBuf::from_tokens(&names);
        prop_assert!(is_pointer(pointer.as_str()));
        let decoded: Vec<_> = pointer.tokens().map(|token| token.decoded().into_owned()).collect();
        prop_assert_eq!(&decoded, &names);
        let mut reversed: Vec<_> = pointer.tokens().rev().map(Token::decoded).collect();
        reversed.reverse();
        prop_assert_eq!(&reversed, &names);
        for (token, name) in pointer.tokens().zip(&names) {
            prop_assert!(token == *name.as_str());
        }
    }

    #[test]
    fn a_token_equals_no_other_name(one in name(), other in name()) {
        let pointer = PointerBuf::from_tokens([&one]);
        let token = pointer.as_pointer().last().unwrap();
        prop_assert_eq!(token == *other.as_str(), one == other);
    }

    #[test]
    fn pointers_are_ordered_and_equal_as_their_names_are(left in names(), right in names()) {
        let (a, b) = (PointerBuf::from_tokens(&left), PointerBuf::from_tokens(&right));
        prop_assert_eq!(a.cmp(&b), left.cmp(&right));
        prop_assert_eq!(a.as_pointer().cmp(&b.as_pointer()), left.cmp(&right));
        prop_assert_eq!(a == b, left == right);
    }

    #[test]
    fn a_prefix_is_a_prefix_of_the_names(left in names(), right in names(), cut in 0_usize..6) {
        let whole = PointerBuf::from_tokens(&left);
        let part = &left[..cut.min(left.len())];
        for prefix in [part, &right] {
            let pointer = PointerBuf::from_tokens(prefix);
            let holds = left.starts_with(prefix);
            prop_assert_eq!(whole.as_pointer().starts_with(pointer.as_pointer()), holds);
            let rest = whole.as_pointer().strip_prefix(pointer.as_pointer());
            prop_assert_eq!(rest.is_some(), holds);
            if let Some(rest) = rest {
                prop_assert_eq!(pointer.join(rest), whole.clone());
            }
        }
    }

    #[test]
    fn up_undoes_down(names in names(), last in name()) {
        let above = PointerBuf::from_tokens(&names);
        let mut below = above.clone();
        below.push_token(&last);
        prop_assert_eq!(below.as_pointer().parent(), Some(above.as_pointer()));
        prop_assert_eq!(below.as_pointer().last().unwrap().decoded(), last);
        prop_assert!(below.pop_token());
        prop_assert_eq!(below, above);
    }

    #[test]
    fn a_pointer_survives_its_fragment(names in names()) {
        let pointer = PointerBuf::from_tokens(&names);
        let fragment = pointer.as_pointer().to_fragment();
        prop_assert_eq!(PointerBuf::from_fragment(&fragment), Ok(pointer));
        prop_assert!(fragment.bytes().all(|byte| byte.is_ascii_graphic()));
        let unsafe_characters = ['"', '<', '>', '[', '\\', ']', '^', '`', '{', '|', '}'];
        prop_assert_eq!(fragment.find(unsafe_characters), None);
        prop_assert_eq!(fragment.rfind('#'), Some(0));
    }

    /// A fragment is read as `url`-like decoders and then the one parser read it.
    #[test]
    fn a_fragment_is_decoded_once_and_then_parsed(fragment in fragment()) {
        match PointerBuf::from_fragment(&fragment) {
            Ok(pointer) => {
                let written = pointer.as_pointer().to_fragment();
                prop_assert_eq!(decode(&written), decode(&fragment));
                prop_assert_eq!(decode(&fragment), Some(pointer.into_string()));
            }
            Err(error) => {
                prop_assert!(error.offset() <= fragment.len());
                prop_assert!(fragment.is_char_boundary(error.offset()));
                prop_assert!(decode(&fragment).is_none_or(|text| !is_pointer(&text)));
            }
        }
    }

    #[test]
    fn evaluation_agrees_with_value_pointer_on_every_path_of_the_document(
        document in document(),
        extra in name(),
    ) {
        let mut all = Vec::new();
        paths(&document, &PointerBuf::root(), &mut all);
        for (mut pointer, value) in all {
            prop_assert_eq!(pointer.as_pointer().evaluate(&document), Some(value));
            prop_assert_eq!(document.pointer(pointer.as_str()), Some(value));
            pointer.push_token(&extra);
            let expected = document.pointer(pointer.as_str());
            prop_assert_eq!(pointer.as_pointer().evaluate(&document), expected);
        }
    }

    #[test]
    fn evaluation_agrees_with_value_pointer_on_any_text(document in document(), text in text()) {
        match Pointer::parse(&text) {
            Ok(pointer) => {
                prop_assert_eq!(pointer.evaluate(&document), document.pointer(&text));
            }
            Err(error) if error.kind() == PointerErrorKind::NoLeadingSlash => {
                prop_assert_eq!(document.pointer(&text), None);
            }
            // `Value::pointer` reads on: the table in the documentation of `evaluate`.
            Err(error) => prop_assert_eq!(error.kind(), PointerErrorKind::InvalidEscape),
        }
    }

    #[test]
    fn evaluation_agrees_with_the_scan_of_the_bytes(document in document(), names in names()) {
        let mut all = Vec::new();
        paths(&document, &PointerBuf::root(), &mut all);
        let mut pointers: Vec<_> = all.into_iter().map(|(pointer, _)| pointer).take(100).collect();
        pointers.push(PointerBuf::from_tokens(&names));
        let set = PointerSet::new(pointers.iter().map(PointerBuf::as_pointer)).unwrap();
        let bytes = document.to_string();
        let found = set.scan(bytes.as_bytes()).unwrap();
        for (index, pointer) in pointers.iter().enumerate() {
            let located = found.get(index).map(|l| serde_json::from_str::<Value>(l.json()).unwrap());
            prop_assert_eq!(located.as_ref(), pointer.as_pointer().evaluate(&document));
        }
    }

    #[test]
    fn an_array_index_prints_as_it_was_written(name in prop_oneof![name(), "[0-9+-]{1,21}"]) {
        let pointer = PointerBuf::from_tokens([&name]);
        let index = pointer.as_pointer().last().unwrap().array_index();
        let canonical = name.parse::<usize>().ok().filter(|index| index.to_string() == name);
        prop_assert_eq!(index, canonical);
    }
}

/// Percent-decoding by the letter of RFC 3986, slowly: `None` for what is no fragment or not UTF-8.
fn decode(fragment: &str) -> Option<String> {
    let mut rest = fragment.strip_prefix('#')?;
    let mut bytes = Vec::new();
    while let Some(char) = rest.chars().next() {
        if char == '%' {
            let digits = rest.get(1..3)?;
            if !digits.chars().all(|digit| digit.is_ascii_hexdigit()) {
                return None;
            }
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = rest.get(3..)?;
        } else if char.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@/?".contains(char) {
            bytes.push(u8::try_from(char).ok()?);
            rest = rest.get(1..)?;
        } else {
            return None;
        }
    }
    String::from_utf8(bytes).ok()
}
