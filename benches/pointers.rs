//! P9: pointers over bytes.

use std::hint::black_box;

use jsonptr::{Pointer, PointerSet, ScanBuffer, ScanLimits};
use sonic_rs::{PointerNode, PointerTree};

use crate::documents::{Shape, with_memberships};
use crate::race::Race;
use crate::report::{Figure, Goal, time};
use crate::{Failure, Report};

const IAT: i64 = 1_790_000_000;
const EXP: i64 = 1_790_000_300;

pub(crate) fn run(report: &mut Report) -> Result<(), Failure> {
    let large = Shape::Large.pointers();
    for (name, document, pointers, over_sonic, over_serde) in [
        (
            "AWS-shaped",
            Shape::Aws.payload(IAT, EXP),
            Shape::Aws.pointers(),
            1.8,
            Goal::AtLeast(5.0),
        ),
        (
            "GitHub-shaped",
            Shape::GitHub.payload(IAT, EXP),
            Shape::GitHub.pointers(),
            1.8,
            Goal::AtLeast(5.0),
        ),
        (
            "16 kB",
            with_memberships(IAT, EXP, 16_000),
            large,
            1.25,
            Goal::None,
        ),
        (
            "100 kB",
            with_memberships(IAT, EXP, 100_000),
            large,
            1.25,
            Goal::None,
        ),
        (
            "1 MB",
            with_memberships(IAT, EXP, 1_000_000),
            large,
            1.25,
            Goal::None,
        ),
    ] {
        let race = against_peers(&document, &pointers)?;
        let gigabytes = f64::from(u32::try_from(document.len())?) / race.nanoseconds(0);
        report.row(
            &format!("P9 {name}, times as fast as sonic-rs get_many"),
            Goal::AtLeast(over_sonic),
            Figure::Ratio(race.ratio(1, 0)),
            &format!(
                "{} against {}; {gigabytes:.2} GB/s",
                time(race.nanoseconds(0)),
                time(race.nanoseconds(1)),
            ),
        );
        report.row(
            &format!("P9 {name}, times as fast as serde_json parse and pointer"),
            over_serde,
            Figure::Ratio(race.ratio(2, 0)),
            &format!("against {}", time(race.nanoseconds(2))),
        );
        let race = sixteen_against_one(&document, pointers[4])?;
        report.row(
            &format!("P9 {name}, 16 pointers over one"),
            Goal::AtMost(1.3),
            Figure::Ratio(race.ratio(0, 1)),
            &format!(
                "{} over {}",
                time(race.nanoseconds(0)),
                time(race.nanoseconds(1))
            ),
        );
    }
    Ok(())
}

/// This project, `sonic-rs`, `serde_json`. The last pointer stands at the document's end, so that
/// `get_many` reads as far as the others.
fn against_peers(document: &str, pointers: &[&str; 5]) -> Result<Race, Failure> {
    let set = set(pointers)?;
    let limits = limits();
    let mut buffer = ScanBuffer::new();
    set.scan_into(document.as_bytes(), &limits, &mut buffer)?;
    if (0..pointers.len()).any(|index| buffer.get(document, index).is_none()) {
        return Err("a pointer finds nothing".into());
    }
    let tree = tree(pointers)?;
    if sonic_rs::get_many(document.as_bytes(), &tree)?
        .iter()
        .any(Option::is_none)
    {
        return Err("a pointer finds nothing in sonic-rs".into());
    }

    let mut ours = || {
        let json = black_box(document.as_bytes());
        black_box(set.scan_into(json, &limits, &mut buffer).is_ok());
        black_box(&buffer);
    };
    let mut sonic = || {
        black_box(sonic_rs::get_many(black_box(document.as_bytes()), &tree).ok());
    };
    let mut serde = || {
        let json = black_box(document.as_bytes());
        if let Ok(value) = serde_json::from_slice::<serde_json::Value>(json) {
            for pointer in pointers {
                black_box(value.pointer(pointer));
            }
        }
    };
    Ok(Race::run(&mut [&mut ours, &mut sonic, &mut serde]))
}

fn sixteen_against_one(document: &str, last: &str) -> Result<Race, Failure> {
    // Sixteen members of the document itself, spread over it.
    let tree: serde_json::Value = serde_json::from_str(document)?;
    let mut names = Vec::new();
    collect(&tree, "", &mut names);
    let step = names.len().div_ceil(15).max(1);
    let mut sixteen: Vec<&str> = names.iter().step_by(step).map(String::as_str).collect();
    sixteen.resize(15, "/not/there");
    sixteen.push(last);

    let (many, one) = (set(&sixteen)?, set(&[last])?);
    let limits = limits();
    let (mut for_many, mut for_one) = (ScanBuffer::new(), ScanBuffer::new());
    let mut scan_many = || {
        let json = black_box(document.as_bytes());
        black_box(many.scan_into(json, &limits, &mut for_many).is_ok());
    };
    let mut scan_one = || {
        let json = black_box(document.as_bytes());
        black_box(one.scan_into(json, &limits, &mut for_one).is_ok());
    };
    Ok(Race::run(&mut [&mut scan_many, &mut scan_one]))
}

/// The pointers of the members of `value` and of the objects in it.
fn collect(value: &serde_json::Value, at: &str, names: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flatten() {
        let pointer = format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"));
        collect(value, &pointer, names);
        names.push(pointer);
    }
}

fn set(pointers: &[&str]) -> Result<PointerSet, Failure> {
    let pointers: Result<Vec<_>, _> = pointers.iter().map(|text| Pointer::parse(text)).collect();
    Ok(PointerSet::new(pointers?)?)
}

fn tree(pointers: &[&str]) -> Result<PointerTree, Failure> {
    let mut tree = PointerTree::new();
    for text in pointers {
        let nodes: Vec<PointerNode> = Pointer::parse(text)?
            .tokens()
            .map(|token| match token.array_index() {
                Some(index) => PointerNode::Index(index),
                None => PointerNode::Key(token.decoded().into_owned().into()),
            })
            .collect();
        tree.add_path(nodes.iter());
    }
    Ok(tree)
}

/// The default limits, but for the length of an array: the largest document is one of groups.
const fn limits() -> ScanLimits {
    ScanLimits::new().max_elements(1 << 20)
}
