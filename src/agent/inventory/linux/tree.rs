//! The files of a machine, below its root directory.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::agent::handed;
use crate::agent::inventory::words::short;
use crate::wire::sections::is_junk_identifier;

/// Most bytes of a file that is read as a whole.
const MOST_BYTES: u64 = 1 << 20;
/// A directory and what is below it. Paths in it are written without a slash at the start.
#[derive(Clone, Copy)]
pub(super) struct Tree<'a>(pub(super) &'a Path);

impl Tree<'_> {
    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    /// A file; `None` where there is none, or where it may not be read.
    pub(super) fn open(&self, path: &str) -> anyhow::Result<Option<BufReader<File>>> {
        match File::open(self.path(path)) {
            Ok(file) => Ok(Some(BufReader::new(file))),
            Err(error) if is_absent(&error) => Ok(self.handed(path).map(BufReader::new)),
            Err(error) => Err(error).with_context(|| format!("/{path}")),
        }
    }

    /// The copy of a file of the firmware's that a service is handed.
    fn handed(&self, path: &str) -> Option<File> {
        let (directory, name) = path.rsplit_once('/')?;
        let is_firmware = directory.starts_with("sys/") && directory.contains("/dmi/");
        let path = handed::path(name).filter(|_| is_firmware && self.0 == Path::new("/"))?;
        File::open(path).ok()
    }

    /// What a file holds, its first MiB; `None` where there is none, or where it may not be read.
    pub(super) fn bytes(&self, path: &str) -> anyhow::Result<Option<Vec<u8>>> {
        let Some(file) = self.open(path)? else { return Ok(None) };
        let mut bytes = Vec::new();
        match file.take(MOST_BYTES).read_to_end(&mut bytes) {
            Ok(_) => Ok(Some(bytes)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error).with_context(|| format!("/{path}")),
        }
    }

    /// [`Tree::bytes`] as text.
    pub(super) fn text(&self, path: &str) -> anyhow::Result<Option<String>> {
        let bytes = self.bytes(path)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// A short text that is the whole of a file; `None` where there is none, whatever the reason.
    pub(super) fn value(&self, path: &str) -> Option<String> {
        let text = self.text(path).inspect_err(|error| tracing::debug!("{error:#}"));
        short(&text.ok()??)
    }

    /// The same as a number.
    pub(super) fn number(&self, path: &str) -> Option<u64> {
        self.value(path)?.parse().ok()
    }

    /// A text of the firmware's, unless it is one that makers leave where they know nothing.
    pub(super) fn identifier(&self, path: &str) -> Option<String> {
        self.value(path).filter(|text| !is_junk_identifier(text))
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// Where a link points, as it is written.
    pub(super) fn link(&self, path: &str) -> Option<PathBuf> {
        fs::read_link(self.path(path)).ok()
    }

    /// The last part of where a link points.
    pub(super) fn link_name(&self, path: &str) -> Option<String> {
        Some(self.link(path)?.file_name()?.to_string_lossy().into_owned())
    }

    /// The names in a directory, in order; none where there is no directory.
    pub(super) fn names(&self, path: &str) -> anyhow::Result<Vec<String>> {
        let entries = match fs::read_dir(self.path(path)) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(Vec::new()),
            Err(error) => return Err(error).with_context(|| format!("/{path}")),
        };
        let name =
            |entry: io::Result<fs::DirEntry>| Some(entry.ok()?.file_name().to_str()?.to_owned());
        let mut names: Vec<String> = entries.filter_map(name).collect();
        names.sort();
        Ok(names)
    }
}

fn is_absent(error: &io::Error) -> bool {
    use io::ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    matches!(error.kind(), NotADirectory | NotFound | PermissionDenied)
}

/// Files of made-up machines.
#[cfg(test)]
pub(in crate::agent) mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// A made-up machine, gone when it is dropped.
    pub(in crate::agent) struct Made(tempfile::TempDir);

    impl Made {
        pub(in crate::agent) fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        pub(in crate::agent) fn of(files: &[(&str, &str)]) -> Self {
            let made = Self::new();
            for (path, text) in files {
                made.file(path, text);
            }
            made
        }

        pub(in crate::agent) fn root(&self) -> &Path {
            self.0.path()
        }

        fn with_parents(&self, path: &str) -> PathBuf {
            let path = self.root().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            path
        }

        pub(in crate::agent) fn file(&self, path: &str, bytes: impl AsRef<[u8]>) {
            fs::write(self.with_parents(path), bytes).unwrap();
        }

        pub(in crate::agent) fn link(&self, path: &str, target: &str) {
            symlink(target, self.with_parents(path)).unwrap();
        }

        pub(in crate::agent) fn directory(&self, path: &str) {
            fs::create_dir_all(self.root().join(path)).unwrap();
        }
    }

    #[test]
    fn what_is_not_there_is_absent_and_what_breaks_is_an_error() {
        let made = Made::of(&[("a/b", " text\0\n"), ("empty", " \n"), ("zero", "0000\n")]);
        let tree = Tree(made.root());
        assert_eq!(tree.value("a/b").as_deref(), Some("text"));
        assert_eq!(tree.identifier("a/b").as_deref(), Some("text"));
        assert_eq!(tree.identifier("zero"), None);
        assert_eq!(
            (tree.value("empty"), tree.value("a/c"), tree.value("a/b/c")),
            (None, None, None)
        );
        assert_eq!(tree.bytes("a/c").unwrap(), None);
        assert!(tree.bytes("a").unwrap_err().to_string().contains("/a"));
        assert_eq!(tree.names("a").unwrap(), ["b"]);
        assert_eq!(tree.names("x").unwrap(), Vec::<String>::new());
    }
}
