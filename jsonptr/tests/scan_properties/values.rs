//! Located values against what `serde_json` reads: strings, elements, members.

use jsonptr::{Kind, Located, Pointer, PointerSet};
use proptest::prelude::*;

use crate::documents::{document, string};
use crate::reference::{Tree, read, unescape};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_container_holds_what_serde_json_finds_in_it(json in document()) {
        let tree = read(json.as_bytes())?;
        let set = PointerSet::new([Pointer::ROOT])?;
        let found = set.scan(json.as_bytes())?;
        let root = found.get(0).expect("the root is always there");
        assert_same(root, &tree, &json);
    }

    #[test]
    fn a_text_is_what_serde_json_decodes(json in string(), cut in any::<prop::sample::Index>()) {
        let decoded = unescape(&json);
        let set = PointerSet::new([Pointer::ROOT])?;
        let found = set.scan(json.as_bytes())?;
        let text = found.get(0).and_then(|value| value.text()).expect("a string");

        prop_assert_eq!(text.to_cow(), decoded.as_str());
        prop_assert_eq!(String::from(text), decoded.as_str());
        prop_assert!(text.chars().eq(decoded.chars()));
        prop_assert_eq!(text.len_utf8(), decoded.len());
        prop_assert_eq!(text.is_empty(), decoded.is_empty());
        prop_assert_eq!(text.has_control(), decoded.chars().any(char::is_control));
        prop_assert_eq!(format!("{text:?}"), format!("{decoded:?}"));
        prop_assert_eq!(text.as_plain(), (!json.contains('\\')).then_some(decoded.as_str()));

        let starts = decoded.char_indices().map(|(at, _)| at);
        let ends: Vec<usize> = starts.chain([decoded.len()]).collect();
        let (before, after) = decoded.split_at(*cut.get(&ends));
        prop_assert!(text.starts_with(before) && text.ends_with(after));
        prop_assert_eq!(text.starts_with(after), decoded.starts_with(after));
        prop_assert_eq!(text.ends_with(before), decoded.ends_with(before));
        let (longer, longer_before) = (decoded.clone() + "x", "x".to_owned() + &decoded);
        prop_assert!(!text.starts_with(&longer) && !text.ends_with(&longer_before));
    }

    #[test]
    fn texts_are_equal_if_they_are_equal_unescaped(
        a in string(),
        b in string(),
        same in any::<bool>(),
    ) {
        let (first, second) = (unescape(&a), unescape(&b));
        // The second text is often the first in another spelling.
        let b = if same { serde_json::to_string(&first)? } else { b };
        let second = if same { first.clone() } else { second };
        let json = format!("[{a},{b}]");
        let set = PointerSet::new([Pointer::parse("/0")?, Pointer::parse("/1")?])?;
        let found = set.scan(json.as_bytes())?;
        let text = |index| found.get(index).and_then(|value| value.text()).expect("a string");
        prop_assert_eq!(text(0) == text(1), first == second);
        prop_assert_eq!(text(1) == text(0), first == second);
        prop_assert_eq!(text(0) == second.as_str(), first == second);
        prop_assert_eq!(text(1) == *first, first == second);
    }
}

fn assert_same(value: Located<'_>, tree: &Tree, document: &str) {
    let rest = document.get(value.offset()..).unwrap_or_default();
    assert!(rest.starts_with(value.json()), "{value:?} in {document}");
    match tree {
        Tree::Null => assert!(value.kind() == Kind::Null && value.is_null()),
        Tree::Bool(expected) => {
            assert_eq!(
                (value.kind(), value.as_bool()),
                (Kind::Bool, Some(*expected))
            );
        }
        Tree::Number(expected) => {
            assert_eq!(value.kind(), Kind::Number);
            let number = value.number().expect("a number");
            let read: serde_json::Number = number.as_str().parse().expect("a number");
            assert_eq!(read, *expected);
            if let Some(expected) = expected.as_u64() {
                assert_eq!(number.to_u64(), Some(expected));
            }
        }
        Tree::String(expected) => {
            assert_eq!(value.kind(), Kind::String);
            assert_eq!(value.text().expect("a string"), **expected);
        }
        Tree::Array(expected) => {
            assert_eq!(value.kind(), Kind::Array);
            let elements: Vec<_> = value.elements().expect("an array").collect();
            assert_eq!(elements.len(), expected.len(), "{document}");
            for (element, expected) in elements.into_iter().zip(expected) {
                assert_same(element, expected, document);
            }
        }
        Tree::Object(expected) => {
            assert_eq!(value.kind(), Kind::Object);
            let members: Vec<_> = value.members().expect("an object").collect();
            assert_eq!(members.len(), expected.len(), "{document}");
            for ((name, member), (expected_name, expected)) in members.into_iter().zip(expected) {
                assert_eq!(name, **expected_name);
                assert_same(member, expected, document);
            }
        }
    }
    let answers = [
        value.as_bool().is_some(),
        value.is_null(),
        value.number().is_some(),
        value.text().is_some(),
        value.elements().is_some(),
        value.members().is_some(),
    ];
    assert_eq!(answers.iter().filter(|answered| **answered).count(), 1);
}
