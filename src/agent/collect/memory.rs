//! Installed and used memory, from the text of `/proc/meminfo`.

use anyhow::{Context, ensure};

/// Memory in MiB, rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// What the system can use.
    pub total_mb: i64,
    /// In use: total - free - buffers - cached - reclaimable slabs, as the original counts.
    pub used_mb: i64,
}

/// Reads the text of `/proc/meminfo`, whose sizes are in KiB.
///
/// # Errors
/// When the total or the free amount is missing, or the total is 0.
pub fn parse_meminfo(text: &str) -> anyhow::Result<Memory> {
    let size_kib = |name: &str| -> Option<i64> {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            let size = || value.split_whitespace().next()?.parse::<u64>().ok()?.try_into().ok();
            (key == name).then(size)?
        })
    };
    let total = size_kib("MemTotal").context("there is no MemTotal")?;
    ensure!(total > 0, "MemTotal is {total}");
    let caches = ["Buffers", "Cached", "SReclaimable"].into_iter().filter_map(size_kib);
    let caches = caches.fold(0, i64::saturating_add);
    let unused: i64 = size_kib("MemFree").context("there is no MemFree")?.saturating_add(caches);
    Ok(Memory { total_mb: total / 1024, used_mb: total.saturating_sub(unused).max(0) / 1024 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMINFO: &str = "MemTotal:       24684084 kB\nMemFree:        20000000 kB\n\
        MemAvailable:   23934104 kB\nBuffers:          100000 kB\nCached:          3000000 kB\n\
        SwapCached:       999999 kB\nSlab:             800000 kB\nSReclaimable:     400000 kB\n";

    #[test]
    fn memory_is_counted_as_the_original_agent_does() {
        let memory = parse_meminfo(MEMINFO).unwrap();
        assert_eq!(memory, Memory { total_mb: 24105, used_mb: 1_184_084 / 1024 });
    }

    #[test]
    fn old_kernels_without_reclaimable_slabs_are_read_too() {
        let memory = parse_meminfo("MemTotal: 2048 kB\nMemFree: 1024 kB\n").unwrap();
        assert_eq!(memory, Memory { total_mb: 2, used_mb: 1 });
    }

    #[test]
    fn a_total_of_zero_or_none_is_a_failed_reading() {
        for text in ["", "MemTotal: 0 kB\nMemFree: 0 kB", "MemFree: 5 kB", "MemTotal: x kB"] {
            assert!(parse_meminfo(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn more_free_than_there_is_counts_as_nothing_used() {
        let memory = parse_meminfo("MemTotal: 1024 kB\nMemFree: 1000 kB\nCached: 500 kB").unwrap();
        assert_eq!(memory.used_mb, 0);
        let most = i64::MAX;
        let text = format!("MemTotal: 1024 kB\nMemFree: 1 kB\nCached: {most} kB\nBuffers: {most}");
        assert_eq!(parse_meminfo(&text).unwrap().used_mb, 0);
        assert!(parse_meminfo("MemTotal: 1024 kB\nMemFree: -2048 kB").is_err());
    }
}
