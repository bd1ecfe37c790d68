//! What tests share.

use std::io::Write as _;

pub(crate) mod browser;
pub(crate) mod database;
pub(crate) mod edge;
pub(crate) mod machines;
pub(crate) mod process;
pub(crate) mod proxy;
pub(crate) mod seed;
pub(crate) mod server;
pub(crate) mod tls;
pub(crate) mod unit;

pub(crate) use seed::rounds;

/// Says aloud that a test could not run here, and what it needs. Where TATUSCAN_TEST_REQUIRE
/// names `what`, that is a failure.
pub(crate) fn skip(what: &str, why: &str) {
    let required = std::env::var("TATUSCAN_TEST_REQUIRE").unwrap_or_default();
    assert!(
        !required.split(',').any(|name| name.trim() == what),
        "{what} is required by TATUSCAN_TEST_REQUIRE: {why}"
    );
    // Past the harness, which hides what a passing test prints.
    let mut terminal = std::io::stderr();
    writeln!(terminal, "SKIP: {what}: {why}").unwrap();
}
