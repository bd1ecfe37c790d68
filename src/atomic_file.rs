//! Files that are there as a whole or not at all: they are written beside the place that they are
//! for, made durable, and then given their name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

/// Mode of a file that only its owner reads.
pub const PRIVATE: u32 = 0o600;
/// Mode of a file that everybody reads.
pub const PUBLIC: u32 = 0o644;

/// How the name of a file that is being written ends, after a dot and numbers.
const SUFFIX: &str = ".new";

/// A file that is being written. Dropped before it is done, it is removed.
#[derive(Debug)]
pub struct AtomicFile {
    file: File,
    /// What it is called until then.
    draft: PathBuf,
    path: PathBuf,
    is_done: bool,
}

impl AtomicFile {
    /// An empty file, to be written and read, that is to be called `path`; on Unix with this mode.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn create(path: &Path, mode: u32) -> io::Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let mut draft = path.as_os_str().to_owned();
        draft.push(format!(".{}-{}{SUFFIX}", std::process::id(), NEXT.fetch_add(1, Relaxed)));
        let draft = PathBuf::from(draft);
        // Left by a process of the same number that was killed.
        let _ = fs::remove_file(&draft);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
        #[cfg(not(unix))]
        let _ = mode;
        let file = options.open(&draft)?;
        Ok(Self { file, draft, path: path.to_owned(), is_done: false })
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Where it is until it is done.
    #[must_use]
    pub fn draft(&self) -> &Path {
        &self.draft
    }

    /// Takes its name away: it is there for whoever has it open, and nobody else.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn into_unnamed(self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Makes it durable and gives it its name, in place of a file that has it.
    ///
    /// # Errors
    /// What the operating system says; the file that had the name is then still there.
    pub fn replace(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.draft, &self.path)?;
        self.is_done = true;
        sync_directory_of(&self.path)
    }

    /// As [`AtomicFile::replace`], but never in place of another file.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something has the name.
    pub fn publish_new(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        match fs::hard_link(&self.draft, &self.path) {
            Ok(()) => {
                // With the second name gone, or not, the file is there.
                self.is_done = fs::remove_file(&self.draft).is_ok();
                sync_directory_of(&self.path)
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            // A file system without links.
            Err(_) if self.path.symlink_metadata().is_ok() => {
                Err(io::ErrorKind::AlreadyExists.into())
            }
            Err(_) => self.replace(),
        }
    }
}

impl Drop for AtomicFile {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.draft);
        }
    }
}

/// Puts a file with this mode in the place of another one: there is always a whole one.
///
/// # Errors
/// What the operating system says; the file that was there is then still there.
pub fn write(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut new = AtomicFile::create(path, mode)?;
    new.file.write_all(bytes)?;
    new.replace()
}

/// Whether a file of this name was being written to become one whose name is `name`.
#[must_use]
pub fn is_draft_of(file: &str, name: &str) -> bool {
    let numbers = file.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
    let numbers = numbers.and_then(|rest| rest.strip_suffix(SUFFIX));
    numbers.is_some_and(|text| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

/// Makes the names in the directory of a file durable.
///
/// # Errors
/// What the operating system says.
pub fn sync_directory_of(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(directory_of(path))?.sync_all()?;
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

/// The directory that a file is in.
#[must_use]
pub fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        write(&path, b"one", PRIVATE).unwrap();
        let dropped = AtomicFile::create(&path, PRIVATE).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one");
        let name = dropped.draft().file_name().unwrap().to_str().unwrap().to_owned();
        assert!(is_draft_of(&name, "a") && !is_draft_of(&name, "b") && !is_draft_of("a", "a"));
        drop(dropped);
        write(&path, b"two", PRIVATE).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_has_the_name_already_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        AtomicFile::create(&path, PRIVATE).unwrap().publish_new().unwrap();
        let mut second = AtomicFile::create(&path, PRIVATE).unwrap();
        second.file.write_all(b"two").unwrap();
        let refused = second.publish_new().unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_its_owners_alone_whatever_it_replaces() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        fs::write(&path, "for everybody").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        write(&path, b"one", PRIVATE).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    }
}
