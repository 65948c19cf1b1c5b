//! Class names as other programs write them: renamed by a map, given as indices, compared without case.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use crate::error::{Error, Result};

/// How names become classes.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    /// Given in the order of indices; empty where they come of the data.
    given: Vec<String>,
    /// By the lower-case name.
    map: BTreeMap<String, String>,
    used: BTreeSet<String>,
}

impl Labels {
    pub(super) fn new(classes: &[String], map: &[(String, String)], map_file: Option<&Path>) -> Result<Self> {
        let mut labels = Self { given: classes.to_vec(), ..Self::default() };
        if let Some(path) = map_file {
            let text = crate::files::read_text(path).map_err(Error::io("read the map of labels", path))?;
            let map: BTreeMap<String, String> = serde_json::from_str(&text)
                .map_err(|error| Error::file(path, format!("is no JSON object of names and classes: {error}")))?;
            // A published map names what a part of the corpus may lack.
            labels.map.extend(map.into_iter().map(|(from, to)| (from.to_lowercase(), to)));
        }
        labels.map.extend(map.iter().map(|(from, to)| (from.to_lowercase(), to.clone())));
        Ok(labels)
    }

    /// The class that a cell names, in one spelling: an index becomes the class that it counts, where classes are given.
    pub(super) fn read(&mut self, cell: &str) -> std::result::Result<String, String> {
        let cell = cell.trim();
        let mapped = match self.map.get(&cell.to_lowercase()) {
            Some(to) => {
                self.used.insert(cell.to_lowercase());
                to.clone()
            }
            None => cell.to_owned(),
        };
        if self.given.is_empty() {
            return Ok(mapped);
        }
        if let Some(known) = self.given.iter().find(|class| class.eq_ignore_ascii_case(&mapped)) {
            return Ok(known.clone());
        }
        // Data frames write whole numbers as 3.0 once one is missing.
        let index = mapped.strip_suffix(".0").unwrap_or(&mapped).parse::<usize>();
        match index.ok().and_then(|index| self.given.get(index)) {
            Some(class) => Ok(class.clone()),
            None => Err(format!("\"{mapped}\" is none of {} and no index of one", self.given.join(", "))),
        }
    }

    pub(super) fn given(&self) -> &[String] {
        &self.given
    }

    /// Refuses pairs that rename nothing: most are typing errors.
    pub(super) fn check_used(&self, pairs: &[(String, String)]) -> Result<()> {
        match pairs.iter().find(|(from, _)| !self.used.contains(&from.to_lowercase())) {
            Some((from, to)) => Err(Error::Config(format!("--map {from}={to}: nothing is called {from}"))),
            None => Ok(()),
        }
    }
}

/// Whether it is a number rather than a name.
pub(super) fn is_index(name: &str) -> bool {
    name.strip_suffix(".0").unwrap_or(name).parse::<usize>().is_ok()
}
