//! What it costs to judge a value, counted in steps.

use jsonptr::{Located, Pattern};

/// Bytes that one step reads.
const STEP_BYTES: usize = 64;

/// One step for each comparison, and one for each 64 bytes that it reads: what a condition asks for
/// any value is known before one comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cost {
    /// For any value.
    steps: usize,
    /// For each 64 bytes of the value.
    steps_per_block: usize,
}

impl Cost {
    /// Reading the value once.
    pub(super) const READING: Self = Self {
        steps: 0,
        steps_per_block: 1,
    };

    /// So many steps, whatever the value is.
    pub(super) const fn steps(steps: usize) -> Self {
        Self {
            steps,
            steps_per_block: 0,
        }
    }

    /// Reading the value as often as the pattern has blocks.
    pub(super) fn matching(pattern: &Pattern) -> Self {
        Self {
            steps: 0,
            steps_per_block: blocks(pattern.as_str().len()),
        }
    }

    /// Both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            steps: self.steps.saturating_add(other.steps),
            steps_per_block: self.steps_per_block.saturating_add(other.steps_per_block),
        }
    }

    /// The steps for this value.
    #[inline]
    pub(super) fn of(self, value: Located<'_>) -> usize {
        let reading = self
            .steps_per_block
            .saturating_mul(blocks(value.json().len()));
        reading.saturating_add(self.steps)
    }
}

/// Steps to read so many bytes.
#[inline]
pub(super) fn blocks(bytes: usize) -> usize {
    bytes.checked_div(STEP_BYTES).unwrap_or(0).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use jsonptr::{Pointer, PointerSet};

    use super::*;

    fn steps(cost: Cost, bytes: usize) -> usize {
        let json = format!("\"{}\"", "a".repeat(bytes.saturating_sub(2)));
        let found = PointerSet::new([Pointer::ROOT]).unwrap();
        cost.of(found.scan(json.as_bytes()).unwrap().get(0).unwrap())
    }

    #[test]
    fn a_block_is_64_bytes_and_one_begun_counts() {
        let pattern = |bytes| Cost::matching(&Pattern::parse(&"b".repeat(bytes)).unwrap());
        for (cost, short, long) in [
            (Cost::steps(3), 3, 3),
            (Cost::READING, 1, 2),
            (Cost::READING.and(Cost::steps(3)), 4, 5),
            (pattern(63), 1, 2),
            (pattern(64), 2, 4),
            (Cost::READING.and(pattern(64)), 3, 6),
        ] {
            assert_eq!(
                (steps(cost, 63), steps(cost, 64)),
                (short, long),
                "{cost:?}"
            );
        }
    }
}
