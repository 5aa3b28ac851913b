//! What a person reads holds together: links lead somewhere, every page is found from the front page,
//! and the maps of the house name every room.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "pages and folders of the repository are read"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use oidc_verifier::policy::Policy;

const CRATES: [&str; 4] = ["jsonptr", "oidc-core", "oidc-issuer", "oidc-verifier"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// Every page of the project, by its path from the root.
fn pages() -> BTreeSet<String> {
    let mut pages = BTreeSet::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for name in names(&root().join(&folder)) {
            let path = format!("{folder}{name}");
            let is_folder = root().join(&path).is_dir();
            if is_folder && !name.starts_with('.') && path != "target" {
                folders.push(format!("{path}/"));
            } else if Path::new(&name).extension().is_some_and(|ext| ext == "md") {
                pages.insert(path);
            }
        }
    }
    pages
}

/// The lines of a page that are text and not code, without code between backticks.
fn prose(page: &str) -> String {
    let mut fence = None;
    let mut text = String::new();
    for line in page.lines() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            Some(opened) if ticks >= opened => fence = None,
            Some(_) => {}
            None => {
                text.extend(line.split('`').step_by(2));
                text.push('\n');
            }
        }
    }
    text
}

/// The names by which the headings of a page are linked.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut code = false;
    let mut anchors = BTreeSet::new();
    for line in page.lines() {
        if line.starts_with("```") {
            code = !code;
        }
        if let Some((_, heading)) = line.split_once("# ")
            && line.starts_with('#')
            && !code
        {
            let heading = heading.trim().to_lowercase();
            let kept = heading
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            anchors.insert(kept.map(|c| if c == ' ' { '-' } else { c }).collect());
        }
    }
    anchors
}

/// `docs/../README.md` is `README.md`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        if component == Component::ParentDir {
            assert!(normal.pop(), "{} leads out", path.display());
        } else {
            normal.push(component);
        }
    }
    normal
}

/// Where the links of a page lead inside the project: the path from the root, and the heading.
fn links(page: &str) -> Vec<(PathBuf, String)> {
    let text = prose(&read(&root().join(page)));
    let targets = text.split("](").skip(1);
    let targets = targets.filter_map(|rest| Some(rest.split_once(')')?.0));
    let inside = targets.filter(|target| !target.contains("://"));
    inside
        .map(|target| {
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = match path {
                "" => PathBuf::from(page),
                path => normal(&Path::new(page).parent().unwrap().join(path)),
            };
            (path, anchor.to_owned())
        })
        .collect()
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_of_it() {
    let mut followed = 0;
    for page in pages() {
        for (path, anchor) in links(&page) {
            let file = root().join(&path);
            assert!(file.exists(), "{page}: {}", path.display());
            if !anchor.is_empty() {
                let there = anchors(&read(&file)).contains(&anchor);
                assert!(there, "{page}: {}#{anchor}", path.display());
            }
            followed += 1;
        }
    }
    assert!(followed > 150, "{followed}");
}

/// Documentation is read without the repository: it names pages by their address there.
#[test]
fn every_address_of_a_page_leads_to_one() {
    let root = root();
    let manifest: toml::Table = toml::from_str(&read(&root.join("Cargo.toml"))).unwrap();
    let repository = manifest["workspace"]["package"]["repository"]
        .as_str()
        .unwrap();
    let address = format!("{repository}/blob/main/");
    let mut followed = 0;
    for file in CRATES
        .iter()
        .flat_map(|name| sources(&root.join(name).join("src")))
    {
        for rest in read(&file).split(&address).skip(1) {
            let path = rest.split(char::is_whitespace).next().unwrap();
            assert!(root.join(path).is_file(), "{}: {path}", file.display());
            followed += 1;
        }
    }
    assert!(followed > 10, "{followed}");
}

/// The files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let paths = names(folder).into_iter().map(|name| folder.join(name));
    let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    let below = folders.iter().flat_map(|folder| sources(folder));
    files.into_iter().chain(below).collect()
}

#[test]
fn every_page_is_found_from_the_front_page() {
    let mut found = BTreeSet::new();
    let mut next = vec!["README.md".to_owned()];
    while let Some(page) = next.pop() {
        let is_page = Path::new(&page).extension().is_some_and(|ext| ext == "md");
        if found.insert(page.clone()) && is_page {
            let linked = links(&page).into_iter();
            next.extend(linked.map(|(path, _)| path.to_str().unwrap().to_owned()));
        }
    }
    // The page of a crate is that of its folder.
    for folder in CRATES {
        assert!(found.contains(folder), "{folder}");
        found.insert(format!("{folder}/README.md"));
    }
    let lost: Vec<_> = pages().into_iter().filter(|p| !found.contains(p)).collect();
    assert_eq!(lost, Vec::<String>::new());
}

#[test]
fn the_index_of_the_how_tos_has_every_one() {
    let linked = links("docs/README.md");
    for page in pages().iter().filter(|page| page.starts_with("docs/")) {
        let is_linked = linked.iter().any(|(path, _)| path == Path::new(page));
        assert!(is_linked || page == "docs/README.md", "{page}");
    }
}

/// The doc tests of a crate include the page.
#[test]
fn every_page_with_rust_in_it_is_compiled() {
    let included: String = CRATES
        .iter()
        .map(|name| read(&root().join(name).join("src/lib.rs")))
        .collect();
    for page in pages() {
        if read(&root().join(&page)).contains("\n```rust") {
            let own = Path::new(&page).strip_prefix("docs").is_err() && page != "README.md";
            let path = if own {
                "../README.md"
            } else {
                &format!("../../{page}")
            };
            let include = format!("include_str!(\"{path}\")");
            assert!(included.contains(&include), "{page}: {include}");
        }
    }
}

/// What stands under a heading of `ARCHITECTURE.md`, up to the next.
fn section<'a>(architecture: &'a str, heading: &str) -> &'a str {
    let (_, section) = architecture.split_once(&format!("\n{heading}\n")).unwrap();
    section.split("\n#").next().unwrap()
}

#[test]
fn the_architecture_names_every_room_and_every_program() {
    let architecture = read(&root().join("ARCHITECTURE.md"));
    let programs = section(&architecture, "### The programs");
    for name in CRATES {
        let rooms = section(&architecture, &format!("### `{name}`"));
        for file in names(&root().join(name).join("src")) {
            let room = file.strip_suffix(".rs").unwrap_or(&file);
            let named = [format!("`{room}`"), format!("`{room}/`")];
            let is_named = named.iter().any(|name| rooms.contains(name));
            assert!(is_named || room == "lib", "{name}: {room}");
        }
        for file in names(&root().join(name).join("examples")) {
            let program = file.strip_suffix(".rs").unwrap_or(&file);
            assert!(programs.contains(&format!("`{program}`")), "{program}");
        }
    }
}

#[test]
fn the_page_on_fuzzing_has_the_law_of_every_target() {
    let page = read(&root().join("fuzz/README.md"));
    for file in names(&root().join("fuzz/targets")) {
        let target = file.strip_suffix(".rs").unwrap();
        assert!(page.contains(&format!("\n| `{target}` | ")), "{target}");
    }
}

#[test]
fn the_front_page_shows_what_the_walk_says() {
    let front_page = read(&root().join("README.md"));
    let (_, shown) = front_page.split_once("```sh\ndocs/walk.sh\n```\n").unwrap();
    let (_, shown) = shown.split_once("```text\n").unwrap();
    let (shown, _) = shown.split_once("```").unwrap();
    let script = read(&root().join("docs/walk.sh"));
    for line in shown.lines() {
        // What stands behind `=` the script learns as it goes.
        let (said, _) = line.trim().split_once('=').unwrap_or((line.trim(), ""));
        assert!(script.contains(said), "{line}");
    }
}

/// The features of a crate, by its manifest.
fn features(name: &str) -> Vec<String> {
    let manifest = read(&root().join(name).join("Cargo.toml"));
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let features = manifest.get("features").and_then(toml::Value::as_table);
    let names = features.unwrap().keys().cloned();
    names.filter(|feature| feature != "default").collect()
}

#[test]
fn every_feature_is_explained_on_the_front_page_and_in_its_crate() {
    let front_page = read(&root().join("README.md"));
    let (_, table) = front_page.split_once("\n## Features\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    // The first column names the crates, and is empty where the row above has named them.
    let mut crates = "";
    let mut explained = BTreeSet::new();
    for row in table.lines() {
        let mut cells = row.split(" | ");
        let (Some(first), Some(feature)) = (cells.next(), cells.next()) else {
            continue;
        };
        if first.contains('`') {
            crates = first;
        }
        let feature = feature.split('`').nth(1).unwrap_or_default();
        let names = crates.split('`').skip(1).step_by(2);
        explained.extend(names.map(|name| (name.to_owned(), feature.to_owned())));
    }
    for name in CRATES {
        let documentation = read(&root().join(name).join("src/lib.rs"));
        for feature in features(name) {
            let rows = documentation
                .lines()
                .filter(|line| line.starts_with("//! | `"));
            let mut features = rows.filter_map(|row| row.split(" | ").nth(1));
            let named = format!("`{feature}`");
            assert!(
                features.any(|cell| cell.contains(&named)),
                "{name}: {named}"
            );
            let both = (name.to_owned(), feature);
            assert!(explained.contains(&both), "{both:?}");
        }
    }
}

/// The words that the functions `code` of a file answer.
fn codes(file: &str) -> BTreeSet<String> {
    let text = read(&root().join(file));
    let functions = text.split("fn code(").skip(1);
    let bodies = functions.filter_map(|rest| Some(rest.split_once("\n    }")?.0));
    let answers = bodies.flat_map(|body| body.split("=> \"").skip(1));
    let answers = answers.filter_map(|rest| Some(rest.split_once('"')?.0));
    answers.map(str::to_owned).collect()
}

#[test]
fn the_page_on_refusals_has_every_code_and_no_other() {
    let sources = [
        "oidc-core/src/claims.rs",
        "oidc-core/src/compact.rs",
        "oidc-core/src/header.rs",
        "oidc-verifier/src/error.rs",
        "oidc-verifier/src/key_source/error.rs",
        "oidc-verifier/src/key_source/learning.rs",
        "oidc-verifier/src/policy/admission.rs",
        "oidc-verifier/src/policy/decision.rs",
        "oidc-verifier/src/replay/guard.rs",
        "oidc-verifier/src/tower/refusal.rs",
    ];
    let answered: BTreeSet<_> = sources.into_iter().flat_map(codes).collect();
    let page = read(&root().join("docs/refusals.md"));
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let named = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let named: BTreeSet<_> = named.map(str::to_owned).collect();
    assert_eq!(named, answered);
}

/// The texts between `r#"` and `"#` that are policies.
fn policies_in_rust(text: &str) -> Vec<String> {
    let literals = text.split("r#\"").skip(1);
    let literals = literals.filter_map(|rest| Some(rest.split_once("\"#")?.0));
    let policies = literals.filter(|literal| literal.starts_with("{\"rules\""));
    policies.map(str::to_owned).collect()
}

/// Samples that are compiled and not run: what stands in them is loaded here.
#[test]
fn the_policies_of_samples_load_and_are_not_dangerous() {
    let service = "docs/verify-in-a-service.md";
    for page in ["README.md", service] {
        let policies = policies_in_rust(&read(&root().join(page)));
        assert_eq!(policies.len(), 1, "{page}");
        for policy in policies {
            let policy = Policy::from_json(policy.as_bytes()).unwrap();
            assert!(policy.refuse_dangerous().is_ok(), "{page}");
        }
    }
    let example = read(&root().join("oidc-verifier/examples/axum_service.rs"));
    let shown = read(&root().join(service));
    assert_eq!(policies_in_rust(&example), policies_in_rust(&shown));

    let page = read(&root().join("docs/stop-replay.md"));
    let (_, rule) = page.split_once("```json\n").unwrap();
    let (rule, _) = rule.split_once("```").unwrap();
    let policy = format!("{{\"rules\": [{rule}]}}");
    let policy = Policy::from_json(policy.as_bytes()).unwrap();
    assert!(policy.refuse_dangerous().is_ok());
}
