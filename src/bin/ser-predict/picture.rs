//! The picture of a timeline.

use std::path::{Path, PathBuf};

use ser::{
    error::Result,
    predict::{Recognizer, Vocabulary, Window},
    report::plot::{self, course::Moment, timeline::Piece},
};

/// What was answered, to be drawn: emotions, and the values of targets.
#[derive(Default)]
pub struct Picture {
    emotions: Vec<Piece>,
    values: Vec<Moment>,
}

impl Picture {
    /// Keeps what is drawn of a window.
    pub fn add(&mut self, window: &Window) {
        let Window { start, end, answer } = window;
        let probabilities = answer.as_ref().map(|answer| answer.probabilities().to_vec());
        self.emotions.push(Piece { start: *start, end: *end, probabilities });
        let values = answer.as_ref().map(|answer| answer.values().to_vec());
        self.values.push(Moment { start: *start, end: *end, values });
    }

    /// Draws the timeline of `path`, with answers below `threshold` as "uncertain"; where there are emotions and values, values go beside.
    pub fn save(&self, path: &Path, recognizer: &Recognizer, threshold: f32, to: &Path) -> Result<()> {
        let title = path.file_name().map_or_else(|| "standard input".into(), |name| name.to_string_lossy());
        let Vocabulary { emotions, targets, scales } = recognizer.vocabulary();
        if !emotions.is_empty() {
            let timeline = plot::Timeline { title: &title, classes: emotions, pieces: &self.emotions, threshold };
            plot::save(&timeline, to)?;
        }
        if !targets.is_empty() {
            let course = plot::Course { title: &title, targets, scales, moments: &self.values };
            plot::save(&course, &if emotions.is_empty() { to.to_owned() } else { beside(to, "values") })?;
        }
        Ok(())
    }
}

/// `course.png` → `course-values.png`: the picture of what is answered beside emotions.
fn beside(picture: &Path, what: &str) -> PathBuf {
    let [stem, extension] =
        [picture.file_stem(), picture.extension()].map(|of| of.unwrap_or_default().to_string_lossy());
    picture.with_file_name(format!("{stem}-{what}.{extension}"))
}
