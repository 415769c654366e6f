//! What the process holds, as Linux tells it: an input is four kilobytes at most, and no target may make much of so little.

/// Bytes in memory now; `None` where the system does not tell.
pub fn resident() -> Option<u64> {
    status("VmRSS:")
}

/// The most bytes that were in memory at once so far.
pub fn peak() -> Option<u64> {
    status("VmHWM:")
}

fn status(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix(field))?;
    Some(kilobytes.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// Bytes that a run may have in memory: the targets that decode pictures take a hundred megabytes of it.
pub const LIMIT: u64 = 512 << 20;
