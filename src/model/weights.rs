//! A network's parameters by name: what bundles and checkpoints hold, and what the optimiser steps over.

use std::collections::BTreeMap;

use burn::{
    module::{Module, ModuleMapper, ModuleVisitor, Param},
    tensor::{Gradients, Tensor, TensorData},
};

use crate::{
    arrays::Weight,
    error::{Error, Result},
    parameters::{self, append},
};

/// A network's weights by their path in it, as `blocks.0.conv.weight`.
pub type Weights = BTreeMap<String, Weight>;

/// Every parameter and running statistic of the module.
#[must_use]
pub fn read<M: Module>(module: &M) -> Weights {
    // A training module holds its last update of the running statistics back until they are next asked for; the
    // validation view asks.
    parameters::read(&module.valid()).into_iter().collect()
}

/// The module with `weights` in place of its own.
///
/// # Errors
///
/// [`Error::Data`] naming a parameter that is missing, not known, or of another shape.
pub fn write<M: Module>(module: M, weights: Weights) -> Result<M> {
    let mut writer = Writer { path: Vec::new(), weights, problem: None };
    let module = module.map(&mut writer);
    let problem = writer
        .problem
        .or_else(|| writer.weights.keys().next().map(|path| format!("{path} is not a parameter of this network")));
    match problem {
        Some(problem) => Err(Error::Data(format!("the weights do not fit the network: {problem}"))),
        None => Ok(module),
    }
}

struct Writer {
    path: Vec<String>,
    weights: Weights,
    problem: Option<String>,
}

impl ModuleMapper for Writer {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let path = self.path.join(".");
        // Not `val`: it would draw the values that a network starts with, a fifth of the time of a cold answer.
        let shape = param.lazy_shape();
        match self.weights.remove(&path) {
            None => self.problem = Some(format!("{path} is missing")),
            Some(weight) if weight.shape != shape.as_slice() => {
                self.problem = Some(format!("{path} is {:?} and should be {:?}", weight.shape, shape.as_slice()));
            }
            Some(weight) => return replace(param, weight.values),
        }
        param
    }
}

/// The parameter with other values; its identity, device and trainability stay.
fn replace<const D: usize>(param: Param<Tensor<D>>, values: Vec<f32>) -> Param<Tensor<D>> {
    let new = Tensor::<D>::from_data(TensorData::new(values, param.lazy_shape()), &param.lazy_device());
    let id = param.id;
    param.transform_for_load(new, id)
}

/// The trainable parameters one after another, in the module's own order.
#[must_use]
pub fn flatten<M: Module>(module: &M) -> Vec<f32> {
    let mut visitor = Flatten { flat: Vec::with_capacity(module.num_params()) };
    module.visit(&mut visitor);
    visitor.flat
}

struct Flatten {
    flat: Vec<f32>,
}

impl ModuleVisitor for Flatten {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.val().is_require_grad() {
            append(&mut self.flat, param.val());
        }
    }
}

/// The gradients of the trainable parameters, laid out as [`flatten`] does; zero where the loss does not depend on one.
#[must_use]
pub fn flatten_gradients<M: Module>(module: &M, gradients: &Gradients) -> Vec<f32> {
    let mut visitor = FlattenGradients { gradients, flat: Vec::with_capacity(module.num_params()) };
    module.visit(&mut visitor);
    visitor.flat
}

struct FlattenGradients<'a> {
    gradients: &'a Gradients,
    flat: Vec<f32>,
}

impl ModuleVisitor for FlattenGradients<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        if tensor.is_require_grad() {
            match tensor.grad(self.gradients) {
                Some(gradient) => append(&mut self.flat, gradient),
                None => self.flat.resize(self.flat.len() + tensor.dims().iter().product::<usize>(), 0.0),
            }
        }
    }
}

/// The module with its trainable parameters taken from `flat`, laid out as [`flatten`] does.
#[must_use]
pub fn unflatten<M: Module>(module: M, flat: &[f32]) -> M {
    module.map(&mut Unflatten { flat })
}

struct Unflatten<'a> {
    flat: &'a [f32],
}

impl ModuleMapper for Unflatten<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.val().is_require_grad() {
            return param;
        }
        let (own, rest) = self.flat.split_at(param.val().dims().iter().product());
        self.flat = rest;
        replace(param, own.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::model::{ModelConfig, Net};

    fn net() -> Net {
        let config = ModelConfig { channels: vec![4], hidden: 3, dense: 5, ..ModelConfig::default() };
        Net::new(&config, 6, 2, &Device::flex().autodiff())
    }

    #[test]
    fn weights_survive_the_way_out_and_in() {
        let (one, other) = (net(), net());
        let weights = read(&one);
        assert!(weights.keys().any(|k| k == "blocks.0.norm.running_mean"), "{:?}", weights.keys());
        assert_ne!(weights, read(&other));
        assert_eq!(read(&write(other, weights.clone()).unwrap()), weights);
        let flat = flatten(&one);
        assert_eq!(flat.len(), one.num_params() - 2 * 4);
        assert_eq!(flatten(&unflatten(net(), &flat)), flat);
    }

    #[test]
    fn weights_of_another_network_are_refused_by_name() {
        let mut weights = read(&net());
        let dense = weights.remove("dense.weight").unwrap();
        assert!(write(net(), weights.clone()).unwrap_err().to_string().contains("dense.weight is missing"));
        weights.insert("dense.weight".into(), Weight { shape: vec![1, 30], ..dense.clone() });
        assert!(write(net(), weights.clone()).unwrap_err().to_string().contains("dense.weight is [1, 30]"));
        weights.insert("dense.weight".into(), dense.clone());
        weights.insert("extra".into(), dense);
        assert!(write(net(), weights).unwrap_err().to_string().contains("extra"));
    }
}
