//! The law is `oidc_fuzz::diridp_config`.
#![cfg_attr(fuzzing, no_main)]
oidc_fuzz::target!(diridp_config);
