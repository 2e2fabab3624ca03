//! From `--device` to a device.

use candle_core::Device;

use super::Failure;
use crate::cli::device::DeviceArgs;
use crate::training::config::DeviceKind;

/// The device that was named; its parser knows the names.
pub fn open(args: &DeviceArgs) -> Result<Device, Failure> {
    Ok(DeviceKind::named(&args.device).unwrap_or(DeviceKind::Cpu).open()?)
}
