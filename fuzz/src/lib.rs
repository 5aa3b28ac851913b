//! Laws that hold for any bytes, one function for each reader of hostile input.
//!
//! A law panics when it does not hold, and otherwise says whether the bytes were accepted. There is
//! no harness in it: `targets/` drives it with libFuzzer, `tests/seeds.rs` with the committed seeds
//! on stable Rust. See the README of this crate.

#![expect(clippy::panic, reason = "a law that does not hold panics")]

mod compact;
mod diridp_config;
mod discovery;
mod jwk_set;
mod pointer;
#[path = "../../oidc-verifier/tests/reference/mod.rs"]
mod reference;
mod rotation_policy;
mod scan;
mod state_document;
mod subject;
mod verify;

pub use self::{
    compact::compact, diridp_config::diridp_config, discovery::discovery, jwk_set::jwk_set,
    pointer::pointer, rotation_policy::rotation_policy, scan::scan, state_document::state_document,
    subject::subject, verify::verify,
};

/// The entry of a fuzz target: libFuzzer's when built for it, otherwise nothing.
#[macro_export]
macro_rules! target {
    ($law:ident) => {
        #[cfg(fuzzing)]
        libfuzzer_sys::fuzz_target!(|data: &[u8]| {
            let _ = oidc_fuzz::$law(data);
        });
        #[cfg(not(fuzzing))]
        fn main() {}
    };
}
