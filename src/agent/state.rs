//! The directory of what must survive a restart.

use std::fs::DirBuilder;
use std::io;
use std::path::Path;

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
