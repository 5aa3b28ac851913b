//! What the layer leaves in a request.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::verified::Verified;

/// A verified token, among the extensions of a request that passed the
/// [`BearerLayer`](super::BearerLayer).
///
/// There is no public constructor: the layer makes it, and nobody else. It is cheap to clone, and reads
/// like the [`Verified`] that it holds. With the feature `axum` it is an extractor.
#[derive(Clone)]
pub struct Authenticated {
    verified: Arc<Verified<'static>>,
    rule_id: Option<Arc<str>>,
}

impl Authenticated {
    pub(super) fn new(verified: Verified<'static>, rule_id: Option<Arc<str>>) -> Authenticated {
        Authenticated {
            verified: Arc::new(verified),
            rule_id,
        }
    }

    /// The token.
    pub fn verified(&self) -> &Verified<'static> {
        &self.verified
    }

    /// The id of the policy's rule that admitted it; `None` if the layer has no policy.
    pub fn rule_id(&self) -> Option<&str> {
        self.rule_id.as_deref()
    }
}

impl Deref for Authenticated {
    type Target = Verified<'static>;

    fn deref(&self) -> &Verified<'static> {
        &self.verified
    }
}

impl fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated")
            .field("verified", &self.verified)
            .field("rule_id", &self.rule_id)
            .finish()
    }
}
