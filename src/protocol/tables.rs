//! The columns of a split's table. Where two could both be meant and contradict each other, it is not guessed which is.

use std::{collections::HashMap, path::Path};

use super::Side;
use crate::{
    corpus::{
        columns::{PATH, SPEAKER, called},
        spelling::{names_nobody, tidy},
        table::Table,
    },
    error::{Error, Result},
};

/// What a table calls the column of a clip's side, without case and separators.
const SIDE: [&str; 5] = ["side", "split", "set", "subset", "partition"];

/// The column of the sides: of several, those that name sides have to agree.
pub(super) fn side<'a>(table: &'a Table, advice: &str) -> Result<&'a str> {
    let found = called(table, &SIDE);
    let parsed = |name: &str| table.cells(name).iter().map(|cell| Side::parse(cell.as_deref()?)).collect::<Vec<_>>();
    let sides: Vec<&str> = found.iter().copied().filter(|name| parsed(name).iter().any(Option::is_some)).collect();
    match (sides.first().or(found.first()), sides.get(1..).unwrap_or_default()) {
        (Some(first), others) => {
            let ours = parsed(first);
            let differs = others.iter().find(|other| parsed(other) != ours);
            differs.map_or(Ok(*first), |other| Err(two(table, "side", first, other)))
        }
        (None, _) => table.column("side", advice),
    }
}

/// The column of the files, where there is one: of several, each names the same files, with more of their folders or less.
pub(super) fn path(table: &Table) -> Result<Option<&str>> {
    let found = called(table, PATH);
    let Some(first) = found.first() else { return Ok(None) };
    let differs = found[1..].iter().find(|other| {
        let mut cells = table.cells(first).iter().zip(table.cells(other));
        !cells.all(|cells| matches!(cells, (Some(one), Some(other)) if is_one_file(one, other)) || cells.0 == cells.1)
    });
    differs.map_or(Ok(Some(first)), |other| Err(two(table, "path", first, other)))
}

fn is_one_file(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(|path| path.replace('\\', "/"));
    let [one, other] = [Path::new(&one), Path::new(&other)];
    let ends = |long: &Path, short: &Path| long.ends_with(short) || long.with_extension("").ends_with(short);
    ends(one, other) || ends(other, one)
}

/// The column of the speakers, where there is one: of several, each parts the rows in the same speakers, whatever it calls
/// them.
pub(super) fn speaker(table: &Table) -> Result<Option<&str>> {
    let found = called(table, SPEAKER);
    let Some(first) = found.first() else { return Ok(None) };
    let differs = found[1..].iter().find(|other| {
        let mut names: [HashMap<String, String>; 2] = Default::default();
        !table.cells(first).iter().zip(table.cells(other)).all(|(one, other)| {
            let [one, other] = [one, other].map(|cell| cell.as_deref().map(tidy).filter(|name| !names_nobody(name)));
            // Where one of them says nothing, they do not contradict each other.
            let (Some(one), Some(other)) = (one, other) else { return true };
            let is_known = names[0].entry(one.clone()).or_insert_with(|| other.clone()) == &other;
            is_known && *names[1].entry(other).or_insert_with(|| one.clone()) == one
        })
    });
    differs.map_or(Ok(Some(first)), |other| Err(two(table, "speaker", first, other)))
}

fn two(table: &Table, key: &str, first: &str, other: &str) -> Error {
    Error::file(
        table.path(),
        format!(
            "\"{first}\" and \"{other}\" could both be the column of the {key}, and they contradict each other: leave the \
             one that is not meant out of the table, or give it another name"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, text).unwrap();
        Table::read(&path).unwrap()
    }

    #[test]
    fn two_columns_that_agree_are_one() {
        let agree = table(
            "path,File,side,Split,set,speaker_ID,actor\nx/a.wav,a.wav,train,training,A,1,ann\nx/b.wav,b,test,Test,B,2,bob\n",
        );
        assert_eq!(side(&agree, "").unwrap(), "side");
        assert_eq!(path(&agree).unwrap(), Some("path"));
        assert_eq!(speaker(&agree).unwrap(), Some("speaker_ID"));
        let none = table("clip,x\na,b\n");
        assert!(path(&none).unwrap().is_none() && speaker(&none).unwrap().is_none());
        assert!(side(&none, "advice").unwrap_err().to_string().contains("no column side"));
        assert_eq!(side(&table("path,set,split\na,A,train\nb,B,test\n"), "").unwrap(), "split");
    }

    #[test]
    fn two_that_contradict_each_other_are_refused() {
        let both = table(
            "path,file,side,split,speaker,subject\na.wav,b.wav,train,test,x,1\nb.wav,b.wav,test,test,y,1\nc.wav,c.wav,test,test,y,2\n",
        );
        for (error, key) in [
            (side(&both, "").unwrap_err(), "\"side\" and \"split\""),
            (path(&both).unwrap_err(), "\"path\" and \"file\""),
            (speaker(&both).unwrap_err(), "\"speaker\" and \"subject\""),
        ] {
            let error = error.to_string();
            assert!(error.contains(key) && error.contains("contradict"), "{error}");
        }
    }
}
