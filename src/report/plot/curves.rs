//! Learning curves: loss and UAR over the epochs, of one run or of many.
//!
//! One run is drawn in full lines. Of several runs (folds, seeds) each is a faint line and their mean a bold one.

use plotters::backend::DrawingBackend;
use serde::{Deserialize, Serialize};

use super::{
    COLUMN, Figure,
    axes::{Axes, Axis, LABEL_SIZE, TICK_SIZE},
    canvas::{Canvas, Stroke},
    colour::{BLACK, BLUE, Rgb, VERMILLION},
    font::{Across, Along, Text, width},
    header::Header,
    legend::{Legend, MARKER, SMALL_MARKER, Sample, marker},
};
use crate::error::Result;

const MARGIN: f64 = 14.0;
/// Room for half of the last epoch's label.
const RIGHT: f64 = 22.0;
const PANEL: f64 = 270.0;
const BETWEEN: f64 = 30.0;

/// What a run measured after one epoch. What was not measured, or is not finite, is left out of the picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochPoint {
    /// The epoch, from 1.
    pub epoch: usize,
    /// Mean cross-entropy of the training side, in nats.
    pub train_loss: f64,
    /// Mean cross-entropy of the validation side, in nats.
    pub validation_loss: f64,
    /// Unweighted average recall on the training side, 0 to 1.
    pub train_uar: Option<f64>,
    /// Unweighted average recall on the validation side, 0 to 1.
    pub validation_uar: f64,
}

/// The course of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Which run: "fold 0, seed 42".
    pub name: String,
    /// Its epochs, in order.
    pub epochs: Vec<EpochPoint>,
    /// The epoch whose weights were kept, from 1.
    pub best_epoch: usize,
}

impl Curve {
    fn picked(&self) -> Option<&EpochPoint> {
        self.epochs.iter().find(|point| point.epoch == self.best_epoch)
    }
}

/// The picture of the learning curves of one or several runs.
#[derive(Debug, Clone, Copy)]
pub struct LearningCurves<'a> {
    /// The runs.
    pub curves: &'a [Curve],
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
}

/// Which side of the split a line is of, and so how it looks.
#[derive(Debug, Clone, Copy)]
enum Side {
    Train,
    Validation,
}

impl Side {
    const fn colour(self) -> Rgb {
        match self {
            Self::Train => BLUE,
            Self::Validation => VERMILLION,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Train => "training",
            Self::Validation => "validation",
        }
    }

    /// Without colours the sides still differ: the training side is dashed.
    const fn stroke(self, width: f64) -> Stroke {
        match self {
            Self::Train => Stroke::dashed(self.colour(), width, 11.0, 5.0),
            Self::Validation => Stroke::solid(self.colour(), width),
        }
    }

    fn faint(self) -> Stroke {
        Stroke { colour: self.colour().tint(0.38), dash: None, ..self.stroke(1.2) }
    }
}

/// What is plotted against the epoch.
type Measure = fn(&EpochPoint) -> f64;

const LOSSES: [(Side, Measure); 2] =
    [(Side::Train, |point| point.train_loss), (Side::Validation, |point| point.validation_loss)];
const UARS: [(Side, Measure); 2] = [
    (Side::Train, |point| point.train_uar.map_or(f64::NAN, |uar| uar * 100.0)),
    (Side::Validation, |point| point.validation_uar * 100.0),
];

impl LearningCurves<'_> {
    fn header(&self) -> Header {
        // Said only where it shows.
        let cut = self.curves.len() > 1 && LOSSES.iter().chain(&UARS).any(|&(_, measure)| self.mean_is_cut(measure));
        let note = cut.then_some("The mean ends where fewer than half of the runs go on.");
        Header::new(self.title, self.subtitle.iter().map(String::as_str).chain(note), "", COLUMN)
    }

    fn mean_is_cut(&self, measure: Measure) -> bool {
        let points = self.curves.iter().flat_map(|curve| &curve.epochs);
        let last = points.filter(|point| measure(point).is_finite()).map(|point| point.epoch as f64).reduce(f64::max);
        last > mean(self.curves, measure).last().map(|&(epoch, _)| epoch)
    }

    fn legend(&self) -> Legend {
        let runs = self.curves.len();
        let mut entries = vec![];
        for side in [Side::Train, Side::Validation] {
            if runs > 1 {
                entries.push((Sample::Line(side.stroke(3.5)), format!("{} (mean of {runs} runs)", side.name())));
            } else {
                entries.push((Sample::Line(side.stroke(2.5)), side.name().to_owned()));
            }
        }
        if runs > 1 {
            entries.push((Sample::Line(Side::Validation.faint()), "single runs".into()));
        }
        let picked = match self.curves {
            [curve] => curve.picked().map(|point| match point.validation_uar * 100.0 {
                uar if uar.is_finite() => format!("epoch picked: {} (UAR {uar:.1} %)", point.epoch),
                _ => format!("epoch picked: {}", point.epoch),
            }),
            curves => median(curves.iter().filter_map(Curve::picked).map(|point| point.epoch).collect())
                .map(|epoch| format!("epochs picked (median {epoch})")),
        };
        entries.extend(picked.map(|text| (Sample::Marker(if runs > 1 { SMALL_MARKER } else { MARKER }), text)));
        Legend::new(entries, COLUMN - 2.0 * MARGIN)
    }

    fn values(&self, measures: [(Side, Measure); 2]) -> impl Iterator<Item = f64> {
        let points = self.curves.iter().flat_map(|curve| &curve.epochs);
        points.flat_map(move |point| measures.map(|(_, measure)| measure(point)))
    }

    fn panel<DB: DrawingBackend>(
        &self,
        canvas: &mut Canvas<'_, DB>,
        axes: &Axes,
        measures: [(Side, Measure); 2],
    ) -> Result<()> {
        let place = |(epoch, value): (f64, f64)| axes.place(epoch, value);
        if let [curve] = self.curves {
            for (side, measure) in measures {
                let line: Vec<_> = curve.epochs.iter().map(|p| place((p.epoch as f64, measure(p)))).collect();
                canvas.line(&line, &side.stroke(2.5))?;
            }
            return Ok(());
        }
        for (side, measure) in measures {
            for curve in self.curves {
                let line: Vec<_> = curve.epochs.iter().map(|p| place((p.epoch as f64, measure(p)))).collect();
                canvas.line(&line, &side.faint())?;
            }
        }
        for (side, measure) in measures {
            let line: Vec<_> = mean(self.curves, measure).into_iter().map(place).collect();
            canvas.line(&line, &side.stroke(3.5))?;
        }
        Ok(())
    }
}

impl Figure for LearningCurves<'_> {
    fn description(&self) -> String {
        let runs = match self.curves {
            [curve] => curve.name.clone(),
            curves => format!("{} runs", curves.len()),
        };
        format!("Learning curves of {runs}: loss and validation UAR by epoch. {}", self.title)
    }

    fn size(&self) -> (f64, f64) {
        let ticks_and_label = 10.0 + TICK_SIZE + 10.0 + LABEL_SIZE;
        let panels = PANEL + BETWEEN + PANEL + ticks_and_label;
        (COLUMN, self.header().height() + self.legend().height() + 16.0 + panels + MARGIN)
    }

    fn draw<DB: DrawingBackend>(&self, canvas: &mut Canvas<'_, DB>) -> Result<()> {
        let header = self.header();
        header.draw(canvas)?;
        let legend = self.legend();
        legend.draw(canvas, MARGIN, header.height() - 4.0)?;

        let epochs = self.curves.iter().flat_map(|curve| &curve.epochs).map(|point| point.epoch);
        let x = Axis::counting(epochs.clone().min().unwrap_or(1), epochs.max().unwrap_or(1));
        let loss = Axis::around(self.values(LOSSES).chain([0.0]), 0.01);
        let uar = Axis::around(self.values(UARS), 5.0);
        let tick_room = |axis: &Axis| axis.ticks.iter().map(|&t| width(&axis.label(t), TICK_SIZE)).fold(0.0, f64::max);
        let label_room = tick_room(&loss).max(tick_room(&uar)) + 9.0 + 12.0 + LABEL_SIZE;
        let left = MARGIN + label_room;
        let top = header.height() + legend.height() + 16.0;
        let panel = |top, y| Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x: x.clone(), y };
        let (loss, uar) = (panel(top, loss), panel(top + PANEL + BETWEEN, uar));
        loss.draw(canvas, "cross-entropy (nats)", label_room, None)?;
        uar.draw(canvas, "UAR (%)", label_room, Some("epoch"))?;
        if self.curves.iter().all(|curve| curve.epochs.is_empty()) {
            let (x, y) = (left + uar.width / 2.0, top + PANEL / 2.0);
            canvas.text(x, y, "no epochs recorded", &Text::new(LABEL_SIZE).at(Along::Middle, Across::Middle))?;
        }
        if let [curve] = self.curves
            && let Some(point) = curve.picked()
        {
            let rule = Stroke::dashed(BLACK, 1.5, 2.0, 5.0);
            for axes in [&loss, &uar] {
                let (x, _) = axes.place(point.epoch as f64, axes.y.low);
                canvas.line(&[(x, axes.top), (x, axes.top + axes.height)], &rule)?;
            }
        }
        self.panel(canvas, &loss, LOSSES)?;
        self.panel(canvas, &uar, UARS)?;
        let size = if self.curves.len() > 1 { SMALL_MARKER } else { MARKER };
        for point in self.curves.iter().filter_map(Curve::picked) {
            let (x, y) = uar.place(point.epoch as f64, point.validation_uar * 100.0);
            if y.is_finite() {
                marker(canvas, (x, y), size)?;
            }
        }
        Ok(())
    }
}

/// `(epoch, mean over the runs)` where at least half of the runs have a finite value: early stopping ends the runs one
/// by one, and the mean over the last few of them is that of others than the mean before.
fn mean(curves: &[Curve], measure: Measure) -> Vec<(f64, f64)> {
    let mut sums = std::collections::BTreeMap::new();
    for point in curves.iter().flat_map(|curve| &curve.epochs) {
        let value = measure(point);
        if value.is_finite() {
            let (sum, count) = sums.entry(point.epoch).or_insert((0.0, 0_usize));
            *sum += value;
            *count += 1;
        }
    }
    let enough = |count: usize| 2 * count >= curves.len();
    sums.into_iter()
        .filter(|(_, (_, count))| enough(*count))
        .map(|(epoch, (sum, count))| (epoch as f64, sum / count as f64))
        .collect()
}

fn median(mut values: Vec<usize>) -> Option<usize> {
    values.sort_unstable();
    values.get(values.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::{save, to_svg};

    fn curve(epochs: usize, offset: f64) -> Curve {
        let points = (1..=epochs).map(|epoch| EpochPoint {
            epoch,
            train_loss: offset + 1.0 / epoch as f64,
            validation_loss: if epoch == 2 { f64::NAN } else { offset + 1.5 / epoch as f64 },
            train_uar: None,
            validation_uar: if epoch == 3 { f64::INFINITY } else { 0.5 },
        });
        Curve { name: "fold 0".into(), epochs: points.collect(), best_epoch: epochs.min(2) }
    }

    #[test]
    fn mean_is_that_of_at_least_half_the_runs() {
        let curves = [curve(3, 0.0), curve(2, 1.0), curve(1, 2.0), curve(1, 3.0)];
        assert_eq!(mean(&curves, |p| p.train_loss), [(1.0, 2.5), (2.0, 1.0)]);
        assert_eq!(mean(&curves, |p| p.validation_loss), [(1.0, 3.0)]);
        assert!(mean(&[], |p| p.train_loss).is_empty());
    }

    #[test]
    fn any_number_of_runs_and_any_values_can_be_drawn() {
        let folder = tempfile::tempdir().unwrap();
        let all_nan = |mut curve: Curve| {
            for point in &mut curve.epochs {
                (point.train_loss, point.validation_loss, point.validation_uar) = (f64::NAN, f64::NAN, f64::NAN);
            }
            curve
        };
        let huge = |mut curve: Curve| {
            curve.epochs[0].train_loss = 1e300;
            curve
        };
        for curves in [
            vec![],
            vec![curve(0, 0.0)],
            vec![curve(1, 0.0)],
            vec![curve(40, 0.0)],
            vec![curve(3, 0.0), curve(0, 0.0), curve(9, 1.0)],
            vec![all_nan(curve(5, 0.0))],
            vec![huge(curve(5, 0.0))],
        ] {
            let figure = LearningCurves { curves: &curves, title: "quickstart", subtitle: &[] };
            let svg = to_svg(&figure).unwrap();
            assert!(svg.contains("cross-entropy (nats)") && svg.contains("UAR (%)") && !svg.contains("NaN"), "{svg}");
            save(&figure, &folder.path().join("curves.png")).unwrap();
        }
    }

    #[test]
    fn median_is_the_lower_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![5, 1, 3]), Some(3));
        assert_eq!(median(vec![5, 1]), Some(1));
    }
}
