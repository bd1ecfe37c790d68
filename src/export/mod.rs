//! Tables as files for spreadsheets and programs. No cell in them is a formula, whoever sent it; a CSV
//! file that is opened with another delimiter than it was written with has other cells.

mod csv;
mod text;
mod workbook;

pub use self::csv::CsvPiece;
pub use workbook::Workbook;
