//! What the service manager is asked for.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::time::Duration;

use anyhow::{anyhow, bail};
use windows_service::Error;
use windows_service::service::{
    Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceExitCode,
    ServiceFailureActions, ServiceFailureResetPeriod, ServiceInfo, ServiceSidType,
    ServiceStartType, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

use super::system;

/// The service's name, which is that of the original's.
pub(super) const NAME: &str = "TatuScanAgent";
const DISPLAY_NAME: &str = "TatuScan Agent";
const DESCRIPTION: &str = "TatuScan monitoring agent";

/// Few rights on the machine and none in the network; unlike an account of the service's own it may
/// read performance counters, and no policy about who may log on as a service locks it out.
const ACCOUNT: &str = r"NT AUTHORITY\LocalService";
/// What is left of the account's privileges: without this one no path can be opened below a directory
/// that is closed to it.
const PRIVILEGES: &str = "SeChangeNotifyPrivilege";

/// Pauses before it is started anew after a failure; the last one counts on.
const PAUSES: [Duration; 3] =
    [Duration::from_secs(10), Duration::from_secs(60), Duration::from_secs(300)];
/// How long it runs without one until failures are counted anew.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How often, and with which pause, it is looked whether the service is as it was asked for.
const LOOKS: u32 = 150;
const PAUSE: Duration = Duration::from_millis(200);

/// What the system says when it has no such service, when it does not run or runs already, when it
/// waits for others to let go of it, and when it does not know what it is asked for.
const MISSING: i32 = 1060;
const NOT_ACTIVE: i32 = 1062;
const ALREADY_RUNNING: i32 = 1056;
const GOING: i32 = 1072;
const UNKNOWN: [i32; 2] = [120, 124];
const ACCESS_DENIED: i32 = 5;

/// The service manager of this machine.
pub(super) struct Manager(ServiceManager);

impl Manager {
    /// # Errors
    /// Without an administrator's rights, where it is to change something.
    pub(super) fn connect(changes: bool) -> anyhow::Result<Self> {
        let create = if changes {
            ServiceManagerAccess::CREATE_SERVICE
        } else {
            ServiceManagerAccess::empty()
        };
        let access = ServiceManagerAccess::CONNECT | create;
        Ok(Self(ServiceManager::local_computer(None::<&OsStr>, access).map_err(plain)?))
    }

    fn find(&self, access: ServiceAccess) -> anyhow::Result<Option<Service>> {
        match self.0.open_service(NAME, access) {
            Err(error) if is(&error, MISSING) => Ok(None),
            found => found.map(Some).map_err(plain),
        }
    }

    /// # Errors
    /// What the system says.
    pub(super) fn has_service(&self) -> anyhow::Result<bool> {
        Ok(self.find(ServiceAccess::QUERY_STATUS)?.is_some())
    }

    /// What the service runs; nothing where there is none.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn command(&self) -> anyhow::Result<String> {
        let Some(service) = self.find(ServiceAccess::QUERY_CONFIG)? else {
            return Ok(String::new());
        };
        let config = service.query_config().map_err(plain)?;
        Ok(config.executable_path.to_string_lossy().into_owned())
    }

    /// Stops the service, if there is one that runs, and waits until it has stopped.
    ///
    /// # Errors
    /// When it does not stop, and what the system says.
    pub(super) fn stop(&self, is_dry_run: bool) -> anyhow::Result<()> {
        let Some(service) = self.find(ServiceAccess::QUERY_STATUS)? else { return Ok(()) };
        if service.query_status().map_err(plain)?.current_state == ServiceState::Stopped {
            return Ok(());
        }
        println!("{NAME}: stop it");
        if is_dry_run {
            return Ok(());
        }
        let Some(service) = self.find(ServiceAccess::QUERY_STATUS | ServiceAccess::STOP)? else {
            return Ok(());
        };
        match service.stop() {
            Err(error) if !is(&error, NOT_ACTIVE) => return Err(plain(error)),
            _ => {}
        }
        wait_for(&service, &[ServiceState::Stopped]).map(drop)
    }

    /// Starts the service, unless it runs, and waits until it does.
    ///
    /// # Errors
    /// When it stops again at once, and what the system says.
    pub(super) fn start(&self) -> anyhow::Result<()> {
        let Some(service) = self.find(ServiceAccess::QUERY_STATUS | ServiceAccess::START)? else {
            bail!("{NAME} is not installed");
        };
        println!("{NAME}: start it");
        match service.start::<&OsStr>(&[]) {
            Err(error) if !is(&error, ALREADY_RUNNING) => return Err(plain(error)),
            _ => {}
        }
        let now = wait_for(&service, &[ServiceState::Running, ServiceState::Stopped])?;
        if now.current_state == ServiceState::Stopped {
            bail!(
                "{NAME} stopped at once ({}): agent.log beside its settings says why",
                ended(&now)
            );
        }
        Ok(())
    }

    /// Makes the service, or brings it up to date, without starting it.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn register(&self, program: &Path, is_dry_run: bool) -> anyhow::Result<()> {
        println!("{NAME}: a service that runs {} as {ACCOUNT}", program.display());
        if is_dry_run {
            return Ok(());
        }
        let service = self.create(&information(program))?;
        service.set_description(DESCRIPTION).map_err(plain)?;
        let restart = |delay| ServiceAction { action_type: ServiceActionType::Restart, delay };
        let actions = ServiceFailureActions {
            reset_period: ServiceFailureResetPeriod::After(DAY),
            reboot_msg: None,
            command: None,
            actions: Some(PAUSES.map(restart).to_vec()),
        };
        let identity = service.set_config_service_sid_info(ServiceSidType::Unrestricted);
        if_known("an identity of its own", identity)?;
        if_known("a start after the other services", service.set_delayed_auto_start(true))?;
        if_known("a restart after a failure", service.update_failure_actions(actions))?;
        let also = service.set_failure_actions_on_non_crash_failures(true);
        if_known("a restart after an error", also)?;
        if let Err(error) = system::run("sc.exe", ["privs", NAME, PRIVILEGES]) {
            println!("{NAME}: keeps all privileges of its account ({error:#})");
        }
        Ok(())
    }

    fn create(&self, information: &ServiceInfo) -> anyhow::Result<Service> {
        let access = ServiceAccess::CHANGE_CONFIG | ServiceAccess::START;
        for _ in 0..LOOKS {
            if let Some(service) = self.find(access)? {
                match service.change_config(information) {
                    Err(error) if is(&error, GOING) => {}
                    changed => return changed.map(|()| service).map_err(plain),
                }
            } else {
                match self.0.create_service(information, access) {
                    Err(error) if is(&error, GOING) => {}
                    created => return created.map_err(plain),
                }
            }
            std::thread::sleep(PAUSE);
        }
        bail!(
            "{NAME} is being removed, and some program still looks at it: close Services, and try again"
        );
    }

    /// Stops the service and removes it; answers whether there was one.
    ///
    /// # Errors
    /// When it does not stop, and what the system says.
    pub(super) fn remove(&self, is_dry_run: bool) -> anyhow::Result<bool> {
        if !self.has_service()? {
            return Ok(false);
        }
        self.stop(is_dry_run)?;
        println!("{NAME}: remove it");
        if !is_dry_run && let Some(service) = self.find(ServiceAccess::DELETE)? {
            match service.delete() {
                Err(error) if !is(&error, GOING) => return Err(plain(error)),
                _ => {}
            }
        }
        Ok(true)
    }

    /// Prints how the service is doing.
    ///
    /// # Errors
    /// When it does not run, and what the system says.
    pub(super) fn show(&self) -> anyhow::Result<()> {
        let access = ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG;
        let Some(service) = self.find(access)? else { bail!("{NAME} is not installed") };
        let config = service.query_config().map_err(plain)?;
        let account = config.account_name.unwrap_or_default();
        println!("{NAME}: {}", config.display_name.to_string_lossy());
        println!("program: {}", config.executable_path.display());
        println!("account: {}", account.to_string_lossy());
        let now = service.query_status().map_err(plain)?;
        if now.current_state != ServiceState::Running {
            bail!("it does not run: {:?} ({})", now.current_state, ended(&now));
        }
        println!("running, as process {}", now.process_id.unwrap_or_default());
        Ok(())
    }
}

fn information(program: &Path) -> ServiceInfo {
    ServiceInfo {
        name: NAME.into(),
        display_name: DISPLAY_NAME.into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: program.to_owned(),
        launch_arguments: vec!["--daemon".into()],
        dependencies: Vec::new(),
        account_name: Some(ACCOUNT.into()),
        // Such accounts have none, and an account is changed only together with it.
        account_password: Some(OsString::new()),
    }
}

/// How the service is once it is in one of these states.
fn wait_for(service: &Service, states: &[ServiceState]) -> anyhow::Result<ServiceStatus> {
    for _ in 0..LOOKS {
        let now = service.query_status().map_err(plain)?;
        if states.contains(&now.current_state) {
            return Ok(now);
        }
        std::thread::sleep(PAUSE);
    }
    bail!("{NAME} does not become {:?}, for half a minute now", states[0]);
}

fn ended(status: &ServiceStatus) -> String {
    match status.exit_code {
        ServiceExitCode::Win32(code) => format!("error {code}"),
        ServiceExitCode::ServiceSpecific(code) => format!("error {code} of its own"),
    }
}

/// Goes on without what this system does not know, and says so.
fn if_known(what: &str, done: windows_service::Result<()>) -> anyhow::Result<()> {
    match done {
        Err(error) if UNKNOWN.iter().any(|code| is(&error, *code)) => {
            println!("{NAME}: without {what}, which this system does not know");
            Ok(())
        }
        done => done.map_err(plain),
    }
}

fn is(error: &Error, code: i32) -> bool {
    matches!(error, Error::Winapi(error) if error.raw_os_error() == Some(code))
}

fn plain(error: Error) -> anyhow::Error {
    if is(&error, ACCESS_DENIED) {
        return anyhow!(
            "this needs an administrator's rights: open the terminal with \"Run as administrator\""
        );
    }
    match error {
        Error::Winapi(error) => error.into(),
        error => error.into(),
    }
}
