//! Channels of recordings as tables name them: by numbers, from 1 or from 0, by sides, by letters.

use std::path::Path;

use super::{columns::Columns, table::Table};
use crate::{
    audio::{Channel, Decoder},
    error::{Error, Result},
};

/// As many files tell whether a column of ones is of recordings that have a second channel.
const SAMPLED: usize = 200;

/// What a cell says.
enum Said {
    /// A number, as it is counted in the table.
    Number(usize),
    /// A channel, whatever is counted from.
    Channel(Channel),
}

fn said(text: &str) -> Option<Said> {
    let lower = text.to_lowercase();
    let word = lower.trim();
    let named = ["channel", "chan", "ch"].iter().find_map(|name| word.strip_prefix(name));
    let number = named.map_or(word, |rest| rest.trim_start_matches([' ', '_', '-', '.', ':', '#']));
    // Programs that keep columns with gaps as fractions write 1.0.
    let number = number.strip_suffix(".0").unwrap_or(number);
    match word {
        "left" | "l" | "a" => Some(Said::Channel(Channel::Only(0))),
        "right" | "r" | "b" => Some(Said::Channel(Channel::Only(1))),
        "mix" | "both" | "all" => Some(Said::Channel(Channel::Mix)),
        _ => number.parse().ok().filter(|number| *number <= 256).map(Said::Number),
    }
}

/// How the column of channels is to be read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channels {
    /// What the first channel is called.
    first: usize,
}

impl Channels {
    /// Finds out what the table counts from: what the config says, else 0 where any row has it, else 1. Where every row has
    /// channel 1 and the files have two, that cannot be known.
    pub(super) fn find(table: &Table, columns: &Columns<'_>, first: Option<usize>, base: &Path) -> Result<Self> {
        let Some(column) = columns.channel else { return Ok(Self::FROM_ONE) };
        if let Some(first) = first {
            return Ok(Self { first });
        }
        let mut numbers = table.cells(column).iter().flatten().filter_map(|cell| match said(cell)? {
            Said::Number(number) => Some(number),
            Said::Channel(_) => None,
        });
        if numbers.clone().any(|number| number == 0) {
            return Ok(Self { first: 0 });
        }
        if numbers.clone().next().is_some() && numbers.all(|number| number == 1) {
            refuse_second(table, columns, column, base)?;
        }
        Ok(Self::FROM_ONE)
    }

    /// Counted from 1.
    pub(crate) const FROM_ONE: Self = Self { first: 1 };

    /// The channel that a cell names; all where there is none.
    pub(crate) fn read(self, cell: Option<&str>) -> std::result::Result<Channel, String> {
        let Some(text) = cell else { return Ok(Channel::Mix) };
        let unknown = || {
            format!(
                "channel = \"{text}\" is none: write its number from {} on, left or right, or leave the cell empty for the \
                 mean of all",
                self.first
            )
        };
        match said(text).ok_or_else(unknown)? {
            Said::Channel(channel) => Ok(channel),
            Said::Number(number) => number.checked_sub(self.first).map(Channel::Only).ok_or_else(unknown),
        }
    }
}

fn refuse_second(table: &Table, columns: &Columns<'_>, column: &str, base: &Path) -> Result<()> {
    let step = table.height().div_ceil(SAMPLED).max(1);
    for (number, row) in table.rows().step_by(step) {
        let Some(file) = row.get(columns.path).map(|path| base.join(path)) else { continue };
        // What is wrong with a file is told when it is looked at.
        let channels = Decoder::open(&file).ok().and_then(|mut decoder| decoder.next().ok().and(decoder.channels()));
        if let Some(channels @ 2..) = channels.filter(|_| row.contains_key(column)) {
            return Err(Error::file(
                table.path(),
                format!(
                    "every row has the {column} 1, and {} of row {number} has {channels} channels: say whether that is the first \
                     or the second, as columns = {{ first_channel = 1 }} or columns = {{ first_channel = 0 }} in its \
                     [[corpora]] table",
                    file.display()
                ),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_read_as_tables_name_them() {
        let read = |first, text| Channels { first }.read(Some(text));
        for text in ["1", "1.0", "ch1", "Channel 1", "left", "L", "A", "ch_1"] {
            assert_eq!(read(1, text), Ok(Channel::Only(0)), "{text}");
        }
        for text in ["1", "right", "B", "ch1"] {
            assert_eq!(read(0, text), Ok(Channel::Only(1)), "{text}");
        }
        assert_eq!((read(1, "both"), Channels { first: 1 }.read(None)), (Ok(Channel::Mix), Ok(Channel::Mix)));
        for text in ["0", "-1", "1.5", "centre", "999", ""] {
            let error = read(1, text).unwrap_err();
            assert!(error.contains(&format!("channel = \"{text}\"")) && error.contains("left or right"), "{error}");
        }
    }
}
