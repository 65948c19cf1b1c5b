//! Keys of earlier versions, which are still read.

use crate::error::{Error, Result};

/// The old place of a setting and its place now.
const MOVED: [(&[&str], &[&str]); 2] =
    [(&["train", "teachers"], &["distil"]), (&["train", "learn_from"], &["train", "train_on"])];

/// Moves settings from their old keys to those of now. Returns a note on each.
///
/// # Errors
///
/// [`Error::Config`] where both keys are set.
pub(super) fn modernise(config: &mut toml::Value) -> Result<Vec<String>> {
    let mut notes = Vec::new();
    for (old, new) in MOVED {
        let (old_key, new_key) = (old.join("."), new.join("."));
        let Some(value) = take(config, old) else { continue };
        let Some((last, above)) = new.split_last() else { continue };
        let mut table = config.as_table_mut();
        for name in above {
            table = table.and_then(|table| table.get_mut(*name)?.as_table_mut());
        }
        let Some(table) = table else { continue };
        if table.contains_key(*last) {
            return Err(Error::Config(format!("{old_key} and {new_key} are one setting: leave out {old_key}")));
        }
        table.insert((*last).to_owned(), value);
        notes.push(format!("{old_key} is called {new_key} now"));
    }
    Ok(notes)
}

fn take(config: &mut toml::Value, key: &[&str]) -> Option<toml::Value> {
    let (last, above) = key.split_last()?;
    let mut table = config.as_table_mut()?;
    for name in above {
        table = table.get_mut(*name)?.as_table_mut()?;
    }
    table.remove(*last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> toml::Value {
        toml::Value::Table(text.parse().unwrap())
    }

    #[test]
    fn old_keys_move_with_a_note_and_never_over_new_ones() {
        let mut old = value("[train]\nepochs = 3\nlearn_from = 'train+validation'\n[train.teachers]\nbundles = ['a']");
        let notes = modernise(&mut old).unwrap();
        assert_eq!(old, value("[train]\nepochs = 3\ntrain_on = 'train+validation'\n[distil]\nbundles = ['a']"));
        assert_eq!(notes, ["train.teachers is called distil now", "train.learn_from is called train.train_on now"]);
        assert!(modernise(&mut old).unwrap().is_empty());
        let mut both = value("[train]\nlearn_from = 'train'\ntrain_on = 'train'");
        assert!(modernise(&mut both).unwrap_err().to_string().contains("leave out train.learn_from"));
    }
}
