//! Which file holds the inventory, and which one the original would have left.

use std::path::{Path, PathBuf};

use super::ConfigError;

const DEFAULT_FILE: &str = "tatuscan.redb";

/// The store's file, and the SQLite file that the original would have under that name.
pub(super) fn choose(
    named: Option<String>,
    data_dir: &Path,
) -> Result<(String, PathBuf), ConfigError> {
    let name = named.unwrap_or_else(|| DEFAULT_FILE.to_owned());
    let path = Path::new(&name);
    if path.file_name().is_none() || name.ends_with('/') || data_dir.join(path).is_dir() {
        let advice = "Write the name of a file, such as tatuscan.redb";
        let setting = "TATUSCAN_DB_FILE (--db-file)";
        return Err(ConfigError::new(setting, &name, "is not a file's name", advice));
    }
    if is_sqlite_name(path) || is_sqlite_file(&data_dir.join(path)) {
        let store = path.with_extension("redb").to_string_lossy().into_owned();
        return Ok((store, data_dir.join(path)));
    }
    let legacy = data_dir.join(path.with_extension("db"));
    Ok((name, legacy))
}

fn is_sqlite_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        let extension = extension.to_string_lossy().to_ascii_lowercase();
        extension == "db" || extension.starts_with("sqlite")
    })
}

fn is_sqlite_file(path: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 16];
    let read = std::fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && &start == b"SQLite format 3\0"
}
