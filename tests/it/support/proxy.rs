//! A line between a client and a server that can be cut, or can stop to carry anything, at any
//! moment and in the middle of any message.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

/// What happens to one connection, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// After so many bytes of a client's, counted over all connections from now on, the connection that
    /// they are on ends.
    CutAfter(u64),
    /// A statement that holds this word does not arrive: the connection ends before.
    CutBefore(&'static str),
    /// A statement that holds this word arrives; its answer does not: the connection ends before.
    LoseAnswer(&'static str),
    /// As [`Plan::LoseAnswer`], but the connection stays, and nothing comes any more.
    SwallowAnswer(&'static str),
}

#[derive(Debug, Default)]
struct Line {
    plan: Mutex<Option<Plan>>,
    /// Whether nothing is carried; the connections stay, and new ones are taken.
    is_dead: AtomicBool,
    /// Connections that are open on the client's side.
    open: AtomicUsize,
    /// Plans that came true.
    happened: AtomicUsize,
}

/// The line. Dropped, it is cut for good.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where clients find it.
    pub(crate) address: SocketAddr,
    line: Arc<Line>,
    accepting: AbortHandle,
    cut: CancellationToken,
}

impl Proxy {
    /// A line to a server.
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (line, cut) = (Arc::<Line>::default(), CancellationToken::new());
        let (shared, ends) = (Arc::clone(&line), cut.clone());
        let accepting = tokio::spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { continue };
                tokio::spawn(carry(client, server, Arc::clone(&shared), ends.child_token()));
            }
        });
        Self { address, line, accepting: accepting.abort_handle(), cut }
    }

    /// Lets this happen the next time that it can.
    pub(crate) fn plan(&self, plan: Option<Plan>) {
        *self.line.plan.lock().unwrap_or_else(PoisonError::into_inner) = plan;
    }

    /// How many plans came true.
    pub(crate) fn happened(&self) -> usize {
        self.line.happened.load(SeqCst)
    }

    /// Stops to carry anything, or goes on: nobody is told.
    pub(crate) fn set_dead(&self, is_dead: bool) {
        self.line.is_dead.store(is_dead, SeqCst);
    }

    /// How many connections clients have open.
    pub(crate) fn open(&self) -> usize {
        self.line.open.load(SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut.cancel();
    }
}

/// Counts an open connection.
struct Open(Arc<Line>);

impl Open {
    fn new(line: &Arc<Line>) -> Self {
        line.open.fetch_add(1, SeqCst);
        Self(Arc::clone(line))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, SeqCst);
    }
}

async fn carry(client: TcpStream, server: SocketAddr, line: Arc<Line>, cut: CancellationToken) {
    let _open = Open::new(&line);
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    // What was planned for the next answer.
    let awaited = Arc::new(Mutex::new(None));
    let there = ask(from_client, to_server, &line, &awaited);
    let back = answer(from_server, to_client, &line, &awaited);
    tokio::select! {
        () = there => {}
        () = back => {}
        () = cut.cancelled() => {}
    }
}

/// Waits while the line is dead, and says whether whoever is at this end is still there then.
async fn alive(line: &Line, end: &mut OwnedReadHalf) -> bool {
    while line.is_dead.load(SeqCst) {
        let mut next = [0];
        let gone = tokio::time::timeout(Duration::from_millis(5), end.peek(&mut next)).await;
        match gone {
            Ok(Ok(0) | Err(_)) => return false,
            Ok(Ok(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(_) => {}
        }
    }
    true
}

type Awaited = Mutex<Option<Plan>>;

async fn ask(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, line: &Line, awaited: &Awaited) {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let Ok(read @ 1..) = from.read(&mut bytes).await else { return };
        if !alive(line, &mut from).await {
            return;
        }
        let message = &bytes[..read];
        let has = |word: &str| message.windows(word.len()).any(|part| part == word.as_bytes());
        let plan = {
            let mut plan = line.plan.lock().unwrap_or_else(PoisonError::into_inner);
            match &mut *plan {
                Some(Plan::CutAfter(left)) if *left >= read as u64 => {
                    *left -= read as u64;
                    None
                }
                Some(Plan::CutAfter(_)) => plan.take(),
                Some(
                    Plan::CutBefore(word) | Plan::LoseAnswer(word) | Plan::SwallowAnswer(word),
                ) if has(word) => plan.take(),
                _ => None,
            }
        };
        if plan.is_some() {
            line.happened.fetch_add(1, SeqCst);
        }
        match plan {
            Some(Plan::CutBefore(_)) => return,
            Some(Plan::CutAfter(left)) => {
                let part = usize::try_from(left).unwrap_or(read).min(read);
                let _ = to.write_all(&message[..part]).await;
                return;
            }
            Some(lost) => *awaited.lock().unwrap_or_else(PoisonError::into_inner) = Some(lost),
            None => {}
        }
        if to.write_all(message).await.is_err() {
            return;
        }
    }
}

async fn answer(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, line: &Line, awaited: &Awaited) {
    let mut bytes = vec![0; 64 << 10];
    loop {
        let Ok(read @ 1..) = from.read(&mut bytes).await else { return };
        if !alive(line, &mut from).await {
            return;
        }
        let lost = awaited.lock().unwrap_or_else(PoisonError::into_inner).take();
        match lost {
            Some(Plan::LoseAnswer(_)) => return,
            Some(_) => std::future::pending().await,
            None => {}
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
