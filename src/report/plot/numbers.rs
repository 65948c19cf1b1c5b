//! What pictures of predicted numbers have in common: clips as points or as a density, and the mean of alike predictions.

use super::{
    Canvas,
    axes::Axes,
    canvas::Stroke,
    colour::{BLACK, VERMILLION, ramp},
    marker::{SMALL_MARKER, marker, point},
};
use crate::{eval::Target, run::NumberRow};

/// Clips that are points; of more, cells are as dark as many lie in them.
const FEW: usize = 400;
/// Cells of a side.
const CELLS: usize = 48;
/// The shade of the cell that has most clips.
const DARKEST: f64 = 0.7;

/// The line through the means.
pub(super) const MEAN: Stroke = Stroke::solid(VERMILLION, 3.0);

/// What such a picture is of.
#[derive(Debug, Clone, Copy)]
pub struct Numbers<'a> {
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

/// A line through the middles, and a bar from each one's first end to its last.
pub(super) fn bars(canvas: &mut Canvas<'_>, axes: &Axes, bars: impl Iterator<Item = [(f64, f64); 3]>) {
    let bars: Vec<_> = bars.map(|ends| ends.map(|(x, y)| axes.place(x, y))).collect();
    bars.iter().for_each(|[first, _, last]| canvas.line(&[*first, *last], &Stroke::solid(BLACK, 1.2)));
    let line: Vec<_> = bars.into_iter().map(|[_, middle, _]| middle).collect();
    canvas.line(&line, &MEAN);
    line.into_iter().for_each(|place| marker(canvas, place, SMALL_MARKER));
}

/// Clips by their two values.
#[derive(Debug)]
pub(super) struct Cloud(Vec<(f64, f64)>);

impl Cloud {
    pub(super) fn of(points: impl Iterator<Item = (f64, f64)>) -> Self {
        Self(points.collect())
    }

    /// Many clips, to be drawn before the axes: a rectangle for each cell that has one, darker where it has more of them.
    pub(super) fn behind(&self, canvas: &mut Canvas<'_>, axes: &Axes) {
        if self.0.len() <= FEW {
            return;
        }
        let mut counts = vec![0u32; CELLS * CELLS];
        let place = |part: f64| ((part * CELLS as f64) as usize).min(CELLS - 1);
        for (x, y) in &self.0 {
            let column = place((x - axes.x.low) / (axes.x.high - axes.x.low));
            let row = CELLS - 1 - place((y - axes.y.low) / (axes.y.high - axes.y.low));
            counts[row * CELLS + column] += 1;
        }
        let most = f64::from(counts.iter().copied().max().unwrap_or(1).max(1)).ln_1p();
        let (width, height) = (axes.width / CELLS as f64, axes.height / CELLS as f64);
        for (at, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (x, y) = (axes.left + width * (at % CELLS) as f64, axes.top + height * (at / CELLS) as f64);
            // By the logarithm: single clips are seen beside hundreds. A little is left of the darkest for the lines over it.
            canvas.rectangle(x, y, width, height, ramp(DARKEST * f64::from(count).ln_1p() / most));
        }
    }

    /// Few clips, to be drawn over the axes: a point each.
    pub(super) fn before(&self, canvas: &mut Canvas<'_>, axes: &Axes) {
        if self.0.len() <= FEW {
            self.0.iter().for_each(|(x, y)| point(canvas, axes.place(*x, *y), 0));
        }
    }
}
