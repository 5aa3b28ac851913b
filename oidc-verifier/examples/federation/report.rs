//! The table that the demonstration prints, and whether all was as expected.

use std::process::ExitCode;

#[derive(Debug, Default)]
pub(crate) struct Report {
    as_expected: Vec<bool>,
}

pub(crate) fn title(title: &str) {
    say!("\n{title}");
}

pub(crate) fn row(left: &str, right: &str) {
    say!("   {left:<64} {right}");
}

pub(crate) fn count_of_keys(count: usize) -> String {
    if count == 1 {
        "1 key".to_owned()
    } else {
        format!("{count} keys")
    }
}

impl Report {
    /// A row whose outcome is known beforehand.
    pub(crate) fn expect(&mut self, what: &str, expected: &str, outcome: &str) {
        row(what, outcome);
        self.as_expected.push(outcome == expected);
        if outcome != expected {
            say!("   ^^^ expected: {expected}");
        }
    }

    pub(crate) fn finish(self) -> ExitCode {
        let checked = self.as_expected.len();
        let surprises = self
            .as_expected
            .iter()
            .filter(|as_expected| !**as_expected)
            .count();
        if surprises == 0 {
            say!("\nAll {checked} outcomes are as expected.");
            ExitCode::SUCCESS
        } else {
            say!("\n{surprises} of {checked} outcomes are NOT as expected.");
            ExitCode::FAILURE
        }
    }
}
