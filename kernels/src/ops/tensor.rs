//! From Burn's tensors on the flex device to slices.

use burn::backend::tensor::FloatTensor;
use burn::backend::{DispatchDevice, Flex, TensorMetadata};
use burn::tensor::{DType, Tensor};

use crate::view::View;

/// A tensor of the flex device.
pub type FlexTensor = FloatTensor<Flex>;

/// Whether the fused operations serve the tensor's device and number format.
pub fn is_fused<const D: usize>(input: &Tensor<D>) -> bool {
    let device = input.device();
    let flex = match device.as_dispatch() {
        DispatchDevice::Flex(_) => true,
        DispatchDevice::Autodiff(inner) => matches!(**inner, DispatchDevice::Flex(_)),
        // Only other devices that were compiled in, of which there may be none.
        #[allow(unreachable_patterns)]
        _ => false,
    };
    flex && input.dtype() == DType::F32
}

/// The tensor itself, or a copy if it runs backwards in some dimension.
pub fn forward_strides(tensor: FlexTensor) -> FlexTensor {
    if tensor.layout().strides().iter().any(|&stride| stride < 0) { tensor.to_contiguous() } else { tensor }
}

/// The tensor itself, or a copy if the numbers of a step do not lie side by side.
pub fn whole_rows(tensor: FlexTensor) -> FlexTensor {
    let tensor = forward_strides(tensor);
    if tensor.layout().strides().last() == Some(&1) { tensor } else { tensor.to_contiguous() }
}

/// The tensor's numbers where they lie; it must not run backwards in any dimension.
pub fn view(tensor: &FlexTensor) -> View<'_> {
    let layout = tensor.layout();
    let stride = |dimension: usize| layout.strides().get(dimension).map_or(0, |stride| stride.unsigned_abs());
    View { data: &tensor.storage()[layout.start_offset()..], strides: [stride(0), stride(1), stride(2)] }
}

/// The numbers of a contiguous tensor.
pub fn numbers(tensor: &FlexTensor) -> &[f32] {
    &view(tensor).data[..tensor.shape().num_elements()]
}
