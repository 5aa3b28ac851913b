//! The examples as programs.

#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test program uses its own part of this"
)]
#![expect(clippy::unwrap_used, reason = "these helpers run in tests only")]

use std::io::BufRead;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// `cargo test` builds the examples beside the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    folder.join("examples").join(name)
}

/// The one line of a server that is ready: where it listens.
///
/// # Errors
///
/// What it said instead.
pub(crate) fn listening_on(output: &mut impl BufRead) -> Result<SocketAddr, String> {
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let address = line.strip_prefix("listening on http://");
    let address = address.and_then(|address| address.strip_suffix('\n')?.parse().ok());
    address.ok_or(line)
}

/// Sends `TERM`, `INT` and so on.
pub(crate) fn signal(pid: u32, name: &str) {
    let kill = Command::new("kill")
        .args(["-s", name, &pid.to_string()])
        .status();
    assert!(kill.unwrap().success());
}

/// Pseudo-random numbers for moments that nobody chose, the same in every run: xorshift64 of Marsaglia.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new() -> Dice {
        Dice(0x9e37_79b9_7f4a_7c15)
    }

    /// A number below this one.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.checked_rem(end).unwrap()
    }
}
