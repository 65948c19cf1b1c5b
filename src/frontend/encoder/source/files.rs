//! Arrays by name in files: safetensors and PyTorch's.

use std::{
    collections::HashMap,
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use burn_store::pytorch_reader::{self, PytorchReader};
use half::{bf16, f16};
use safetensors::{Dtype, tensor::Metadata};

use crate::{
    arrays::Weight,
    error::{Error, Result},
};

/// A file of arrays, read one at a time.
pub(super) enum Arrays {
    Safetensors(Safetensors),
    Pytorch { path: PathBuf, tensors: HashMap<String, pytorch_reader::Tensor> },
}

/// A safetensors file whose header is read.
pub(super) struct Safetensors {
    path: PathBuf,
    file: File,
    /// Where the data begins.
    start: u64,
    metadata: Metadata,
}

impl Arrays {
    /// Opens a safetensors file.
    pub fn safetensors(path: &Path) -> Result<Self> {
        let wrong =
            |what: String| Error::file(path, format!("is not a whole safetensors file ({what}); fetch it again"));
        let mut file = crate::files::open(path).map_err(Error::io("read", path))?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let mut size = [0; 8];
        file.read_exact(&mut size).map_err(|_| wrong("it is too short".into()))?;
        let size = u64::from_le_bytes(size);
        // Checked before so much is allocated.
        if size > length.saturating_sub(8) || size > 100_000_000 {
            return Err(wrong(format!("a header of {size} bytes")));
        }
        let mut header = vec![0; size as usize];
        file.read_exact(&mut header).map_err(Error::io("read", path))?;
        // The crate's own way in wants all the data in memory.
        let metadata: Metadata = serde_json::from_slice(&header).map_err(|e| wrong(e.to_string()))?;
        // The offsets were checked: they follow one another, and fit types and shapes.
        let end = metadata.tensors().values().map(|info| info.data_offsets.1 as u64).max().unwrap_or(0);
        let whole = end.saturating_add(8 + size);
        if whole != length {
            return Err(wrong(format!("it should have {whole} bytes and has {length}")));
        }
        Ok(Self::Safetensors(Safetensors { path: path.to_owned(), file, start: 8 + size, metadata }))
    }

    /// Opens a file of PyTorch's; `key` is where in it the weights lie, if not on top.
    pub fn pytorch(path: &Path, key: Option<&str>) -> Result<Self> {
        crate::files::open(path).map_err(Error::io("read", path))?;
        let reader = match key {
            Some(key) => PytorchReader::with_top_level_key(path, key),
            None => PytorchReader::new(path),
        };
        let reader = reader.map_err(|e| {
            Error::file(path, format!("is not a whole file of PyTorch's weights ({e}); fetch it again"))
        })?;
        Ok(Self::Pytorch { path: path.to_owned(), tensors: reader.into_tensors() })
    }

    pub fn path(&self) -> &Path {
        match self {
            Self::Safetensors(file) => &file.path,
            Self::Pytorch { path, .. } => path,
        }
    }

    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::Safetensors(file) => file.metadata.info(name).is_some(),
            Self::Pytorch { tensors, .. } => tensors.contains_key(name),
        }
    }

    /// The array called `name`; nothing where there is none.
    pub fn read(&mut self, name: &str) -> Result<Option<Weight>> {
        let wrong = |path: &Path, problem: String| Error::file(path, format!("the array {name} {problem}"));
        match self {
            Self::Safetensors(file) => {
                let Some(info) = file.metadata.info(name) else { return Ok(None) };
                let (from, to) = info.data_offsets;
                let mut bytes = vec![0; to - from];
                file.file.seek(SeekFrom::Start(file.start + from as u64)).map_err(Error::io("read", &file.path))?;
                file.file.read_exact(&mut bytes).map_err(Error::io("read", &file.path))?;
                let values = match info.dtype {
                    Dtype::F64 => f64s(&bytes),
                    Dtype::F32 => f32s(&bytes),
                    Dtype::F16 => f16s(&bytes),
                    Dtype::BF16 => bf16s(&bytes),
                    other => return Err(wrong(&file.path, format!("is of type {other:?}, not floating point"))),
                };
                Ok(Some(Weight { shape: info.shape.clone(), values }))
            }
            Self::Pytorch { path, tensors } => {
                let Some(tensor) = tensors.get(name) else { return Ok(None) };
                let bytes = tensor.read().map_err(|e| wrong(path, format!("cannot be read ({e}); fetch it again")))?;
                let values = match tensor.dtype() {
                    pytorch_reader::DType::F64 => f64s(&bytes),
                    pytorch_reader::DType::F32 => f32s(&bytes),
                    pytorch_reader::DType::F16 => f16s(&bytes),
                    pytorch_reader::DType::BF16 => bf16s(&bytes),
                    other => return Err(wrong(path, format!("is of type {other:?}, not floating point"))),
                };
                Ok(Some(Weight { shape: tensor.shape().to_vec(), values }))
            }
        }
    }
}

pub(super) fn f64s(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<8>().0.iter().map(|&b| f64::from_le_bytes(b) as f32).collect()
}

pub(super) fn f32s(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect()
}

pub(super) fn f16s(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<2>().0.iter().map(|&b| f16::from_le_bytes(b).to_f32()).collect()
}

pub(super) fn bf16s(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<2>().0.iter().map(|&b| bf16::from_le_bytes(b).to_f32()).collect()
}
