//! What the exporters of text have in common: a table of cells that are words already.

/// A table with a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// What it shows.
    pub title: String,
    /// The headings; the first column is of names, the others of figures unless they are said to be of words.
    pub columns: Vec<&'static str>,
    /// The columns, from 0, that hold words and not figures, besides the first.
    pub words: Vec<usize>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
    /// What must be known to read it.
    pub note: String,
}

impl Table {
    /// A table without rows.
    #[must_use]
    pub fn new(title: impl Into<String>, columns: &[&'static str]) -> Self {
        Self { title: title.into(), columns: columns.to_vec(), words: vec![], rows: vec![], note: String::new() }
    }

    /// Columns that hold words.
    #[must_use]
    pub fn words(mut self, columns: &[usize]) -> Self {
        self.words = columns.to_vec();
        self
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

    /// Whether a column holds words, which start at its left edge.
    #[must_use]
    pub fn is_words(&self, column: usize) -> bool {
        column == 0 || self.words.contains(&column)
    }

    /// The widths with the widest columns of words made narrower until the table fits a terminal, as far as that goes.
    fn narrowed(&self, mut widths: Vec<usize>) -> Vec<usize> {
        const LEAST: usize = 10;
        while widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1) > COLUMNS {
            let words = (0..widths.len()).filter(|&column| self.is_words(column) && widths[column] > LEAST);
            // A heading is not broken.
            let words = words.filter(|&column| widths[column] > self.columns[column].chars().count());
            let Some(widest) = words.max_by_key(|&column| widths[column]) else { break };
            widths[widest] -= 1;
        }
        widths
    }

    /// Plain text: title, headings, rows, note. Columns of words are broken where the table would be wider than a
    /// terminal.
    #[must_use]
    pub fn plain(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
            cells.chain(self.columns.get(column).copied()).map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths = self.narrowed((0..self.columns.len()).map(width).collect());
        let line = |cells: &mut dyn Iterator<Item = &str>| {
            let cells = cells.zip(&widths).enumerate().map(|(column, (cell, &width))| {
                if self.is_words(column) { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
            });
            format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        let mut text = format!("{}\n{}", self.title, line(&mut self.columns.iter().copied()));
        for row in &self.rows {
            let cells: Vec<Vec<String>> = row.iter().zip(&widths).map(|(cell, &width)| broken(cell, width)).collect();
            let lines = cells.iter().map(Vec::len).max().unwrap_or(1);
            for number in 0..lines {
                text.push_str(&line(&mut cells.iter().map(|cell| cell.get(number).map_or("", String::as_str))));
            }
        }
        if !self.note.is_empty() {
            text.push_str(&wrapped(&self.note, 0));
        }
        text
    }
}

/// Columns of a terminal that everything fits.
pub const COLUMNS: usize = 80;

/// A paragraph in lines of at most 80 columns, those after the first indented.
#[must_use]
pub fn wrapped(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split(' ') {
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
    fn columns_are_as_wide_as_their_cells() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let table = Table::new("By fruit", &["fruit", "n", "source"])
            .words(&[2])
            .rows([row(["apple", "12", "a tree"]), row(["é", "3", ""])])
            .note("Note.");
        let expected = "By fruit\nfruit   n  source\napple  12  a tree\né       3\nNote.\n";
        assert_eq!(table.plain(), expected);
    }

    #[test]
    fn words_are_broken_where_a_table_would_be_wider_than_a_terminal() {
        let long = "a name of many words ".repeat(5);
        let row = vec![long.trim().to_owned(), "12.34 ± 5.67".into(), format!("x/{}", "y".repeat(60))];
        let table = Table::new("t", &["name", "%", "place"]).words(&[2]).rows([row]).plain();
        assert!(table.lines().all(|line| line.chars().count() <= COLUMNS), "{table}");
        let letters = |of: &str| of.chars().filter(|letter| letter.is_alphanumeric()).count();
        assert_eq!(letters(&table), letters(&long) + "t name place".len() - 2 + 7 + 61, "{table}");
        assert_eq!(table.matches("12.34 ± 5.67").count(), 1);
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
