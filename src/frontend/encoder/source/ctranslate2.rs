//! CTranslate2's `model.bin` of Whisper, as faster-whisper has it.
//!
//! Little endian: u32 version | text name | u32 revision | u32 n, n variables | u32 m, m pairs of texts alias, target. A
//! text is a u16 length that counts a closing zero, and its bytes. A variable is text name | u8 rank | u32 × rank shape |
//! u8 type (0 f32, 1 i8, 2 i16, 3 i32, 4 f16, 5 bf16) | u32 bytes | data. What is kept in 8 bits has an f32 factor per row
//! beside it, in `…_scale`; in 16-bit whole numbers, one for all: kept = round(value × factor).

use std::{
    collections::HashMap,
    fs::File,
    io::{BufReader, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use super::{
    Opened, files, licence,
    names::{Table, translate},
};
use crate::{
    arrays::Weight,
    error::{Error, Result},
    frontend::encoder::{
        Architecture, TransformerConfig,
        weights::{Named, Source, missing},
        whisper::WhisperConfig,
    },
};

const SPEC: &str = "WhisperSpec";

const NAMES: Table = &[
    ("conv1", "encoder/conv1"),
    ("conv2", "encoder/conv2"),
    ("positions", "encoder/position_encodings/encodings"),
    ("transformer.layers.#.attention.output", "encoder/layer_#/self_attention/linear_1"),
    ("transformer.layers.#.attention_norm.weight", "encoder/layer_#/self_attention/layer_norm/gamma"),
    ("transformer.layers.#.attention_norm.bias", "encoder/layer_#/self_attention/layer_norm/beta"),
    ("transformer.layers.#.up", "encoder/layer_#/ffn/linear_0"),
    ("transformer.layers.#.down", "encoder/layer_#/ffn/linear_1"),
    ("transformer.layers.#.feed_norm.weight", "encoder/layer_#/ffn/layer_norm/gamma"),
    ("transformer.layers.#.feed_norm.bias", "encoder/layer_#/ffn/layer_norm/beta"),
    // Queries, keys and values are one matrix, whose rows are theirs in turn.
    ("transformer.layers.#.attention.query", "encoder/layer_#/self_attention/linear_0"),
    ("transformer.layers.#.attention.key", "encoder/layer_#/self_attention/linear_0"),
    ("transformer.layers.#.attention.value", "encoder/layer_#/self_attention/linear_0"),
    ("transformer.closing.weight", "encoder/layer_norm/gamma"),
    ("transformer.closing.bias", "encoder/layer_norm/beta"),
];

/// Whether a file begins as CTranslate2's do.
pub(super) fn is_one(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    crate::files::open(path)
        .map_err(Error::io("read", path))?
        .take(18)
        .read_to_end(&mut head)
        .map_err(Error::io("read", path))?;
    // u32 version, u16 length, the name.
    Ok(head.get(6..6 + SPEC.len()) == Some(SPEC.as_bytes()))
}

/// Opens such a file.
pub(super) fn open(path: &Path) -> Result<Opened> {
    let mut model = Model::open(path)?;
    let shape = |name: &str, rank: usize| {
        let variable = model.variables.get(name).ok_or_else(|| missing(path, name))?;
        if variable.shape.len() == rank {
            Ok(variable.shape.clone())
        } else {
            Err(Error::file(path, format!("the array {name} is {:?}: {rank} axes are Whisper's", variable.shape)))
        }
    };
    let conv = shape("encoder/conv1/weight", 3)?;
    let feed_forward = shape("encoder/layer_0/ffn/linear_0/weight", 2)?[0];
    let positions = shape("encoder/position_encodings/encodings", 2)?[0];
    let layers =
        (0..).take_while(|i| model.variables.contains_key(&format!("encoder/layer_{i}/ffn/linear_0/weight"))).count();
    let heads = model.read("encoder/num_heads")?.values;
    let &[heads] = heads.as_slice() else {
        return Err(Error::file(path, format!("encoder/num_heads holds {} numbers, not one", heads.len())));
    };
    let transformer = TransformerConfig {
        dims: conv[0],
        heads: heads as usize,
        feed_forward,
        layers,
        total_layers: layers,
        pre_norm: true,
        key_bias: false,
        epsilon: 1e-5,
        relative: None,
    };
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(Opened {
        words: format!("{file}, as CTranslate2 has it"),
        architecture: Architecture::Whisper(WhisperConfig { mel_bands: conv[1], positions }),
        transformer,
        licence: licence::beside(path.parent().unwrap_or(path)),
        weights: Box::new(model),
    })
}

/// Where a variable lies.
#[derive(Clone)]
struct Variable {
    shape: Vec<usize>,
    kind: u8,
    start: u64,
    bytes: usize,
}

struct Model {
    path: PathBuf,
    file: BufReader<File>,
    variables: HashMap<String, Variable>,
}

impl Model {
    /// Reads where everything lies.
    fn open(path: &Path) -> Result<Self> {
        let file = crate::files::open(path).map_err(Error::io("read", path))?;
        let length = file.metadata().map_err(Error::io("read", path))?.len();
        let mut cursor = Cursor { path, file: BufReader::new(file), at: 0, length };
        let (_version, spec, _revision) = (cursor.u32()?, cursor.text()?, cursor.u32()?);
        if spec != SPEC {
            return Err(Error::file(path, format!("is CTranslate2's {spec}: only Whisper's encoder can be imported")));
        }
        let mut variables = HashMap::new();
        for _ in 0..cursor.u32()? {
            let name = cursor.text()?;
            let rank = cursor.u8()?;
            let mut shape = Vec::with_capacity(rank.into());
            for _ in 0..rank {
                shape.push(cursor.u32()? as usize);
            }
            let (kind, bytes) = (cursor.u8()?, cursor.u32()? as usize);
            let count = shape.iter().try_fold(1_usize, |count, &n| count.checked_mul(n));
            let size = size(kind).ok_or_else(|| cursor.wrong(&format!("{name} is of an unknown type {kind}")))?;
            if count.and_then(|count| count.checked_mul(size)) != Some(bytes) {
                return Err(cursor.wrong(&format!("{name} is {shape:?} of {size} bytes each, and has {bytes} bytes")));
            }
            variables.insert(name, Variable { shape, kind, start: cursor.at, bytes });
            cursor.skip(bytes as u64)?;
        }
        for _ in 0..cursor.u32()? {
            let (alias, target) = (cursor.text()?, cursor.text()?);
            if let Some(variable) = variables.get(&target).cloned() {
                variables.insert(alias, variable);
            }
        }
        Ok(Self { path: path.to_owned(), file: cursor.file, variables })
    }

    /// A variable, with its factor applied if it has one.
    fn read(&mut self, name: &str) -> Result<Weight> {
        let mut weight = self.kept(name)?;
        let factor = format!("{name}_scale");
        if self.variables.contains_key(&factor) {
            let factors = self.kept(&factor)?.values;
            let row = weight.values.len() / factors.len().max(1);
            if row == 0 || row * factors.len() != weight.values.len() {
                let problem = format!("the array {factor} has {} factors for {:?}", factors.len(), weight.shape);
                return Err(Error::file(&self.path, problem));
            }
            for (row, factor) in weight.values.chunks_mut(row).zip(factors) {
                row.iter_mut().for_each(|x| *x /= factor);
            }
        }
        Ok(weight)
    }

    /// A variable's numbers as they are kept.
    fn kept(&mut self, name: &str) -> Result<Weight> {
        let Some(Variable { shape, kind, start, bytes }) = self.variables.get(name).cloned() else {
            return Err(missing(&self.path, name));
        };
        let mut data = vec![0; bytes];
        self.file.seek(SeekFrom::Start(start)).map_err(Error::io("read", &self.path))?;
        self.file.read_exact(&mut data).map_err(Error::io("read", &self.path))?;
        let values = match kind {
            0 => files::f32s(&data),
            1 => data.iter().map(|&b| f32::from(b as i8)).collect(),
            2 => data.as_chunks::<2>().0.iter().map(|&b| f32::from(i16::from_le_bytes(b))).collect(),
            3 => data.as_chunks::<4>().0.iter().map(|&b| i32::from_le_bytes(b) as f32).collect(),
            4 => files::f16s(&data),
            _ => files::bf16s(&data),
        };
        Ok(Weight { shape, values })
    }
}

/// Bytes of a number of a type.
fn size(kind: u8) -> Option<usize> {
    [4, 1, 2, 4, 2, 2].get(usize::from(kind)).copied()
}

impl Source for Model {
    fn path(&self) -> &Path {
        &self.path
    }

    fn take(&mut self, name: &str) -> Result<Named> {
        let theirs = translate(NAMES, name).replace('.', "/");
        let mut weight = self.read(&theirs)?;
        let part = [".attention.query.", ".attention.key.", ".attention.value."].iter().position(|p| name.contains(p));
        if let Some(part) = part {
            let third = weight.values.len() / 3;
            if weight.shape.first().is_none_or(|rows| !rows.is_multiple_of(3)) {
                let problem = format!("the array {theirs} is {:?}: not three matrices in one", weight.shape);
                return Err(Error::file(&self.path, problem));
            }
            weight.shape[0] /= 3;
            weight.values = weight.values[part * third..(part + 1) * third].to_vec();
        }
        Ok(Named { name: theirs, weight })
    }
}

/// Reads numbers and texts, and never beyond the end.
struct Cursor<'a> {
    path: &'a Path,
    file: BufReader<File>,
    at: u64,
    length: u64,
}

impl Cursor<'_> {
    fn wrong(&self, what: &str) -> Error {
        Error::file(self.path, format!("is not a whole model.bin of CTranslate2's ({what}); fetch it again"))
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.file.read_exact(bytes).map_err(|_| self.wrong(&format!("it ends at byte {}", self.length)))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    fn u8(&mut self) -> Result<u8> {
        self.bytes::<1>().map(|[b]| b)
    }

    fn u32(&mut self) -> Result<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn text(&mut self) -> Result<String> {
        let length = u16::from_le_bytes(self.bytes()?);
        let mut bytes = vec![0; length.into()];
        self.fill(&mut bytes)?;
        if bytes.pop() != Some(0) {
            return Err(self.wrong("a name without its closing zero"));
        }
        String::from_utf8(bytes).map_err(|_| self.wrong("a name that is no text"))
    }

    fn skip(&mut self, count: u64) -> Result<()> {
        if count > self.length - self.at.min(self.length) {
            return Err(self.wrong(&format!("it ends at byte {}", self.length)));
        }
        self.file.seek_relative(count as i64).map_err(Error::io("read", self.path))?;
        self.at += count;
        Ok(())
    }
}
