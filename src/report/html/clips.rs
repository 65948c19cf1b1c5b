//! The clips of each cell of the confusion matrix and, where their audio is found, their thumbnails and players.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rayon::prelude::*;
use serde::Serialize;

use super::{link::link, thumbnail::Thumbnail};
use crate::{
    audio::load,
    corpus::Sex,
    eval::Evaluation,
    run::{ClipRecord, Prediction, Recordings},
};

/// Clips with pictures in a whole page, about, and in a cell: a picture takes two kilobytes.
const PICTURED: usize = 600;
const PICTURED_IN_A_CELL: usize = 24;
/// Clips that are listed in a whole page, about, and in a cell.
const LISTED: usize = 12_000;
const LISTED_IN_A_CELL: usize = 500;

/// Most classes whose confusion matrix the page shows as a table: a table of more cells could not be read.
pub(super) const MOST_CLASSES: usize = 40;

/// What the page's script is given.
#[derive(Debug, Serialize)]
pub(super) struct Clips {
    classes: Vec<String>,
    cells: Vec<Cell>,
    clips: Vec<Clip>,
    /// The clips judged worst.
    pub worst: Vec<usize>,
    /// The most clips that a cell lists, and the most that it shows pictures of.
    pub listed: usize,
    pub pictured: usize,
    /// Whether any clip has a picture; whether any can be played.
    pub pictures: bool,
    pub players: bool,
}

/// The clips of one true emotion that were taken for one emotion.
#[derive(Debug, Serialize)]
struct Cell {
    truth: usize,
    prediction: usize,
    /// How many predictions, and of how many clips: those of several seeds may be of one clip.
    predictions: usize,
    clips: usize,
    rows: Vec<Row>,
}

/// A clip in a cell.
#[derive(Debug, Clone, Serialize)]
struct Row {
    clip: usize,
    seeds: Vec<u64>,
    /// The probability of the true emotion and that of the predicted one, means over these seeds.
    p: [f64; 2],
}

/// One clip.
#[derive(Debug, Serialize)]
struct Clip {
    id: String,
    /// What else is known of it, in words.
    facts: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wave: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    png: Option<String>,
    /// The highest frequency of the picture, in kHz.
    #[serde(skip_serializing_if = "Option::is_none")]
    top: Option<f64>,
}

impl Clips {
    /// Those of an evaluation whose page is to be in `folder`. The cells of a matrix that the page does not show have no
    /// lists.
    pub(super) fn of(evaluation: &Evaluation, recordings: &Recordings, folder: &Path) -> Self {
        let mut cells = BTreeMap::<(usize, usize), Vec<&Prediction>>::new();
        let shown_cells = evaluation.confusion.classes.len() <= MOST_CLASSES;
        for row in evaluation.predictions.rows.iter().filter(|_| shown_cells) {
            cells.entry((row.truth, row.prediction)).or_default().push(row);
        }
        let (pictured, listed) = limits(cells.len());
        let mut index = Index::default();
        let mut shown = BTreeSet::new();
        let cells = cells
            .into_iter()
            .map(|((truth, prediction), predictions)| {
                let mut rows = gathered(&predictions);
                let clips = rows.len();
                // First what is most worth listening to: the most confident errors, and the least confident of what is right.
                rows.sort_by(|(a, _), (b, _)| match truth == prediction {
                    true => a.p[0].total_cmp(&b.p[0]),
                    false => b.p[1].total_cmp(&a.p[1]),
                });
                shown.extend(rows.iter().take(pictured).map(|(_, id)| *id));
                let number = |(row, id): (Row, _)| Row { clip: index.of(id), ..row };
                let rows = rows.into_iter().take(listed).map(number).collect();
                Cell { truth, prediction, predictions: predictions.len(), clips, rows }
            })
            .collect();
        let worst: Vec<usize> = evaluation.worst.iter().map(|clip| index.of(&clip.clip)).collect();
        shown.extend(evaluation.worst.iter().map(|clip| clip.clip.as_str()));
        let clips: Vec<Clip> = index
            .names()
            .into_par_iter()
            .map(|id| {
                let source = recordings.get(&id);
                let pictured = source.filter(|_| shown.contains(id.as_str()));
                let thumbnail = pictured.and_then(|source| Thumbnail::of(&load(source).ok()?));
                Clip {
                    facts: evaluation.clips.get(&id).map(facts).unwrap_or_default(),
                    file: thumbnail.as_ref().and(source).and_then(|source| link(folder, source.file()?)),
                    top: thumbnail.as_ref().map(|thumbnail| thumbnail.top / 1000.0),
                    wave: thumbnail.as_ref().map(|thumbnail| thumbnail.wave.clone()),
                    png: thumbnail.map(|thumbnail| thumbnail.spectrogram),
                    id,
                }
            })
            .collect();
        Self {
            classes: evaluation.confusion.classes.clone(),
            cells,
            worst,
            listed,
            pictured,
            pictures: clips.iter().any(|clip| clip.png.is_some()),
            players: clips.iter().any(|clip| clip.file.is_some()),
            clips,
        }
    }
}

/// How many clips of a cell have pictures, and how many are listed, in a page of so many cells.
fn limits(cells: usize) -> (usize, usize) {
    let cells = cells.max(1);
    ((PICTURED / cells).clamp(1, PICTURED_IN_A_CELL), (LISTED / cells).clamp(10, LISTED_IN_A_CELL))
}

/// Numbers for the clips that are named, in the order of their naming.
#[derive(Default)]
struct Index<'a>(BTreeMap<&'a str, usize>);

impl<'a> Index<'a> {
    fn of(&mut self, id: &'a str) -> usize {
        let next = self.0.len();
        *self.0.entry(id).or_insert(next)
    }

    fn names(self) -> Vec<String> {
        let mut names: Vec<(usize, &str)> = self.0.into_iter().map(|(name, number)| (number, name)).collect();
        names.sort_unstable();
        names.into_iter().map(|(_, name)| name.to_owned()).collect()
    }
}

/// One row a clip, in the order of their ids, with the seeds that put it here; without numbers yet.
fn gathered<'a>(predictions: &[&'a Prediction]) -> Vec<(Row, &'a str)> {
    let mut by_clip = BTreeMap::<&str, Vec<&Prediction>>::new();
    for row in predictions {
        by_clip.entry(&row.clip).or_default().push(row);
    }
    let rows = by_clip.into_iter().map(|(id, rows)| {
        let mean = |class: fn(&Prediction) -> usize| {
            let of = |row: &&Prediction| row.probabilities.get(class(row)).copied().map_or(0.0, f64::from);
            // Four decimals are as much as is shown.
            (1e4 * rows.iter().map(of).sum::<f64>() / rows.len() as f64).round() / 1e4
        };
        let p = [mean(|row| row.truth), mean(|row| row.prediction)];
        let mut seeds: Vec<u64> = rows.iter().map(|row| row.seed).collect();
        seeds.sort_unstable();
        (Row { clip: 0, seeds, p }, id)
    });
    rows.collect()
}

fn facts(clip: &ClipRecord) -> String {
    let sex = clip.sex.map(|sex| match sex {
        Sex::Female => "female".to_owned(),
        Sex::Male => "male".to_owned(),
    });
    let parts = [
        clip.seconds.map(|seconds| format!("{seconds:.2} s")),
        sex,
        clip.age.map(|age| format!("aged {age}")),
        clip.intensity.clone(),
        clip.sentence.as_ref().map(|sentence| format!("“{sentence}”")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::evaluation;

    #[test]
    fn every_prediction_is_in_its_cell_and_the_most_confident_errors_come_first() {
        let ours = evaluation("a", 4, 30, &[1, 2, 3], 0.6);
        let clips = Clips::of(&ours, &Recordings::default(), Path::new("report"));
        for cell in &clips.cells {
            assert_eq!(cell.predictions as u64, ours.confusion.counts[cell.truth][cell.prediction]);
            assert_eq!(cell.rows.iter().map(|row| row.seeds.len()).sum::<usize>(), cell.predictions);
            let key = |row: &Row| if cell.truth == cell.prediction { row.p[0] } else { -row.p[1] };
            assert!(cell.rows.is_sorted_by_key(key), "{cell:?}");
        }
        assert_eq!(clips.clips.len(), 120);
        assert!(!clips.pictures && !clips.players && clips.worst.len() == ours.worst.len());
    }

    #[test]
    fn a_page_of_any_size_is_bounded() {
        for cells in [0, 1, 4, 64, 400, 100_000] {
            let (pictured, listed) = limits(cells);
            assert!(pictured >= 1 && listed >= pictured.min(10));
            assert!(cells > PICTURED || cells * pictured <= PICTURED);
        }
    }
}
