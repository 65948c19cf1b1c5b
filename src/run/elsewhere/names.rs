//! Which clip of the split a row of predictions means: by the whole name, else by the file's name, by it without its
//! extension, or by what the rules of a public corpus read in it.

use std::{collections::HashMap, path::Path, time::Duration};

use super::split::SplitClip;
use crate::corpus::recognise;

/// What of a name is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum By {
    Whole,
    File,
    Stem,
    Recognised,
}

impl By {
    const ALL: [Self; 4] = [Self::Whole, Self::File, Self::Stem, Self::Recognised];

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Whole => "by their whole names",
            Self::File => "by the names of their files",
            Self::Stem => "by the names of their files without what stands behind the point",
            Self::Recognised => "by what a public corpus's rules read in their names",
        }
    }

    fn of(self, name: &str) -> Option<String> {
        let name = name.replace('\\', "/");
        let (name, start) = parted(name.strip_prefix("./").unwrap_or(&name));
        let file = name.rsplit('/').next().unwrap_or_default();
        let found = match self {
            Self::Whole => name.to_owned(),
            Self::File => file.to_owned(),
            Self::Stem => Path::new(file).file_stem()?.to_string_lossy().into_owned(),
            Self::Recognised => recognise(Path::new(name))?.id,
        };
        Some(found + start)
    }
}

const FROM: &str = " from ";

/// The name of a part of a recording of which there are several.
pub(super) fn part(name: &str, start: Option<Duration>) -> String {
    let start = start.unwrap_or_default().as_secs_f64();
    format!("{name}{FROM}{start} s")
}

/// A name and where its part begins, as [`part`] puts them together.
fn parted(name: &str) -> (&str, &str) {
    let of_part = |at: usize| {
        let number = name[at + FROM.len()..].strip_suffix(" s")?;
        number.parse::<f64>().is_ok().then(|| name.split_at(at))
    };
    name.rfind(FROM).and_then(of_part).unwrap_or((name, ""))
}

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// The test clip of that number.
    Test(usize),
    /// More than one test clip.
    Several,
    /// A clip of training or validation alone.
    Other,
    /// No clip of the split.
    Nothing,
}

/// The clips of a split by their names.
pub(super) struct Names {
    pub by: By,
    test: HashMap<String, Option<usize>>,
    other: HashMap<String, ()>,
}

impl Names {
    /// The way that most of the names mean a test clip by.
    pub(super) fn best(split: &[SplitClip], test: &[usize], names: &[&str]) -> Option<Self> {
        let mut best: Option<(usize, Self)> = None;
        for by in By::ALL {
            let of = Self::of(split, test, by);
            let hits = names.iter().filter(|name| matches!(of.find(name), Means::Test(_))).count();
            if best.as_ref().is_none_or(|(most, _)| hits > *most) {
                best = Some((hits, of));
            }
        }
        best.map(|(_, of)| of)
    }

    fn of(split: &[SplitClip], test: &[usize], by: By) -> Self {
        let mut names = Self { by, test: HashMap::new(), other: HashMap::new() };
        let all = |clip: &SplitClip| -> Vec<String> {
            let ids = (by == By::Whole && clip.recognised).then(|| clip.clip.id.clone());
            let mut all: Vec<String> =
                std::iter::once(&clip.path).chain(&clip.others).chain(&ids).filter_map(|name| by.of(name)).collect();
            all.sort();
            all.dedup();
            all
        };
        for (number, &at) in test.iter().enumerate() {
            for name in all(&split[at]) {
                names.test.entry(name).and_modify(|known| *known = None).or_insert(Some(number));
            }
        }
        for clip in split {
            names.other.extend(all(clip).into_iter().map(|name| (name, ())));
        }
        names
    }

    pub(super) fn find(&self, name: &str) -> Means {
        let Some(name) = self.by.of(name) else { return Means::Nothing };
        match self.test.get(&name) {
            Some(Some(number)) => Means::Test(*number),
            Some(None) => Means::Several,
            None if self.other.contains_key(&name) => Means::Other,
            None => Means::Nothing,
        }
    }
}
