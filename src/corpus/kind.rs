//! The kinds of corpora: the one place that lists them.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{
    CorpusConfig, Scan, audformat, cafe, crema_d, embedded, emodb, emovo, esd, folder, iemocap, manifest, meld,
    msp_podcast, named::Naming, nemo, ravdess, savee, subesco, tess,
};
use crate::{error::Result, names::known_by_name};

/// Lists the kinds, one a line: the variant, its name in a config, the function that finds the clips and, where the
/// files' names say everything, the naming.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $scan:path $(, $naming:path)?;)+) => {
        /// Which loader reads a corpus.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Kind {
            $($(#[$doc])* #[serde(rename = $name)] $kind,)+
        }

        impl Kind {
            /// All kinds, in the order in which people are told of them.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The kind's name in a config, as `crema_d`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),+ }
            }

            /// The function that finds the clips.
            pub(super) const fn loader(self) -> fn(&CorpusConfig, &Path) -> Result<Scan> {
                match self { $(Self::$kind => $scan),+ }
            }

            /// How the files are named, where their names say everything.
            pub(super) const fn naming(self) -> Option<&'static Naming> {
                match self { $(Self::$kind => kinds!(@naming $($naming)?)),+ }
            }
        }
    };
    (@naming $naming:path) => { Some(&$naming) };
    (@naming) => { None };
}

kinds! {
    /// RAVDESS, the speech part.
    Ravdess = "ravdess", ravdess::scan, ravdess::NAMING;
    /// CREMA-D.
    CremaD = "crema_d", crema_d::scan, crema_d::NAMING;
    /// TESS.
    Tess = "tess", tess::scan, tess::NAMING;
    /// SAVEE.
    Savee = "savee", savee::scan, savee::NAMING;
    /// EMO-DB.
    Emodb = "emodb", emodb::scan, emodb::NAMING;
    /// EMOVO.
    Emovo = "emovo", emovo::scan, emovo::NAMING;
    /// ESD.
    Esd = "esd", esd::scan, esd::NAMING;
    /// SUBESCO.
    Subesco = "subesco", subesco::scan, subesco::NAMING;
    /// CaFE.
    Cafe = "cafe", cafe::scan, cafe::NAMING;
    /// IEMOCAP.
    Iemocap = "iemocap", iemocap::scan;
    /// MSP-Podcast.
    MspPodcast = "msp_podcast", msp_podcast::scan;
    /// MELD, its sound.
    Meld = "meld", meld::scan;
    /// nEMO.
    Nemo = "nemo", nemo::scan;
    /// Any other corpus, by a table of its clips.
    Manifest = "manifest", manifest::scan;
    /// Any other corpus, by a pattern of its files' names.
    Folder = "folder", folder::scan;
    /// A database in audformat.
    Audformat = "audformat", audformat::scan;
    /// The embedded corpus.
    Synthetic = "synthetic", embedded::scan;
}

known_by_name!(Kind, "no kind of corpus");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_called_the_same_in_a_config_and_on_a_command_line() {
        for &kind in Kind::ALL {
            assert_eq!(kind.name().parse::<Kind>().unwrap(), kind);
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
        let error = "cremad".parse::<Kind>().unwrap_err().to_string();
        assert!(error.contains("crema_d"), "{error}");
    }

    #[test]
    fn the_example_of_every_naming_follows_it() {
        for naming in Kind::ALL.iter().filter_map(|kind| kind.naming()) {
            for example in naming.example.split(" or ") {
                (naming.parse)(Path::new(example)).unwrap();
            }
        }
    }
}
