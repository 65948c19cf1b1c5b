//! What the tables of a config share: errors for values out of range, kinds given by name or as tables.

use serde::Deserialize as _;

use crate::error::Error;

/// Reads a setting that is a table with a `kind`, or the kind's name alone.
pub(crate) fn named<'de, D, T>(deserializer: D) -> std::result::Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let value = match toml::Value::deserialize(deserializer)? {
        toml::Value::String(kind) => toml::Table::from_iter([("kind".to_owned(), kind.into())]).into(),
        other => other,
    };
    T::deserialize(value).map_err(|e| serde::de::Error::custom(e.message()))
}

/// A configuration error for a value out of range: `key = value: rule`.
pub(crate) fn out_of_range(key: &str, value: impl std::fmt::Display, rule: &str) -> Error {
    Error::Config(format!("{key} = {value}: {rule}"))
}
