//! Who is on which side, as CSV: what `protocol.kind = "fixed"` reads, and any other program.

use std::{borrow::Cow, path::Path};

use crate::{
    csv_file::write_csv,
    error::{Error, Result},
    output::check_replaceable,
    protocol::Fold,
    survey::Survey,
};

/// The columns of a split's table; a demonstration of leaks has rows of copies too, and a column [`COPY`] that numbers them.
pub const COLUMNS: [&str; 7] = ["clip", "path", "corpus", "speaker", "emotion", "fold", "side"];

/// The column of a copy's number.
pub const COPY: &str = "copy";

/// The cells of [`COLUMNS`], one row for each clip and fold, with the number of the copy; only of the fold named `only`,
/// where one is. `path` is empty for clips that are not on disk.
///
/// # Errors
///
/// [`Error::Config`] where no fold has that name.
pub fn rows<'a>(
    survey: &'a Survey,
    only: Option<&str>,
) -> Result<impl Iterator<Item = ([Cow<'a, str>; COLUMNS.len()], usize)> + use<'a>> {
    let all = &survey.plan.folds;
    let folds: Vec<&Fold> = all.iter().filter(|fold| only.is_none_or(|only| fold.name == only)).collect();
    if let Some(only) = only.filter(|_| folds.is_empty()) {
        let names: Vec<&str> = all.iter().map(|fold| fold.name.as_str()).collect();
        return Err(Error::Config(format!("--fold {only}: the protocol's folds are {}", names.join(", "))));
    }
    Ok(folds.into_iter().flat_map(move |fold| {
        let mut rows: Vec<_> =
            fold.sides().into_iter().flat_map(|(side, rows)| rows.iter().map(move |&row| (row, side))).collect();
        rows.sort_unstable();
        rows.into_iter().map(move |(row, side)| {
            let (at, copy) = survey.plan.clip_and_copy(row);
            let clip = &survey.clips[at];
            let file = clip.source.file().map(|file| file.to_string_lossy()).unwrap_or_default();
            let class = &survey.classes[survey.labels[at]];
            let [id, corpus, speaker, class, fold] =
                [&clip.id, &clip.corpus, &clip.speaker, class, &fold.name].map(|cell| Cow::from(cell.as_str()));
            ([id, file, corpus, speaker, class, fold, side.name().into()], copy)
        })
    }))
}

/// Writes the [`rows`] as CSV under [`COLUMNS`].
///
/// # Errors
///
/// As [`rows`]; [`Error::Io`] where the file cannot be written.
pub fn write(path: &Path, survey: &Survey, only: Option<&str>) -> Result<()> {
    let header = COLUMNS.join(",");
    check_replaceable(path, "table of a split", |head| head.starts_with(header.as_bytes()))?;
    let rows = rows(survey, only)?;
    let copies = survey.plan.has_copies();
    write_csv(path, COLUMNS.into_iter().chain(copies.then_some(COPY)), |csv| {
        for (cells, copy) in rows {
            csv.row(cells.iter().map(AsRef::as_ref).chain(copies.then_some(copy.to_string().as_str())))?;
        }
        Ok(())
    })
}
