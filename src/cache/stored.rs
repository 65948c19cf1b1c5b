//! One file of the cache: a safetensors file with one matrix, the checksum of its values and the key that it is of: under
//! another key's name it is none. A matrix whose every value is a
//! number of 16 bits, as an encoder's frames are, is kept in 16 bits: the same values in half the space.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use half::f16;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{
    error::{Error, Result},
    files::write_cached,
    frontend::Matrix,
};

const TENSOR: &str = "features";
/// The checksum of the values, a blank, and the key. Files of earlier versions have no key and are what they are called.
const CHECKSUM: &str = "blake3";
/// What the names of these files end in.
pub(super) const EXTENSION: &str = "safetensors";

/// A file that was found whole. Its values are read when they are asked for and not kept: memory does not bound how many
/// there may be.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    dir: Arc<Path>,
    key: blake3::Hash,
    /// Where the values begin, in bytes.
    start: u32,
    frames: u32,
    dims: u32,
    dtype: Dtype,
}

/// Where the matrix of a file is.
struct Shape {
    start: usize,
    frames: usize,
    dims: usize,
    dtype: Dtype,
}

impl Stored {
    /// The file of this key, or nothing where there is none that is whole. Marks it as used now.
    pub(super) fn open(dir: &Arc<Path>, key: blake3::Hash) -> Option<Self> {
        let (file, bytes) = read(&path(dir, &key)).ok()?;
        let Shape { start, frames, dims, dtype } = whole(&bytes, &key.to_hex())?;
        // Where the file is another user's this fails, and it only looks older than it is.
        let _ = file.set_modified(SystemTime::now());
        let [start, frames, dims] = [start, frames, dims].map(u32::try_from);
        Some(Self { dir: dir.clone(), key, start: start.ok()?, frames: frames.ok()?, dims: dims.ok()?, dtype })
    }

    pub(super) fn write(dir: &Path, key: &blake3::Hash, matrix: &Matrix) -> Result<()> {
        let path = &path(dir, key);
        let halves = halves(matrix.as_slice());
        let (dtype, data): (_, &[u8]) = match &halves {
            Some(halves) => (Dtype::F16, bytemuck::cast_slice(halves)),
            None => (Dtype::F32, bytemuck::cast_slice(matrix.as_slice())),
        };
        let wrong = |e: safetensors::SafeTensorError| Error::file(path, format!("cannot be laid out: {e}"));
        let view = TensorView::new(dtype, vec![matrix.frames(), matrix.dims()], data).map_err(wrong)?;
        // In one entry: the order of several would differ from file to file.
        let checksum = format!("{} {}", blake3::hash(data).to_hex(), key.to_hex());
        let checksum = HashMap::from([(CHECKSUM.to_owned(), checksum)]);
        let bytes = safetensors::serialize([(TENSOR, view)], Some(checksum)).map_err(wrong)?;
        write_cached(path, |file| file.write_all(&bytes))
    }

    /// Rows.
    pub(super) fn frames(&self) -> usize {
        self.frames as usize
    }

    /// Columns.
    pub(super) fn dims(&self) -> usize {
        self.dims as usize
    }

    /// Reads the values, `[frames, dims]`.
    pub(super) fn read(&self) -> Result<Vec<f32>> {
        let path = self.path();
        let start = u64::from(self.start);
        let count = self.frames() * self.dims();
        let (mut values, mut halves) = (Vec::new(), Vec::new());
        let bytes: &mut [u8] = if self.dtype == Dtype::F16 {
            halves.resize(count, 0u16);
            bytemuck::cast_slice_mut(&mut halves)
        } else {
            values.resize(count, 0f32);
            bytemuck::cast_slice_mut(&mut values)
        };
        let read = |bytes: &mut [u8]| {
            let mut file = crate::files::open(&path)?;
            let expected = start + bytes.len() as u64;
            if file.metadata()?.len() != expected {
                return Ok(false);
            }
            file.seek(SeekFrom::Start(start))?;
            file.read_exact(bytes).map(|()| true)
        };
        match read(bytes) {
            Ok(true) if self.dtype == Dtype::F16 => {
                Ok(halves.into_iter().map(|x| f16::from_bits(x).to_f32()).collect())
            }
            Ok(true) => Ok(values),
            Ok(false) => Err(Error::file(path, "was changed while in use: start again (--resume) to compute it again")),
            Err(e) => Err(Error::file(
                path,
                format!("cannot be read from the cache ({e}): start again (--resume) to compute it again"),
            )),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        path(&self.dir, &self.key)
    }
}

/// The values' bits in 16 bits; nothing where one of them has more. `-0.0` and NaN are kept as they are.
fn halves(values: &[f32]) -> Option<Vec<u16>> {
    let half = |&x: &f32| {
        let half = f16::from_f32(x);
        (half.to_f32().to_bits() == x.to_bits()).then(|| half.to_bits())
    };
    values.iter().map(half).collect()
}

/// Where the file of a key is: in one of 256 folders.
fn path(dir: &Path, key: &blake3::Hash) -> PathBuf {
    let name = key.to_hex();
    dir.join(&name[..2]).join(format!("{name}.{EXTENSION}"))
}

/// Whether the file at `path` is what it was when it was written.
pub(super) fn is_whole(path: &Path) -> bool {
    let key = path.file_stem().unwrap_or_default().to_string_lossy();
    read(path).is_ok_and(|(_, bytes)| whole(&bytes, &key).is_some())
}

fn read(path: &Path) -> std::io::Result<(File, Vec<u8>)> {
    let mut file = crate::files::open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok((file, bytes))
}

/// The matrix in the file, where its checksum is right and it is that of the key.
fn whole(bytes: &[u8], key: &str) -> Option<Shape> {
    let (_, header) = SafeTensors::read_metadata(bytes).ok()?;
    let written = header.metadata().as_ref()?.get(CHECKSUM)?.clone();
    let (checksum, of) = written.split_once(' ').unwrap_or((&written, key));
    if of != key {
        return None;
    }
    let tensors = SafeTensors::deserialize(bytes).ok()?;
    let tensor = tensors.tensor(TENSOR).ok()?;
    let (&[frames, dims], dtype @ (Dtype::F32 | Dtype::F16)) = (tensor.shape(), tensor.dtype()) else { return None };
    let data = tensor.data();
    let start = bytes.len() - data.len();
    let right = blake3::hash(data).to_hex().as_str() == checksum && data.as_ptr() == bytes[start..].as_ptr();
    right.then_some(Shape { start, frames, dims, dtype })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_under_the_name_of_another_key_is_none() {
        let dir = tempfile::tempdir().unwrap();
        let [one, other] = [b"one", b"two"].map(|name| blake3::hash(name));
        let write = |key, value| Stored::write(dir.path(), key, &Matrix::new(1, 1, vec![value]).unwrap()).unwrap();
        write(&one, 1.0);
        write(&other, 2.0);
        let opened = |key| Stored::open(&dir.path().into(), key).map(|stored| stored.read().unwrap());
        assert_eq!((opened(one), opened(other)), (Some(vec![1.0]), Some(vec![2.0])));
        std::fs::copy(path(dir.path(), &other), path(dir.path(), &one)).unwrap();
        assert_eq!((opened(one), opened(other)), (None, Some(vec![2.0])));
        assert!(!is_whole(&path(dir.path(), &one)) && is_whole(&path(dir.path(), &other)));
    }

    #[test]
    fn a_file_of_an_earlier_version_has_no_key_and_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let key = blake3::hash(b"old");
        let data = 2.0f32.to_le_bytes();
        let checksum = HashMap::from([(CHECKSUM.to_owned(), blake3::hash(&data).to_hex().to_string())]);
        let view = TensorView::new(Dtype::F32, vec![1, 1], &data).unwrap();
        let path = path(dir.path(), &key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, safetensors::serialize([(TENSOR, view)], Some(checksum)).unwrap()).unwrap();
        assert_eq!(Stored::open(&dir.path().into(), key).unwrap().read().unwrap(), [2.0]);
        assert!(is_whole(&path));
    }

    #[test]
    fn numbers_of_16_bits_take_16_bits_and_come_back_with_theirs() {
        let dir = tempfile::tempdir().unwrap();
        let size = |values: &[f32]| {
            let key = blake3::hash(bytemuck::cast_slice(values));
            let matrix = Matrix::new(values.len() / 2, 2, values.to_vec()).unwrap();
            Stored::write(dir.path(), &key, &matrix).unwrap();
            let stored = Stored::open(&dir.path().into(), key).unwrap();
            let read = stored.read().unwrap();
            assert!(read.iter().zip(values).all(|(a, b)| a.to_bits() == b.to_bits()), "{read:?}");
            assert_eq!((stored.frames(), stored.dims()), (values.len() / 2, 2));
            std::fs::metadata(stored.path()).unwrap().len()
        };
        let halves: Vec<f32> = (-500..500).map(|x| x as f32 / 16.0).chain([-0.0, 65504.0]).collect();
        let mut one_more = halves.clone();
        one_more[7] = 0.1;
        assert_eq!(size(&one_more) - size(&halves), 2 * halves.len() as u64);
    }
}
