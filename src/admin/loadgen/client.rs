//! One connection to a server: as little client as HTTP/1.1 allows, so that the processor is left
//! to the server that is measured.

use anyhow::{Context as _, bail};
use http::{Method, Uri};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Where a server listens.
#[derive(Debug, Clone)]
pub(super) struct Target {
    authority: String,
}

/// An open connection. After an error it is of no more use.
pub(super) struct Connection {
    authority: String,
    stream: TcpStream,
    /// What was read and not used yet.
    read: Vec<u8>,
}

impl Target {
    pub(super) fn new(url: &str) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("--url {url}"))?;
        if uri.scheme_str() != Some("http") {
            bail!("--url {url}: must begin with http://");
        }
        let authority = uri.authority().with_context(|| format!("--url {url}: names no host"))?;
        let port = authority.port_u16().unwrap_or(80);
        Ok(Self { authority: format!("{}:{port}", authority.host()) })
    }

    pub(super) async fn connect(&self) -> anyhow::Result<Connection> {
        let stream = TcpStream::connect(&self.authority)
            .await
            .with_context(|| format!("cannot connect to {}", self.authority))?;
        stream.set_nodelay(true)?;
        Ok(Connection { authority: self.authority.clone(), stream, read: Vec::new() })
    }
}

/// How the end of a body is known.
#[derive(Debug, Clone, Copy)]
enum Length {
    Bytes(usize),
    Chunked,
}

impl Connection {
    /// Sends a request, with the value of `Authorization` if there is one, and reads its answer to
    /// the end.
    pub(super) async fn send(
        &mut self,
        method: &Method,
        path: &str,
        authorization: Option<&str>,
        body: &str,
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        let (name, value, end) =
            authorization.map_or(("", "", ""), |value| ("Authorization: ", value, "\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             {name}{value}{end}Content-Length: {}\r\n\r\n{body}",
            self.authority,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        let (status, length) = self.head().await?;
        let body = match length {
            Length::Bytes(bytes) => self.take(bytes).await?,
            Length::Chunked => self.chunks().await?,
        };
        Ok((status, body))
    }

    async fn head(&mut self) -> anyhow::Result<(u16, Length)> {
        loop {
            if let Some((used, status, length)) = parse_head(&self.read)? {
                self.read.drain(..used);
                return Ok((status, length));
            }
            self.more().await?;
        }
    }

    async fn chunks(&mut self) -> anyhow::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                match self.read.windows(2).position(|pair| pair == b"\r\n") {
                    Some(end) => break end,
                    None => self.more().await?,
                }
            };
            let size = std::str::from_utf8(&self.read[..end])?;
            let size = usize::from_str_radix(size.trim(), 16)?;
            self.read.drain(..end + 2);
            let chunk = self.take(size + 2).await?;
            if size == 0 {
                return Ok(body);
            }
            body.extend_from_slice(&chunk[..size]);
        }
    }

    async fn take(&mut self, bytes: usize) -> anyhow::Result<Vec<u8>> {
        while self.read.len() < bytes {
            self.more().await?;
        }
        let rest = self.read.split_off(bytes);
        Ok(std::mem::replace(&mut self.read, rest))
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        if self.stream.read_buf(&mut self.read).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// The head's length, the status, and how the body ends; `None` while the head is not complete.
fn parse_head(read: &[u8]) -> anyhow::Result<Option<(usize, u16, Length)>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(used) = response.parse(read)? else { return Ok(None) };
    let header = |name: &str| {
        let found = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        found.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    let length = match header("content-length") {
        _ if response.code == Some(204) => Length::Bytes(0),
        Some(bytes) => Length::Bytes(bytes.parse()?),
        None if header("transfer-encoding").is_some() => Length::Chunked,
        None => bail!("an answer without a length"),
    };
    Ok(Some((used, response.code.unwrap_or(0), length)))
}
