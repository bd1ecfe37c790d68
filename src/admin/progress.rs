//! What a person sees while a command works. Nothing where nobody looks.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Says what is done, and that it goes on.
pub(super) fn spinner(what: &str) -> ProgressBar {
    let spinner = ProgressBar::new_spinner().with_message(format!("{what} …"));
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}

/// As [`spinner`], for as long as `work` takes.
pub(super) fn spin<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let spinner = spinner(what);
    let done = work();
    spinner.finish_and_clear();
    done
}

/// A bar of so many bytes.
pub(super) fn bytes(length: u64) -> ProgressBar {
    bar(length, "{bar:40} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left")
}

/// A bar of so many machines.
pub(super) fn machines(count: u64) -> ProgressBar {
    bar(count, "{bar:40} {pos}/{len} machines, {per_sec}, {eta} left")
}

fn bar(length: u64, template: &str) -> ProgressBar {
    let style = ProgressStyle::with_template(template);
    ProgressBar::new(length).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
