//! A timeline: the probability of every emotion over the time of a recording, a row an emotion, the darker the likelier.

use plotters::backend::DrawingBackend;

use super::{
    COLUMN, Figure,
    axes::{Axes, Axis, LABEL_SIZE, TICK_SIZE},
    canvas::{Canvas, Stroke},
    colour::{BLACK, FAINT, FRAME, WHITE, ramp},
    font::{Across, Along, Text, width},
    header::Header,
};
use crate::error::Result;

const MARGIN: f64 = 14.0;
/// Room for half of the last tick's label.
const RIGHT: f64 = 30.0;
/// Height of an emotion's row.
const ROW: f64 = 44.0;

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
}

/// Part of the picture's width: the mean of what the windows around it say.
struct Column {
    start: f64,
    end: f64,
    probabilities: Option<Vec<f64>>,
}

impl Timeline<'_> {
    fn header(&self) -> Header {
        let note = "Darker is likelier; a line marks the likeliest; grey is silence.";
        Header::new(self.title, [note], "", COLUMN)
    }

    fn end(&self) -> f64 {
        self.pieces.iter().map(|piece| piece.end).filter(|end| end.is_finite()).fold(0.0, f64::max)
    }

    /// Each window stands for the time around its middle, up to half way to its neighbours; where there are more than can
    /// be drawn, neighbours are averaged.
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
                let heard: Vec<&Vec<f32>> = pieces.iter().filter_map(|piece| piece.probabilities.as_ref()).collect();
                let mean = |class: usize| {
                    heard.iter().filter_map(|p| p.get(class)).map(|&p| f64::from(p)).sum::<f64>() / heard.len() as f64
                };
                Column {
                    start: if first == 0 { pieces[0].start } else { between(first - 1) },
                    end: if end == last { pieces[pieces.len() - 1].end } else { between(end) },
                    probabilities: (!heard.is_empty()).then(|| (0..self.classes.len()).map(mean).collect()),
                }
            })
            .collect()
    }
}

impl Figure for Timeline<'_> {
    fn description(&self) -> String {
        format!("Timeline of {} emotions over {:.0} s: {}", self.classes.len(), self.end(), self.title)
    }

    fn size(&self) -> (f64, f64) {
        let ticks_and_label = 10.0 + TICK_SIZE + 10.0 + LABEL_SIZE;
        (COLUMN, self.header().height() + ROW * self.classes.len().max(1) as f64 + ticks_and_label + MARGIN)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
        let header = self.header();
        header.draw(canvas)?;
        let (unit, label) = if self.end() > 600.0 { (60.0, "minutes") } else { (1.0, "seconds") };
        let label_room = self.classes.iter().map(|class| width(class, TICK_SIZE)).fold(0.0, f64::max) + 9.0;
        let left = MARGIN + label_room;
        let mut x = Axis::around([0.0, self.end() / unit], 0.1);
        // The picture ends with the recording, not with the next round number.
        x.high = (self.end() / unit).max(0.1);
        x.ticks.retain(|&tick| tick <= x.high);
        let axes = Axes {
            left,
            top: header.height(),
            width: COLUMN - RIGHT - left,
            height: ROW * self.classes.len().max(1) as f64,
            x,
            y: Axis::around([0.0, 1.0], 1.0),
        };
        canvas.rectangle(axes.left, axes.top, axes.width, axes.height, FAINT)?;
        let row = |class: usize| axes.top + ROW * class as f64;
        // One column for each pixel of a printed line, and no finer.
        for column in self.columns(axes.width as usize) {
            let Some(probabilities) = &column.probabilities else { continue };
            let (from, _) = axes.place(column.start / unit, 0.0);
            let (to, _) = axes.place(column.end / unit, 0.0);
            let likeliest = probabilities.iter().copied().fold(0.0, f64::max);
            for (class, &probability) in probabilities.iter().enumerate() {
                canvas.rectangle(from, row(class), to - from, ROW, ramp(probability))?;
                if probability == likeliest {
                    let y = row(class) + ROW / 2.0;
                    canvas.line(&[(from, y), (to, y)], &Stroke::solid(BLACK, 4.0))?;
                }
            }
        }
        for class in 1..self.classes.len() {
            let y = row(class);
            canvas.line(&[(axes.left, y), (axes.left + axes.width, y)], &Stroke::solid(WHITE, 2.0))?;
        }
        for (class, name) in self.classes.iter().enumerate() {
            let style = Text::new(TICK_SIZE).at(Along::End, Across::Middle);
            canvas.text(axes.left - 9.0, row(class) + ROW / 2.0, name, &style)?;
        }
        let bottom = axes.top + axes.height;
        for &tick in &axes.x.ticks {
            let (at, _) = axes.place(tick, 0.0);
            canvas.line(&[(at, bottom), (at, bottom + 7.0)], &Stroke::solid(FRAME, 1.5))?;
            let style = Text::new(TICK_SIZE).at(Along::Middle, Across::Top);
            canvas.text(at, bottom + 10.0, &axes.x.label(tick), &style)?;
        }
        let style = Text::new(LABEL_SIZE).at(Along::Middle, Across::Top);
        canvas.text(axes.left + axes.width / 2.0, bottom + 10.0 + TICK_SIZE + 10.0, label, &style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{save, to_svg};

    fn piece(start: f64, probabilities: Option<[f32; 2]>) -> Piece {
        Piece { start, end: start + 3.0, probabilities: probabilities.map(Vec::from) }
    }

    #[test]
    fn windows_stand_for_the_time_around_their_middle() {
        let classes = ["angry".to_owned(), "sad".to_owned()];
        let pieces = [piece(0.0, Some([0.9, 0.1])), piece(1.0, None), piece(2.0, Some([0.5, 0.5]))];
        let figure = Timeline { title: "t", classes: &classes, pieces: &pieces };
        let places: Vec<_> = figure.columns(10).iter().map(|c| (c.start, c.end)).collect();
        assert_eq!(places, [(0.0, 2.0), (2.0, 3.0), (3.0, 5.0)]);
        let two = figure.columns(2);
        assert_eq!((two.len(), two[0].end, two[1].end), (2, 3.0, 5.0));
        let mean = two[0].probabilities.as_ref().unwrap();
        assert!((mean[0] - 0.9).abs() < 1e-6, "silence has no say: {mean:?}");
    }

    #[test]
    fn any_recording_can_be_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let classes = ["angry".to_owned(), "sad".to_owned()];
        for n in [0, 1, 5, 9_000] {
            let pieces: Vec<Piece> = (0..n).map(|i| piece(f64::from(i), (i % 3 > 0).then_some([0.25, 0.75]))).collect();
            let figure = Timeline { title: "a recording", classes: &classes, pieces: &pieces };
            let svg = to_svg(&figure).unwrap();
            assert!(svg.contains(if n > 600 { "minutes" } else { "seconds" }) && !svg.contains("NaN"), "{n}");
        }
        let pieces = [piece(0.0, Some([0.25, 0.75]))];
        save(&Timeline { title: "a", classes: &classes, pieces: &pieces }, &folder.path().join("t.png")).unwrap();
    }
}
