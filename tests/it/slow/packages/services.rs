//! The Debian packages where systemd runs.

use super::super::booted::Booted;
use super::deb::{agent, next_version, server};
use super::{AGENT_SETTINGS, SERVER_SETTINGS, System};

#[test]
fn the_services_start_report_restart_at_an_upgrade_and_stop_when_removed() {
    let (Some(server), Some(agent), Some(system)) = (server(), agent(), System::debian()) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let (first, second) = (system.bring(&server), system.bring(&agent));
    let next = system.bring(&next_version(&server, SERVER_SETTINGS, directory.path()));
    system.write("etc/hosts", "127.0.0.1 localhost\n");
    let Some(booted) = Booted::boot(system) else { return };

    booted.run(&["dpkg", "-i", &first, &second]);
    assert_eq!(
        booted.state("tatuscan"),
        "active",
        "{}",
        booted.run(&["journalctl", "-u", "tatuscan"])
    );
    assert_eq!(booted.state("tatuscan-agent"), "inactive", "no server is set");
    booted.system.append(AGENT_SETTINGS, "TATUSCAN_URL=http://localhost:8040");
    booted.run(&["systemctl", "enable", "--now", "tatuscan-agent"]);
    let list = ["tatuscan", "machine", "list", "--data-dir", "/var/lib/tatuscan"];
    booted.wait_for(&list, "linux");
    booted.run(&[
        "systemd-analyze",
        "verify",
        "--man=no",
        "tatuscan.service",
        "tatuscan-agent.service",
    ]);

    let (old, untouched) = (booted.pid("tatuscan"), booted.pid("tatuscan-agent"));
    booted.run(&["dpkg", "-i", &next]);
    assert_eq!(booted.state("tatuscan"), "active");
    assert_ne!(booted.pid("tatuscan"), old, "the new program runs");
    assert_eq!(booted.pid("tatuscan-agent"), untouched);

    booted.run(&["dpkg", "--remove", "tatuscan", "tatuscan-agent"]);
    assert_ne!(booted.state("tatuscan"), "active");
    assert_ne!(booted.state("tatuscan-agent"), "active");
    assert!(booted.system.has("var/lib/tatuscan/tatuscan.redb"));
    booted.run(&["dpkg", "--purge", "tatuscan", "tatuscan-agent"]);
    assert!(
        !booted.system.has("var/lib/tatuscan")
            && !booted.system.has("var/lib/private/tatuscan-agent")
    );
}
