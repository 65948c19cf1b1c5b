//! An experiment's data as its config describes it: found, looked into, given classes and dealt into folds. All that is
//! known before any audio is decoded; what training starts from and what a data card is of.

use std::{collections::BTreeMap, path::Path};

use crate::{
    config::{Experiment, Labelled},
    corpus::{self, Clip, Exclusion, Findings},
    error::Result,
    events::Observer,
    protocol::{self, Plan},
};

/// An experiment's clips and folds.
#[derive(Debug, Clone)]
pub struct Survey {
    /// The clips of the task, in the order of their ids.
    pub clips: Vec<Clip>,
    /// Each clip's class.
    pub labels: Vec<usize>,
    /// The classes, in alphabetical order.
    pub classes: Vec<String>,
    /// The folds.
    pub plan: Plan,
    /// The files that were left out.
    pub excluded: Vec<Exclusion>,
    /// How many clips of each emotion the label map dropped.
    pub dropped: BTreeMap<String, usize>,
    /// What the contents of the files have shown.
    pub findings: Findings,
}

/// Finds the clips under the folder `data`, gives them classes and deals them into folds. `judge` sees what the files'
/// contents have shown and may refuse to go on.
///
/// # Errors
///
/// What `judge` returns; otherwise as [`corpus::scan_all`], [`crate::config::LabelsConfig::apply`] and
/// [`protocol::plan`].
pub fn survey(
    experiment: &Experiment,
    data: &Path,
    judge: impl FnOnce(&Findings) -> Result<()>,
    observer: &dyn Observer,
) -> Result<Survey> {
    let scan = corpus::scan_all(&experiment.corpora, data)?;
    let work = observer.work("checking files", scan.clips.len());
    let (scan, findings) = corpus::inspect(scan, || work.step());
    drop(work);
    judge(&findings)?;
    let Labelled { clips, labels, classes, dropped } = experiment.labels.apply(scan.clips)?;
    let plan = protocol::plan(&experiment.protocol, data, &clips, &labels, findings.groups())?;
    Ok(Survey { clips, labels, classes, plan, excluded: scan.excluded, dropped, findings })
}
