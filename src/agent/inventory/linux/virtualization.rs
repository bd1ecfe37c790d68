//! What the system runs in.

use super::tree::Tree;
use crate::agent::inventory::words::hypervisor;

/// The hypervisor below this machine; empty for real hardware, `None` where nothing tells.
pub(super) fn machine(tree: Tree<'_>) -> anyhow::Result<Option<String>> {
    let dmi = |name: &str| tree.value(&format!("sys/class/dmi/id/{name}")).unwrap_or_default();
    let makers = ["sys_vendor", "product_name", "bios_vendor", "board_vendor"].map(dmi);
    if let Some(name) = hypervisor(&makers.each_ref().map(String::as_str)) {
        return Ok(Some(name.to_owned()));
    }
    if let Some(name) = tree.value("sys/hypervisor/type") {
        return Ok(Some(name.to_lowercase()));
    }
    match hypervisor_flag(&tree.text("proc/cpuinfo")?.unwrap_or_default()) {
        Some(true) if has_virtio(tree)? => Ok(Some("kvm".to_owned())),
        Some(true) => Ok(Some("virtual".to_owned())),
        Some(false) => Ok(Some(String::new())),
        None => Ok(None),
    }
}

/// What this system runs in: a container, else a hypervisor.
pub(super) fn system(tree: Tree<'_>) -> anyhow::Result<Option<String>> {
    if let Some(name) = tree.value("run/systemd/container") {
        return Ok(Some(name));
    }
    for (file, name) in [(".dockerenv", "docker"), ("run/.containerenv", "podman")] {
        if tree.exists(file) {
            return Ok(Some(name.to_owned()));
        }
    }
    let kernel = tree.value("proc/sys/kernel/osrelease").unwrap_or_default().to_lowercase();
    if kernel.contains("microsoft") {
        return Ok(Some("wsl".to_owned()));
    }
    let groups = tree.value("proc/1/cgroup").unwrap_or_default();
    for (word, name) in [("kubepods", "kubernetes"), ("/docker", "docker"), ("/lxc", "lxc")] {
        if groups.contains(word) {
            return Ok(Some(name.to_owned()));
        }
    }
    machine(tree)
}

/// Whether a processor says that there is a hypervisor; only those of x86 say anything.
fn hypervisor_flag(cpuinfo: &str) -> Option<bool> {
    let flags = cpuinfo.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "flags").then_some(value)
    })?;
    Some(flags.split_whitespace().any(|flag| flag == "hypervisor"))
}

/// Whether there are devices that only KVM and its kin have.
fn has_virtio(tree: Tree<'_>) -> anyhow::Result<bool> {
    const DEVICES: &str = "sys/bus/pci/devices";
    let is_virtio = |name: &String| {
        tree.value(&format!("{DEVICES}/{name}/vendor")).is_some_and(|id| id == "0x1af4")
    };
    Ok(tree.names(DEVICES)?.iter().any(is_virtio))
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::*;

    fn of(files: &[(&str, &str)]) -> [Option<String>; 2] {
        let made = Made::of(files);
        let tree = Tree(made.root());
        [machine(tree).unwrap(), system(tree).unwrap()]
    }

    #[test]
    fn hypervisors_are_known_by_their_firmware() {
        for (vendor, product, expected) in [
            ("QEMU", "Standard PC (Q35 + ICH9, 2009)", "kvm"),
            ("VMware, Inc.", "VMware7,1", "vmware"),
            ("innotek GmbH", "VirtualBox", "virtualbox"),
            ("Microsoft Corporation", "Virtual Machine", "hyper-v"),
            ("Xen", "HVM domU", "xen"),
            ("Amazon EC2", "t3.micro", "amazon"),
            ("Google", "Google Compute Engine", "google"),
        ] {
            let found = of(&[
                ("sys/class/dmi/id/sys_vendor", vendor),
                ("sys/class/dmi/id/product_name", product),
            ]);
            assert_eq!(found, [Some(expected.into()), Some(expected.into())], "{vendor}");
        }
    }

    #[test]
    fn a_processor_tells_where_the_firmware_does_not() {
        let flags = |flags: &str| format!("processor\t: 0\nflags\t\t: fpu {flags}\n");
        let (real, virtual_) = (flags("vme"), flags("hypervisor"));
        let vendor = ("sys/class/dmi/id/sys_vendor", "Dell Inc.");
        assert_eq!(
            of(&[vendor, ("proc/cpuinfo", &real)]),
            [Some(String::new()), Some(String::new())]
        );
        assert_eq!(of(&[("proc/cpuinfo", &virtual_)])[0].as_deref(), Some("virtual"));
        let device = ("sys/bus/pci/devices/0000:00:01.0/vendor", "0x1af4\n");
        assert_eq!(of(&[("proc/cpuinfo", &virtual_), device])[0].as_deref(), Some("kvm"));
        assert_eq!(of(&[("proc/cpuinfo", "processor\t: 0\nFeatures\t: fp\n")]), [None, None]);
        // A Surface is made by the same company as Hyper-V.
        let surface = [
            ("sys/class/dmi/id/sys_vendor", "Microsoft Corporation"),
            ("sys/class/dmi/id/product_name", "Surface Pro"),
            ("proc/cpuinfo", &real),
        ];
        assert_eq!(of(&surface)[0].as_deref(), Some(""));
    }

    #[test]
    fn a_container_is_known_and_says_nothing_of_the_machine() {
        for (file, text, expected) in [
            (".dockerenv", "", "docker"),
            ("run/.containerenv", "", "podman"),
            ("run/systemd/container", "lxc\n", "lxc"),
            ("proc/1/cgroup", "0::/kubepods/burstable/x\n", "kubernetes"),
            ("proc/sys/kernel/osrelease", "5.15.90.1-microsoft-standard-WSL2\n", "wsl"),
        ] {
            assert_eq!(of(&[(file, text)]), [None, Some(expected.into())], "{file}");
        }
    }
}
