//! The members of a rotation document: what each means, and between which bounds it lies.

/// Writes the members once: as an enum, with names and bounds, as setters and as getters.
macro_rules! members {
    ($(
        $(#[$doc:meta])*
        $variant:ident = $method:ident : $unit:ident, $min:expr, $max:expr;
    )*) => {
        /// A member of the rotation document, by its name in [`RotationSettings`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Member {
            $( $(#[$doc])* $variant, )*
        }

        impl Member {
            /// Every member, in the order of the document.
            pub const ALL: &'static [Member] = &[$( Member::$variant ),*];

            /// The name in the document, in `snake_case`.
            pub const fn name(self) -> &'static str {
                match self { $( Member::$variant => stringify!($method), )* }
            }

            /// The smallest and the largest value, in seconds or as a count.
            pub const fn bounds(self) -> (u64, u64) {
                match self { $( Member::$variant => ($min, $max), )* }
            }

            pub(super) const fn unit(self) -> Unit {
                match self { $( Member::$variant => Unit::$unit, )* }
            }
        }

        impl RotationSettings {
            $(
                $(#[$doc])*
                pub fn $method(self, value: members!(@type $unit)) -> RotationSettings {
                    self.with(Member::$variant, value.amount())
                }
            )*
        }

        impl RotationPolicy {
            $( members!(@getter $unit, $method, $(#[$doc])*); )*
        }

        /// One value for each member.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub(super) struct Values<T> {
            $( pub(super) $method: T, )*
        }

        impl<T: Copy> Values<T> {
            pub(super) fn get(&self, member: Member) -> T {
                match member { $( Member::$variant => self.$method, )* }
            }

            pub(super) fn set(&mut self, member: Member, value: T) {
                match member { $( Member::$variant => self.$method = value, )* }
            }
        }
    };
    (@type Count) => { u8 };
    (@type Seconds) => { Duration };
    (@getter Count, $method:ident, $(#[$doc:meta])*) => {
        $(#[$doc])*
        pub fn $method(&self) -> u8 {
            u8::try_from(self.values().$method).unwrap_or(u8::MAX)
        }
    };
    (@getter Seconds, $method:ident, $(#[$doc:meta])*) => {
        $(#[$doc])*
        pub fn $method(&self) -> Duration {
            Duration::from_secs(self.values().$method)
        }
    };
}

use std::time::Duration;

use super::policy::RotationPolicy;
use super::settings::RotationSettings;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// What a member is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    Seconds,
}

/// A value of a setter, as the number that is kept.
trait Amount {
    fn amount(self) -> u64;
}

impl Amount for u8 {
    fn amount(self) -> u64 {
        self.into()
    }
}

/// A fraction of a second is cut off.
impl Amount for Duration {
    fn amount(self) -> u64 {
        self.as_secs()
    }
}

members! {
    /// T: how long a key signs before its successor takes over. Default 7 days.
    Period = period: Seconds, HOUR, 400 * DAY;
    /// L: the longest lifetime of a token. Default an hour, or what `publish_after` leaves room for.
    TokenLifetime = token_lifetime: Seconds, MINUTE, DAY;
    /// The `max-age` that the JWK Set is served with. Default 10 minutes, or what
    /// `jwks_cache_life` or `distrust_within` asks for.
    JwksMaxAge = jwks_max_age: Seconds, MINUTE, HOUR;
    /// How many shared caches stand between the issuer and a consumer. Each may add a whole
    /// `max-age` to the life of a copy. Default 1.
    SharedCaches = shared_caches: Count, 0, 4;
    /// J: the longest time that a consumer who honours `Cache-Control` holds a JWK Set. Default
    /// `jwks_max_age` times `shared_caches` and one more.
    JwksCacheLife = jwks_cache_life: Seconds, MINUTE, DAY;
    /// K: the longest time that a consumer who decides for itself holds a JWK Set. Default 24 hours:
    /// what Entra tells verifiers, and twice what libraries that refresh by the clock do.
    ConsumerCacheLife = consumer_cache_life: Seconds, 0, 365 * DAY;
    /// The `max-age` that the discovery document is served with. Default an hour.
    DiscoveryMaxAge = discovery_max_age: Seconds, MINUTE, DAY;
    /// How long a new algorithm stands in the discovery document before its first token. Default
    /// the life of that document in caches, plus `propagation` and `clock_error`.
    DiscoveryBefore = discovery_before: Seconds, MINUTE, 400 * DAY;
    /// How long a key has been seen in public before it signs. Default J or K, whichever is longer,
    /// plus `clock_error`.
    PublishBefore = publish_before: Seconds, MINUTE, 390 * DAY;
    /// P: how long a change takes from the state to the public address. Default a minute.
    Propagation = propagation: Seconds, 0, DAY;
    /// E: the most that two clocks of the issuer differ. Default a minute. A larger difference
    /// freezes what cannot be undone.
    ClockError = clock_error: Seconds, 1, HOUR;
    /// S: the leeway that consumers allow on `exp`. Default 5 minutes, the ceiling of common libraries.
    VerifierLeeway = verifier_leeway: Seconds, 0, HOUR;
    /// R: how old a signer's view of the state may be. Past it, it refuses to sign. Default a
    /// minute, for a local store; take 5 minutes for a remote one.
    Staleness = staleness: Seconds, 2, DAY;
    /// How often a signer reads the state. Default 10 seconds, or half of `staleness`.
    PollInterval = poll_interval: Seconds, 1, HOUR;
    /// D: the longest time from choosing a key to releasing the token. Default 5 seconds, for a
    /// remote signer and its retries.
    SigningDelay = signing_delay: Seconds, 0, 5 * MINUTE;
    /// How long a key that signs no more stays published. Default L, R and D, and 15 minutes or
    /// what leeway and clocks need.
    PublishAfter = publish_after: Seconds, MINUTE, 400 * DAY;
    /// How long after its last signature the private half is destroyed. Default R, D and E: when no
    /// signer can still hold it.
    DestroyAfter = destroy_after: Seconds, 1, 400 * DAY;
    /// How many keys wait, published and old enough, to take over. Default 1; 2 cover an emergency
    /// in the first day after a rotation.
    Standbys = standbys: Count, 1, 3;
    /// How many rings with the same type of key stand in one JWK Set. Default 1.
    Rings = rings: Count, 1, 100;
    /// How many keys of one type consumers take from one JWK Set: those of one full ring or more.
    /// Default 32; AWS refuses a set
    /// with more than 100.
    MaxKeys = max_keys: Count, 8, 100;
    /// The revocation objective: how soon every consumer that honours `Cache-Control` distrusts a
    /// revoked key. Default what follows from P and J.
    DistrustWithin = distrust_within: Seconds, MINUTE, 2 * DAY;
    /// When a workload replaces its token file, counted from the token's `iat`. Zero: tokens are
    /// asked for and not kept, the default where L leaves no room for it. Otherwise 80 % of L.
    TokenRefresh = token_refresh: Seconds, 0, DAY;
    /// How long the issuer may be down without a token file expiring. Default what L leaves.
    OutageBudget = outage_budget: Seconds, 0, DAY;
}

impl Member {
    /// The member of this name.
    pub(super) fn from_name(name: &str) -> Option<Member> {
        Member::ALL
            .iter()
            .copied()
            .find(|member| member.name() == name)
    }

    /// A fact about the world, which no edit of a document changes, rather than a choice.
    pub(super) const fn is_fact(self) -> bool {
        match self {
            Member::SharedCaches
            | Member::ConsumerCacheLife
            | Member::Propagation
            | Member::ClockError
            | Member::VerifierLeeway
            | Member::SigningDelay
            | Member::Rings
            | Member::MaxKeys => true,
            Member::Period
            | Member::TokenLifetime
            | Member::JwksMaxAge
            | Member::JwksCacheLife
            | Member::DiscoveryMaxAge
            | Member::DiscoveryBefore
            | Member::PublishBefore
            | Member::Staleness
            | Member::PollInterval
            | Member::PublishAfter
            | Member::DestroyAfter
            | Member::Standbys
            | Member::DistrustWithin
            | Member::TokenRefresh
            | Member::OutageBudget => false,
        }
    }

    /// A value of this member as the document writes it.
    pub(super) fn show(self, value: u64) -> String {
        match self.unit() {
            Unit::Count => value.to_string(),
            Unit::Seconds => super::duration_text::format(value),
        }
    }
}
