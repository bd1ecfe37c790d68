//! What a back end cannot keep exactly is rounded before it is answered, so that an answer, a later
//! list and the list of another server agree.

use chrono::{DateTime, SubsecRound as _, Utc};
use chrono_tz::Tz;

use crate::model::{HumanEdit, Machine, Report, wall_time};

/// How exactly a back end keeps what it is given. The default keeps everything.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Precision {
    /// Times are kept as clocks in this zone show them: of an hour that occurs twice, only the
    /// first can be told.
    pub(super) wall: Option<Tz>,
    /// Times have no fraction.
    pub(super) whole_seconds: bool,
    /// Loads are kept in single precision: two decimals survive.
    pub(super) single_load: bool,
}

impl Precision {
    pub(super) fn time(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let at = if self.whole_seconds { at.trunc_subsecs(0) } else { at };
        self.wall.map_or(at, |zone| wall_time(at.with_timezone(&zone).naive_local(), zone))
    }

    pub(super) fn load(&self, percent: f64) -> f64 {
        if self.single_load { (percent * 100.0).round() / 100.0 } else { percent }
    }

    pub(super) fn round_report(&self, report: &mut Report) {
        report.received_at = self.time(report.received_at);
        report.cpu_percent = self.load(report.cpu_percent);
        let activation = &mut report.human.computer_activation;
        *activation = activation.map(|at| self.time(at));
    }

    pub(super) fn round_machine(&self, machine: &mut Machine) {
        machine.created_at = self.time(machine.created_at);
        machine.updated_at = machine.updated_at.map(|at| self.time(at));
        machine.cpu_percent = self.load(machine.cpu_percent);
        let activation = &mut machine.human.computer_activation;
        *activation = activation.map(|at| self.time(at));
    }

    pub(super) fn round_edit(&self, edit: &mut HumanEdit) {
        edit.computer_activation =
            edit.computer_activation.map(|activation| activation.map(|at| self.time(at)));
    }
}
