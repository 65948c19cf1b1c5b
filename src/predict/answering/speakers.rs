//! To whom answers are adapted.

use std::path::{Path, PathBuf};

use super::super::{Recognizer, Session, expand};
use crate::{
    error::{Error, Result},
    events::Observer,
    names::known_by_name,
};

/// Which files are one speaker's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of a folder.
    Folder,
    /// Each by itself.
    File,
    /// All of them.
    All,
}

impl Whose {
    /// Every choice, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Folder, Self::File, Self::All];

    /// The choice's name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::File => "file",
            Self::All => "all",
        }
    }

    /// What is the same for files of one speaker.
    pub(in crate::predict) fn key(self, path: &Path) -> PathBuf {
        match self {
            Self::Folder => path.parent().unwrap_or(Path::new("")).to_owned(),
            Self::File => path.to_owned(),
            Self::All => PathBuf::new(),
        }
    }
}

known_by_name!(Whose, "no choice of speakers");

/// To whom answers are adapted.
pub struct Speakers {
    /// The person who was enrolled; else somebody of whom nothing was heard.
    pub(super) enrolled: Session,
    /// Which files are one speaker's, where they are listened to for it.
    pub(super) whose: Option<Whose>,
}

impl Speakers {
    /// Hears the speech of the person who is enrolled, files or folders; none where neither that nor `whose` is given.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where one person is enrolled and files of several are listened to; as [`Recognizer::session`] and
    /// [`Session::enrol_file`].
    pub fn heard(
        recognizer: &Recognizer,
        enrol: &[PathBuf],
        whose: Option<Whose>,
        observer: &dyn Observer,
    ) -> Result<Option<Self>> {
        if enrol.is_empty() && whose.is_none() {
            return Ok(None);
        }
        if !enrol.is_empty() && whose == Some(Whose::Folder) {
            return Err(Error::Config(
                "--enrol is speech of one person, and --speaker folder is of several: leave one of them out".into(),
            ));
        }
        let enrolled = recognizer.session()?;
        for path in enrol {
            for file in expand(path) {
                enrolled.enrol_file(&file?)?;
            }
        }
        if !enrol.is_empty() {
            observer.log(&format!("note: {}", enrolled.adapted().words()));
        }
        Ok(Some(Self { enrolled, whose }))
    }

    /// A session of its own that begins with what was enrolled.
    pub(super) fn session(&self, recognizer: &Recognizer) -> Result<Session> {
        recognizer.resume(self.enrolled.state())
    }
}
