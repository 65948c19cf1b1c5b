//! `[protocol]`: which one, and what it needs to know.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Kind, LeakKind, Sentences};
use crate::{
    error::{Error, Result},
    setting::out_of_range,
};

/// `[protocol]`: who is on which side. The keys that have no default belong to some protocols only, and the others
/// refuse them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProtocolConfig {
    /// Which protocol.
    pub kind: Kind,
    /// The number of folds of `random` and `speaker-kfold`; the others have theirs.
    pub folds: usize,
    /// The seed of the split. Apart from the experiment's own, so that runs with several seeds share one split.
    pub seed: u64,
    /// The share of the training side that validation takes, where the protocol does not name its own.
    pub validation: f64,
    /// `random`: one fold that tests this share of the clips, instead of `folds` folds. `leak-demo`: the share of the
    /// rows that is tested; 0.25 where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holdout: Option<f64>,
    /// `emobox`: the folder that holds EmoBox's folders, as `ravdess/fold_1`, or one of these. `emobox-cross`: the folder of
    /// its lists, as `RAVDESS_selected_balenced.jsonl`. Relative to the data
    /// folder, else to the working folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<PathBuf>,
    /// `fixed`: the table with the columns `clip` (or `path`) and `side` and, where there are several folds, `fold`. Relative to the
    /// data folder, else to the working folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// `fixed`: the column of the manifest that says each clip's side.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// `cross-corpus`, `cross-lingual`: the corpora or languages to learn from, by name; all others where only `test` is given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub train: Vec<String>,
    /// `cross-corpus`, `cross-lingual`: the corpora or languages to test, by name; all others where only `train` is given, and each in turn where
    /// neither is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// `cross-corpus`: how many clips of each class and corpus are drawn for each side, at random by `seed`; all where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<usize>,
    /// `cross-lingual`: how many clips of each class of the tested language are learnt from, too; drawn by `seed`, so that more hold
    /// fewer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shots: Option<usize>,
    /// `cross-lingual`: the speakers whose clips they are. None of theirs is tested, whatever `shots` is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shot_speakers: Option<usize>,
    /// `emobox-cross`: which clips of the other corpus are trained on.
    #[serde(skip_serializing_if = "Learn::is_default")]
    pub learn: Learn,
    /// What leaks on purpose, and nothing else: a demonstration, whose figures are no result.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leak: Option<LeakKind>,
    /// Whether test sentences may be learnt from.
    #[serde(skip_serializing_if = "is_as_dealt")]
    pub sentences: Sentences,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_as_dealt(sentences: &Sentences) -> bool {
    *sentences == Sentences::AsDealt
}

/// What EmoBox's cross-corpus track learns from, which its lists leave open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Learn {
    /// The listed clips of the other corpus.
    #[default]
    Listed,
    /// All of its clips that are of the classes.
    All,
}

impl Learn {
    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for ProtocolConfig {
    fn default() -> Self {
        Self {
            kind: Kind::default(),
            folds: 5,
            seed: 42,
            validation: 0.15,
            holdout: None,
            root: None,
            path: None,
            column: None,
            train: Vec::new(),
            test: Vec::new(),
            balance: None,
            shots: None,
            shot_speakers: None,
            learn: Learn::default(),
            leak: None,
            sentences: Sentences::default(),
        }
    }
}

impl ProtocolConfig {
    /// Checks what a type cannot; looks at no file.
    pub(crate) fn validate(&self) -> Result<()> {
        if !(2..=100).contains(&self.folds) {
            return Err(out_of_range("protocol.folds", self.folds, "from 2 to 100"));
        }
        if !(self.validation > 0.0 && self.validation <= 0.5) {
            return Err(out_of_range("protocol.validation", self.validation, "a share above 0 and up to 0.5"));
        }
        if let Some(share) = self.holdout
            && !(share > 0.0 && share <= 0.9)
        {
            return Err(out_of_range("protocol.holdout", share, "a share above 0 and up to 0.9"));
        }
        if self.balance == Some(0) {
            return Err(out_of_range("protocol.balance", 0, "clips of each class and corpus, from 1"));
        }
        let given = [
            ("holdout", self.holdout.is_some()),
            ("root", self.root.is_some()),
            ("path", self.path.is_some()),
            ("column", self.column.is_some()),
            ("train", !self.train.is_empty()),
            ("test", !self.test.is_empty()),
            ("balance", self.balance.is_some()),
            ("shots", self.shots.is_some()),
            ("shot_speakers", self.shot_speakers.is_some()),
            ("learn", self.learn != Learn::default()),
        ];
        for (key, _) in given.into_iter().filter(|(_, is_given)| *is_given) {
            let reads = |kind: &&Kind| kind.protocol().keys.contains(&key);
            if !reads(&&self.kind) {
                let readers: Vec<_> = Kind::ALL.iter().filter(reads).map(|kind| kind.name()).collect();
                return Err(Error::Config(format!(
                    "protocol.{key} is for protocol.kind = {}; {} does not read it",
                    readers.join(" or "),
                    self.kind
                )));
            }
        }
        let demonstration = self.kind == Kind::LeakDemo;
        if self.leak.is_some_and(|leak| (leak == LeakKind::Copies) != demonstration) {
            return Err(Error::Config(match demonstration {
                true => "protocol.leak: protocol.kind = leak-demo makes copies before the split; set it to \"copies\", so that the \
                         epoch is picked on validation, or drop it"
                    .to_owned(),
                false => format!(
                    "protocol.leak = \"copies\" is for protocol.kind = leak-demo; {} takes \"epoch\", \"scaler\" or \"sentences\"",
                    self.kind
                ),
            }));
        }
        if self.sentences == Sentences::Apart && (demonstration || self.leak == Some(LeakKind::Sentences)) {
            return Err(Error::Config(
                "protocol.sentences = \"apart\" is the contrary of protocol.leak = \"sentences\" and of leak-demo: drop one".into(),
            ));
        }
        if self.shot_speakers == Some(0) {
            return Err(out_of_range("protocol.shot_speakers", 0, "speakers to learn from, from 1; or drop it"));
        }
        if let (Some(shots), None) = (self.shots, self.shot_speakers) {
            return Err(Error::Config(format!(
                "protocol.shots = {shots} needs protocol.shot_speakers, how many speakers of the tested language they are drawn from"
            )));
        }
        if self.kind == Kind::Fixed && self.path.is_some() == self.column.is_some() {
            return Err(Error::Config(
                "protocol.kind = fixed needs one of protocol.path (a table with the columns clip and side) and \
                 protocol.column (a column of the manifest)"
                    .into(),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(toml: &str) -> String {
        toml::from_str::<ProtocolConfig>(toml).unwrap().validate().unwrap_err().to_string()
    }

    #[test]
    fn every_key_has_a_default_and_reads_back_equal() {
        let plain: ProtocolConfig = toml::from_str("").unwrap();
        assert_eq!(plain, ProtocolConfig::default());
        for text in [
            "kind = 'cross-corpus'\ntest = ['tess']",
            "kind = 'emobox'\nroot = 'e'",
            "",
            "kind = 'emobox-cross'\nlearn = 'all'",
        ] {
            let config: ProtocolConfig = toml::from_str(text).unwrap();
            config.validate().unwrap();
            assert_eq!(toml::from_str::<ProtocolConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
        }
    }

    #[test]
    fn a_key_of_another_protocol_is_an_error_that_names_both() {
        let text = message("kind = 'luna-5fold'\nroot = 'x'");
        assert!(text.contains("protocol.root") && text.contains("emobox") && text.contains("luna-5fold"), "{text}");
        let text = message("kind = 'speaker-kfold'\nholdout = 0.2");
        assert!(text.contains("random or leak-demo"), "{text}");
    }

    #[test]
    fn a_value_out_of_range_is_an_error_that_names_its_key() {
        for (text, key) in [
            ("folds = 1", "protocol.folds = 1"),
            ("validation = 0.6", "protocol.validation = 0.6"),
            ("kind = 'random'\nholdout = 1.0", "protocol.holdout = 1"),
            ("kind = 'fixed'", "protocol.path"),
            ("kind = 'cross-corpus'\nbalance = 0", "protocol.balance = 0"),
            ("balance = 5", "cross-corpus"),
            ("leak = 'copies'", "is for protocol.kind = leak-demo"),
            ("kind = 'leak-demo'\nleak = 'epoch'", "set it to \"copies\""),
            ("leak = 'sentences'\nsentences = 'apart'", "contrary"),
            ("kind = 'fixed'\npath = 'a.csv'\ncolumn = 'split'", "one of protocol.path"),
        ] {
            assert!(message(text).contains(key), "{text}: {}", message(text));
        }
    }
}
