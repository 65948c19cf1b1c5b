//! The reliability diagram: how often clips are recognised, by how sure the recogniser is of them. On the diagonal a
//! probability says what it means; below it the recogniser is too sure. Bars below count the clips.

use plotters::backend::DrawingBackend;

use super::{
    COLUMN, Figure,
    axes::{Axes, Axis, LABEL_SIZE, TICK_SIZE},
    canvas::{Canvas, Stroke},
    colour::{BLUE, GREY, Rgb, VERMILLION},
    font::width,
    header::Header,
    legend::{Legend, Sample},
};
use crate::{
    error::Result,
    eval::{Certainty, calibration::Bin},
};

const MARGIN: f64 = 14.0;
const RIGHT: f64 = 30.0;
const PANEL: f64 = 480.0;
const COUNTS: f64 = 130.0;
const BETWEEN: f64 = 26.0;
/// Clips that a share should be of, at least.
const ENOUGH: usize = 10;

/// The picture.
#[derive(Debug, Clone, Copy)]
pub struct Reliability<'a> {
    /// The probabilities as they are.
    pub before: &'a Certainty,
    /// After temperature scaling.
    pub after: Option<&'a Certainty>,
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
}

/// One set of probabilities and how it is drawn.
struct Series<'a> {
    bins: &'a [Bin],
    name: String,
    stroke: Stroke,
    colour: Rgb,
}

impl Series<'_> {
    /// Whether the bin has clips enough for its share to say something; of few clips in all, any do.
    fn has_point(&self, bin: &Bin) -> bool {
        bin.n >= ENOUGH || (bin.n > 0 && self.bins.iter().all(|bin| bin.n < ENOUGH))
    }
}

impl Reliability<'_> {
    fn series(&self) -> Vec<Series<'_>> {
        let name =
            |what: &str, of: &Certainty| format!("{what} (calibration error {:.1} %)", 100.0 * of.calibration_error);
        let mut series = vec![Series {
            bins: &self.before.bins,
            name: name("as predicted", self.before),
            stroke: Stroke::solid(VERMILLION, 3.0),
            colour: VERMILLION,
        }];
        series.extend(self.after.map(|after| Series {
            bins: &after.bins,
            name: name("after temperature scaling", after),
            stroke: Stroke::dashed(BLUE, 3.0, 11.0, 5.0),
            colour: BLUE,
        }));
        series
    }

    fn header(&self) -> Header {
        // Said only where it shows.
        let few = self.series().iter().any(|of| of.bins.iter().any(|bin| bin.n > 0 && !of.has_point(bin)));
        let note = few.then(|| format!("Intervals of fewer than {ENOUGH} clips have no point."));
        Header::new(self.title, self.subtitle.iter().map(String::as_str).chain(note.as_deref()), "", COLUMN)
    }

    fn legend(&self) -> Legend {
        let mut entries: Vec<_> = self.series().into_iter().map(|of| (Sample::Line(of.stroke), of.name)).collect();
        entries.push((Sample::Line(diagonal()), "as often as it is sure".into()));
        Legend::new(entries, COLUMN - 2.0 * MARGIN)
    }
}

fn diagonal() -> Stroke {
    Stroke::dashed(GREY, 1.5, 2.0, 5.0)
}

/// 0 to 100 % in steps of 20.
fn percent_axis() -> Axis {
    Axis::around([0.0, 100.0], 20.0)
}

impl Figure for Reliability<'_> {
    fn description(&self) -> String {
        let names: Vec<String> = self.series().into_iter().map(|of| of.name).collect();
        format!("Reliability diagram: share of clips recognised by confidence. {}: {}", self.title, names.join("; "))
    }

    fn size(&self) -> (f64, f64) {
        let panels = PANEL + BETWEEN + COUNTS + 10.0 + TICK_SIZE + 10.0 + LABEL_SIZE;
        (COLUMN, self.header().height() + self.legend().height() + 16.0 + panels + MARGIN)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
        let (header, legend, series) = (self.header(), self.legend(), self.series());
        header.draw(canvas)?;
        legend.draw(canvas, MARGIN, header.height() - 4.0)?;
        let counts = Axis::around(series.iter().flat_map(|of| of.bins).map(|bin| bin.n as f64).chain([0.0]), 1.0);
        let room = counts.ticks.iter().map(|&t| width(&counts.label(t), TICK_SIZE)).fold(0.0, f64::max);
        let label_room = room.max(width("100", TICK_SIZE)) + 9.0 + 12.0 + LABEL_SIZE;
        let left = MARGIN + label_room;
        let top = header.height() + legend.height() + 16.0;
        let panel = |top, height, y| Axes { left, top, width: COLUMN - RIGHT - left, height, x: percent_axis(), y };
        let shares = panel(top, PANEL, percent_axis());
        let counts = panel(top + PANEL + BETWEEN, COUNTS, counts);
        shares.draw(canvas, "recognised (%)", label_room, None)?;
        counts.draw(canvas, "clips", label_room, Some("confidence: probability of the emotion predicted (%)"))?;
        canvas.line(&[shares.place(0.0, 0.0), shares.place(100.0, 100.0)], &diagonal())?;
        for (number, of) in series.iter().enumerate() {
            for bin in of.bins.iter().filter(|bin| bin.n > 0) {
                // The series stand side by side within a bin.
                let share = (bin.high - bin.low) * 100.0 * 0.9 / series.len() as f64;
                let start = bin.low * 100.0 + share * (number as f64 + 0.05);
                let (x, y) = counts.place(start, bin.n as f64);
                let (end, base) = counts.place(start + share, 0.0);
                // Both colours are the same grey: one of them light.
                let colour = if number == 0 { of.colour } else { of.colour.tint(0.45) };
                canvas.rectangle(x, y, end - x, base - y, colour)?;
            }
        }
        for of in &series {
            let points = of.bins.iter().filter(|bin| of.has_point(bin));
            let line: Vec<_> = points.map(|bin| shares.place(100.0 * bin.confidence, 100.0 * bin.accuracy)).collect();
            canvas.line(&line, &of.stroke)?;
            for point in line {
                canvas.disc(point, 5.0, of.colour)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::Judgements,
        report::plot::{save, to_svg},
    };

    #[test]
    fn one_clip_or_many_can_be_drawn() {
        let folder = tempfile::tempdir().unwrap();
        for clips in [1, 500] {
            let mut judgements = Judgements::of(2, []);
            (0..clips).for_each(|i| {
                let p = 0.5 + 0.5 * f64::from(i) / 500.0;
                judgements.push(usize::from(i % 3 == 0), [p, 1.0 - p]);
            });
            let before = Certainty::of(&judgements).unwrap();
            let after = Certainty::of(&judgements.at_temperature(2.0)).unwrap();
            for after in [None, Some(&after)] {
                let figure = Reliability { before: &before, after, title: "t", subtitle: &[] };
                let svg = to_svg(&figure).unwrap();
                assert!(svg.contains("recognised (%)") && svg.contains("as predicted") && !svg.contains("NaN"));
                save(&figure, &folder.path().join("r.png")).unwrap();
            }
        }
    }
}
