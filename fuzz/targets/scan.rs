//! The law is `oidc_fuzz::scan`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(scan);
