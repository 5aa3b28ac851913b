//! A replay guard in the memory of one process.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use oidc_core::NumericDate;

use super::{Presented, ReplayGuard, ReplayUnavailable, TokenUse};

/// A [`ReplayGuard`] for a service of one process: it forgets everything when the process ends.
///
/// It holds at most as many tokens as its capacity, in some 160 bytes each. When it is full it admits
/// nothing new until one of them expires: what was used is never forgotten to make room.
///
/// Several threads seldom meet: the tokens are spread over [`SHARDS`](Self::SHARDS) locks, each held
/// for as long as it takes to look at one token and to drop those that have expired.
pub struct MemoryReplayGuard {
    capacity: usize,
    /// How many tokens all shards hold together.
    held: AtomicUsize,
    shards: [Mutex<Shard>; MemoryReplayGuard::SHARDS],
}

/// Some of the tokens.
#[derive(Default)]
struct Shard {
    ids: HashSet<[u8; 32]>,
    /// The same, the one that expires first on top.
    order: BinaryHeap<Reverse<(NumericDate, [u8; 32])>>,
    /// The latest time until which a token was to be remembered that is forgotten.
    ///
    /// INVARIANT: a token that is to be remembered for longer was not forgotten.
    forgotten_until: Option<NumericDate>,
}

impl MemoryReplayGuard {
    /// Tokens that a guard remembers unless another capacity is chosen: those of an hour at 27 a
    /// second, in 16 MB.
    pub const DEFAULT_CAPACITY: usize = 100_000;

    /// The highest capacity, 1.6 GB: whoever needs more needs a store.
    pub const MAX_CAPACITY: usize = 10_000_000;

    /// Parts with a lock each: more than the threads of a service that meet in one moment.
    pub const SHARDS: usize = 16;

    /// A guard of [`DEFAULT_CAPACITY`](Self::DEFAULT_CAPACITY) that remembers nothing yet.
    ///
    /// A service has one: two guards each admit a token once.
    pub fn new() -> Self {
        Self::of_capacity(Self::DEFAULT_CAPACITY)
    }

    /// A guard that remembers this many tokens.
    ///
    /// # Errors
    ///
    /// The capacity is zero, or above [`MAX_CAPACITY`](Self::MAX_CAPACITY).
    pub fn with_capacity(capacity: usize) -> Result<Self, CapacityOutOfBounds> {
        if (1..=Self::MAX_CAPACITY).contains(&capacity) {
            Ok(Self::of_capacity(capacity))
        } else {
            Err(CapacityOutOfBounds { capacity })
        }
    }

    fn of_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            held: AtomicUsize::new(0),
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }

    /// How many tokens it can remember.
    pub const fn capacity(&self) -> usize {
        self.capacity
    }

    /// How many tokens it remembers. Some may have expired and wait to be dropped.
    pub fn len(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether it remembers none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes one of the places, if one is free.
    fn take_place(&self) -> bool {
        let taken = |held: usize| held.checked_add(1).filter(|held| *held <= self.capacity);
        self.held
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, taken)
            .is_ok()
    }

    fn forget_expired(&self, shard: &mut Shard, now: NumericDate) {
        let forgotten = shard.forget_expired(now);
        self.held.fetch_sub(forgotten, Ordering::Relaxed);
    }

    /// Records the use in its shard; `None` if there is no room.
    fn try_record(
        &self,
        token: &TokenUse,
        now: NumericDate,
    ) -> Result<Option<Presented>, ReplayUnavailable> {
        let mut shard = lock(self.shard_of(token));
        self.forget_expired(&mut shard, now);
        if shard.ids.contains(token.id()) {
            return Ok(Some(Presented::Again));
        }
        if Some(token.until()) <= shard.forgotten_until {
            return Err(ReplayUnavailable::Forgotten);
        }
        if !self.take_place() {
            return Ok(None);
        }
        shard.ids.insert(*token.id());
        shard.order.push(Reverse((token.until(), *token.id())));
        Ok(Some(Presented::First))
    }

    fn shard_of(&self, token: &TokenUse) -> &Mutex<Shard> {
        let [first, ..] = &self.shards;
        let [byte, ..] = *token.id();
        let number = usize::from(byte) % Self::SHARDS;
        self.shards.get(number).unwrap_or(first)
    }
}

impl ReplayGuard for MemoryReplayGuard {
    fn record(&self, token: &TokenUse, now: NumericDate) -> Result<Presented, ReplayUnavailable> {
        if token.until() <= now {
            return Err(ReplayUnavailable::Forgotten);
        }
        if let Some(answer) = self.try_record(token, now)? {
            return Ok(answer);
        }
        // Full, as far as this shard knows: tokens of others may have expired.
        for shard in &self.shards {
            self.forget_expired(&mut lock(shard), now);
        }
        let capacity = self.capacity;
        self.try_record(token, now)?
            .ok_or(ReplayUnavailable::Full { capacity })
    }
}

impl Shard {
    /// Drops the tokens that verification refuses by now; answers how many.
    fn forget_expired(&mut self, now: NumericDate) -> usize {
        let mut forgotten = 0_usize;
        while let Some(&Reverse((until, id))) = self.order.peek()
            && until <= now
        {
            self.order.pop();
            self.ids.remove(&id);
            self.forgotten_until = self.forgotten_until.max(Some(until));
            forgotten = forgotten.saturating_add(1);
        }
        forgotten
    }
}

/// Nothing panics while a shard is locked, so it is whole even if its lock says otherwise.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for MemoryReplayGuard {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryReplayGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryReplayGuard")
            .field("capacity", &self.capacity)
            .field("held", &self.len())
            .finish_non_exhaustive()
    }
}

/// A capacity of zero admits nothing, and one above the limit is more memory than is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "capacity of {capacity} is not within 1 and {}",
    MemoryReplayGuard::MAX_CAPACITY
)]
#[non_exhaustive]
pub struct CapacityOutOfBounds {
    /// What was asked for.
    pub capacity: usize,
}

#[cfg(test)]
mod tests;
