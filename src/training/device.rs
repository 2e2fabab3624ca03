//! Devices that this binary was built for and that are there.

use candle_core::Device;

use super::config::DeviceKind;
use super::error::Error;

impl DeviceKind {
    /// Every kind.
    pub const ALL: [DeviceKind; 3] = [DeviceKind::Cpu, DeviceKind::Cuda, DeviceKind::Metal];

    /// The kind of this name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Whether this binary can use such a device.
    pub fn is_built(self) -> bool {
        match self {
            DeviceKind::Cpu => true,
            DeviceKind::Cuda => cfg!(feature = "cuda"),
            DeviceKind::Metal => cfg!(feature = "metal"),
        }
    }

    /// The machine's first device of this kind.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where the binary was built without it, [`Error::NoDevice`] where the machine has none that works.
    pub fn open(self) -> Result<Device, Error> {
        if !self.is_built() {
            return Err(Error::Device { kind: self });
        }
        let opened = match self {
            DeviceKind::Cpu => Ok(Device::Cpu),
            DeviceKind::Cuda => Device::new_cuda(0),
            DeviceKind::Metal => Device::new_metal(0),
        };
        opened.map_err(|source| Error::NoDevice { kind: self, reason: source.to_string() })
    }
}
