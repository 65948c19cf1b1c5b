//! One file of the cache: a safetensors file with one matrix and the checksum of its values.

use std::{
    collections::HashMap,
    fs::File,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{
    error::{Error, Result},
    files::write_cached,
    frontend::Matrix,
};

const TENSOR: &str = "features";
const CHECKSUM: &str = "blake3";
/// What the names of these files end in.
pub(super) const EXTENSION: &str = "safetensors";

/// A file that was found whole. It is mapped while it is read and not in between: neither memory nor the number of maps
/// that a system allows (65,530 by default on Linux) bounds how many there may be.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    dir: Arc<Path>,
    key: blake3::Hash,
    /// Where the values begin, in bytes.
    start: u32,
    frames: u32,
    dims: u32,
}

/// The matrix in a mapped file.
struct Shape {
    start: usize,
    frames: usize,
    dims: usize,
}

/// The values of a [`Stored`] matrix, mapped.
pub(super) struct Mapped {
    map: Mmap,
    values: Range<usize>,
}

impl Mapped {
    pub(super) fn values(&self) -> &[f32] {
        bytemuck::cast_slice(&self.map[self.values.clone()])
    }
}

impl Stored {
    /// The file of this key, or nothing where there is none that is whole. Marks it as used now.
    pub(super) fn open(dir: &Arc<Path>, key: blake3::Hash) -> Option<Self> {
        let (file, map) = map(&path(dir, &key)).ok()?;
        let Shape { start, frames, dims } = whole(&map)?;
        // Where the file is another user's this fails, and it only looks older than it is.
        let _ = file.set_modified(SystemTime::now());
        let [start, frames, dims] = [start, frames, dims].map(u32::try_from);
        Some(Self { dir: dir.clone(), key, start: start.ok()?, frames: frames.ok()?, dims: dims.ok()? })
    }

    pub(super) fn write(dir: &Path, key: &blake3::Hash, matrix: &Matrix) -> Result<()> {
        let path = &path(dir, key);
        let data: &[u8] = bytemuck::cast_slice(matrix.as_slice());
        let wrong = |e: safetensors::SafeTensorError| Error::file(path, format!("cannot be laid out: {e}"));
        let view = TensorView::new(Dtype::F32, vec![matrix.frames(), matrix.dims()], data).map_err(wrong)?;
        let checksum = HashMap::from([(CHECKSUM.to_owned(), blake3::hash(data).to_hex().to_string())]);
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

    /// Maps the values, `[frames, dims]`.
    pub(super) fn read(&self) -> Result<Mapped> {
        let path = self.path();
        let (_, map) = map(&path).map_err(|e| {
            Error::file(&path, format!("is gone from the cache ({e}): start again (--resume) and it is made anew"))
        })?;
        let start = self.start as usize;
        let values = start..start + self.frames() * self.dims() * size_of::<f32>();
        if map.len() != values.end {
            return Err(Error::file(path, "was changed while in use: start again (--resume) and it is made anew"));
        }
        Ok(Mapped { map, values })
    }

    pub(super) fn path(&self) -> PathBuf {
        path(&self.dir, &self.key)
    }
}

/// Where the file of a key is: in one of 256 folders.
fn path(dir: &Path, key: &blake3::Hash) -> PathBuf {
    let name = key.to_hex();
    dir.join(&name[..2]).join(format!("{name}.{EXTENSION}"))
}

/// Whether the file at `path` is what it was when it was written.
pub(super) fn is_whole(path: &Path) -> bool {
    map(path).is_ok_and(|(_, map)| whole(&map).is_some())
}

fn map(path: &Path) -> std::io::Result<(File, Mmap)> {
    let file = File::open(path)?;
    // SAFETY: these files are written under another name and renamed into place, and never changed afterwards, so the
    // bytes under a map stay what they were.
    let map = unsafe { Mmap::map(&file) }?;
    Ok((file, map))
}

/// The matrix in the file, where its checksum is right.
fn whole(map: &Mmap) -> Option<Shape> {
    let (_, header) = SafeTensors::read_metadata(map).ok()?;
    let checksum = header.metadata().as_ref()?.get(CHECKSUM)?.clone();
    let tensors = SafeTensors::deserialize(map).ok()?;
    let tensor = tensors.tensor(TENSOR).ok()?;
    let (&[frames, dims], Dtype::F32) = (tensor.shape(), tensor.dtype()) else { return None };
    let data = tensor.data();
    let start = data.as_ptr() as usize - map.as_ptr() as usize;
    let right = blake3::hash(data).to_hex().as_str() == checksum
        && bytemuck::try_cast_slice::<u8, f32>(data).is_ok()
        && start + data.len() == map.len();
    right.then_some(Shape { start, frames, dims })
}
