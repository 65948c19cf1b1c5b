//! Durations of clips: a histogram by corpus, and for each emotion and corpus the middle half (a box), the median (a
//! stroke across it) and the whole range (a line).

use super::{
    COLUMN, Canvas, Figure, MARGIN, Series,
    axes::{Axes, Axis, BELOW, NAME_ROOM, TICK_SIZE, left_of, right_of},
    canvas::Stroke,
    colour::{BLACK, LINES, WHITE},
    font::{Across, Along, Text, shortened},
    legend::{Sample, legend},
};
use crate::numeric::quantile;

const NAME: Text = Text::new(TICK_SIZE).at(Along::End, Across::Middle);
/// Height of a box, and from the middle of one to the next of the same emotion.
const BOX: f64 = 12.0;
const BOX_ROW: f64 = 18.0;
/// Between the boxes of two emotions.
const BETWEEN: f64 = 16.0;
const HISTOGRAM: f64 = 260.0;
/// Most height of all boxes, and most corpora that are drawn.
const BOXES: f64 = 4_000.0;
const MOST: usize = 24;
/// Width of a bin of the histogram, in seconds.
const BIN: f64 = 0.25;
/// So that a grey print can be read: dash and gap of each corpus's line.
const DASHES: [Option<(f64, f64)>; 6] =
    [None, Some((14.0, 7.0)), Some((4.0, 5.0)), Some((22.0, 10.0)), Some((9.0, 4.0)), Some((2.0, 8.0))];

/// The picture.
#[derive(Debug, Clone, Copy)]
pub struct Durations<'a> {
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
    /// The emotions.
    pub classes: &'a [String],
    /// The durations in seconds, by corpus.
    pub corpora: &'a [Series<'a, Vec<f64>>],
}

fn stroke(corpus: usize) -> Stroke {
    Stroke { colour: LINES[corpus % LINES.len()], width: 3.0, dash: DASHES[corpus % DASHES.len()] }
}

impl Durations<'_> {
    fn seconds(&self) -> impl Iterator<Item = f64> {
        self.corpora.iter().flat_map(|corpus| corpus.of_class.iter().flatten().copied()).filter(|s| s.is_finite())
    }

    fn summary(&self) -> String {
        let mut all: Vec<f64> = self.seconds().collect();
        all.sort_by(f64::total_cmp);
        match (all.first(), all.last()) {
            (Some(least), Some(greatest)) => {
                let median = quantile(&all, 0.5);
                format!("{} clips of {least:.2} to {greatest:.2} s, median {median:.2} s", all.len())
            }
            _ => "no clips".into(),
        }
    }

    fn histogram(&self, canvas: &mut Canvas<'_>, left: f64, top: f64, x: &Axis) {
        let shares: Vec<Vec<f64>> = self.corpora.iter().take(MOST).map(|corpus| shares(&corpus.of_class, x)).collect();
        let y = Axis::around(shares.iter().flatten().copied().chain([0.0]), 1.0);
        let axes = Axes { left, top, width: COLUMN - MARGIN - left, height: HISTOGRAM, x: x.clone(), y };
        axes.draw(canvas, Some("clips (%)"), None);
        for (corpus, shares) in shares.iter().enumerate() {
            // Where a corpus has no clips its line would only hide the others' on the axis.
            let first = shares.iter().position(|share| *share > 0.0).unwrap_or(0);
            let last = shares.iter().rposition(|share| *share > 0.0).unwrap_or(0);
            let edge = |bin: usize| (x.low + BIN * bin as f64).min(x.high);
            let mut steps = vec![axes.place(edge(first), 0.0)];
            for (bin, &share) in shares.iter().enumerate().take(last + 1).skip(first) {
                steps.extend([axes.place(edge(bin), share), axes.place(edge(bin + 1), share)]);
            }
            steps.push(axes.place(edge(last + 1), 0.0));
            canvas.line(&steps, &stroke(corpus));
        }
        let style = Text::new(17.0).at(Along::End, Across::Top);
        canvas.text(COLUMN - MARGIN - 8.0, top + 6.0, &format!("bins of {BIN} s"), &style);
    }

    /// The boxes of all emotions with their names. Returns their lower end.
    fn boxes(&self, canvas: &mut Canvas<'_>, left: f64, top: f64, x: Axis) -> f64 {
        let row = BOX_ROW * self.corpora.len().clamp(1, MOST) as f64 + BETWEEN;
        let classes = &self.classes[..self.classes.len().min((BOXES / row) as usize)];
        let axes = Axes::of_rows(left, COLUMN - MARGIN, top, row * classes.len() as f64, x);
        axes.draw(canvas, None, Some("duration (s); box: middle half, stroke: median, line: range"));
        for (class, name) in classes.iter().enumerate() {
            let top = top + row * class as f64;
            canvas.text(left - 9.0, top + row / 2.0, &shortened(name, NAME.size, NAME_ROOM), &NAME);
            for (corpus, series) in self.corpora.iter().take(MOST).enumerate() {
                let mut seconds: Vec<f64> = series.of_class.get(class).cloned().unwrap_or_default();
                seconds.retain(|seconds| seconds.is_finite());
                seconds.sort_by(f64::total_cmp);
                let (Some(&least), Some(&greatest)) = (seconds.first(), seconds.last()) else { continue };
                let y = top + BETWEEN / 2.0 + BOX_ROW * (corpus as f64 + 0.5);
                let colour = stroke(corpus).colour;
                canvas.line(&[(axes.across(least), y), (axes.across(greatest), y)], &Stroke::solid(colour, 2.0));
                let [from, median, to] = [0.25, 0.5, 0.75].map(|q| axes.across(quantile(&seconds, q)));
                canvas.rectangle(from, y - BOX / 2.0, (to - from).max(1.0), BOX, colour);
                let ends = [(median, y - BOX / 2.0 - 2.0), (median, y + BOX / 2.0 + 2.0)];
                canvas.line(&ends, &Stroke::solid(WHITE, 5.0));
                canvas.line(&ends, &Stroke::solid(BLACK, 2.5));
            }
        }
        let more = self.classes.len() - classes.len();
        if more > 0 {
            let style = Text::new(TICK_SIZE).at(Along::Start, Across::Top);
            canvas.text(MARGIN, axes.bottom() + BELOW, &format!("and {more} more emotions"), &style);
            return axes.bottom() + BELOW + TICK_SIZE + MARGIN;
        }
        axes.bottom() + BELOW
    }
}

impl Figure for Durations<'_> {
    fn description(&self) -> String {
        format!("Durations of the clips by corpus and by emotion. {}: {}", self.title, self.summary())
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let top = canvas.header(self.title, self.subtitle, &self.summary(), COLUMN);
        let several = self.corpora.iter().enumerate().filter(|_| self.corpora.len() > 1);
        let entries = several.map(|(i, series)| (Sample::Line(stroke(i)), series.name.to_owned())).take(MOST);
        let top = legend(canvas, top, &entries.collect::<Vec<_>>()) + 8.0;
        let x = Axis::around(self.seconds().chain([0.0]), BIN);
        let names = right_of(self.classes.iter().map(String::as_str), NAME.size);
        let left = names.max(left_of(&[&Axis::around([0.0, 100.0], 1.0)]));
        self.histogram(canvas, left, top, &x);
        (COLUMN, self.boxes(canvas, left, top + HISTOGRAM + 34.0, x))
    }
}

/// The share of a corpus's clips in each bin of the axis, in per cent.
fn shares(of_class: &[Vec<f64>], x: &Axis) -> Vec<f64> {
    /// However long the longest clip, the number of bins is bounded.
    const MOST: f64 = 10_000.0;
    let bins = ((x.high - x.low) / BIN).ceil().clamp(1.0, MOST) as usize;
    let mut counts = vec![0_usize; bins];
    let mut all = 0;
    for seconds in of_class.iter().flatten().filter(|seconds| seconds.is_finite()) {
        let bin = ((seconds - x.low) / BIN).max(0.0) as usize;
        counts[bin.min(bins - 1)] += 1;
        all += 1;
    }
    counts.into_iter().map(|n| 100.0 * n as f64 / f64::from(all.max(1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{skeleton, to_svg};

    fn svg(n: usize, corpora: &[Series<'_, Vec<f64>>]) -> String {
        let classes: Vec<String> = (0..n).map(|i| format!("emotion {i}")).collect();
        skeleton(&to_svg(&Durations { title: "mine", subtitle: &[], classes: &classes, corpora }).unwrap())
    }

    #[test]
    fn histogram_and_boxes_are_those_of_the_clips() {
        let a = Series { name: "a", of_class: vec![vec![1.0, 1.1, 1.3, 2.0], vec![]] };
        let b = Series { name: "b", of_class: vec![vec![2.5], vec![0.5, 0.75, f64::NAN]] };
        insta::assert_snapshot!(svg(2, &[a, b]));
    }

    #[test]
    fn a_histogram_counts_every_clip_once() {
        let x = Axis::around([0.0, 3.0], BIN);
        let shares = shares(&[vec![0.0, 0.1, 0.25], vec![3.0, f64::NAN]], &x);
        assert_eq!(shares[..2], [50.0, 25.0]);
        assert_eq!(shares.iter().sum::<f64>(), 100.0);
    }

    #[test]
    fn many_emotions_many_corpora_and_an_endless_clip_still_make_a_picture() {
        let series = |n: usize, seconds: &[f64]| Series { name: "c", of_class: vec![seconds.to_vec(); n] };
        assert!(svg(0, &[series(0, &[])]).contains("no clips"));
        assert!(svg(1_000, &[series(1_000, &[0.0, 1e7, f64::INFINITY])]).contains("and 883 more emotions"));
        assert!(svg(9, &vec![series(9, &[1.0]); 300]).contains("and 1 more emotions"));
    }
}
