//! Keys of a config as people write them: `--set table.key=value`, and errors that name the key and the nearest known
//! one.

use crate::error::Error;

/// Sets `table.key` of the config to the value that `assignment` (`table.key=value`) gives. The value is read as TOML;
/// what is not TOML is a string, so that `protocol.kind=random` needs no quotes.
pub(super) fn apply_override(config: &mut toml::Value, assignment: &str) -> crate::error::Result<()> {
    let wrong = |problem: &str| Error::Config(format!("--set {assignment}: {problem}"));
    let (path, text) = assignment.split_once('=').ok_or_else(|| wrong("write it as table.key=value"))?;
    let text = text.trim();
    let value = format!("value = {text}")
        .parse::<toml::Table>()
        .ok()
        .and_then(|mut parsed| parsed.remove("value"))
        .unwrap_or_else(|| toml::Value::String(text.to_owned()));
    set(config, path.trim(), value).map_err(|name| wrong(&format!("there is no place for the key `{name}`")))
}

/// Sets the value at the dotted path; the part of the path that has no place, where there is one.
pub(super) fn set<'a>(config: &mut toml::Value, path: &'a str, value: toml::Value) -> Result<(), &'a str> {
    let mut place = config;
    for name in path.split('.') {
        place = step_into(place, name).ok_or(name)?;
    }
    *place = value;
    Ok(())
}

/// The value under `name`, made where a table lacks it; `name` is an index where the place is an array of tables.
fn step_into<'a>(place: &'a mut toml::Value, name: &str) -> Option<&'a mut toml::Value> {
    match place {
        toml::Value::Table(table) if !name.is_empty() => {
            Some(table.entry(name).or_insert_with(|| toml::Value::Table(toml::Table::new())))
        }
        toml::Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?),
        _ => None,
    }
}

/// The deserialiser's complaint with the key's full path and, for an unknown name, the nearest known one.
pub(super) fn explain(error: &serde_path_to_error::Error<toml::de::Error>) -> Error {
    let path = error.path().to_string();
    let complaint = error.inner().message().trim().to_owned();
    let nearest = nearest_name(&complaint).map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default();
    // What is wrong with the config as a whole stands at no key.
    let place = if path == "." { String::new() } else { format!("{path}: ") };
    Error::Config(format!("{place}{complaint}{nearest}"))
}

/// serde words an unknown key or value as "unknown field `x`, expected one of `a`, `b`": the nearest of these to x.
fn nearest_name(complaint: &str) -> Option<String> {
    let mut names = complaint.strip_prefix("unknown ")?.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    names
        .map(|known| (strsim::jaro_winkler(unknown, known), known))
        .filter(|(similarity, _)| *similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known.to_owned())
}
