//! Headings, lines, lists and tables, which become plain text for a terminal or Markdown for a page.

/// A document, from top to bottom.
#[derive(Debug, Clone, Default)]
pub struct Document {
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
enum Block {
    Title(String),
    Heading(String),
    Paragraph(String),
    List(Vec<String>),
    Table(Table),
    Picture { path: String, description: String },
}

/// A table. Columns of numbers are set to the right.
#[derive(Debug, Clone, Default)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table without rows.
    pub fn new<S: Into<String>>(header: impl IntoIterator<Item = S>) -> Self {
        Self { header: header.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row: a cell for each column, in their order.
    pub fn row<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether all that stands in a column is numbers, or nothing.
    fn is_numeric(&self, column: usize) -> bool {
        let number =
            |cell: &String| cell.trim_end_matches([' ', '%']).replace(['–', ':', '/'], "").parse::<f64>().is_ok();
        let mut cells = self.rows.iter().filter_map(|row| row.get(column)).filter(|cell| !is_blank(cell)).peekable();
        cells.peek().is_some() && cells.all(number)
    }

    /// The table in lines of equal columns.
    #[must_use]
    pub fn to_text(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).chain(self.header.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let columns: Vec<(usize, bool)> =
            (0..self.header.len()).map(|column| (width(column), self.is_numeric(column))).collect();
        let mut text = String::new();
        for row in std::iter::once(&self.header).chain(&self.rows) {
            let cells = row.iter().zip(&columns).map(|(cell, &(width, numeric))| {
                if numeric { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }

    fn to_markdown(&self) -> String {
        let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
        let escaped = |cell: &String| cell.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ");
        let mut text = line(&mut self.header.iter().map(escaped));
        text.push_str(&line(
            &mut (0..self.header.len()).map(
                |column| {
                    if self.is_numeric(column) { "---:".to_owned() } else { "---".to_owned() }
                },
            ),
        ));
        self.rows.iter().for_each(|row| text.push_str(&line(&mut row.iter().map(escaped))));
        text
    }
}

fn is_blank(cell: &str) -> bool {
    matches!(cell, "" | "–" | "?")
}

impl Document {
    /// The one title, at the top.
    pub fn title(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Title(text.into()));
    }

    /// Begins a section.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(text.into()));
    }

    /// Running text.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(text.into()));
    }

    /// A list; none where there are no items.
    pub fn list(&mut self, items: Vec<String>) {
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
    }

    /// A table.
    pub fn table(&mut self, table: Table) {
        self.blocks.push(Block::Table(table));
    }

    /// A picture beside the document; plain text passes over it.
    pub fn picture(&mut self, path: impl Into<String>, description: impl Into<String>) {
        self.blocks.push(Block::Picture { path: path.into(), description: description.into() });
    }

    /// As plain text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let underlined = |text: &str, with: &str| format!("{text}\n{}\n", with.repeat(text.chars().count()));
        let blocks = self.blocks.iter().filter_map(|block| {
            Some(match block {
                Block::Title(text) => underlined(text, "="),
                Block::Heading(text) => underlined(text, "-"),
                Block::Paragraph(text) => format!("{text}\n"),
                Block::List(items) => items.iter().map(|item| format!("- {item}\n")).collect(),
                Block::Table(table) => table.to_text(),
                Block::Picture { .. } => return None,
            })
        });
        blocks.collect::<Vec<_>>().join("\n")
    }

    /// As Markdown, with tables as GitHub draws them.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Title(text) => format!("# {text}\n"),
            Block::Heading(text) => format!("## {text}\n"),
            Block::Paragraph(text) => format!("{text}\n"),
            Block::List(items) => items.iter().map(|item| format!("- {item}\n")).collect(),
            Block::Table(table) => table.to_markdown(),
            Block::Picture { path, description } => format!("![{description}]({path})\n"),
        });
        blocks.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_text_or_markdown() {
        let mut table = Table::new(["name", "n", "share"]);
        table.row(["é|", "9", "9.1 %"]);
        table.row(["all", "100", "–"]);
        let mut document = Document::default();
        document.title("Über");
        document.heading("Part");
        document.list(vec![]);
        document.list(vec!["one".into()]);
        document.picture("a.png", "a picture");
        document.table(table);
        assert_eq!(
            document.to_text(),
            "Über\n====\n\nPart\n----\n\n- one\n\nname    n  share\né|      9  9.1 %\nall   100      –\n"
        );
        assert_eq!(
            document.to_markdown(),
            "# Über\n\n## Part\n\n- one\n\n![a picture](a.png)\n\n| name | n | share |\n| --- | ---: | ---: |\n| é\\| | 9 | \
             9.1 % |\n| all | 100 | – |\n"
        );
    }
}
