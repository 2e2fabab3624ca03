//! Facts of the machine and the program: `env.json`.

use serde::{Deserialize, Serialize};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

/// What a run ran on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Version of this layout.
    pub schema: u32,
    /// derm's version.
    pub derm: String,
    /// Features of the build that choose devices and libraries: `cuda`, `mkl`, ….
    pub features: Vec<String>,
    /// Whether the build is optimised.
    pub optimised: bool,
    /// Such as `linux`.
    pub os: String,
    /// Such as `Debian GNU/Linux 12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub os_version: Option<String>,
    /// Such as `x86_64`.
    pub arch: String,
    /// The processor's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// Threads that this process may run at once.
    pub cores: usize,
    /// Bytes of main memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Vector instructions of the processor that decide which code the numeric libraries choose.
    pub simd: Vec<String>,
    /// Threads that derm works with.
    pub threads: usize,
}

impl Environment {
    /// Looks at this machine.
    pub fn collect() -> Self {
        let wanted = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()).with_memory(MemoryRefreshKind::nothing().with_ram());
        let system = System::new_with_specifics(wanted).ok();
        let cpu = system
            .as_ref()
            .and_then(|system| system.cpus().first())
            .map(|cpu| cpu.brand().trim().to_owned())
            .filter(|name| !name.is_empty());
        Self {
            schema: 1,
            derm: env!("CARGO_PKG_VERSION").to_owned(),
            features: features(),
            optimised: !cfg!(debug_assertions),
            os: std::env::consts::OS.to_owned(),
            os_version: System::long_os_version().ok(),
            arch: std::env::consts::ARCH.to_owned(),
            cpu,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory: system.map(|system| system.total_memory()),
            simd: simd(),
            threads: rayon::current_num_threads(),
        }
    }
}

fn features() -> Vec<String> {
    let all = [
        ("cuda", cfg!(feature = "cuda")),
        ("cudnn", cfg!(feature = "cudnn")),
        ("metal", cfg!(feature = "metal")),
        ("accelerate", cfg!(feature = "accelerate")),
        ("mkl", cfg!(feature = "mkl")),
    ];
    all.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(target_arch = "x86_64")]
fn simd() -> Vec<String> {
    let all = [
        ("avx", is_x86_feature_detected!("avx")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("fma", is_x86_feature_detected!("fma")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512bf16", is_x86_feature_detected!("avx512bf16")),
    ];
    all.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(target_arch = "aarch64")]
fn simd() -> Vec<String> {
    vec!["neon".to_owned()]
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn simd() -> Vec<String> {
    Vec::new()
}

/// Who started the process, where the environment tells.
pub(super) fn user() -> Option<String> {
    ["USER", "LOGNAME", "USERNAME"].iter().find_map(|name| std::env::var(name).ok()).filter(|user| !user.is_empty())
}

/// The machine's name.
pub(super) fn host() -> Option<String> {
    System::host_name().ok().filter(|name| !name.is_empty())
}
