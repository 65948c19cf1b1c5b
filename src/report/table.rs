//! A table of cells that are words already, which every text and every page shows, and text in lines.

use std::iter::once;

use crate::escape;

/// A table. Its first column holds names; the others, where all that stands in them is numbers, are set to the right.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// What it shows; empty under a heading.
    pub title: String,
    /// The headings.
    pub columns: Vec<String>,
    /// The rows: a cell for each column.
    pub rows: Vec<Vec<String>>,
    /// What must be known to read it.
    pub note: String,
}

impl Table {
    /// A table without rows.
    pub fn new<S: Into<String>>(title: impl Into<String>, columns: impl IntoIterator<Item = S>) -> Self {
        let columns = columns.into_iter().map(Into::into).collect();
        Self { title: title.into(), columns, ..Self::default() }
    }

    /// With a note.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    /// With rows.
    #[must_use]
    pub fn rows(mut self, rows: impl IntoIterator<Item = Vec<String>>) -> Self {
        self.rows.extend(rows);
        self
    }

    /// Adds a row: a cell for each column, in their order.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether a column holds words, which start at its left edge.
    #[must_use]
    pub fn is_words(&self, column: usize) -> bool {
        let mut cells = self.rows.iter().filter_map(|row| row.get(column)).filter(|cell| !is_blank(cell)).peekable();
        column == 0 || cells.peek().is_none() || !cells.all(|cell| is_figure(cell))
    }

    /// Plain text: title, headings, rows, note. Columns of words are broken where the table would be wider than a
    /// terminal.
    #[must_use]
    pub fn plain(&self) -> String {
        self.text(COLUMNS)
    }

    /// Plain text of any width.
    #[must_use]
    pub fn wide(&self) -> String {
        self.text(usize::MAX)
    }

    fn text(&self, limit: usize) -> String {
        let words: Vec<bool> = (0..self.columns.len()).map(|column| self.is_words(column)).collect();
        let safe = |row: &Vec<String>| row.iter().map(|cell| escape::text(cell).into_owned()).collect::<Vec<_>>();
        let rows: Vec<Vec<String>> = once(&self.columns).chain(&self.rows).map(safe).collect();
        let length = |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
        let width = |column: usize| rows.iter().map(|row| length(row, column)).max().unwrap_or(0).min(escape::WIDEST);
        let widths: Vec<usize> = (0..words.len()).map(width).collect();
        let widths = self.narrowed(widths, &words, limit);
        let mut text = String::new();
        if !self.title.is_empty() {
            text = format!("{}\n", escape::text(&self.title));
        }
        // Where any width will do, a longer cell stands out of its column.
        let breaks = |width: usize| if limit == usize::MAX { usize::MAX } else { width };
        for row in &rows {
            let cells = row.iter().zip(&widths).map(|(cell, &width)| broken(cell, breaks(width)));
            let cells: Vec<Vec<String>> = cells.collect();
            for number in 0..cells.iter().map(Vec::len).max().unwrap_or(1) {
                let cells = cells.iter().map(|cell| cell.get(number).map_or("", String::as_str));
                let cells = cells.zip(widths.iter().zip(&words)).map(|(cell, (&width, &words))| match words {
                    true => format!("{cell:<width$}"),
                    false => format!("{cell:>width$}"),
                });
                text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
                text.push('\n');
            }
        }
        if !self.note.is_empty() {
            text.push_str(&wrapped(&self.note, 0));
        }
        text
    }

    /// The widths with the widest columns of words made narrower until the table fits, as far as that goes.
    fn narrowed(&self, mut widths: Vec<usize>, words: &[bool], limit: usize) -> Vec<usize> {
        const LEAST: usize = 10;
        while widths.iter().sum::<usize>().saturating_add(2 * widths.len().saturating_sub(1)) > limit {
            // A heading is not broken.
            let least = |column: usize| LEAST.max(self.columns[column].chars().count());
            let wide = (0..widths.len()).filter(|&column| words[column] && widths[column] > least(column));
            let Some(widest) = wide.max_by_key(|&column| widths[column]) else { break };
            widths[widest] -= 1;
        }
        widths
    }
}

fn is_blank(cell: &str) -> bool {
    matches!(cell, "" | "–" | "?")
}

/// Whether a cell holds numbers alone: `3`, `9.1 %`, `49.90 ± 1.02`, `3 of 5`, `1:02:03`, `20–30`, `16 / 4 / 4`.
fn is_figure(cell: &str) -> bool {
    let number = |part: &str| part.replace('−', "-").parse::<f64>().is_ok();
    cell.split([' ', ':', '–', '/']).all(|part| matches!(part, "" | "%" | "±" | "of" | "to") || number(part))
}

/// Columns of a terminal that everything fits.
pub const COLUMNS: usize = 80;

/// A paragraph in lines of at most 80 columns, those after the first indented.
#[must_use]
pub fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in escape::text(text).split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > COLUMNS {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            used = indent;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines.push_str(word);
        used += length;
    }
    lines.push('\n');
    lines
}

/// A cell in lines of at most `width` characters: at spaces, or inside a word that is longer than a line.
fn broken(cell: &str, width: usize) -> Vec<String> {
    if cell.chars().count() <= width {
        return vec![cell.to_owned()];
    }
    let mut lines = vec![String::new()];
    for word in cell.split(' ') {
        let letters: Vec<char> = word.chars().collect();
        for (part, letters) in letters.chunks(width.max(1)).enumerate() {
            let last = lines.last().map_or(0, |line| line.chars().count());
            let fits = part == 0 && last + 1 + letters.len() <= width;
            match lines.last_mut() {
                Some(line) if line.is_empty() => line.extend(letters),
                Some(line) if fits => {
                    line.push(' ');
                    line.extend(letters);
                }
                _ => lines.push(letters.iter().collect()),
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_length_is_written_and_other_rows_are_not_padded_to_it() {
        let long = "x".repeat(100_000);
        let rows = [[long.as_str(), "1"], ["b", "2"]].map(|row| row.map(str::to_owned).to_vec());
        let table = Table::new("", ["name", "n"]).rows(rows);
        let text = table.wide();
        assert!(text.contains(&long) && text.len() < long.len() + 2_000, "{}", text.len());
        assert!(table.plain().contains("\nb"));
    }

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table = Table::new("By fruit", ["fruit", "n", "source"])
            .rows([row(["apple", "12", "a tree"]), row(["é", "3", ""])])
            .note("Note.");
        let expected = "By fruit\nfruit   n  source\napple  12  a tree\né       3\nNote.\n";
        assert_eq!(table.plain(), expected);
    }

    #[test]
    fn words_are_broken_where_a_table_would_be_wider_than_a_terminal() {
        let long = "a name of many words ".repeat(5);
        let row = vec![long.trim().to_owned(), "12.34 ± 5.67".into(), format!("x/{}", "y".repeat(60))];
        let table = Table::new("t", ["name", "%", "place"]).rows([row]).plain();
        assert!(table.lines().all(|line| line.chars().count() <= COLUMNS), "{table}");
        let letters = |of: &str| of.chars().filter(|letter| letter.is_alphanumeric()).count();
        assert_eq!(letters(&table), letters(&long) + "t name place".len() - 2 + 7 + 61, "{table}");
        assert_eq!(table.matches("12.34 ± 5.67").count(), 1);
    }

    #[test]
    fn a_column_of_numbers_is_set_to_the_right() {
        for figure in ["3", "9.1 %", "49.90 ± 1.02", "3 of 5", "1:02:03", "20–30", "16 / 4 / 4", "−3.5", "1.0 to 2.5"]
        {
            assert!(is_figure(figure), "{figure}");
        }
        for words in ["UAR 49.9", "not run", "fold 3", "a", "3 dB"] {
            assert!(!is_figure(words), "{words}");
        }
        let table = Table::new("", ["1", "n", "none"]).rows([vec!["1".into(), "–".into(), String::new()]]);
        assert!((0..3).all(|column| table.is_words(column)), "names, and nothing but blanks");
    }

    #[test]
    fn a_name_cannot_move_the_cursor_or_begin_a_line() {
        let row = vec!["a\u{1b}[2J\nb\u{202e}".to_owned()];
        assert_eq!(Table::new("t", ["name"]).rows([row]).plain(), "t\nname\na\\u{1b}[2J\\nb\\u{202e}\n");
    }

    #[test]
    fn paragraphs_are_wrapped_at_80_columns_and_lose_no_word() {
        let text = "word ".repeat(60);
        let lines = wrapped(text.trim(), 12);
        assert!(lines.lines().all(|line| line.chars().count() <= COLUMNS));
        assert!(lines.lines().skip(1).all(|line| line.starts_with("            word")));
        assert_eq!(lines.split_whitespace().count(), 60);
        assert_eq!(wrapped("a  b", 3), "a  b\n", "spaces within a line are kept");
    }
}
