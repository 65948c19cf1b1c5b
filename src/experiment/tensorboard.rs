//! TensorBoard's event files: the epochs of a run as scalars.
//!
//! The one crate that writes them, tensorboard-rs, pulls in an image library and an old protobuf, and panics on a full
//! disk; the format of scalars is small. A file is a sequence of records (TensorFlow, `core/lib/io/record_writer.cc`),
//! each of which is an `Event` (`core/util/event.proto`) in protobuf's wire format.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use crate::{
    error::{Error, Result},
    events::{EpochEnd, EpochRecord, Observer, RunStart},
    files::create_dir,
};

/// Keeps the event file of a run.
pub(super) struct TensorBoard {
    folder: PathBuf,
    events: Mutex<Option<Events>>,
}

impl TensorBoard {
    /// One that writes into `folder`.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, events: Mutex::default() }
    }
}

impl Observer for TensorBoard {
    fn run_started(&self, run: &RunStart<'_>) -> Result<()> {
        *self.events.lock().unwrap_or_else(PoisonError::into_inner) = Some(Events::open(&self.folder, run.history)?);
        Ok(())
    }

    fn epoch_ended(&self, epoch: &EpochEnd<'_>) -> Result<()> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter_mut().try_for_each(|events| events.add(epoch.record))
    }
}

/// The event file of one sitting.
struct Events {
    file: File,
    path: PathBuf,
}

impl Events {
    /// Starts a new file with the epochs that are done, in place of those of earlier sittings: a killed one may have
    /// written an epoch that is trained again.
    fn open(folder: &Path, history: &[EpochRecord]) -> Result<Self> {
        create_dir(folder)?;
        for entry in fs::read_dir(folder).map_err(Error::io("read", folder))?.filter_map(std::result::Result::ok) {
            if entry.file_name().to_string_lossy().starts_with(PREFIX) {
                fs::remove_file(entry.path()).map_err(Error::io("remove", entry.path()))?;
            }
        }
        let path = folder.join(format!("{PREFIX}{:010}.{}.ser", now() as u64, std::process::id()));
        let file = File::create(&path).map_err(Error::io("create", &path))?;
        let mut events = Self { file, path };
        events.write(&event(now(), 0, &field(3, VERSION)))?;
        for record in history {
            events.add(record)?;
        }
        Ok(events)
    }

    /// Adds an epoch.
    fn add(&mut self, epoch: &EpochRecord) -> Result<()> {
        let scalars = [
            ("loss/train".to_owned(), epoch.train_loss),
            ("loss/validation".to_owned(), epoch.validation_loss),
            (format!("{}/validation", epoch.validation.name()), epoch.validation.value()),
            ("learning_rate".to_owned(), epoch.learning_rate),
        ];
        let summary: Vec<u8> = scalars.iter().flat_map(|(tag, value)| field(1, &scalar(tag, *value as f32))).collect();
        self.write(&event(now(), epoch.epoch as u64, &field(5, &summary)))
    }

    fn write(&mut self, event: &[u8]) -> Result<()> {
        self.file.write_all(&record(event)).map_err(Error::io("write", &self.path))
    }
}

const PREFIX: &str = "events.out.tfevents.";
const VERSION: &[u8] = b"brain.Event:2";

fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// `Event { wall_time = 1, step = 2, what }`
fn event(seconds: f64, step: u64, what: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag(1, 1)];
    bytes.extend(seconds.to_le_bytes());
    // As everywhere in protobuf, zero is what an absent field means.
    if step > 0 {
        bytes.push(tag(2, 0));
        bytes.extend(varint(step));
    }
    bytes.extend(what);
    bytes
}

/// `Summary.Value { tag = 1, simple_value = 2 }`
fn scalar(name: &str, value: f32) -> Vec<u8> {
    let mut bytes = field(1, name.as_bytes());
    bytes.push(tag(2, 5));
    bytes.extend(value.to_le_bytes());
    bytes
}

/// A field of bytes: text or a message.
fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut whole = vec![tag(number, 2)];
    whole.extend(varint(bytes.len() as u64));
    whole.extend(bytes);
    whole
}

/// A field's number (up to 15) and wire type: 0 varint, 1 eight bytes, 2 bytes with their length, 5 four bytes.
fn tag(number: u8, wire_type: u8) -> u8 {
    number << 3 | wire_type
}

/// Seven bits a byte, the lowest first.
fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Length, its checksum, the bytes, their checksum.
fn record(bytes: &[u8]) -> Vec<u8> {
    let length = (bytes.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), bytes, &masked(bytes)].concat()
}

/// TensorFlow's masked CRC-32C.
fn masked(bytes: &[u8]) -> [u8; 4] {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Figure;

    /// What `tensorboard.summary.writer.record_writer` and its `Event` write for the same (TensorBoard 2.21);
    /// `scripts/check-tensorboard.sh` has TensorBoard read what a run leaves.
    #[test]
    fn records_are_the_bytes_that_tensorboard_writes() {
        let hex = |bytes: Vec<u8>| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        assert_eq!(hex(record(&event(1.5, 0, &field(3, VERSION)))), VERSION_RECORD);
        assert_eq!(hex(record(&event(2.5, 300, &field(5, &field(1, &scalar("loss/train", 0.25)))))), SCALAR_RECORD);
    }

    const VERSION_RECORD: &str = "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c";
    const SCALAR_RECORD: &str =
        "2100000000000000017becf609000000000000044010ac022a130a110a0a6c6f73732f747261696e150000803e55c45f02";

    #[test]
    fn a_new_sitting_replaces_the_files_of_the_one_before() {
        let dir = tempfile::tempdir().unwrap();
        let epoch = EpochRecord {
            epoch: 1,
            train_loss: 1.0,
            validation_loss: 1.0,
            validation: Figure::Uar(0.5),
            learning_rate: 1e-3,
        };
        fs::write(dir.path().join("events.out.tfevents.0000000001.7.ser"), b"old").unwrap();
        drop(Events::open(dir.path(), &[epoch]).unwrap());
        let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(files.len(), 1);
        assert!(fs::metadata(&files[0]).unwrap().len() > 100);
    }
}
