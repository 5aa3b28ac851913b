//! What is outside of a replica: the store, the private keys, the public address, the consumers.

use std::collections::{BTreeMap, BTreeSet};

use oidc_core::{Algorithm, Jwk};
use oidc_issuer::{Commit, KeyRing, RotationState, StateName, Version};

use super::random::Random;

/// A store that fails, loses acknowledgements, and sometimes lies.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(crate) state: Option<RotationState>,
    version: u64,
    before: Option<RotationState>,
    /// It fails one call in so many; never when zero.
    pub(crate) fails_once_in: u64,
    /// It acknowledges one commit in so many without making it; never when zero.
    pub(crate) lies_once_in: u64,
}

/// What a commit came to, as the replica sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Acknowledged,
    Conflict,
    Unknown,
}

impl Store {
    pub(crate) fn load(&self, random: &mut Random) -> Result<Option<(RotationState, Version)>, ()> {
        if self.fails(random) {
            return Err(());
        }
        let version = Version::new(self.version.to_string());
        Ok(self.state.clone().map(|state| (state, version)))
    }

    pub(crate) fn commit(&mut self, commit: &Commit, random: &mut Random) -> Outcome {
        if self.fails(random) {
            return Outcome::Unknown;
        }
        let there = self
            .state
            .as_ref()
            .map(|_| Version::new(self.version.to_string()));
        if there != commit.expected {
            return Outcome::Conflict;
        }
        if self.lies_once_in > 0 && random.once_in(self.lies_once_in) {
            return Outcome::Acknowledged;
        }
        self.version += 1;
        self.before = self.state.take();
        self.state = Some((*commit.state).clone());
        if self.fails(random) {
            return Outcome::Unknown;
        }
        Outcome::Acknowledged
    }

    /// Goes back by one write, as a failover of a database that replicates late does. Not past a
    /// revocation, a standby that was missed, or the first start: of those nobody can know who has
    /// not read it.
    pub(crate) fn lose_last(&mut self) -> bool {
        let Some(before) = self.before.take() else {
            return false;
        };
        let revoked = |state: &RotationState| {
            let keys = state.rings().iter().flat_map(KeyRing::keys);
            keys.filter(|key| key.state().name() == StateName::Revoked)
                .count()
        };
        let signs = |state: &RotationState| {
            let keys = state.rings().iter().flat_map(KeyRing::keys);
            keys.filter(|key| key.reserved_until().is_some()).count() > 0
        };
        let unseen = |state: &RotationState| {
            let keys = state.rings().iter().flat_map(KeyRing::keys);
            let staged = keys.filter(|key| key.state().name() == StateName::Staged);
            staged
                .map(|key| key.kid().to_owned())
                .collect::<BTreeSet<_>>()
        };
        let lost = self.state.as_ref();
        let missed = lost.map(unseen).unwrap_or_default();
        let was_seen = |kid: &String| before.key(kid).is_some() && !unseen(&before).contains(kid);
        let revocation = lost.map(revoked) != Some(revoked(&before));
        if revocation || !signs(&before) || missed.iter().any(was_seen) {
            return false;
        }
        self.state = Some(before);
        self.version += 1;
        true
    }

    fn fails(&self, random: &mut Random) -> bool {
        self.fails_once_in > 0 && random.once_in(self.fails_once_in)
    }
}

/// What the world sees at one moment.
pub(crate) type Page = Vec<Jwk>;

/// A public address: slow, and at times it shows an older page.
#[derive(Debug, Default)]
pub(crate) struct Site {
    /// Pages and when they come into sight, in the order in which they were put there.
    pages: Vec<(i64, Page)>,
    /// While set, this older page is shown.
    pub(crate) flap: Option<Page>,
}

impl Site {
    pub(crate) fn put(&mut self, page: Page, visible_at: i64) {
        self.pages.push((visible_at, page));
    }

    /// What is shown now: the last page that has come into sight.
    pub(crate) fn page(&mut self, now: i64) -> Option<&Page> {
        let newest = self.pages.iter().rposition(|(at, _)| *at <= now);
        if let Some(newest) = newest {
            // One that was put there earlier and came later is overtaken.
            self.pages.drain(..newest.saturating_sub(3));
        }
        if self.flap.is_some() {
            return self.flap.as_ref();
        }
        let newest = self.pages.iter().rev().find(|(at, _)| *at <= now)?;
        Some(&newest.1)
    }

    /// A page that was shown before the present one.
    pub(crate) fn older_page(&self, now: i64) -> Option<Page> {
        let shown: Vec<_> = self.pages.iter().filter(|(at, _)| *at <= now).collect();
        let older = shown.len().checked_sub(2)?;
        Some(shown[older].1.clone())
    }
}

/// How a consumer decides when to fetch the JWK Set: the behaviours of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Habit {
    /// Honours `Cache-Control`, through all shared caches, and fetches for an unknown id too.
    Honouring,
    /// Honours `Cache-Control`, and waits for it: no fetch for an unknown id.
    Patient,
    /// Holds it for a time of its own, no fetch for an unknown id.
    HardCoded,
    /// Holds it for a time of its own, and fetches for an unknown id at most every five minutes.
    Curious,
}

#[derive(Debug)]
pub(crate) struct Consumer {
    pub(crate) habit: Habit,
    holds: i64,
    copy: Option<(Page, i64)>,
    forced: i64,
}

impl Consumer {
    pub(crate) fn new(habit: Habit, cache_life: i64, own_life: i64) -> Consumer {
        let holds = match habit {
            Habit::Honouring | Habit::Patient => cache_life,
            Habit::HardCoded | Habit::Curious => own_life,
        };
        Consumer {
            habit,
            holds,
            copy: None,
            forced: 0,
        }
    }

    /// Fetches if it must, and sometimes if it need not.
    pub(crate) fn live(&mut self, site: &mut Site, now: i64, random: &mut Random) {
        let old = self
            .copy
            .as_ref()
            .is_none_or(|(_, at)| now - at > self.holds);
        if old || random.once_in(12) {
            self.copy = site.page(now).cloned().map(|page| (page, now));
        }
    }

    /// Whether it knows the key, perhaps after a fetch for its sake.
    pub(crate) fn knows(&mut self, kid: &str, site: &mut Site, now: i64) -> bool {
        if self.has(kid) {
            return true;
        }
        let pause = match self.habit {
            Habit::Honouring => 30,
            Habit::Curious => 300,
            Habit::Patient | Habit::HardCoded => return false,
        };
        if now - self.forced >= pause {
            self.forced = now;
            self.copy = site.page(now).cloned().map(|page| (page, now));
        }
        self.has(kid)
    }

    fn has(&self, kid: &str) -> bool {
        let copy = self.copy.iter().flat_map(|(page, _)| page);
        copy.into_iter().any(|key| key.kid() == Some(kid))
    }
}

/// Private halves: there, or destroyed.
#[derive(Debug, Default)]
pub(crate) struct Vault(pub(crate) BTreeMap<String, bool>);

impl Vault {
    pub(crate) fn has(&self, kid: &str) -> bool {
        self.0.get(kid).copied().unwrap_or(false)
    }
}

/// The algorithm of the one ring.
pub(crate) const ED: Algorithm = Algorithm::EdDsa;
