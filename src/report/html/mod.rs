//! One page with everything: `report.html`.
//!
//! The page needs nothing but itself: style, script, pictures and the clips' data are in it, and its content security
//! policy lets it load nothing from anywhere, save the audio files that it plays by relative links. Whatever comes from
//! data (names of experiments, clips, classes) is escaped by [`maud`] or reaches the page as JSON that the script only
//! ever shows as text. Without the script all figures are there; it sorts tables and opens the cells' lists of clips.
//!
//! | module | what it makes |
//! |---|---|
//! | `elements` | tables, pictures, the confusion matrix |
//! | `clips`, `thumbnail`, `link` | the clips of each cell: their thumbnails, where their audio is |
//! | `page.css`, `page.js` | how it looks, and what happens where it is pressed |

mod clips;
mod elements;
mod link;
mod thumbnail;

use std::path::Path;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use self::{
    clips::{Clips, MOST_CLASSES},
    elements::{SHADES, matrix},
};
use super::{
    comparison,
    gather::BESIDE,
    headline::{Kind, lines},
    pictures::Pictures,
    plot::colour::ramp,
    published::Published,
    stress, tables,
    write::More,
};
use crate::{
    error::{Error, Result},
    eval::Evaluation,
    run::Recordings,
    task,
};

pub(super) use self::elements::{picture, section, table, table_in, table_with};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A picture that is also a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file's name without extension.
    pub name: String,
    /// What it shows.
    pub caption: String,
    /// The picture as an SVG document.
    pub svg: String,
}

/// The page, to be put into `folder`.
///
/// # Errors
///
/// [`Error::Data`] where the clips cannot be written as JSON, which none are.
pub(super) fn page(
    evaluation: &Evaluation,
    elsewhere: &Published,
    pictures: &Pictures,
    recordings: &Recordings,
    more: More<'_>,
    folder: &Path,
) -> Result<String> {
    let clips = Clips::of(evaluation, recordings, folder);
    let data = serde_json::to_string(&clips)
        .map_err(|error| Error::Data(format!("the page's clips cannot be written as JSON: {error}")))?
        // So that no text in it can end the element that it stands in.
        .replace('<', "\\u003c");
    let links: Vec<(&str, &str)> =
        LINKS.into_iter().filter(|(id, _)| *id != "robustness" || !more.stressed.is_empty()).collect();
    let links = links.into_iter().filter(|(id, _)| *id != "compared" || !more.compared.is_empty()).collect::<Vec<_>>();
    let links =
        links.into_iter().filter(|(id, _)| *id != "fairness" || !evaluation.fairness.is_empty()).collect::<Vec<_>>();
    let links: Vec<(&str, &str)> =
        links.into_iter().filter(|(id, _)| *id != "adapted" || evaluation.adaptation.is_some()).collect();
    let content = sections(evaluation, elsewhere, pictures, recordings, &clips, more);
    Ok(shell(&evaluation.experiment, &links, &data, &content))
}

/// The script's data of a page without clips: there is no matrix whose cells could be pressed.
const NO_CLIPS: &str = r#"{"classes":[],"cells":[],"clips":[],"pictured":0}"#;

/// A section of a page without clips: where it is linked to, its heading, what it holds.
pub(super) type Section = (&'static str, &'static str, Markup);

/// A page of sections without clips, such as that of `ser-eval stress`.
pub(super) fn plain(title: &str, sections: &[Section]) -> String {
    let links: Vec<(&str, &str)> = sections.iter().map(|(id, name, _)| (*id, *name)).collect();
    let content = html! { @for (id, name, content) in sections { (section(id, name, content)) } };
    shell(title, &links, NO_CLIPS, &content)
}

/// A page: its heading, the links to its sections by id and name, the script's data as JSON, what it shows.
fn shell(title: &str, links: &[(&str, &str)], data: &str, content: &Markup) -> String {
    let style = format!("{STYLE}{}", shades());
    // What runs must be named by the page that was written, whatever else should find its way into it.
    let nonce = blake3::hash(format!("{data}{SCRIPT}").as_bytes()).to_hex()[..32].to_owned();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; img-src data:; media-src 'self' file:; \
         base-uri 'none'; form-action 'none'"
    );
    let first = links.first().map_or("summary", |(id, _)| id);
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) ": report" }
                style nonce=(nonce) { (PreEscaped(style)) }
            }
            body {
                a.skip href=(format!("#{first}")) { "To the figures" }
                (header(title, links))
                main { (content) }
                dialog aria-labelledby="dialog-title" {
                    div.top {
                        h2 id="dialog-title" tabindex="-1" { "Clips" }
                        button.close type="button" { "Close" }
                    }
                    div.content {}
                }
                p.silent aria-live="polite" {}
                script type="application/json" id="data" nonce=(nonce) { (PreEscaped(data)) }
                script nonce=(nonce) { (PreEscaped(SCRIPT)) }
            }
        }
    };
    markup.into_string()
}

/// The sections of a page of classes, by id and name.
const LINKS: [(&str, &str); 11] = [
    ("summary", "Summary"),
    ("compared", "Compared"),
    ("figures", "Figures"),
    ("confusion", "Confusion"),
    ("pictures", "Pictures"),
    ("groups", "Groups"),
    ("fairness", "Fairness"),
    ("adapted", "Adapted"),
    ("robustness", "Robustness"),
    ("listen", "Errors"),
    ("runs", "Runs"),
];

fn header(title: &str, links: &[(&str, &str)]) -> Markup {
    html! {
        header {
            div.top {
                h1 { (title) }
                button.theme type="button" hidden { "Theme: as the system" }
            }
            nav aria-label="Sections" { ul { @for (id, name) in links { li { a href=(format!("#{id}")) { (name) } } } } }
        }
    }
}

fn sections(
    evaluation: &Evaluation,
    elsewhere: &Published,
    pictures: &Pictures,
    recordings: &Recordings,
    clips: &Clips,
    more: More<'_>,
) -> Markup {
    let figures = html! {
        (table(&tables::figures(evaluation)))
        @if let Some(parts) = tables::parts(evaluation) {
            (table(&parts))
            @if evaluation.runs.iter().flat_map(|run| &run.parts).any(|part| part.task == task::Kind::Regression) {
                p { a href=(format!("{BESIDE}/report.html")) { "The report of the numbers" } }
            }
        }
        @if let Some(published) = tables::published(evaluation, elsewhere) { (table(&published)) }
        (table(&tables::per_class(evaluation)))
    };
    let confusion = html! {
        @if evaluation.confusion.classes.len() <= MOST_CLASSES {
            (matrix(&evaluation.confusion))
            @for line in clips_notes(evaluation, recordings, clips) { p.note { (line) } }
        } @else {
            @for of in pictures.drawn.iter().filter(|of| of.name == "confusion") { (picture(of)) }
            p.note { "More than " (MOST_CLASSES) " emotions: counts are in confusion.csv, predictions in predictions.csv." }
        }
    };
    let worst = tables::worst(evaluation);
    let name = |row: usize, id: &str| match clips.worst.get(row) {
        Some(clip) => html! { button.clip type="button" aria-haspopup="dialog" data-clip=(clip) { (id) } },
        None => html! { (id) },
    };
    html! {
        (section("summary", "Summary", &summary(evaluation)))
        @if !more.compared.is_empty() {
            (section("compared", "Compared", &html! {
                @for of in more.compared {
                    @for line in comparison::cautions(of) { p.warning { (line) } }
                    (table(&comparison::table(of)))
                    p { (comparison::sentence(of)) }
                }
            }))
        }
        (section("figures", "Figures", &figures))
        (section("confusion", "Confusion", &confusion))
        // The matrix stands above, as a table.
        (section("pictures", "Pictures", &html! { div.pictures {
            @for of in pictures.drawn.iter().filter(|of| of.name != "confusion") { (picture(of)) }
            @for line in &pictures.failed { p.warning { "Not drawn: " (line) } }
        } }))
        (section("groups", "Groups of clips", &html! { @for of in tables::breakdowns(evaluation) { (table(&of)) } }))
        @if !evaluation.fairness.is_empty() {
            (section("fairness", "Fairness", &html! {
                @for of in tables::fairness(evaluation) { (table_in(("fairness", "Fairness"), &of)) }
            }))
        }
        @if let Some(of) = tables::adapted(evaluation) {
            (section("adapted", "Adapted to the speaker", &table_in(("adapted", "Adapted to the speaker"), &of)))
        }
        @if !more.stressed.is_empty() {
            (section("robustness", "Robustness", &html! { @for of in more.stressed { (stress::section(of)) } }))
        }
        (section("listen", "Errors", &html! {
            (table(&tables::confused(evaluation)))
            (table_with(&worst, name))
        }))
        (section("runs", "Runs", &html! {
            @if evaluation.is_given() {
                p.note { "None: these predictions were made elsewhere." }
                @if let Some(of) = &evaluation.split_audit {
                    h3 { "Audit of the split" }
                    ul { @for line in of.lines() { li { (line) } } }
                }
            } @else {
                (table_in(("runs", "Runs"), &tables::runs(evaluation)))
                (table(&tables::audit(evaluation)))
                @for of in tables::selections(evaluation) { (table(&of)) }
            }
            (made_with(evaluation))
        }))
    }
}

fn summary(evaluation: &Evaluation) -> Markup {
    let lines = lines(evaluation);
    html! {
        @for line in lines.iter().filter(|line| line.kind == Kind::Warning) { p.warning { (line.value) } }
        dl.summary {
            @for kind in [Kind::Figure, Kind::Setting] {
                @for line in lines.iter().filter(|line| line.kind == kind) {
                    dt { (line.label) }
                    dd.figure[kind == Kind::Figure] { (line.value) }
                }
            }
            dt { "rule" }
            dd { (evaluation.protocol.description) }
        }
    }
}

/// What the lists of clips leave out, and why there are no pictures or players.
fn clips_notes(evaluation: &Evaluation, recordings: &Recordings, clips: &Clips) -> Vec<String> {
    let mut notes = vec![];
    if evaluation.seeds.len() > 1 {
        notes.push("A clip is predicted once under every seed, and may stand in several cells of a row.".to_owned());
    }
    let order = "the most confident errors first, and of what is right the least confident";
    notes.push(match clips.pictures {
        true => format!(
            "A cell lists at most {} clips, {order}; waveforms and spectrograms (mel scale, to 8 kHz, 70 dB from white to \
             dark) are of at most {} of them. All predictions are in predictions.csv.",
            clips.listed, clips.pictured
        ),
        false => format!("A cell lists at most {} clips, {order}. All predictions are in predictions.csv.", clips.listed),
    });
    if let Some(missing) = recordings.missing() {
        notes.push(format!(
            "Some audio is not where {} ({} is not there): {} DIR says where it is.",
            if evaluation.is_given() { "the split says" } else { "training found it" },
            missing.display(),
            if evaluation.is_given() { "ser-eval judge --root" } else { "ser-eval --data" }
        ));
    } else if evaluation.clips.is_empty() && evaluation.is_given() {
        notes.push("Where the clips' audio is was not said: there is nothing to play.".to_owned());
    } else if evaluation.clips.is_empty() {
        notes.push("These runs do not say where their audio is: they were trained by an earlier version.".to_owned());
    } else if clips.pictures && !clips.players {
        notes.push("Synthetic speech has no files to play: ser-data synth writes them.".to_owned());
    }
    notes
}

fn made_with(evaluation: &Evaluation) -> Markup {
    if evaluation.is_given() {
        return html! { p.note { "Figures by " (evaluation.versions) "." } };
    }
    html! {
        p.note {
            (evaluation.versions) "; config " code { (evaluation.config_hash) } "; split seed " (evaluation.protocol.split_seed) "."
        }
    }
}

/// The matrix's shades with the ink that reads on them.
fn shades() -> String {
    (0..=SHADES)
        .map(|step| {
            let shade = ramp(step as f64 / SHADES as f64);
            let ink = shade.ink();
            format!(
                "\n.s{step}{{background:#{:02x}{:02x}{:02x};color:#{:02x}{:02x}{:02x}}}",
                shade.0, shade.1, shade.2, ink.0, ink.1, ink.2
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::evaluation;

    fn page_of(evaluation: &Evaluation) -> String {
        page(
            evaluation,
            &Published::default(),
            &Pictures::default(),
            &Recordings::default(),
            More::default(),
            Path::new("report"),
        )
        .unwrap()
    }

    #[test]
    fn whatever_names_hold_stays_text() {
        let evil = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
        let mut ours = evaluation("a", 3, 30, &[1], 0.5);
        ours.experiment = evil.into();
        ours.confusion.classes[1] = evil.into();
        ours.scores.per_class[1].class = evil.into();
        ours.protocol.description = evil.into();
        for row in &mut ours.predictions.rows {
            row.clip = format!("{}{evil}", row.clip);
        }
        let html = page_of(&ours);
        assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{html}");
        assert_eq!(html.matches("</script>").count(), 2);
        assert!(html.contains("&lt;img src=x onerror"));
    }

    #[test]
    fn a_page_asks_for_nothing_from_anywhere() {
        let html = page_of(&evaluation("a", 3, 30, &[1], 0.5));
        for asked in ["http://", "https://", "@import", "url("] {
            let without_names = html.replace("http://www.w3.org/2000/svg", "");
            assert!(!without_names.contains(asked), "{asked}");
        }
        assert!(html.contains("default-src 'none'"));
    }

    #[test]
    fn shades_can_be_read() {
        for step in 0..=SHADES {
            let shade = ramp(step as f64 / SHADES as f64);
            assert!(shade.contrast(shade.ink()) >= 4.5, "step {step}: {}", shade.contrast(shade.ink()));
        }
    }
}
