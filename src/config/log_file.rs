//! A log in a file that stays small.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How long the file gets, in bytes, before it begins anew.
const LIMIT: u64 = 1024 * 1024;

/// A file to whose end lines are written. At its limit it gets the ending `.1`, in place of the one
/// that had it, and begins anew.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    length: u64,
    limit: u64,
}

impl LogFile {
    /// The log of that name, whose directory is made where it is missing.
    ///
    /// # Errors
    /// What the operating system says.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::with_limit(path, LIMIT)
    }

    fn with_limit(path: &Path, limit: u64) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        // Not to append: on Windows such a file cannot be cut off.
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        let length = file.seek(SeekFrom::End(0))?;
        Ok(Self { path: path.to_owned(), file, length, limit })
    }

    fn begin_anew(&mut self) -> io::Result<()> {
        let mut earlier = self.path.as_os_str().to_owned();
        earlier.push(".1");
        fs::rename(&self.path, earlier)?;
        *self = Self::with_limit(&self.path, self.limit)?;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let written = u64::try_from(line.len()).unwrap_or(u64::MAX);
        if self.length > 0 && self.length.saturating_add(written) > self.limit {
            // Somebody has the earlier file open: then what is here goes, for the limit is kept.
            if self.begin_anew().is_err() {
                self.file.set_len(0)?;
                self.length = self.file.seek(SeekFrom::Start(0))?;
            }
        }
        self.file.write_all(line)?;
        self.length = self.length.saturating_add(written);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_never_holds_more_than_its_limit_and_one_earlier_file() {
        let directory = tempfile::tempdir().unwrap();
        let (path, earlier) = (directory.path().join("a/log"), directory.path().join("a/log.1"));
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        let mut log = LogFile::open(&path).unwrap();
        for line in ["one\n", "two\n"] {
            log.write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(text(&path), "one\ntwo\n");
        drop(log);
        let mut log = LogFile::with_limit(&path, 10).unwrap();
        log.write_all(b"three\n").unwrap();
        assert_eq!((text(&path), text(&earlier)), ("three\n".into(), "one\ntwo\n".into()));
        log.write_all(b"a line above the limit\n").unwrap();
        log.write_all(b"four\n").unwrap();
        assert_eq!(text(&path), "four\n");
        assert_eq!(text(&earlier), "a line above the limit\n");
        fs::remove_file(&earlier).unwrap();
        fs::create_dir(&earlier).unwrap();
        log.write_all(b"and five\n").unwrap();
        assert_eq!(text(&path), "and five\n");
    }
}
