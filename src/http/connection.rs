//! A connection that does not wait for ever.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::limits::Limits;

/// The requests of a connection: how many were begun, and how many answered.
#[derive(Debug, Clone, Default)]
pub(super) struct Activity(Arc<Requests>);

#[derive(Debug)]
struct Requests {
    begun: AtomicUsize,
    answered: AtomicUsize,
    opened: Instant,
    /// When the last one was answered, in milliseconds after the connection was opened.
    answered_ms: AtomicU64,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            begun: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            opened: Instant::now(),
            answered_ms: AtomicU64::new(0),
        }
    }
}

/// Lives as long as a request is being answered.
#[derive(Debug)]
pub(super) struct Busy(Arc<Requests>);

impl Activity {
    pub(super) fn busy(&self) -> Busy {
        self.0.begun.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(&self.0))
    }

    /// Since when no request is being answered; `None` while one is.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        let is_idle =
            self.0.begun.load(Ordering::Relaxed) == self.0.answered.load(Ordering::Relaxed);
        let answered = Duration::from_millis(self.0.answered_ms.load(Ordering::Relaxed));
        is_idle.then(|| self.0.opened + answered)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let after_ms = u64::try_from(self.0.opened.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.answered_ms.store(after_ms, Ordering::Relaxed);
        self.0.answered.fetch_add(1, Ordering::Relaxed);
    }
}

/// What the peer is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// A new request's first byte; the HTTP machinery limits this wait.
    Idle,
    /// The rest of a request's head.
    Head,
    /// Nothing: a request is being answered, and the request's own limit holds.
    Answer,
}

/// A stream whose reads and writes end with [`io::ErrorKind::TimedOut`] when the peer takes too
/// long to finish a request's head, or to take an answer.
pub(super) struct GuardedStream<S> {
    stream: S,
    activity: Activity,
    waiting: Waiting,
    /// Requests that were begun at the last look.
    begun: usize,
    head: Duration,
    write: Duration,
    read_until: Deadline,
    write_until: Deadline,
}

impl<S> GuardedStream<S> {
    pub(super) fn new(stream: S, limits: &Limits, activity: Activity) -> Self {
        // A fresh connection must begin at once: it gets the time of a head.
        let mut read_until = Deadline::new();
        read_until.set(limits.head);
        Self {
            stream,
            activity,
            waiting: Waiting::Head,
            begun: 0,
            head: limits.head,
            write: limits.write,
            read_until,
            write_until: Deadline::new(),
        }
    }

    /// Follows the conversation from one state to the next. A request may have come and gone since
    /// the last look, so requests are counted.
    fn follow(&mut self) {
        let begun = self.activity.0.begun.load(Ordering::Relaxed);
        if begun != self.activity.0.answered.load(Ordering::Relaxed) {
            self.waiting = Waiting::Answer;
        } else if begun != self.begun || self.waiting == Waiting::Answer {
            self.waiting = Waiting::Idle;
            self.read_until.clear();
        }
        self.begun = begun;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for GuardedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.follow();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        match read {
            Poll::Ready(outcome) => {
                if this.waiting == Waiting::Idle {
                    this.waiting = Waiting::Head;
                    this.read_until.set(this.head);
                }
                Poll::Ready(outcome)
            }
            Poll::Pending if this.waiting == Waiting::Answer => Poll::Pending,
            Poll::Pending => {
                ready!(this.read_until.poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S> GuardedStream<S> {
    /// Lets a write that makes no progress wait only so long.
    fn guard<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.write_until.clear();
            return written;
        }
        self.write_until.set_if_clear(self.write);
        ready!(self.write_until.poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for GuardedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, data);
        self.guard(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, data);
        self.guard(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        self.guard(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.guard(cx, shut)
    }
}

/// A moment to wait for. Moving it is cheap: the timer is only asked again when it fires early.
struct Deadline {
    at: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    fn new() -> Self {
        Self { at: None, timer: None }
    }

    fn set(&mut self, from_now: Duration) {
        self.at = Some(Instant::now() + from_now);
    }

    fn set_if_clear(&mut self, from_now: Duration) {
        if self.at.is_none() {
            self.set(from_now);
        }
    }

    fn clear(&mut self) {
        self.at = None;
    }

    /// Ready once the moment has come; pending while there is none.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = self.at else {
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        loop {
            if Instant::now() >= at {
                return Poll::Ready(());
            }
            if timer.deadline() > at {
                timer.as_mut().reset(at);
            }
            ready!(timer.as_mut().poll(cx));
            timer.as_mut().reset(at);
        }
    }
}
