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

/// Done at the first Ctrl-C, and when the service manager asks the service to stop. Where Ctrl-C cannot
/// be listened to, it is not waited for.
#[cfg(not(unix))]
pub async fn stop_requested() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = ASKED.notified() => {}
    }
}

/// The service manager's wish, kept until somebody waits for it.
#[cfg(not(unix))]
static ASKED: tokio::sync::Notify = tokio::sync::Notify::const_new();

/// Asks this process to stop, as a signal does.
#[cfg(windows)]
pub(super) fn request_stop() {
    ASKED.notify_one();
}
