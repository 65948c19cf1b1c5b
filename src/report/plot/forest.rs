//! A forest plot: figures with their intervals one below the other, to be read against a line; groups have headings.

use super::{
    COLUMN, Canvas, Figure, MARGIN,
    axes::{Axes, Axis, BELOW, NAME_ROOM, right_of},
    canvas::Stroke,
    colour::{BLACK, BLUE, GREEN, GREY, Rgb, VERMILLION, WHITE},
    font::{Across, Along, Text, shortened, width},
    legend::{Sample, legend},
};
use crate::numeric::written;

const NAME: Text = Text::new(18.0).at(Along::End, Across::Middle);
const HEADING: Text = Text::new(18.0).at(Along::Start, Across::Middle).bold();
const ROW: f64 = 25.0;

/// What a row says, and so how it looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mood {
    /// A figure: a blue disc.
    #[default]
    Plain,
    /// It is as it should be: a green diamond.
    Good,
    /// It is not: a vermillion square.
    Bad,
    /// It cannot be told: a grey ring.
    Open,
    /// A figure that it is read beside: a black bar.
    Other,
}

impl Mood {
    const fn colour(self) -> Rgb {
        match self {
            Self::Plain => BLUE,
            Self::Good => GREEN,
            Self::Bad => VERMILLION,
            Self::Open => GREY,
            Self::Other => BLACK,
        }
    }

    fn mark(self, canvas: &mut Canvas<'_>, (x, y): (f64, f64)) {
        const R: f64 = 6.0;
        match self {
            Self::Plain => canvas.disc((x, y), R, self.colour()),
            Self::Good => canvas.diamond((x, y), 1.2 * R, self.colour()),
            Self::Bad => canvas.rectangle(x - 0.8 * R, y - 0.8 * R, 1.6 * R, 1.6 * R, self.colour()),
            Self::Open => {
                canvas.disc((x, y), R, self.colour());
                canvas.disc((x, y), 0.55 * R, WHITE);
            }
            // Taller than a disc, which may lie over it.
            Self::Other => canvas.rectangle(x - 1.5, y - 1.6 * R, 3.0, 3.2 * R, self.colour()),
        }
    }
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ForestRow {
    /// What it is of.
    pub name: String,
    /// The figure.
    pub value: f64,
    /// Its interval.
    pub interval: Option<(f64, f64)>,
    /// What it says.
    pub mood: Mood,
    /// Figures of others that it is read beside.
    pub beside: Vec<f64>,
}

/// The picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forest {
    /// The title.
    pub title: String,
    /// Lines below the title.
    pub subtitle: Vec<String>,
    /// What is measured, with its unit.
    pub axis: String,
    /// Digits behind the point of the figures at the right.
    pub decimals: usize,
    /// Groups of rows, each under its heading; none where it is empty.
    pub groups: Vec<(String, Vec<ForestRow>)>,
    /// Values to read them against, and what they are; in the legend but for those without a name.
    pub references: Vec<(f64, String)>,
    /// What the marks mean, of those that are used.
    pub legend: Vec<(Mood, String)>,
}

impl Forest {
    fn rows(&self) -> impl Iterator<Item = &ForestRow> {
        self.groups.iter().flat_map(|(_, rows)| rows)
    }

    fn label(&self, row: &ForestRow) -> String {
        let number = |value: f64| format!("{:.*}", self.decimals, written(value, self.decimals)).replace('-', "−");
        match row.interval {
            Some((low, high)) => format!("{} ({} to {})", number(row.value), number(low), number(high)),
            None => number(row.value),
        }
    }
}

impl Figure for Forest {
    fn description(&self) -> String {
        let rows: Vec<String> = self.rows().map(|row| format!("{} {}", row.name, self.label(row))).collect();
        format!("{}: {} by row: {}", self.title, self.axis, rows.join(", "))
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        const LINES: [(Rgb, f64, f64); 2] = [(VERMILLION, 9.0, 5.0), (GREY, 3.0, 4.0)];
        let reference = |number: usize| {
            let (colour, dash, gap) = LINES[number % LINES.len()];
            Stroke::dashed(colour, 2.0, dash, gap)
        };
        let top = canvas.header(&self.title, &self.subtitle, "", COLUMN);
        let named = self.references.iter().enumerate().filter(|(_, (_, name))| !name.is_empty());
        let lines = named.map(|(i, (_, name))| (Sample::Line(reference(i)), name.clone()));
        let mut top = legend(canvas, top - 4.0, &lines.collect::<Vec<_>>());
        // Marks are not lines: their legend has a row of its own.
        let mut x = MARGIN;
        for (mood, words) in &self.legend {
            let words = shortened(words, NAME.size, NAME_ROOM);
            let end = x + 36.0 + width(&words, NAME.size);
            if x > MARGIN && end > COLUMN - MARGIN {
                (x, top) = (MARGIN, top + ROW);
            }
            mood.mark(canvas, (x + 10.0, top + ROW / 2.0));
            canvas.text(x + 26.0, top + ROW / 2.0, &words, &Text::new(NAME.size).at(Along::Start, Across::Middle));
            x += 26.0 + width(&words, NAME.size) + 26.0;
        }
        let top = top + if self.legend.is_empty() { 12.0 } else { ROW + 10.0 };
        let headings = self.groups.iter().filter(|(heading, _)| !heading.is_empty()).count();
        let count = self.rows().count() + headings;
        let ends = self.rows().flat_map(|row| {
            let (low, high) = row.interval.unwrap_or((row.value, row.value));
            [row.value, low, high].into_iter().chain(row.beside.iter().copied())
        });
        let axis = Axis::around(ends.chain(self.references.iter().map(|(value, _)| *value)), 1e-3);
        let labels = self.rows().map(|row| width(&self.label(row), NAME.size)).fold(0.0, f64::max);
        let left = right_of(self.rows().map(|row| row.name.as_str()), NAME.size);
        let axes = Axes::of_rows(left, COLUMN - MARGIN - labels - 10.0, top, ROW * count as f64, axis);
        axes.draw(canvas, None, Some(&self.axis));
        for (number, (value, _)) in self.references.iter().enumerate().filter(|(_, (value, _))| value.is_finite()) {
            canvas.line(&[(axes.across(*value), top), (axes.across(*value), axes.bottom())], &reference(number));
        }
        let mut middle = top + ROW / 2.0;
        for (heading, rows) in &self.groups {
            if !heading.is_empty() {
                let heading = shortened(heading, HEADING.size, COLUMN - 2.0 * MARGIN);
                // It reaches over the axis, whose lines must not cross it.
                let wide = width(&heading, HEADING.size) + 8.0;
                canvas.rectangle(MARGIN, middle - ROW / 2.0, wide, ROW, WHITE);
                canvas.text(MARGIN, middle, &heading, &HEADING);
                middle += ROW;
            }
            for row in rows {
                canvas.text(left - 9.0, middle, &shortened(&row.name, NAME.size, NAME_ROOM), &NAME);
                if let Some((low, high)) = row.interval.filter(|(low, high)| low.is_finite() && high.is_finite()) {
                    let ends = [(axes.across(low), middle), (axes.across(high), middle)];
                    canvas.line(&ends, &Stroke::solid(row.mood.colour(), 2.5));
                }
                for &value in row.beside.iter().filter(|value| value.is_finite()) {
                    Mood::Other.mark(canvas, (axes.across(value), middle));
                }
                if row.value.is_finite() {
                    row.mood.mark(canvas, (axes.across(row.value), middle));
                }
                canvas.text(COLUMN - MARGIN, middle, &self.label(row), &NAME);
                middle += ROW;
            }
        }
        (COLUMN, axes.bottom() + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{skeleton, to_svg};

    #[test]
    fn rows_have_marks_intervals_and_figures() {
        let row = |name: &str, value: f64, mood| ForestRow {
            name: name.into(),
            value,
            interval: Some((value - 2.0, value + 1.0)),
            mood,
            beside: vec![],
        };
        let forest = Forest {
            title: "Robustness".into(),
            axis: "points of UAR".into(),
            decimals: 1,
            groups: vec![
                ("noise".into(), vec![row("20 dB", -1.0, Mood::Good), row("0 dB", -30.0, Mood::Bad)]),
                (
                    String::new(),
                    vec![ForestRow { interval: None, beside: vec![4.0], ..row("plain", f64::NAN, Mood::Open) }],
                ),
            ],
            references: vec![(-5.0, "limit".into()), (0.0, "no change".into())],
            legend: vec![(Mood::Good, "passed".into()), (Mood::Bad, "failed".into())],
            ..Forest::default()
        };
        let svg = skeleton(&to_svg(&forest).unwrap());
        for text in ["noise", "20 dB", "−1.0 (−3.0 to 0.0)", "limit", "passed", "points of UAR"] {
            assert!(svg.contains(&format!("data-text=\"{text}\"")), "{text}: {svg}");
        }
        assert!(to_svg(&Forest::default()).is_ok(), "nothing at all is still a picture");
    }
}
