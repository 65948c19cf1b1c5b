//! The pages of the documentation say what the programs do.

use std::{fs, path::Path};

use ser::config::Experiment;

fn page(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// The TOML blocks of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// The names that serde expected in place of one that no table has.
fn known_keys(table: &str, around: &str) -> Vec<String> {
    let config = format!("name = 'x'\n{around}");
    let key = if table.is_empty() { "zzz=1".to_owned() } else { format!("{table}.zzz=1") };
    let error = Experiment::parse(&config, &[key]).unwrap_err().to_string();
    assert!(error.contains("unknown field `zzz`"), "{table}: {error}");
    error.split('`').skip(3).step_by(2).map(str::to_owned).filter(|name| name != "zzz").collect()
}

#[test]
fn the_config_on_its_page_is_one_that_is_read() {
    let page = page("docs/config.md");
    let config = blocks(&page)[0];
    Experiment::parse(config, &[]).unwrap();
    // What is off stands behind a `#`: each such line must be right, too.
    let mut table = String::new();
    let mut tried = 0;
    for line in config.lines() {
        // A whole table may be off.
        if let Some(name) = line.trim_start_matches("# ").strip_prefix('[') {
            table = name.trim_start_matches('[').split(']').next().unwrap().to_owned();
        }
        let Some(off) = line.strip_prefix("# ") else { continue };
        let Some((key, value)) = off.split_once(" = ") else { continue };
        if !key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c)) {
            continue;
        }
        let value = value.split(" #").next().unwrap().trim();
        if table != "corpora" {
            let text = format!("name = 'x'\n[[corpora]]\nkind = 'synthetic'\n[{table}]\n{key} = {value}\n");
            if let Err(error) = Experiment::parse(&text, &[]) {
                // A key may need another that stands beside it; its name and its type must be right.
                let text = error.to_string();
                assert!(!text.contains("unknown") && !text.contains("invalid type"), "{line}: {text}");
            }
        }
        tried += 1;
    }
    assert!(tried > 10, "{tried}");
}

#[test]
fn every_key_is_on_the_page() {
    let page = page("docs/config.md");
    let corpus = "[[corpora]]\nkind = 'synthetic'\n";
    let mut missing = Vec::new();
    let encoder = "[[corpora]]\nkind = 'synthetic'\n[encoder]\npath = 'x'\n";
    for (table, around) in
        ["", "corpora.0", "labels", "task", "protocol", "audio", "features", "augment", "model", "train", "distil"]
            .map(|table| (table, corpus))
            .into_iter()
            .chain([("encoder", encoder)])
    {
        let keys = known_keys(table, around);
        assert!(!keys.is_empty(), "{table}");
        for key in keys {
            let named = |text: &str| {
                text.match_indices(&key).any(|(at, _)| {
                    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    !text[..at].ends_with(part) && !text[at + key.len()..].starts_with(part)
                })
            };
            if !named(&page) {
                missing.push(format!("{table}.{key}"));
            }
        }
    }
    assert!(missing.is_empty(), "docs/config.md does not name {}", missing.join(", "));
}

#[test]
fn the_config_in_the_readme_is_one_that_is_read_and_its_links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    Experiment::parse(blocks(&page("README.md"))[0], &[]).unwrap();
    for name in ["README.md", "docs/config.md", "docs/commands.md", "CONTRIBUTING.md"] {
        let text = page(name);
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let target = root.join(name).parent().unwrap().join(link);
            assert!(link.starts_with("http") || target.exists(), "{name} links to {link}");
        }
    }
}
