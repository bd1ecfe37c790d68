//! What tests share.

use std::io::Write as _;

pub(crate) mod browser;
pub(crate) mod edge;
pub(crate) mod machines;
pub(crate) mod process;
pub(crate) mod server;

/// Says aloud that a test could not run here, and why; a failure where it is required to run.
pub(crate) fn skip(what: &str, need: &str, how: &str) {
    let required = std::env::var("TATUSCAN_TEST_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name.trim() == what),
        "{need} is missing, but TATUSCAN_TEST_REQUIRE names {what}: {how}"
    );
    // Past the harness, which hides what a passing test prints.
    let said = writeln!(std::io::stderr(), "SKIP: {need} is missing: {how}");
    said.unwrap();
}

/// How many rounds a campaign runs: short by default, TATUSCAN_TEST_ROUNDS for the long one.
pub(crate) fn rounds(default: u64) -> u64 {
    std::env::var("TATUSCAN_TEST_ROUNDS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(default)
}
