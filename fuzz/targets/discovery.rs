//! The law is `oidc_fuzz::discovery`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(discovery);
