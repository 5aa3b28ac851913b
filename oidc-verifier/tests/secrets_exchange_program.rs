//! The program `secrets_exchange`: Doppler's exchange of tokens, in process under a clock of the test's
//! own, and as a process of its own that is killed. The wire is that of Doppler's command line
//! (`doppler oidc login`, `doppler oidc logout`) and its HTTP API.
#![cfg(all(any(feature = "aws-lc-rs", feature = "ring"), target_os = "linux"))]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "helpers of a test program, which starts processes and looks at files"
)]

mod http_site;
mod http_world;
mod support;

#[path = "../examples/secrets_exchange/access_token.rs"]
mod access_token;
#[path = "../examples/secrets_exchange/answers.rs"]
mod answers;
#[path = "../examples/secrets_exchange/arguments.rs"]
mod arguments;
#[path = "../examples/secrets_exchange/configuration.rs"]
mod configuration;
#[path = "../examples/secrets_exchange/credentials.rs"]
mod credentials;
#[path = "../examples/secrets_exchange/database.rs"]
mod database;
#[path = "../examples/secrets_exchange/identity_id.rs"]
mod identity_id;
#[path = "../examples/secrets_exchange/ledger.rs"]
mod ledger;
#[path = "../../oidc-issuer/examples/serving/log.rs"]
mod log;
#[path = "../examples/secrets_exchange/named.rs"]
mod named;
#[path = "../examples/secrets_exchange/query.rs"]
mod query;
#[path = "../../oidc-issuer/examples/serving/report.rs"]
mod report;
#[path = "../examples/secrets_exchange/request_body.rs"]
mod request_body;
#[path = "../examples/secrets_exchange/secret.rs"]
mod secret;
#[path = "../examples/secrets_exchange/service.rs"]
mod service;
#[path = "../examples/secrets_exchange/unique.rs"]
mod unique;

#[path = "../../oidc-issuer/tests/example_program/mod.rs"]
mod example_program;
#[path = "../../oidc-issuer/tests/folder/mod.rs"]
mod folder;
#[path = "secrets_exchange/malformed.rs"]
mod malformed;
#[path = "secrets_exchange/process.rs"]
mod process;
#[path = "secrets_exchange/remembered.rs"]
mod remembered;
#[path = "secrets_exchange/semantics.rs"]
mod semantics;
#[path = "secrets_exchange/setup.rs"]
mod setup;
#[path = "secrets_exchange/wire.rs"]
mod wire;
#[path = "secrets_exchange/world.rs"]
mod world;
