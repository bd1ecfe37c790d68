//! The rules, as one pure function: who may do what.

use crate::model::access::{Caller, Role, Scope};

/// How strict the rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Machines on private networks report without a token, as the original's agents do; reading and
    /// changing take a credential.
    #[default]
    Compat,
    /// Every report takes a token or a signature too.
    Strict,
    /// Everybody may do everything, as with the original.
    Off,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Plane {
    /// What holds no data of the inventory, and what proves itself by what it carries.
    Public,
    /// Reporting a machine.
    Ingest,
    /// Reading the inventory.
    Read,
    /// Changing machines.
    Change,
    /// Tokens, people, settings, the audit log.
    Administer,
}

/// What the rules look at beside the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub plane: Plane,
    /// Whether it comes, by everything that is known, from a network that old agents may report
    /// from.
    pub is_local: bool,
    /// Whether a new box still shows its inventory to the very computer it runs on, and this is a
    /// plain request from there.
    pub is_in_grace: bool,
    /// Whether anybody may read.
    pub is_public: bool,
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// A credential is needed: 401.
    Unknown,
    /// The one that was shown is not enough: 403.
    Forbidden,
}

/// Whether a caller may do what is asked for. Whose report a machine's is, is decided when it is
/// recorded.
///
/// # Errors
/// Why not.
pub fn decide(mode: Mode, caller: &Caller, request: Request) -> Result<(), Denial> {
    use Plane::{Change, Ingest, Public, Read};
    let Request { plane, is_local, is_in_grace, is_public } = request;
    if mode == Mode::Off || plane == Public {
        return Ok(());
    }
    let admitted = match (caller, plane) {
        (Caller::Anonymous, Ingest) => mode == Mode::Compat && is_local,
        (Caller::Anonymous, Read) => is_in_grace || is_public,
        (Caller::Anonymous, _) => false,
        (_, Read) if is_public => true,
        (Caller::Machine { .. }, plane) => plane == Ingest,
        (Caller::Token(token), plane) => match token.scope {
            Scope::Ingest => plane == Ingest,
            Scope::Read => plane == Read,
            Scope::Write => matches!(plane, Ingest | Read | Change),
            Scope::Admin => true,
            Scope::Enrol => false,
        },
        (Caller::TokenFile, _) => true,
        (Caller::Person { role, .. }, plane) => *role == Role::Admin || plane == Read,
    };
    match caller {
        _ if admitted => Ok(()),
        Caller::Anonymous => Err(Denial::Unknown),
        _ => Err(Denial::Forbidden),
    }
}
