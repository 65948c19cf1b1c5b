//! Our names of arrays → a source's.

/// Pairs of our name, or its beginning up to a dot, and theirs. `#` stands for an index.
pub(super) type Table = &'static [(&'static str, &'static str)];

/// What a table calls the array that we call `ours`; the part behind a pair's own (`weight`, `bias`) stays. Where no pair
/// fits, the name itself.
pub(super) fn translate(table: Table, ours: &str) -> String {
    let parts: Vec<&str> = ours.split('.').collect();
    for (mine, theirs) in table {
        let pattern: Vec<&str> = mine.split('.').collect();
        let fits = pattern.len() <= parts.len() && pattern.iter().zip(&parts).all(|(p, part)| *p == "#" || p == part);
        if !fits {
            continue;
        }
        let index = pattern.iter().position(|p| *p == "#").map_or("", |at| parts[at]);
        let mut name = theirs.replace('#', index);
        for part in &parts[pattern.len()..] {
            name.push('.');
            name.push_str(part);
        }
        return name;
    }
    ours.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_translated_by_their_beginning() {
        let table: Table = &[("transformer.layers.#.up", "layers.#.fc1"), ("positions", "embed.weight")];
        assert_eq!(translate(table, "transformer.layers.12.up.bias"), "layers.12.fc1.bias");
        assert_eq!(translate(table, "positions"), "embed.weight");
        assert_eq!(translate(table, "conv1.weight"), "conv1.weight");
    }
}
