//! What workload identity costs, as ratios: to the bare signature of the same backend, and to named
//! peers on the same bytes.
//!
//! A ratio within one run means the same on any machine; a time does not, so times are printed as
//! information only. `cargo bench -p oidc-benches` prints the report; its README says how it is
//! measured.

mod bare;
mod cache;
mod documents;
mod instructions;
mod jwt;
mod key_sets;
mod minting;
mod patterns;
mod pointers;
mod policies;
mod race;
mod refresh;
mod refusals;
mod report;
mod scenario;
mod signing;
mod verification;
mod world;

use std::error::Error;

pub use bare::BareCheck;
pub use report::Report;
pub use scenario::{Rules, Scenario};

/// Whatever went wrong: a bench only shows it and ends.
pub type Failure = Box<dyn Error + Send + Sync>;

/// One part of the report.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Section {
    /// The goals in it, in lower case, as they are asked for on the command line.
    pub goals: &'static [&'static str],
    /// What it measures.
    pub title: &'static str,
    run: fn(&mut Report, &str) -> Result<(), Failure>,
}

impl Section {
    /// Measures and prints. `count` is the path of the program of that name.
    ///
    /// # Errors
    ///
    /// What keeps it from measuring; a goal that is missed is none.
    pub fn print(&self, report: &mut Report, count: &str) -> Result<(), Failure> {
        Report::heading(self.goals, self.title);
        (self.run)(report, count)
    }
}

/// The parts of the report in their order.
pub const SECTIONS: &[Section] = &[
    Section {
        goals: &["p1", "p2"],
        title: "whole verification, over the bare check of its signature (P1) and over jsonwebtoken 11 (P2)",
        run: |report, _| verification::run(report),
    },
    Section {
        goals: &["p3", "p4"],
        title: "instructions of a verification beyond the bare check, counted by callgrind",
        run: instructions::run,
    },
    Section {
        goals: &["p5"],
        title: "heap allocations of a verification beyond the bare check, after the first",
        run: instructions::allocations,
    },
    Section {
        goals: &["p6"],
        title: "trust policies: instructions of a decision on a verified token",
        run: policies::run,
    },
    Section {
        goals: &["p7"],
        title: "refusals",
        run: |report, _| refusals::run(report),
    },
    Section {
        goals: &["p8"],
        title: "issuing a token, over its bare signature",
        run: |report, _| signing::run(report),
    },
    Section {
        goals: &["p9"],
        title: "pointers over bytes: strict, duplicate members refused",
        run: |report, _| pointers::run(report),
    },
    Section {
        goals: &["p12"],
        title: "patterns",
        run: |report, _| patterns::run(report),
    },
    Section {
        goals: &["p13"],
        title: "a JWK Set of 100 keys, from text to prepared keys",
        run: |report, _| key_sets::run(report),
    },
    Section {
        goals: &["p14"],
        title: "a token that the cache knows, over the hash of its bytes",
        run: |report, _| cache::run(report),
    },
    Section {
        goals: &["p17"],
        title: "a token by profile, template and ring; documents of many tenants",
        run: |report, _| minting::run(report),
    },
    Section {
        goals: &["p16"],
        title: "64 threads that verify on the cores there are, while keys are refreshed",
        run: |report, _| refresh::run(report),
    },
];
