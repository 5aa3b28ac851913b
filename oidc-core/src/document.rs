//! Reading a JSON document strictly, through `jsonptr`'s scanner.

use jsonptr::{Located, Pointer, PointerSet, ScanBuffer, ScanError, ScanLimits};

/// Compiles pointers that stand in the source.
#[expect(
    clippy::expect_used,
    reason = "the pointers are literals, fewer than `PointerSet` holds; each set is used in a test"
)]
pub(crate) fn pointer_set(pointers: &[&'static str]) -> PointerSet {
    let pointers: Result<Vec<Pointer<'_>>, _> =
        pointers.iter().map(|text| Pointer::parse(text)).collect();
    PointerSet::new(pointers.expect("a literal pointer is valid")).expect("the set is small")
}

/// Reads `json` of at most `max_bytes` and locates the set's `N` pointers in their order.
pub(crate) fn scan<'a, const N: usize>(
    set: &PointerSet,
    json: &'a [u8],
    max_bytes: usize,
) -> Result<[Option<Located<'a>>; N], ScanError> {
    let mut buffer = ScanBuffer::new();
    let limits = ScanLimits::new().max_bytes(max_bytes);
    let document = set.scan_into(json, &limits, &mut buffer)?;
    Ok(core::array::from_fn(|index| buffer.get(document, index)))
}
