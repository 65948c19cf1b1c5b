//! The numbers of clips, read from the columns that `task.targets` names.

use std::collections::BTreeSet;

use super::{
    Missing, TaskConfig,
    config::{SEX, SPEAKER},
};
use crate::{
    corpus::{Clip, Number, nearest_column, settled, with_a_point},
    error::{Error, Result},
};

/// The clips that have all targets, and those that lack one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Targets {
    /// The places of the clips that are kept, in their order.
    pub kept: Vec<usize>,
    /// Their numbers, one a target.
    pub values: Vec<Vec<f64>>,
    /// The places of the clips that are left out, with the target that each lacks.
    pub lacking: Vec<(usize, String)>,
}

impl TaskConfig {
    /// The numbers of the clips.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where no clip has a column of that name; [`Error::Data`] naming the clip with its row, the column and
    /// the value where it is not a number, is out of the target's range or, unless such clips are to be dropped, is missing, or
    /// where a target is the same number in all clips.
    pub fn read(&self, clips: &[Clip]) -> Result<Targets> {
        let scales = self.scales()?;
        self.check_columns(clips)?;
        let mut found = Targets::default();
        for (at, clip) in clips.iter().enumerate() {
            let mut values = Vec::with_capacity(self.targets.len());
            let mut lacks = None;
            for (target, scale) in self.targets.iter().zip(&scales) {
                let columns = self.columns_of(target).iter().map(|column| (column, clip.number(column)));
                let first = columns.into_iter().find(|(_, number)| *number != Number::Missing);
                let (column, number) = first.unwrap_or((target, Number::Missing));
                settled(clip, column)?;
                match number {
                    Number::Is(value) if scale.contains(value) => values.push(value),
                    Number::Is(value) => {
                        return Err(Error::Data(format!(
                            "{}: {column} = {value} is outside of its range, {scale}: mend the table, or set task.range",
                            clip.place()
                        )));
                    }
                    Number::Other(cell) => {
                        let hint = with_a_point(&cell).map(|cell| format!(" (write {cell}, with a point)"));
                        return Err(Error::Data(format!(
                            "{}: {column} = \"{cell}\" is not a number{}: mend the table; a cell that is empty or NaN is a \
                             missing one",
                            clip.place(),
                            hint.unwrap_or_default()
                        )));
                    }
                    Number::Missing => lacks = lacks.or(Some(target.as_str())),
                }
            }
            if self.learns(SEX) && clip.meta.sex.is_none() {
                lacks = lacks.or(Some(SEX));
            }
            match lacks {
                Some(target) => found.lacking.push((at, target.to_owned())),
                None => {
                    found.kept.push(at);
                    found.values.push(values);
                }
            }
        }
        if let (Missing::Refuse, Some((at, target))) = (self.missing, found.lacking.first()) {
            let others = match found.lacking.len() {
                1 => String::new(),
                n => format!(", as {} other clips of {}", n - 1, clips.len()),
            };
            return Err(Error::Data(format!(
                "{} has no {target}{others}: fill the column, or set task.missing = \"drop\" to go on without such clips",
                clips[*at].place()
            )));
        }
        for (target, name) in self.targets.iter().enumerate() {
            let mut values = found.values.iter().map(|row| row[target]);
            let first = values.next();
            if let Some(first) = first.filter(|first| values.all(|value| value == *first)) {
                return Err(Error::Data(format!(
                    "task.targets: {name} is {first} in all {} clips: there is nothing to learn; name another column",
                    found.kept.len()
                )));
            }
        }
        self.check_people(clips, &found.kept)?;
        Ok(found)
    }

    /// Whether there is something to learn of the people who speak.
    fn check_people(&self, clips: &[Clip], kept: &[usize]) -> Result<()> {
        let kept = || kept.iter().map(|&at| &clips[at]);
        let alone = |part: &str, of: String| {
            Err(Error::Data(format!(
                "task.weights.{part}: all {} clips are of {of}: there is nothing to learn; drop it",
                kept().count()
            )))
        };
        let Some(first) = kept().next() else { return Ok(()) };
        match first.meta.sex {
            Some(sex) if self.learns(SEX) && kept().all(|clip| clip.meta.sex == Some(sex)) => {
                return alone(SEX, format!("one sex, {}", sex.name()));
            }
            _ => {}
        }
        if self.learns(SPEAKER) && kept().all(|clip| clip.speaker_key() == first.speaker_key()) {
            return alone(SPEAKER, format!("one speaker, {}", first.speaker_key()));
        }
        Ok(())
    }

    fn check_columns(&self, clips: &[Clip]) -> Result<()> {
        let known: BTreeSet<&str> = clips.iter().flat_map(Clip::columns).collect();
        for target in self.targets.iter().flat_map(|target| self.columns_of(target)) {
            if known.iter().any(|name| name.to_lowercase() == target.to_lowercase()) {
                continue;
            }
            let near = nearest_column(target, known.iter().copied());
            let near = near.map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default();
            let names: Vec<&str> = known.iter().copied().collect();
            return Err(Error::Config(format!(
                "task.targets: no clip has a column {target}{near}; there are {}",
                if names.is_empty() { "none".to_owned() } else { names.join(", ") }
            )));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Metadata, Source};

    fn clips(cells: &[&str]) -> Vec<Clip> {
        let clip = |(i, cell): (usize, &&str)| {
            let mut meta = Metadata { row: Some(i + 2), ..Metadata::default() };
            if !cell.is_empty() {
                meta.extra.insert("arousal".into(), (*cell).to_owned());
            }
            Clip {
                id: format!("t/s/{i}"),
                corpus: "t".into(),
                speaker: "s".into(),
                emotion: "sad".into(),
                source: Source::File("a.wav".into()),
                meta,
            }
        };
        cells.iter().enumerate().map(clip).collect()
    }

    fn config(rest: &str) -> TaskConfig {
        toml::from_str(&format!("kind = 'regression'\ntargets = ['Arousal']\nrange = [1, 7]\n{rest}")).unwrap()
    }

    #[test]
    fn numbers_are_read_and_clips_without_one_left_out_where_that_is_wanted() {
        let found = config("missing = 'drop'").read(&clips(&["1", "", "6.5", "NaN", "7"])).unwrap();
        assert_eq!(found.kept, [0, 2, 4]);
        assert_eq!(found.values, [[1.0], [6.5], [7.0]]);
        assert_eq!(found.lacking, [(1, "Arousal".to_owned()), (3, "Arousal".to_owned())]);
    }

    #[test]
    fn a_target_is_read_from_the_first_of_its_columns_that_a_clip_has() {
        let mut clips = clips(&["1", "", "6.5"]);
        for clip in &mut clips {
            clip.meta.extra.insert("rated".into(), "2.5".into());
        }
        let found = config("columns = { Arousal = ['arousal', 'rated'] }").read(&clips).unwrap();
        assert_eq!(found.values, [[1.0], [2.5], [6.5]]);
        clips[1].meta.extra.insert("rated".into(), "9".into());
        let error = config("columns = { Arousal = ['arousal', 'rated'] }").read(&clips).unwrap_err().to_string();
        assert!(error.contains("t/s/1 (row 3 of the table): rated = 9 is outside of its range"), "{error}");
        let error = config("columns = { Arousal = ['arousal', 'ratd'] }").read(&clips).unwrap_err().to_string();
        assert!(error.contains("no clip has a column ratd (did you mean \"rated\"?)"), "{error}");
    }

    #[test]
    fn who_speaks_is_known_and_not_always_the_same() {
        use crate::sex::Sex;

        let several: TaskConfig = toml::from_str(
            "kind = 'multi-task'\nweights = { emotion = 1.0, sex = 0.5, speaker = 0.1 }\nadversarial = ['speaker']",
        )
        .unwrap();
        let mut clips = clips(&["", "", ""]);
        let error = several.read(&clips).unwrap_err().to_string();
        assert!(error.contains("t/s/0 (row 2 of the table) has no sex, as 2 other clips of 3"), "{error}");
        clips.iter_mut().for_each(|clip| clip.meta.sex = Some(Sex::Female));
        let error = several.read(&clips).unwrap_err().to_string();
        assert!(error.contains("task.weights.sex: all 3 clips are of one sex, female"), "{error}");
        clips[1].meta.sex = Some(Sex::Male);
        let error = several.read(&clips).unwrap_err().to_string();
        assert!(error.contains("task.weights.speaker: all 3 clips are of one speaker, t/s"), "{error}");
        clips[1].speaker = "r".into();
        clips[2].meta.sex = None;
        let dropping = TaskConfig { missing: Missing::Drop, ..several.clone() };
        let found = dropping.read(&clips).unwrap();
        assert_eq!((found.kept, found.lacking), (vec![0, 1], vec![(2, "sex".to_owned())]));
    }

    #[test]
    fn a_wrong_cell_is_named_by_row_column_and_value_with_the_way_out() {
        let beside =
            "kind = 'multi-task'\ntargets = ['Arousal']\nrange = [1, 7]\nweights = { emotion = 1, Arousal = 1 }";
        let beside: TaskConfig = toml::from_str(beside).unwrap();
        for (cells, expected) in [
            (
                &["1", "x", "2"][..],
                ["t/s/1 (row 3 of the table): Arousal = \"x\" is not a number", "mend the table; a cell that is empty"],
            ),
            (&["1", "3,5"], ["(row 3 of the table): Arousal = \"3,5\" is not a number", "(write 3.5, with a point)"]),
            (&["1", "inf"], ["t/s/1 (row 3 of the table): Arousal = \"inf\" is not a number", "mend the table"]),
            (
                &["1", "7.5"],
                ["t/s/1 (row 3 of the table): Arousal = 7.5 is outside of its range, 1 to 7", "or set task.range"],
            ),
            (
                &["1", "", "2", ""],
                ["t/s/1 (row 3 of the table) has no Arousal, as 1 other clips of 4", "set task.missing = \"drop\""],
            ),
            (&["3", "3"], ["Arousal is 3 in all 2 clips", "name another column"]),
        ] {
            for config in [config(""), beside.clone()] {
                let error = config.read(&clips(cells)).unwrap_err();
                assert!(matches!(error, Error::Data(_)), "{error}");
                expected.iter().for_each(|part| assert!(error.to_string().contains(part), "{part}: {error}"));
            }
        }
        let other: TaskConfig = toml::from_str("kind = 'regression'\ntargets = ['arousl']\nrange = [1, 7]").unwrap();
        let error = other.read(&clips(&["1"])).unwrap_err();
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains("did you mean \"arousal\""), "{error}");
    }
}
