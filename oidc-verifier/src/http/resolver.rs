//! Host names become addresses, and every address is judged before anything connects to it.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::AddressPolicy;

/// Finds the addresses of a host name. The default asks the operating system; bring your own for
/// another DNS client. What it finds is judged by the [`AddressPolicy`] all the same.
pub trait Resolver: Send + Sync + 'static {
    /// The addresses of `host`.
    fn resolve(&self, host: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;
}

/// The resolver of the operating system, as its configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "there is nothing to configure")]
pub struct SystemResolver;

impl Resolver for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// A [`Resolver`] behind a pointer.
pub(super) trait DynResolver: Send + Sync {
    fn resolve_boxed<'a>(&'a self, host: &'a str) -> BoxedResolving<'a>;
}

pub(super) type BoxedResolving<'a> =
    Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

impl<R: Resolver> DynResolver for R {
    fn resolve_boxed<'a>(&'a self, host: &'a str) -> BoxedResolving<'a> {
        Box::pin(self.resolve(host))
    }
}

/// Where one fetch may connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To this machine and nowhere else: the URL says so itself.
    Loopback,
    /// Wherever the policy allows.
    Network(AddressPolicy),
}

impl Reach {
    pub(super) fn allows(self, address: IpAddr) -> bool {
        match self {
            Reach::Loopback => address.is_loopback(),
            Reach::Network(policy) => policy.allows(address),
        }
    }
}

/// What the HTTP client asks: it gets no address that it may not connect to.
#[derive(Clone)]
pub(super) struct Guarded {
    pub(super) resolver: Arc<dyn DynResolver>,
    pub(super) reach: Reach,
}

/// Why a host name has no address to connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("no address of the host is allowed")]
    NotAllowed,
    #[error("host name is not resolved")]
    NotResolved,
}

impl Guarded {
    async fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, ResolveError> {
        let found = self.resolver.resolve_boxed(host).await;
        let found = found.map_err(|_| ResolveError::NotResolved)?;
        if found.is_empty() {
            return Err(ResolveError::NotResolved);
        }
        let mut allowed = found;
        allowed.retain(|address| self.reach.allows(*address));
        if allowed.is_empty() {
            return Err(ResolveError::NotAllowed);
        }
        Ok(allowed)
    }
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let addresses = this.addresses(name.as_str()).await?;
            // The port of the URL takes the place of 0.
            let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0));
            let addresses: Addrs = Box::new(addresses);
            Ok(addresses)
        })
    }
}
