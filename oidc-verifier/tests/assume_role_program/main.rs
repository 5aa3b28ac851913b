//! The example `assume_role`: in process with a clock of its own, and as a program.
#![cfg(all(any(feature = "aws-lc-rs", feature = "ring"), unix))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    clippy::string_slice,
    clippy::too_many_lines,
    reason = "helpers and tables of a test program, which starts processes and looks at files"
)]

#[path = "../../examples/assume_role/arguments.rs"]
mod arguments;
#[path = "../../../oidc-issuer/examples/aws_wire/mod.rs"]
mod aws_wire;
#[expect(
    dead_code,
    reason = "its limit of bytes is for the file, which the program reads"
)]
#[path = "../../examples/assume_role/configuration.rs"]
mod configuration;
#[path = "../../examples/assume_role/decision.rs"]
mod decision;
#[path = "../../../oidc-issuer/tests/example_program/mod.rs"]
mod example_program;
#[path = "../../../oidc-issuer/tests/folder/mod.rs"]
mod folder;
#[expect(dead_code, reason = "it is the program that writes to standard error")]
#[path = "../../examples/assume_role/log.rs"]
mod log;
#[path = "../../examples/secrets_exchange/named.rs"]
mod named;
#[path = "../../../oidc-issuer/examples/serving/report.rs"]
mod report;
#[path = "../../examples/assume_role/request.rs"]
mod request;
#[path = "../../examples/assume_role/role_arn.rs"]
mod role_arn;
#[expect(dead_code, reason = "the program shuts down what it started")]
#[path = "../../examples/assume_role/service.rs"]
mod service;
#[path = "../../examples/assume_role/session_policy.rs"]
mod session_policy;
#[path = "../../examples/assume_role/sessions.rs"]
mod sessions;
#[path = "../../examples/assume_role/state.rs"]
mod state;
#[path = "../support/mod.rs"]
mod support;

#[path = "../http_site/mod.rs"]
mod http_site;
#[path = "../http_world/mod.rs"]
mod http_world;

mod clients;
mod credentials;
mod decisions;
mod keys;
mod limits;
mod live;
mod malformed;
mod program;
mod setup;
mod world;
