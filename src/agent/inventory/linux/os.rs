//! The operating system.

use std::fs;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};

use super::tree::Tree;
use super::virtualization;
use crate::agent::inventory::words::short;
use crate::wire::sections::{Content, OperatingSystem};

/// What installers leave behind, and at last the root directory, which is as old as its file system.
const MADE_BY_INSTALLERS: [&str; 3] = ["var/log/installer", "root/anaconda-ks.cfg", ""];

/// 2000-01-01: no system of today was installed before.
const EARLIEST: i64 = 946_684_800;

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let release = match tree.text("etc/os-release")? {
        Some(text) => text,
        None => tree.text("usr/lib/os-release")?.unwrap_or_default(),
    };
    let field = |names: &[&str]| names.iter().find_map(|name| field(&release, name));
    Ok(Content::Os(OperatingSystem {
        name: field(&["NAME", "ID"]),
        version: field(&["VERSION", "VERSION_ID"]),
        edition: field(&["VARIANT"]),
        build: field(&["BUILD_ID", "IMAGE_VERSION"]),
        kernel: tree.value("proc/sys/kernel/osrelease"),
        architecture: tree
            .value("proc/sys/kernel/arch")
            .or_else(|| Some(std::env::consts::ARCH.to_owned())),
        installed_at: MADE_BY_INSTALLERS.into_iter().find_map(|path| made_at(tree, path)),
        booted_at: tree.text("proc/stat")?.and_then(|text| booted_at(&text)),
        time_zone: time_zone(tree),
        virtualization: virtualization::system(tree)?,
    }))
}

/// A value from `NAME=value` lines, without its quotes.
fn field(text: &str, name: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let (key, value) = line.trim().split_once('=')?;
        (key == name).then(|| short(value.trim().trim_matches(['"', '\''])))?
    })
}

fn made_at(tree: Tree<'_>, path: &str) -> Option<String> {
    let made: DateTime<Utc> = fs::metadata(tree.path(path)).ok()?.created().ok()?.into();
    // Images are made with whatever time.
    (made.timestamp() > EARLIEST).then(|| shown(made))
}

/// From the text of `/proc/stat`.
fn booted_at(text: &str) -> Option<String> {
    let seconds = text.lines().find_map(|line| line.strip_prefix("btime "))?;
    DateTime::from_timestamp(seconds.trim().parse().ok()?, 0).map(shown)
}

fn shown(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The zone's name: where the link to its rules points, else as it is written down.
fn time_zone(tree: Tree<'_>) -> Option<String> {
    let link = tree.link("etc/localtime");
    let link = link.as_ref().and_then(|path| path.to_str()?.split_once("zoneinfo/"));
    link.and_then(|(_, name)| short(name)).or_else(|| tree.value("etc/timezone"))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    fn of(made: &Made) -> OperatingSystem {
        let Content::Os(os) = collect(made.root()).unwrap() else { panic!() };
        os
    }

    #[test]
    fn a_system_says_what_it_is() {
        let made = Made::of(&[
            (
                "usr/lib/os-release",
                "NAME=\"Fedora Linux\"\nVERSION=\"41 (Workstation Edition)\"\nID=fedora\n\
                 VERSION_ID=41\nVARIANT=\"Workstation Edition\"\n",
            ),
            ("proc/sys/kernel/osrelease", "6.11.4-301.fc41.x86_64\n"),
            ("proc/sys/kernel/arch", "x86_64\n"),
            ("proc/stat", "cpu  1 2 3\nbtime 1795000000\nprocesses 7\n"),
            ("etc/timezone", "Etc/UTC\n"),
        ]);
        made.link("etc/localtime", "../usr/share/zoneinfo/America/Cuiaba");
        let mut os = of(&made);
        assert!(os.installed_at.take().is_none_or(|at| at.starts_with("20")));
        let expected = OperatingSystem {
            name: Some("Fedora Linux".into()),
            version: Some("41 (Workstation Edition)".into()),
            edition: Some("Workstation Edition".into()),
            kernel: Some("6.11.4-301.fc41.x86_64".into()),
            architecture: Some("x86_64".into()),
            booted_at: Some("2026-11-18T11:06:40Z".into()),
            time_zone: Some("America/Cuiaba".into()),
            ..OperatingSystem::default()
        };
        assert_eq!(os, expected);
    }

    #[test]
    fn a_rolling_system_and_a_copied_zone_are_understood() {
        let made = Made::of(&[
            ("etc/os-release", "NAME='Arch Linux'\nID=arch\nBUILD_ID=rolling\nVERSION=\"\"\n"),
            ("etc/localtime", "TZif2"),
            ("etc/timezone", "Europe/Lisbon\n"),
            ("run/systemd/container", "lxc\n"),
        ]);
        let os = of(&made);
        let expected =
            [Some("Arch Linux"), None, Some("rolling"), Some("Europe/Lisbon"), Some("lxc")];
        let found = [os.name, os.version, os.build, os.time_zone, os.virtualization];
        assert_eq!(found.each_ref().map(Option::as_deref), expected);
    }
}
