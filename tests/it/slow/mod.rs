//! What takes long, or needs what few machines have: `.ci/slow` runs it.

mod booted;
mod packages;
mod system;
mod systemd;
mod windows;
