//! The header of an audformat database, `db.yaml`, as far as it says which labels a column may have.

use std::{collections::BTreeSet, path::Path};

use serde_yaml_ng::Value;

use crate::{
    error::{Error, Result},
    files,
};

/// A header that was read.
pub(super) struct Header(Value);

impl Header {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let wrong = |problem: String| Error::file(path, format!("is no header of an audformat database: {problem}"));
        let bytes = files::read(path).map_err(Error::io("read", path))?;
        let header: Value = serde_yaml_ng::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
        // audformat loads none without it.
        match header.get("name") {
            Some(_) => Ok(Self(header)),
            None => Err(wrong("it has no key `name`; audformat writes it with db.save(root)".into())),
        }
    }

    /// The labels that a column of a table may have; none where its scheme lists none.
    pub(super) fn labels(&self, table: &str, column: &str) -> Option<BTreeSet<String>> {
        let of = self.0.get("tables").and_then(|of| of.get(table)?.get("columns")?.get(column));
        let scheme = of.and_then(|of| of.get("scheme_id")?.as_str()).unwrap_or(column);
        let labels = match self.0.get("schemes")?.get(scheme)?.get("labels")? {
            Value::Sequence(labels) => labels.iter().filter_map(text).collect(),
            Value::Mapping(labels) => labels.keys().filter_map(text).collect(),
            // A name alone is that of a table which lists them.
            _ => BTreeSet::new(),
        };
        Some(labels).filter(|labels| !labels.is_empty())
    }
}

/// A label as a table has it.
fn text(label: &Value) -> Option<String> {
    match label {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
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
        let header = Header(serde_yaml_ng::from_str(HEADER).unwrap());
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
