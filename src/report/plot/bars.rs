//! Horizontal bars with their names and figures, and a line that they are to be read against.

use plotters::backend::DrawingBackend;

use super::{
    COLUMN, Figure,
    axes::{Axis, LABEL_SIZE, TICK_SIZE},
    canvas::{Canvas, Stroke},
    colour::{BLUE, FAINT, FRAME, VERMILLION},
    font::{Across, Along, Text, width},
    header::Header,
    legend::{Legend, Sample},
};
use crate::error::Result;

const MARGIN: f64 = 14.0;
const ROW: f64 = 26.0;
const BAR: f64 = 17.0;
const NAME: Text = Text::new(19.0);

/// The picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// The title.
    pub title: String,
    /// Lines below the title.
    pub subtitle: Vec<String>,
    /// What the bars measure, with its unit.
    pub axis: String,
    /// Names and values, the first on top. A value below 0 or not finite has no bar.
    pub bars: Vec<(String, f64)>,
    /// Decimals of the figures beside the bars.
    pub decimals: usize,
    /// Where the axis ends, unless the bars decide.
    pub highest: Option<f64>,
    /// A value to read them against, and what it is.
    pub reference: Option<(f64, String)>,
}

impl Bars {
    fn header(&self) -> Header {
        Header::new(&self.title, self.subtitle.iter().map(String::as_str), "", COLUMN)
    }

    fn legend(&self) -> Legend {
        let entry = |(_, name): &(f64, String)| (Sample::Line(reference()), name.clone());
        Legend::new(self.reference.iter().map(entry).collect(), COLUMN - 2.0 * MARGIN)
    }

    fn figure(&self, value: f64) -> String {
        format!("{value:.*}", self.decimals)
    }
}

fn reference() -> Stroke {
    Stroke::dashed(VERMILLION, 2.5, 9.0, 5.0)
}

impl Figure for Bars {
    fn description(&self) -> String {
        let bars: Vec<String> =
            self.bars.iter().map(|(name, value)| format!("{name} {}", self.figure(*value))).collect();
        format!("{}: {} by name: {}", self.title, self.axis, bars.join(", "))
    }

    fn size(&self) -> (f64, f64) {
        let below = 10.0 + TICK_SIZE + 10.0 + LABEL_SIZE + MARGIN;
        (COLUMN, self.header().height() + self.legend().height() + 8.0 + ROW * self.bars.len() as f64 + below)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
        let (header, legend) = (self.header(), self.legend());
        header.draw(canvas)?;
        legend.draw(canvas, MARGIN, header.height() - 4.0)?;
        let top = header.height() + legend.height() + 8.0;
        let names = self.bars.iter().map(|(name, _)| width(name, NAME.size)).fold(0.0, f64::max);
        let figures = self.bars.iter().map(|(_, value)| width(&self.figure(*value), NAME.size)).fold(0.0, f64::max);
        // A name may be long, but half of the picture is for the bars.
        let left = MARGIN + names.min(COLUMN / 2.0) + 10.0;
        let right = COLUMN - MARGIN - figures - 8.0;
        let bottom = top + ROW * self.bars.len() as f64;
        let values = self.bars.iter().map(|(_, value)| *value);
        let axis = Axis::around(values.chain([0.0]).chain(self.highest), if self.decimals == 0 { 1.0 } else { 0.01 });
        let place = |value: f64| left + (right - left) * (value - axis.low) / (axis.high - axis.low);
        for &tick in &axis.ticks {
            canvas.line(&[(place(tick), top), (place(tick), bottom)], &Stroke::solid(FAINT, 1.0))?;
            let style = Text::new(TICK_SIZE).at(Along::Middle, Across::Top);
            canvas.text(place(tick), bottom + 10.0, &axis.label(tick), &style)?;
        }
        for (row, (name, value)) in self.bars.iter().enumerate() {
            let middle = top + ROW * (row as f64 + 0.5);
            canvas.text(left - 9.0, middle, name, &NAME.at(Along::End, Across::Middle))?;
            if *value > 0.0 && value.is_finite() {
                canvas.rectangle(place(0.0), middle - BAR / 2.0, place(*value) - place(0.0), BAR, BLUE)?;
            }
            let figure = self.figure(*value);
            canvas.text(COLUMN - MARGIN, middle, &figure, &NAME.at(Along::End, Across::Middle))?;
        }
        canvas.line(&[(left, top), (left, bottom)], &Stroke::solid(FRAME, 1.5))?;
        canvas.line(&[(left, bottom), (right, bottom)], &Stroke::solid(FRAME, 1.5))?;
        if let Some((value, _)) = self.reference.as_ref().filter(|(value, _)| value.is_finite()) {
            canvas.line(&[(place(*value), top), (place(*value), bottom)], &reference())?;
        }
        let y = bottom + 10.0 + TICK_SIZE + 10.0;
        let style = Text::new(LABEL_SIZE).at(Along::Middle, Across::Top);
        canvas.text(f64::midpoint(left, right), y, &self.axis, &style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{save, to_svg};

    #[test]
    fn any_bars_can_be_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let bar = |name: &str, value| (name.to_owned(), value);
        for bars in [
            vec![],
            vec![bar("a", 0.0)],
            vec![bar("a corpus/with a speaker of a very long name indeed, longer than half of the picture is", 33.3)],
            vec![bar("a", f64::NAN), bar("b", 50.0)],
            (0..91).map(|i| bar(&format!("crema_d/{i}"), f64::from(i))).collect(),
        ] {
            let figure = Bars {
                title: "t".into(),
                subtitle: vec![],
                axis: "UAR (%)".into(),
                bars,
                decimals: 1,
                highest: Some(100.0),
                reference: Some((40.0, "all: 40.0 %".into())),
            };
            let svg = to_svg(&figure).unwrap();
            assert!(svg.contains("UAR (%)") && svg.contains("all: 40.0 %"));
            save(&figure, &folder.path().join("bars.png")).unwrap();
        }
    }
}
