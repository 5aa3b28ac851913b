//! What is accepted, and what pointers find in it.

use jsonptr::{PointerBuf, PointerSet, ScanBuffer, ScanError, ScanErrorKind, ScanLimits};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::Value;

use crate::documents::{document, escape, string, without_repeats};
use crate::reference::{BEYOND_DOUBLES, REPEATED, read, unescape};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_pointer_finds_what_it_finds_in_the_parsed_value(
        json in document(),
        tokens in vec(vec("[a-c0-2]|sub|-|00", 0..4), 0..20),
    ) {
        let value: Value = serde_json::from_str(&json)?;
        let mut pointers = Vec::new();
        collect(&value, &PointerBuf::default(), &mut pointers);
        pointers.extend(tokens.iter().map(PointerBuf::from_tokens));
        for some in pointers.chunks(jsonptr::MAX_POINTERS) {
            let set = PointerSet::new(some.iter().map(PointerBuf::as_pointer))?;
            let found = set.scan(json.as_bytes())?;
            for (index, pointer) in some.iter().enumerate() {
                let located = found.get(index);
                let parsed = located.map(|located| serde_json::from_str(located.json()));
                let parsed: Option<Value> = parsed.transpose()?;
                prop_assert_eq!(parsed.as_ref(), value.pointer(pointer.as_str()), "{}", pointer);
                if let Some(located) = located {
                    let rest = json.get(located.offset()..).unwrap_or_default();
                    prop_assert!(rest.starts_with(located.json()));
                }
            }
        }
    }

    #[test]
    fn a_set_finds_what_each_of_its_pointers_finds_alone(json in document()) {
        let value: Value = serde_json::from_str(&json)?;
        let mut pointers = Vec::new();
        collect(&value, &PointerBuf::default(), &mut pointers);
        pointers.truncate(20);
        let set = PointerSet::new(pointers.iter().map(PointerBuf::as_pointer))?;
        let together = set.scan(json.as_bytes())?;
        for (index, pointer) in pointers.iter().enumerate() {
            let set = PointerSet::new([pointer.as_pointer()])?;
            let alone = set.scan(json.as_bytes())?;
            let place = |located: jsonptr::Located<'_>| (located.offset(), located.json().len());
            prop_assert_eq!(together.get(index).map(place), alone.get(0).map(place));
        }
    }

    #[test]
    fn what_is_accepted_is_what_serde_json_accepts(
        json in document(),
        changes in vec(change(), 0..4),
    ) {
        let mut bytes = json.into_bytes();
        for change in &changes {
            change.apply(&mut bytes);
        }
        agree(&bytes);
    }

    /// A document may be read in one of two ways; white space that the first one does not expect
    /// makes it the other.
    #[test]
    fn a_line_break_at_the_end_changes_nothing(
        json in document(),
        changes in vec(change(), 0..3),
    ) {
        let mut bytes = json.into_bytes();
        for change in &changes {
            change.apply(&mut bytes);
        }
        let before = scan(&bytes);
        let noticed_at_the_end = before.is_err_and(|error| error.offset() == bytes.len());
        if !noticed_at_the_end {
            bytes.push(b'\n');
            prop_assert_eq!(scan(&bytes), before);
        }
    }

    #[test]
    fn a_name_given_twice_is_found_however_it_is_escaped(
        members in vec((string(), Just("0".to_owned())), 1..90),
        twice in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        escaped in vec(any::<bool>(), 1..8),
        (before, after, place) in prop::sample::select(vec![
            ("", "", ""),
            ("[0,", "]", "/1"),
            ("{\"x\":", ",\"y\":1}", "/x"),
        ]),
        known in vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut members = without_repeats(members);
        let object = |members: &[(String, String)]| {
            let member = |(name, value): &(String, String)| format!("{name}:{value}");
            let members: Vec<_> = members.iter().map(member).collect();
            format!("{before}{{{}}}{after}", members.join(","))
        };
        // Some of the names are ones that pointers lead through.
        let pointers = known.iter().map(|known| {
            let mut pointer = PointerBuf::parse(place).expect("a pointer");
            pointer.push_token(&unescape(&known.get(&members).0));
            pointer
        });
        let pointers: Vec<PointerBuf> = pointers.collect();
        let set = PointerSet::new(pointers.iter().map(PointerBuf::as_pointer))?;
        let json = object(&members);
        let found = set.scan(json.as_bytes())?;
        prop_assert!((0..set.len()).all(|index| found.get(index).is_some()));

        let name = unescape(&twice.get(&members).0);
        let respelt: String = name
            .chars()
            .zip(escaped.iter().cycle())
            .map(|(character, escaped)| {
                let must = character < ' ' || character == '"' || character == '\\';
                if *escaped || must { escape(character) } else { character.to_string() }
            })
            .collect();
        members.insert(at.index(members.len() + 1), (format!("\"{respelt}\""), "1".to_owned()));
        // Where it is noticed depends on the pointers: at the name, or at the end of a large object.
        let json = object(&members);
        for scanned in [set.scan(json.as_bytes()).map(drop), scan(json.as_bytes())] {
            let kind = scanned.map_err(|error| error.kind());
            prop_assert_eq!(kind, Err(ScanErrorKind::DuplicateMember));
        }
    }

    #[test]
    fn a_fault_does_not_depend_on_what_follows_it(
        json in document(),
        changes in vec(change(), 1..3),
        other in "[ -~]{0,20}",
    ) {
        let mut bytes = json.into_bytes();
        for change in &changes {
            change.apply(&mut bytes);
        }
        if let Err(error) = scan(&bytes)
            && matches!(
                error.kind(),
                ScanErrorKind::UnexpectedByte | ScanErrorKind::ControlCharacter
            )
            && let Some(read) = bytes.get(..=error.offset())
            && let Ok(read) = str::from_utf8(read)
        {
            let changed = read.to_owned() + &other;
            prop_assert_eq!(scan(changed.as_bytes()), Err(error));
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_at_one_of_them(bytes in vec(any::<u8>(), 0..60)) {
        agree(&bytes);
    }

    #[test]
    fn any_punctuation_is_read_or_refused(bytes in "[\\[\\]{}:,\"\\\\u0d8e. \n+-]{0,24}") {
        agree(bytes.as_bytes());
    }
}

#[test]
fn nesting_is_refused_from_65_levels_on() {
    for depth in 1..=127 {
        for (open, inside, close) in [
            ("[", "1", "]"),
            ("{\"a\":", "[]", "}"),
            ("[[0],", "{}", "]"),
        ] {
            let json = open.repeat(depth) + inside + &close.repeat(depth);
            let levels = depth + usize::from(inside != "1");
            assert_eq!(scan(json.as_bytes()).is_ok(), levels <= 64, "{json}");
            assert_eq!(read(json.as_bytes()).is_ok(), levels < 128, "{json}");
        }
    }
}

/// Both accept, or both refuse; what only one of them refuses is explained.
fn agree(bytes: &[u8]) {
    match (scan(bytes), read(bytes)) {
        (Ok(()), Ok(_)) => {}
        (Ok(()), Err(error)) => {
            assert!(
                error.to_string().starts_with(BEYOND_DOUBLES),
                "{error}: {bytes:?}"
            );
        }
        (Err(error), Ok(_)) => panic!("only we refuse {bytes:?}: {error}"),
        (Err(ours), Err(theirs)) => {
            assert!(ours.offset() <= bytes.len(), "{ours}: {bytes:?}");
            let utf8 = str::from_utf8(bytes).map_err(|error| error.valid_up_to());
            if bytes.starts_with(b"\xef\xbb\xbf") {
                assert_eq!(ours.kind(), ScanErrorKind::ByteOrderMark);
            } else if let Err(valid) = utf8 {
                assert_eq!(
                    (ours.kind(), ours.offset()),
                    (ScanErrorKind::NotUtf8, valid)
                );
            } else if ours.kind() == ScanErrorKind::DuplicateMember {
                // The other may stumble over the rest of the document first.
                let told = theirs.to_string();
                let value = serde_json::from_slice::<Value>(bytes);
                assert!(
                    told.starts_with(REPEATED) || value.is_err(),
                    "{told}: {bytes:?}"
                );
            }
        }
    }
}

fn scan(json: &[u8]) -> Result<(), ScanError> {
    let nothing = PointerSet::new([]).expect("an empty set");
    let mut buffer = ScanBuffer::new();
    nothing
        .scan_into(json, &ScanLimits::new(), &mut buffer)
        .map(drop)
}

/// Every pointer that leads somewhere in `value`.
fn collect(value: &Value, at: &PointerBuf, all: &mut Vec<PointerBuf>) {
    all.push(at.clone());
    let mut below = |token: &str, value: &Value| {
        let mut pointer = at.clone();
        pointer.push_token(token);
        collect(value, &pointer, all);
    };
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                below(&index.to_string(), element);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                below(name, value);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A small damage, at a place that depends on the length.
#[derive(Clone, Debug)]
enum Change {
    Replace(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Repeat(prop::sample::Index, usize),
    End(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let byte = || {
        prop_oneof![
            any::<u8>(),
            prop::sample::select(b"\"\\{}[]:,0159eE+-.tfnu/ \n".to_vec())
        ]
    };
    let place = any::<prop::sample::Index>;
    prop_oneof![
        (place(), byte()).prop_map(|(at, byte)| Change::Replace(at, byte)),
        (place(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        place().prop_map(Change::Remove),
        (place(), place()).prop_map(|(a, b)| Change::Swap(a, b)),
        (place(), 1..20_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        place().prop_map(Change::End),
    ]
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let length = bytes.len();
        if length == 0 {
            return;
        }
        match self {
            Self::Replace(at, byte) => *at.get_mut(bytes) = *byte,
            Self::Insert(at, byte) => bytes.insert(at.index(length), *byte),
            Self::Remove(at) => drop(bytes.remove(at.index(length))),
            Self::Swap(a, b) => bytes.swap(a.index(length), b.index(length)),
            Self::Repeat(at, count) => {
                let tail = bytes.split_off(at.index(length));
                bytes.extend(tail.iter().take(*count));
                bytes.extend(tail);
            }
            Self::End(at) => bytes.truncate(at.index(length)),
        }
    }
}
