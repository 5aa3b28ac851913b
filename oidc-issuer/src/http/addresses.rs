//! Where hosts are looked for.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// What is said of hosts; of all others the operating system is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Addresses {
    said: BTreeMap<String, IpAddr>,
}

impl Addresses {
    pub(super) fn set(&mut self, host: &str, address: IpAddr) {
        self.said.insert(host.to_ascii_lowercase(), address);
    }
}

/// What the HTTP client asks.
pub(super) struct Lookup {
    pub(super) addresses: Addresses,
    /// The issuer is one of this machine, and so is everything that it names.
    pub(super) only_loopback: bool,
}

impl Resolve for Lookup {
    fn resolve(&self, name: Name) -> Resolving {
        let said = self.addresses.said.get(name.as_str()).copied();
        let only_loopback = self.only_loopback;
        Box::pin(async move {
            let mut found: Vec<IpAddr> = match said {
                Some(address) => vec![address],
                None => tokio::net::lookup_host((name.as_str(), 0))
                    .await?
                    .map(|address| address.ip())
                    .collect(),
            };
            found.retain(|address| !only_loopback || address.is_loopback());
            if found.is_empty() {
                return Err(io::Error::from(io::ErrorKind::AddrNotAvailable).into());
            }
            // The port of the URL takes the place of 0.
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            let found: Addrs = Box::new(found);
            Ok(found)
        })
    }
}
