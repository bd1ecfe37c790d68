//! Accepting connections, and the limits each of them is held to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use http::uri::Scheme;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use poem::Request;
use poem::web::{LocalAddr, RemoteAddr};
use socket2::{Domain, Socket, Type};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::app::{Answer, App};
use super::connection::GuardedStream;
use super::limits::Limits;
use super::roster::{Entry, Roster};
use crate::tls::{Accepted, Tls};

/// Connections that the kernel may hold for us: a fleet reconnects at once after a restart.
const BACKLOG: i32 = 4096;
/// Most bytes of a request's head; over it 431.
const HEAD_BYTES: usize = 32 << 10;
/// Most bytes that are read ahead for a connection: a head, and the beginning of a body.
const BUFFER_BYTES: usize = 48 << 10;
/// Pause after a failed accept: with no descriptor left, trying at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long a connection that was asked to end may take before another one is asked.
const ROOM_PAUSE: Duration = Duration::from_millis(100);

/// Listens on the first of these addresses that this machine has.
///
/// # Errors
/// As for the last of them: a message that says which variable to change when the port is taken or
/// not allowed.
pub fn bind(addresses: &[SocketAddr]) -> anyhow::Result<TcpListener> {
    let (last, others) = addresses.split_last().context("there is no address to listen on")?;
    for address in others {
        match listen(*address) {
            // Without IPv6, or with an IPv4 server on the same port, the next one says why.
            Err(_) => {}
            listening => return listening,
        }
    }
    listen(*last)
}

/// Listens on an address; the unspecified IPv6 address also takes IPv4 connections.
fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listen = || -> io::Result<TcpListener> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        if address.is_ipv6() {
            // Whatever the system's own default is.
            socket.set_only_v6(false)?;
        }
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        TcpListener::from_std(socket.into())
    };
    listen().map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::AddrInUse => {
                "another program listens there; stop it, or choose another port with TATUSCAN_PORT"
            }
            io::ErrorKind::PermissionDenied => {
                "ports below 1024 need CAP_NET_BIND_SERVICE; choose another with TATUSCAN_PORT"
            }
            io::ErrorKind::AddrNotAvailable => {
                "this machine has no such address; choose another with TATUSCAN_BIND"
            }
            _ => "choose another address with TATUSCAN_BIND or another port with TATUSCAN_PORT",
        };
        anyhow::anyhow!("cannot listen on {address}: {error}: {advice}")
    })
}

/// The address of a listener, and `http` or `https`, as a URL that means it and no other on this
/// machine: a name could be looked up to another address, where somebody else listens.
#[must_use]
pub fn literal_url(scheme: &str, address: SocketAddr) -> String {
    let ip = match address.ip() {
        // The listener takes IPv4 in either case.
        ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    format!("{scheme}://{}", SocketAddr::new(ip, address.port()))
}

/// The address of a listener, and `http` or `https`, as a URL that works on this machine.
#[must_use]
pub fn local_url(scheme: &str, address: SocketAddr) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() || ip.is_loopback() && ip.is_ipv4() => "localhost".to_owned(),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => "[::1]".to_owned(),
        IpAddr::V6(ip) => format!("[{ip}]"),
        IpAddr::V4(ip) => ip.to_string(),
    };
    format!("{scheme}://{host}:{}", address.port())
}

/// Serves `app`, over TLS where there is one, until `shutdown`; then lets requests finish for
/// [`Limits::drain`].
pub async fn serve(
    listener: TcpListener,
    tls: Option<Arc<Tls>>,
    app: Arc<App>,
    limits: Limits,
    shutdown: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(limits.connections));
    let roster = Roster::default();
    let connections = TaskTracker::new();
    while let Some((stream, peer, slot)) = next(&listener, &slots, &roster, &shutdown).await {
        let (app, tls, limits) = (app.clone(), tls.clone(), limits.clone());
        let entry = roster.enter(&shutdown);
        connections.spawn(async move {
            if let Err(error) = attend(stream, peer, tls, &app, &limits, &entry).await {
                tracing::debug!(%peer, error = &*error, "a connection ended early");
            }
            drop((entry, slot));
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "some requests did not finish in time");
    }
}

/// The next connection once there is room for it; `None` when the server stops.
async fn next(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
    roster: &Roster,
    shutdown: &CancellationToken,
) -> Option<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let accept = async {
        let mut slot = Arc::clone(slots).try_acquire_owned().ok();
        while slot.is_none() {
            // Connections that nobody uses must not keep out those that somebody wants.
            roster.end_longest_idle();
            let waited = timeout(ROOM_PAUSE, Arc::clone(slots).acquire_owned()).await;
            slot = waited.ok().transpose().ok()?;
        }
        let slot = slot?;
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => return Some((stream, peer, slot)),
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection; trying again");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    shutdown.run_until_cancelled(accept).await?
}

type Ended = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Sees to one connection from its first byte to its last.
async fn attend(
    stream: TcpStream,
    peer: SocketAddr,
    tls: Option<Arc<Tls>>,
    app: &App,
    limits: &Limits,
    entry: &Entry,
) -> Ended {
    stream.set_nodelay(true)?;
    let ends = (LocalAddr(stream.local_addr()?.into()), RemoteAddr(peer.into()));
    let answer = |request| app.respond(request, limits.request);
    let Some(tls) = tls else {
        return converse(stream, ends, Scheme::HTTP, answer, limits, entry).await;
    };
    let accepted = timeout(limits.head, tls.accept(stream));
    match entry.end.run_until_cancelled(accepted).await {
        None => Ok(()),
        Some(accepted) => match accepted?? {
            Accepted::Encrypted(stream) => {
                converse(stream, ends, Scheme::HTTPS, answer, limits, entry).await
            }
            Accepted::Plain(stream) => {
                let refuse = |request| app.refuse_plain(request);
                converse(stream, ends, Scheme::HTTP, refuse, limits, entry).await
            }
        },
    }
}

/// Answers a connection's requests, one after the other.
async fn converse<S, A>(
    stream: S,
    (local, remote): (LocalAddr, RemoteAddr),
    scheme: Scheme,
    answer: impl Fn(Request) -> A,
    limits: &Limits,
    entry: &Entry,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    A: Future<Output = Answer>,
{
    let activity = &entry.activity;
    let stream = GuardedStream::new(stream, limits, activity.clone());
    let service = service_fn(|request| {
        let busy = activity.busy();
        let answered = answer((request, local.clone(), remote.clone(), scheme.clone()).into());
        async move {
            let response = answered.await;
            drop(busy);
            Ok::<_, std::convert::Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // hyper's timer cannot tell a slow head from an idle connection: it gets the longer time,
        // and the guarded stream holds the head to the shorter one.
        .header_read_timeout(limits.idle)
        .max_header_size(HEAD_BYTES)
        .max_buf_size(BUFFER_BYTES)
        // A client may close its side as soon as it has asked; it still waits for the answer.
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        ended = &mut connection => return Ok(ended?),
        () = entry.end.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    Ok(connection.await?)
}
