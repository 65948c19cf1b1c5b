//! The data card of an experiment: what its clips are, who speaks, how long and how loud they are, who is on which side
//! of the split, what is there twice and what was left out.
//!
//! ```text
//! Survey ─► Card: measures every clip ─► tally: counts and quantiles ─► sections ─► text, Markdown
//!                                                                       └► pictures, counts.csv
//! ```

mod sections;
mod tally;

use std::path::Path;

use rayon::prelude::*;

use super::{
    document::Document,
    plot::{self, Bars, Durations, Series},
};
use crate::{
    audio::Measure,
    config::Experiment,
    corpus::{Cause, Exclusion, Source},
    csv_file::write_csv,
    error::{Error, Result},
    events::Observer,
    files::{create_dir, write_whole},
    survey::Survey,
};

/// The names of the pictures beside `card.md`.
const EMOTIONS: &str = "emotions.png";
const DURATIONS: &str = "durations.png";

/// An experiment's data, measured.
pub struct Card<'a> {
    experiment: &'a Experiment,
    survey: &'a Survey,
    /// Of each clip; none where its audio cannot be decoded.
    measures: Vec<Option<Measure>>,
    /// The clips that cannot be decoded.
    unreadable: Vec<Exclusion>,
}

impl<'a> Card<'a> {
    /// Decodes and measures every clip, on all cores. One that cannot be decoded is listed on the card and counted
    /// without length and level.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`] where a stop was asked for.
    pub fn new(experiment: &'a Experiment, survey: &'a Survey, observer: &dyn Observer) -> Result<Self> {
        let work = observer.work("measuring clips", survey.clips.len());
        let taken: Vec<Result<Measure>> = survey
            .clips
            .par_iter()
            .map(|clip| {
                if observer.stop_requested() {
                    return Err(Error::Interrupted("stopped before all clips were measured: start again".into()));
                }
                let measure = Measure::take(&clip.source);
                work.step();
                measure
            })
            .collect();
        let mut unreadable = Vec::new();
        let mut measures = Vec::with_capacity(taken.len());
        for (clip, measure) in survey.clips.iter().zip(taken) {
            match measure {
                Ok(measure) => measures.push(Some(measure)),
                Err(stop @ Error::Interrupted(_)) => return Err(stop),
                Err(error) => {
                    let path = clip.source.file().unwrap_or(Path::new(&clip.id)).to_owned();
                    unreadable.push(Exclusion {
                        path,
                        reason: format!("cannot be decoded: {error}"),
                        cause: Cause::Damaged,
                    });
                    measures.push(None);
                }
            }
        }
        Ok(Self { experiment, survey, measures, unreadable })
    }

    /// The card as a document.
    #[must_use]
    pub fn document(&self) -> Document {
        sections::document(self)
    }

    /// Writes `card.md`, `emotions.png`, `durations.png` and `counts.csv` (`fold,side,corpus,speaker,class,clips`) into
    /// the folder.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] and [`Error::File`] naming the file that cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        create_dir(folder)?;
        let text = self.document().to_markdown();
        write_whole(&folder.join("card.md"), |file| file.write_all(text.as_bytes()))?;
        self.write_counts(&folder.join("counts.csv"))?;

        let title = &self.experiment.name;
        let subtitle = self.warnings();
        let classes = &self.survey.classes;
        let corpora = tally::corpora(self);
        let of = |corpus: &str, class: usize| tally::of(self, corpus, class);
        let all = 0..classes.len();
        let counts: Vec<Series<usize>> = corpora
            .iter()
            .map(|name| Series { name, of_class: all.clone().map(|class| of(name, class).len()).collect() })
            .collect();
        plot::save(&Bars::of_classes(title, &subtitle, "clips", classes, &counts), &folder.join(EMOTIONS))?;
        let seconds =
            |name, class| of(name, class).into_iter().filter_map(|i| Some(self.measures[i]?.seconds)).collect();
        let durations: Vec<Series<Vec<f64>>> = corpora
            .iter()
            .map(|name| Series { name, of_class: all.clone().map(|class| seconds(name, class)).collect() })
            .collect();
        plot::save(&Durations { title, subtitle: &subtitle, classes, corpora: &durations }, &folder.join(DURATIONS))
    }

    fn write_counts(&self, path: &Path) -> Result<()> {
        let counts = tally::by_side(self);
        write_csv(path, ["fold", "side", "corpus", "speaker", "class", "clips"], |csv| {
            for ((fold, side, corpus, speaker, class), clips) in &counts {
                let fold = &self.survey.plan.folds[*fold].name;
                let class = &self.survey.classes[*class];
                csv.row([fold, side.name(), corpus, speaker, class, &clips.to_string()])?;
            }
            Ok(())
        })
    }

    /// What has to be read before the figures.
    fn warnings(&self) -> Vec<String> {
        let synthetic = self.survey.clips.iter().any(|clip| matches!(clip.source, Source::Synthetic(_)));
        let synthetic = synthetic.then_some("SYNTHETIC SPEECH: this says nothing of people.");
        let caveats = self.survey.plan.caveats.iter().map(ToString::to_string);
        self.survey.plan.brand().into_iter().chain(synthetic).map(str::to_owned).chain(caveats).collect()
    }
}
