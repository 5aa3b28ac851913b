//! The law is `oidc_fuzz::jwk_set`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(jwk_set);
