//! The runs of one call as a table: a row a fold and seed, then their means.

use super::{headline::percent, table::Table, tables::points};
use crate::{
    duration::duration,
    error::Result,
    eval::Spread,
    files::read_json,
    run::{Done, RunDir, RunRecord},
};

/// What came of each run, for people. `name` is the experiment's.
///
/// # Errors
///
/// As [`read_json`], where a run's record cannot be read.
pub fn runs(name: &str, outcomes: &[(RunDir, Done)]) -> Result<String> {
    let mut title = name.to_owned();
    let mut rows = Vec::new();
    for (dir, done) in outcomes {
        let record: RunRecord = read_json(&dir.record())?;
        title.clone_from(&record.experiment);
        rows.push(vec![
            record.fold,
            record.seed.to_string(),
            format!("{} of {}", done.best_epoch, done.epochs),
            points(done.validation_uar),
            points(done.test_uar),
            duration(done.seconds),
        ]);
    }
    let note = match outcomes {
        [] | [_] => String::new(),
        many => {
            let of = |uar: fn(&Done) -> f64| {
                percent(Spread::of(&many.iter().map(|(_, done)| uar(done)).collect::<Vec<_>>()))
            };
            let [validation, test] = [of(|done| done.validation_uar), of(|done| done.test_uar)];
            format!("mean ± s.d. over the runs: validation {validation}, test {test}")
        }
    };
    let columns = ["fold", "seed", "best epoch", "validation", "test", "time"];
    Ok(Table::new(format!("{title}: UAR of each run, %"), columns).rows(rows).note(note).plain())
}
