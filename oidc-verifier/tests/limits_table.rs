//! The table of limits in `SECURITY.md` names constants: each of them exists, and is public.

#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the sources that the table speaks of are read"
)]

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

const SECURITY: &str = include_str!("../../SECURITY.md");

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let inside = folders.iter().flat_map(|folder| sources(folder));
    files.into_iter().chain(inside).collect()
}

/// The name of each `pub const` of the four crates.
fn constants() -> HashSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let crates = ["jsonptr", "oidc-core", "oidc-issuer", "oidc-verifier"];
    let files = crates
        .iter()
        .flat_map(|name| sources(&root.join(name).join("src")));
    let name = |line: &str| {
        let (name, _) = line
            .trim_start()
            .strip_prefix("pub const ")?
            .split_once(':')?;
        Some(name.to_owned())
    };
    files
        .flat_map(|file| {
            let text = fs::read_to_string(file).unwrap();
            text.lines().filter_map(name).collect::<Vec<_>>()
        })
        .collect()
}

/// The last cell of each row of the table.
fn cells() -> impl Iterator<Item = &'static str> {
    let (_, limits) = SECURITY.split_once("\n## Limits\n").unwrap();
    let (limits, _) = limits.split_once("\n## ").unwrap();
    let rows = limits.lines().filter(|line| line.starts_with("| "));
    rows.skip(1)
        .filter_map(|line| line.trim_end_matches([' ', '|']).rsplit(" | ").next())
}

#[test]
fn every_constant_of_the_table_exists() {
    let constants = constants();
    let mut named = 0;
    for cell in cells() {
        for path in cell.split('`').skip(1).step_by(2) {
            let name = path.rsplit("::").next().unwrap();
            if name.contains(|character: char| character.is_ascii_lowercase()) {
                continue;
            }
            assert!(constants.contains(name), "no constant `{path}`: {cell}");
            named += 1;
        }
    }
    assert!(named > 80, "{named}");
}
