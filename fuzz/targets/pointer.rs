//! The law is `oidc_fuzz::pointer`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(pointer);
