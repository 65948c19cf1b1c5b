//! The distributions of a corpus: how many clips each emotion has, and how long clips are.

use plotters::backend::DrawingBackend;

use super::{
    COLUMN, Figure,
    axes::{Axes, Axis, LABEL_SIZE, TICK_SIZE},
    canvas::{Canvas, Stroke},
    colour::{BLACK, FAINT, FRAME, LINES, Rgb, WHITE},
    font::{Across, Along, Text, width},
    header::Header,
    legend::{Legend, Sample},
};
use crate::error::Result;

const MARGIN: f64 = 14.0;
const NAME: Text = Text::new(TICK_SIZE).at(Along::End, Across::Middle);
const COUNT: Text = Text::new(18.0).at(Along::Start, Across::Middle);
/// From the middle of one emotion's bar to the next.
const ROW: f64 = 44.0;
const BAR: f64 = 28.0;
/// Height of a box, and from the middle of one to the next of the same emotion.
const BOX: f64 = 12.0;
const BOX_ROW: f64 = 18.0;
/// Between the boxes of two emotions.
const BETWEEN: f64 = 16.0;
/// Room below a frame for the ticks and the label of its x axis.
const X_ROOM: f64 = 10.0 + TICK_SIZE + 10.0 + LABEL_SIZE + MARGIN;
/// Room left of a frame for the labels of its y axis.
const Y_ROOM: f64 = 80.0;
const HISTOGRAM: f64 = 260.0;
/// Width of a bin of the histogram, in seconds.
const BIN: f64 = 0.25;
/// So that a grey print can be read: dash and gap of each corpus's line.
const DASHES: [Option<(f64, f64)>; 6] =
    [None, Some((14.0, 7.0)), Some((4.0, 5.0)), Some((22.0, 10.0)), Some((9.0, 4.0)), Some((2.0, 8.0))];

/// One corpus's part of a distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Series<'a, T> {
    /// The corpus's name.
    pub name: &'a str,
    /// What it has of each class.
    pub of_class: Vec<T>,
}

/// How many clips each emotion has: a bar each, of a piece for each corpus.
#[derive(Debug, Clone, Copy)]
pub struct EmotionBars<'a> {
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
    /// The emotions.
    pub classes: &'a [String],
    /// The numbers of clips, by corpus.
    pub corpora: &'a [Series<'a, usize>],
}

/// How long clips are: a histogram by corpus, and for each emotion and corpus the middle half (a box), the median (a
/// stroke across it) and the whole range (a line).
#[derive(Debug, Clone, Copy)]
pub struct DurationSpread<'a> {
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
    /// The emotions.
    pub classes: &'a [String],
    /// The lengths in seconds, by corpus.
    pub corpora: &'a [Series<'a, Vec<f64>>],
}

fn colour(corpus: usize) -> Rgb {
    LINES[corpus % LINES.len()]
}

fn stroke(corpus: usize) -> Stroke {
    Stroke { colour: colour(corpus), width: 3.0, dash: DASHES[corpus % DASHES.len()] }
}

/// Room for the names of the emotions.
fn beside(classes: &[String]) -> f64 {
    classes.iter().map(|name| width(name, NAME.size)).fold(0.0, f64::max) + 12.0 + MARGIN
}

/// What the corpora's colours mean; nothing where there is but one.
fn legend<T>(corpora: &[Series<'_, T>], sample: impl Fn(usize) -> Sample, limit: f64) -> Legend {
    let entries = corpora.iter().enumerate().filter(|_| corpora.len() > 1);
    Legend::new(entries.map(|(i, series)| (sample(i), series.name.to_owned())).collect(), limit)
}

/// Where everything is in a picture of bars.
struct Bars {
    header: Header,
    legend: Legend,
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
}

impl EmotionBars<'_> {
    fn total(&self, class: usize) -> usize {
        self.corpora.iter().filter_map(|corpus| corpus.of_class.get(class)).sum()
    }

    fn all(&self) -> usize {
        (0..self.classes.len()).map(|class| self.total(class)).sum()
    }

    /// A bar's number of clips, and its share of all.
    fn label(&self, class: usize) -> String {
        let n = self.total(class);
        format!("{n} ({:.1} %)", 100.0 * n as f64 / self.all().max(1) as f64)
    }

    fn summary(&self) -> String {
        format!("{} clips, {} emotions", self.all(), self.classes.len())
    }

    fn layout(&self) -> Bars {
        let subtitle = self.subtitle.iter().map(String::as_str);
        let header = Header::new(self.title, subtitle, &self.summary(), COLUMN);
        let legend = legend(self.corpora, |i| Sample::Line(Stroke::solid(colour(i), 14.0)), COLUMN - 2.0 * MARGIN);
        let labels = (0..self.classes.len()).map(|class| width(&self.label(class), COUNT.size)).fold(0.0, f64::max);
        let top = header.height() + legend.height() + 8.0;
        Bars {
            left: beside(self.classes),
            top,
            right: COLUMN - MARGIN - labels - 8.0,
            bottom: top + ROW * self.classes.len() as f64,
            header,
            legend,
        }
    }
}

impl Figure for EmotionBars<'_> {
    fn description(&self) -> String {
        format!("Numbers of clips by emotion. {}: {}", self.title, self.summary())
    }

    fn size(&self) -> (f64, f64) {
        (COLUMN, self.layout().bottom + X_ROOM)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
        let Bars { header, legend, left, top, right, bottom } = self.layout();
        header.draw(canvas)?;
        legend.draw(canvas, MARGIN, header.height())?;
        let greatest = (0..self.classes.len()).map(|class| self.total(class)).max().unwrap_or(0);
        let x = Axis::around([0.0, greatest as f64], 1.0);
        let axes = axes_over((left, right), (top, bottom), x);
        x_axis(canvas, &axes, "clips")?;
        for (class, name) in self.classes.iter().enumerate() {
            let middle = top + ROW * (class as f64 + 0.5);
            canvas.text(left - 9.0, middle, name, &NAME)?;
            let mut before = 0;
            for (corpus, series) in self.corpora.iter().enumerate() {
                let n = series.of_class.get(class).copied().unwrap_or(0);
                let (from, _) = axes.place(before as f64, 0.0);
                let (to, _) = axes.place((before + n) as f64, 0.0);
                canvas.rectangle(from, middle - BAR / 2.0, to - from, BAR, colour(corpus))?;
                if before > 0 && n > 0 {
                    canvas
                        .line(&[(from, middle - BAR / 2.0), (from, middle + BAR / 2.0)], &Stroke::solid(WHITE, 1.5))?;
                }
                before += n;
            }
            let (end, _) = axes.place(before as f64, 0.0);
            // On the grid's lines a number would be hard to read.
            let label = self.label(class);
            canvas.rectangle(end + 4.0, middle - 12.0, width(&label, COUNT.size) + 8.0, 24.0, WHITE)?;
            canvas.text(end + 8.0, middle, &label, &COUNT)?;
        }
        Ok(())
    }
}

/// Axes whose y does not matter.
fn axes_over((left, right): (f64, f64), (top, bottom): (f64, f64), x: Axis) -> Axes {
    Axes { left, top, width: right - left, height: bottom - top, x, y: Axis::around([0.0, 1.0], 1.0) }
}

/// The frame, the grid and the ticks of x, without those of y.
fn x_axis<DB: DrawingBackend>(canvas: &mut Canvas<'_, DB>, axes: &Axes, label: &str) -> Result<()> {
    let bottom = axes.top + axes.height;
    for &tick in &axes.x.ticks {
        let (x, _) = axes.place(tick, 0.0);
        canvas.line(&[(x, axes.top), (x, bottom)], &Stroke::solid(FAINT, 1.0))?;
        let style = Text::new(TICK_SIZE).at(Along::Middle, Across::Top);
        canvas.text(x, bottom + 10.0, &axes.x.label(tick), &style)?;
    }
    let frame = Stroke::solid(FRAME, 1.5);
    canvas.line(&[(axes.left, axes.top), (axes.left, bottom)], &frame)?;
    canvas.line(&[(axes.left, bottom), (axes.left + axes.width, bottom)], &frame)?;
    let style = Text::new(LABEL_SIZE).at(Along::Middle, Across::Top);
    // Beside long names an axis may be shorter than its label.
    let middle = (axes.left + axes.width / 2.0).min(COLUMN - MARGIN - width(label, LABEL_SIZE) / 2.0);
    canvas.text(middle, bottom + 10.0 + TICK_SIZE + 10.0, label, &style)
}

/// Where everything is in a picture of durations.
struct Spread {
    header: Header,
    legend: Legend,
    left: f64,
    histogram_top: f64,
    boxes_top: f64,
    /// The boxes of one emotion.
    row: f64,
    bottom: f64,
}

impl DurationSpread<'_> {
    fn seconds(&self) -> impl Iterator<Item = f64> {
        self.corpora.iter().flat_map(|corpus| corpus.of_class.iter().flatten().copied()).filter(|s| s.is_finite())
    }

    fn summary(&self) -> String {
        let mut all: Vec<f64> = self.seconds().collect();
        all.sort_by(f64::total_cmp);
        match (all.first(), all.last()) {
            (Some(least), Some(greatest)) => {
                format!("{} clips of {least:.2} to {greatest:.2} s, median {:.2} s", all.len(), quantile(&all, 0.5))
            }
            _ => "no clips".into(),
        }
    }

    fn layout(&self) -> Spread {
        let subtitle = self.subtitle.iter().map(String::as_str);
        let header = Header::new(self.title, subtitle, &self.summary(), COLUMN);
        let legend = legend(self.corpora, |i| Sample::Line(stroke(i)), COLUMN - 2.0 * MARGIN);
        let histogram_top = header.height() + legend.height() + 8.0;
        let boxes_top = histogram_top + HISTOGRAM + 34.0;
        let row = BOX_ROW * self.corpora.len().max(1) as f64 + BETWEEN;
        let bottom = boxes_top + row * self.classes.len() as f64;
        Spread {
            header,
            legend,
            left: beside(self.classes).max(Y_ROOM + MARGIN),
            histogram_top,
            boxes_top,
            row,
            bottom,
        }
    }

    fn histogram<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>, layout: &Spread, x: &Axis) -> Result<()> {
        let shares: Vec<Vec<f64>> = self.corpora.iter().map(|corpus| shares(&corpus.of_class, x)).collect();
        let axes = Axes {
            left: layout.left,
            top: layout.histogram_top,
            width: COLUMN - MARGIN - layout.left,
            height: HISTOGRAM,
            x: x.clone(),
            y: Axis::around(shares.iter().flatten().copied().chain([0.0]), 1.0),
        };
        axes.draw(canvas, "% of the clips", Y_ROOM, None)?;
        for (corpus, shares) in shares.iter().enumerate() {
            let mut steps = Vec::new();
            // Where a corpus has no clips its line would only hide the others' on the axis.
            let first = shares.iter().position(|share| *share > 0.0).unwrap_or(0);
            let last = shares.iter().rposition(|share| *share > 0.0).unwrap_or(0);
            for (bin, &share) in shares.iter().enumerate().take(last + 1).skip(first) {
                let from = x.low + BIN * bin as f64;
                if bin == first {
                    steps.push(axes.place(from, 0.0));
                }
                steps.extend([axes.place(from, share), axes.place((from + BIN).min(x.high), share)]);
                if bin == last {
                    steps.push(axes.place((from + BIN).min(x.high), 0.0));
                }
            }
            canvas.line(&steps, &stroke(corpus))?;
        }
        let note = format!("bins of {BIN} s");
        let style = Text::new(17.0).at(Along::End, Across::Top);
        canvas.text(COLUMN - MARGIN - 8.0, layout.histogram_top + 6.0, &note, &style)
    }

    fn boxes<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>, layout: &Spread, x: &Axis) -> Result<()> {
        let axes = axes_over((layout.left, COLUMN - MARGIN), (layout.boxes_top, layout.bottom), x.clone());
        x_axis(canvas, &axes, "length of a clip, s (box: middle half, stroke: median, line: all)")?;
        for (class, name) in self.classes.iter().enumerate() {
            let top = layout.boxes_top + layout.row * class as f64;
            canvas.text(layout.left - 9.0, top + layout.row / 2.0, name, &NAME)?;
            for (corpus, series) in self.corpora.iter().enumerate() {
                let mut seconds: Vec<f64> = series.of_class.get(class).cloned().unwrap_or_default();
                seconds.retain(|seconds| seconds.is_finite());
                seconds.sort_by(f64::total_cmp);
                let (Some(&least), Some(&greatest)) = (seconds.first(), seconds.last()) else { continue };
                let y = top + BETWEEN / 2.0 + BOX_ROW * (corpus as f64 + 0.5);
                let at = |seconds: f64| axes.place(seconds, 0.0).0;
                canvas.line(&[(at(least), y), (at(greatest), y)], &Stroke::solid(colour(corpus), 2.0))?;
                let (from, to) = (at(quantile(&seconds, 0.25)), at(quantile(&seconds, 0.75)));
                canvas.rectangle(from, y - BOX / 2.0, (to - from).max(1.0), BOX, colour(corpus))?;
                let median = at(quantile(&seconds, 0.5));
                canvas.line(
                    &[(median, y - BOX / 2.0 - 2.0), (median, y + BOX / 2.0 + 2.0)],
                    &Stroke::solid(WHITE, 5.0),
                )?;
                canvas.line(
                    &[(median, y - BOX / 2.0 - 2.0), (median, y + BOX / 2.0 + 2.0)],
                    &Stroke::solid(BLACK, 2.5),
                )?;
            }
        }
        Ok(())
    }
}

impl Figure for DurationSpread<'_> {
    fn description(&self) -> String {
        format!("Lengths of the clips by corpus and by emotion. {}: {}", self.title, self.summary())
    }

    fn size(&self) -> (f64, f64) {
        (COLUMN, self.layout().bottom + X_ROOM)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
        let layout = self.layout();
        layout.header.draw(canvas)?;
        layout.legend.draw(canvas, MARGIN, layout.header.height())?;
        let x = Axis::around(self.seconds().chain([0.0]), BIN);
        self.histogram(canvas, &layout, &x)?;
        self.boxes(canvas, &layout, &x)
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

/// The quantile `q` of ascending numbers, between two where it falls between them; 0 where there are none.
fn quantile(ascending: &[f64], q: f64) -> f64 {
    let place = q * ascending.len().saturating_sub(1) as f64;
    let (below, above) = (ascending.get(place.floor() as usize), ascending.get(place.ceil() as usize));
    match (below, above) {
        (Some(below), Some(above)) => below + (above - below) * place.fract(),
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{save, to_svg};

    fn classes(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("emotion {i}")).collect()
    }

    #[test]
    fn bars_say_numbers_and_shares() {
        let classes = classes(2);
        let corpora = [Series { name: "a", of_class: vec![3, 1] }, Series { name: "b", of_class: vec![0, 4] }];
        let figure =
            EmotionBars { title: "mine", subtitle: &["SYNTHETIC".into()], classes: &classes, corpora: &corpora };
        let svg = to_svg(&figure).unwrap();
        for text in
            ["mine", "SYNTHETIC", "8 clips, 2 emotions", "3 (37.5 %)", "5 (62.5 %)", "emotion 1", "data-text=\"b\""]
        {
            assert!(svg.contains(text), "{text}");
        }
    }

    #[test]
    fn quantiles_are_numpy_s() {
        assert_eq!(quantile(&[1.0, 2.0, 3.0, 4.0], 0.25), 1.75);
        assert_eq!((quantile(&[5.0], 0.9), quantile(&[], 0.5)), (5.0, 0.0));
    }

    #[test]
    fn a_histogram_counts_every_clip_once() {
        let x = Axis::around([0.0, 3.0], BIN);
        let shares = shares(&[vec![0.0, 0.1, 0.25], vec![3.0, f64::NAN]], &x);
        assert_eq!(shares[..2], [50.0, 25.0]);
        assert_eq!(shares.iter().sum::<f64>(), 100.0);
    }

    #[test]
    fn any_data_can_be_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.png");
        for (n, seconds) in [(0, vec![]), (1, vec![]), (2, vec![1.0]), (12, vec![0.0, 1e7, f64::INFINITY])] {
            let classes = classes(n);
            let long = [Series { name: "c", of_class: vec![seconds.clone(); n] }];
            save(&DurationSpread { title: "", subtitle: &[], classes: &classes, corpora: &long }, &path).unwrap();
            let many = vec![Series { name: "c", of_class: vec![seconds.len(); n] }; 9];
            save(&EmotionBars { title: "", subtitle: &[], classes: &classes, corpora: &many }, &path).unwrap();
        }
    }
}
