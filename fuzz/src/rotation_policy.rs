use oidc_core::NumericDate;
use oidc_issuer::{RotationPolicy, RotationPolicyError, RotationSettings};

/// Rotation documents: a document that is accepted gives a policy that writes down as itself, and a
/// timeline that is in order; one that contradicts itself names a fix that lies within its bounds.
///
/// # Panics
///
/// When the law does not hold.
pub fn rotation_policy(data: &[u8]) -> bool {
    let Ok(settings) = serde_json::from_slice::<RotationSettings>(data) else {
        return false;
    };
    let written = serde_json::to_vec(&settings).unwrap_or_default();
    assert_eq!(serde_json::from_slice(&written).ok(), Some(settings));
    let policy = match RotationPolicy::solve(&settings) {
        Ok(policy) => policy,
        Err(error) => {
            refused(&error);
            return false;
        }
    };
    let written = serde_json::to_vec(&policy).unwrap_or_default();
    assert_eq!(serde_json::from_slice(&written).ok(), Some(policy));
    let plan = policy.plan(NumericDate::MIN, 30);
    assert!(plan.is_sorted_by_key(|step| step.at));
    true
}

fn refused(error: &RotationPolicyError) {
    assert!(!error.to_string().is_empty());
    if let Some(fix) = error.fix() {
        let (min, max) = fix.member.bounds();
        assert!((min..=max).contains(&fix.value));
    }
}
