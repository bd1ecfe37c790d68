//! The columns of a table of changes.

use super::{Cell, Column};
use crate::wire::access::AuditEntry;

const fn column(
    name: &'static str,
    headers: [&'static str; 3],
    cell: fn(&AuditEntry) -> Cell<'_>,
) -> Column<AuditEntry> {
    Column { name, headers, width: 20, cell }
}

/// Every field of an entry of the audit log.
pub const AUDIT_COLUMNS: &[Column<AuditEntry>] = &[
    column("number", ["Número", "Number", "Número"], |entry| {
        i64::try_from(entry.number).map_or(Cell::Empty, Cell::Whole)
    }),
    column("at", ["Quando", "When", "Cuándo"], |entry| Cell::Time(entry.at)),
    column("actor", ["Quem", "Who", "Quién"], |entry| Cell::Text(&entry.actor)),
    column("peer", ["Endereço", "Address", "Dirección"], |entry| Cell::Text(&entry.peer)),
    column("action", ["Ação", "Action", "Acción"], |entry| Cell::Text(&entry.action)),
    column("subject", ["Alvo", "Subject", "Objeto"], |entry| Cell::Text(&entry.subject)),
    column("before", ["Antes", "Before", "Antes"], |entry| Cell::text(entry.before.as_ref())),
    column("after", ["Depois", "After", "Después"], |entry| Cell::text(entry.after.as_ref())),
];
