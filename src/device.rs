//! `--device`: what computes.

use std::{fmt, str::FromStr};

use burn::tensor::Device;

use crate::error::{Error, Result};

/// The devices by their names on the command line. All but `flex` are compiled in by the cargo feature of their name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum DeviceKind {
    /// The processor, in pure Rust: the default.
    #[default]
    Flex,
    /// The processor, through `ndarray`; Burn deprecates it.
    Ndarray,
    /// Any GPU, through Vulkan, Metal or DirectX.
    Wgpu,
    /// NVIDIA GPUs, through CUDA.
    Cuda,
}

impl DeviceKind {
    const ALL: [Self; 4] = [Self::Flex, Self::Ndarray, Self::Wgpu, Self::Cuda];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        }
    }

    /// Opens the device.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where it was not compiled in, saying how to build it.
    pub fn open(self) -> Result<Device> {
        match self {
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => Ok(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
            #[cfg(feature = "cuda")]
            Self::Cuda => Ok(Device::cuda(0)),
            #[allow(unreachable_patterns)] // reachable unless every feature is on
            missing => Err(Error::Config(format!(
                "--device {missing}: this program was built without it; build it with \
                 `cargo build --release --features {missing}`, or use --device flex"
            ))),
        }
    }
}

impl fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for DeviceKind {
    type Err = String;

    fn from_str(name: &str) -> std::result::Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("choose one of {}", Self::ALL.map(Self::name).join(", ")))
    }
}
