//! Tables and pictures as elements of a page.

use maud::{Markup, PreEscaped, html};

use super::Picture;
use crate::{
    eval::{Confusion, Decision, scores},
    report::table::Table,
};

/// Steps of a confusion matrix's shades: the style sheet has a class `s0`, `s1` … each.
pub(super) const SHADES: usize = 20;

/// A section of the page under a heading that can be linked to.
pub(in crate::report) fn section(id: &str, title: &str, content: &Markup) -> Markup {
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { (title) }
            (content)
        }
    }
}

/// A table that can be sorted, under its title; `first` writes the first cell of a row.
pub(in crate::report) fn table_with(table: &Table, first: impl Fn(usize, &str) -> Markup) -> Markup {
    let id = format!("table-{}", slug(&table.title));
    block(table, &id, &html! { h3 id=(id) { (table.title) } }, first)
}

/// A table in a section, by id and title, without a heading of its own where that would say the section's again.
pub(in crate::report) fn table_in(section: (&str, &str), of: &Table) -> Markup {
    match of.title == section.1 {
        true => block(of, section.0, &html! {}, |_, cell| html! { (cell) }),
        false => table(of),
    }
}

/// A table with its heading; `id` is of the heading that names it.
fn block(table: &Table, id: &str, heading: &Markup, first: impl Fn(usize, &str) -> Markup) -> Markup {
    let classes: Vec<&str> =
        (0..table.columns.len()).map(|column| if table.is_words(column) { "words" } else { "figures" }).collect();
    let class = |column: usize| classes.get(column).copied().unwrap_or("words");
    html! {
        div.block {
            (heading)
            // A table may be wider than a telephone: the box scrolls, also by keyboard.
            div.scroll role="region" aria-labelledby=(id) tabindex="0" {
                table.sortable aria-labelledby=(id) {
                    thead { tr {
                        @for (column, heading) in table.columns.iter().enumerate() {
                            th scope="col" class=(class(column)) { (heading) }
                        }
                    } }
                    tbody {
                        @for (number, row) in table.rows.iter().enumerate() {
                            tr {
                                @for (column, cell) in row.iter().enumerate() {
                                    @if column == 0 {
                                        th scope="row" class="words" { (first(number, cell)) }
                                    } @else {
                                        td class=(class(column)) { (together(cell)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
            @if !table.note.is_empty() { p.note { (table.note) } }
        }
    }
}

/// The same with plain first cells.
pub(in crate::report) fn table(of: &Table) -> Markup {
    table_with(of, |_, cell| html! { (cell) })
}

/// A picture with its caption.
pub(in crate::report) fn picture(picture: &Picture) -> Markup {
    html! {
        figure {
            // Drawn by us, its texts escaped where it was drawn.
            div.paper { (PreEscaped(&picture.svg)) }
            figcaption { (picture.caption) " (" (picture.name) ".png, " (picture.name) ".svg)" }
        }
    }
}

/// The confusion matrix, each cell a button that opens the list of its clips.
pub(super) fn matrix(confusion: &Confusion) -> Markup {
    let figures = match (scores::uar(confusion), scores::wa(confusion)) {
        (Some(uar), Some(wa)) => format!("UAR {:.2} %, WA {:.2} %", 100.0 * uar, 100.0 * wa),
        _ => "no clips".to_owned(),
    };
    let shares = confusion.rows();
    html! {
        p.note id="matrix-caption" {
            "Rows are true emotions, columns what they were taken for: % of the row, and predictions below. "
            (figures) ", computed from these cells. Press a cell for its clips; arrows go from cell to cell."
        }
        div.scroll role="region" aria-labelledby="matrix-caption" tabindex="0" {
            table.matrix aria-labelledby="matrix-caption" {
                thead { tr {
                    th scope="col" { span.true { "true" } " \\ " span.predicted { "predicted" } }
                    @for class in &confusion.classes { th scope="col" { (breakable(class)) } }
                } }
                tbody {
                    @for (truth, (class, (counts, shares))) in
                        confusion.classes.iter().zip(confusion.counts.iter().zip(&shares)).enumerate() {
                        tr {
                            th scope="row" { (breakable(class)) small { "n = " (counts.iter().sum::<u64>()) } }
                            @for (prediction, count) in counts.iter().enumerate() {
                                (cell(confusion, (truth, prediction), *count, shares.as_ref().and_then(|of| of.get(prediction)).copied()))
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cell(confusion: &Confusion, (truth, prediction): (usize, usize), count: u64, share: Option<f64>) -> Markup {
    let Some(share) = share else { return html! { td.empty { "–" } } };
    let shade = (share * SHADES as f64).round().clamp(0.0, SHADES as f64);
    let percent = format!("{:.1}", 100.0 * share);
    let label = format!(
        "{} taken for {}: {percent} %, {count} predictions",
        confusion.classes[truth], confusion.classes[prediction]
    );
    html! {
        td class=(format!("s{shade}")) {
            @if count == 0 {
                div.cell { (percent) small { "0" } }
            } @else {
                button.cell type="button" aria-haspopup="dialog" aria-label=(label) data-cell=(format!("{truth}-{prediction}")) {
                    (percent) small { (count) }
                }
            }
        }
    }
}

/// A figure with its spread stays in one line, and so does a verdict.
fn together(cell: &str) -> String {
    if cell.contains('±') || cell == Decision::NotDecided.name() {
        cell.replace(' ', "\u{a0}")
    } else {
        cell.to_owned()
    }
}

/// A long name may be broken after what joins its parts.
fn breakable(name: &str) -> Markup {
    let parts = name.split_inclusive(['_', '-', '/']);
    html! { @for part in parts { (part) wbr; } }
}

/// A title as an id.
fn slug(title: &str) -> String {
    title.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect()
}
