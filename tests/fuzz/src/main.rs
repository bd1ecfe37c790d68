//! Whatever reads what others wrote, fed with what nobody would write: one program in which libFuzzer
//! calls the target that `TATUSCAN_FUZZ` names. `./run` builds and runs it.
//!
//! A target says more than that nothing panics: what was accepted is shown as it was meant, is read
//! again as the same, and has nothing in it that could do harm.

#![no_main]

mod sample;
mod targets;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

/// The target of this process.
static TARGET: LazyLock<targets::Target> = LazyLock::new(|| {
    #[expect(clippy::disallowed_methods, reason = "this is for the fuzzer, not the configuration")]
    let name = std::env::var("TATUSCAN_FUZZ").unwrap_or_default();
    let known = targets::ALL.iter().find(|(known, _)| *known == name);
    let names = targets::ALL.map(|(name, _)| name).join(", ");
    known.unwrap_or_else(|| panic!("TATUSCAN_FUZZ is {name:?}, but takes one of {names}")).1
});

fuzz_target!(|data: &[u8]| TARGET(data));
