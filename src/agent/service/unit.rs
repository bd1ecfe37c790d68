//! The unit that systemd reads.

use super::linux::{PROGRAM, SETTINGS};

/// Its name.
pub(super) const NAME: &str = "tatuscan-agent.service";

/// Files that only root may read: the service is handed what stands in them. Where there is none, as
/// in a container, it is handed a word that says nothing.
const HANDED: [(&str, &str); 5] = [
    ("product_uuid", "/sys/class/dmi/id/product_uuid"),
    ("board_serial", "/sys/class/dmi/id/board_serial"),
    ("chassis_serial", "/sys/class/dmi/id/chassis_serial"),
    ("product_serial", "/sys/class/dmi/id/product_serial"),
    ("DMI", "/sys/firmware/dmi/tables/DMI"),
];

/// What the service may do: read the machine, speak to the network, and write its own state.
/// `ProtectHostname` is not among it: it hides that the machine was given another name.
const RULES: &str = "\
DynamicUser=yes
StateDirectory=tatuscan-agent
StateDirectoryMode=0700
UMask=0077
Nice=10
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
PrivateUsers=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
";

/// The unit's text.
pub(super) fn text() -> String {
    let handed: String = HANDED
        .iter()
        .map(|(name, path)| format!("SetCredential={name}:none\nLoadCredential={name}:{path}\n"))
        .collect();
    format!(
        "# Written by `tatuscan agent install`, which overwrites it; what is your own goes into\n\
         # `systemctl edit {NAME}`.\n\
         [Unit]\n\
         Description=TatuScan agent: reports this machine to a server\n\
         Wants=network-online.target\n\
         After=network-online.target\n\
         StartLimitIntervalSec=0\n\
         \n\
         [Service]\n\
         Type=exec\n\
         ExecStart={PROGRAM} --daemon\n\
         EnvironmentFile={SETTINGS}\n\
         Restart=always\n\
         RestartSec=10\n\
         \n\
         # The numbers of the machine, which tell a copied disk from where it was copied, and its memory.\n\
         {handed}\n\
         {RULES}\n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    )
}
