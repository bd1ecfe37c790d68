//! Lists of machines, written as they are sent.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use futures_util::stream;
use poem::{Body, IntoResponse, Response};
use poem_openapi::ApiResponse;
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::Type as _;

use super::freshness::{Known, Tag};
use super::payload::{JsonBody, documented, documented_not_modified, json};
use crate::model;
use crate::wire::{MachineList, Presenter};

/// Machines in an answer that is written in one piece; more are streamed.
const WHOLE: usize = 2_000;
/// Machines in one piece of a streamed answer.
const PIECE: usize = 500;

/// A list of machines.
pub(super) struct Listing {
    pub(super) machines: Vec<Arc<model::Machine>>,
    /// How many match in all, where that is asked.
    pub(super) total: Option<usize>,
    pub(super) presenter: Presenter,
    pub(super) known: Known,
}

/// Hashes as the answer would, without writing it.
struct Content<'a>(&'a Listing);

impl Hash for Content<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Listing { machines, total, presenter, .. } = self.0;
        total.hash(state);
        presenter.zone.hash(state);
        for machine in machines {
            presenter.rules.status(machine, presenter.now).hash(state);
            machine.hash(state);
        }
    }
}

impl ApiResponse for Listing {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![documented::<MachineList>(), documented_not_modified()] }
    }

    fn register(registry: &mut Registry) {
        MachineList::register(registry);
    }
}

impl IntoResponse for Listing {
    fn into_response(self) -> Response {
        let tag = Tag::of(Content(&self));
        if let Some(response) = self.known.not_modified(&tag) {
            return response;
        }
        let mut response = self.written();
        tag.put(response.headers_mut());
        response
    }
}

impl Listing {
    fn written(self) -> Response {
        let Self { machines, total, presenter, .. } = self;
        if machines.len() <= WHOLE {
            let items = presenter.machines(&machines);
            return JsonBody(MachineList { count: items.len(), items, total }).into_response();
        }
        let mut next = 0;
        let pieces = std::iter::from_fn(move || {
            if next > machines.len() {
                return None;
            }
            let end = (next + PIECE).min(machines.len());
            let piece = piece(&machines, next, end, total, &presenter);
            next = if end == machines.len() { end + 1 } else { end };
            Some(piece.map_err(std::io::Error::other))
        });
        json(Body::from_bytes_stream(stream::iter(pieces)))
    }
}

/// The text of a list from one machine up to another, with what comes before and after them.
fn piece(
    machines: &[Arc<model::Machine>],
    from: usize,
    to: usize,
    total: Option<usize>,
    presenter: &Presenter,
) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::with_capacity((to - from) * 420 + 40);
    if from == 0 {
        text.extend_from_slice(b"{\"items\":[");
    }
    for (index, machine) in machines[from..to].iter().enumerate() {
        if from + index > 0 {
            text.push(b',');
        }
        serde_json::to_writer(&mut text, &presenter.machine(machine))?;
    }
    if to == machines.len() {
        let total = total.map(|total| format!(",\"total\":{total}")).unwrap_or_default();
        text.extend_from_slice(format!("],\"count\":{}{total}}}", machines.len()).as_bytes());
    }
    Ok(text)
}
