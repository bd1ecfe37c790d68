//! Machines and changes as files.

mod audit;
mod download;
mod machines;

pub(super) use audit::AuditExport;
pub(super) use download::{Csv, Download, JsonLines, Xlsx};
pub(super) use machines::MachineExport;
