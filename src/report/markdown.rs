//! The report in Markdown: `report.md`.

use super::{
    headline::headline,
    published::Beside,
    table::Table,
    tables::{audit, breakdowns, confused, figures, per_class, published, runs, worst},
};
use crate::{escape::markdown, eval::Evaluation};

/// All figures, the protocol first.
#[must_use]
pub fn report(evaluation: &Evaluation, beside: &Beside, not_drawn: &[String]) -> String {
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
    if !not_drawn.is_empty() {
        text.push_str("\n## Pictures that could not be drawn\n\n");
        text.extend(not_drawn.iter().map(|line| format!("- {}\n", markdown(line))));
    }
    text
}

/// A table without its title, its note below it.
#[must_use]
pub fn table(table: &Table) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let mut text = line(&mut table.columns.iter().map(|heading| markdown(heading)));
    text.push_str(&line(&mut (0..table.columns.len()).map(|c| if table.is_words(c) { "---" } else { "---:" }.into())));
    for row in &table.rows {
        text.push_str(&line(&mut row.iter().map(|cell| markdown(cell))));
    }
    if !table.note.is_empty() {
        text.push_str(&format!("\n{}\n", markdown(&table.note)));
    }
    text
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
