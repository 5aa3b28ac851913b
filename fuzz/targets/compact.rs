//! The law is `oidc_fuzz::compact`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(compact);
