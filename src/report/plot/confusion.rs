//! The confusion matrix as one picture: each cell has the share of the true emotion's clips, in percent and as colour,
//! and below it the number of clips.
//!
//! One panel with both rather than one panel each: at a paper's column width eight classes leave a cell of 7 mm, which
//! holds two lines of text, but half of it would hold none.

use plotters::backend::DrawingBackend;

use super::{
    COLUMN, Figure,
    canvas::{Canvas, Stroke},
    colour::{FAINT, FRAME, GREY, Rgb, WHITE, ramp},
    font::{Across, Along, Text, width},
    header::Header,
};
use crate::{
    error::Result,
    eval::{Confusion, scores},
};

const NAME: Text = Text::new(20.0);
const SUPPORT: Text = Text::new(17.0).coloured(GREY);
const AXIS: Text = Text::new(23.0);
const TICK: Text = Text::new(18.0);
const MARGIN: f64 = 14.0;
/// Room for the label of an axis, beside the names.
const AXIS_ROOM: f64 = AXIS.size + 12.0;
/// The colour bar, its distance from the cells and the room that its labels take.
const BAR: f64 = 20.0;
const BAR_GAP: f64 = 22.0;
const BAR_LABELS: f64 = 84.0;
/// A cell smaller than this could not hold its text at a size that can be read.
const LEAST_CELL: f64 = 58.0;
const GREATEST_CELL: f64 = 150.0;
/// The size of the counts by that of the percentages.
const COUNT_SIZE: f64 = 0.86;

/// The picture of a confusion matrix.
#[derive(Debug, Clone, Copy)]
pub struct ConfusionMatrix<'a> {
    /// What is plotted; the UAR in the picture is computed from it.
    pub confusion: &'a Confusion,
    /// The title.
    pub title: &'a str,
    /// Lines below the title: the protocol, whose predictions these are.
    pub subtitle: &'a [String],
}

/// Where everything is.
struct Layout {
    header: Header,
    names: Vec<Vec<String>>,
    /// Whether the names of the columns run upwards.
    upwards: bool,
    /// Room for the names of the rows.
    beside: f64,
    left: f64,
    top: f64,
    cell: f64,
    /// From one line of a class name to the next: a name in two lines and its number of clips share a row.
    line: f64,
    width: f64,
    height: f64,
}

impl Layout {
    fn of(figure: &ConfusionMatrix<'_>) -> Self {
        let classes = figure.confusion.classes.len().max(1) as f64;
        let names: Vec<_> = figure.confusion.classes.iter().map(|name| in_lines(name)).collect();
        let supports = figure.confusion.support().into_iter().map(|n| width(&support_label(n), SUPPORT.size));
        let longest = names.iter().flatten().map(|line| width(line, NAME.size)).fold(0.0, f64::max);
        let beside = longest.max(supports.fold(0.0, f64::max)) + 12.0;
        let sides = MARGIN + AXIS_ROOM + beside + BAR_GAP + BAR + BAR_LABELS;
        let cell = ((COLUMN - sides) / classes).clamp(LEAST_CELL, GREATEST_CELL).floor();
        let width = COLUMN.max(sides + cell * classes);
        let upwards = longest > cell - 6.0;
        let line = (cell / 3.05).min(22.0);
        let lines = names.iter().map(Vec::len).max().unwrap_or(1) as f64;
        let below = if upwards { longest + 12.0 } else { lines * line + 12.0 };
        let subtitle = figure.subtitle.iter().map(String::as_str);
        let header = Header::new(figure.title, subtitle, &figure.summary(), width);
        let top = header.height() + 6.0;
        let height = top + cell * classes + below + AXIS_ROOM + MARGIN;
        // Fewer cells than the column has room for are put in its middle.
        let left = MARGIN + AXIS_ROOM + beside + (width - sides - cell * classes) / 2.0;
        Self { header, names, upwards, beside, left, top, cell, line, width, height }
    }
}

impl ConfusionMatrix<'_> {
    /// The figures of the matrix that is plotted.
    fn summary(&self) -> String {
        let n = self.confusion.total();
        let (Some(uar), Some(wa)) = (scores::uar(self.confusion), scores::wa(self.confusion)) else {
            return "no clips".into();
        };
        let with_clips = self.confusion.support().into_iter().filter(|&support| support > 0).count();
        let over = match self.confusion.classes.len() {
            all if all == with_clips => String::new(),
            all => format!(" (over the {with_clips} of {all} classes with clips)"),
        };
        let clips = if n == 1 { "clip" } else { "clips" };
        format!("UAR {:.1} %{over}, WA {:.1} %, {n} {clips}", uar * 100.0, wa * 100.0)
    }
}

impl Figure for ConfusionMatrix<'_> {
    fn description(&self) -> String {
        format!("Confusion matrix of {} emotions. {}: {}", self.confusion.classes.len(), self.title, self.summary())
    }

    fn size(&self) -> (f64, f64) {
        let layout = Layout::of(self);
        (layout.width, layout.height)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
        let layout = Layout::of(self);
        layout.header.draw(canvas)?;
        if self.confusion.classes.is_empty() {
            return Ok(());
        }
        let text_size = self.text_size(layout.cell);
        for (row, (counts, shares)) in self.confusion.counts.iter().zip(self.confusion.rows()).enumerate() {
            for (column, &count) in counts.iter().enumerate() {
                let x = layout.left + layout.cell * column as f64;
                let y = layout.top + layout.cell * row as f64;
                let share = shares.as_ref().and_then(|shares| shares.get(column)).copied();
                cell(canvas, (x, y), layout.cell, text_size, count, share)?;
            }
        }
        self.frame(canvas, &layout)?;
        self.names(canvas, &layout)?;
        colour_bar(canvas, &layout, self.confusion.classes.len())
    }
}

impl ConfusionMatrix<'_> {
    /// The size of the percentages: as large as the widest count and "100.0" allow in a cell of this size.
    fn text_size(&self, cell: f64) -> f64 {
        let widest = self.confusion.counts.iter().flatten().max().map_or(0.0, |n| width(&n.to_string(), COUNT_SIZE));
        let widest = widest.max(width("100.0", 1.0));
        ((cell - 8.0) / widest).min(cell * 0.34).min(30.0)
    }

    fn frame<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>, layout: &Layout) -> Result<()> {
        let classes = self.confusion.classes.len();
        let side = layout.cell * classes as f64;
        for number in 0..=classes {
            let at = layout.cell * number as f64;
            let outer = number == 0 || number == classes;
            let stroke = if outer { Stroke::solid(FRAME, 1.5) } else { Stroke::solid(WHITE, 1.5) };
            let (x, y) = (layout.left + at, layout.top + at);
            canvas.line(&[(x, layout.top), (x, layout.top + side)], &stroke)?;
            canvas.line(&[(layout.left, y), (layout.left + side, y)], &stroke)?;
        }
        // Again, for the inner lines have cut it.
        let (right, bottom) = (layout.left + side, layout.top + side);
        let corners = [
            (layout.left, layout.top),
            (right, layout.top),
            (right, bottom),
            (layout.left, bottom),
            (layout.left, layout.top),
        ];
        canvas.line(&corners, &Stroke::solid(FRAME, 1.5))
    }

    fn names<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>, layout: &Layout) -> Result<()> {
        let side = layout.cell * self.confusion.classes.len() as f64;
        let (right, bottom) = (layout.left - 8.0, layout.top + side);
        for (number, (name, support)) in layout.names.iter().zip(self.confusion.support()).enumerate() {
            let middle = layout.cell * (number as f64 + 0.5);
            let offset = |line: usize, lines: usize| (line as f64 - (lines as f64 - 1.0) / 2.0) * layout.line;
            let lines = name.len() + 1;
            for (line, text) in name.iter().enumerate() {
                let y = layout.top + middle + offset(line, lines);
                canvas.text(right, y, text, &NAME.at(Along::End, Across::Middle))?;
                let x = layout.left + middle;
                if layout.upwards {
                    let x = x + offset(line, name.len());
                    canvas.text(x, bottom + 9.0, text, &NAME.upwards().at(Along::End, Across::Middle))?;
                } else {
                    let y = bottom + 11.0 + line as f64 * layout.line;
                    canvas.text(x, y, text, &NAME.at(Along::Middle, Across::Top))?;
                }
            }
            let y = layout.top + middle + offset(name.len(), lines);
            canvas.text(right, y, &support_label(support), &SUPPORT.at(Along::End, Across::Middle))?;
        }
        let rows = AXIS.upwards().at(Along::Middle, Across::Top);
        let left = layout.left - (layout.beside + AXIS_ROOM);
        canvas.text(left, layout.top + side / 2.0, "true emotion", &rows)?;
        let columns = AXIS.at(Along::Middle, Across::Base);
        canvas.text(layout.left + side / 2.0, layout.height - MARGIN, "predicted emotion", &columns)
    }
}

fn support_label(n: u64) -> String {
    format!("n = {n}")
}

fn cell<DB: DrawingBackend>(
    canvas: &mut Canvas<'_, DB>,
    (x, y): (f64, f64),
    size: f64,
    text_size: f64,
    count: u64,
    share: Option<f64>,
) -> Result<()> {
    let background = share.map_or(FAINT, ramp);
    canvas.rectangle(x, y, size, size, background)?;
    let ink = background.ink();
    let centred = |size: f64, colour: Rgb| Text::new(size).coloured(colour).at(Along::Middle, Across::Middle);
    let middle = x + size / 2.0;
    let percent = share.map_or_else(|| "–".to_owned(), |share| format!("{:.1}", share * 100.0));
    let spread = text_size * 0.56;
    canvas.text(middle, y + size / 2.0 - spread, &percent, &centred(text_size, ink).bold())?;
    canvas.text(middle, y + size / 2.0 + spread, &count.to_string(), &centred(text_size * COUNT_SIZE, ink))
}

fn colour_bar<DB: DrawingBackend>(canvas: &mut Canvas<'_, DB>, layout: &Layout, classes: usize) -> Result<()> {
    const STEPS: u32 = 200;
    let side = layout.cell * classes as f64;
    let left = layout.left + side + BAR_GAP;
    // Each step reaches to the bottom and the next covers it: steps set edge to edge show hairlines in an SVG.
    for step in (0..STEPS).rev() {
        let (middle, end) = ((f64::from(step) + 0.5) / f64::from(STEPS), f64::from(step + 1) / f64::from(STEPS));
        canvas.rectangle(left, layout.top + side * (1.0 - end), BAR, side * end, ramp(middle))?;
    }
    let (right, bottom) = (left + BAR, layout.top + side);
    let corners = [(left, layout.top), (right, layout.top), (right, bottom), (left, bottom), (left, layout.top)];
    canvas.line(&corners, &Stroke::solid(FRAME, 1.0))?;
    for percent in (0..=100).step_by(25) {
        let y = layout.top + side * (1.0 - f64::from(percent) / 100.0);
        canvas.line(&[(right, y), (right + 5.0, y)], &Stroke::solid(FRAME, 1.5))?;
        canvas.text(right + 9.0, y, &percent.to_string(), &TICK.at(Along::Start, Across::Middle))?;
    }
    let in_full = "share of the true emotion's clips (%)";
    let label = if width(in_full, TICK.size) <= side { in_full } else { "share (%)" };
    let style = TICK.upwards().at(Along::Middle, Across::Base);
    canvas.text(right + BAR_LABELS - MARGIN, layout.top + side / 2.0, label, &style)
}

/// A class name in at most two lines, broken where an underscore, a hyphen or a space comes nearest to its middle.
fn in_lines(name: &str) -> Vec<String> {
    const LONG: usize = 10;
    let letters = name.chars().count();
    let breaks = name.char_indices().enumerate().filter(|(_, (_, letter))| matches!(letter, '_' | '-' | ' '));
    let nearest = breaks.min_by_key(|(position, _)| (2 * (position + 1)).abs_diff(letters));
    match nearest {
        Some((_, (byte, letter))) if letters > LONG => {
            let (first, second) = name.split_at(byte + letter.len_utf8());
            [first, second].map(|line| line.trim().to_owned()).into_iter().filter(|line| !line.is_empty()).collect()
        }
        _ => vec![name.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{save, to_svg};

    const NAMES: [&str; 8] =
        ["neutral", "calm", "happiness", "sadness", "anger", "fearfulness", "disgust", "pleasant_surprise"];

    fn confusion(classes: usize, count: u64) -> Confusion {
        let names = (0..classes).map(|class| NAMES[class % NAMES.len()].to_owned()).collect();
        Confusion::new(names, vec![vec![count; classes]; classes]).unwrap()
    }

    #[test]
    fn every_name_count_and_share_is_in_the_picture() {
        let mut confusion = confusion(8, 12345);
        confusion.counts[1] = vec![0; 8];
        let figure = ConfusionMatrix { confusion: &confusion, title: "RAVDESS", subtitle: &["luna-5fold".into()] };
        let svg = to_svg(&figure).unwrap();
        for text in [
            "RAVDESS",
            "luna-5fold",
            "fearfulness",
            "pleasant_",
            "surprise",
            "true emotion",
            "predicted emotion",
            "n = 0",
        ] {
            assert!(svg.contains(text), "{text}");
        }
        assert_eq!(svg.matches("data-text=\"12345\"").count(), 56);
        assert_eq!(svg.matches("data-text=\"12.5\"").count(), 56);
        assert!(svg.contains("UAR 12.5 % (over the 7 of 8 classes with clips)"));
    }

    #[test]
    fn any_matrix_can_be_drawn() {
        let folder = tempfile::tempdir().unwrap();
        for confusion in
            [confusion(0, 0), confusion(1, 1), confusion(2, 0), confusion(3, u64::MAX / 9), confusion(20, 7)]
        {
            let figure = ConfusionMatrix { confusion: &confusion, title: "", subtitle: &[] };
            save(&figure, &folder.path().join("confusion.png")).unwrap();
        }
    }

    #[test]
    fn cells_hold_their_text() {
        for (classes, count) in [(2, 3), (7, 192), (8, 99_999), (8, 1_000_000), (12, 12_345)] {
            let confusion = confusion(classes, count);
            let figure = ConfusionMatrix { confusion: &confusion, title: "", subtitle: &[] };
            let layout = Layout::of(&figure);
            let size = figure.text_size(layout.cell);
            assert!(size >= 12.0, "{classes} classes, {count}: {size}");
            assert!(width("100.0", size) < layout.cell && width(&count.to_string(), size * COUNT_SIZE) < layout.cell);
        }
    }

    #[test]
    fn names_break_near_their_middle() {
        assert_eq!(in_lines("pleasant_surprise"), ["pleasant_", "surprise"]);
        assert_eq!(in_lines("anger"), ["anger"]);
        assert_eq!(in_lines("not at all pleased"), ["not at", "all pleased"]);
        assert_eq!(in_lines("überraschungslos"), ["überraschungslos"]);
        assert_eq!(in_lines("trailing___"), ["trailing_", "__"]);
    }
}
