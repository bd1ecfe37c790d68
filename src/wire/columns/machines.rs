//! The columns of a table of machines.

use super::{Cell, Column};
use crate::wire::{Lifecycle, Machine, Proof, Status};

const fn column(
    name: &'static str,
    headers: [&'static str; 3],
    width: u8,
    cell: fn(&Machine) -> Cell<'_>,
) -> Column<Machine> {
    Column { name, headers, width, cell }
}

/// Every field of a machine but the custom ones, in the order in which people read them.
pub const MACHINE_COLUMNS: &[Column<Machine>] = &[
    column("hostname", ["Máquina", "Machine", "Equipo"], 24, |m| Cell::Text(&m.hostname)),
    column("status", ["Situação", "State", "Estado"], 10, |m| {
        m.status.map_or(Cell::Empty, |status| {
            Cell::Text(match status {
                Status::Online => "online",
                Status::Late => "late",
                Status::Offline => "offline",
                Status::Missing => "missing",
            })
        })
    }),
    column("lifecycle", ["Ciclo de vida", "Lifecycle", "Ciclo de vida"], 13, |m| {
        Cell::Text(match m.lifecycle {
            Lifecycle::Active => "active",
            Lifecycle::Stock => "stock",
            Lifecycle::Repair => "repair",
            Lifecycle::Retired => "retired",
        })
    }),
    column("ip", ["IP", "IP", "IP"], 16, |m| Cell::Text(&m.ip)),
    column("os", ["SO", "OS", "SO"], 10, |m| Cell::Text(&m.os)),
    column("os_version", ["Versão do SO", "OS version", "Versión del SO"], 32, |m| {
        Cell::Text(&m.os_version)
    }),
    column("computer_model", ["Modelo", "Model", "Modelo"], 28, |m| {
        Cell::text(m.computer_model.as_ref())
    }),
    column("manufacturer", ["Fabricante", "Manufacturer", "Fabricante"], 20, |m| {
        Cell::text(m.manufacturer.as_ref())
    }),
    column(
        "model_reported",
        ["Modelo (firmware)", "Model (firmware)", "Modelo (firmware)"],
        28,
        |m| Cell::text(m.model_reported.as_ref()),
    ),
    column("serial", ["Número de série", "Serial number", "Número de serie"], 20, |m| {
        Cell::text(m.serial.as_ref())
    }),
    column("macs", ["Endereços MAC", "MAC addresses", "Direcciones MAC"], 20, |m| {
        Cell::Texts(&m.macs)
    }),
    column("users", ["Usuários", "Users", "Usuarios"], 20, |m| Cell::Texts(&m.users)),
    column("cpu_percent", ["CPU (%)", "CPU (%)", "CPU (%)"], 9, |m| {
        m.cpu_percent.map_or(Cell::Empty, Cell::Number)
    }),
    column(
        "memory_used_mb",
        ["Memória em uso (MiB)", "Memory in use (MiB)", "Memoria en uso (MiB)"],
        21,
        |m| Cell::Whole(m.memory_used_mb),
    ),
    column("memory_total_mb", ["Memória (MiB)", "Memory (MiB)", "Memoria (MiB)"], 15, |m| {
        Cell::Whole(m.memory_total_mb)
    }),
    column("tags", ["Etiquetas", "Tags", "Etiquetas"], 20, |m| Cell::Texts(&m.tags)),
    column("site", ["Local", "Site", "Sede"], 18, |m| Cell::text(m.site.as_ref())),
    column("building", ["Prédio", "Building", "Edificio"], 12, |m| {
        Cell::text(m.building.as_ref())
    }),
    column("room", ["Sala", "Room", "Sala"], 12, |m| Cell::text(m.room.as_ref())),
    column("owner", ["Responsável", "Owner", "Responsable"], 24, |m| Cell::text(m.owner.as_ref())),
    column("asset_number", ["Patrimônio", "Asset number", "Número de inventario"], 14, |m| {
        Cell::text(m.asset_number.as_ref())
    }),
    column("computer_activation", ["Ativação", "Activation", "Activación"], 20, |m| {
        Cell::time(m.computer_activation)
    }),
    column("activation_days", ["Dias em uso", "Days in use", "Días en uso"], 12, |m| {
        m.activation_days.map_or(Cell::Empty, |days| Cell::Whole(days.into()))
    }),
    column("purchase_date", ["Data de compra", "Purchase date", "Fecha de compra"], 16, |m| {
        Cell::day(m.purchase_date)
    }),
    column(
        "warranty_end_date",
        ["Fim da garantia", "Warranty end", "Fin de la garantía"],
        18,
        |m| Cell::day(m.warranty_end_date),
    ),
    column("created_at", ["Primeiro relato", "First report", "Primer informe"], 20, |m| {
        Cell::Time(m.created_at)
    }),
    column("updated_at", ["Último relato", "Last report", "Último informe"], 20, |m| {
        Cell::time(m.updated_at)
    }),
    column("proof", ["Prova do agente", "Agent's proof", "Prueba del agente"], 16, |m| {
        m.proof.map_or(Cell::Empty, |proof| {
            Cell::Text(match proof {
                Proof::Legacy => "legacy",
                Proof::Token => "token",
                Proof::Signature => "signature",
            })
        })
    }),
    column(
        "agent_version",
        ["Versão do agente", "Agent version", "Versión del agente"],
        16,
        |m| Cell::text(m.agent_version.as_ref()),
    ),
    column("uuid", ["UUID", "UUID", "UUID"], 36, |m| Cell::text(m.uuid.as_ref())),
    column("notes", ["Observações", "Notes", "Notas"], 40, |m| Cell::text(m.notes.as_ref())),
    column("machine_id", ["Identidade", "Identity", "Identidad"], 34, |m| {
        Cell::Text(&m.machine_id)
    }),
];
