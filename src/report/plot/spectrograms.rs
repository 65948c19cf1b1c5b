//! Spectrograms of one clip, as it is and altered: what augmentation does to it.

use super::{
    COLUMN, Canvas, Figure, MARGIN,
    axes::{Axis, BELOW, LABEL_SIZE, TICK_SIZE},
    canvas::Stroke,
    colour::FRAME,
    font::{Across, Along, Text, shortened},
};
use crate::audio::{Audio, RANGE, picture};

const NAME: Text = Text::new(21.0).at(Along::Start, Across::Top);
const TICK: Text = Text::new(TICK_SIZE);
/// Height of a spectrogram, and of all that belongs to it.
const PANEL: f64 = 120.0;
const ROW: f64 = 21.0 + 10.0 + PANEL + 18.0;
/// Room for the labels of frequencies.
const LEFT: f64 = 74.0;
const COLUMNS: usize = 240;
const BANDS: usize = 60;
/// The highest frequency, in Hz.
const TOP: f64 = 8_000.0;

/// One spectrogram.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What was done to the clip.
    pub name: String,
    /// What came of it.
    pub audio: Audio,
}

/// The picture.
#[derive(Debug, Clone, Copy)]
pub struct Spectrograms<'a> {
    /// From top to bottom.
    pub panels: &'a [Panel],
    /// The title.
    pub title: &'a str,
    /// Lines below the title.
    pub subtitle: &'a [String],
}

fn seconds(panel: &Panel) -> f64 {
    panel.audio.samples.len() as f64 / f64::from(panel.audio.sample_rate.max(1))
}

impl Spectrograms<'_> {
    /// The end of the longest, in seconds.
    fn longest(&self) -> f64 {
        self.panels.iter().map(seconds).fold(0.001, f64::max)
    }
}

impl Figure for Spectrograms<'_> {
    fn description(&self) -> String {
        let names: Vec<&str> = self.panels.iter().map(|panel| panel.name.as_str()).collect();
        format!("{}: spectrograms of one clip: {}", self.title, names.join("; "))
    }

    fn draw(&self, canvas: &mut Canvas<'_>) -> (f64, f64) {
        let scale = format!("Mel scale; white is {RANGE:.0} dB below the loudest point of each");
        let start = canvas.title(self.title, &self.subtitle.iter().chain([&scale]).collect::<Vec<_>>());
        let (longest, right) = (self.longest(), COLUMN - 2.0 * MARGIN);
        let time = Axis::around([0.0, longest], 0.01);
        let across = |seconds: f64| LEFT + (right - LEFT) * seconds / longest;
        let frame = Stroke::solid(FRAME, 1.5);
        let mut bottom = start;
        for (row, panel) in self.panels.iter().enumerate() {
            let top = start + ROW * row as f64;
            canvas.text(LEFT, top, &shortened(&panel.name, NAME.size, COLUMN - LEFT - MARGIN), &NAME);
            let top = top + NAME.size + 10.0;
            bottom = top + PANEL;
            let highest = TOP.min(f64::from(panel.audio.sample_rate) / 2.0);
            let end = across(seconds(panel));
            let levels = picture(&panel.audio, highest, COLUMNS, BANDS);
            canvas.cells((LEFT, top), (end - LEFT, PANEL), &levels, COLUMNS);
            canvas.line(&[(LEFT, top), (LEFT, bottom), (end, bottom)], &frame);
            let mel = |hz: f64| (1.0 + hz / 700.0).ln();
            for kilohertz in [0.0, 1.0, 3.0, 8.0].into_iter().filter(|kilohertz| 1000.0 * kilohertz <= highest) {
                let y = bottom - PANEL * mel(1000.0 * kilohertz) / mel(highest);
                canvas.line(&[(LEFT - 5.0, y), (LEFT, y)], &frame);
                canvas.text(LEFT - 9.0, y, &format!("{kilohertz}"), &TICK.at(Along::End, Across::Middle));
            }
        }
        for &tick in time.ticks.iter().filter(|tick| **tick <= longest) {
            canvas.line(&[(across(tick), bottom), (across(tick), bottom + 5.0)], &frame);
            canvas.text(across(tick), bottom + 10.0, &time.label(tick), &TICK.at(Along::Middle, Across::Top));
        }
        let label = Text::new(LABEL_SIZE);
        let middle = f64::midpoint(start, bottom);
        canvas.text(MARGIN, middle, "frequency (kHz)", &label.upwards().at(Along::Middle, Across::Top));
        let below = bottom + 10.0 + TICK_SIZE + 10.0;
        canvas.text(f64::midpoint(LEFT, right), below, "time (s)", &label.at(Along::Middle, Across::Top));
        (COLUMN, bottom + BELOW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::to_svg;

    #[test]
    fn each_clip_has_its_cells_and_the_frequencies_that_it_holds() {
        let panel = |n: usize, sample_rate| Panel {
            name: format!("{n} samples"),
            audio: Audio { samples: (0..n).map(|i| (i as f32 * 0.1).sin()).collect(), sample_rate },
        };
        let cases = [vec![], vec![panel(1, 8_000)], vec![panel(30_000, 16_000), panel(40_000, 44_100)]];
        for (panels, reach_8_khz) in cases.iter().zip([0, 0, 2]) {
            let svg = to_svg(&Spectrograms { panels, title: "t", subtitle: &[] }).unwrap();
            assert_eq!(svg.matches("crispEdges").count(), panels.len());
            assert_eq!(svg.matches("data-text=\"3\"").count(), panels.len());
            assert_eq!(svg.matches("data-text=\"8\"").count(), reach_8_khz);
        }
    }
}
