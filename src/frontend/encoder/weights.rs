//! Weights on their way into modules.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use burn::{
    module::{Module, Param},
    tensor::{Device, Tensor, TensorData},
};

use super::{
    layer,
    lora::{Lora, LoraConfig},
    ops,
};
use crate::{
    arrays::{Arrays, Kept, Weight},
    error::{Error, Result},
};

/// An array and what its source calls it.
pub(crate) struct Named {
    pub name: String,
    pub weight: Weight,
}

/// Where weights come from: asked for by our names, which are the paths of the modules' fields.
pub(crate) trait Source {
    /// The file, for messages.
    fn path(&self) -> &Path;

    /// Gives out the array called `name`.
    ///
    /// # Errors
    ///
    /// [`Error::File`] naming it as the source does, where it is missing or damaged.
    fn take(&mut self, name: &str) -> Result<Named>;

    /// An array that nobody has asked for, as far as the source knows.
    fn left(&self) -> Option<&str> {
        None
    }

    /// Whether zeros of the shape that is asked for stand in for every array.
    fn blank(&self) -> bool {
        false
    }
}

/// Our own arrays, each given out once.
pub(super) struct Own {
    path: PathBuf,
    arrays: BTreeMap<String, Weight>,
}

impl Own {
    pub fn new(path: &Path, arrays: Arrays) -> Self {
        Self { path: path.to_owned(), arrays: arrays.into_iter().collect() }
    }
}

impl Source for Own {
    fn path(&self) -> &Path {
        &self.path
    }

    fn take(&mut self, name: &str) -> Result<Named> {
        match self.arrays.remove(name) {
            Some(weight) => Ok(Named { name: name.to_owned(), weight }),
            None => Err(missing(&self.path, name)),
        }
    }
}

/// Our own arrays, which their owner keeps.
pub(crate) struct Lent<'a> {
    path: &'a Path,
    arrays: BTreeMap<&'a str, &'a Weight>,
}

impl<'a> Lent<'a> {
    pub fn new(path: &'a Path, arrays: &'a Arrays) -> Self {
        Self { path, arrays: arrays.iter().map(|(name, weight)| (name.as_str(), weight)).collect() }
    }
}

impl Source for Lent<'_> {
    fn path(&self) -> &Path {
        self.path
    }

    fn take(&mut self, name: &str) -> Result<Named> {
        match self.arrays.remove(name) {
            Some(weight) => Ok(Named { name: name.to_owned(), weight: weight.clone() }),
            None => Err(missing(self.path, name)),
        }
    }

    fn left(&self) -> Option<&str> {
        self.arrays.keys().next().copied()
    }
}

/// The arrays of a file whose names begin alike; each becomes numbers of 32 bits when it is asked for.
pub(crate) struct Filed<'a> {
    path: &'a Path,
    kept: &'a Kept,
    prefix: &'a str,
    /// What nobody has asked for.
    left: BTreeSet<&'a str>,
}

impl<'a> Filed<'a> {
    pub fn new(path: &'a Path, kept: &'a Kept, prefix: &'a str) -> Self {
        Self { path, kept, prefix, left: kept.names().filter_map(|name| name.strip_prefix(prefix)).collect() }
    }
}

impl Source for Filed<'_> {
    fn path(&self) -> &Path {
        self.path
    }

    fn take(&mut self, name: &str) -> Result<Named> {
        let weight = self.left.take(name).and_then(|_| self.kept.weight(&format!("{}{name}", self.prefix)));
        let weight = weight.ok_or_else(|| missing(self.path, name))?;
        Ok(Named { name: name.to_owned(), weight })
    }

    fn left(&self) -> Option<&str> {
        self.left.first().copied()
    }
}

/// Any array that is asked for, all zeros: a place for weights that come later.
pub(super) struct Blank;

impl Source for Blank {
    fn path(&self) -> &Path {
        Path::new("")
    }

    fn take(&mut self, name: &str) -> Result<Named> {
        Err(missing(self.path(), name))
    }

    fn blank(&self) -> bool {
        true
    }
}

/// The error for an array that is not there.
pub(super) fn missing(path: &Path, name: &str) -> Error {
    Error::file(
        path,
        format!("the array {name} is missing: is this the whole model, and is its configuration its own?"),
    )
}

/// Makes modules of a source's weights, whose shapes it checks.
pub(super) struct Builder<'a> {
    source: &'a mut dyn Source,
    device: &'a Device,
}

impl<'a> Builder<'a> {
    pub fn new(source: &'a mut dyn Source, device: &'a Device) -> Self {
        Self { source, device }
    }

    /// A parameter.
    ///
    /// # Errors
    ///
    /// As [`Source::take`]; also where the array has another shape, or a value that is not finite.
    pub fn param<const D: usize>(&mut self, name: &str, shape: [usize; D]) -> Result<Param<Tensor<D>>> {
        let values = self.values(name, &shape)?;
        Ok(Param::from_data(TensorData::new(values, shape), self.device))
    }

    /// The values of an array, row-major.
    ///
    /// # Errors
    ///
    /// As [`Builder::param`].
    pub fn values(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        if self.source.blank() {
            return Ok(vec![0.0; shape.iter().product()]);
        }
        let Named { name, weight } = self.source.take(name)?;
        let wrong = |problem: String| Err(Error::file(self.source.path(), format!("the array {name} {problem}")));
        if weight.shape != shape {
            return wrong(format!("is {:?}, and by its configuration it is {shape:?}", weight.shape));
        }
        // Block by block without a branch: an encoder has millions of them, and a program that answers one clip waits for this.
        let damaged = |block: &[f32]| block.iter().fold(false, |any, x| any | !x.is_finite());
        if weight.values.chunks(256).any(damaged)
            && let Some(at) = weight.values.iter().position(|x| !x.is_finite())
        {
            return wrong(format!("holds {} at {at}: the file is damaged; fetch it again", weight.values[at]));
        }
        Ok(weight.values)
    }

    pub fn linear(&mut self, name: &str, inputs: usize, outputs: usize, bias: bool) -> Result<Linear> {
        Ok(Linear {
            weight: self.param(&format!("{name}.weight"), [outputs, inputs])?,
            bias: if bias { Some(self.param(&format!("{name}.bias"), [outputs])?) } else { None },
            lora: None,
        })
    }

    pub fn norm(&mut self, name: &str, dims: usize, epsilon: f64) -> Result<Norm> {
        Ok(Norm {
            weight: self.param(&format!("{name}.weight"), [dims])?,
            bias: self.param(&format!("{name}.bias"), [dims])?,
            epsilon,
        })
    }

    /// A convolution over time; `shape` is `[outputs, inputs / groups, kernel]`.
    pub fn conv(&mut self, name: &str, shape: [usize; 3], bias: bool, stride: ops::Stride) -> Result<Conv> {
        let ops::Stride { stride, padding, groups } = stride;
        Ok(Conv {
            weight: self.param(&format!("{name}.weight"), shape)?,
            bias: if bias { Some(self.param(&format!("{name}.bias"), [shape[0]])?) } else { None },
            stride,
            padding,
            groups,
        })
    }

    pub fn layers(&mut self, config: &layer::TransformerConfig) -> Result<layer::Transformer> {
        layer::Transformer::build(config, self)
    }
}

/// A linear layer.
#[derive(Module, Debug)]
pub(super) struct Linear {
    /// `[outputs, inputs]`.
    pub weight: Param<Tensor<2>>,
    pub bias: Option<Param<Tensor<1>>>,
    /// What learns in place of the weight, where it does not.
    pub lora: Option<Lora>,
}

impl Linear {
    /// Beside an addition of low rank, which is zero at first.
    pub fn adapted(self, lora: LoraConfig, device: &Device) -> Self {
        let [outputs, inputs] = self.weight.dims();
        Self { lora: Some(Lora::new(lora, inputs, outputs, device)), ..self }
    }

    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let whole = ops::linear(x.clone(), self.weight.val(), self.bias.as_ref().map(Param::val));
        match &self.lora {
            Some(lora) => whole + lora.forward(x),
            None => whole,
        }
    }
}

/// Layer normalisation, or the scale and shift of another one.
#[derive(Module, Debug)]
pub(super) struct Norm {
    pub weight: Param<Tensor<1>>,
    pub bias: Param<Tensor<1>>,
    pub epsilon: f64,
}

impl Norm {
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        ops::layer_norm(x, self.weight.val(), self.bias.val(), self.epsilon)
    }
}

/// A convolution over time.
#[derive(Module, Debug)]
pub(super) struct Conv {
    /// `[outputs, inputs / groups, kernel]`.
    pub weight: Param<Tensor<3>>,
    pub bias: Option<Param<Tensor<1>>>,
    stride: usize,
    padding: usize,
    groups: usize,
}

impl Conv {
    pub fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let stride = ops::Stride { stride: self.stride, padding: self.padding, groups: self.groups };
        ops::conv1d(x, self.weight.val(), self.bias.as_ref().map(Param::val), stride)
    }
}
