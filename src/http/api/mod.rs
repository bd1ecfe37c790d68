//! The operations of the API. Handlers parse, call and convert; nothing else.

mod figures;
mod health;
mod machine_id;
mod machines;

/// All operations.
pub(super) type Api = (machines::MachinesApi, figures::FiguresApi, health::HealthApi);

/// All operations, to be routed or documented.
pub(super) fn operations() -> Api {
    (machines::MachinesApi, figures::FiguresApi, health::HealthApi)
}
