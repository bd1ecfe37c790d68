//! Who may do what: tokens, people, sessions, and the rules between them. Whoever asks is told
//! apart here; what is asked for is named by [`Plane`].

mod browsers;
mod enrolment;
mod failures;
mod flood;
mod founding;
mod network;
mod password;
mod policy;
mod refused;
mod reports;
mod secret;
mod sessions;
mod space;
mod tokens;
mod users;

use std::path::PathBuf;
use std::sync::Arc;

use ipnet::IpNet;

pub use enrolment::{Enrolled, EnrolmentError};
pub use failures::LoginError;
pub use flood::FloodLimits;
pub use founding::LinkPlace;
pub use network::{Networks, own_networks};
pub use password::PasswordError;
pub use policy::{Denial, Mode, Plane, Request, decide};
pub use refused::network_of;
pub use reports::{Ingested, Refusal, Sender};
pub use secret::{Secret, is_token_of};
pub use sessions::LoggedIn;
pub use space::{FreeSpace, SpaceLimit};
pub use tokens::TokenTerms;
pub use users::UserError;

use crate::model::access::{Caller, Identity};
use crate::store::Store;

/// What the rules depend on.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How strict they are.
    pub mode: Mode,
    /// Networks beside the private ones from which machines may report without a token.
    pub legacy_networks: Vec<IpNet>,
    /// Whether anybody may read.
    pub public_read: bool,
    /// The file with the token that always admits to everything.
    pub token_file: Option<PathBuf>,
    /// How many new machines are taken from those who show no token.
    pub flood: FloodLimits,
    /// How much space must be left for reports; `None` for none.
    pub space: Option<SpaceLimit>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Compat,
            legacy_networks: Vec::new(),
            public_read: false,
            token_file: None,
            flood: FloodLimits::default(),
            space: None,
        }
    }
}

/// The gate to an inventory.
#[derive(Clone)]
pub struct Access {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    settings: Settings,
    networks: Networks,
    hashing: password::Hashing,
    flood: flood::Flood,
    space: space::Space,
    refused: refused::Refused,
}

impl Access {
    /// The gate to what `store` keeps.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, settings: Settings) -> Self {
        let networks = Networks::new(own_networks(), settings.legacy_networks.clone());
        let flood = flood::Flood::new(settings.flood);
        let space = space::Space::new(settings.space.clone());
        let inner = Inner {
            store,
            settings,
            networks,
            hashing: password::Hashing::default(),
            flood,
            space,
            refused: refused::Refused::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// How strict the rules are.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.inner.settings.mode
    }

    /// Whether anybody may read.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.inner.settings.public_read
    }

    /// How much space is left for the inventory, where that is watched.
    #[must_use]
    pub fn free_space(&self) -> Option<FreeSpace> {
        self.inner.space.look()
    }

    /// Whether machines may report from an address without a token.
    #[must_use]
    pub fn is_near(&self, address: std::net::IpAddr) -> bool {
        self.inner.networks.hold(address)
    }

    fn store(&self) -> &dyn Store {
        &*self.inner.store
    }
}
