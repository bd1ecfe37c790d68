//! Another certificate without a restart.

use std::io;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use super::{CertificateFiles, Tls};

/// From the call on a SIGHUP no longer ends the process, which has no certificate to read: a service is
/// told to reload by whoever renews those of all.
///
/// # Errors
/// When the signal cannot be listened to.
pub fn outlive_hangup() -> io::Result<impl Future<Output = ()>> {
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangups.recv().await.is_some() {
            tracing::info!("there is no certificate to read again: TATUSCAN_TLS is off");
        }
    })
}

/// From the call on a SIGHUP no longer ends the process; the future then reads the files anew at
/// each one, for ever. Files that cannot be used change nothing but the log.
///
/// # Errors
/// When the signal cannot be listened to.
pub fn reload_on_hangup(
    tls: Arc<Tls>,
    files: CertificateFiles,
) -> io::Result<impl Future<Output = ()>> {
    let mut hangups = signal(SignalKind::hangup())?;
    Ok(async move {
        while hangups.recv().await.is_some() {
            let files = files.clone();
            // The files may be on a network that hangs.
            let read = tokio::task::spawn_blocking(move || files.read()).await;
            match read.map_err(anyhow::Error::new).flatten() {
                Ok(certificate) => {
                    tracing::info!(pin = %certificate.pin(), "the certificate was read again");
                    tls.show(certificate);
                }
                Err(error) => {
                    tracing::error!(%error, "the certificate stays the one that it was");
                }
            }
        }
    })
}
