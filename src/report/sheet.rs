//! A report in sections, whatever was learnt: as plain text, Markdown, one page, and on a terminal.

use std::path::Path;

use maud::html;

use super::{
    document::Document,
    headline::{INDENT, Kind, Line},
    html::{Section, picture, plain, table_in},
    pictures::Pictures,
    table::{Table, wrapped},
};
use crate::{
    error::Result,
    files::write_whole,
    run::{ProtocolRecord, Versions},
};

/// What a report says.
pub(super) struct Sheet {
    /// The experiment.
    pub title: String,
    /// The lines at the top.
    pub lines: Vec<Line>,
    /// The protocol in full.
    pub rule: String,
    /// The sections behind the lines.
    pub sections: Vec<Part>,
    /// What it was made with.
    pub made_with: String,
}

/// A section.
pub(super) struct Part {
    /// Where a link leads.
    pub id: &'static str,
    /// Its heading.
    pub heading: &'static str,
    /// Its tables.
    pub tables: Vec<Table>,
    /// Whether a terminal shows it, too.
    pub main: bool,
}

/// The files of a sheet.
pub(super) const FILES: [&str; 3] = ["report.txt", "report.md", "report.html"];

impl Sheet {
    /// The lines, at most 80 columns wide.
    fn headline(&self) -> String {
        let line = |Line { label, value, .. }: &Line| wrapped(&format!("{label:<INDENT$}{value}"), INDENT);
        self.lines.iter().map(line).collect()
    }

    fn tables(&self) -> impl Iterator<Item = &Table> {
        self.sections.iter().flat_map(|part| &part.tables)
    }

    /// Writes `report.txt`, `report.md` and `report.html` into the folder, each whole or not at all.
    ///
    /// # Errors
    ///
    /// [`crate::error::Error::Io`] naming the file that cannot be written.
    pub fn write(&self, pictures: &Pictures, folder: &Path) -> Result<()> {
        let texts = [self.text(pictures), self.markdown(pictures), self.page(pictures)];
        for (name, text) in FILES.into_iter().zip(texts) {
            write_whole(&folder.join(name), |file| file.write_all(text.as_bytes()))?;
        }
        Ok(())
    }

    /// `report.txt`.
    fn text(&self, pictures: &Pictures) -> String {
        let mut text = self.headline();
        self.tables().for_each(|table| text.push_str(&format!("\n{}", table.plain())));
        text.push('\n');
        pictures.failed.iter().for_each(|failed| text.push_str(&wrapped(&format!("NOT DRAWN: {failed}"), 0)));
        text + &self.made_with + "\n"
    }

    /// `report.md`.
    fn markdown(&self, pictures: &Pictures) -> String {
        let mut document = Document::default();
        document.title(&self.title);
        document.code(self.headline());
        for table in self.tables() {
            let mut table = table.clone();
            document.heading(std::mem::take(&mut table.title));
            document.table(table);
        }
        if !pictures.failed.is_empty() {
            document.heading("Pictures that could not be drawn");
            document.list(pictures.failed.clone());
        }
        document.to_markdown()
    }

    /// `report.html`. The pictures stand behind the first section.
    fn page(&self, pictures: &Pictures) -> String {
        let summary = html! {
            @for line in self.lines.iter().filter(|line| line.kind == Kind::Warning) { p.warning { (line.value) } }
            dl.summary {
                @for kind in [Kind::Figure, Kind::Setting] {
                    @for line in self.lines.iter().filter(|line| line.kind == kind) {
                        dt { (line.label) }
                        dd.figure[kind == Kind::Figure] { (line.value) }
                    }
                }
                dt { "rule" }
                dd { (self.rule) }
                dt { "made with" }
                dd { (self.made_with) }
            }
        };
        let drawn = html! { div.pictures {
            @for of in &pictures.drawn { (picture(of)) }
            @for line in &pictures.failed { p.warning { "Not drawn: " (line) } }
        } };
        let part = |part: &Part| {
            (
                part.id,
                part.heading,
                html! {
                    @for of in &part.tables { (table_in((part.id, part.heading), of)) }
                },
            )
        };
        let (first, rest) = self.sections.split_at(self.sections.len().min(1));
        let sections: Vec<Section> = std::iter::once(("summary", "Summary", summary))
            .chain(first.iter().map(part))
            .chain([("pictures", "Pictures", drawn)])
            .chain(rest.iter().map(part))
            .collect();
        plain(&self.title, &sections)
    }

    /// Lines and main tables for a terminal, with colour or without.
    pub fn terminal(&self, colour: bool) -> String {
        const BOLD: &str = "1";
        const BOLD_YELLOW: &str = "1;33";
        let painted =
            |text: &str, code: &str| if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() };
        let mut text = String::new();
        for line in &self.lines {
            let plain = wrapped(&format!("{:<INDENT$}{}", line.label, line.value), INDENT);
            match line.kind {
                Kind::Setting => text.push_str(&plain),
                kind => {
                    let code = if kind == Kind::Warning { BOLD_YELLOW } else { BOLD };
                    plain.lines().for_each(|line| text.push_str(&format!("{}\n", painted(line, code))));
                }
            }
        }
        for table in self.sections.iter().filter(|part| part.main).flat_map(|part| &part.tables) {
            let table = table.plain();
            let (title, rest) = table.split_once('\n').unwrap_or((&table, ""));
            text.push_str(&format!("\n{}\n{rest}", painted(title, BOLD)));
        }
        text
    }
}

/// What made the figures, in one line.
pub(super) fn made_with(versions: &Versions, config_hash: &str, protocol: &ProtocolRecord) -> String {
    format!("{versions}; config {config_hash}; split seed {}", protocol.split_seed)
}
