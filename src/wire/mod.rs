//! The JSON that agents and servers exchange. It only grows: a newer agent talks to an older
//! server, and the agents that are out there talk to this one.

mod report;

pub use report::Report;
