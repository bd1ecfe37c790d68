//! Packages of Debian and its kin, from `/var/lib/dpkg/status`, which is read line by line.

use std::io::{self, BufRead};

use anyhow::Context as _;

use super::lines;
use super::tree::Tree;
use crate::wire::sections::Package;

const STATUS: &str = "var/lib/dpkg/status";

pub(super) fn packages(tree: Tree<'_>) -> anyhow::Result<Vec<Package>> {
    let Some(status) = tree.open(STATUS)? else { return Ok(Vec::new()) };
    // It is there where packages of more than one architecture can be, this machine's own first.
    let architectures = tree.text("var/lib/dpkg/arch")?.unwrap_or_default();
    let native = architectures.lines().next().map(str::trim);
    parse(status, native).with_context(|| format!("/{STATUS}"))
}

/// What is said of one package.
#[derive(Default)]
struct Paragraph {
    package: Package,
    architecture: String,
    is_installed: bool,
}

/// The packages that are installed; those of another architecture than `native` are named with theirs.
fn parse(status: impl BufRead, native: Option<&str>) -> io::Result<Vec<Package>> {
    let mut packages = Vec::new();
    let mut paragraph = Paragraph::default();
    lines::each(status, |line| {
        if line.is_empty() {
            packages.extend(std::mem::take(&mut paragraph).package(native));
        } else {
            paragraph.line(line);
        }
    })?;
    packages.extend(paragraph.package(native));
    packages.shrink_to_fit();
    Ok(packages)
}

impl Paragraph {
    fn line(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(": ") else { return };
        let value = value.trim();
        match name {
            "Package" => self.package.name = value.to_owned(),
            "Version" => self.package.version = Some(value.to_owned()),
            // `WANTED ERROR STATE`
            "Status" => self.is_installed = value.split(' ').next_back() == Some("installed"),
            "Architecture" => self.architecture = value.to_owned(),
            "Maintainer" => {
                let name = value.split('<').next().unwrap_or_default().trim();
                self.package.publisher = Some(name.to_owned()).filter(|name| !name.is_empty());
            }
            _ => {}
        }
    }

    fn package(self, native: Option<&str>) -> Option<Package> {
        let Self { mut package, architecture, is_installed } = self;
        if !is_installed || package.name.is_empty() {
            return None;
        }
        if native.is_some_and(|native| native != architecture && architecture != "all") {
            package.name = format!("{}:{architecture}", package.name);
        }
        package.source = Some("dpkg".to_owned());
        Some(package)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
Package: adduser
Status: install ok installed
Priority: important
Maintainer: Debian Adduser Developers <adduser@packages.debian.org>
Architecture: all
Version: 3.134
Description: add and remove users
 Package: none
 .
 Version: 7

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: half
Status: install reinstreq half-installed
Version: 1

Package: libc6
Status: hold ok installed
Maintainer: <libc@example.org>
Architecture: i386
Version: 2.36-9+deb12u9

Status: install ok installed
Version: 5
";

    #[test]
    fn installed_packages_are_listed() {
        let package = |name: &str, version: &str, publisher: Option<&str>| Package {
            name: name.into(),
            version: Some(version.into()),
            publisher: publisher.map(str::to_owned),
            source: Some("dpkg".into()),
        };
        let adduser = package("adduser", "3.134", Some("Debian Adduser Developers"));
        for (native, libc) in
            [(None, "libc6"), (Some("i386"), "libc6"), (Some("amd64"), "libc6:i386")]
        {
            let expected = [adduser.clone(), package(libc, "2.36-9+deb12u9", None)];
            assert_eq!(parse(TEXT.as_bytes(), native).unwrap(), expected);
        }
        assert_eq!(parse(&b""[..], None).unwrap(), []);
    }
}
