//! The scanner against a second opinion: `serde_json`, and arithmetic done slowly.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::panic,
    reason = "what ought to hold for every generated document fails the test if it does not"
)]

mod documents;
mod numbers;
mod reference;
mod scanning;
mod values;
