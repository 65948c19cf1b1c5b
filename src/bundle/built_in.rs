//! The models that are compiled into the programs, known by name wherever a bundle is taken.

use std::path::Path;

use crate::error::{Error, Result};

/// A model in the program.
#[derive(Debug)]
pub struct BuiltIn {
    /// What it is called where a bundle is asked for.
    pub name: &'static str,
    /// Its bundle's file; none where this build was made without it.
    bytes: Option<&'static [u8]>,
}

/// What answers where no bundle is given.
pub const DEFAULT: &BuiltIn = &BUILT_IN[0];

/// All of them. A model is put in by `Some(include_bytes!("../../models/NAME.safetensors"))`.
const BUILT_IN: [BuiltIn; 2] = [
    BuiltIn { name: "box", bytes: Some(include_bytes!("../../models/box.safetensors")) },
    BuiltIn { name: "box-small", bytes: Some(include_bytes!("../../models/box-small.safetensors")) },
];

impl BuiltIn {
    /// The one that `path` names. The name must stand alone: `./box` and `folder/box` are paths, whatever lies there.
    #[must_use]
    pub fn named(path: &Path) -> Option<&'static Self> {
        BUILT_IN.iter().find(|known| path.as_os_str() == known.name)
    }

    /// Its bundle's file.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where this build was made without it.
    pub fn bytes(&self) -> Result<&'static [u8]> {
        let Self { name, bytes } = self;
        bytes.ok_or_else(|| {
            Error::Config(format!(
                "there is no model {name} in this program: it was built without models/{name}.safetensors. Give a bundle's \
                 file, its folder, or the folder of its run{}",
                if Path::new(name).exists() { format!("; the path in this folder is written ./{name}") } else { String::new() }
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::{self, Bundle};

    #[test]
    fn a_name_stands_alone_and_a_path_is_a_path() {
        for (path, name) in [("box", Some("box")), ("box-small", Some("box-small")), ("./box", None), ("a/box", None)] {
            assert_eq!(BuiltIn::named(Path::new(path)).map(|found| found.name), name, "{path}");
        }
        assert_eq!(DEFAULT.name, "box");
    }

    #[test]
    fn a_model_in_the_program_is_whole_and_one_that_is_not_there_says_so() {
        let without = BuiltIn { name: "box", bytes: None };
        let error = without.bytes().unwrap_err();
        assert!(
            error.exit_status() == 2 && error.to_string().contains("built without models/box.safetensors"),
            "{error}"
        );
        for known in &BUILT_IN {
            let path = Path::new(known.name);
            assert_eq!(bundle::find(path).unwrap(), [path]);
            match known.bytes {
                None => assert!(Bundle::load(path).unwrap_err().to_string().contains("built without")),
                Some(bytes) => {
                    let found = Bundle::load(path).unwrap();
                    assert_eq!(found, Bundle::read(bytes, path).unwrap());
                    assert_eq!(found.encoder.is_some(), found.inside.is_some(), "{}: not self-contained", known.name);
                    found.check_answers_alone().unwrap();
                }
            }
        }
    }
}
