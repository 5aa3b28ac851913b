//! The program outbound: its API with every documented error, tokens that a relying party accepts
//! with the published keys, rotation, what is on the disk, and the clients of AWS.

#![cfg(all(feature = "fs", feature = "http", target_os = "linux"))]
#![cfg_attr(
    feature = "aws-lc-rs",
    expect(
        clippy::unwrap_used,
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "helpers of a test program, which starts processes and looks at files"
    )
)]

#[cfg(feature = "aws-lc-rs")]
mod common;

#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/actions.rs"]
mod actions;
#[path = "../examples/outbound/arguments.rs"]
mod arguments;
#[path = "../examples/aws_wire/mod.rs"]
mod aws_wire;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/config.rs"]
mod config;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/driver.rs"]
mod driver;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/federation.rs"]
mod federation;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/service.rs"]
mod service;
#[cfg(feature = "aws-lc-rs")]
#[path = "../examples/outbound/state.rs"]
mod state;

// Its RSA keys are generated, which ring cannot.
#[cfg(feature = "aws-lc-rs")]
mod outbound {
    mod api;
    mod limits;
    mod malformed;
    mod rotation;
    mod world;
}
