//! What a report before has left in the folder that this one has not written.

use std::{collections::BTreeSet, path::Path};

use super::pictures::Pictures;
use crate::{
    error::{Error, Result},
    files::read_json,
};

/// The files that a report may have, whatever it is of. Besides them: pictures.
pub(super) const FILES: [&str; 9] = [
    "report.txt",
    "report.md",
    "report.tex",
    "report.json",
    "report.html",
    "model_card.md",
    "figures.csv",
    "confusion.csv",
    "predictions.csv",
];

/// The pictures that a report may have, by the start of their names.
const PICTURES: [&str; 13] = [
    "adapted",
    "agreement-",
    "augmentation",
    "by_agreement",
    "classes",
    "confusion",
    "curves",
    "durations",
    "embedding",
    "fairness",
    "reliability",
    "residuals-",
    "speakers",
];

/// Whether the folder holds a report, whose files another may remove.
pub(super) fn is_report(folder: &Path) -> bool {
    read_json::<serde_json::Value>(&folder.join("report.json"))
        .is_ok_and(|json| json["schema"].as_str().is_some_and(|schema| schema.starts_with("ser-report")))
}

/// Removes the files of the report that was there before, if there was one, that are none of `written` and no picture of
/// `pictures`: they are of other runs, and would be taken for these. Files of any other name stay.
///
/// # Errors
///
/// [`Error::Io`] naming the file that cannot be removed.
pub(super) fn remove(folder: &Path, was_report: bool, written: &[&str], pictures: &Pictures) -> Result<()> {
    if !was_report {
        return Ok(());
    }
    let kept: BTreeSet<String> = pictures
        .drawn
        .iter()
        .flat_map(|picture| ["png", "svg"].map(|extension| format!("{}.{extension}", picture.name)))
        .chain(written.iter().map(ToString::to_string))
        .collect();
    for entry in std::fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let path = entry.map_err(Error::io("read", folder))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        if is_of_a_report(name) && !kept.contains(name) && path.is_file() {
            std::fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
    }
    Ok(())
}

fn is_of_a_report(name: &str) -> bool {
    let is_picture = || {
        let stem = name.strip_suffix(".png").or_else(|| name.strip_suffix(".svg"));
        stem.is_some_and(|stem| {
            PICTURES.iter().any(|known| if known.ends_with('-') { stem.starts_with(known) } else { stem == *known })
        })
    };
    FILES.contains(&name) || is_picture()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::html::Picture;

    #[test]
    fn what_another_report_has_left_goes_and_what_is_not_of_a_report_stays() {
        let dir = tempfile::tempdir().unwrap();
        for name in
            ["report.txt", "report.tex", "confusion.png", "residuals-0-age.svg", "curves.png", "notes.txt", "cat.png"]
        {
            std::fs::write(dir.path().join(name), "x").unwrap();
        }
        std::fs::create_dir(dir.path().join("speakers.png")).unwrap();
        let drawn = vec![Picture { name: "curves".into(), caption: String::new(), svg: String::new() }];
        let pictures = Pictures { drawn, failed: vec![] };
        let json = dir.path().join("report.json");
        std::fs::write(&json, "{\"schema\": \"mine\"}").unwrap();
        assert!(!is_report(dir.path()));
        remove(dir.path(), false, &["report.txt"], &pictures).unwrap();
        assert!(dir.path().join("report.tex").exists(), "nobody says that it is of a report");
        std::fs::write(&json, "{\"schema\": \"ser-report/7\"}").unwrap();
        assert!(is_report(dir.path()));
        remove(dir.path(), true, &["report.txt"], &pictures).unwrap();
        let mut left: Vec<String> =
            std::fs::read_dir(dir.path()).unwrap().map(|of| of.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, ["cat.png", "curves.png", "notes.txt", "report.txt", "speakers.png"]);
    }
}
