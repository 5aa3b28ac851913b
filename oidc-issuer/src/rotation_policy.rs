//! When keys change: the times that a rotation keeps, solved from what an operator knows.

mod duration_text;
mod error;
mod member;
mod plan;
mod policy;
mod settings;
mod solve;

pub use self::error::{Bound, Fix, RotationPolicyError, Rule};
pub use self::member::Member;
pub use self::plan::{MAX_PLAN_DAYS, PlannedState, PlannedTransition};
pub use self::policy::RotationPolicy;
pub use self::settings::RotationSettings;
