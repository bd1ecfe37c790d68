//! Where the bytes of a store live.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use redb::StorageBackend;

/// Gives access to the bytes of one store, again and again: a store is reopened after an I/O
/// error. Tests put simulated disks behind it.
pub trait Medium: Send + Sync + std::fmt::Debug {
    /// A new handle.
    ///
    /// # Errors
    /// What the operating system says.
    fn backend(&self) -> io::Result<AnyBackend>;

    /// Whether the bytes are still those of the last handle.
    ///
    /// # Errors
    /// Says what happened to them, such as "was removed".
    fn check(&self) -> Result<(), &'static str>;
}

/// A storage back end of any type.
#[derive(Debug)]
pub struct AnyBackend(Box<dyn StorageBackend>);

impl AnyBackend {
    /// Wraps a back end.
    pub fn new(backend: impl StorageBackend) -> Self {
        Self(Box::new(backend))
    }
}

/// Passes the locks on to the back end in the field that is named.
macro_rules! forward_locks {
    ($inner:tt) => {
        fn try_lock_range(
            &self,
            start: std::ops::Bound<u64>,
            end: std::ops::Bound<u64>,
        ) -> Result<bool, redb::BackendError> {
            self.$inner.try_lock_range(start, end)
        }

        fn try_lock_shared_range(
            &self,
            start: std::ops::Bound<u64>,
            end: std::ops::Bound<u64>,
        ) -> Result<bool, redb::BackendError> {
            self.$inner.try_lock_shared_range(start, end)
        }

        fn lock_range(
            &self,
            start: std::ops::Bound<u64>,
            end: std::ops::Bound<u64>,
        ) -> Result<(), redb::BackendError> {
            self.$inner.lock_range(start, end)
        }

        fn lock_shared_range(
            &self,
            start: std::ops::Bound<u64>,
            end: std::ops::Bound<u64>,
        ) -> Result<(), redb::BackendError> {
            self.$inner.lock_shared_range(start, end)
        }

        fn unlock_range(
            &self,
            start: std::ops::Bound<u64>,
            end: std::ops::Bound<u64>,
        ) -> Result<(), redb::BackendError> {
            self.$inner.unlock_range(start, end)
        }

        fn query_lock_range(
            &self,
            start: std::ops::Bound<u64>,
            end: std::ops::Bound<u64>,
        ) -> Result<bool, redb::BackendError> {
            self.$inner.query_lock_range(start, end)
        }
    };
}

pub(super) use forward_locks;

impl StorageBackend for AnyBackend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }

    forward_locks!(0);
}

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
