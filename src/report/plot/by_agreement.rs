//! Accuracy over how much listeners agree, of the network and of a listener, both against the most votes of the other listeners.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, left_of},
    canvas::Stroke,
    colour::{BLUE, GREY, VERMILLION},
    legend::{Sample, legend},
    marker::{SMALL_MARKER, marker},
};
use crate::eval::{AtAgreement, Likeness};

const RIGHT: f64 = 30.0;
const PANEL: f64 = 420.0;

/// The picture.
#[derive(Debug, Clone, Copy)]
pub struct ByAgreement<'a> {
    /// The figures of each level, the least first.
    pub levels: &'a [AtAgreement],
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
}

/// A line: its name, how it is drawn, its figure.
type Drawn = (&'static str, Stroke, fn(&Likeness) -> Option<f64>);

impl ByAgreement<'_> {
    /// The lines: of the rest where votes are counts, else of all votes.
    fn lines(&self) -> Vec<Drawn> {
        let constant: fn(&Likeness) -> Option<f64> = |of| of.constant_top1;
        let dashed = Stroke::dashed(GREY, 2.0, 6.0, 5.0);
        match self.levels.iter().any(|at| at.figures.rest_human.is_some()) {
            true => vec![
                ("a listener", Stroke::solid(VERMILLION, 3.0), |of| of.rest_human),
                ("the network", Stroke::solid(BLUE, 3.0), |of| of.rest),
                ("validation's most voted class", dashed, constant),
            ],
            false => vec![
                ("the network", Stroke::solid(BLUE, 3.0), |of| Some(of.top1)),
                ("validation's most voted class", dashed, constant),
            ],
        }
    }
}

impl Figure for ByAgreement<'_> {
    fn description(&self) -> String {
        format!("{}: accuracy by agreement of listeners, {} levels", self.title, self.levels.len())
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let lines = self.lines();
        let top = canvas.title(self.title, &self.subtitle.iter().collect::<Vec<_>>());
        let entries: Vec<_> =
            lines.iter().map(|(name, stroke, _)| (Sample::Line(*stroke), (*name).to_owned())).collect();
        let top = legend(canvas, top - 4.0, &entries) + 16.0;
        let (x, y) = (Axis::around([0.0, 100.0], 1.0), Axis::around([0.0, 100.0], 1.0));
        let left = left_of(&[&y]);
        let axes = Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x, y };
        axes.draw(canvas, Some("accuracy, %"), Some("agreement: share of the class with most votes, %"));
        for (_, stroke, figure) in lines {
            let place = |at: &AtAgreement| {
                let value = figure(&at.figures).unwrap_or(f64::NAN);
                axes.place(50.0 * (at.from + at.below), 100.0 * value)
            };
            let line: Vec<_> = self.levels.iter().map(place).collect();
            canvas.line(&line, &stroke);
            line.into_iter().filter(|(_, y)| y.is_finite()).for_each(|place| marker(canvas, place, SMALL_MARKER));
        }
        (COLUMN, axes.bottom() + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::{Bootstrap, evaluate_votes, test_support::vote_runs},
        report::plot::{skeleton, to_svg},
    };

    #[test]
    fn a_listener_has_a_line_where_votes_are_counts() {
        let draw = |share: bool| {
            let mut runs = vote_runs(3, 60, &[1]);
            if share {
                for table in runs.iter_mut().flat_map(|run| [&mut run.predictions, &mut run.validation]) {
                    table.rows.iter_mut().for_each(|row| row.truth.iter_mut().for_each(|vote| *vote /= 9.0));
                }
            }
            let found = evaluate_votes(runs, Bootstrap { samples: 0, seed: 1 }).unwrap();
            skeleton(&to_svg(&ByAgreement { levels: &found.by_agreement, title: "t", subtitle: &[] }).unwrap())
        };
        let (counts, shares) = (draw(false), draw(true));
        assert!(counts.contains("a listener") && !shares.contains("a listener"), "{counts}");
        assert!(shares.contains("the network"));
    }
}
