//! Options of `tatuscan export`.

use std::path::PathBuf;

use clap::Args;

use super::Target;

/// Options of writing machines into a file.
#[derive(Debug, Clone, Default, Args)]
pub struct Export {
    /// What kind of file (as the ending of FILE says, else csv)
    #[arg(long, value_parser = ["csv", "xlsx", "jsonl"])]
    pub format: Option<String>,

    /// Columns in order, with commas between them: fields of the API's list, custom.KEY, or custom
    /// for every custom field (all if not given)
    #[arg(long, value_name = "NAMES")]
    pub columns: Option<String>,

    /// Language of the headers and of numbers in CSV (pt-BR if not given)
    #[arg(long, value_name = "LANGUAGE", value_parser = ["pt-BR", "en", "es"])]
    pub lang: Option<String>,

    /// What separates fields in CSV: ; , | or tab (; in pt-BR and es, and , in en if not given)
    #[arg(long, value_name = "CHARACTER")]
    pub delimiter: Option<String>,

    /// Only machines that a search finds, written as in the dashboard's box
    #[arg(short, long, value_name = "SEARCH")]
    pub q: Option<String>,

    /// Only machines of a view, written as in its address: 'os=windows&status=online'
    #[arg(long, value_name = "QUERY")]
    pub filter: Vec<String>,

    /// The file to write, whole or not at all (standard output if not given)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    #[command(flatten)]
    #[allow(missing_docs)]
    pub target: Target,
}
