//! Learning curves: loss and UAR over the epochs, of one run or of many.
//!
//! One run is drawn in full lines. Of several runs (folds, seeds) each is a faint line and their mean a bold one.

use super::{
    COLUMN, Canvas, Figure,
    axes::{Axes, Axis, BELOW, LABEL_SIZE, left_of},
    canvas::Stroke,
    colour::{BLACK, BLUE, Rgb, VERMILLION},
    font::{Across, Along, Text},
    legend::{Sample, legend},
    marker::{MARKER, SMALL_MARKER, marker},
};

/// Room for half of the last epoch's label.
const RIGHT: f64 = 22.0;
const PANEL: f64 = 270.0;
const BETWEEN: f64 = 30.0;
/// Runs that have a line of their own; the mean is over all.
const MOST: usize = 200;

/// What a run measured after one epoch. What was not measured, or is not finite, is left out of the picture.
#[derive(Debug, Clone, Copy, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
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
    fn mean_is_cut(&self, measure: Measure) -> bool {
        let points = self.curves.iter().flat_map(|curve| &curve.epochs);
        let last = points.filter(|point| measure(point).is_finite()).map(|point| point.epoch as f64).reduce(f64::max);
        last > mean(self.curves, measure).last().map(|&(epoch, _)| epoch)
    }

    fn entries(&self) -> Vec<(Sample, String)> {
        let runs = self.curves.len();
        let mut entries = vec![];
        for side in [Side::Train, Side::Validation] {
            entries.push(match runs > 1 {
                true => (Sample::Line(side.stroke(3.5)), format!("{} (mean of {runs} runs)", side.name())),
                false => (Sample::Line(side.stroke(2.5)), side.name().to_owned()),
            });
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
        entries
    }

    fn values(&self, measures: [(Side, Measure); 2]) -> impl Iterator<Item = f64> {
        let points = self.curves.iter().flat_map(|curve| &curve.epochs);
        points.flat_map(move |point| measures.map(|(_, measure)| measure(point)))
    }

    fn panel(&self, canvas: &mut Canvas<'_>, axes: &Axes, measures: [(Side, Measure); 2]) {
        let single = self.curves.len() == 1;
        for (side, measure) in measures {
            for curve in self.curves.iter().take(MOST) {
                let line: Vec<_> =
                    curve.epochs.iter().map(|point| axes.place(point.epoch as f64, measure(point))).collect();
                canvas.line(&line, &if single { side.stroke(2.5) } else { side.faint() });
            }
        }
        for (side, measure) in measures.into_iter().filter(|_| !single) {
            let line: Vec<_> = mean(self.curves, measure).into_iter().map(|(x, y)| axes.place(x, y)).collect();
            canvas.line(&line, &side.stroke(3.5));
        }
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

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        // Said only where it shows.
        let cut = self.curves.len() > 1 && LOSSES.iter().chain(&UARS).any(|&(_, measure)| self.mean_is_cut(measure));
        let note = cut.then(|| "The mean ends where fewer than half of the runs go on.".to_owned());
        let top = canvas.title(self.title, &self.subtitle.iter().chain(&note).collect::<Vec<_>>());
        let top = legend(canvas, top - 4.0, &self.entries()) + 20.0;

        let epochs = self.curves.iter().flat_map(|curve| &curve.epochs).map(|point| point.epoch);
        let x = Axis::counting(epochs.clone().min().unwrap_or(1), epochs.max().unwrap_or(1));
        let loss = Axis::around(self.values(LOSSES).chain([0.0]), 0.01);
        let uar = Axis::around(self.values(UARS), 5.0);
        let left = left_of(&[&loss, &uar]);
        let panel = |top, y| Axes { left, top, width: COLUMN - RIGHT - left, height: PANEL, x: x.clone(), y };
        let (loss, uar) = (panel(top, loss), panel(top + PANEL + BETWEEN, uar));
        loss.draw(canvas, Some("cross-entropy (nats)"), None);
        uar.draw(canvas, Some("UAR (%)"), Some("epoch"));
        if self.curves.iter().all(|curve| curve.epochs.is_empty()) {
            let (x, y) = (left + uar.width / 2.0, top + PANEL / 2.0);
            canvas.text(x, y, "no epochs recorded", &Text::new(LABEL_SIZE).at(Along::Middle, Across::Middle));
        }
        if let [curve] = self.curves
            && let Some(point) = curve.picked()
        {
            for axes in [&loss, &uar] {
                let x = axes.across(point.epoch as f64);
                canvas.line(&[(x, axes.top), (x, axes.bottom())], &Stroke::dashed(BLACK, 1.5, 2.0, 5.0));
            }
        }
        self.panel(canvas, &loss, LOSSES);
        self.panel(canvas, &uar, UARS);
        let size = if self.curves.len() > 1 { SMALL_MARKER } else { MARKER };
        for point in self.curves.iter().take(MOST).filter_map(Curve::picked) {
            let (x, y) = uar.place(point.epoch as f64, point.validation_uar * 100.0);
            if y.is_finite() {
                marker(canvas, (x, y), size);
            }
        }
        (COLUMN, uar.bottom() + BELOW)
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
    use crate::report::plot::{skeleton, to_svg};

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

    fn svg(curves: &[Curve]) -> String {
        skeleton(&to_svg(&LearningCurves { curves, title: "quickstart", subtitle: &[] }).unwrap())
    }

    #[test]
    fn one_run_has_full_lines_and_the_picked_epoch() {
        insta::assert_snapshot!(svg(&[curve(4, 0.0)]));
    }

    #[test]
    fn several_runs_have_faint_lines_and_a_mean() {
        insta::assert_snapshot!(svg(&[curve(3, 0.0), curve(0, 0.0), curve(4, 1.0)]));
    }

    #[test]
    fn what_was_not_measured_or_diverged_leaves_the_axes_readable() {
        let all = |value: f64| {
            let mut curve = curve(5, 0.0);
            for point in &mut curve.epochs {
                (point.train_loss, point.validation_loss, point.validation_uar) = (value, value, value);
            }
            svg(&[curve])
        };
        assert!(svg(&[]).contains("no epochs recorded") && svg(&[curve(0, 0.0)]).contains("no epochs recorded"));
        assert!(all(f64::NAN).contains("data-text=\"5\"") && !all(f64::NAN).contains("NaN"));
        assert!(all(1e300).contains("data-text=\"1e300\""));
    }

    #[test]
    fn median_is_the_lower_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![5, 1, 3]), Some(3));
        assert_eq!(median(vec![5, 1]), Some(1));
    }
}
