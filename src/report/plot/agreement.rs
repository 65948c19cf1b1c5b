//! Predicted numbers over true ones: a density of many clips, points of few, and what was true on average where predictions are
//! alike. On the diagonal predictions are right; a line that is flatter than it keeps to the middle.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, left_of},
    canvas::Stroke,
    cloud::Cloud,
    colour::{BLACK, GREY, VERMILLION},
    legend::{Sample, legend},
    marker::{SMALL_MARKER, marker},
};
use crate::{eval::Target, run::NumberRow};

const RIGHT: f64 = 30.0;
const PANEL: f64 = 620.0;

/// The picture.
#[derive(Debug, Clone, Copy)]
pub struct Agreement<'a> {
    /// The target's figures.
    pub target: &'a Target,
    /// Its place among the targets.
    pub number: usize,
    /// The predictions.
    pub rows: &'a [NumberRow],
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
}

impl Agreement<'_> {
    fn pairs(&self) -> impl Iterator<Item = (f64, f64)> {
        self.rows.iter().map(|row| (row.truth[self.number], row.prediction[self.number]))
    }
}

impl Figure for Agreement<'_> {
    fn description(&self) -> String {
        let Target { name, figures, .. } = self.target;
        format!(
            "{}: predicted {name} over the true one, {} predictions; CCC {:.3}, mean absolute error {:.3}",
            self.title,
            figures.n,
            figures.ccc.unwrap_or(0.0),
            figures.mae
        )
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let Target { name, range, figures, calibration, .. } = self.target;
        let bias = format!("{:+.3}", figures.bias).replace('-', "−");
        let what = format!(
            "{name}, {} predictions: CCC {:.3}, MAE {:.3}, RMSE {:.3}, bias {bias}",
            figures.n,
            figures.ccc.unwrap_or(0.0),
            figures.mae,
            figures.rmse
        );
        let top = canvas.title(self.title, &self.subtitle.iter().chain([&what]).collect::<Vec<_>>());
        let diagonal = Stroke::dashed(GREY, 1.5, 2.0, 5.0);
        let mean = Stroke::solid(VERMILLION, 3.0);
        let entries = [
            (Sample::Line(diagonal), "right".to_owned()),
            (Sample::Line(mean), "mean truth of alike predictions, ± s.d.".to_owned()),
        ];
        let top = legend(canvas, top - 4.0, &entries) + 16.0;
        let axis = || Axis::around([range.low, range.high], (range.high - range.low) * 1e-3);
        let (x, y) = (axis(), axis());
        let left = left_of(&[&y]);
        let axes = Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x, y };
        let cloud = Cloud::of(self.pairs());
        cloud.behind(canvas, &axes);
        axes.draw(canvas, Some(&format!("predicted {name}")), Some(&format!("true {name}")));
        canvas.line(&[axes.place(axes.x.low, axes.y.low), axes.place(axes.x.high, axes.y.high)], &diagonal);
        cloud.before(canvas, &axes);
        for bin in calibration {
            let ends = [bin.truth - bin.truth_std, bin.truth + bin.truth_std];
            let ends = ends.map(|end| axes.place(end.clamp(axes.x.low, axes.x.high), bin.prediction));
            canvas.line(&ends, &Stroke::solid(BLACK, 1.2));
        }
        let line: Vec<_> = calibration.iter().map(|bin| axes.place(bin.truth, bin.prediction)).collect();
        canvas.line(&line, &mean);
        line.into_iter().for_each(|place| marker(canvas, place, SMALL_MARKER));
        (COLUMN, axes.bottom() + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::{Bootstrap, evaluate_numbers, test_support::number_runs},
        report::plot::{skeleton, to_svg},
    };

    fn svg(clips: usize) -> String {
        let found = evaluate_numbers(number_runs(2, clips, &[1], 0.4), Bootstrap { samples: 0, seed: 1 }).unwrap();
        let figure =
            Agreement { target: &found.targets[0], number: 0, rows: &found.numbers.rows, title: "t", subtitle: &[] };
        skeleton(&to_svg(&figure).unwrap())
    }

    #[test]
    fn few_clips_are_points_and_many_a_density() {
        let (few, many) = (svg(20), svg(400));
        let count = |svg: &str, what: &str| svg.matches(what).count();
        assert!(few.contains("CCC") && count(&few, "<circle") + count(&few, "<polygon") >= 40, "{few}");
        assert!(count(&many, "<rect") > count(&few, "<rect") + 100, "{many}");
    }
}
