//! When the system or a person asks the process to stop.

/// Done at the first SIGTERM, SIGINT or Ctrl-C. Where signals cannot be listened to, never done:
/// they then end the process as usual.
#[cfg(unix)]
pub async fn stop_requested() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Done at the first Ctrl-C. Where it cannot be listened to, never done.
#[cfg(not(unix))]
pub async fn stop_requested() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
