use jsonptr::{Pointer, PointerBuf, PointerSet, Token};
use serde_json::Value;

/// Pointers: the first line is one, what follows a document.
///
/// A text is a pointer exactly when RFC 6901 section 3 says so; its tokens and its fragment form
/// lead back to it; and it finds in the document what `serde_json` finds, with a tree and without.
///
/// # Panics
///
/// When the law does not hold.
pub fn pointer(data: &[u8]) -> bool {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (line, document) = data.split_at(end.unwrap_or(data.len()));
    let Ok(text) = std::str::from_utf8(line) else {
        return false;
    };
    read_as_fragment(text);
    let Ok(pointer) = Pointer::parse(text) else {
        assert!(!is_pointer(text));
        return false;
    };
    assert!(is_pointer(text));
    assert_eq!(pointer.as_str(), text);

    let names = pointer.tokens().map(Token::decoded);
    assert_eq!(PointerBuf::from_tokens(names).as_str(), text);
    let fragment = pointer.to_fragment();
    assert_eq!(PointerBuf::from_fragment(&fragment), Ok(pointer.to_owned()));
    match (pointer.parent(), pointer.last()) {
        (None, None) => assert!(pointer.is_root()),
        (Some(parent), Some(last)) => {
            let mut rebuilt = parent.to_owned();
            rebuilt.push_token(&last.decoded());
            assert_eq!(rebuilt.as_pointer(), pointer);
            assert!(pointer.starts_with(parent) && !parent.starts_with(pointer));
        }
        other => panic!("a parent without a last token, or the reverse: {other:?}"),
    }
    find(pointer, document);
    true
}

/// A fragment that is read means one pointer.
fn read_as_fragment(text: &str) {
    if let Ok(pointer) = PointerBuf::from_fragment(text) {
        let fragment = pointer.as_pointer().to_fragment();
        assert_eq!(PointerBuf::from_fragment(&fragment), Ok(pointer));
    }
}

fn find(pointer: Pointer<'_>, document: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(document) else {
        return;
    };
    let found = pointer.evaluate(&value);
    assert_eq!(found, value.pointer(pointer.as_str()));
    let Ok(set) = PointerSet::new([pointer]) else {
        return;
    };
    // Stricter than `serde_json`: where it accepts, the two agree.
    if let Ok(scanned) = set.scan(document) {
        let located = scanned.get(0).map(|located| located.json());
        let read = located.map(|json| serde_json::from_str::<Value>(json).ok());
        assert_eq!(read, found.map(|value| Some(value.clone())));
    }
}

/// The grammar: empty, or `/` in front; after each `~` a `0` or a `1`.
fn is_pointer(text: &str) -> bool {
    let mut after_tilde = text.split('~').skip(1);
    (text.is_empty() || text.starts_with('/'))
        && after_tilde.all(|rest| rest.starts_with(['0', '1']))
}
