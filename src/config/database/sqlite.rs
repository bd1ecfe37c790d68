//! The file that an SQLite URI names.

use std::path::PathBuf;

use super::ConfigError;
use super::file::locate;
use super::options::{Options, flag};
use super::source::Source;
use super::uri::Uri;

/// What Python's driver is told; there is nothing to it here.
const OF_PYTHON: [&str; 5] =
    ["cached_statements", "check_same_thread", "detect_types", "isolation_level", "timeout"];

const ADVICE: &str = "Write sqlite:////path/to/file.db, with four slashes, or sqlite:///file.db, \
    with three, for a path from the working directory";

/// The absolute path of the file, which is there or can be made, and warnings.
pub(super) fn read(
    uri: &Uri,
    source: Source,
    base_dirs: &[PathBuf],
) -> Result<(PathBuf, Vec<String>), ConfigError> {
    if !uri.is_file() {
        return Err(source.refuse("has a host or user name, which a file has not", ADVICE));
    }
    let mut options = Options::read(uri.query, source)?;
    options.take_all(&OF_PYTHON);
    let is_uri = options.take(&["uri"]).is_some_and(|text| flag(&text) == Some(true));
    let mode = if is_uri { options.take(&["mode"]) } else { None };
    let database = uri.database.unwrap_or_default();
    let written = if is_uri { path_of_uri(database) } else { database };
    let decoded = source.decoded(written, "path")?;
    if decoded.is_empty() || decoded == ":memory:" || mode.as_deref() == Some("memory") {
        let problem = "is kept in memory and lost at every stop";
        return Err(source.refuse(problem, ADVICE));
    }
    if mode.as_deref() == Some("ro") {
        let advice = "Leave mode=ro out: reports are written";
        return Err(source.refuse("is for reading only", advice));
    }
    if cfg!(not(windows)) && is_of_windows(&decoded) {
        return Err(source.refuse("is a path of Windows", ADVICE));
    }
    // SQLAlchemy took %XX in a path as it is until 2.1, which decodes it.
    let names = [PathBuf::from(&decoded), PathBuf::from(written)];
    let located = locate(&names, base_dirs).map_err(|problem| source.refuse(&problem, ADVICE))?;
    let mut warnings: Vec<String> = Vec::new();
    if !located.others.is_empty() {
        let others: Vec<String> =
            located.others.iter().map(|path| path.display().to_string()).collect();
        warnings.push(source.warning(&format!(
            "{} is used, and not {}",
            located.path.display(),
            others.join(" or ")
        )));
    }
    warnings.extend(options.into_warnings());
    Ok((located.path, warnings))
}

/// The path of SQLite's own URI: `file:data.db`, `file:/srv/data.db`, `file:///srv/data.db`.
fn path_of_uri(text: &str) -> &str {
    let path = text.strip_prefix("file:").unwrap_or(text);
    let after_host = path.strip_prefix("//localhost").or_else(|| path.strip_prefix("//"));
    after_host.filter(|path| path.starts_with('/')).unwrap_or(path)
}

fn is_of_windows(path: &str) -> bool {
    let bytes = path.as_bytes();
    let has_drive = bytes.len() > 2 && bytes[0].is_ascii_alphabetic() && bytes[1] == b':';
    path.starts_with(r"\\") || has_drive && matches!(bytes[2], b'/' | b'\\')
}
