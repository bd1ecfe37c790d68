//! A file looked at without being touched.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use redb::StorageBackend;

use super::backend::{AnyBackend, forward_locks};

const PAGE_BYTES: usize = 4096;

/// Lets a store be opened, checked and even repaired without a change to its bytes: what is
/// written stays in memory and is forgotten at the end.
#[derive(Debug)]
pub(super) struct Scratch {
    inner: AnyBackend,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    len: u64,
    /// How much of the inner back end is still visible; shrinking hides the rest for good.
    visible: u64,
    pages: HashMap<u64, Box<[u8; PAGE_BYTES]>>,
}

impl Scratch {
    pub(super) fn new(inner: AnyBackend) -> io::Result<Self> {
        let len = inner.len()?;
        let written = Mutex::new(Written { len, visible: len, pages: HashMap::new() });
        Ok(Self { inner, written })
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Written {
    /// Reads from the inner back end; beyond its visible end there are zeros.
    fn read_inner(&self, inner: &AnyBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = usize::try_from(self.visible.saturating_sub(offset)).unwrap_or(usize::MAX);
        let (there, beyond) = out.split_at_mut(there.min(out.len()));
        beyond.fill(0);
        if there.is_empty() { Ok(()) } else { inner.read(offset, there) }
    }
}

/// The pieces of a range that lie in one page each: page number, offset in the page, length.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let page_bytes = PAGE_BYTES as u64;
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = usize::try_from(at % page_bytes).unwrap_or(0);
        let piece = (PAGE_BYTES - within).min(len - done);
        done += piece;
        (piece > 0).then_some((at / page_bytes, within, piece))
    })
}

impl StorageBackend for Scratch {
    fn len(&self) -> io::Result<u64> {
        Ok(self.written().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let written = self.written();
        if offset + out.len() as u64 > written.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if written.pages.is_empty() {
            return written.read_inner(&self.inner, offset, out);
        }
        let mut done = 0;
        for (page, within, piece) in pieces(offset, out.len()) {
            let target = &mut out[done..done + piece];
            match written.pages.get(&page) {
                Some(bytes) => target.copy_from_slice(&bytes[within..within + piece]),
                None => written.read_inner(&self.inner, offset + done as u64, target)?,
            }
            done += piece;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut written = self.written();
        if len < written.len {
            written.visible = written.visible.min(len);
            written.pages.retain(|page, _| page * (PAGE_BYTES as u64) < len);
            if let Some(bytes) = written.pages.get_mut(&(len / PAGE_BYTES as u64)) {
                let within = usize::try_from(len % PAGE_BYTES as u64).unwrap_or(0);
                bytes[within..].fill(0);
            }
        }
        written.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut written = self.written();
        let mut done = 0;
        for (page, within, piece) in pieces(offset, data.len()) {
            if !written.pages.contains_key(&page) {
                let mut bytes = Box::new([0; PAGE_BYTES]);
                written.read_inner(&self.inner, page * PAGE_BYTES as u64, &mut bytes[..])?;
                written.pages.insert(page, bytes);
            }
            if let Some(bytes) = written.pages.get_mut(&page) {
                bytes[within..within + piece].copy_from_slice(&data[done..done + piece]);
            }
            done += piece;
        }
        written.len = written.len.max(offset + data.len() as u64);
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    forward_locks!(inner);
}
