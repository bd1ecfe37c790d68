//! What goes wrong beside the program: power, disks, clocks, networks, databases and other servers.
//! Everything here happens by a seed; [`crate::support::seed`] says how to run more of it, and how to
//! see one round again.

mod clock;
mod disk;
mod errors;
mod files;
mod power;
mod servers;
mod sql;
mod vanished;
mod workload;
