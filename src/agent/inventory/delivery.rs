//! Sections on their way to the server that asks for them.

use bytes::Bytes;
use tokio::time::timeout;

use super::{Inventory, Known, State, reading, subject};
use crate::agent::transport::{Delivery, Transport};
use crate::wire::sections::SectionName;

impl Inventory {
    /// Sends the sections that the answer to a report asks for, one after the other, as the report's
    /// machine. After a failure the others wait for the next report too; a section that the server
    /// refuses is not sent again until it changes.
    pub async fn deliver(
        &self,
        transport: &impl Transport,
        machine_id: &str,
        want: &[SectionName],
    ) {
        self.forget_all_but(want);
        for &name in want {
            let Some((hash, body)) = self.body(name).await else { continue };
            let delivery = transport.send_section(machine_id, name, body.clone()).await;
            let is_over = matches!(delivery, Delivery::Failed { .. });
            self.lock().delivered(name, &hash, body, delivery);
            if is_over {
                return;
            }
        }
    }

    /// The server has the others.
    fn forget_all_but(&self, want: &[SectionName]) {
        for (name, known) in &mut self.lock().sections {
            if !want.contains(name) {
                known.body = None;
            }
        }
    }

    /// A section as it is sent, with its hash; `None` for one that is not known, or was refused.
    async fn body(&self, name: SectionName) -> Option<(String, Bytes)> {
        if let Some(ready) = self.lock().ready(name)? {
            return Some(ready);
        }
        let (_, collect) = self.collectors.iter().find(|(known, _)| *known == name)?;
        let pending = self.start(name, *collect)?;
        let read = timeout(self.limit, pending).await;
        let read = read.map_or_else(|_| Err(reading::too_slow(self.limit)), reading::result);
        self.noted(name, read, true);
        self.lock().ready(name)?
    }
}

impl State {
    /// Takes out what is ready to be sent; `Some(None)` when it has to be read again.
    fn ready(&mut self, name: SectionName) -> Option<Option<(String, Bytes)>> {
        let known = self.sections.get_mut(&name).filter(|known| !known.is_refused)?;
        Some(known.body.take().map(|body| (known.hash.clone(), body)))
    }

    fn delivered(&mut self, name: SectionName, hash: &str, body: Bytes, delivery: Delivery) {
        // Meanwhile it may have been read anew.
        let known = self.sections.get_mut(&name).filter(|known| known.hash == hash);
        match delivery {
            Delivery::Taken => self.unsent.cleared(&subject(name)),
            Delivery::Refused { reason } => {
                if let Some(known) = known {
                    known.is_refused = true;
                }
                let message = format!("{} is refused by the server: {reason}", subject(name));
                self.unsent.noticed(&subject(name), message);
            }
            Delivery::Failed { reason } => {
                if let Some(known @ Known { body: None, .. }) = known {
                    known.body = Some(body);
                }
                let message = format!("{} not sent, trying again: {reason}", subject(name));
                self.unsent.noticed(&subject(name), message);
            }
        }
    }
}
