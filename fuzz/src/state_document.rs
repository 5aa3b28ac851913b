use oidc_issuer::{MAX_KEYS_PER_RING, RotationState, StateName};

/// State documents: one that is accepted writes down as itself, has no two keys of one id, at most
/// one active key in a ring, and nothing published that a relying party could not read.
///
/// # Panics
///
/// When the law does not hold.
pub fn state_document(data: &[u8]) -> bool {
    let Ok(state) = RotationState::from_json(data) else {
        return false;
    };
    assert_eq!(
        RotationState::from_json(&state.to_json()).as_ref(),
        Ok(&state)
    );
    let mut kids = Vec::new();
    for ring in state.rings() {
        let keys = ring.keys().iter();
        let active = keys.filter(|key| key.state().name() == StateName::Active);
        assert!(active.count() <= 1);
        assert!(ring.published().count() <= MAX_KEYS_PER_RING);
        kids.extend(ring.keys().iter().map(|key| key.kid().to_owned()));
    }
    let count = kids.len();
    kids.sort_unstable();
    kids.dedup();
    assert_eq!(kids.len(), count);
    for jwk in state.published() {
        let json = serde_json::to_vec(jwk).unwrap_or_default();
        assert_eq!(oidc_core::Jwk::parse(&json).as_ref(), Ok(jwk));
    }
    true
}
