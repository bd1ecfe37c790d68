//! The program as the service manager starts it.

use std::ffi::OsString;
use std::sync::OnceLock;
use std::time::Duration;

use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult};
use windows_service::{Error, service_dispatcher};

use super::manager::NAME;
use crate::agent::signal;

/// What a service does until it is asked to stop. It calls what it is given once it knows what to do.
pub type Work = fn(&dyn Fn()) -> anyhow::Result<()>;

static WORK: OnceLock<Work> = OnceLock::new();

/// What the system says to a process that it did not start as a service.
const NO_SERVICE: i32 = 1063;

/// How long it may take until a service knows what to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// Does this as the service that the system started this process as, to its end; answers `false` at
/// once where it did not.
///
/// # Errors
/// What the system says.
pub fn answer(work: Work) -> anyhow::Result<bool> {
    let _ = WORK.set(work);
    match service_dispatcher::start(NAME, ffi_main) {
        Ok(()) => Ok(true),
        Err(Error::Winapi(error)) if error.raw_os_error() == Some(NO_SERVICE) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

windows_service::define_windows_service!(ffi_main, main);

fn main(_: Vec<OsString>) {
    let handle = service_control_handler::register(NAME, |control| match control {
        ServiceControl::Stop | ServiceControl::Shutdown | ServiceControl::Preshutdown => {
            signal::request_stop();
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    });
    let (Ok(handle), Some(work)) = (handle, WORK.get()) else { return };
    let say = |state, exit_code| {
        // Nobody is left to tell when the service manager is gone.
        let _ = handle.set_service_status(status(state, exit_code));
    };
    let well = ServiceExitCode::Win32(0);
    say(ServiceState::StartPending, well);
    let end = match work(&|| say(ServiceState::Running, well)) {
        Ok(()) => well,
        Err(error) => {
            tracing::error!("{error:#}");
            ServiceExitCode::ServiceSpecific(1)
        }
    };
    say(ServiceState::Stopped, end);
}

fn status(current_state: ServiceState, exit_code: ServiceExitCode) -> ServiceStatus {
    let runs = current_state == ServiceState::Running;
    let stops = ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN;
    let starts = current_state == ServiceState::StartPending;
    ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state,
        controls_accepted: if runs { stops } else { ServiceControlAccept::empty() },
        exit_code,
        checkpoint: 0,
        wait_hint: if starts { PATIENCE } else { Duration::ZERO },
        process_id: None,
    }
}
