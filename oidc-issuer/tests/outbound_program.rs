//! The program outbound.
#![cfg(all(feature = "fs", feature = "http", target_os = "linux"))]

#[path = "../examples/aws_wire/mod.rs"]
mod aws_wire;
