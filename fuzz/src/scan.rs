use std::sync::LazyLock;

use jsonptr::{Kind, Located, Number, Pointer, PointerSet, ScanBuffer, ScanLimits, Text};

use crate::reference::{date, json};

/// The scanner: it accepts what the reference reader on `serde_json` accepts, and finds the same
/// values, to the byte and by the same names.
///
/// # Panics
///
/// When the law does not hold.
pub fn scan(data: &[u8]) -> bool {
    const POINTERS: [&str; 12] = [
        "", "/a", "/a/b", "/b", "/0", "/a/0", "/a/1/a", "/~0", "/a~1b", "/é", "/sub", "/",
    ];
    static SET: LazyLock<PointerSet> = LazyLock::new(|| {
        let pointers = POINTERS.iter().filter_map(|text| Pointer::parse(text).ok());
        PointerSet::new(pointers).unwrap_or_else(|error| panic!("{error}"))
    });
    assert_eq!(SET.len(), POINTERS.len());

    let slow = json::read(data, ScanLimits::DEFAULT_DEPTH)
        .filter(|_| data.len() <= ScanLimits::DEFAULT_BYTES);
    let found = match (SET.scan(data), &slow) {
        (Ok(found), Some(_)) => found,
        (Err(_), None) => return false,
        (fast, slow) => panic!("{:?}, but {}", fast.err(), slow.is_some()),
    };
    for (index, text) in POINTERS.iter().enumerate() {
        let located = found.get(index);
        let expected = slow.as_ref().and_then(|root| evaluate(root, text));
        match (located, expected) {
            (Some(located), Some(expected)) => same(located, expected),
            (None, None) => {}
            (located, _) => panic!("{text}: {:?}", located.map(|located| located.kind())),
        }
    }
    used_buffer(data, &SET);
    true
}

/// A buffer that was used before gives the same answers.
fn used_buffer(data: &[u8], set: &PointerSet) {
    let (mut used, mut fresh) = (ScanBuffer::new(), ScanBuffer::new());
    let limits = ScanLimits::new();
    for before in [
        &br#"{"a":{"b":[1]},"b":2,"sub":"x","":3}"#[..],
        b"[[], {\"a\":",
        data,
    ] {
        let _ = set.scan_into(before, &limits, &mut used);
    }
    if let Ok(document) = set.scan_into(data, &limits, &mut fresh) {
        for index in 0..set.len() {
            let place = |buffer: &ScanBuffer| {
                let located = buffer.get(document, index)?;
                Some((located.offset(), located.json().len()))
            };
            assert_eq!(place(&used), place(&fresh));
        }
    }
}

fn evaluate<'v>(root: &'v json::Json, pointer: &str) -> Option<&'v json::Json> {
    let tokens = pointer.split('/').skip(1);
    tokens.into_iter().try_fold(root, |value, token| {
        let name = token.replace("~1", "/").replace("~0", "~");
        if let json::Kind::Array(elements) = &value.kind {
            elements.get(name.parse::<usize>().ok()?)
        } else {
            value.member(&name)
        }
    })
}

fn same(located: Located<'_>, expected: &json::Json) {
    assert_eq!(located.json().len(), expected.bytes);
    match &expected.kind {
        json::Kind::Null => assert_eq!(located.kind(), Kind::Null),
        json::Kind::Bool => assert_eq!(located.kind(), Kind::Bool),
        json::Kind::Number(text) => {
            let number = located.number().map(Number::as_str);
            assert_eq!(number, Some(text.as_str()));
            if let Some(number) = located.number() {
                same_second(number, text);
            }
        }
        json::Kind::String(text) => {
            let own = located.text();
            assert!(own.is_some_and(|own| own == **text && own.to_cow() == text.as_str()));
            assert_eq!(own.map(Text::len_utf8), Some(text.len()));
            assert!(own.is_some_and(|own| own.chars().eq(text.chars())));
        }
        json::Kind::Array(elements) => {
            let own: Vec<_> = located.elements().into_iter().flatten().collect();
            assert_eq!(own.len(), elements.len());
            for (own, expected) in own.into_iter().zip(elements) {
                same(own, expected);
            }
        }
        json::Kind::Object(members) => {
            let own: Vec<_> = located.members().into_iter().flatten().collect();
            assert_eq!(own.len(), members.len());
            for ((name, own), (expected_name, expected)) in own.into_iter().zip(members) {
                assert!(name == **expected_name);
                same(own, expected);
            }
        }
    }
}

/// Exact rounding, where both can say: from 1970 to 9999.
fn same_second(number: Number<'_>, text: &str) {
    for (own, round) in [
        (number.floor_i64(), date::Round::Down),
        (number.ceil_i64(), date::Round::Up),
    ] {
        let own = own.map(i128::from);
        let own = own.filter(|second| (0..=date::MAX).contains(second));
        assert_eq!(own, date::second(text, &round), "{text}");
    }
}
