//! How two patterns stand to each other, without a text.

use alloc::vec;
use alloc::vec::Vec;

use super::Pattern;
use super::syntax::{self, Element};

impl Pattern {
    /// Whether there is a text that both patterns match.
    ///
    /// The answer is exact. It costs a step for each pair of characters of the two.
    ///
    /// ```
    /// use jsonptr::Pattern;
    ///
    /// let branches = Pattern::parse("repo:acme/web:ref:*")?;
    /// assert!(branches.overlaps(&Pattern::parse("*:ref:refs/heads/main")?));
    /// assert!(!branches.overlaps(&Pattern::parse("repo:acme/web:pull_request")?));
    /// # Ok::<(), jsonptr::PatternError>(())
    /// ```
    pub fn overlaps(&self, other: &Self) -> bool {
        let (own, others) = (self.steps(), other.steps());
        // Which steps of `other` are next where the steps of `self` up to here are done.
        let mut row = vec![false; others.len().saturating_add(1)];
        if let Some(first) = row.first_mut() {
            *first = true;
        }
        for step in own.iter().map(Some).chain([None]) {
            let mut next_row = vec![false; row.len()];
            for at in 0..row.len() {
                if !row.get(at).copied().unwrap_or_default() {
                    continue;
                }
                let after = at.saturating_add(1);
                let other = others.get(at);
                if other.is_some_and(|other| other.repeats) {
                    mark(&mut row, after);
                }
                let Some(step) = step else { continue };
                if step.repeats {
                    mark(&mut next_row, at);
                }
                // One character that both take.
                let Some(other) = other.filter(|other| step.class.overlaps(other.class)) else {
                    continue;
                };
                match (step.repeats, other.repeats) {
                    (false, false) => mark(&mut next_row, after),
                    (false, true) => mark(&mut next_row, at),
                    (true, false) => mark(&mut row, after),
                    (true, true) => {}
                }
            }
            if step.is_none() {
                break;
            }
            row = next_row;
        }
        row.last().copied().unwrap_or_default()
    }

    /// Whether every text that `other` matches is matched by this pattern too.
    ///
    /// `true` is certain. `false` may also mean that it cannot be told: `*?` and `?*` match the same
    /// texts, and neither is said to cover the other. It costs a step for each pair of characters of
    /// the two.
    ///
    /// ```
    /// use jsonptr::Pattern;
    ///
    /// let all_of_acme = Pattern::parse("repo:acme/*")?;
    /// assert!(all_of_acme.covers(&Pattern::parse("repo:acme/web:ref:*")?));
    /// assert!(!all_of_acme.covers(&Pattern::parse("repo:acme*")?));
    /// # Ok::<(), jsonptr::PatternError>(())
    /// ```
    pub fn covers(&self, other: &Self) -> bool {
        let own = self.steps();
        let mut reached = vec![false; own.len().saturating_add(1)];
        mark(&mut reached, 0);
        skip_runs(&own, &mut reached);
        // A run of `other` counts as one character that only a run can take, and keep.
        for other in other.steps() {
            let mut next = vec![false; reached.len()];
            for (at, step) in own.iter().enumerate() {
                if !reached.get(at).copied().unwrap_or_default()
                    || !step.class.contains(other.class)
                {
                    continue;
                }
                if step.repeats {
                    mark(&mut next, at);
                } else if !other.repeats {
                    mark(&mut next, at.saturating_add(1));
                }
            }
            skip_runs(&own, &mut next);
            reached = next;
        }
        reached.last().copied().unwrap_or_default()
    }

    fn steps(&self) -> Vec<Step> {
        // INVARIANT: the source was read when the pattern was made.
        let elements = syntax::read(&self.source, self.separator.is_some()).unwrap_or_default();
        let but_separator = self.separator.map_or(Class::Any, Class::AnyBut);
        elements
            .into_iter()
            .map(|element| match element {
                Element::Char(char) => Step::new(Class::Only(char), false),
                Element::One => Step::new(but_separator, false),
                Element::Run => Step::new(Class::Any, true),
                Element::RunInSegment => Step::new(but_separator, true),
            })
            .collect()
    }
}

/// One element: which characters it takes, and whether any number of them.
#[derive(Clone, Copy)]
struct Step {
    class: Class,
    repeats: bool,
}

impl Step {
    const fn new(class: Class, repeats: bool) -> Self {
        Self { class, repeats }
    }
}

#[derive(Clone, Copy)]
enum Class {
    Only(char),
    Any,
    AnyBut(char),
}

impl Class {
    fn overlaps(self, other: Self) -> bool {
        match (self, other) {
            (Self::Only(own), Self::Only(other)) => own == other,
            (Self::Only(only), Self::AnyBut(not)) | (Self::AnyBut(not), Self::Only(only)) => {
                only != not
            }
            (Self::Any | Self::AnyBut(_), Self::Any | Self::AnyBut(_))
            | (Self::Any, Self::Only(_))
            | (Self::Only(_), Self::Any) => true,
        }
    }

    fn contains(self, other: Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Only(own), Self::Only(other)) | (Self::AnyBut(own), Self::AnyBut(other)) => {
                own == other
            }
            (Self::AnyBut(not), Self::Only(only)) => only != not,
            (Self::Only(_), Self::Any | Self::AnyBut(_)) | (Self::AnyBut(_), Self::Any) => false,
        }
    }
}

fn mark(row: &mut [bool], at: usize) {
    if let Some(cell) = row.get_mut(at) {
        *cell = true;
    }
}

/// A run may take nothing.
fn skip_runs(steps: &[Step], reached: &mut [bool]) {
    for (at, step) in steps.iter().enumerate() {
        if step.repeats && reached.get(at).copied().unwrap_or_default() {
            mark(reached, at.saturating_add(1));
        }
    }
}
