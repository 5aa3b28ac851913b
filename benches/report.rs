//! The table: a goal, what was measured, and whether it holds.

use std::fmt;

/// Prints one row after the other and remembers which goals were missed.
#[derive(Debug, Default)]
pub struct Report {
    missed: Vec<String>,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// No goal: the figure is there to be seen.
    None,
}

/// A figure with as many decimals as it deserves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Figure {
    /// A ratio.
    Ratio(f64),
    /// A ratio that is small: in percent.
    Percent(f64),
    /// A number of instructions or allocations.
    Count(f64),
    /// A few for each of many.
    Rate(f64),
}

impl Report {
    /// Begins a part with a heading of its own.
    pub(crate) fn heading(goals: &[&str], title: &str) {
        let goals = goals.join(", ").to_uppercase();
        println!("\n### {goals}: {title}\n");
        println!("| what | goal | measured | verdict | for information |");
        println!("|---|---:|---:|---|---|");
    }

    /// One row.
    pub(crate) fn row(&mut self, what: &str, goal: Goal, measured: Figure, remark: &str) {
        let holds = goal.holds(measured.value());
        let verdict = match goal {
            Goal::None => "",
            Goal::AtMost(_) | Goal::AtLeast(_) if holds => "holds",
            Goal::AtMost(_) | Goal::AtLeast(_) => "MISSED",
        };
        let bound = goal.with_value_of(measured);
        println!("| {what} | {bound} | {measured} | {verdict} | {remark} |");
        if !holds {
            self.missed.push(what.to_owned());
        }
    }

    /// A line in place of rows.
    pub(crate) fn skipped(why: &str) {
        println!("| skipped: {why} | | | | |");
    }

    /// What missed its goal.
    pub fn missed(&self) -> &[String] {
        &self.missed
    }
}

impl Goal {
    fn holds(self, value: f64) -> bool {
        match self {
            Goal::AtMost(bound) => value <= bound,
            Goal::AtLeast(bound) => value >= bound,
            Goal::None => true,
        }
    }

    /// The bound as text, written like the figure that it is for.
    fn with_value_of(self, figure: Figure) -> String {
        match self {
            Goal::AtMost(bound) => format!("≤ {}", figure.like(bound)),
            Goal::AtLeast(bound) => format!("≥ {}", figure.like(bound)),
            Goal::None => String::new(),
        }
    }
}

impl Figure {
    const fn value(self) -> f64 {
        match self {
            Figure::Ratio(value)
            | Figure::Percent(value)
            | Figure::Count(value)
            | Figure::Rate(value) => value,
        }
    }

    const fn like(self, value: f64) -> Figure {
        match self {
            Figure::Ratio(_) => Figure::Ratio(value),
            Figure::Percent(_) => Figure::Percent(value),
            Figure::Count(_) => Figure::Count(value),
            Figure::Rate(_) => Figure::Rate(value),
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Ratio(value) => write!(f, "{value:.3}"),
            Figure::Percent(value) => write!(f, "{:.2} %", value * 100.0),
            Figure::Count(value) => write!(f, "{value:.0}"),
            Figure::Rate(value) => write!(f, "{value:.1}"),
        }
    }
}

/// A time as a remark: in the unit that reads best.
pub(crate) fn time(nanoseconds: f64) -> String {
    if nanoseconds < 1e3 {
        format!("{nanoseconds:.0} ns")
    } else if nanoseconds < 1e6 {
        format!("{:.2} us", nanoseconds / 1e3)
    } else {
        format!("{:.2} ms", nanoseconds / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_holds_at_its_bound_and_not_past_it() {
        assert!(Goal::AtMost(1.5).holds(1.5) && !Goal::AtMost(1.5).holds(1.51));
        assert!(Goal::AtLeast(1.5).holds(1.5) && !Goal::AtLeast(1.5).holds(1.49));
        assert!(Goal::None.holds(f64::NAN));
        assert!(!Goal::AtMost(1.5).holds(f64::NAN) && !Goal::AtLeast(1.5).holds(f64::NAN));
    }

    #[test]
    fn figures_and_times_are_written_with_their_units() {
        assert_eq!(Figure::Ratio(1.0444).to_string(), "1.044");
        assert_eq!(Figure::Percent(0.005).to_string(), "0.50 %");
        assert_eq!(Figure::Count(6999.6).to_string(), "7000");
        assert_eq!(time(999.0), "999 ns");
        assert_eq!(time(14_200.0), "14.20 us");
        assert_eq!(time(2e6), "2.00 ms");
    }

    #[test]
    fn a_missed_goal_is_remembered() {
        let mut report = Report::default();
        report.row("in", Goal::AtMost(1.0), Figure::Ratio(1.0), "");
        report.row("out", Goal::AtMost(1.0), Figure::Ratio(1.1), "");
        assert_eq!(report.missed(), ["out"]);
    }
}
