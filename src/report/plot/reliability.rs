//! The reliability diagram: accuracy by confidence. On the diagonal the recogniser is calibrated; below it, it is
//! overconfident. Bars below count the predictions.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, left_of},
    canvas::Stroke,
    colour::{BLUE, GREY, Rgb, VERMILLION},
    legend::{Sample, legend},
};
use crate::eval::{Certainty, calibration::Bin};

const RIGHT: f64 = 30.0;
const PANEL: f64 = 480.0;
const COUNTS: f64 = 130.0;
const BETWEEN: f64 = 26.0;
/// Predictions that an accuracy should be of, at least.
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
    /// Whether the bin has enough predictions for its accuracy to say something; of few predictions in all, any do.
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
        format!("Reliability diagram: accuracy by confidence. {}: {}", self.title, names.join("; "))
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let series = self.series();
        // Said only where it shows.
        let few = series.iter().any(|of| of.bins.iter().any(|bin| bin.n > 0 && !of.has_point(bin)));
        let note = few.then(|| format!("Bins of fewer than {ENOUGH} predictions have no point."));
        let lines: Vec<&String> = self.subtitle.iter().chain(&note).collect();
        let top = canvas.title(self.title, &lines);
        let mut entries: Vec<_> = series.iter().map(|of| (Sample::Line(of.stroke), of.name.clone())).collect();
        entries.push((Sample::Line(diagonal()), "perfect calibration".into()));
        let top = legend(canvas, top - 4.0, &entries) + 20.0;
        let counts = Axis::around(series.iter().flat_map(|of| of.bins).map(|bin| bin.n as f64).chain([0.0]), 1.0);
        let left = left_of(&[&counts, &percent_axis()]);
        let panel = |top, height, y| Axes { left, top, width: COLUMN - RIGHT - left, height, x: percent_axis(), y };
        let shares = panel(top, PANEL, percent_axis());
        let counts = panel(top + PANEL + BETWEEN, COUNTS, counts);
        shares.draw(canvas, Some("accuracy (%)"), None);
        counts.draw(canvas, Some("predictions"), Some("confidence: probability of the predicted emotion (%)"));
        canvas.line(&[shares.place(0.0, 0.0), shares.place(100.0, 100.0)], &diagonal());
        for (number, of) in series.iter().enumerate() {
            for bin in of.bins.iter().filter(|bin| bin.n > 0) {
                // The series stand side by side within a bin.
                let share = (bin.high - bin.low) * 100.0 * 0.9 / series.len() as f64;
                let start = bin.low * 100.0 + share * (number as f64 + 0.05);
                let (x, y) = counts.place(start, bin.n as f64);
                let (end, base) = counts.place(start + share, 0.0);
                // Both colours are the same grey: one of them light.
                let colour = if number == 0 { of.colour } else { of.colour.tint(0.45) };
                canvas.rectangle(x, y, end - x, base - y, colour);
            }
        }
        for of in &series {
            let points = of.bins.iter().filter(|bin| of.has_point(bin));
            let line: Vec<_> = points.map(|bin| shares.place(100.0 * bin.confidence, 100.0 * bin.accuracy)).collect();
            canvas.line(&line, &of.stroke);
            line.into_iter().for_each(|point| canvas.disc(point, 5.0, of.colour));
        }
        (COLUMN, counts.bottom() + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::Judgements,
        report::plot::{skeleton, to_svg},
    };

    fn svg(clips: u32, scaled: bool) -> String {
        let mut judgements = Judgements::of(2, []);
        (0..clips).for_each(|i| {
            let p = 0.5 + 0.5 * f64::from(i) / 500.0;
            judgements.push(usize::from(i % 3 == 0), [p, 1.0 - p]);
        });
        let before = Certainty::of(&judgements).unwrap();
        let after = Certainty::of(&judgements.at_temperature(2.0)).unwrap();
        let figure = Reliability { before: &before, after: scaled.then_some(&after), title: "t", subtitle: &[] };
        skeleton(&to_svg(&figure).unwrap())
    }

    #[test]
    fn both_series_have_their_points_and_bars() {
        insta::assert_snapshot!(svg(500, true));
    }

    #[test]
    fn a_single_prediction_has_a_point_and_no_note() {
        let svg = svg(1, false);
        assert!(svg.contains("<circle") && !svg.contains("fewer than") && !svg.contains("NaN"), "{svg}");
    }
}
