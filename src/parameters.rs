//! The parameters of a Burn module as arrays by name.

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::Tensor,
};

use crate::arrays::{Arrays, Weight};

/// Every parameter and running statistic of a module by the path of its fields, in their order.
pub(crate) fn read<M: Module>(module: &M) -> Arrays {
    let mut reader = Reader { path: Vec::new(), arrays: Arrays::new() };
    module.visit(&mut reader);
    reader.arrays
}

/// Appends a tensor's values as f32, row-major, whatever the device computes in.
pub(crate) fn append<const D: usize>(to: &mut Vec<f32>, tensor: Tensor<D>) {
    let data = tensor.into_data();
    match data.as_slice::<f32>() {
        Ok(values) => to.extend_from_slice(values),
        Err(_) => to.extend(data.iter::<f32>()),
    }
}

struct Reader {
    path: Vec<String>,
    arrays: Arrays,
}

impl ModuleVisitor for Reader {
    fn enter_module(&mut self, name: &str, _container_type: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _name: &str, _container_type: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let shape = tensor.dims().to_vec();
        let mut values = Vec::new();
        append(&mut values, tensor);
        self.arrays.push((self.path.join("."), Weight { shape, values }));
    }
}
