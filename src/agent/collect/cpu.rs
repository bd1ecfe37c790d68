//! Processor load over a real window of time.

use std::time::Duration;

use anyhow::ensure;
use sysinfo::{MINIMUM_CPU_UPDATE_INTERVAL, System};

/// Load of all processors together over the next `window` (at least 200 ms), 0 to 100 with two
/// decimals.
///
/// # Errors
/// Where the system does not show its processors.
pub async fn usage(window: Duration) -> anyhow::Result<f64> {
    let mut system = System::new()?;
    system.refresh_cpu_usage();
    tokio::time::sleep(window.max(MINIMUM_CPU_UPDATE_INTERVAL)).await;
    system.refresh_cpu_usage();
    ensure!(!system.cpus().is_empty(), "no processor is shown");
    let percent = f64::from(system.global_cpu_usage());
    ensure!(percent.is_finite(), "the load is not a number");
    Ok((percent.clamp(0.0, 100.0) * 100.0).round() / 100.0)
}
