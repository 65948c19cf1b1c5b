//! The header of an audformat database, `db.yaml`, as far as it says which labels a column may have. audformat writes plain
//! YAML: blocks by indentation, and lists and objects in brackets, which may go on on deeper lines.

use std::{collections::BTreeSet, path::Path};

use crate::{
    error::{Error, Result},
    files,
};

/// A header that was read.
pub(super) struct Header(String);

impl Header {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let wrong = |problem: &str| Error::file(path, format!("is no header of an audformat database: {problem}"));
        let bytes = files::read(path).map_err(Error::io("read", path))?;
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not text in UTF-8"))?;
        // audformat loads none without it.
        match value(&text, "name") {
            Some(_) => Ok(Self(text)),
            None => Err(wrong("it has no key `name`; audformat writes it with db.save(root)")),
        }
    }

    /// The labels that a column of a table may have; none where its scheme lists none.
    pub(super) fn labels(&self, table: &str, column: &str) -> Option<BTreeSet<String>> {
        let columns = value(&self.0, "tables").and_then(|of| value(&of, table)).and_then(|of| value(&of, "columns"));
        let scheme = columns.and_then(|of| value(&of, column)).and_then(|of| value(&of, "scheme_id"));
        let scheme = scheme.map_or_else(|| column.to_owned(), |name| plain(&name));
        let labels =
            value(&self.0, "schemes").and_then(|of| value(&of, &scheme)).and_then(|of| value(&of, "labels"))?;
        // A name alone is that of a table which lists them.
        Some(entries(&labels).into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>()).filter(|set| !set.is_empty())
    }
}

/// What stands under a key of an object.
fn value(object: &str, key: &str) -> Option<String> {
    entries(object).into_iter().find(|(name, _)| name == key).and_then(|(_, value)| value)
}

/// The members of a list or the keys of an object, each with what stands under it.
fn entries(text: &str) -> Vec<(String, Option<String>)> {
    let inner = text.trim();
    for (open, close) in [('[', ']'), ('{', '}')] {
        if let Some(inner) = inner.strip_prefix(open).and_then(|inner| inner.strip_suffix(close)) {
            return apart(inner).into_iter().map(|member| entry(&member)).collect();
        }
    }
    let indent = |line: &str| line.len() - line.trim_start().len();
    let is_said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#') && *line != "---";
    let lines: Vec<&str> = text.lines().filter(is_said).collect();
    let Some(least) = lines.iter().map(|line| indent(line)).min() else { return Vec::new() };
    let mut blocks: Vec<String> = Vec::new();
    let mut keyed = false;
    for line in lines {
        let is_member = line.trim_start().starts_with("- ");
        // A list may stand as far left as its key.
        match blocks.last_mut() {
            Some(block) if indent(line) > least || (is_member && keyed) => {
                block.push('\n');
                block.push_str(&line[least..]);
            }
            _ => {
                keyed = !is_member;
                blocks.push(line[least..].to_owned());
            }
        }
    }
    blocks.iter().map(|block| entry(block.strip_prefix("- ").unwrap_or(block))).collect()
}

/// A member, or a key with what stands under it.
fn entry(text: &str) -> (String, Option<String>) {
    let is_end = |rest: &str| rest.is_empty() || rest.starts_with([' ', '\n']);
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, ':') if is_end(&text[at + 1..]) => {
                return (plain(&text[..at]), Some(text[at + 1..].trim_matches(' ').to_owned()));
            }
            _ => {}
        }
    }
    (plain(text), None)
}

fn plain(text: &str) -> String {
    let text = text.trim();
    let quoted = ['"', '\''].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
    quoted.unwrap_or(text).to_owned()
}

/// The members between commas that stand in no brackets or quotes.
fn apart(text: &str) -> Vec<String> {
    let (mut members, mut depth, mut quote) = (vec![String::new()], 0, None);
    for c in text.chars() {
        match (quote, c) {
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if open == c => quote = None,
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth -= 1,
            (None, ',') if depth == 0 => {
                members.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(member) = members.last_mut() {
            member.push(c);
        }
    }
    members.retain(|member| !member.trim().is_empty());
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "name: lab\nsource: 'https://x: y'\nlanguages: [deu]\nschemes:\n  confidence: {dtype: float, minimum: 0}\n  \
                          emotion:\n    description: What was meant.\n    dtype: str\n    labels: [anger, 'no: one',\n      \
                          \"sad, mad\"]\n  felt:\n    labels:\n    - joy\n    - grief\n  told: {labels: {calm: {x: [1, 2]}, loud: }}\n  \
                          speaker:\n    labels: speakers\ntables:\n  acted:\n    type: filewise\n    columns:\n      emotion: {scheme_id: \
                          emotion, rater_id: gold}\n  heard:\n    columns:\n      emotion:\n        scheme_id: felt\n";

    #[test]
    fn the_labels_of_a_column_are_those_of_its_scheme() {
        let header = Header(HEADER.into());
        let of =
            |table, column| header.labels(table, column).map(|labels| labels.into_iter().collect::<Vec<_>>().join("|"));
        assert_eq!(of("acted", "emotion").as_deref(), Some("anger|no: one|sad, mad"));
        assert_eq!(of("heard", "emotion").as_deref(), Some("grief|joy"));
        assert_eq!(of("none", "told").as_deref(), Some("calm|loud"));
        assert_eq!((of("none", "confidence"), of("none", "nothing")), (None, None));
    }

    #[test]
    fn what_is_no_header_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("db.yaml");
        for garbage in [&b"\xff\xfe\0"[..], b"", b"hello", b"{]", b"name"] {
            std::fs::write(&path, garbage).unwrap();
            assert!(Header::read(&path).err().unwrap().to_string().contains("no header"), "{garbage:?}");
        }
        std::fs::write(&path, HEADER).unwrap();
        assert!(Header::read(&path).is_ok());
    }
}
