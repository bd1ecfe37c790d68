//! Options of `tatuscan import`.

use std::path::PathBuf;

use clap::Args;

use super::Target;

/// Options of importing a file of machines.
#[derive(Debug, Clone, Args)]
pub struct Import {
    /// The file of CSV, with a header; - is standard input
    #[arg(default_value = "inventario.csv")]
    pub file: PathBuf,

    /// The file, as the original's script was told
    #[arg(long, value_name = "FILE", hide = true, conflicts_with = "file")]
    pub csv: Option<PathBuf>,

    /// What a row and its machine have in common: the id, the host name, the number in it, or the
    /// asset number (the first of them that the file has a column of if not given)
    #[arg(long = "match", value_name = "FIELD",
        value_parser = ["machine_id", "hostname", "number", "asset_number", "serial"])]
    pub match_by: Option<String>,

    /// What a column is, where its header does not say: 'Andar:custom.floor'; nothing after the
    /// colon leaves it out
    #[arg(long, value_name = "HEADER:FIELD")]
    pub map: Vec<String>,

    /// Only say what would be changed
    #[arg(long)]
    pub dry_run: bool,

    /// What separates fields: ; , | or tab (as the header is written if not given)
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<String>,

    /// How characters are encoded (UTF-8 where the file is that, else Windows-1252, if not given)
    #[arg(long, value_parser = ["utf-8", "windows-1252"])]
    pub encoding: Option<String>,

    /// Clear what the inventory has where a cell is empty
    #[arg(long)]
    pub clear_empty: bool,

    /// Count the days in use from the activation to today where the file does not say them
    #[arg(long)]
    pub fill_days: bool,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
}
