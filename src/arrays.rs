//! Arrays by name with a text, in one checksummed safetensors file: what a checkpoint and a bundle are on disk.
//!
//! Matrices may be kept in 16 or 8 bits; vectors (biases, statistics) are few and always keep 32. In 8 bits a matrix is
//! whole numbers from −127 to 127 with one factor for each index of its first axis, in the array `<name>#scale`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    ops::Range,
    path::Path,
    sync::Arc,
};

use half::{f16, slice::HalfFloatSliceExt};
use safetensors::{Dtype, SafeTensorError, SafeTensors, View, tensor::TensorInfo};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    files::write_whole,
};

/// An array of numbers: a parameter, a running statistic, a moment of the optimiser.
#[derive(Debug, Clone, PartialEq)]
pub struct Weight {
    /// The shape, outermost first.
    pub shape: Vec<usize>,
    /// The values, row-major.
    pub values: Vec<f32>,
}

/// Arrays by name.
pub type Arrays = Vec<(String, Weight)>;

/// How matrices are kept on disk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32-bit floating point: as trained, to the bit.
    #[default]
    F32,
    /// 16-bit floating point: half the size.
    F16,
    /// Whole numbers of 8 bits with a factor per row: a quarter of the size.
    Int8,
}

impl Precision {
    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        }
    }
}

/// What the factors' array of a matrix in 8 bits is called besides the matrix.
const SCALE: &str = "#scale";

/// The metadata's one key: the checksum, a space, the text. One key and no more, because the order of several would not
/// be the same from one writing to the next.
const KEY: &str = "ser";

/// An array as it stands in the file.
struct Stored<'a> {
    name: String,
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Cow<'a, [u8]>,
}

impl View for &Stored<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The hash of the text and of every array with its name and shape (and kind, if not f32), in the order of the names.
fn checksum(text: &str, arrays: &mut [Stored]) -> String {
    arrays.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = blake3::Hasher::new();
    hasher.update(text.as_bytes());
    for Stored { name, dtype, shape, bytes } in arrays.iter() {
        let kind = if *dtype == Dtype::F32 { String::new() } else { format!("{dtype:?}") };
        hasher.update(format!("\0{name}{shape:?}{kind}").as_bytes());
        hasher.update(bytes);
    }
    hasher.finalize().to_hex().to_string()
}

/// Writes arrays and a text into one safetensors file, whole or not at all.
///
/// # Errors
///
/// [`Error::Io`] where the file cannot be written.
pub fn save(path: &Path, text: &str, arrays: &Arrays, precision: Precision) -> Result<()> {
    save_by(path, text, arrays, |_| precision)
}

/// As [`save`], each array in the precision that `precision` gives for its name.
///
/// # Errors
///
/// As [`save`].
pub fn save_by(path: &Path, text: &str, arrays: &Arrays, precision: impl Fn(&str) -> Precision) -> Result<()> {
    let bytes = lay_out(text, arrays, precision).map_err(|e| Error::file(path, format!("cannot be laid out: {e}")))?;
    write_whole(path, |file| file.write_all(&bytes))
}

fn lay_out(
    text: &str,
    arrays: &Arrays,
    precision: impl Fn(&str) -> Precision,
) -> std::result::Result<Vec<u8>, SafeTensorError> {
    let mut stored: Vec<Stored> =
        arrays.iter().flat_map(|(name, weight)| store(name, weight, precision(name))).collect();
    let metadata = HashMap::from([(KEY.to_owned(), format!("{} {text}", checksum(text, &mut stored)))]);
    safetensors::serialize(stored.iter().map(|array| (&array.name, array)), Some(metadata))
}

fn store<'a>(name: &str, weight: &'a Weight, precision: Precision) -> Vec<Stored<'a>> {
    let array = |name: String, dtype, shape: &[usize], bytes| Stored { name, dtype, shape: shape.to_vec(), bytes };
    let name = name.to_owned();
    let Weight { shape, values } = weight;
    match precision {
        Precision::F16 if shape.len() > 1 => {
            let bytes = values.iter().flat_map(|&x| f16::from_f32(x).to_le_bytes()).collect();
            vec![array(name, Dtype::F16, shape, Cow::Owned(bytes))]
        }
        Precision::Int8 if shape.len() > 1 => {
            let row = shape[1..].iter().product::<usize>().max(1);
            let largest = |row: &[f32]| row.iter().fold(0f32, |most, x| most.max(x.abs()));
            let scales: Vec<f32> = values.chunks(row).map(|row| largest(row) / 127.0).collect();
            let whole = |x: f32, scale: f32| if scale > 0.0 { (x / scale).round() as i8 } else { 0 };
            let rows = values.chunks(row).zip(&scales);
            let bytes = rows.flat_map(|(row, &scale)| row.iter().map(move |&x| whole(x, scale) as u8)).collect();
            let scales = scales.iter().flat_map(|scale| scale.to_le_bytes()).collect();
            vec![
                array(format!("{name}{SCALE}"), Dtype::F32, &shape[..1], Cow::Owned(scales)),
                array(name, Dtype::I8, shape, Cow::Owned(bytes)),
            ]
        }
        _ => vec![array(name, Dtype::F32, shape, Cow::Borrowed(bytemuck::cast_slice(values)))],
    }
}

/// Reads what [`save`] wrote.
///
/// # Errors
///
/// [`Error::Io`] where the file cannot be read, [`Error::File`] where it is damaged or foreign.
pub fn load(path: &Path) -> Result<(String, Arrays)> {
    let kept = Kept::open(crate::files::read(path).map_err(Error::io("read", path))?, path)?;
    let arrays = kept.arrays(|_| true);
    Ok((kept.text, arrays))
}

/// The same from the bytes of a file; `path` serves the messages alone.
///
/// # Errors
///
/// As [`load`].
pub fn read(bytes: &[u8], path: &Path) -> Result<(String, Arrays)> {
    let kept = Kept::open(bytes.to_vec(), path)?;
    let arrays = kept.arrays(|_| true);
    Ok((kept.text, arrays))
}

/// What [`save`] wrote, as it is kept: an array becomes numbers of 32 bits when it is asked for, so that those of millions do not
/// stand beside what is made of them. Clones share the bytes.
#[derive(Clone)]
pub struct Kept {
    bytes: Arc<Cow<'static, [u8]>>,
    text: String,
    places: Arc<BTreeMap<String, Place>>,
}

/// Where an array stands.
struct Place {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Range<usize>,
}

impl Kept {
    /// Of the bytes of a file; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where they are damaged or foreign.
    pub fn open(bytes: Vec<u8>, path: &Path) -> Result<Self> {
        Self::parse(Cow::Owned(bytes), path, true)
    }

    /// Of bytes that are part of the program: they are as whole as the program is, and nobody waits for their checksum.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where they are foreign.
    pub fn own(bytes: &'static [u8], path: &Path) -> Result<Self> {
        Self::parse(Cow::Borrowed(bytes), path, false)
    }

    fn parse(bytes: Cow<'static, [u8]>, path: &Path, check: bool) -> Result<Self> {
        let wrong = |what: &str| Error::file(path, format!("is damaged, or not a file of this program ({what})"));
        let (header_bytes, header) = SafeTensors::read_metadata(&bytes).map_err(|e| wrong(&e.to_string()))?;
        let entry = header.metadata().as_ref().and_then(|metadata| metadata.get(KEY));
        let Some((expected, text)) = entry.and_then(|entry| entry.split_once(' ')) else {
            return Err(wrong("it is safetensors of another program: there is no description in it"));
        };
        // Behind the header's length and the header.
        let start = size_of::<u64>() + header_bytes;
        let place = |(name, info): (String, &TensorInfo)| {
            let (from, to) = info.data_offsets;
            (name, Place { dtype: info.dtype, shape: info.shape.clone(), bytes: start + from..start + to })
        };
        let places: BTreeMap<String, Place> = header.tensors().into_iter().map(place).collect();
        let text = text.to_owned();
        if check {
            let stored = places.iter().map(|(name, place)| Stored {
                name: name.clone(),
                dtype: place.dtype,
                shape: place.shape.clone(),
                bytes: Cow::Borrowed(bytes.get(place.bytes.clone()).unwrap_or_default()),
            });
            if checksum(&text, &mut stored.collect::<Vec<_>>()) != expected {
                return Err(wrong("its checksum does not match: copy or fetch it again"));
            }
        }
        let kept = Self { bytes: Arc::new(bytes), text, places: Arc::new(places) };
        let unknown = kept.names().find(|name| !kept.is_known(name)).map(ToOwned::to_owned);
        match unknown {
            None => Ok(kept),
            Some(name) => Err(wrong(&format!("its array {name}"))),
        }
    }

    /// The text beside the arrays.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What the arrays are called, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.keys().map(String::as_str).filter(|name| !name.ends_with(SCALE))
    }

    /// The array called `name`; none where there is none.
    #[must_use]
    pub fn weight(&self, name: &str) -> Option<Weight> {
        let place = self.places.get(name)?;
        let bytes = self.bytes.get(place.bytes.clone())?;
        let values = match place.dtype {
            Dtype::F32 => singles(bytes),
            Dtype::F16 => halves(bytes),
            _ => {
                let row = place.row();
                let mut values = Vec::with_capacity(bytes.len());
                for (row, scale) in bytes.chunks(row).zip(self.scales(name)?) {
                    values.extend(row.iter().map(|&b| f32::from(b as i8) * scale));
                }
                values
            }
        };
        Some(Weight { shape: place.shape.clone(), values })
    }

    /// The arrays whose names are `wanted`, in their order.
    #[must_use]
    pub fn arrays(&self, wanted: impl Fn(&str) -> bool) -> Arrays {
        let names = self.names().filter(|name| wanted(name));
        names.filter_map(|name| Some((name.to_owned(), self.weight(name)?))).collect()
    }

    /// The factors of a matrix in 8 bits.
    fn scales(&self, name: &str) -> Option<Vec<f32>> {
        let place = self.places.get(&format!("{name}{SCALE}")).filter(|place| place.dtype == Dtype::F32)?;
        self.bytes.get(place.bytes.clone()).map(singles)
    }

    /// Whether it is known what an array is kept in, and all of it is there.
    fn is_known(&self, name: &str) -> bool {
        let Some(place) = self.places.get(name) else { return false };
        let there = self.bytes.get(place.bytes.clone()).is_some();
        there
            && match place.dtype {
                Dtype::F32 | Dtype::F16 => true,
                Dtype::I8 => self.scales(name).is_some_and(|scales| scales.len() * place.row() == place.bytes.len()),
                _ => false,
            }
    }
}

impl Place {
    /// How many numbers stand in a row of a matrix.
    fn row(&self) -> usize {
        self.shape.iter().skip(1).product::<usize>().max(1)
    }
}

fn singles(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()
}

/// Numbers of 16 bits, a block at a time.
fn halves(bytes: &[u8]) -> Vec<f32> {
    let mut values = Vec::with_capacity(bytes.len() / 2);
    let (mut block, mut wide) = ([f16::ZERO; 256], [0f32; 256]);
    for bytes in bytes.chunks(512) {
        let count = bytes.len() / 2;
        block.iter_mut().zip(bytes.chunks_exact(2)).for_each(|(to, b)| *to = f16::from_le_bytes([b[0], b[1]]));
        block[..count].convert_to_f32_slice(&mut wide[..count]);
        values.extend_from_slice(&wide[..count]);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrays() -> Arrays {
        let matrix = Weight { shape: vec![2, 3], values: vec![0.1, -0.2, 0.3, 10.0, 0.0, -5.0] };
        let zeros = Weight { shape: vec![1, 2], values: vec![0.0; 2] };
        let vector = Weight { shape: vec![2], values: vec![1e-9, 1e30] };
        vec![("a.b".into(), matrix), ("a.c".into(), vector), ("z".into(), zeros)]
    }

    #[test]
    fn each_precision_is_as_near_as_it_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.safetensors");
        for (precision, off) in
            [(Precision::F32, 0.0), (Precision::F16, 2f32.powi(-11)), (Precision::Int8, 0.5 / 127.0)]
        {
            save(&path, "text with spaces", &arrays(), precision).unwrap();
            let (text, read) = load(&path).unwrap();
            assert_eq!(text, "text with spaces");
            assert_eq!((&read[1], &read[2], read.len()), (&arrays()[1], &arrays()[2], 3));
            let largest = [0.3f32, 0.3, 0.3, 10.0, 10.0, 10.0];
            for ((ours, theirs), largest) in read[0].1.values.iter().zip(&arrays()[0].1.values).zip(largest) {
                assert!((ours - theirs).abs() <= off * largest * 1.001, "{precision:?}: {ours} for {theirs}");
            }
        }
    }

    #[test]
    fn numbers_of_16_bits_are_read_alike_wherever_a_block_ends() {
        for count in [0, 1, 255, 256, 257, 513] {
            let numbers: Vec<f16> =
                (0..count).map(|i| f16::from_f32((i as f32 - 100.0) * 2f32.powi(i % 30 - 24))).collect();
            let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
            assert_eq!(halves(&bytes), numbers.iter().map(|x| x.to_f32()).collect::<Vec<_>>(), "{count}");
        }
    }

    #[test]
    fn what_is_part_of_the_program_is_read_without_its_checksum() {
        let bytes = lay_out("text", &arrays(), |_| Precision::Int8).unwrap();
        let whole = read(&bytes, Path::new("x")).unwrap();
        let own = Kept::own(Vec::leak(bytes.clone()), Path::new("x")).unwrap();
        assert_eq!((own.text().to_owned(), own.arrays(|_| true)), whole);
        assert_eq!(own.weight("a.b").as_ref(), Some(&whole.1[0].1));
        assert!(own.weight("a.x").is_none() && own.names().eq(["a.b", "a.c", "z"]));
        let mut damaged = bytes;
        *damaged.last_mut().unwrap() ^= 1;
        assert!(read(&damaged, Path::new("x")).is_err());
        assert!(Kept::own(Vec::leak(damaged), Path::new("x")).is_ok());
        assert!(Kept::own(b"RIFF", Path::new("x")).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_damage_goes_unnoticed_and_none_makes_it_panic(at in 0..500_usize, flip in 1..=255u8, kind in 0..3_usize) {
            let path = Path::new("x");
            let precision = [Precision::F32, Precision::F16, Precision::Int8][kind];
            let mut bytes = lay_out("text", &arrays(), |_| precision).unwrap();
            let at = at % bytes.len();
            let whole = read(&bytes, path).unwrap();
            bytes[at] ^= flip;
            if let Ok(found) = read(&bytes, path) {
                assert_eq!(found, whole, "byte {at}");
            }
            assert!(read(&bytes[..at], path).is_err());
        }

        #[test]
        fn no_bytes_make_it_panic(header in ".{0,80}", rest in proptest::collection::vec(proptest::num::u8::ANY, 0..80)) {
            let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
            bytes.extend(header.as_bytes());
            bytes.extend(&rest);
            assert!(read(&bytes, Path::new("x")).is_err());
            assert!(read(&rest, Path::new("x")).is_err());
        }
    }
}
