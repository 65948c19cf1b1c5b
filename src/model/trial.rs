//! What the tests of operations share.

use burn::tensor::{Device, Tensor, TensorData};

/// Pseudo-random numbers from -1 to below 1, so that no test depends on Burn's seed, which is one for the whole process.
pub struct Numbers(pub u32);

impl Numbers {
    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    pub fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }

    pub fn up_to(&mut self, most: usize) -> usize {
        1 + ((self.next() + 1.0) / 2.0 * most as f32) as usize % most
    }

    pub fn tensor<const D: usize>(&mut self, shape: [usize; D], device: &Device) -> Tensor<D> {
        Tensor::from_data(TensorData::new(self.take(shape.iter().product()), shape), device)
    }
}

/// Where operations are trained.
pub fn device() -> Device {
    Device::flex().autodiff()
}

/// A tensor's values, row-major.
pub fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// The largest difference in relation to the largest number.
pub fn deviation(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    let largest = theirs.iter().fold(1e-3f32, |most, x| most.max(x.abs()));
    ours.iter().zip(theirs).fold(0.0f32, |most, (a, b)| most.max((a - b).abs())) / largest
}
