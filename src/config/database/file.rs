//! Where the file of a relative path is.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// A file that is there or can be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Located {
    /// Its absolute path.
    pub(super) path: PathBuf,
    /// Other files of that name that hold something.
    pub(super) others: Vec<PathBuf>,
}

/// Looks for a file in each directory, under each of its names; an absolute one stays what it is.
///
/// The first one that holds something is meant: drivers leave empty files where nobody wanted
/// one. Where there is none it is new, and belongs under its first name into the first directory
/// that has room for it: one that is there. When that one cannot be written this is an error and
/// no reason to go to the next: an inventory that starts empty elsewhere looks like a lost one.
///
/// # Errors
/// The end of a sentence that starts with the path; it names the places.
pub(super) fn locate(names: &[PathBuf], base_dirs: &[PathBuf]) -> Result<Located, String> {
    if names.iter().any(|name| name.file_name().is_none() || ends_in_separator(name)) {
        return Err("is not the path of a file".to_owned());
    }
    let places = places(names, base_dirs);
    let (mut empty, mut full) = (None, Vec::new());
    for place in &places {
        match size(place) {
            Ok(Some(0)) => empty = empty.or(Some(place)),
            Ok(Some(_)) => full.push(place.clone()),
            Err(problem) if full.is_empty() => return Err(problem),
            Ok(None) | Err(_) => {}
        }
    }
    let mut full = full.into_iter();
    match full.next().or_else(|| empty.cloned()) {
        Some(path) => Ok(Located { path, others: full.collect() }),
        None => Ok(Located { path: place_for_new(names, base_dirs, &places)?, others: Vec::new() }),
    }
}

fn places(names: &[PathBuf], base_dirs: &[PathBuf]) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for place in base_dirs.iter().flat_map(|base| names.iter().map(|name| base.join(name))) {
        let place = std::path::absolute(&place).unwrap_or(place);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

fn ends_in_separator(path: &Path) -> bool {
    path.as_os_str().to_string_lossy().ends_with(std::path::is_separator)
}

/// The size of a file; `None` when nothing is there.
fn size(path: &Path) -> Result<Option<u64>, String> {
    match fs::metadata(path) {
        Ok(data) if data.is_dir() => Err(format!("is a directory, {}", path.display())),
        Ok(data) => Ok(Some(data.len())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            match fs::symlink_metadata(path) {
                Ok(_) => Err(format!("is a link to nothing, {}", path.display())),
                Err(_) => Ok(None),
            }
        }
        Err(error) => Err(format!("cannot be looked for at {}: {error}", path.display())),
    }
}

fn place_for_new(
    names: &[PathBuf],
    base_dirs: &[PathBuf],
    places: &[PathBuf],
) -> Result<PathBuf, String> {
    let new = self::places(names.get(..1).unwrap_or_default(), base_dirs);
    let mut with_room = new.into_iter().filter(|place| place.parent().is_some_and(Path::is_dir));
    let Some(place) = with_room.next() else {
        let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        let places = places.join(", ");
        return Err(format!("is in none of these places, nor has one its directory: {places}"));
    };
    let directory = place.parent().unwrap_or(Path::new("."));
    match may_write(directory) {
        Ok(()) => Ok(place),
        Err(error) => {
            Err(format!("is not there, and cannot be made in {}: {error}", directory.display()))
        }
    }
}

/// Changes nothing: a question, which the later attempt answers better.
#[cfg(unix)]
fn may_write(directory: &Path) -> Result<(), std::io::Error> {
    use nix::unistd::{AccessFlags, access};
    Ok(access(directory, AccessFlags::W_OK | AccessFlags::X_OK)?)
}

/// Changes nothing: only the attempt can tell.
#[cfg(not(unix))]
fn may_write(_: &Path) -> Result<(), std::io::Error> {
    Ok(())
}
