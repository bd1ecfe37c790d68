//! `tatuscan install` where systemd runs: the server and an agent come up, go on, and leave.

use std::path::Path;

use super::booted::Booted;
use super::system::System;

/// What a script needs to ask the server as an admin.
const ASK: &str = "ask() { curl -sf -H \"Authorization: Bearer $(cat /var/lib/tatuscan/admin.token)\" \
                   \"http://127.0.0.1:8040$1\"; }\n";

/// A Debian that runs, with this program in root's directory.
fn booted(prepare: impl FnOnce(&System)) -> Option<Booted> {
    let system = System::debian()?;
    system.write("etc/hosts", "127.0.0.1 localhost\n");
    system.bring(Path::new(env!("CARGO_BIN_EXE_tatuscan")));
    prepare(&system);
    Booted::boot(system)
}

#[test]
fn server_and_agent_come_up_go_on_after_a_kill_and_leave_nothing_behind() {
    let Some(vm) = booted(|_| ()) else { return };
    let said = vm.script("/root/tatuscan install --agent TIMEZONE=America/Manaus");
    assert!(said.contains("/setup#k="), "{said}");
    assert_eq!(
        (vm.state("tatuscan"), vm.state("tatuscan-agent")),
        ("active".into(), "active".into())
    );
    let machine =
        "until ask /api/machines | grep -q '\"count\":1'; do sleep 0.2; done; ask /api/machines";
    let machine = vm.script(&format!("{ASK}{machine}"));
    let name = vm.script("hostname");
    assert!(machine.contains(&format!("\"hostname\":\"{}\"", name.trim())), "{machine}");
    // Serial numbers are root's to read: the unit hands them over where the machine has any.
    let sections = "ask \"/api/machines/$(ask /api/machines | sed 's/.*\"machine_id\":\"\\([^\"]*\\).*/\\1/')\"";
    let wait = format!("until {sections} | grep -q '\"software\"'; do sleep 0.2; done; {sections}");
    let sections = vm.script(&format!("{ASK}{wait}"));
    let serial = "cat /sys/class/dmi/id/product_serial 2>/dev/null || true";
    let serial = vm.script(serial).trim().to_owned();
    assert!(sections.contains(&serial), "{serial}: {sections}");
    for unit in ["tatuscan.service", "tatuscan-agent.service"] {
        vm.run(&["systemd-analyze", "security", "--threshold=15", "--no-pager", unit]);
    }
    vm.run(&[
        "systemd-analyze",
        "verify",
        "--man=no",
        "tatuscan.service",
        "tatuscan-agent.service",
    ]);
    // Whoever is root on that machine needs no settings and no address.
    assert!(vm.script("tatuscan machine list").contains(name.trim()));
    vm.script("tatuscan healthcheck && tatuscan doctor && tatuscan-agent doctor");

    let old = vm.pid("tatuscan");
    vm.script(
        "systemctl reload tatuscan && systemctl kill --kill-whom=main --signal=KILL tatuscan",
    );
    vm.script("until [ \"$(systemctl is-active tatuscan)\" = active ]; do sleep 0.1; done");
    assert_ne!(vm.pid("tatuscan"), old);
    assert!(vm.script("tatuscan machine list").contains(name.trim()), "nothing is lost");

    vm.script("systemctl stop tatuscan");
    let how = vm.script("systemctl show --property=Result,ExecMainStatus tatuscan");
    assert!(how.contains("Result=success") && how.contains("ExecMainStatus=0"), "{how}");
    // What root makes there while the server is stopped is the server's when it starts.
    vm.script("tatuscan user list; cp /var/lib/tatuscan/tatuscan.redb /var/lib/tatuscan/copy");
    vm.script("systemctl start tatuscan");
    assert_eq!(vm.script("stat -c %U /var/lib/tatuscan/* | sort -u").trim(), "tatuscan");

    // The upgrade, and nothing else to be said.
    let said = vm.script("/root/tatuscan install");
    assert_eq!(said.matches("as it should be").count(), 5, "{said}");
    assert!(vm.script("tatuscan machine list").contains(name.trim()));
    vm.script("tatuscan uninstall && /root/tatuscan agent uninstall");
    assert!(vm.system.has("var/lib/tatuscan/tatuscan.redb"));
    vm.script("/root/tatuscan uninstall --purge && /root/tatuscan agent uninstall --purge");
    // But for the backups, of which the first was taken at the start.
    vm.script("ls /var/backups/tatuscan/* && rm -r /var/backups/tatuscan");
    assert_eq!(vm.system.traces(), Vec::<String>::new());
    assert!(!vm.system.read("etc/passwd").contains("tatuscan"));
}

#[test]
fn a_server_that_hangs_is_started_again_and_one_that_works_is_not() {
    let Some(vm) = booted(|_| ()) else { return };
    vm.script("/root/tatuscan install");
    let drop_in = "etc/systemd/system/tatuscan.service.d/watchdog.conf";
    vm.system.write(drop_in, "[Service]\nWatchdogSec=2\n");
    vm.script("systemctl daemon-reload && systemctl restart tatuscan");
    let first = vm.pid("tatuscan");
    vm.script("sleep 6");
    assert_eq!(vm.pid("tatuscan"), first, "it says that it is alive");
    vm.script("kill -STOP $(systemctl show --property=MainPID --value tatuscan)");
    let again = "until [ \"$(systemctl show --property=NRestarts --value tatuscan)\" = 1 ] &&
                 tatuscan healthcheck; do sleep 0.2; done";
    vm.script(again);
    assert_ne!(vm.pid("tatuscan"), first);
}

#[test]
fn the_originals_units_are_taken_over_while_they_run() {
    let unit = "[Unit]\nRequires=tatuscan.socket\n[Service]\nUser=www-data\nWorkingDirectory=/opt/tatuscan\n\
                Environment=TATUSCAN_DB_DIR=/var/lib/tatuscan TIMEZONE=America/Belem\n\
                ExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n";
    let agent = "[Service]\nEnvironment=TATUSCAN_URL=http://127.0.0.1:8040 TATUSCAN_INTERVAL=30s\n\
                 ExecStart=/usr/local/bin/tatuscan -d\n[Install]\nWantedBy=multi-user.target\n";
    let Some(vm) = booted(|system| {
        let units = "etc/systemd/system";
        system.write(&format!("{units}/tatuscan.service"), unit);
        system.write(&format!("{units}/tatuscan@.service"), unit);
        let socket = "[Socket]\nListenStream=8040\n[Install]\nWantedBy=sockets.target\n";
        system.write(&format!("{units}/tatuscan.socket"), socket);
        system.write(&format!("{units}/TatuScanAgent.service"), agent);
        let database = include_bytes!("../fixtures/legacy/sqlite.db");
        system.write("var/lib/tatuscan/tatuscan.db", database);
    }) else {
        return;
    };
    vm.script(
        "mkdir -p /opt/tatuscan && cp /root/tatuscan /usr/local/bin/
         chown -R www-data: /var/lib/tatuscan
         systemctl enable --now tatuscan.socket tatuscan tatuscan@2 TatuScanAgent",
    );
    assert_eq!(vm.state("tatuscan.socket"), "active", "it holds the port");
    vm.script("/root/tatuscan install --agent");
    for (name, state) in [
        ("tatuscan", "active"),
        ("tatuscan-agent", "active"),
        ("tatuscan.socket", "inactive"),
        ("tatuscan@2", "inactive"),
        ("TatuScanAgent", "inactive"),
    ] {
        assert_eq!(vm.state(name), state, "{name}");
    }
    let enabled =
        "systemctl list-unit-files --state=enabled --no-legend --plain '*atu*can*' | cut -d' ' -f1";
    let enabled = vm.script(enabled);
    assert_eq!(
        enabled.split_whitespace().collect::<Vec<_>>(),
        ["tatuscan-agent.service", "tatuscan.service"]
    );
    let agents = vm.script("for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline; echo; done");
    let agents = agents.lines().filter(|line| line.contains("tatuscan") && line.contains("-d"));
    assert_eq!(agents.count(), 1, "one agent reports");
    let known = vm.script("tatuscan machine list | wc -l");
    assert!(known.trim().parse::<u32>().unwrap() > 200, "{known}");
    let settings = vm.system.read("etc/tatuscan/tatuscan.env");
    assert!(settings.contains("\nTIMEZONE=America/Belem\n"), "{settings}");
    assert!(vm.system.read("etc/tatuscan/agent.env").contains("TATUSCAN_INTERVAL=30s"));
    assert_eq!(vm.system.read("etc/tatuscan/original/tatuscan.service"), unit);
    // The way back: the original's file is as it was, and its unit is kept.
    let kept = std::fs::read(vm.system.file("var/lib/tatuscan/tatuscan.db")).unwrap();
    assert!(kept == include_bytes!("../fixtures/legacy/sqlite.db"));
}
