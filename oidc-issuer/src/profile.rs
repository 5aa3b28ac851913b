//! Issuers that the world knows: what they accept, and what their tokens say.
//!
//! A profile turns a request in the terms of one such issuer into a [`TokenSpec`](crate::TokenSpec),
//! within that issuer's limits and with its errors. It signs nothing and knows no key:
//! [`Issuer::issue`](crate::Issuer::issue) does the rest.
//!
//! | profile | whose tokens |
//! |---|---|
//! | [`aws_outbound`] | AWS IAM outbound federation, `sts:GetWebIdentityToken` |
//! | [`circleci`] | CircleCI jobs, per-organisation and root issuer |
//! | [`diridp`] | directories of a machine that become subjects |
//! | [`ci`] | a CI system of your own, described as data |

pub mod aws_outbound;
pub mod ci;
pub mod circleci;
pub mod diridp;
mod go_duration;

pub use self::go_duration::{GoDurationError, parse_go_duration};
