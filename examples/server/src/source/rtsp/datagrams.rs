//! A session whose packets come as datagrams, put back into order.
//!
//! The RTSP library can do this too, but it drops a datagram that was overtaken by another before anyone sees it: on a network with two
//! ways, each reordering costs a picture. So here the sockets are ours, and with them the few requests that set them up.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use media_core::time::Moment;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, interval_at, sleep, sleep_until};
use url::Url;

use super::control::{Control, Response};
use super::{Arrival, Channel, Choice, Failure, Refusal, choose};
use crate::config::Camera;
use crate::source::rtp::Packet;
use crate::source::rtp::header::{Datagram, sender_report};
use crate::source::rtp::reorder::Reorder;
use crate::source::sdp;

/// A playing session.
pub(super) struct Datagrams {
    control: Control,
    /// What requests for all streams together name.
    aggregate: Url,
    streams: Vec<Stream>,
    received: mpsc::Receiver<Received>,
    keep_alive: Interval,
    origin: Instant,
    /// The tasks that read the sockets; they end with the session.
    _readers: JoinSet<()>,
}

struct Stream {
    payload_type: u8,
    order: Reorder<Datagram>,
    /// The timestamp at which the streams begin together, as `RTP-Info` says, until the first packet has told it on.
    zero: Option<u32>,
}

struct Received {
    stream: usize,
    is_control: bool,
    data: Bytes,
}

/// Describes, sets up and starts.
pub(super) async fn open(camera: &Camera) -> Result<(Datagrams, Vec<Channel>, Option<String>), Refusal> {
    let mut control = Control::connect(camera).await?;
    let description = control.ask("DESCRIBE", &camera.url, "Accept: application/sdp\r\n").await?;
    let base = base(&camera.url, &description);
    let all = sdp::parse(&description.body);
    let aggregate =
        sdp::session_control(&description.body).map_or(camera.url.clone(), |control| join(&base, &control));
    let Choice { wanted, lacks } = choose(all.iter().enumerate()).map_err(Refusal::Final)?;
    let (sender, received) = mpsc::channel(IN_FLIGHT);
    let mut readers = JoinSet::new();
    let (mut streams, mut channels) = (Vec::new(), Vec::new());
    for (_, media, described) in wanted {
        let url = media.control.as_ref().map_or(aggregate.clone(), |control| join(&base, control));
        match set_up(&mut control, &url, streams.len(), &sender, &mut readers).await {
            Ok(()) => {}
            Err(Refusal::Final(Failure::Refused(reason))) if !streams.is_empty() => {
                tracing::warn!(url = %camera.url, media = media.label(), reason, "left out");
                continue;
            }
            Err(refusal) => return Err(refusal),
        }
        streams.push(Stream { payload_type: media.payload_type, order: Reorder::new(), zero: None });
        channels.push(Channel::new(media, described));
    }
    let playing = control.ask("PLAY", &aggregate, "Range: npt=0.000-\r\n").await?;
    for (stream, zero) in streams.iter_mut().zip(zeros(&playing)) {
        stream.zero = Some(zero);
    }
    let every = KEEP_ALIVE;
    let keep_alive = interval_at(Instant::now() + every, every);
    let origin = Instant::now();
    let session = Datagrams { control, aggregate, streams, received, keep_alive, origin, _readers: readers };
    Ok((session, channels, lacks))
}

impl Datagrams {
    /// What comes next. May be dropped at any time without losing anything.
    pub(super) async fn next(&mut self) -> Result<Arrival, Failure> {
        loop {
            let now = self.now();
            for (index, stream) in self.streams.iter_mut().enumerate() {
                if let Some((missing, datagram)) = stream.order.poll(now) {
                    let zero = stream.zero.take();
                    let Datagram { timestamp, marker, payload, .. } = datagram;
                    let packet = Packet { timestamp, marker, missing, payload };
                    return Ok(Arrival::Packet { stream: index, packet, zero });
                }
            }
            let deadline = self.streams.iter().filter_map(|stream| stream.order.deadline()).min();
            let wake = deadline.map_or(self.origin + FAR, |deadline| self.instant(deadline));
            tokio::select! {
                Some(received) = self.received.recv() => {
                    if let Some(report) = self.take(received) {
                        return Ok(report);
                    }
                }
                () = sleep_until(wake), if deadline.is_some() => {}
                _ = self.keep_alive.tick() => self.control.send("OPTIONS", &self.aggregate),
                failure = self.control.listen() => return Err(failure),
            }
        }
    }

    fn take(&mut self, Received { stream, is_control, data }: Received) -> Option<Arrival> {
        if is_control {
            let (timestamp, ntp) = sender_report(&data)?;
            return Some(Arrival::Report { stream, timestamp, ntp });
        }
        let now = self.now();
        let datagram = Datagram::read(&data)?;
        let stream = &mut self.streams[stream];
        // Some cameras send packets of other kinds to the same port.
        if datagram.payload_type == stream.payload_type {
            stream.order.push(datagram.sequence, datagram, now);
        }
        None
    }

    fn now(&self) -> Moment {
        Moment::from_nanos(i64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(i64::MAX))
    }

    fn instant(&self, moment: Moment) -> Instant {
        self.origin + Duration::from_nanos(u64::try_from(moment.nanos()).unwrap_or_default())
    }
}

impl Drop for Datagrams {
    /// A camera goes on sending to our ports until it is told to stop.
    fn drop(&mut self) {
        self.control.send("TEARDOWN", &self.aggregate);
    }
}

async fn set_up(
    control: &mut Control,
    url: &Url,
    stream: usize,
    sender: &mpsc::Sender<Received>,
    readers: &mut JoinSet<()>,
) -> Result<(), Refusal> {
    let failed = |error: std::io::Error| Refusal::Final(Failure::Broken(error.to_string()));
    let (local, peer) = control.addresses().map_err(failed)?;
    let (rtp, rtcp) = bind_pair(local.ip()).await.map_err(failed)?;
    let port = rtp.local_addr().map_err(failed)?.port();
    let transport = format!("Transport: RTP/AVP;unicast;client_port={port}-{}\r\n", port + 1);
    let response = control.ask("SETUP", url, &transport).await?;
    let transport = response.header("Transport").unwrap_or_default();
    let parameter = |name: &str| {
        transport
            .split(';')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    };
    if transport.contains("/TCP") {
        let reason = format!("it answers {transport:?} to a request for UDP");
        return Err(Refusal::Transport(Failure::Refused(reason)));
    }
    let source = parameter("source").and_then(|source| source.parse::<IpAddr>().ok()).unwrap_or(peer.ip());
    if let Some(ports) = parameter("server_port")
        && let Some(first) = ports.split('-').next().and_then(|port| port.parse::<u16>().ok())
    {
        // Opens the way back through firewalls that let in only answers; lost or refused, it does no harm.
        let _ = rtp.send_to(&EMPTY_RTP, SocketAddr::new(source, first)).await;
        let _ = rtcp.send_to(&EMPTY_REPORT, SocketAddr::new(source, first.saturating_add(1))).await;
    }
    if control.session.is_none() {
        let id = response.header("Session").and_then(|session| session.split(';').next());
        control.session = id.map(|id| id.trim().to_owned());
    }
    for (socket, is_control) in [(rtp, false), (rtcp, true)] {
        readers.spawn(read(socket, [source, peer.ip()], stream, is_control, sender.clone()));
    }
    Ok(())
}

/// Two neighbouring ports, the first of them even (RFC 3550 section 11).
async fn bind_pair(local: IpAddr) -> std::io::Result<(UdpSocket, UdpSocket)> {
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrInUse);
    for _ in 0..PAIRS {
        let one = UdpSocket::bind((local, 0)).await?;
        let port = one.local_addr()?.port();
        match UdpSocket::bind((local, port ^ 1)).await {
            Ok(other) if port % 2 == 0 => return Ok((one, other)),
            Ok(other) => return Ok((other, one)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// Passes on what the camera sends; what others send to this port is not read.
async fn read(
    socket: UdpSocket,
    from: [IpAddr; 2],
    stream: usize,
    is_control: bool,
    sender: mpsc::Sender<Received>,
) {
    let mut buffer = vec![0; LARGEST];
    loop {
        let Ok((length, sender_address)) = socket.recv_from(&mut buffer).await else {
            // It hears of our own datagrams that nobody wanted, which is no reason to stop.
            sleep(AFTER_ERROR).await;
            continue;
        };
        if !from.contains(&sender_address.ip()) {
            continue;
        }
        let data = Bytes::copy_from_slice(&buffer[..length]);
        if sender.send(Received { stream, is_control, data }).await.is_err() {
            return;
        }
    }
}

/// What relative addresses are relative to (RFC 2326 section C.1.1).
fn base(url: &Url, description: &Response) -> Url {
    let told = description.header("Content-Base").or_else(|| description.header("Content-Location"));
    told.and_then(|told| Url::parse(told).ok()).unwrap_or(url.clone())
}

/// Cameras append rather than resolve: a query in the base stays where it is.
fn join(base: &Url, control: &str) -> Url {
    if control == "*" {
        return base.clone();
    }
    if let Ok(absolute) = Url::parse(control) {
        return absolute;
    }
    let slash = if base.as_str().ends_with('/') || control.starts_with('/') { "" } else { "/" };
    Url::parse(&format!("{base}{slash}{control}")).unwrap_or(base.clone())
}

/// The `rtptime` of each stream in order, when every entry has one.
fn zeros(playing: &Response) -> Vec<u32> {
    let info = playing.header("RTP-Info").unwrap_or_default();
    let time =
        |entry: &str| entry.split(';').find_map(|part| part.trim().strip_prefix("rtptime=")?.parse().ok());
    info.split(",url").map(time).collect::<Option<Vec<u32>>>().unwrap_or_default()
}

/// Datagrams that may wait to be looked at: some pictures.
const IN_FLIGHT: usize = 512;

/// Half of the sixty seconds that RFC 2326 section 12.37 has for a session without requests, and again half, for a request that is lost.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Attempts to find two free neighbouring ports.
const PAIRS: usize = 32;

/// The largest datagram there is.
const LARGEST: usize = 65_535;

/// Should a socket do nothing but fail, it does so ten times a second.
const AFTER_ERROR: Duration = Duration::from_millis(100);

const FAR: Duration = Duration::from_secs(86_400);

/// An RTP packet without content, and a receiver report of nothing.
const EMPTY_RTP: [u8; 12] = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
const EMPTY_REPORT: [u8; 8] = [0x80, 201, 0, 1, 0, 0, 0, 0];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_addresses_are_appended() {
        let url = |text: &str| Url::parse(text).expect("a URL");
        let query = url("rtsp://cam/realmonitor?channel=1&subtype=2/");
        assert_eq!(
            join(&query, "trackID=0").as_str(),
            "rtsp://cam/realmonitor?channel=1&subtype=2/trackID=0"
        );
        assert_eq!(join(&url("rtsp://cam/live"), "track1").as_str(), "rtsp://cam/live/track1");
        assert_eq!(join(&url("rtsp://cam/live/"), "rtsp://cam/v").as_str(), "rtsp://cam/v");
        assert_eq!(join(&url("rtsp://cam/live"), "*").as_str(), "rtsp://cam/live");
    }

    #[tokio::test]
    async fn ports_are_an_even_one_and_its_neighbour() {
        let (rtp, rtcp) = bind_pair(IpAddr::from([127, 0, 0, 1])).await.expect("two ports");
        let port = |socket: &UdpSocket| socket.local_addr().expect("bound").port();
        assert_eq!((port(&rtp) % 2, port(&rtcp)), (0, port(&rtp) + 1));
    }
}
