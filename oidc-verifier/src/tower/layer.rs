//! The layer and its service.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use oidc_core::NumericDate;
use tower_layer::Layer;
use tower_service::Service;

use super::authenticated::Authenticated;
use super::credentials::BearerToken;
use super::refusal::Refusal;
use super::token_verifier::TokenVerifier;
use crate::policy::{Decision, NotAdmitted, Policy};
use crate::replay::AsyncReplayGuard;
use crate::telemetry;
use crate::verified::Verified;

/// Lets requests pass that carry a verified token in `Authorization: Bearer` (RFC 6750 section 2.1),
/// and puts an [`Authenticated`] into their extensions.
///
/// It stands in front of whatever may be reached with a token only: a layer that is put on a
/// router before its routes are added protects none of them.
#[derive(Clone, Debug)]
pub struct BearerLayer<V, A = AnyVerified> {
    shared: Arc<Shared<V, A>>,
}

#[derive(Clone, Debug)]
struct Shared<V, A> {
    verifier: V,
    admit: A,
    /// A quoted string, quotes included.
    realm: Arc<str>,
}

impl<V: TokenVerifier> BearerLayer<V> {
    /// Lets every verified token pass: whoever is behind the layer decides who may do what.
    pub fn new(verifier: V) -> BearerLayer<V> {
        BearerLayer {
            shared: Arc::new(Shared {
                verifier,
                admit: AnyVerified,
                realm: Arc::from("\"workloads\""),
            }),
        }
    }

    /// Lets tokens pass that `policy` admits, once where a rule says so: `guard` remembers those.
    #[must_use]
    pub fn policy<G>(self, policy: Arc<Policy>, guard: Arc<G>) -> BearerLayer<V, ByPolicy<G>>
    where
        G: AsyncReplayGuard + 'static,
    {
        let Shared {
            verifier, realm, ..
        } = Arc::unwrap_or_clone(self.shared);
        let admit = ByPolicy {
            policy,
            guard,
            on_decision: Arc::new(|_| ()),
        };
        BearerLayer {
            shared: Arc::new(Shared {
                verifier,
                admit,
                realm,
            }),
        }
    }
}

impl<V: TokenVerifier, G: AsyncReplayGuard + 'static> BearerLayer<V, ByPolicy<G>> {
    /// Shows each decision of the policy to `look`, which may explain it to whoever runs the service:
    /// see [`Decision::for_operator`]. The bearer of the token is told nothing of it.
    #[must_use]
    pub fn on_decision(self, look: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Self {
        let mut shared = Arc::unwrap_or_clone(self.shared);
        shared.admit.on_decision = Arc::new(look);
        BearerLayer {
            shared: Arc::new(shared),
        }
    }
}

impl<V: TokenVerifier, A: Admit> BearerLayer<V, A> {
    /// Names what is protected, in the challenges of refusals: `workloads` unless this is said.
    ///
    /// # Errors
    ///
    /// [`InvalidRealm`] when it would not stand in a header as it is.
    pub fn realm(self, realm: &str) -> Result<Self, InvalidRealm> {
        let plain = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        if !realm.bytes().all(plain) {
            return Err(InvalidRealm);
        }
        let mut shared = Arc::unwrap_or_clone(self.shared);
        shared.realm = Arc::from(format!("\"{realm}\""));
        Ok(BearerLayer {
            shared: Arc::new(shared),
        })
    }
}

/// The realm has characters that are not printable ASCII, a quote or a backslash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("realm is not plain printable ASCII")]
#[non_exhaustive]
pub struct InvalidRealm;

impl<V, A> Shared<V, A>
where
    V: TokenVerifier,
    A: Admit,
{
    async fn authenticate(&self, token: BearerToken) -> Result<Authenticated, Refusal> {
        let verified = self.verifier.verify_owned(token.as_bytes()).await?;
        let rule_id = self.admit.admit(&verified, self.verifier.now()).await?;
        Ok(Authenticated::new(verified, rule_id))
    }
}

/// What stands between a verified token and the service. There are two, and no others.
pub trait Admit: sealed::Sealed + Clone + Send + Sync + 'static {
    /// The rule that admits the token, if it takes one.
    #[doc(hidden)]
    fn admit(
        &self,
        token: &Verified<'static>,
        now: NumericDate,
    ) -> impl Future<Output = Result<Option<Arc<str>>, NotAdmitted>> + Send;
}

mod sealed {
    /// Nobody else decides whom the layer lets in.
    #[expect(unnameable_types, reason = "that is how it is sealed")]
    pub trait Sealed {}
}

/// Every verified token.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct AnyVerified;

impl sealed::Sealed for AnyVerified {}

impl Admit for AnyVerified {
    fn admit(
        &self,
        _: &Verified<'static>,
        _: NumericDate,
    ) -> impl Future<Output = Result<Option<Arc<str>>, NotAdmitted>> + Send {
        ready(Ok(None))
    }
}

/// Tokens that a policy admits, once where it says so.
pub struct ByPolicy<G> {
    policy: Arc<Policy>,
    guard: Arc<G>,
    on_decision: Arc<dyn Fn(&Decision<'_>) + Send + Sync>,
}

impl<G> sealed::Sealed for ByPolicy<G> {}

impl<G: AsyncReplayGuard + 'static> Admit for ByPolicy<G> {
    async fn admit(
        &self,
        token: &Verified<'static>,
        now: NumericDate,
    ) -> Result<Option<Arc<str>>, NotAdmitted> {
        let decision = self.policy.decide(token);
        (self.on_decision)(&decision);
        let admitted = decision.admit_async(&*self.guard, now).await;
        telemetry::decided(
            admitted
                .as_ref()
                .map_or_else(NotAdmitted::code, |_| "admitted"),
        );
        Ok(Some(Arc::from(admitted?.rule_id())))
    }
}

impl<G> Clone for ByPolicy<G> {
    fn clone(&self) -> Self {
        ByPolicy {
            policy: Arc::clone(&self.policy),
            guard: Arc::clone(&self.guard),
            on_decision: Arc::clone(&self.on_decision),
        }
    }
}

impl<G> fmt::Debug for ByPolicy<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByPolicy").finish_non_exhaustive()
    }
}

impl<S, V, A> Layer<S> for BearerLayer<V, A> {
    type Service = BearerService<S, V, A>;

    fn layer(&self, inner: S) -> Self::Service {
        BearerService {
            inner,
            shared: Arc::clone(&self.shared),
        }
    }
}

/// A service behind a [`BearerLayer`].
#[derive(Debug)]
pub struct BearerService<S, V, A = AnyVerified> {
    inner: S,
    shared: Arc<Shared<V, A>>,
}

impl<S: Clone, V, A> Clone for BearerService<S, V, A> {
    fn clone(&self) -> Self {
        BearerService {
            inner: self.inner.clone(),
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<S, V, A, B, R> Service<Request<B>> for BearerService<S, V, A>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    V: TokenVerifier,
    A: Admit,
    B: Send + 'static,
    R: Default,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The one that was polled to be ready takes the request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let shared = Arc::clone(&self.shared);
        let token = BearerToken::of(request.headers());
        Box::pin(async move {
            let authenticated = match token {
                Ok(token) => shared.authenticate(token).await,
                Err(refusal) => Err(refusal),
            };
            match authenticated {
                Ok(authenticated) => {
                    conceal_tokens(request.headers_mut());
                    request.extensions_mut().insert(authenticated);
                    inner.call(request).await
                }
                Err(refusal) => Ok(refusal.response(&shared.realm)),
            }
        })
    }
}

/// Whoever prints the headers further inside does not print the token.
fn conceal_tokens(headers: &mut HeaderMap) {
    if let Some(value) = headers.get_mut(AUTHORIZATION) {
        value.set_sensitive(true);
    }
}
