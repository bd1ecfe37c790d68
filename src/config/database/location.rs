//! Where an inventory is kept, of whatever kind its store is.

use std::fmt;
use std::path::{Path, PathBuf};

use super::source::{FORMS, Source};
use super::uri::Uri;
use super::{ConfigError, Database, file};

/// Where an inventory is kept. Shown without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A file of the embedded store, by its absolute path. Where none is, its directory is there
    /// and can be written.
    Embedded(PathBuf),
    /// An SQL database.
    Sql(Database),
}

impl Location {
    /// Reads `redb:////path`, `redb:///relative`, the bare path of a `.redb` file (relative to the
    /// working directory), or whatever [`Database::parse`] takes.
    ///
    /// # Errors
    /// As [`Database::parse`].
    pub fn parse(
        text: &str,
        setting: &str,
        base_dirs: &[PathBuf],
    ) -> Result<(Self, Vec<String>), ConfigError> {
        let source = Source { text, setting };
        let advice = "Write redb:////path/to/file.redb, or the path alone";
        let embedded = |name: PathBuf, base_dirs: &[PathBuf]| {
            let located = file::locate(&[name], base_dirs);
            let located = located.map_err(|problem| source.refuse(&problem, advice))?;
            Ok((Self::Embedded(located.path), Vec::new()))
        };
        if !text.contains("://") {
            if is_redb_name(Path::new(text)) {
                return embedded(PathBuf::from(text), &[PathBuf::new()]);
            }
            let problem = "is neither the path of a .redb file nor the address of a database";
            return Err(source.refuse(problem, &format!("{advice}. {FORMS}")));
        }
        if let Some(uri) = Uri::split(text).filter(|uri| uri.scheme == "redb") {
            let path = source.decoded(uri.database.unwrap_or_default(), "path")?;
            if !uri.is_file() || uri.query.is_some() || path.is_empty() {
                return Err(source.refuse("names no file of the embedded store", advice));
            }
            return embedded(PathBuf::from(path), base_dirs);
        }
        let (database, warnings) = Database::parse(text, setting, base_dirs)?;
        Ok((Self::Sql(database), warnings))
    }
}

fn is_redb_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("redb"))
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(path) => write!(f, "redb:///{}", path.display()),
            Self::Sql(database) => database.fmt(f),
        }
    }
}
