//! A timeline: the probability of every emotion over the time of a recording, a row for each emotion, darker where it is more probable.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, NAME_ROOM, TICK_SIZE, right_of},
    canvas::Stroke,
    colour::{BLACK, FAINT, WHITE, ramp},
    font::{Across, Along, Text, shortened},
};
use crate::numeric::argmax;

/// Room for half of the last tick's label.
const RIGHT: f64 = 30.0;
/// Height of an emotion's row.
const ROW: f64 = 44.0;
/// Thickness of the line through the most probable emotion, and where that is "uncertain".
const SURE: f64 = 5.0;
const UNCERTAIN: f64 = 1.0;
/// Most height of all rows together.
const HIGHEST: f64 = 5_000.0;

/// A window of the recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// Where it begins, in seconds.
    pub start: f64,
    /// Where it ends.
    pub end: f64,
    /// The probability of every class; none of silence.
    pub probabilities: Option<Vec<f32>>,
}

/// The picture of a recording's timeline.
#[derive(Debug, Clone, Copy)]
pub struct Timeline<'a> {
    /// The title.
    pub title: &'a str,
    /// The emotions, a row each.
    pub classes: &'a [String],
    /// The windows, by their starts; they may overlap.
    pub pieces: &'a [Piece],
    /// The probability below which the most probable emotion is called "uncertain".
    pub threshold: f32,
}

/// Part of the picture's width: the mean of what the windows around it say.
struct Column {
    start: f64,
    end: f64,
    probabilities: Option<Vec<f64>>,
}

impl Timeline<'_> {
    fn end(&self) -> f64 {
        self.pieces.iter().map(|piece| piece.end).filter(|end| end.is_finite()).fold(0.0, f64::max)
    }

    /// Each window covers the time around its middle, up to half way to its neighbours; where there are more than can be
    /// drawn, neighbours are averaged.
    fn columns(&self, most: usize) -> Vec<Column> {
        let middle = |piece: &Piece| f64::midpoint(piece.start, piece.end);
        let last = self.pieces.len().saturating_sub(1);
        let group = self.pieces.len().div_ceil(most.max(1)).max(1);
        let between = |i: usize| f64::midpoint(middle(&self.pieces[i]), middle(&self.pieces[i + 1]));
        self.pieces
            .chunks(group)
            .enumerate()
            .map(|(number, pieces)| {
                let first = number * group;
                let end = first + pieces.len() - 1;
                let answered: Vec<&Vec<f32>> = pieces.iter().filter_map(|piece| piece.probabilities.as_ref()).collect();
                let mean = |class: usize| {
                    answered.iter().filter_map(|p| p.get(class)).map(|&p| f64::from(p)).sum::<f64>()
                        / answered.len() as f64
                };
                Column {
                    start: if first == 0 { pieces[0].start } else { between(first - 1) },
                    end: if end == last { pieces[pieces.len() - 1].end } else { between(end) },
                    probabilities: (!answered.is_empty()).then(|| (0..self.classes.len()).map(mean).collect()),
                }
            })
            .collect()
    }
}

impl Figure for Timeline<'_> {
    fn description(&self) -> String {
        format!("Timeline of {} emotions over {:.0} s: {}", self.classes.len(), self.end(), self.title)
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let mut notes = vec!["Darker is more probable; a line marks the most probable emotion; grey is silence."];
        if self.threshold > 0.0 {
            notes.push("The line is thin where the answer is \"uncertain\".");
        }
        let top = canvas.title(self.title, &notes);
        let (unit, label) = if self.end() > 600.0 { (60.0, "minutes") } else { (1.0, "seconds") };
        let classes = self.classes.len().max(1) as f64;
        let row_height = ROW.min(HIGHEST / classes);
        let size = TICK_SIZE.min(row_height);
        let mut x = Axis::around([0.0, self.end() / unit], 0.1);
        // The picture ends with the recording, not with the next round number.
        x.high = (self.end() / unit).max(0.1);
        x.ticks.retain(|&tick| tick <= x.high);
        let left = right_of(self.classes.iter().map(String::as_str), size);
        let axes = Axes::of_rows(left, COLUMN - RIGHT, top, row_height * classes, x);
        axes.draw(canvas, None, Some(label));
        canvas.rectangle(axes.left, axes.top, axes.width, axes.height, FAINT);
        let row = |class: usize| axes.top + row_height * class as f64;
        // One column for each pixel of a printed line, and no finer.
        for column in self.columns(axes.width as usize) {
            let Some(probabilities) = &column.probabilities else { continue };
            let (from, to) = (axes.across(column.start / unit), axes.across(column.end / unit));
            canvas.rectangle(from, axes.top, to - from, axes.height, ramp(0.0));
            let most = argmax(probabilities);
            // What cannot be told from 0 is drawn already: of a thousand emotions nearly all.
            for (class, &probability) in probabilities.iter().enumerate().filter(|(_, p)| **p >= 0.004) {
                canvas.rectangle(from, row(class), to - from, row_height, ramp(probability));
                if class == most {
                    let y = row(class) + row_height / 2.0;
                    let thick = if probability < f64::from(self.threshold) { UNCERTAIN } else { SURE };
                    canvas.line(&[(from, y), (to, y)], &Stroke::solid(BLACK, thick.min(row_height / 3.0)));
                }
            }
        }
        for class in 1..self.classes.len() {
            let line = [(axes.left, row(class)), (axes.left + axes.width, row(class))];
            canvas.line(&line, &Stroke::solid(WHITE, 2.0_f64.min(row_height / 10.0)));
        }
        for (class, name) in self.classes.iter().enumerate() {
            let style = Text::new(size).at(Along::End, Across::Middle);
            canvas.text(axes.left - 9.0, row(class) + row_height / 2.0, &shortened(name, size, NAME_ROOM), &style);
        }
        (COLUMN, axes.bottom() + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{skeleton, to_svg};

    fn piece(start: f64, probabilities: Option<[f32; 2]>) -> Piece {
        Piece { start, end: start + 3.0, probabilities: probabilities.map(Vec::from) }
    }

    #[test]
    fn windows_cover_the_time_around_their_middle() {
        let classes = ["angry".to_owned(), "sad".to_owned()];
        let pieces = [piece(0.0, Some([0.9, 0.1])), piece(1.0, None), piece(2.0, Some([0.5, 0.5]))];
        let figure = Timeline { title: "t", classes: &classes, pieces: &pieces, threshold: 0.0 };
        let places: Vec<_> = figure.columns(10).iter().map(|c| (c.start, c.end)).collect();
        assert_eq!(places, [(0.0, 2.0), (2.0, 3.0), (3.0, 5.0)]);
        let two = figure.columns(2);
        assert_eq!((two.len(), two[0].end, two[1].end), (2, 3.0, 5.0));
        let mean = two[0].probabilities.as_ref().unwrap();
        assert!((mean[0] - 0.9).abs() < 1e-6, "silence does not count: {mean:?}");
    }

    #[test]
    fn rows_are_shaded_by_probability_and_the_most_probable_is_marked() {
        let classes = ["angry".to_owned(), "sad".to_owned()];
        let pieces = [piece(0.0, Some([0.9, 0.1])), piece(3.0, None), piece(6.0, Some([0.25, 0.75]))];
        let figure = Timeline { title: "a recording", classes: &classes, pieces: &pieces, threshold: 0.8 };
        insta::assert_snapshot!(skeleton(&to_svg(&figure).unwrap()));
    }

    #[test]
    fn long_recordings_and_many_emotions_stay_within_the_page() {
        let classes = ["angry".to_owned(), "sad".to_owned()];
        for (n, unit) in [(0, "seconds"), (5, "seconds"), (9_000, "minutes")] {
            let pieces: Vec<Piece> = (0..n).map(|i| piece(f64::from(i), (i % 3 > 0).then_some([0.25, 0.75]))).collect();
            let figure = Timeline { title: "a recording", classes: &classes, pieces: &pieces, threshold: 0.6 };
            let svg = to_svg(&figure).unwrap();
            assert!(svg.contains(unit) && !svg.contains("NaN") && svg.matches("<rect").count() < 3_000, "{n}");
        }
        let many: Vec<String> = (0..1_000).map(|class| format!("emotion {class}")).collect();
        let pieces = vec![Piece { start: 0.0, end: 3.0, probabilities: Some(vec![0.001; 1_000]) }; 50];
        to_svg(&Timeline { title: "t", classes: &many, pieces: &pieces, threshold: 0.6 }).unwrap();
    }
}
