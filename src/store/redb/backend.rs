//! Where the bytes of a store live.

use std::io;

use redb::StorageBackend;

/// One of the files of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The redb database.
    Database,
    /// A segment of the journal.
    Journal(usize),
}

impl Part {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Database, Self::Journal(0), Self::Journal(1)];

    /// Its place among all of them.
    #[must_use]
    pub fn index(self) -> usize {
        match self {
            Self::Database => 0,
            Self::Journal(segment) => 1 + segment,
        }
    }
}

/// Gives access to the bytes of one store, again and again: a store is reopened after an I/O
/// error. Tests put simulated disks behind it.
pub trait Medium: Send + Sync + std::fmt::Debug {
    /// A new handle to one of the files, which is there.
    ///
    /// # Errors
    /// What the operating system says.
    fn open(&self, part: Part) -> io::Result<AnyBackend>;

    /// As [`Medium::open`], but a file that is not there is made, empty.
    ///
    /// # Errors
    /// What the operating system says.
    fn create(&self, part: Part) -> io::Result<AnyBackend>;

    /// Whether the files are still those of the last handles.
    ///
    /// # Errors
    /// Says what happened to which of them.
    fn check(&self) -> Result<(), String>;
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
