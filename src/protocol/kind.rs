//! The protocols: the one place that lists them.

use serde::{Deserialize, Serialize};

use super::{
    contract::Protocol, cross_corpus, cross_lingual, cross_speaker, emobox, emobox_cross, fixed, leak_demo,
    leave_one_speaker_out, luna, random, speaker_kfold, tfds,
};
use crate::names::known_by_name;

/// Lists the protocols, one a line: the variant, its name in a config, what its file gives.
macro_rules! protocols {
    ($($(#[$meta:meta])* $kind:ident = $name:literal, $protocol:path;)+) => {
        /// The protocols by their names in a config.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$meta])* #[serde(rename = $name)] $kind,)+
        }

        impl Kind {
            /// All protocols, in the order in which people are told of them.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The name in a config.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }

            pub(super) const fn protocol(self) -> &'static Protocol {
                match self { $(Self::$kind => &$protocol),+ }
            }
        }
    };
}

protocols! {
    /// Utterances drawn at random, stratified by class: speaker-dependent.
    Random = "random", random::PROTOCOL;
    /// Speakers dealt into folds at random, evenly by sex.
    #[default]
    SpeakerKfold = "speaker-kfold", speaker_kfold::PROTOCOL;
    /// As many folds as speakers, each tested once.
    LeaveOneSpeakerOut = "leave-one-speaker-out", leave_one_speaker_out::PROTOCOL;
    /// RAVDESS's five folds of Luna-Jiménez et al. (2021), by actor.
    Luna5Fold = "luna-5fold", luna::PROTOCOL;
    /// EmoBox's folds: from its folder, or built in where they are lists of speakers.
    Emobox = "emobox", emobox::PROTOCOL;
    /// EmoBox's cross-corpus track, from its lists.
    EmoboxCross = "emobox-cross", emobox_cross::PROTOCOL;
    /// One split by speaker lists: CREMA-D's and SAVEE's of TensorFlow Datasets, RAVDESS's of SERAB.
    Tfds = "tfds", tfds::PROTOCOL;
    /// One speaker trained on and the other tested, both ways: TESS.
    CrossSpeaker = "cross-speaker", cross_speaker::PROTOCOL;
    /// Some corpora trained on, others tested.
    CrossCorpus = "cross-corpus", cross_corpus::PROTOCOL;
    /// Some languages trained on, others tested, with or without a few clips of the tested one.
    CrossLingual = "cross-lingual", cross_lingual::PROTOCOL;
    /// A split that somebody else made: a table, or a manifest's column.
    Fixed = "fixed", fixed::PROTOCOL;
    /// A leak on purpose, to show what it is worth: its figures are no result.
    LeakDemo = "leak-demo", leak_demo::PROTOCOL;
}

impl Kind {
    /// What the protocol is, in a sentence fragment.
    #[must_use]
    pub fn about(self) -> &'static str {
        self.protocol().about
    }
}

known_by_name!(Kind, "no protocol");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_called_the_same_in_a_config_and_on_a_command_line() {
        for &kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().unwrap(), kind);
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        let error = "luna".parse::<Kind>().unwrap_err().to_string();
        assert!(error.contains("luna-5fold"), "{error}");
    }
}
