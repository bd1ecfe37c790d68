//! When the system or a person asks the process to stop.

/// Done at the first SIGTERM, SIGINT or Ctrl-C after the call, also before it is first waited for.
/// Where signals cannot be listened to, never done: they then end the process as usual.
///
/// # Panics
/// Outside a tokio runtime.
#[cfg(unix)]
pub fn stop_requested() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else {
            return std::future::pending().await;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

/// Done at the first Ctrl-C. Where it cannot be listened to, never done.
#[cfg(not(unix))]
pub async fn stop_requested() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending().await
    }
}
