//! The directory of what must survive a restart.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::Path;

use crate::atomic_file::AtomicFile;

/// The file that a process has locked which is the agent of this directory. It is empty.
const LOCK: &str = "agent.lock";

/// Makes the directory where it is missing, for its owner alone.
///
/// # Errors
/// When it cannot be made.
pub(super) fn make_private(directory: &Path) -> io::Result<()> {
    if directory.exists() {
        return Ok(());
    }
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Puts a file into the directory, which is made where it is missing, as a whole.
///
/// # Errors
/// When it cannot be written; the file that was there is then still there.
pub(super) fn write(directory: &Path, name: &str, bytes: &[u8], mode: u32) -> io::Result<()> {
    make_private(directory)?;
    let new = AtomicFile::create(&directory.join(name), mode)?;
    new.file().write_all(bytes)?;
    give_to_owner(new.file(), directory)?;
    new.replace()
}

/// Whether this process is the agent of a state directory.
#[derive(Debug)]
pub(super) enum Place {
    /// It is, as long as the file is open.
    Ours(#[expect(dead_code, reason = "holds the lock while it lives")] File),
    /// Another process is.
    Taken,
}

/// Makes this process the agent of that directory, which is made where it is missing, unless another
/// one is.
///
/// # Errors
/// When the directory cannot be used: nobody is its agent then.
pub(super) fn take(directory: &Path) -> io::Result<Place> {
    make_private(directory)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    {
        use nix::fcntl::OFlag;
        use std::os::unix::fs::OpenOptionsExt as _;
        // Whoever owns the directory could have made a link there, to a file of root's, or a pipe.
        options.mode(0o600).custom_flags((OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits());
    }
    let file = options.open(directory.join(LOCK))?;
    give_to_owner(&file, directory)?;
    match file.try_lock() {
        Ok(()) => Ok(Place::Ours(file)),
        Err(TryLockError::WouldBlock) => Ok(Place::Taken),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// What a state directory is good for, to one who only looks.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// No process is its agent.
    Free,
    /// A process is.
    Taken,
    /// It is not there, and can be made as far as one can see.
    Missing,
}

/// Whether this process could keep something in that directory. Nothing is written.
///
/// # Errors
/// When it could not.
pub(super) fn usable(directory: &Path) -> io::Result<Use> {
    if !directory.exists() {
        let above = directory.ancestors().skip(1).find(|above| above.exists());
        return may_write(above.unwrap_or(Path::new("."))).map(|()| Use::Missing);
    }
    may_write(directory)?;
    let file = match File::open(directory.join(LOCK)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Use::Free),
        file => file?,
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Use::Free),
        Err(TryLockError::WouldBlock) => Ok(Use::Taken),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(unix)]
fn may_write(directory: &Path) -> io::Result<()> {
    use nix::unistd::{AccessFlags, access};
    if !directory.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    Ok(access(directory, AccessFlags::W_OK | AccessFlags::X_OK)?)
}

#[cfg(not(unix))]
fn may_write(directory: &Path) -> io::Result<()> {
    fs::read_dir(directory).map(drop)
}

/// What root writes belongs to the directory's owner: a service without root's rights has to read
/// and replace it.
#[cfg(unix)]
fn give_to_owner(file: &File, directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let (owner, own) = (fs::metadata(directory)?, file.metadata()?);
    // A file with another name elsewhere is not of this directory alone.
    let is_of_here = own.is_file() && own.nlink() == 1;
    if (owner.uid(), owner.gid()) == (own.uid(), own.gid()) || !is_of_here {
        return Ok(());
    }
    match fchown(file, Some(owner.uid()), Some(owner.gid())) {
        // A directory that several users write to: then it stays the writer's.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        given => given,
    }
}

#[cfg(not(unix))]
fn give_to_owner(_: &File, _: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_is_the_agent_of_a_directory_until_it_ends() {
        let directory = tempfile::tempdir().unwrap();
        let state_dir = directory.path().join("state");
        let first = take(&state_dir).unwrap();
        assert!(matches!(first, Place::Ours(_)));
        assert!(matches!(take(&state_dir).unwrap(), Place::Taken));
        assert_eq!(usable(&state_dir).unwrap(), Use::Taken);
        drop(first);
        assert_eq!(usable(&state_dir).unwrap(), Use::Free);
        assert_eq!(usable(&directory.path().join("a/b")).unwrap(), Use::Missing);
        assert!(matches!(take(&state_dir).unwrap(), Place::Ours(_)));
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(take(&file).is_err() && usable(&file.join("a")).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn what_root_writes_is_the_services() {
        use crate::atomic_file::PRIVATE;
        use std::os::unix::fs::{MetadataExt as _, chown};
        let directory = tempfile::tempdir().unwrap();
        if chown(directory.path(), Some(12345), Some(12345)).is_err() {
            // Without root's rights it cannot be tried.
            return;
        }
        write(directory.path(), "a", b"1", PRIVATE).unwrap();
        let _place = take(directory.path()).unwrap();
        for name in ["a", LOCK] {
            let file = fs::metadata(directory.path().join(name)).unwrap();
            assert_eq!((file.uid(), file.gid(), file.mode() & 0o7777), (12345, 12345, 0o600));
        }
    }
}
