//! Where a network runs.

use clap::Args;

#[derive(Debug, Args)]
pub struct DeviceArgs {
    /// Where the network runs; `cuda` and `metal` need a derm that was built for them
    #[arg(long, value_name = "DEVICE", value_parser = ["cpu", "cuda", "metal"], default_value = "cpu")]
    pub device: String,
}
