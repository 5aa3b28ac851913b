//! The law is `oidc_fuzz::verify`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(verify);
