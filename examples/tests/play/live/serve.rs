//! HTTP/1.1, as much of it as a browser needs to play: answers of the origin, what grows in chunks.

use std::io::{BufRead, BufReader, Result, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use media_core::mux::Rope;
use media_core::origin::{Answer, Ready, Request};

use super::{Shared, date, now};

/// Serves on loopback until the test ends.
pub(super) fn start(shared: Arc<Shared>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let shared = shared.clone();
            // Who hangs up is gone.
            thread::spawn(move || converse(&connection, &shared));
        }
    });
    address
}

fn converse(mut connection: &TcpStream, shared: &Shared) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut lines = BufReader::new(connection).lines();
    while let Some(request) = lines.next().transpose()? {
        let mut range = None;
        loop {
            let line = lines.next().transpose()?.unwrap_or_default();
            match line.split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("range") => range = Some(value.to_owned()),
                Some(_) => {}
                None => break,
            }
        }
        let target = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
        let (path, query) =
            target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        match path {
            "time" => text(connection, "text/plain", &date(now()))?,
            _ => {
                let request = Request { path, query, range: range.as_deref() };
                answer(connection, shared, shared.request(&request))?;
            }
        }
        connection.flush()?;
    }
    Ok(())
}

fn answer(connection: &TcpStream, shared: &Shared, answer: Answer) -> Result<()> {
    let empty = |status| head(connection, status, "Content-Length: 0\r\n");
    match answer {
        Answer::Ready(ready) if ready.more.is_some() => grow(connection, shared, ready),
        Answer::Ready(ready) => {
            let mut headers =
                format!("Content-Type: {}\r\nContent-Length: {}\r\n", ready.media_type, ready.body.len());
            if let Some(range) = ready.range {
                headers += &format!("Content-Range: {range}\r\n");
            }
            head(connection, if ready.range.is_some() { "206 Partial Content" } else { "200 OK" }, &headers)?;
            write(connection, &ready.body)
        }
        Answer::NotFound => empty("404 Not Found"),
        Answer::BadRequest(_) => empty("400 Bad Request"),
        Answer::NotSatisfiable { .. } => empty("416 Range Not Satisfiable"),
        Answer::Wait(_) | Answer::Unavailable => empty("503 Service Unavailable"),
    }
}

/// A segment in chunks, as its parts come.
fn grow(mut connection: &TcpStream, shared: &Shared, mut ready: Ready) -> Result<()> {
    let headers = format!("Content-Type: {}\r\nTransfer-Encoding: chunked\r\n", ready.media_type);
    head(connection, "200 OK", &headers)?;
    loop {
        if !ready.body.is_empty() {
            write!(connection, "{:x}\r\n", ready.body.len())?;
            write(connection, &ready.body)?;
            write!(connection, "\r\n")?;
        }
        let Some(wait) = &ready.more else { break };
        let Answer::Ready(rest) = shared.rest(wait) else { return Err(std::io::ErrorKind::TimedOut.into()) };
        ready = rest;
    }
    write!(connection, "0\r\n\r\n")
}

fn text(mut connection: &TcpStream, media_type: &str, text: &str) -> Result<()> {
    head(connection, "200 OK", &format!("Content-Type: {media_type}\r\nContent-Length: {}\r\n", text.len()))?;
    connection.write_all(text.as_bytes())
}

/// Pages of any origin may read it.
fn head(mut connection: &TcpStream, status: &str, headers: &str) -> Result<()> {
    let all = "Access-Control-Allow-Origin: *\r\nCache-Control: no-store\r\n";
    write!(connection, "HTTP/1.1 {status}\r\n{all}{headers}\r\n")
}

fn write(mut connection: &TcpStream, rope: &Rope) -> Result<()> {
    rope.pieces().iter().try_for_each(|piece| connection.write_all(piece))
}
