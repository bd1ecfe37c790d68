//! Tables as files for spreadsheets and programs. Nothing in them is a formula, whoever sent it.

mod csv;
mod text;
mod workbook;

pub use self::csv::CsvPiece;
pub use workbook::Workbook;
