//! The report in Markdown: `report.md`.

use super::{
    headline::headline,
    published::Beside,
    table::Table,
    tables::{audit, breakdowns, confused, figures, per_class, published, runs, worst},
};
use crate::eval::Evaluation;

/// All figures, the protocol first.
#[must_use]
pub fn report(evaluation: &Evaluation, beside: &Beside) -> String {
    let mut text = format!("# {}\n\n```text\n{}```\n", evaluation.experiment, headline(evaluation));
    let tables = [Some(figures(evaluation)), published(evaluation, beside), Some(per_class(evaluation))];
    let more = breakdowns(evaluation).into_iter().chain([
        confused(evaluation),
        worst(evaluation),
        runs(evaluation),
        audit(evaluation),
    ]);
    for table in tables.into_iter().flatten().chain(more) {
        text.push_str(&format!("\n## {}\n\n{}", table.title, self::table(&table)));
    }
    text
}

/// A table without its title, its note below it.
#[must_use]
pub fn table(table: &Table) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let mut text = line(&mut table.columns.iter().map(|heading| escaped(heading)));
    text.push_str(&line(&mut (0..table.columns.len()).map(|c| if table.is_words(c) { "---" } else { "---:" }.into())));
    for row in &table.rows {
        text.push_str(&line(&mut row.iter().map(|cell| escaped(cell))));
    }
    if !table.note.is_empty() {
        text.push_str(&format!("\n{}\n", escaped(&table.note)));
    }
    text
}

/// A name may hold what Markdown takes for more than text.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        if matches!(character, '\\' | '|' | '*' | '_' | '`' | '<' | '[' | ']') {
            safe.push('\\');
        }
        safe.push(if character == '\n' { ' ' } else { character });
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_stay_cells_whatever_they_hold() {
        let text = table(&Table::new("t", &["name", "n"]).rows([vec!["a|b_c".into(), "3".into()]]).note("See *."));
        assert_eq!(text, "| name | n |\n| --- | ---: |\n| a\\|b\\_c | 3 |\n\nSee \\*.\n");
    }
}
