//! Where documents are put, and from where they are looked at.

use std::error::Error;
use std::thread;

use oidc_core::IssuerIdentifier;

use super::prober::Prober;
use crate::drive::Publisher;
use crate::rotation::{Documents, Sighting};
use crate::store::StoreError;

/// A [`Publisher`] of two halves: a function that puts documents where the world looks, and
/// [`Prober`]s that look through the public URL.
///
/// ```
/// use std::sync::Arc;
/// use oidc_issuer::http::{DocumentServer, Prober, Published};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let server = Arc::new(DocumentServer::new()); // its router is part of the service
/// let publisher = Published::new(
///     |issuer, documents| server.publish_documents(issuer, documents),
///     Prober::new()?,
/// );
/// # let _ = publisher.also_from(Prober::new()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Published<P> {
    publish: P,
    first: Prober,
    others: Vec<Prober>,
}

impl<P, E> Published<P>
where
    P: Fn(&IssuerIdentifier, &Documents) -> Result<(), E>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    /// Documents are put with `publish` and looked at with `prober`.
    pub fn new(publish: P, prober: Prober) -> Published<P> {
        Published {
            publish,
            first: prober,
            others: Vec::new(),
        }
    }

    /// The same, looked at from one more place. A key is seen when it shows from every place; a look
    /// that fails from one of them has failed.
    #[must_use]
    pub fn also_from(mut self, prober: Prober) -> Published<P> {
        self.others.push(prober);
        self
    }
}

impl<P, E> Publisher for Published<P>
where
    P: Fn(&IssuerIdentifier, &Documents) -> Result<(), E>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    fn publish(&self, issuer: &IssuerIdentifier, documents: &Documents) -> Result<(), StoreError> {
        (self.publish)(issuer, documents).map_err(StoreError::new)
    }

    fn look(&self, issuer: &IssuerIdentifier) -> Result<Sighting, StoreError> {
        let others = thread::scope(|scope| {
            let mut looks = Vec::new();
            for prober in &self.others {
                let look = || prober.look_blocking(issuer);
                let looking = thread::Builder::new().spawn_scoped(scope, look);
                looks.push(looking.map_err(StoreError::new)?);
            }
            let seen = looks.into_iter().map(|look| {
                let look = look.join();
                let look = look.map_err(|_| StoreError::new("a look panicked"))?;
                look.map_err(StoreError::new)
            });
            seen.collect::<Result<Vec<Sighting>, StoreError>>()
        })?;
        // Last, because its time is compared with the clock when this returns.
        let first = self.first.look_blocking(issuer).map_err(StoreError::new)?;
        Ok(others.into_iter().fold(first, Sighting::and))
    }
}
