//! Requests and responses of RTSP (RFC 2326): what a session over UDP needs of them.

use bytes::{Buf, Bytes, BytesMut};
use http_auth::{PasswordClient, PasswordParams};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::{Failure, Refusal};
use crate::config::Camera;

/// A control connection.
pub(super) struct Control {
    stream: TcpStream,
    received: BytesMut,
    number: u32,
    credentials: Option<(String, String)>,
    auth: Option<PasswordClient>,
    /// The session's id, once there is one.
    pub(super) session: Option<String>,
}

/// A response.
#[derive(Clone, Debug, Default)]
pub(super) struct Response {
    pub(super) status: u16,
    /// The first line.
    line: String,
    headers: Vec<(String, String)>,
    pub(super) body: Bytes,
}

impl Response {
    /// The first header of this name.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Control {
    pub(super) async fn connect(camera: &Camera) -> Result<Self, Refusal> {
        let unreachable = |error: std::io::Error| Refusal::Final(Failure::Unreachable(error.to_string()));
        // `host_str` writes an IPv6 address with brackets, as the resolver wants it.
        let host = camera.url.host_str().unwrap_or_default();
        let address = format!("{host}:{}", camera.url.port().unwrap_or(554));
        let stream = TcpStream::connect(address).await.map_err(unreachable)?;
        let credentials = camera.credentials.clone();
        Ok(Self { stream, received: BytesMut::new(), number: 0, credentials, auth: None, session: None })
    }

    /// Where the connection goes.
    pub(super) fn addresses(&self) -> std::io::Result<(std::net::SocketAddr, std::net::SocketAddr)> {
        Ok((self.stream.local_addr()?, self.stream.peer_addr()?))
    }

    /// Sends a request and awaits its response, with the password when the camera wants it. `extra` is headers, each with its line end.
    pub(super) async fn ask(&mut self, method: &str, url: &Url, extra: &str) -> Result<Response, Refusal> {
        loop {
            let request = self.request(method, url, extra)?;
            self.stream.write_all(request.as_bytes()).await.map_err(broken)?;
            let response = self.response(self.number).await?;
            match response.status {
                200..300 => return Ok(response),
                401 => self.challenged(&response)?,
                404 => return Err(Refusal::Final(Failure::NoSuchStream)),
                461 => return Err(Refusal::Transport(Failure::Refused(response.line))),
                _ => return Err(Refusal::Final(Failure::Refused(response.line))),
            }
        }
    }

    /// Sends a request whose response is of no interest; without waiting, so that it can be done while letting go.
    pub(super) fn send(&mut self, method: &str, url: &Url) {
        if let Ok(request) = self.request(method, url, "") {
            // A connection that does not take a hundred bytes is lost, and will be found to be.
            let _ = self.stream.try_write(request.as_bytes());
        }
    }

    /// Reads on and forgets what it reads. Returns when the connection is over, and why. May be dropped at any time.
    pub(super) async fn listen(&mut self) -> Failure {
        loop {
            while self.message().is_some() {}
            if let Err(refusal) = self.read().await {
                return refusal.into_failure();
            }
        }
    }

    fn request(&mut self, method: &str, url: &Url, extra: &str) -> Result<String, Refusal> {
        self.number += 1;
        let session = self.session.as_ref().map(|id| format!("Session: {id}\r\n")).unwrap_or_default();
        let authorization = match (&mut self.auth, &self.credentials) {
            (Some(auth), Some((username, password))) => {
                let params =
                    PasswordParams { username, password, uri: url.as_str(), method, body: Some(&[]) };
                let value =
                    auth.respond(&params).map_err(|error| Refusal::Final(Failure::Nonsense(error)))?;
                format!("Authorization: {value}\r\n")
            }
            _ => String::new(),
        };
        let agent = concat!("reelmill/", env!("CARGO_PKG_VERSION"));
        let number = self.number;
        Ok(format!(
            "{method} {url} RTSP/1.0\r\nCSeq: {number}\r\nUser-Agent: {agent}\r\n{session}{authorization}{extra}\r\n"
        ))
    }

    fn challenged(&mut self, response: &Response) -> Result<(), Refusal> {
        if self.credentials.is_none() {
            return Err(Refusal::Final(Failure::PasswordWanted));
        }
        if self.auth.is_some() {
            return Err(Refusal::Final(Failure::PasswordWrong));
        }
        let challenges =
            response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"));
        let builder = challenges
            .fold(PasswordClient::builder(), |builder, (_, challenge)| builder.challenges(challenge));
        let auth = builder.build().map_err(|error| Refusal::Final(Failure::Nonsense(error)))?;
        self.auth = Some(auth);
        Ok(())
    }

    async fn response(&mut self, number: u32) -> Result<Response, Refusal> {
        loop {
            while let Some(message) = self.message() {
                let own = message.header("CSeq").and_then(|number| number.trim().parse().ok());
                // One without a number is taken for the one that is waited for.
                if message.status != 0 && own.is_none_or(|own: u32| own == number) {
                    return Ok(message);
                }
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<(), Refusal> {
        if self.received.len() > MOST_RECEIVED {
            return Err(Refusal::Final(Failure::Nonsense("a response without an end".to_owned())));
        }
        match self.stream.read_buf(&mut self.received).await {
            Ok(0) => Err(Refusal::Final(Failure::Ended)),
            Ok(_) => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    /// The next whole message received; interleaved data is skipped, and a request of the camera's comes out with status 0.
    fn message(&mut self) -> Option<Response> {
        loop {
            while self.received.first().is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
                self.received.advance(1);
            }
            let [b'$', _, high, low, ..] = self.received[..] else { break };
            let length = 4 + usize::from(u16::from_be_bytes([high, low]));
            if self.received.len() < length {
                return None;
            }
            self.received.advance(length);
        }
        let head = memchr::memmem::find(&self.received, b"\r\n\r\n")?;
        let mut response = read_head(&String::from_utf8_lossy(&self.received[..head]));
        let length =
            response.header("Content-Length").and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        let end = head.checked_add(4)?.checked_add(length)?;
        if self.received.len() < end {
            return None;
        }
        let message = self.received.split_to(end).freeze();
        response.body = message.slice(head + 4..);
        Some(response)
    }
}

fn read_head(head: &str) -> Response {
    let mut lines = head.lines();
    let first = lines.next().unwrap_or_default();
    let line = first.strip_prefix("RTSP/1.0 ").unwrap_or_default().to_owned();
    let status = line.split(' ').next().and_then(|status| status.parse().ok()).unwrap_or(0);
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    Response { status, line, headers, body: Bytes::new() }
}

fn broken(error: std::io::Error) -> Refusal {
    Refusal::Final(Failure::Broken(error.to_string()))
}

/// A session description takes some kilobytes.
const MOST_RECEIVED: usize = 1 << 20;
