//! IP addresses and blocks of them (RFC 4632, RFC 4291).

use std::net::IpAddr;

/// A block of addresses: those whose first bits are these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    /// `203.0.113.0/24`, `2001:db8::/32`, or one address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
        };
        (bits <= most).then_some(Self { address, bits })
    }

    /// An address of the other family is in no block.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                same_prefix(own.to_bits().into(), other.to_bits().into(), 32, self.bits)
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                same_prefix(own.to_bits(), other.to_bits(), 128, self.bits)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn same_prefix(own: u128, other: u128, width: u32, bits: u32) -> bool {
    let differing = own ^ other;
    // A shift by the whole width is none: a prefix of no bits is that of every address.
    differing
        .checked_shr(width.saturating_sub(bits))
        .unwrap_or(0)
        == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_the_addresses_of_its_prefix() {
        for (block, inside, outside) in [
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.7/24", "203.0.113.0", "203.0.112.255"),
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "::2"),
            ("::/0", "ffff::", "0.0.0.0"),
        ] {
            let block = Network::parse(block).unwrap();
            assert!(
                block.contains(inside.parse().unwrap()),
                "{block:?} {inside}"
            );
            assert!(
                !block.contains(outside.parse().unwrap()),
                "{block:?} {outside}"
            );
        }
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in [
            "",
            "10.0.0",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/+8",
            "::/129",
            "10.0.0.0/8/8",
            "10.0.0.256",
            "10.0.0.01",
            "a",
            "10.0.0.0 ",
        ] {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
