//! What a machine's report proves of the one who sent it.

/// What the last report of a machine proved of its sender.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Proof {
    /// Nothing, as the original's agents and those without a credential report.
    #[default]
    Legacy,
    /// That the sender has a token or is a person who may report.
    Token,
    /// That the sender has the machine's own key.
    Signature,
}

impl Proof {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Legacy, Self::Token, Self::Signature];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Token => "token",
            Self::Signature => "signature",
        }
    }

    /// The one with this name, in any case.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name().eq_ignore_ascii_case(name))
    }
}
