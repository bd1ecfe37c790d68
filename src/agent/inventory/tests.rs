//! Reading and sending, with made-up sections.

use std::sync::atomic::{AtomicU32, Ordering};

use super::*;
use crate::agent::transport::{Delivery, Outcome, Transport};
use crate::wire::Report;
use crate::wire::sections::{Cpu, Printer, Printers};

const SHORT: Duration = Duration::from_millis(200);

fn inventory(root: &Path, collectors: &'static [(SectionName, Collect)]) -> Inventory {
    let options = Options { root: root.to_owned(), ..Options::default() };
    Inventory { collectors, limit: SHORT, ..Inventory::new(options) }
}

/// As many cores as there are files in the directory.
fn cores(root: &Path) -> anyhow::Result<Content> {
    let cores = u32::try_from(std::fs::read_dir(root)?.count())?;
    Ok(Content::Cpu(Cpu { cores: Some(cores), ..Cpu::default() }))
}

fn standing(inventory: &Inventory, name: SectionName) -> Option<String> {
    inventory.lock().unread.standing(&subject(name)).map(str::to_owned)
}

#[tokio::test]
async fn what_hangs_breaks_or_fails_is_said_and_the_rest_is_there() {
    static STARTED: AtomicU32 = AtomicU32::new(0);
    fn waits(root: &Path) -> anyhow::Result<Content> {
        STARTED.fetch_add(1, Ordering::AcqRel);
        while !root.join("gate").exists() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Content::Printers(Printers::default()))
    }
    fn breaks(root: &Path) -> anyhow::Result<Content> {
        assert!(root.join("gate").exists(), "as it should in this test");
        cores(root)
    }
    fn too_much(_: &Path) -> anyhow::Result<Content> {
        let name = "x".repeat(SECTION_BYTES);
        let printers = vec![Printer { name, ..Printer::default() }];
        Ok(Content::Printers(Printers { printers }))
    }
    const MADE_UP: &[(SectionName, Collect)] = &[
        (SectionName::Printers, waits),
        (SectionName::System, breaks),
        (SectionName::Memory, |_| anyhow::bail!("no memory")),
        (SectionName::Disks, too_much),
        (SectionName::Cpu, cores),
    ];
    let directory = tempfile::tempdir().unwrap();
    let inventory = inventory(directory.path(), MADE_UP);
    for _ in 0..2 {
        inventory.read_all().await;
        let hashes = inventory.hashes().0;
        assert_eq!(hashes.keys().collect::<Vec<_>>(), ["cpu"]);
        for (name, said) in [
            (SectionName::Printers, "there is no answer after 0.2 s"),
            (SectionName::System, "the reading broke off"),
            (SectionName::Memory, "no memory"),
            (SectionName::Disks, "are more than a section may have"),
        ] {
            let standing = standing(&inventory, name).unwrap();
            assert!(standing.contains(said), "{standing}");
        }
    }
    assert_eq!(STARTED.load(Ordering::Acquire), 1, "what hangs is not started again");
    std::fs::write(directory.path().join("gate"), "").unwrap();
    let patience = Instant::now();
    while !inventory.hashes().0.contains_key("printers") {
        assert!(patience.elapsed() < Duration::from_secs(20), "it is never read again");
        inventory.read_all().await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(inventory.hashes().0.contains_key("system"));
    assert_eq!(standing(&inventory, SectionName::Printers), None);
    assert!(standing(&inventory, SectionName::Memory).is_some());
}

/// A server that has one answer for every section, and notes them.
struct Server {
    answer: Delivery,
    bodies: Mutex<Vec<String>>,
}

impl Server {
    fn that_says(answer: Delivery) -> Self {
        Self { answer, bodies: Mutex::default() }
    }

    fn bodies(&self) -> Vec<String> {
        std::mem::take(&mut self.bodies.lock().unwrap())
    }
}

impl Transport for Server {
    async fn send(&self, _: &Report) -> Outcome {
        unreachable!("no report is sent here")
    }

    async fn send_section(&self, _: &str, _: SectionName, body: Bytes) -> Delivery {
        self.bodies.lock().unwrap().push(String::from_utf8(body.to_vec()).unwrap());
        self.answer.clone()
    }
}

#[tokio::test]
async fn a_section_is_kept_until_the_server_has_it_and_read_again_when_it_lost_it() {
    static READ: AtomicU32 = AtomicU32::new(0);
    fn counted(root: &Path) -> anyhow::Result<Content> {
        READ.fetch_add(1, Ordering::AcqRel);
        cores(root)
    }
    const MADE_UP: &[(SectionName, Collect)] = &[(SectionName::Cpu, counted)];
    let directory = tempfile::tempdir().unwrap();
    let inventory = inventory(directory.path(), MADE_UP);
    let want = [SectionName::Cpu];
    let down = Server::that_says(Delivery::Failed { reason: "down".into() });
    let up = Server::that_says(Delivery::Taken);
    inventory.deliver(&up, "m", &want).await;
    assert_eq!(up.bodies(), [""; 0], "nothing is read yet");
    inventory.read_all().await;
    for _ in 0..2 {
        inventory.deliver(&down, "m", &want).await;
        assert_eq!(down.bodies().len(), 1);
    }
    inventory.deliver(&up, "m", &want).await;
    let hash = inventory.hashes().0["cpu"].clone();
    let expected = format!(r#"{{"hash":"{hash}","content":{{"cores":0}}}}"#);
    assert_eq!(up.bodies(), std::slice::from_ref(&expected));
    assert_eq!(READ.load(Ordering::Acquire), 1);
    let is_kept = || inventory.lock().sections[&SectionName::Cpu].body.is_some();
    assert!(!is_kept(), "the server has it");
    // It lost it.
    inventory.deliver(&up, "m", &want).await;
    assert_eq!((up.bodies(), READ.load(Ordering::Acquire)), (vec![expected], 2));
    // Nothing has changed, and nothing is kept; it has, and the server asks for other things.
    inventory.read_all().await;
    assert!(!is_kept());
    std::fs::write(directory.path().join("core"), "").unwrap();
    inventory.read_all().await;
    assert!(is_kept());
    inventory.deliver(&up, "m", &[SectionName::Os]).await;
    assert!(!is_kept() && up.bodies().is_empty());
}

#[tokio::test]
async fn a_refused_section_is_sent_again_when_it_changes() {
    const MADE_UP: &[(SectionName, Collect)] = &[(SectionName::Cpu, cores)];
    let directory = tempfile::tempdir().unwrap();
    let inventory = inventory(directory.path(), MADE_UP);
    let want = [SectionName::Cpu];
    let server = Server::that_says(Delivery::Refused { reason: "413".into() });
    inventory.read_all().await;
    for sent in [1, 0, 0] {
        inventory.deliver(&server, "m", &want).await;
        assert_eq!(server.bodies().len(), sent);
        inventory.read_all().await;
    }
    std::fs::write(directory.path().join("core"), "").unwrap();
    inventory.read_all().await;
    for sent in [1, 0] {
        inventory.deliver(&server, "m", &want).await;
        assert_eq!(server.bodies().len(), sent);
    }
}
