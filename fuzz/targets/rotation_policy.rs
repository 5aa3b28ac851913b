//! The law is `oidc_fuzz::rotation_policy`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(rotation_policy);
