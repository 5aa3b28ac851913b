//! `docs/adversarial-checklist.md` names tests: each of them exists.

#![expect(
    clippy::disallowed_methods,
    reason = "the test files that the checklist names are read"
)]

use std::collections::HashMap;
use std::fs;
use std::path::Path;

const CHECKLIST: &str = include_str!("../../docs/adversarial-checklist.md");

const CATALOGUE: [&str; 8] = [
    include_str!("attacks/algorithm.rs"),
    include_str!("attacks/claims.rs"),
    include_str!("attacks/harmless.rs"),
    include_str!("attacks/header.rs"),
    include_str!("attacks/json.rs"),
    include_str!("attacks/key_set.rs"),
    include_str!("attacks/serialisation.rs"),
    include_str!("attacks/signature.rs"),
];

/// The last cell of each row of the tables.
fn evidence() -> impl Iterator<Item = &'static str> {
    let rows = CHECKLIST.lines().filter(|line| line.starts_with("| "));
    rows.filter(|line| !line.starts_with("| attack |"))
        .filter_map(|line| line.trim_end_matches([' ', '|']).rsplit(" | ").next())
}

fn between<'t>(text: &'t str, mark: &'static str) -> impl Iterator<Item = &'t str> {
    text.split(mark).skip(1).step_by(2)
}

#[test]
fn every_line_of_the_checklist_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files: HashMap<&str, String> = HashMap::new();
    let mut named = 0;
    for cell in evidence() {
        let tests: Vec<_> = between(cell, "`")
            .filter_map(|name| name.split_once("::"))
            .collect();
        for (file, function) in &tests {
            let text = files
                .entry(file)
                .or_insert_with(|| fs::read_to_string(root.join(file)).unwrap_or_default());
            let start = format!("fn {function}(");
            let lines: Vec<&str> = text.lines().map(str::trim_start).collect();
            let is_test = |line: &&str| line.starts_with("#[test]") || line.contains("::test");
            // Other attributes may stand between.
            let found = lines.iter().enumerate().any(|(number, line)| {
                line.trim_start_matches("async ").starts_with(&start)
                    && lines[number.saturating_sub(6)..number].iter().any(is_test)
            });
            assert!(found, "no test `{function}` in `{file}`");
        }
        let classes: Vec<_> = between(cell, "*").collect();
        for class in &classes {
            let quoted = format!("\"{class}\"");
            assert!(
                CATALOGUE.iter().any(|file| file.contains(&quoted)),
                "no class {quoted}"
            );
        }
        assert!(
            !tests.is_empty() || !classes.is_empty(),
            "nothing is named: {cell}"
        );
        named += tests.len() + classes.len();
    }
    assert!(named > 100, "{named}");
}
