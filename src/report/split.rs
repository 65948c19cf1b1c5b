//! Who is on which side, as CSV: what `protocol.kind = "fixed"` reads, and any other program.

use std::path::Path;

use crate::{
    csv_file::write_csv,
    error::{Error, Result},
    protocol::Fold,
    survey::Survey,
};

/// Writes the columns `clip,path,corpus,speaker,emotion,fold,side`, one row for each clip and fold; only the fold named
/// `only`, where one is. `path` is empty for clips that are not on disk. A demonstration of leaks has rows of copies too,
/// and a column `copy` that numbers them.
///
/// # Errors
///
/// [`Error::Config`] where no fold has that name, [`Error::Io`] where the file cannot be written.
pub fn write(path: &Path, survey: &Survey, only: Option<&str>) -> Result<()> {
    let all = &survey.plan.folds;
    let folds: Vec<&Fold> = all.iter().filter(|fold| only.is_none_or(|only| fold.name == only)).collect();
    if let Some(only) = only.filter(|_| folds.is_empty()) {
        let names: Vec<&str> = all.iter().map(|fold| fold.name.as_str()).collect();
        return Err(Error::Config(format!("--fold {only}: the protocol's folds are {}", names.join(", "))));
    }
    let copies = survey.plan.leak.is_some();
    let header = ["clip", "path", "corpus", "speaker", "emotion", "fold", "side"];
    write_csv(path, header.into_iter().chain(copies.then_some("copy")), |csv| {
        for fold in folds {
            let mut rows: Vec<_> =
                fold.sides().into_iter().flat_map(|(side, rows)| rows.iter().map(move |&row| (row, side))).collect();
            rows.sort_unstable();
            for (row, side) in rows {
                let (at, copy) = survey.plan.clip_and_copy(row);
                let clip = &survey.clips[at];
                let file = clip.source.file().map(|file| file.to_string_lossy()).unwrap_or_default();
                let class = &survey.classes[survey.labels[at]];
                let cells = [&clip.id, file.as_ref(), &clip.corpus, &clip.speaker, class, &fold.name, side.name()];
                csv.row(cells.into_iter().chain(copies.then_some(copy.to_string().as_str())))?;
            }
        }
        Ok(())
    })
}
