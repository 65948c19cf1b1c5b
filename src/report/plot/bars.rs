//! Horizontal bars with their names and figures, of a piece for each series, and a line that they are to be read against.

use super::{
    COLUMN, Canvas, Figure, MARGIN, Series,
    axes::{Axes, Axis, BELOW, NAME_ROOM, right_of},
    canvas::Stroke,
    colour::{LINES, Rgb, VERMILLION, WHITE},
    font::{Across, Along, Text, shortened, width},
    legend::{Sample, legend},
};

const NAME: Text = Text::new(19.0).at(Along::End, Across::Middle);
/// More bars than this make no picture; CREMA-D has 91 speakers.
pub(in crate::report) const MOST: usize = 120;

/// One bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// What it is of.
    pub name: String,
    /// Its length, one piece a series. One below 0 or not finite is not drawn.
    pub pieces: Vec<f64>,
    /// The figure beside it.
    pub label: String,
}

impl Bar {
    /// A bar of one piece.
    #[must_use]
    pub fn new(name: String, value: f64, decimals: usize) -> Self {
        Self { name, pieces: vec![value], label: format!("{value:.decimals$}") }
    }
}

/// The picture.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bars {
    /// The title.
    pub title: String,
    /// Lines below the title.
    pub subtitle: Vec<String>,
    /// The figures of all, to stand out below them.
    pub summary: String,
    /// What the bars measure, with its unit.
    pub axis: String,
    /// The names of the series; needed where there are several.
    pub series: Vec<String>,
    /// The bars, the first on top.
    pub bars: Vec<Bar>,
    /// The least step of the axis: 1 of counts.
    pub step: f64,
    /// Where the axis ends, unless the bars decide.
    pub highest: Option<f64>,
    /// A value to read them against, and what it is.
    pub reference: Option<(f64, String)>,
}

impl Bars {
    /// How many clips each emotion has, and which share of all, a piece for each corpus. Of more emotions than make a
    /// picture those with most clips.
    #[must_use]
    pub fn of_classes(
        title: &str,
        subtitle: &[String],
        clips: &str,
        classes: &[String],
        corpora: &[Series<'_, usize>],
    ) -> Self {
        let of = |class: usize| corpora.iter().map(move |corpus| corpus.of_class.get(class).copied().unwrap_or(0));
        let mut counts: Vec<(usize, usize)> = (0..classes.len()).map(|class| (class, of(class).sum())).collect();
        let all: usize = counts.iter().map(|(_, n)| n).sum();
        let mut summary = format!("{all} {clips}, {} emotions", classes.len());
        if classes.len() > MOST {
            counts.sort_by_key(|&(class, n)| (std::cmp::Reverse(n), class));
            counts.truncate(MOST);
            summary = format!("{summary}: the {MOST} with most clips");
        }
        let bar = |(class, n): (usize, usize)| Bar {
            name: classes[class].clone(),
            pieces: of(class).map(|n| n as f64).collect(),
            label: format!("{n} ({:.1} %)", 100.0 * n as f64 / all.max(1) as f64),
        };
        Self {
            title: title.to_owned(),
            subtitle: subtitle.to_vec(),
            summary,
            axis: clips.to_owned(),
            series: corpora.iter().map(|corpus| corpus.name.to_owned()).collect(),
            bars: counts.into_iter().map(bar).collect(),
            step: 1.0,
            ..Self::default()
        }
    }
}

fn colour(series: usize) -> Rgb {
    LINES[series % LINES.len()]
}

impl Figure for Bars {
    fn description(&self) -> String {
        let bars: Vec<String> = self.bars.iter().map(|bar| format!("{} {}", bar.name, bar.label)).collect();
        format!("{}: {} by name: {}", self.title, self.axis, bars.join(", "))
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let reference = Stroke::dashed(VERMILLION, 2.5, 9.0, 5.0);
        let top = canvas.header(&self.title, &self.subtitle, &self.summary, COLUMN);
        let several = self.series.iter().enumerate().filter(|_| self.series.len() > 1);
        let entries = several.map(|(i, name)| (Sample::Line(Stroke::solid(colour(i), 14.0)), name.clone()));
        let line = self.reference.iter().map(|(_, name)| (Sample::Line(reference), name.clone()));
        let top = legend(canvas, top - 4.0, &entries.chain(line).collect::<Vec<_>>()) + 12.0;
        // A few bars are drawn larger, as there is room.
        let row = if self.bars.len() > 12 { 26.0 } else { 38.0 };
        let thick = row * 0.65;
        let labels = self.bars.iter().map(|bar| width(&bar.label, NAME.size)).fold(0.0, f64::max);
        let totals = self.bars.iter().map(|bar| bar.pieces.iter().filter(|piece| **piece > 0.0).sum::<f64>());
        let x = Axis::around(totals.chain([0.0]).chain(self.highest), self.step);
        let left = right_of(self.bars.iter().map(|bar| bar.name.as_str()), NAME.size);
        let right = COLUMN - MARGIN - labels - 8.0;
        let axes = Axes::of_rows(left, right, top, row * self.bars.len() as f64, x);
        axes.draw(canvas, None, Some(&self.axis));
        for (number, bar) in self.bars.iter().enumerate() {
            let middle = top + row * (number as f64 + 0.5);
            canvas.text(left - 9.0, middle, &shortened(&bar.name, NAME.size, NAME_ROOM), &NAME);
            let mut before = 0.0;
            for (series, &piece) in bar.pieces.iter().enumerate().filter(|(_, p)| **p > 0.0 && p.is_finite()) {
                let (from, to) = (axes.across(before), axes.across(before + piece));
                canvas.rectangle(from, middle - thick / 2.0, to - from, thick, colour(series));
                if before > 0.0 {
                    let ends = [(from, middle - thick / 2.0), (from, middle + thick / 2.0)];
                    canvas.line(&ends, &Stroke::solid(WHITE, 1.5));
                }
                before += piece;
            }
            canvas.text(COLUMN - MARGIN, middle, &bar.label, &NAME);
        }
        if let Some((value, _)) = self.reference.as_ref().filter(|(value, _)| value.is_finite()) {
            canvas.line(&[(axes.across(*value), top), (axes.across(*value), axes.bottom())], &reference);
        }
        (COLUMN, axes.bottom() + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{skeleton, to_svg};

    #[test]
    fn clips_by_emotion_are_numbers_and_shares_by_corpus() {
        let classes = ["calm", "angry & loud"].map(str::to_owned);
        let corpora = [Series { name: "a", of_class: vec![3, 1] }, Series { name: "b", of_class: vec![0, 4] }];
        let figure = Bars::of_classes("mine", &["SYNTHETIC".into()], "clips", &classes, &corpora);
        insta::assert_snapshot!(skeleton(&to_svg(&figure).unwrap()));
    }

    #[test]
    fn a_speaker_without_a_figure_has_no_bar_and_a_long_name_is_shortened() {
        let bars = vec![
            Bar::new("corpus/with a speaker of a very long name indeed, longer than half of it".into(), 33.3, 1),
            Bar::new("b".into(), f64::NAN, 1),
            Bar::new("c".into(), 50.0, 1),
        ];
        let reference = Some((40.0, "all: 40.0 %".into()));
        let axis = "UAR (%)".into();
        let figure =
            Bars { title: "t".into(), axis, bars, step: 0.01, highest: Some(100.0), reference, ..Bars::default() };
        insta::assert_snapshot!(skeleton(&to_svg(&figure).unwrap()));
    }

    #[test]
    fn of_a_thousand_emotions_those_with_most_clips_are_drawn() {
        let classes: Vec<String> = (0..1_000).map(|i| format!("emotion {i}")).collect();
        let corpora = [Series { name: "a", of_class: (0..1_000).collect() }];
        let figure = Bars::of_classes("t", &[], "clips", &classes, &corpora);
        assert_eq!((figure.bars.len(), figure.bars[0].name.as_str()), (MOST, "emotion 999"));
        assert!(figure.summary.ends_with("1000 emotions: the 120 with most clips"));
        to_svg(&figure).unwrap();
    }
}
