//! The law is `oidc_fuzz::subject`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(subject);
