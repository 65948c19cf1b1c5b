//! `--device`: what computes.

use std::{fmt, str::FromStr};

use burn::tensor::Device;

use crate::error::{Error, Result};

/// Whether `SER_SIMD` names vector instructions that this processor has; a program asks before it begins.
///
/// # Errors
///
/// [`Error::Config`] with the value and what may stand in its place.
pub fn check_processor() -> Result<()> {
    ser_kernels::Level::check().map_err(Error::Config)
}

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
    /// [`Error::Config`] where it was not compiled in, saying how to build it, or where this machine has none.
    pub fn open(self) -> Result<Device> {
        self.open_one(0)
    }

    /// Opens the first `count` GPUs of the kind, or the one processor.
    ///
    /// # Errors
    ///
    /// As [`DeviceKind::open`]; [`Error::Config`] also where more than one processor is asked for, or more GPUs than
    /// there are.
    pub fn open_several(self, count: usize) -> Result<Vec<Device>> {
        if count > 1 && matches!(self, Self::Flex | Self::Ndarray) {
            return Err(Error::Config(format!(
                "--gpus {count}: --device {self} is the processor, all of whose cores are used already; leave it out"
            )));
        }
        (0..count).map(|index| self.open_one(index)).collect()
    }

    fn open_one(self, index: usize) -> Result<Device> {
        match self {
            Self::Flex => Ok(Device::flex()),
            #[cfg(feature = "ndarray")]
            #[allow(deprecated)] // kept for comparison for as long as Burn has it
            Self::Ndarray => Ok(Device::ndarray()),
            #[cfg(feature = "wgpu")]
            Self::Wgpu => self.probed(index, |index| {
                // Only the default kind finds a software renderer.
                let first = burn::tensor::DeviceKind::DefaultDevice;
                Device::wgpu(if index == 0 { first } else { burn::tensor::DeviceKind::DiscreteGpu(index) })
            }),
            #[cfg(feature = "cuda")]
            Self::Cuda => self.probed(index, Device::cuda),
            #[allow(unreachable_patterns)] // reachable unless every feature is on
            missing => {
                let _ = index;
                Err(Error::Config(format!(
                    "--device {missing}: this program was built without it; build it with \
                     `cargo build --release --features {missing}`, or use --device flex"
                )))
            }
        }
    }

    /// Opens a GPU and has it add two numbers: a driver that is missing or broken is a panic in its bindings, which is
    /// one line here.
    #[cfg(any(feature = "wgpu", feature = "cuda"))]
    fn probed(self, index: usize, open: impl FnOnce(usize) -> Device) -> Result<Device> {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let device = open(index);
            let two = burn::tensor::Tensor::<1>::ones([1], &device).add_scalar(1.0).into_data();
            (two.iter::<f32>().next() == Some(2.0)).then_some(device)
        }));
        std::panic::set_hook(hook);
        let reason = match opened {
            Ok(Some(device)) => return Ok(device),
            Ok(None) => "it cannot add one and one".to_owned(),
            Err(panic) => {
                let words = panic.downcast_ref::<String>().map(String::as_str);
                let words = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
                words.lines().next().unwrap_or_default().to_owned()
            }
        };
        let driver = if self == Self::Cuda { "NVIDIA's" } else { "a Vulkan one, such as Debian's mesa-vulkan-drivers" };
        Err(Error::Config(format!(
            "--device {self}: no GPU {index} that works was found ({reason}); install its driver ({driver}), or use --device flex"
        )))
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
