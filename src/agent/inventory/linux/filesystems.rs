//! What is mounted, from `/proc/self/mountinfo`, and its size.

use std::collections::BTreeMap;
use std::path::Path;

use nix::sys::statvfs::statvfs;

use super::tree::Tree;
use crate::wire::sections::{Content, Filesystem, Filesystems};

/// Types whose files are elsewhere: a server that is away would hold up whoever asks for their size.
const REMOTE: &[&str] =
    &["nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "9p", "afs", "glusterfs", "lustre", "davfs"];
/// Types without a device's name that keep files all the same.
const LOCAL: &[&str] = &["zfs", "btrfs", "bcachefs", "virtiofs", "ubifs"];
/// Types on devices that are images of something: packages, disks of an installer.
const IMAGES: &[&str] = &["squashfs", "iso9660", "erofs", "udf"];

/// A line of the list.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    /// Major and minor number of the device.
    number: String,
    mount: String,
    device: String,
    kind: String,
}

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let text = tree.text("proc/self/mountinfo")?.unwrap_or_default();
    let mounts = mounts(&text).into_iter();
    let shown = mounts.map(|mount| {
        let place = tree.path(mount.mount.trim_start_matches('/'));
        let size = if mount.is_remote() { None } else { statvfs(&place).ok() };
        // Some platforms count in 32 bits.
        #[allow(clippy::useless_conversion, reason = "the counts are 64 bits wide here only")]
        let bytes = |blocks: nix::libc::fsblkcnt_t, size: nix::libc::c_ulong| {
            u64::from(blocks).checked_mul(u64::from(size))
        };
        Filesystem {
            size_bytes: size.and_then(|size| bytes(size.blocks(), size.fragment_size())),
            free_bytes: size.and_then(|size| bytes(size.blocks_available(), size.fragment_size())),
            mount: mount.mount,
            device: Some(mount.device),
            kind: Some(mount.kind),
        }
    });
    Ok(Content::Filesystems(Filesystems { filesystems: shown.collect() }))
}

impl Mount {
    /// `ID PARENT NUMBER ROOT MOUNT OPTIONS [TAGS …] - TYPE DEVICE OPTIONS`
    fn parse(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(2);
        let (number, mount) = (before.next()?, before.nth(1)?);
        let mut after = after.split(' ');
        let (kind, device) = (after.next()?, after.next()?);
        let [mount, device] = [mount, device].map(unescaped);
        Some(Self { number: number.to_owned(), mount, device, kind: kind.to_owned() })
    }

    fn is_remote(&self) -> bool {
        REMOTE.contains(&&*self.kind) || self.kind.starts_with("fuse.")
    }

    fn keeps_files(&self) -> bool {
        let is_on_device = self.device.starts_with("/dev/") && !IMAGES.contains(&&*self.kind);
        // Portals of desktops and the like are files of nobody.
        let is_remote = self.is_remote() && (!self.kind.starts_with("fuse.") || self.has_host());
        is_on_device || is_remote || LOCAL.contains(&&*self.kind)
    }

    fn has_host(&self) -> bool {
        self.device.contains(':')
    }
}

/// What keeps files, each device once, at the shortest of its places.
fn mounts(text: &str) -> Vec<Mount> {
    let mut by_device: BTreeMap<(String, String), Mount> = BTreeMap::new();
    for mount in text.lines().filter_map(Mount::parse).filter(Mount::keeps_files) {
        let key = (mount.number.clone(), mount.device.clone());
        let known = by_device.get(&key);
        if known.is_none_or(|known| mount.mount.len() < known.mount.len()) {
            by_device.insert(key, mount);
        }
    }
    let mut mounts: Vec<Mount> = by_device.into_values().collect();
    mounts.sort_by(|one, other| one.mount.cmp(&other.mount));
    mounts
}

/// A field whose spaces and the like are written as three octal digits.
fn unescaped(field: &str) -> String {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|_| byte == b'\\');
        let code = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(code) => {
                bytes.push(code);
                rest = &after[3..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    const LIST: &str = "\
22 27 0:21 / /proc rw,relatime - proc proc rw
24 27 0:6 / /dev rw,relatime shared:2 - devtmpfs devtmpfs rw,size=12334556k
27 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
31 27 259:2 /srv/x /var/lib/x rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
40 27 259:1 / /boot/efi rw,relatime shared:30 - vfat /dev/nvme0n1p1 rw
41 27 7:0 / /snap/core/1 ro,nodev - squashfs /dev/loop0 ro
42 27 0:44 / /home/ana/My\\040Files rw - cifs //server/my\\040share rw
43 27 0:45 / /mnt/nfs rw shared:9 master:3 - nfs4 server:/export rw
44 27 0:46 / /run/user/1000 rw - tmpfs tmpfs rw
45 27 0:47 / /run/user/1000/doc rw - fuse.portal portal rw
46 27 0:48 / /tank rw - zfs tank rw
47 27 0:49 / /mnt/ssh rw - fuse.sshfs ana@host:/home rw
48 27 0:50 / / rw - overlay overlay rw
garbage
";

    #[test]
    fn what_keeps_files_is_listed_once() {
        let shown: Vec<_> = mounts(LIST)
            .into_iter()
            .map(|one| format!("{} {} {} {}", one.mount, one.kind, one.device, one.is_remote()))
            .collect();
        let expected = [
            "/ ext4 /dev/nvme0n1p2 false",
            "/boot/efi vfat /dev/nvme0n1p1 false",
            "/home/ana/My Files cifs //server/my share true",
            "/mnt/nfs nfs4 server:/export true",
            "/mnt/ssh fuse.sshfs ana@host:/home true",
            "/tank zfs tank false",
        ];
        assert_eq!(shown, expected);
    }

    #[test]
    fn sizes_are_read_where_that_cannot_hang() {
        let made = Made::of(&[("proc/self/mountinfo", LIST)]);
        made.directory("mnt/nfs");
        let Content::Filesystems(Filesystems { filesystems }) = collect(made.root()).unwrap()
        else {
            panic!()
        };
        let root = &filesystems[0];
        assert!(root.size_bytes.unwrap() > root.free_bytes.unwrap(), "{root:?}");
        let remote = filesystems.iter().find(|one| one.mount == "/mnt/nfs").unwrap();
        assert_eq!((remote.size_bytes, remote.free_bytes), (None, None));
    }

    #[test]
    fn escapes_are_undone() {
        for (field, text) in [
            ("a\\040b", "a b"),
            ("\\134", "\\"),
            ("\\04", "\\04"),
            ("\\999", "\\999"),
            ("\\", "\\"),
        ] {
            assert_eq!(unescaped(field), text);
        }
    }
}
