//! What to do when a server's certificate is not believed.

use std::error::Error;
use std::io;

use rustls::{CertificateError, OtherError};

use super::verifier::WrongKey;
use super::{CA_FILE, PIN, Trust, URL};

impl Trust {
    /// What to do about a request that failed on its way: `None` when the server's certificate has
    /// nothing to do with it.
    #[must_use]
    pub fn advice(&self, error: &(dyn Error + 'static)) -> Option<String> {
        match tls_error(error)? {
            rustls::Error::InvalidCertificate(problem) => Some(self.about(problem)),
            rustls::Error::InvalidMessage(_) => Some(format!(
                "the server does not answer in TLS; if it has none, write http:// in {URL}"
            )),
            _ => None,
        }
    }

    fn about(&self, problem: &CertificateError) -> String {
        use CertificateError as Problem;
        match problem {
            Problem::Expired | Problem::ExpiredContext { .. } => format!(
                "the server's certificate has run out ({problem}); renew it, or put this \
                 computer's clock right"
            ),
            Problem::NotValidYet | Problem::NotValidYetContext { .. } => format!(
                "the server's certificate is not valid yet ({problem}); put this computer's clock \
                 right"
            ),
            Problem::NotValidForName | Problem::NotValidForNameContext { .. } => format!(
                "the server's certificate is made out to another name ({problem}); write a name \
                 in {URL} that it has"
            ),
            Problem::Other(OtherError(other)) if other.is::<WrongKey>() => other.to_string(),
            // The library has no name of its own for it.
            Problem::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => format!(
                "the server's certificate is an authority's own (CA:TRUE), which proves no server; \
                 set {PIN} to the pin in the server's start line, or give the server another one"
            ),
            _ => match self {
                Self::System => format!(
                    "this computer does not trust the server's certificate ({problem}); for a \
                     server with a certificate of its own (--tls self) set {PIN} to the pin in \
                     its start line, for an authority of your own set {CA_FILE} to its certificate"
                ),
                Self::CaFile(path) => format!(
                    "the server's certificate does not come from an authority in {path:?}, which \
                     {CA_FILE} names ({problem})"
                ),
                Self::Pin(_) => format!(
                    "the server does not prove that it has the key of its certificate ({problem}); \
                     another computer may answer in its place"
                ),
            },
        }
    }
}

/// The TLS library's own error, which I/O errors hide from [`Error::source`].
fn tls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let io = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        cause = match io {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
