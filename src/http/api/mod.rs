//! The operations of the API. Handlers parse, call and convert; nothing else.

mod admin;
mod backup;
mod duplicates;
mod enrolment;
mod export;
mod fields;
mod figures;
mod health;
mod import;
mod machines;
mod manual;
mod origin;
mod path;
mod people;
mod sections;
mod server;
mod session;
mod signature;
mod software;
mod views;

use poem_openapi::Tags;

use crate::access::Secret;
use crate::model::Text;
use crate::model::access::hex;

/// All operations.
pub(super) type Api = (
    (machines::MachinesApi, sections::SectionsApi, software::SoftwareApi),
    figures::FiguresApi,
    fields::FieldsApi,
    views::ViewsApi,
    duplicates::DuplicatesApi,
    export::ExportApi,
    import::ImportApi,
    manual::ManualApi,
    enrolment::EnrolmentApi,
    session::SessionApi,
    people::PeopleApi,
    admin::AdminApi,
    backup::BackupApi,
    origin::OriginApi,
    server::ServerApi,
    health::HealthApi,
);

/// All operations, to be routed or documented.
pub(super) fn operations() -> Api {
    (
        (machines::MachinesApi, sections::SectionsApi, software::SoftwareApi),
        figures::FiguresApi,
        fields::FieldsApi,
        views::ViewsApi,
        duplicates::DuplicatesApi,
        export::ExportApi,
        import::ImportApi,
        manual::ManualApi,
        enrolment::EnrolmentApi,
        session::SessionApi,
        people::PeopleApi,
        admin::AdminApi,
        backup::BackupApi,
        origin::OriginApi,
        server::ServerApi,
        health::HealthApi,
    )
}

/// What an operation is about.
#[derive(Tags)]
pub(super) enum Tag {
    /// The machines of the inventory: agents report them, people read and change them.
    Machines,
    /// Who may do what: sessions, people, tokens, keys, and what they changed.
    Access,
    /// Whether the server is alive, and what keeps it so.
    Health,
}

/// A name for something new: random, and long enough that nothing else has it.
fn fresh_id() -> Text {
    hex(&Secret::random().hash())[..16].into()
}
