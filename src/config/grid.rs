//! `[grid]`: lists of values for any key, multiplied into the settings of a search.
//!
//! ```toml
//! [grid]
//! samples = 20                                                     # draws so many; absent: every combination
//! nested = true                                                    # each fold takes its own setting, by its validation
//! model.pool = ["last", "attention"]
//! train.learning_rate = { from = 1e-4, to = 1e-2, log = true }     # a range, for draws only
//! together = [{ model.kind = "mlp", train.epochs = 40 }, { model.kind = "linear" }]    # keys that go with one another
//! ```
//!
//! Settings are told apart on the validation side alone, and share one protocol: keys that decide who is tested, or on
//! what, have no place in a grid.

use std::path::Path;

use rand::{Rng, RngExt};

use super::{Experiment, keys};
use crate::{
    error::{Error, Result},
    rng,
    train::TrainOn,
};

/// A config with a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// The config's name.
    pub name: String,
    /// The settings in the order of their keys and values, or of their draws.
    pub settings: Vec<Setting>,
    /// Whether each fold and seed takes the setting that its own validation side ranks first.
    pub nested: bool,
}

/// One setting of a grid.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// Keys and values in a word that can be a folder's name: `pool-last__dropout-0.3`.
    pub name: String,
    /// The keys and their values, as TOML.
    pub values: Vec<(String, String)>,
    /// The config with these values, named `EXPERIMENT.SETTING`.
    pub experiment: Experiment,
}

/// What a key may be.
#[derive(Debug, Clone, PartialEq)]
enum Values {
    Listed(Vec<toml::Value>),
    Range { from: f64, to: f64, log: bool },
}

/// Most settings that a grid may multiply into: beyond, draws are the better search.
const MOST: usize = 10_000;

/// Longest name of a setting; longer ones are cut, with a hash behind.
const LONGEST: usize = 100;

/// The key of a grid whose values are tables of keys that take their values together.
const TOGETHER: &str = "together";

/// Keys that a grid may not vary, with the reason.
const FIXED: [(&str, &str); 6] = [
    ("name", "it is made from the setting"),
    ("seed", "pass seeds with --seed 1,2,3"),
    ("corpora", "figures of different clips cannot be ranked"),
    ("labels", "figures of different classes cannot be ranked"),
    ("protocol", "figures under different protocols cannot be ranked"),
    ("grid", "a grid has no grid"),
];

impl Search {
    /// Reads a config's file; `None` where it has no `[grid]`. `overrides` are those of `--set`: they reach every setting.
    ///
    /// # Errors
    ///
    /// As [`Experiment::load`] and [`Search::parse`].
    pub fn load(path: &Path, overrides: &[String]) -> Result<Option<Self>> {
        super::read(path, |text| Self::parse(text, overrides))
    }

    /// The same from the text of a config.
    ///
    /// # Errors
    ///
    /// As [`Experiment::parse`], and [`Error::Config`] where a key of the grid has no values or may not vary; or
    /// where there are more than 10,000 combinations; or where draws are lacking or too many.
    pub fn parse(text: &str, overrides: &[String]) -> Result<Option<Self>> {
        let mut config = super::table(text, overrides)?;
        let grid = match &mut config {
            toml::Value::Table(table) => table.remove("grid"),
            _ => None,
        };
        let Some(grid) = grid else { return Ok(None) };
        let toml::Value::Table(mut grid) = grid else {
            return Err(Error::Config("grid: write it as a table, [grid], of keys with lists of values".into()));
        };
        let samples = grid.remove("samples").map(|samples| {
            let count = samples.as_integer().and_then(|n| usize::try_from(n).ok()).filter(|n| (1..=MOST).contains(n));
            count.ok_or_else(|| crate::setting::out_of_range("grid.samples", samples, "a whole number from 1 to 10000"))
        });
        let nested = match grid.remove("nested") {
            None => false,
            Some(toml::Value::Boolean(nested)) => nested,
            Some(other) => return Err(crate::setting::out_of_range("grid.nested", other, "true or false")),
        };
        let together = grid.remove(TOGETHER).map(together).transpose()?;
        let mut keys = Vec::new();
        flatten("", grid, &mut keys)?;
        if let Some(tables) = together {
            let pairs = tables.iter().filter_map(toml::Value::as_table).flatten();
            if let Some((twice, _)) = pairs.into_iter().find(|(key, _)| keys.iter().any(|(other, _)| other == *key)) {
                return Err(Error::Config(format!(
                    "grid.{TOGETHER}: {twice} is varied by itself, too: keep one of both"
                )));
            }
            keys.insert(0, (TOGETHER.to_owned(), Values::Listed(tables)));
        }
        if keys.is_empty() {
            return Err(Error::Config("grid has no key: give one a list, as train.dropout = [0.3, 0.5]".into()));
        }
        let chosen = match samples.transpose()? {
            Some(samples) => drawn(&keys, samples, seed(&config))?,
            None => combinations(&keys)?,
        };
        let name = config.get("name").and_then(toml::Value::as_str).unwrap_or_default().to_owned();
        let settings: Vec<Setting> =
            chosen.into_iter().map(|values| Setting::new(&config, &keys, values)).collect::<Result<_>>()?;
        if settings.iter().any(|setting| setting.experiment.train.train_on == TrainOn::TrainAndValidation) {
            return Err(Error::Config(
                "train.train_on = \"train+validation\": the settings of a [grid] are ranked on validation, which must not \
                 be trained on; set it once the recipe is settled"
                    .into(),
            ));
        }
        Ok(Some(Self { name, settings, nested }))
    }
}

impl Setting {
    fn new(config: &toml::Value, keys: &[(String, Values)], values: Vec<toml::Value>) -> Result<Self> {
        let mut config = config.clone();
        let mut words = Vec::new();
        let mut pairs = Vec::new();
        for ((key, _), value) in keys.iter().zip(values) {
            let of_key = match value {
                toml::Value::Table(table) if key == TOGETHER => table.into_iter().collect(),
                value => vec![(key.clone(), value)],
            };
            for (key, value) in of_key {
                let text = value.to_string();
                words.push(format!("{}-{}", short(&key, keys), plain(&text)));
                keys::set(&mut config, &key, value)
                    .map_err(|name| Error::Config(format!("grid.{key}: there is no place for the key `{name}`")))?;
                pairs.push((key, text));
            }
        }
        let mut name = words.join("__");
        if name.len() > LONGEST {
            let hash = blake3::hash(name.as_bytes()).to_hex();
            name.truncate(LONGEST - 9);
            name = format!("{name}-{}", &hash[..8]);
        }
        let mut experiment = Experiment::of(config).map_err(|e| match e {
            Error::Config(problem) => Error::Config(format!("grid, setting {name}: {problem}")),
            other => other,
        })?;
        experiment.name = format!("{}.{name}", experiment.name);
        Ok(Self { name, values: pairs, experiment })
    }
}

fn seed(config: &toml::Value) -> u64 {
    config.get("seed").and_then(toml::Value::as_integer).and_then(|n| u64::try_from(n).ok()).unwrap_or(42)
}

/// The key's last part, where no other key of the grid ends in it.
fn short<'a>(key: &'a str, keys: &[(String, Values)]) -> &'a str {
    let last = key.rsplit('.').next().unwrap_or(key);
    let alike = |other: &str| other != key && other.rsplit('.').next() == Some(last);
    let within = keys.iter().filter_map(|(name, values)| match values {
        Values::Listed(tables) if name == TOGETHER => Some(tables),
        _ => None,
    });
    let mut within = within.flatten().filter_map(toml::Value::as_table).flatten();
    if within.any(|(other, _)| alike(other)) || keys.iter().any(|(other, _)| alike(other)) { key } else { last }
}

/// The text without what a folder's name should not have: `["mfcc", "delta"]` becomes `mfcc_delta`.
fn plain(text: &str) -> String {
    let kept = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    text.split(|c| !kept(c)).filter(|part| !part.is_empty()).collect::<Vec<_>>().join("_")
}

/// The tables of `together`, each with its full keys: `{ a.b = 1 }` becomes `{ "a.b" = 1 }`.
fn together(tables: toml::Value) -> Result<Vec<toml::Value>> {
    let rule =
        "a list of tables of keys that take their values together, as { model.kind = \"mlp\", train.epochs = 40 }";
    let wrong = |value: toml::Value| crate::setting::out_of_range(&format!("grid.{TOGETHER}"), value, rule);
    let toml::Value::Array(tables) = tables else { return Err(wrong(tables)) };
    if tables.is_empty() {
        return Err(wrong(toml::Value::Array(tables)));
    }
    let full = |table: toml::Value| match table {
        toml::Value::Table(table) if !table.is_empty() => {
            let mut leaves = toml::Table::new();
            spread("", table, &mut leaves)?;
            Ok(toml::Value::Table(leaves))
        }
        other => Err(wrong(other)),
    };
    tables.into_iter().map(full).collect()
}

/// The leaves of one table with their full keys.
fn spread(above: &str, table: toml::Table, leaves: &mut toml::Table) -> Result<()> {
    for (key, value) in table {
        let key = full_key(above, key)?;
        match value {
            toml::Value::Table(table) => spread(&key, table, leaves)?,
            value => _ = leaves.insert(key, value),
        }
    }
    Ok(())
}

/// The key under those above it, which a grid has to be free to vary.
fn full_key(above: &str, key: String) -> Result<String> {
    let key = if above.is_empty() { key } else { format!("{above}.{key}") };
    let first = key.split('.').next().unwrap_or_default();
    match FIXED.iter().find(|(fixed, _)| *fixed == first) {
        Some((_, why)) => Err(Error::Config(format!("grid.{key}: a grid does not vary {first}: {why}"))),
        None => Ok(key),
    }
}

/// The leaves of the grid with their full keys, whether they were written as `a.b = […]` or as `"a.b" = […]`.
fn flatten(above: &str, table: toml::Table, keys: &mut Vec<(String, Values)>) -> Result<()> {
    for (key, value) in table {
        let key = full_key(above, key)?;
        match value {
            toml::Value::Array(values) if values.is_empty() => {
                return Err(Error::Config(format!("grid.{key} = []: list the values to try")));
            }
            toml::Value::Array(values) => keys.push((key, Values::Listed(values))),
            toml::Value::Table(range) if range.contains_key("from") || range.contains_key("to") => {
                let range = self::range(&key, &range)?;
                keys.push((key, range));
            }
            toml::Value::Table(table) => flatten(&key, table, keys)?,
            other => {
                let rule = "a list of values to try, or a range { from = …, to = …, log = … }";
                return Err(crate::setting::out_of_range(&format!("grid.{key}"), other, rule));
            }
        }
    }
    Ok(())
}

fn range(key: &str, range: &toml::Table) -> Result<Values> {
    let wrong = |problem: &str| Error::Config(format!("grid.{key}: {problem}"));
    if let Some(unknown) = range.keys().find(|name| !["from", "to", "log"].contains(&name.as_str())) {
        return Err(wrong(&format!("unknown key `{unknown}`: a range has from, to and log")));
    }
    let number = |name: &str| {
        let value = range.get(name).ok_or_else(|| wrong(&format!("a range has no `{name}`")))?;
        #[allow(clippy::cast_precision_loss)]
        let number = value.as_float().or_else(|| value.as_integer().map(|n| n as f64)).filter(|n| n.is_finite());
        number.ok_or_else(|| wrong(&format!("{name} = {value} is no number")))
    };
    let (from, to) = (number("from")?, number("to")?);
    let log = match range.get("log") {
        None => false,
        Some(value) => value.as_bool().ok_or_else(|| wrong(&format!("log = {value}: true or false")))?,
    };
    if from >= to {
        return Err(wrong(&format!("from = {from} is not below to = {to}")));
    }
    if log && from <= 0.0 {
        return Err(wrong(&format!("from = {from}: a range in logarithms is above 0")));
    }
    Ok(Values::Range { from, to, log })
}

/// Every combination, the last key fastest.
fn combinations(keys: &[(String, Values)]) -> Result<Vec<Vec<toml::Value>>> {
    let mut all = vec![Vec::new()];
    for (key, values) in keys {
        let Values::Listed(values) = values else {
            return Err(Error::Config(format!("grid.{key}: a range is for draws: set grid.samples, or list values")));
        };
        if all.len() * values.len() > MOST {
            return Err(Error::Config(format!("grid: more than {MOST} combinations: set grid.samples to draw some")));
        }
        all = all
            .iter()
            .flat_map(|before| values.iter().map(|value| [before.as_slice(), std::slice::from_ref(value)].concat()))
            .collect();
    }
    Ok(all)
}

/// So many different draws, each key by itself; fewer where there are no more.
fn drawn(keys: &[(String, Values)], samples: usize, seed: u64) -> Result<Vec<Vec<toml::Value>>> {
    // Where values are listed alone there may be no more combinations than draws.
    if keys.iter().all(|(_, values)| matches!(values, Values::Listed(_))) {
        let count = keys.iter().try_fold(1_usize, |count, (_, values)| match values {
            Values::Listed(values) => count.checked_mul(values.len()),
            Values::Range { .. } => None,
        });
        if count.is_some_and(|count| count <= samples) {
            return combinations(keys);
        }
    }
    let mut stream = rng::stream(seed, &[&"grid"]);
    let mut draws: Vec<Vec<toml::Value>> = Vec::new();
    while draws.len() < samples {
        let draw = keys.iter().map(|(_, values)| values.draw(&mut stream)).collect();
        if !draws.contains(&draw) {
            draws.push(draw);
        }
    }
    Ok(draws)
}

impl Values {
    fn draw(&self, stream: &mut impl Rng) -> toml::Value {
        match self {
            Self::Listed(values) => values[stream.random_range(0..values.len())].clone(),
            &Self::Range { from, to, log } => {
                let place: f64 = stream.random();
                let value = if log { from * (to / from).powf(place) } else { from + (to - from) * place };
                // Three digits say all that a search can tell apart, and make names that can be read.
                toml::Value::Float(format!("{value:.2e}").parse().unwrap_or(value))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all(grid: &str) -> Result<Vec<Setting>> {
        let text = format!("name = 'x'\n[[corpora]]\nkind = 'synthetic'\n{grid}");
        Ok(Search::parse(&text, &["train.epochs=7".into()])?.map(|search| search.settings).unwrap_or_default())
    }

    #[test]
    fn lists_multiply_and_settings_carry_their_values() {
        assert_eq!(all("").unwrap(), []);
        let settings =
            all("[grid]\nmodel.pool = ['last', 'mean']\n'train.learning_rate' = [1e-3, 1e-4, 1e-5]\n").unwrap();
        assert_eq!(settings.len(), 6);
        let first = &settings[0];
        assert_eq!(first.name, "pool-last__learning_rate-0.001");
        assert_eq!(first.experiment.name, "x.pool-last__learning_rate-0.001");
        assert_eq!((first.experiment.train.learning_rate, first.experiment.train.epochs), (1e-3, 7));
        let names: BTreeSet<&str> = settings.iter().map(|setting| setting.name.as_str()).collect();
        assert_eq!(names.len(), 6);
        let kinds = all("[grid]\nfeatures.kinds = [['mfcc'], ['mfcc', 'delta']]\n").unwrap();
        assert_eq!(kinds[1].name, "kinds-mfcc_delta");
        assert_eq!(kinds[1].experiment.features.columns().len(), 26);
    }

    #[test]
    fn draws_differ_keep_to_their_ranges_and_come_again() {
        let grid = "[grid]\nsamples = 30\nmodel.pool = ['last', 'mean']\n\
                    train.learning_rate = { from = 1e-4, to = 1e-2, log = true }\n";
        let settings = all(grid).unwrap();
        assert_eq!(settings, all(grid).unwrap());
        let rates: Vec<f64> = settings.iter().map(|setting| setting.experiment.train.learning_rate).collect();
        assert_eq!(rates.len(), 30);
        assert!(rates.iter().all(|rate| (1e-4..=1e-2).contains(rate)));
        let low = rates.iter().filter(|rate| **rate < 1e-3).count();
        assert!((5..=25).contains(&low), "half of the draws are in each decade: {low}");
        // No more draws than there are combinations.
        assert_eq!(all("[grid]\nsamples = 30\nmodel.pool = ['last', 'mean']\n").unwrap().len(), 2);
    }

    #[test]
    fn keys_that_go_together_are_multiplied_as_one() {
        let settings =
            all("[grid]\ntrain.batch_size = [16, 32]\ntogether = [{ model.kind = 'cnn', model.pool = 'mean' }, \
                            { model.kind = 'bilstm', train.learning_rate = 1e-4 }]\n")
            .unwrap();
        let names: Vec<&str> = settings.iter().map(|setting| setting.name.as_str()).collect();
        let cnn = ["kind-cnn__pool-mean__batch_size-16", "kind-cnn__pool-mean__batch_size-32"];
        assert_eq!(names[..2], cnn);
        assert_eq!(names[2], "kind-bilstm__learning_rate-0.0001__batch_size-16");
        assert_eq!(settings[3].experiment.train.learning_rate, 1e-4);
        assert_eq!(settings[3].experiment.train.batch_size, 32);
        assert_eq!(settings[0].experiment.train.learning_rate, 1e-3);
        assert_eq!(settings[0].values[0], ("model.kind".to_owned(), "\"cnn\"".to_owned()));
        assert_eq!(settings[0].values.len(), 3);
    }

    #[test]
    fn a_wrong_grid_says_which_key() {
        for (grid, part) in [
            ("[grid]\ntogether = [1]\n", "grid.together = 1: a list of tables"),
            ("[grid]\ntogether = []\n", "grid.together = []: a list of tables"),
            ("[grid]\ntogether = [{ seed = 1 }]\n", "grid.seed: a grid does not vary seed"),
            (
                "[grid]\nmodel.pool = ['last']\ntogether = [{ model.pool = 'mean' }]\n",
                "model.pool is varied by itself, too",
            ),
            ("[grid]\ntogether = [{ model.kind = 'cnnn' }]\n", "did you mean `cnn`"),
            ("[grid]\n", "no key"),
            ("[grid]\nseed = [1, 2]\n", "--seed"),
            ("[grid]\nprotocol.folds = [3, 5]\n", "grid.protocol: a grid does not vary protocol"),
            ("[grid]\ntrain.epochs = 3\n", "grid.train.epochs = 3: a list"),
            ("[grid]\ntrain.epochs = []\n", "grid.train.epochs = []"),
            ("[grid]\ntrain.epoch = [3]\n", "did you mean `epochs`"),
            ("[grid]\ntrain.learning_rate = { from = 1e-4, to = 1e-2 }\n", "grid.samples"),
            ("[grid]\nsamples = 3\ntrain.learning_rate = { from = 1, to = 0.5 }\n", "not below"),
            ("[grid]\nnested = 1\ntrain.learning_rate = [1]\n", "grid.nested = 1"),
            ("[grid]\nsamples = 0\ntrain.learning_rate = [1]\n", "grid.samples = 0"),
            (
                "[train]\nselect = 'last'\ntrain_on = 'train+validation'\n[grid]\nmodel.dropout = [0.5]\n",
                "ranked on validation",
            ),
            ("[grid]\nmodel.dropout = [0.5, 1.5]\n", "dropout-1.5: model.dropout = 1.5"),
        ] {
            let error = all(grid).unwrap_err().to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
