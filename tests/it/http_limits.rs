//! Clients that are slow, endless or hostile: each is refused or cut off in its time.

use std::time::{Duration, Instant};

use tatuscan::http::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::machines::body;
use crate::support::server::Server;

fn strict() -> Limits {
    Limits {
        connections: 64,
        head: Duration::from_millis(300),
        request: Duration::from_millis(600),
        idle: Duration::from_millis(900),
        write: Duration::from_millis(500),
        drain: Duration::from_secs(2),
    }
}

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

/// Reads until the server closes, and says what came and after how long.
async fn until_closed(stream: &mut TcpStream) -> (String, Duration) {
    let (started, mut answer) = (Instant::now(), Vec::new());
    let closed =
        tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
    closed.expect("the server never closed the connection").ok();
    (String::from_utf8_lossy(&answer).into_owned(), started.elapsed())
}

fn within(took: Duration, at_least: u64, at_most: u64) {
    let range = Duration::from_millis(at_least)..Duration::from_millis(at_most);
    assert!(range.contains(&took), "{took:?} is not in {range:?}");
}

#[tokio::test]
async fn a_head_that_never_ends_is_cut_off_though_bytes_keep_coming() {
    let server = Server::start_with(strict()).await;
    let mut stream = connect(&server).await;
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let dripping = tokio::spawn(async move {
        while writing.write_all(b"X-Slow: 1\r\n").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let started = Instant::now();
    let mut answer = Vec::new();
    let ended =
        tokio::time::timeout(Duration::from_secs(3), reading.read_to_end(&mut answer)).await;
    assert!(ended.is_ok(), "the server went on listening");
    within(started.elapsed(), 200, 1500);
    dripping.abort();
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let server = Server::start_with(strict()).await;
    let (answer, took) = until_closed(&mut connect(&server).await).await;
    assert_eq!(answer, "");
    within(took, 250, 1500);
}

#[tokio::test]
async fn an_idle_connection_lives_longer_than_a_slow_head_and_then_ends() {
    let server = Server::start_with(strict()).await;
    let mut stream = connect(&server).await;
    for _ in 0..2 {
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 512];
        let read = stream.read(&mut answer).await.unwrap();
        assert!(answer[..read].starts_with(b"HTTP/1.1 200"));
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let (_, took) = until_closed(&mut stream).await;
    within(took, 200, 2000);
}

#[tokio::test]
async fn a_body_that_comes_too_slowly_is_408() {
    let server = Server::start_with(strict()).await;
    let mut stream = connect(&server).await;
    let head = b"POST /api/machines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                 Content-Length: 100\r\n\r\n{";
    stream.write_all(head).await.unwrap();
    let (answer, took) = until_closed(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.to_lowercase().contains("connection: close"), "{answer}");
    within(took, 500, 2500);
}

#[tokio::test]
async fn an_endless_chunked_body_is_413_and_closed() {
    let server = Server::start_with(strict()).await;
    let mut stream = connect(&server).await;
    let head = b"POST /api/machines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                 Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let pouring = tokio::spawn(async move {
        let chunk = [b"1000\r\n".as_slice(), &[b' '; 4096], b"\r\n"].concat();
        let mut poured = 0_u64;
        while writing.write_all(&chunk).await.is_ok() {
            poured += 4096;
        }
        poured
    });
    let mut answer = Vec::new();
    let ended =
        tokio::time::timeout(Duration::from_secs(5), reading.read_to_end(&mut answer)).await;
    ended.expect("the server went on reading").ok();
    assert!(String::from_utf8_lossy(&answer).starts_with("HTTP/1.1 413"), "{answer:?}");
    assert!(pouring.await.unwrap() < 16 << 20);
}

#[tokio::test]
async fn an_announced_large_body_is_413_before_it_is_sent() {
    let server = Server::start_with(strict()).await;
    let mut stream = connect(&server).await;
    let head = b"POST /api/machines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
                 Content-Length: 99999999\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let (answer, took) = until_closed(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("64 KiB"), "{answer}");
    within(took, 0, 400);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_431() {
    let server = Server::start_with(strict()).await;
    let mut stream = connect(&server).await;
    let head = format!("GET /livez HTTP/1.1\r\nHost: x\r\nX-Big: {}\r\n\r\n", "a".repeat(33_000));
    let _ = stream.write_all(head.as_bytes()).await;
    let (answer, _) = until_closed(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn a_client_that_does_not_take_its_answer_is_cut_off() {
    let server = Server::start_with(strict()).await;
    for chunk in (0..3_000).collect::<Vec<_>>().chunks(50) {
        let reports = chunk.iter().map(|n| {
            let server = &server;
            async move { assert_eq!(server.report(&body(&format!("m{n}"))).await.0, 201) }
        });
        futures_util::future::join_all(reports).await;
    }
    let mut stream = connect(&server).await;
    let requests = b"GET /api/machines HTTP/1.1\r\nHost: x\r\n\r\n".repeat(20);
    stream.write_all(&requests).await.unwrap();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (answer, _) = until_closed(&mut stream).await;
    assert!(answer.len() < 20 * 1_000_000, "all {} bytes were sent", answer.len());
}

#[tokio::test]
async fn deep_nesting_is_refused_wherever_it_stands() {
    let server = Server::start().await;
    let deep = "[".repeat(30_000);
    for body in [deep.clone(), format!("{{\"x\":{deep}"), "{\"x\":".repeat(12_000)] {
        let (status, answer) = server.post(body).await;
        assert_eq!(status, 400, "{answer}");
        assert!(answer["error"].as_str().unwrap().len() < 400, "{answer}");
    }
    assert_eq!(server.patch("nobody", &serde_json::json!(1)).await.0, 404);
}

#[tokio::test]
async fn a_gzip_bomb_is_not_unpacked() {
    use async_compression::tokio::write::GzipEncoder;
    let server = Server::start().await;
    let mut bomb = GzipEncoder::new(Vec::new());
    for _ in 0..64 {
        bomb.write_all(&vec![b' '; 1 << 20]).await.unwrap();
    }
    bomb.shutdown().await.unwrap();
    let bomb = bomb.into_inner();
    for (encoding, expected) in [(Some("gzip"), 415), (None, 400)] {
        let request = server.client.post(server.url("/api/machines"));
        let mut request = request.header("Content-Type", "application/json").body(bomb.clone());
        if let Some(encoding) = encoding {
            request = request.header("Content-Encoding", encoding);
        }
        let status = request.send().await.map(|response| response.status().as_u16());
        // The connection may be closed while the rest of the body is on its way.
        assert!(status.as_ref().map_or(true, |status| *status == expected), "{status:?}");
    }
    assert_eq!(server.get("/api/health").await.0, 200);
}

#[tokio::test]
async fn a_client_that_closes_its_side_gets_its_answer() {
    let server = Server::start().await;
    let mut stream = connect(&server).await;
    let body = body("m1").to_string();
    let request = format!(
        "POST /api/machines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let (answer, _) = until_closed(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}

#[tokio::test]
async fn more_connections_than_allowed_wait_for_their_turn() {
    let server = Server::start_with(Limits { connections: 4, ..strict() }).await;
    let mut begun = Vec::new();
    for _ in 0..4 {
        let mut stream = connect(&server).await;
        stream.write_all(b"GET /livez HT").await.unwrap();
        begun.push(stream);
    }
    let started = Instant::now();
    let response = server.client.get(server.url("/livez")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    within(started.elapsed(), 200, 2500);
}

/// Whoever keeps connections open and says nothing on them keeps nobody out: the one that was unused
/// for longest ends, and none on which a request is under way.
#[tokio::test]
async fn unused_connections_make_room_for_new_ones() {
    let patient =
        Limits { head: Duration::from_secs(60), idle: Duration::from_secs(60), ..strict() };
    let server = Server::start_with(Limits { connections: 4, ..patient }).await;
    let body = body("m1").to_string();
    let (first, rest) = body.split_at(20);
    let mut running = connect(&server).await;
    let head = format!(
        "POST /api/machines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{first}",
        body.len()
    );
    running.write_all(head.as_bytes()).await.unwrap();
    let mut used = connect(&server).await;
    used.write_all(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = [0; 12];
    used.read_exact(&mut answer).await.unwrap();
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(connect(&server).await);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let started = Instant::now();
    let response = server.client.get(server.url("/livez")).send().await.unwrap();
    assert_eq!(response.status(), 200);
    within(started.elapsed(), 0, 9_000);
    running.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    running.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 201");
    until_closed(&mut silent.swap_remove(0)).await;
    until_closed(&mut used).await;
}

#[tokio::test]
async fn stopping_lets_a_running_request_finish_and_closes_idle_connections() {
    let server = Server::start().await;
    let mut idle = connect(&server).await;
    let mut running = connect(&server).await;
    let body = body("m1").to_string();
    let (first, rest) = body.split_at(20);
    let head = format!(
        "POST /api/machines HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{first}",
        body.len()
    );
    running.write_all(head.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let stopping = tokio::spawn(server.stop());
    tokio::time::sleep(Duration::from_millis(300)).await;
    running.write_all(rest.as_bytes()).await.unwrap();
    let (answer, _) = until_closed(&mut running).await;
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    until_closed(&mut idle).await;
    stopping.await.unwrap();
}
