//! The law is `oidc_fuzz::state_document`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(state_document);
