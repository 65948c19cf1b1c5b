//! One cached matrix: a safetensors file, mapped into memory.

use std::{collections::HashMap, fs::File, path::Path};

use memmap2::Mmap;
use safetensors::{Dtype, SafeTensors, tensor::TensorView};

use crate::{
    error::{Error, Result},
    features::Matrix,
    files::write_cached,
};

const TENSOR: &str = "features";
const CHECKSUM: &str = "blake3";

/// A matrix in the cache, `[frames, dims]`, mapped and not copied.
#[derive(Debug)]
pub struct Entry {
    map: Mmap,
    start: usize,
    frames: usize,
    dims: usize,
}

impl Entry {
    /// The entry at `path`, or nothing where there is none that is whole.
    pub(super) fn open(path: &Path) -> Option<Self> {
        let file = File::open(path).ok()?;
        // SAFETY: entries are written under another name and renamed into place, and never changed afterwards, so the
        // bytes under a map stay what the checksum was checked on.
        let map = unsafe { Mmap::map(&file) }.ok()?;
        let (_, header) = SafeTensors::read_metadata(&map).ok()?;
        let checksum = header.metadata().as_ref()?.get(CHECKSUM)?.clone();
        let tensors = SafeTensors::deserialize(&map).ok()?;
        let tensor = tensors.tensor(TENSOR).ok()?;
        let (&[frames, dims], Dtype::F32) = (tensor.shape(), tensor.dtype()) else { return None };
        let data = tensor.data();
        let start = data.as_ptr() as usize - map.as_ptr() as usize;
        let whole =
            blake3::hash(data).to_hex().as_str() == checksum && bytemuck::try_cast_slice::<u8, f32>(data).is_ok();
        whole.then_some(Self { map, start, frames, dims })
    }

    pub(super) fn write(path: &Path, matrix: &Matrix) -> Result<()> {
        let data: &[u8] = bytemuck::cast_slice(matrix.as_slice());
        let wrong = |e: safetensors::SafeTensorError| Error::file(path, format!("cannot be laid out: {e}"));
        let view = TensorView::new(Dtype::F32, vec![matrix.frames(), matrix.dims()], data).map_err(wrong)?;
        let checksum = HashMap::from([(CHECKSUM.to_owned(), blake3::hash(data).to_hex().to_string())]);
        let bytes = safetensors::serialize([(TENSOR, view)], Some(checksum)).map_err(wrong)?;
        write_cached(path, |file| file.write_all(&bytes))
    }

    /// Rows.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Columns.
    #[must_use]
    pub fn dims(&self) -> usize {
        self.dims
    }

    /// The values, row after row.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        bytemuck::cast_slice(&self.map[self.start..][..self.frames * self.dims * size_of::<f32>()])
    }
}
