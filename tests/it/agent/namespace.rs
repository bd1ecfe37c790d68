//! The real program on made-up machines: in network namespaces, against the recorded request of
//! the original's agent. Needs root.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use tatuscan::agent::identity::from_hardware;

use crate::support::edge::{Listener, answer, tatuscan, text};
use crate::support::skip;

const RECORDED: &str = include_str!("../fixtures/wire/go-agent-0.0.1-linux.http");
const INSIDE: &str = "TATUSCAN_TEST_INSIDE";
const MACHINE_ID: &str = "0123456789abcdef0123456789abcdef";

/// The exit code of `SETUP` where the kernel or the host lacks something; its last line says what.
const CANNOT: i32 = 77;

/// Makes the machine of the recording: host name, interface `eth0` that is a device, Debian 12, no
/// SMBIOS. Then runs what the arguments say: commands for the address, and the test again.
const SETUP: &str = r#"
cannot() { echo "$1"; exit 77; }
hostname vm || cannot "the host name cannot be set (package hostname)"
ip link set lo up
ip link add port type dummy 2>/dev/null || ip link add port type veth peer name peer 2>/dev/null ||
    cannot "the kernel has neither dummy nor veth interfaces"
ip link set port name eth0
mount -t tmpfs none /sys/class/net || cannot "no mounts"
ln -s ../../devices/pci0000:00/0000:00:03.0/net/eth0 /sys/class/net/eth0
[ -e /etc/machine-id ] || cannot "there is no /etc/machine-id to put another one over"
mount --bind "$1/machine-id" /etc/machine-id || cannot "no bind mounts"
mount --bind "$1/os-release" /etc/os-release || cannot "no bind mounts"
[ ! -e /sys/class/dmi/id ] || mount -t tmpfs none /sys/class/dmi/id
[ ! -e /sys/firmware/dmi/tables ] || mount -t tmpfs none /sys/firmware/dmi/tables
sh -ec "$2" || cannot "the kernel refuses: $2"
ip link set eth0 up
shift 2
exec "$@"
"#;

/// Runs the test of that name again on a machine whose `eth0` the shell commands set up, unless
/// this is that run: then it is `true`. `machine_id` is what stands in `/etc/machine-id`.
fn on_a_machine(test: &str, commands: &str, machine_id: &str) -> bool {
    #[expect(clippy::disallowed_methods, reason = "tells the inner run from the outer one")]
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let unshare = ["-n", "-m", "-u", "--"];
    let probe = Command::new("unshare").args(unshare).args(["ip", "link"]).output();
    match probe {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            skip("namespace", &format!("needs root and iproute2: {}", text(&output).trim()));
            return false;
        }
        Err(error) => {
            skip("namespace", &format!("unshare (package util-linux): {error}"));
            return false;
        }
    }
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("machine-id"), machine_id).unwrap();
    let os_release = "NAME=\"Debian GNU/Linux\"\nVERSION=\"12 (bookworm)\"\n";
    std::fs::write(files.path().join("os-release"), os_release).unwrap();
    let output = Command::new("unshare")
        .args(unshare)
        .args(["sh", "-ec", SETUP, "sh"])
        .arg(files.path())
        .arg(commands)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("agent::namespace::{test}"), "--nocapture"])
        .env(INSIDE, "yes")
        .output()
        .unwrap();
    let text = text(&output);
    if output.status.code() == Some(CANNOT) {
        let said = String::from_utf8_lossy(&output.stdout);
        skip("namespace", said.lines().last().unwrap_or_default());
        return false;
    }
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "the inner run did not happen: {text}");
    false
}

/// One report of the program on this machine: the request and what the program printed.
fn one_report(state: &Path) -> (String, String) {
    one_report_of(state, state)
}

/// As [`one_report`], of a program that is handed what the firmware says in files of that directory.
fn one_report_of(state: &Path, firmware: &Path) -> (String, String) {
    /// The one of the recording, which is free in the namespace, and then those after it.
    static PORT: AtomicU16 = AtomicU16::new(18099);
    let address = format!("127.0.0.1:{}", PORT.fetch_add(1, Ordering::Relaxed));
    let listener = Listener::start(&address, &[&answer("201 Created", "")]);
    let output = tatuscan(state)
        .env("TATUSCAN_URL", format!("http://{address}/"))
        .env("TATUSCAN_STATE_DIR", state)
        .env("CREDENTIALS_DIRECTORY", firmware)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    (listener.request(), text(&output))
}

/// The text of a member's value in compact JSON without nesting.
fn raw<'a>(json: &'a str, member: &str) -> &'a str {
    let start = json.find(&format!("\"{member}\":")).unwrap() + member.len() + 3;
    let rest = &json[start..];
    let end = match rest.strip_prefix('"') {
        Some(text) => text.find('"').map(|at| at + 2),
        None => rest.find([',', '}']),
    };
    &rest[..end.unwrap()]
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| *key == name).unwrap_or_else(|| panic!("no {name} in\n{head}")).1
}

const RECORDED_MACHINE: &str =
    "ip link set eth0 address 00:1b:21:aa:bb:cc; ip addr add 10.99.0.2/24 dev eth0";

#[test]
fn the_recorded_machine_sends_what_the_original_agent_sent() {
    let test = "the_recorded_machine_sends_what_the_original_agent_sent";
    if !on_a_machine(test, RECORDED_MACHINE, MACHINE_ID) {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let (request, log) = one_report(state.path());
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let (recorded_head, recorded_body) = RECORDED.split_once("\r\n\r\n").unwrap();

    assert_eq!(head.lines().next(), recorded_head.lines().next());
    for name in ["Host", "Content-Type"] {
        assert_eq!(header(head, name), header(recorded_head, name));
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        header(head, "User-Agent"),
        header(recorded_head, "User-Agent").replace("0.0.1", version)
    );
    assert_eq!(header(head, "Content-Length"), body.len().to_string());

    // What differs from one moment to the next is put into the recording; the rest is equal.
    let mut expected = recorded_body.to_owned();
    for member in ["cpu_percent", "memory_total_mb", "memory_used_mb", "timestamp"] {
        let old = format!("\"{member}\":{}", raw(recorded_body, member));
        expected = expected.replace(&old, &format!("\"{member}\":{}", raw(body, member)));
    }
    // What the original did not know comes after it, where the original does not look.
    let (beginning, version) = (expected.trim_end_matches('}'), env!("CARGO_PKG_VERSION"));
    let added = body.strip_prefix(beginning).unwrap_or_else(|| panic!("{body}\n{expected}"));
    let added: serde_json::Value =
        serde_json::from_str(&format!("{{{}", added.trim_start_matches(','))).unwrap();
    assert_eq!(added["agent_version"], version);
    assert_eq!(added.as_object().unwrap().len(), 2, "{added}");
    let hashes = added["sections"].as_object().unwrap();
    assert!(hashes.values().all(|hash| hash.as_str().unwrap().len() == 32), "{added}");
    assert!(!log.contains("WARN"), "{log}");
}

#[test]
fn an_address_under_a_label_belongs_to_its_interface() {
    let commands = RECORDED_MACHINE.replace("dev eth0", "dev eth0 label eth0:1");
    let test = "an_address_under_a_label_belongs_to_its_interface";
    if !on_a_machine(test, &commands, MACHINE_ID) {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let (request, _) = one_report(state.path());
    let (_, recorded) = RECORDED.split_once("\r\n\r\n").unwrap();
    for member in ["machine_id", "ip"] {
        assert_eq!(raw(&request, member), raw(recorded, member));
    }
}

#[test]
fn a_virtual_machines_address_falls_back_to_the_installations_id() {
    let commands = RECORDED_MACHINE.replace("00:1b:21", "52:54:00");
    let test = "a_virtual_machines_address_falls_back_to_the_installations_id";
    if !on_a_machine(test, &commands, MACHINE_ID) {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let (request, log) = one_report(state.path());
    let expected = from_hardware("machine-id", MACHINE_ID).unwrap();
    assert_eq!(raw(&request, "machine_id"), format!("\"{expected}\""));
    assert_eq!(raw(&request, "ip"), "\"10.99.0.2\"");
    assert!(log.contains("No valid physical network interface found"), "{log}");
}

#[test]
fn a_host_with_ipv6_only_reports_too() {
    let commands = "ip link set eth0 address 00:1b:21:aa:bb:cc; \
                    ip addr add fd00:99::2/64 dev eth0 nodad";
    if !on_a_machine("a_host_with_ipv6_only_reports_too", commands, MACHINE_ID) {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let (request, _) = one_report(state.path());
    let expected = from_hardware("machine-id", MACHINE_ID).unwrap();
    assert_eq!(raw(&request, "machine_id"), format!("\"{expected}\""));
    assert_eq!(raw(&request, "ip"), "\"fd00:99::2\"");
}

#[test]
fn a_machine_without_any_mark_keeps_the_id_it_drew() {
    let test = "a_machine_without_any_mark_keeps_the_id_it_drew";
    if !on_a_machine(test, "true", "uninitialized\n") {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let id = |request: &str| raw(request, "machine_id").to_owned();
    let (first, log) = one_report(state.path());
    assert!(log.contains("identified by random number"), "{log}");
    assert_eq!(raw(&first, "ip"), "\"\"");
    let mut again = tatuscan(state.path());
    again.args(["agent", "--print"]).env("TATUSCAN_STATE_DIR", state.path());
    assert!(text(&again.output().unwrap()).contains(id(&first).trim_matches('"')));
    // A network card that is put in makes no other machine.
    run(RECORDED_MACHINE);
    assert_eq!(id(&one_report(state.path()).0), id(&first));
}

/// Runs shell commands on the machine.
fn run(commands: &str) {
    let output = Command::new("sh").args(["-ec", commands]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}

/// What the firmware of a computer says of it, as files.
fn firmware(values: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, value) in values {
        std::fs::write(directory.path().join(name), format!("{value}\n")).unwrap();
    }
    directory
}

#[test]
fn a_dock_another_card_and_another_name_make_no_other_machine() {
    let test = "a_dock_another_card_and_another_name_make_no_other_machine";
    if !on_a_machine(test, RECORDED_MACHINE, MACHINE_ID) {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let id = |request: &str| raw(request, "machine_id").to_owned();
    let (_, recorded) = RECORDED.split_once("\r\n\r\n").unwrap();
    // Not before a server knows it: nothing is written.
    let mut print = tatuscan(state.path());
    print.args(["agent", "--print"]).env("TATUSCAN_STATE_DIR", state.path()).output().unwrap();
    assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
    let notebook = firmware(&[("product_uuid", "4C4C4544-0042-3510-8052-B4C04F4A3132")]);
    assert_eq!(id(&one_report_of(state.path(), notebook.path()).0), raw(recorded, "machine_id"));
    for commands in [
        "ip link set eth0 address 00:1b:21:dd:ee:ff; hostname another",
        "ip link set eth0 address 52:54:00:dd:ee:ff",
        "ip addr flush dev eth0; ip addr add fd00:99::2/64 dev eth0 nodad",
        "ip link set eth0 down",
    ] {
        run(commands);
        let (request, log) = one_report_of(state.path(), notebook.path());
        assert_eq!(id(&request), raw(recorded, "machine_id"), "{commands}");
        assert!(!request.contains("cloned_from") && !log.contains("WARN"), "{log}");
    }
    // What cannot be read says nothing against it.
    assert_eq!(id(&one_report(state.path()).0), raw(recorded, "machine_id"));
}

#[test]
fn a_service_reads_of_the_firmware_what_it_is_handed() {
    let test = "a_service_reads_of_the_firmware_what_it_is_handed";
    if !on_a_machine(test, RECORDED_MACHINE, MACHINE_ID) {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    // An end-of-table, and a module of 8 GiB before it; systemd's word where there is nothing.
    let mut table = vec![17, 28, 0, 17, 0, 0, 0, 0, 64, 0, 64, 0, 0, 32];
    table.resize(28, 0);
    table.extend(b"\0\0\x7f\x04\x01\x11\0\0");
    let handed = firmware(&[("product_serial", "5CD1234ABC"), ("chassis_serial", "none")]);
    std::fs::write(handed.path().join("DMI"), table).unwrap();
    let mut print = tatuscan(state.path());
    print.args(["agent", "--print"]).env("TATUSCAN_STATE_DIR", state.path());
    let output = print.env("CREDENTIALS_DIRECTORY", handed.path()).output().unwrap();
    let printed: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let inventory = &printed["inventory"];
    assert_eq!(inventory["system"]["content"]["serial"], "5CD1234ABC", "{inventory}");
    assert_eq!(inventory["memory"]["content"]["modules"][0]["size_mb"], 8192, "{inventory}");
}

#[test]
fn a_copied_disk_is_another_machine_and_says_of_which() {
    let test = "a_copied_disk_is_another_machine_and_says_of_which";
    if !on_a_machine(test, &RECORDED_MACHINE.replace("00:1b:21", "52:54:00"), MACHINE_ID) {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let computer = |serial| {
        let junk = ("product_uuid", "03000200-0400-0500-0006-000700080009");
        firmware(&[("board_serial", serial), junk])
    };
    let id = |request: &str| raw(request, "machine_id").to_owned();
    let template = one_report_of(state.path(), computer("S1").path()).0;
    assert_eq!(id(&template), format!("\"{}\"", from_hardware("machine-id", MACHINE_ID).unwrap()));
    // The copy has the same installation's id, and must not have the same machine's.
    let (copy, log) = one_report_of(state.path(), computer("S2").path());
    assert_ne!(id(&copy), id(&template));
    assert_eq!(raw(&copy, "cloned_from"), id(&template));
    assert!(log.contains("copied from another machine"), "{log}");
    let again = one_report_of(state.path(), computer("S2").path()).0;
    assert_eq!((id(&again), raw(&again, "cloned_from")), (id(&copy), id(&template).as_str()));
    // And so does the copy of the copy, which has a UUID too.
    let uuid = "4c4c4544-0042-3510-8052-b4c04f4a3132";
    let third = firmware(&[("board_serial", "S3"), ("product_uuid", uuid)]);
    let third = one_report_of(state.path(), third.path()).0;
    assert_eq!(raw(&third, "cloned_from"), id(&copy));
    assert_eq!(id(&third), format!("\"{}\"", from_hardware("smbios-uuid", uuid).unwrap()));
}

#[test]
fn a_notebook_with_wifi_alone_is_the_same_in_its_dock_and_out_of_it() {
    let test = "a_notebook_with_wifi_alone_is_the_same_in_its_dock_and_out_of_it";
    if !on_a_machine(test, RECORDED_MACHINE, MACHINE_ID) {
        return;
    }
    // The kernel lists it under the name that it has now.
    run("ip link set eth0 down; ip link set eth0 name wlp3s0; ip link set wlp3s0 up; \
         rm /sys/class/net/eth0; \
         ln -s ../../devices/pci0000:00/0000:00:14.3/net/wlp3s0 /sys/class/net/wlp3s0");
    let id = |request: &str| raw(request, "machine_id").to_owned();
    let notebook = firmware(&[("product_uuid", "4C4C4544-0042-3510-8052-B4C04F4A3132")]);
    let (state, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let undocked = id(&one_report_of(state.path(), notebook.path()).0);
    let (_, recorded) = RECORDED.split_once("\r\n\r\n").unwrap();
    assert_eq!(undocked, raw(recorded, "machine_id"));
    run("ip link add enx0 type dummy 2>/dev/null || ip link add enx0 type veth peer name peer0; \
         ip link set enx0 address 00:50:b6:11:22:33; ip addr add 10.99.1.2/24 dev enx0; \
         ip link set enx0 up; \
         ln -s ../../devices/pci0000:00/0000:00:14.0/usb2/2-1/net/enx0 /sys/class/net/enx0");
    // The original, and an agent that knows nothing yet, take it for another machine.
    assert_ne!(id(&one_report_of(new.path(), notebook.path()).0), undocked);
    assert_eq!(id(&one_report_of(state.path(), notebook.path()).0), undocked);
    run("ip link delete enx0; rm /sys/class/net/enx0");
    assert_eq!(id(&one_report_of(state.path(), notebook.path()).0), undocked);
}
