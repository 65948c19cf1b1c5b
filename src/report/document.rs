//! Headings, paragraphs, lists and tables, which become plain text for a terminal or Markdown for a page.
//!
//! All that a document is given is text, which Markdown shows as it is; what is Markdown already is given as
//! [`Document::markdown`].

use super::table::Table;
use crate::escape;

/// A document, from top to bottom.
#[derive(Debug, Clone, Default)]
pub struct Document {
    blocks: Vec<Block>,
}

#[derive(Debug, Clone)]
enum Block {
    Heading(usize, String),
    Paragraph(String),
    Warning(String),
    Markdown(String),
    Code(String),
    List(Vec<String>),
    Table(Table),
    Picture { path: String, description: String },
}

impl Document {
    /// The one title, at the top.
    pub fn title(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(1, text.into()));
    }

    /// Begins a section.
    pub fn heading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(2, text.into()));
    }

    /// Begins a part of a section.
    pub fn subheading(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Heading(3, text.into()));
    }

    /// Running text.
    pub fn paragraph(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Paragraph(text.into()));
    }

    /// Running text that must not be overlooked.
    pub fn warning(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Warning(text.into()));
    }

    /// A paragraph of Markdown. Names of others in it must have been escaped.
    pub fn markdown(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Markdown(text.into()));
    }

    /// Lines that are shown as they are.
    pub fn code(&mut self, text: impl Into<String>) {
        self.blocks.push(Block::Code(text.into()));
    }

    /// A list; none where there are no items.
    pub fn list(&mut self, items: Vec<String>) {
        if !items.is_empty() {
            self.blocks.push(Block::List(items));
        }
    }

    /// A table, under its title if it has one.
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
        let blocks = self.blocks.iter().filter_map(|block| {
            Some(match block {
                Block::Heading(level, text) => {
                    let (text, line) = (escape::text(text), if *level == 1 { "=" } else { "-" });
                    format!("{text}\n{}\n", line.repeat(text.chars().count()))
                }
                Block::Paragraph(text) | Block::Warning(text) => format!("{}\n", escape::text(text)),
                Block::Markdown(text) => format!("{text}\n"),
                Block::Code(text) => text.clone(),
                Block::List(items) => items.iter().map(|item| format!("- {}\n", escape::text(item))).collect(),
                Block::Table(table) => table.wide(),
                Block::Picture { .. } => return None,
            })
        });
        blocks.collect::<Vec<_>>().join("\n")
    }

    /// As Markdown, with tables as GitHub draws them.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let safe = |text: &str| escape::markdown(text);
        let blocks = self.blocks.iter().map(|block| match block {
            Block::Heading(level, text) => format!("{} {}\n", "#".repeat(*level), safe(text)),
            Block::Paragraph(text) => format!("{}\n", safe(text)),
            Block::Warning(text) => format!("**{}**\n", safe(text)),
            Block::Markdown(text) => format!("{text}\n"),
            Block::Code(text) => fenced(text),
            Block::List(items) => items.iter().map(|item| format!("- {}\n", safe(item))).collect(),
            Block::Table(of) if of.title.is_empty() => table(of),
            Block::Table(of) => format!("### {}\n\n{}", safe(&of.title), table(of)),
            Block::Picture { path, description } => format!("![{}]({path})\n", safe(description)),
        });
        blocks.collect::<Vec<_>>().join("\n")
    }
}

/// Lines in a fence that none of them can close.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}text\n{}\n{fence}\n", text.trim_end_matches('\n'))
}

/// A table in Markdown without its title, its note below it.
pub(super) fn table(table: &Table) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let mut text = line(&mut table.columns.iter().map(|heading| escape::markdown(heading)));
    let rule = |column| if table.is_words(column) { "---".to_owned() } else { "---:".to_owned() };
    text.push_str(&line(&mut (0..table.columns.len()).map(rule)));
    for row in &table.rows {
        text.push_str(&line(&mut row.iter().map(|cell| escape::markdown(cell))));
    }
    if !table.note.is_empty() {
        text.push_str(&format!("\n{}\n", escape::markdown(&table.note)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_text_or_markdown() {
        let mut table = Table::new("", ["name", "n", "share"]).note("See *.");
        table.row(["é|b_c", "9", "9.1 %"]);
        table.row(["all", "100", "–"]);
        let mut document = Document::default();
        document.title("Über");
        document.warning("Beware.");
        document.heading("Part");
        document.list(vec![]);
        document.list(vec!["# one".into()]);
        document.picture("a.png", "a picture");
        document.table(table);
        document.code("a\n```\n");
        document.markdown("`x`");
        insta::assert_snapshot!(format!("{}\n\n=== Markdown ===\n\n{}", document.to_text(), document.to_markdown()));
    }
}
