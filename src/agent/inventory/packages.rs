//! A list of programs, as far as it fits into a section.

use std::io;

use super::reading::json;
use crate::wire::sections::{Package, SECTION_BYTES, Software};

/// Bytes of a section that are around the packages.
const AROUND: usize = 256;

/// Every program once, in order.
pub(super) fn section(mut packages: Vec<Package>) -> Software {
    packages.sort();
    packages.dedup();
    fitting(packages, SECTION_BYTES - AROUND)
}

/// As many packages as have room in that many bytes of JSON, and how many have none.
fn fitting(mut packages: Vec<Package>, room: usize) -> Software {
    let mut bytes = 0;
    let fits = |package: &Package| {
        let mut count = Count(1);
        // A package has nothing that cannot be written.
        let is_written = json(&mut count, package).is_ok();
        bytes += count.0;
        is_written && bytes <= room
    };
    let kept = packages.iter().map(fits).take_while(|fits| *fits).count();
    let omitted = packages.len() - kept;
    packages.truncate(kept);
    let omitted = (omitted > 0).then(|| u32::try_from(omitted).unwrap_or(u32::MAX));
    Software { packages, omitted }
}

struct Count(usize);

impl io::Write for Count {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::sections::{Content, Upload};

    #[test]
    fn what_has_no_room_is_counted() {
        let package = |number: usize| Package {
            name: format!("package-{number:06}-{}", "é".repeat(40)),
            version: Some("1.0".into()),
            ..Package::default()
        };
        let software = fitting((0..20_000).map(package).collect(), SECTION_BYTES - AROUND);
        let (kept, omitted) = (software.packages.len(), software.omitted.unwrap());
        assert_eq!(kept + usize::try_from(omitted).unwrap(), 20_000);
        let upload = Upload { hash: "f".repeat(64), content: Content::Software(software) };
        let bytes = serde_json::to_vec(&upload).unwrap().len();
        assert!(bytes <= SECTION_BYTES && bytes > SECTION_BYTES - 2 * AROUND, "{bytes}");
        assert_eq!(fitting(vec![package(1)], 10).omitted, Some(1));
        assert_eq!(fitting(vec![], 0), Software::default());
    }
}
