//! The confusion matrix as one picture: each cell has the share of the true emotion's clips, in percent and as colour,
//! and below it the number of clips.
//!
//! One panel with both rather than one panel each: at a paper's column width eight classes leave a cell of 7 mm, which
//! holds two lines of text, but half of it would hold none.

use super::{
    COLUMN, Canvas, Figure, MARGIN,
    canvas::Stroke,
    colour::{FAINT, FRAME, GREY, Rgb, WHITE, ramp},
    font::{Across, Along, Text, shortened, width},
};
use crate::{
    audio::LEVELS,
    eval::{Confusion, scores},
};

const NAME: Text = Text::new(20.0);
const SUPPORT: Text = Text::new(17.0).coloured(GREY);
const AXIS: Text = Text::new(23.0);
const TICK: Text = Text::new(18.0);
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
/// Most classes whose cells have figures; a matrix of more is shades in a square of this side.
const MOST_WITH_TEXT: usize = 40;
const SIDE: f64 = 2_000.0;
/// Names smaller than this are left out.
const LEAST_NAME: f64 = 7.0;
/// Most room for a line of a name.
const LONGEST_NAME: f64 = 300.0;

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

/// Where the cells are.
struct Layout {
    left: f64,
    top: f64,
    cell: f64,
    /// From one line of a class name to the next: a name in two lines and its number of predictions share a row.
    line: f64,
    /// Room for the names of the rows.
    beside: f64,
}

impl ConfusionMatrix<'_> {
    /// The figures of the matrix that is plotted.
    fn summary(&self) -> String {
        let n = self.confusion.total();
        let (Some(uar), Some(wa)) = (scores::uar(self.confusion), scores::wa(self.confusion)) else {
            return "no predictions".into();
        };
        let with_clips = self.confusion.support().into_iter().filter(|&support| support > 0).count();
        let over = match self.confusion.classes.len() {
            all if all == with_clips => String::new(),
            all => format!(" (over the {with_clips} of {all} classes with clips)"),
        };
        let predictions = if n == 1 { "prediction" } else { "predictions" };
        format!("UAR {:.1} %{over}, WA {:.1} %, {n} {predictions}", uar * 100.0, wa * 100.0)
    }
}

impl Figure for ConfusionMatrix<'_> {
    fn description(&self) -> String {
        format!("Confusion matrix of {} emotions. {}: {}", self.confusion.classes.len(), self.title, self.summary())
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let classes = self.confusion.classes.len();
        let plain = classes > MOST_WITH_TEXT;
        let names: Vec<Vec<String>> = self.confusion.classes.iter().map(|name| in_lines(name)).collect();
        // Shades without figures: the names must do with what is left of a row.
        let size = if plain { (SIDE / classes as f64 * 0.8).min(NAME.size) } else { NAME.size };
        let named = size >= LEAST_NAME;
        let longest = names.iter().flatten().map(|line| width(line, size)).fold(0.0, f64::max);
        let supports = self.confusion.support();
        let counts = supports.iter().filter(|_| !plain).map(|&n| width(&support_label(n), SUPPORT.size));
        let beside = if named { longest.max(counts.fold(0.0, f64::max)) + 12.0 } else { 0.0 };
        let sides = MARGIN + AXIS_ROOM + beside + BAR_GAP + BAR + BAR_LABELS;
        let cell = match plain {
            true => SIDE / classes as f64,
            false => ((COLUMN - sides) / classes.max(1) as f64).clamp(LEAST_CELL, GREATEST_CELL).floor(),
        };
        let side = cell * classes as f64;
        let wide = COLUMN.max(sides + side);
        let note = plain.then(|| "Counts and names are in confusion.csv.".to_owned());
        let subtitle: Vec<&String> = self.subtitle.iter().chain(&note).collect();
        let top = canvas.header(self.title, &subtitle, &self.summary(), wide) + 6.0;
        if classes == 0 {
            return (wide, top + MARGIN);
        }
        // Fewer cells than the column has room for are put in its middle.
        let left = MARGIN + AXIS_ROOM + beside + (wide - sides - side) / 2.0;
        let layout = Layout { left, top, cell, line: (cell / 3.05).min(22.0), beside };
        if plain {
            let share = |shares: Option<Vec<f64>>| shares.unwrap_or_else(|| vec![0.0; classes]);
            let level = |share: f64| (share * f64::from(LEVELS - 1)).round() as u8;
            let levels: Vec<u8> = self.confusion.rows().into_iter().flat_map(share).map(level).collect();
            canvas.cells((left, top), (side, side), &levels, classes);
        } else {
            self.cells(canvas, &layout);
        }
        canvas.frame(left, top, side, side, &Stroke::solid(FRAME, 1.5));
        let mut below = 12.0;
        if named {
            let upwards = plain || longest > cell - 6.0;
            let lines = names.iter().map(Vec::len).max().unwrap_or(1) as f64;
            below += if upwards { longest } else { lines * layout.line };
            self.names(canvas, &layout, &names, NAME.sized(size), upwards, !plain);
        }
        let height = top + side + below + AXIS_ROOM + MARGIN;
        let rows = AXIS.upwards().at(Along::Middle, Across::Top);
        canvas.text(left - (layout.beside + AXIS_ROOM), top + side / 2.0, "true emotion", &rows);
        let columns = AXIS.at(Along::Middle, Across::Base);
        canvas.text(left + side / 2.0, height - MARGIN, "predicted emotion", &columns);
        colour_bar(canvas, &layout, side);
        (wide, height)
    }
}

impl ConfusionMatrix<'_> {
    /// The size of the percentages: as large as the widest count and "100.0" allow in a cell of this size.
    fn text_size(&self, cell: f64) -> f64 {
        let widest = self.confusion.counts.iter().flatten().max().map_or(0.0, |n| width(&n.to_string(), COUNT_SIZE));
        let widest = widest.max(width("100.0", 1.0));
        ((cell - 8.0) / widest).min(cell * 0.34).min(30.0)
    }

    fn cells(&self, canvas: &mut Canvas<'_>, layout: &Layout) {
        let classes = self.confusion.classes.len();
        let size = self.text_size(layout.cell);
        for (row, (counts, shares)) in self.confusion.counts.iter().zip(self.confusion.rows()).enumerate() {
            for (column, &count) in counts.iter().enumerate() {
                let place = [column, row].map(|number| layout.cell * number as f64);
                let share = shares.as_ref().and_then(|shares| shares.get(column)).copied();
                cell(canvas, (layout.left + place[0], layout.top + place[1]), layout.cell, size, count, share);
            }
        }
        let side = layout.cell * classes as f64;
        for number in 1..classes {
            let at = layout.cell * number as f64;
            let (x, y) = (layout.left + at, layout.top + at);
            canvas.line(&[(x, layout.top), (x, layout.top + side)], &Stroke::solid(WHITE, 1.5));
            canvas.line(&[(layout.left, y), (layout.left + side, y)], &Stroke::solid(WHITE, 1.5));
        }
    }

    fn names(
        &self,
        canvas: &mut Canvas<'_>,
        layout: &Layout,
        names: &[Vec<String>],
        style: Text,
        upwards: bool,
        supports: bool,
    ) {
        let (right, bottom) = (layout.left - 8.0, layout.top + layout.cell * names.len() as f64);
        for (number, (name, support)) in names.iter().zip(self.confusion.support()).enumerate() {
            let middle = layout.cell * (number as f64 + 0.5);
            let step = layout.line.max(style.size);
            let offset = |line: usize, lines: usize| (line as f64 - (lines as f64 - 1.0) / 2.0) * step;
            let lines = name.len() + usize::from(supports);
            for (line, text) in name.iter().enumerate() {
                let y = layout.top + middle + offset(line, lines);
                canvas.text(right, y, text, &style.at(Along::End, Across::Middle));
                let x = layout.left + middle;
                if upwards {
                    let x = x + offset(line, name.len());
                    canvas.text(x, bottom + 9.0, text, &style.upwards().at(Along::End, Across::Middle));
                } else {
                    let y = bottom + 11.0 + line as f64 * layout.line;
                    canvas.text(x, y, text, &style.at(Along::Middle, Across::Top));
                }
            }
            if supports {
                let y = layout.top + middle + offset(name.len(), lines);
                canvas.text(right, y, &support_label(support), &SUPPORT.at(Along::End, Across::Middle));
            }
        }
    }
}

fn support_label(n: u64) -> String {
    format!("n = {n}")
}

fn cell(canvas: &mut Canvas<'_>, (x, y): (f64, f64), size: f64, text_size: f64, count: u64, share: Option<f64>) {
    let background = share.map_or(FAINT, ramp);
    canvas.rectangle(x, y, size, size, background);
    let ink = background.ink();
    let centred = |size: f64, colour: Rgb| Text::new(size).coloured(colour).at(Along::Middle, Across::Middle);
    let middle = x + size / 2.0;
    let percent = share.map_or_else(|| "–".to_owned(), |share| format!("{:.1}", share * 100.0));
    let spread = text_size * 0.56;
    canvas.text(middle, y + size / 2.0 - spread, &percent, &centred(text_size, ink).bold());
    canvas.text(middle, y + size / 2.0 + spread, &count.to_string(), &centred(text_size * COUNT_SIZE, ink));
}

fn colour_bar(canvas: &mut Canvas<'_>, layout: &Layout, side: f64) {
    const STEPS: u32 = 200;
    let left = layout.left + side + BAR_GAP;
    // Each step reaches to the bottom and the next covers it: steps set edge to edge show hairlines in an SVG.
    for step in (0..STEPS).rev() {
        let (middle, end) = ((f64::from(step) + 0.5) / f64::from(STEPS), f64::from(step + 1) / f64::from(STEPS));
        canvas.rectangle(left, layout.top + side * (1.0 - end), BAR, side * end, ramp(middle));
    }
    canvas.frame(left, layout.top, BAR, side, &Stroke::solid(FRAME, 1.0));
    let right = left + BAR;
    for percent in (0..=100).step_by(25) {
        let y = layout.top + side * (1.0 - f64::from(percent) / 100.0);
        canvas.line(&[(right, y), (right + 5.0, y)], &Stroke::solid(FRAME, 1.5));
        canvas.text(right + 9.0, y, &percent.to_string(), &TICK.at(Along::Start, Across::Middle));
    }
    let in_full = "share of the true emotion (%)";
    let label = if width(in_full, TICK.size) <= side { in_full } else { "share (%)" };
    let style = TICK.upwards().at(Along::Middle, Across::Base);
    canvas.text(right + BAR_LABELS - MARGIN, layout.top + side / 2.0, label, &style);
}

/// A class name in at most two lines, broken where an underscore, a hyphen or a space comes nearest to its middle.
fn in_lines(name: &str) -> Vec<String> {
    broken(name).into_iter().map(|line| shortened(&line, NAME.size, LONGEST_NAME)).collect()
}

fn broken(name: &str) -> Vec<String> {
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
    use crate::report::plot::{skeleton, to_svg};

    const NAMES: [&str; 8] =
        ["neutral", "calm", "happiness", "sadness", "anger", "fearfulness", "disgust", "pleasant_surprise"];

    fn confusion(classes: usize, count: u64) -> Confusion {
        let names = (0..classes).map(|class| NAMES[class % NAMES.len()].to_owned()).collect();
        Confusion::new(names, vec![vec![count; classes]; classes]).unwrap()
    }

    fn svg(confusion: &Confusion) -> String {
        let figure = ConfusionMatrix { confusion, title: "RAVDESS", subtitle: &["luna-5fold".into()] };
        skeleton(&to_svg(&figure).unwrap())
    }

    /// The steps of the colour bar are left out: they are the same everywhere.
    #[test]
    fn every_name_count_and_share_is_at_its_place() {
        let classes = ["calm", "pleasant_surprise", "sad"].map(str::to_owned).to_vec();
        let confusion = Confusion::new(classes, vec![vec![3, 1, 0], vec![0, 12_345, 5], vec![0, 0, 0]]).unwrap();
        let svg = svg(&confusion);
        let bar = |line: &&str| !line.contains("<rect") || !line.contains("width=\"80\"");
        insta::assert_snapshot!(svg.lines().filter(bar).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn a_class_without_clips_is_left_out_of_the_uar_and_it_is_said() {
        let mut confusion = confusion(8, 12_345);
        confusion.counts[1] = vec![0; 8];
        let svg = svg(&confusion);
        assert_eq!(svg.matches("data-text=\"12345\"").count(), 56);
        assert_eq!(svg.matches("data-text=\"12.5\"").count(), 56);
        assert!(svg.contains("UAR 12.5 % (over the 7 of 8 classes with clips)"));
    }

    #[test]
    fn many_classes_are_shades_and_long_names_are_shortened() {
        let many = svg(&confusion(1_000, 1));
        assert!(
            many.contains("crispEdges") && many.contains("confusion.csv") && many.len() < 400_000,
            "{}",
            many.len()
        );
        assert_eq!(svg(&confusion(100, 1)).matches("fearfulness").count(), 24, "names of 100 classes can be read");
        let mut long = confusion(2, 1);
        long.classes[0] = "L".repeat(1_000);
        assert!(svg(&long).contains("LLL…"));
        assert!(svg(&confusion(1, 0)).contains("no predictions") && !svg(&confusion(0, 0)).contains("NaN"));
    }

    #[test]
    fn cells_hold_their_text() {
        for (classes, count) in [(2, 3), (7, 192), (8, 99_999), (8, 1_000_000), (12, 12_345)] {
            let confusion = confusion(classes, count);
            let figure = ConfusionMatrix { confusion: &confusion, title: "", subtitle: &[] };
            let size = figure.text_size(LEAST_CELL);
            assert!(size >= 12.0, "{classes} classes, {count}: {size}");
            assert!(width("100.0", size) < LEAST_CELL && width(&count.to_string(), size * COUNT_SIZE) < LEAST_CELL);
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
