//! Tables that people bring: CSV from spreadsheets in whatever form they write it, read into changes
//! of machines. What [`crate::export`] writes is read back.

mod cell;
mod encoding;
mod field;
mod header;
mod options;
mod table;

pub use options::{IMPORT_PARAMETERS, Options, parse_options};
pub use table::{Table, read};
