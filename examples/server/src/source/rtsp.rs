//! Pulls from an RTSP camera (RFC 2326), for ever: a camera that goes away is connected to again.
//!
//! The protocol is the `retina` crate's; its raw packets go through our own [payload formats](super::rtp). Transport `automatic` asks for
//! TCP, which loses nothing and passes every firewall that let the connection through, and for UDP only when the camera refuses TCP
//! (status 461).
//!
//! Over UDP the library drops a datagram that was overtaken by another before anyone sees it; it shows as a lost packet in the counts.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use retina::client::{
    Credentials, InitialSequenceNumberPolicy, InitialTimestampPolicy, PacketItem, PlayOptions, Playing,
    Session, SessionGroup, SessionIdPolicy, SessionOptions, SetupOptions, Transport as RetinaTransport,
};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use super::backoff::Backoff;
use super::rtp::{Losses, Packet};
use super::sdp::{self, Described, Media};
use crate::config::{Camera, Transport};
use crate::stream::{Input, Live, State};

/// Why there is no picture. Written to be read by the person who owns the camera.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    #[error("cannot reach the camera: {0}")]
    Unreachable(String),
    #[error("the camera did not answer within {0:?}")]
    NoAnswer(Duration),
    #[error("the camera asks for a user name and password, and the source has none")]
    PasswordWanted,
    #[error("the camera refuses the user name or password")]
    PasswordWrong,
    #[error("the camera has no stream at this address (status 404)")]
    NoSuchStream,
    #[error("the camera refused the request: {0}")]
    Refused(String),
    #[error("the camera's answer cannot be understood: {0}")]
    Nonsense(String),
    #[error("the camera offers neither video nor audio")]
    NoMedia,
    #[error("unsupported codec: the camera sends {0}; H.264, H.265, AAC and Opus can be served")]
    UnsupportedCodec(String),
    #[error("nothing arrives: the camera has sent nothing for {0:?}")]
    Silent(Duration),
    #[error("the camera ended the connection")]
    Ended,
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// Pulls from `camera` into `live` until `stop`, then takes leave of the camera: many allow only a few sessions at once and keep one
/// that was not ended for a minute.
pub(crate) async fn run(
    camera: &Camera,
    transport: Transport,
    read_timeout: Duration,
    live: &mut Live,
    stop: impl Future<Output = ()>,
) {
    let group = Arc::new(SessionGroup::default());
    tokio::select! {
        () = pull(camera, transport, read_timeout, live, &group) => {}
        () = stop => {}
    }
    let _ = timeout(LEAVE, group.await_teardown()).await;
}

/// Never returns; dropping it ends the session with the camera.
async fn pull(
    camera: &Camera,
    mut transport: Transport,
    read_timeout: Duration,
    live: &mut Live,
    group: &Arc<SessionGroup>,
) {
    let mut backoff = Backoff::default();
    let mut complaint = Complaint::default();
    live.set_state(State::Connecting);
    loop {
        let failure = match connect(camera, &mut transport, read_timeout, group).await {
            Ok(mut connection) => {
                complaint.settled(live.name());
                let started = Instant::now();
                let failure = connection.receive(read_timeout, live).await;
                live.interrupted();
                // A camera that accepts and hangs up at once is not worth a quick retry.
                if started.elapsed() > WORTHWHILE {
                    backoff.reset();
                }
                failure
            }
            Err(failure) => failure,
        };
        let wait = backoff.next(crate::random());
        complaint.about(live.name(), &failure, wait);
        live.set_state(State::Down { reason: failure.to_string() });
        sleep(wait).await;
        live.count_reconnect();
    }
}

/// Keeps a camera that is away for the weekend from filling the log: a reason is told once, and again every now and then.
#[derive(Debug, Default)]
struct Complaint {
    last: Option<Failure>,
    repeated: u32,
}

impl Complaint {
    fn about(&mut self, path: &str, failure: &Failure, wait: Duration) {
        // Details such as sequence numbers differ each time; the kind is what makes it the same.
        if self
            .last
            .as_ref()
            .is_some_and(|last| std::mem::discriminant(last) == std::mem::discriminant(failure))
        {
            self.repeated += 1;
            if !self.repeated.is_multiple_of(REMIND_EVERY) {
                tracing::debug!(path, reason = %failure, retry_in = ?wait, "still no stream");
                return;
            }
        } else {
            self.repeated = 0;
            self.last = Some(failure.clone());
        }
        tracing::warn!(path, reason = %failure, retry_in = ?wait, "no stream");
    }

    fn settled(&mut self, path: &str) {
        if self.last.take().is_some() {
            tracing::info!(path, "the camera is back");
        }
    }
}

/// A playing session.
struct Connection {
    session: Session<Playing>,
    /// By the session's stream number.
    channels: Vec<Option<Channel>>,
    /// The camera has said which timestamps are the same instant.
    zero_told: bool,
}

struct Channel {
    /// The number of the stream as [`Live`] knows it.
    index: usize,
    described: Described,
    clock_rate: u32,
    /// The timestamp that stands for the beginning.
    zero: Option<u32>,
    /// What has been reported of the depacketiser's losses.
    reported: Losses,
}

async fn connect(
    camera: &Camera,
    transport: &mut Transport,
    read_timeout: Duration,
    group: &Arc<SessionGroup>,
) -> Result<Connection, Failure> {
    let attempt = async |udp| {
        let opened = timeout(read_timeout, open(camera, udp, group)).await;
        opened.unwrap_or(Err(Refusal::Final(Failure::NoAnswer(read_timeout))))
    };
    let udp = *transport == Transport::Udp;
    match attempt(udp).await {
        Err(Refusal::Transport(_)) if *transport == Transport::Automatic => {
            let connection = attempt(true).await.map_err(Refusal::into_failure)?;
            *transport = Transport::Udp;
            Ok(connection)
        }
        other => other.map_err(Refusal::into_failure),
    }
}

/// What came of an attempt: over, or worth another with the other transport.
enum Refusal {
    Final(Failure),
    Transport(Failure),
}

impl Refusal {
    fn into_failure(self) -> Failure {
        match self {
            Self::Final(failure) | Self::Transport(failure) => failure,
        }
    }
}

async fn open(camera: &Camera, udp: bool, group: &Arc<SessionGroup>) -> Result<Connection, Refusal> {
    let credentials =
        camera.credentials.clone().map(|(username, password)| Credentials { username, password });
    let has_credentials = credentials.is_some();
    let refused = |error| refusal(&error, has_credentials);
    let options = SessionOptions::default()
        .creds(credentials)
        .user_agent(concat!("reelmill/", env!("CARGO_PKG_VERSION")).to_owned())
        .session_group(group.clone())
        // Cameras that change the session id between two SETUPs mean the first.
        .session_id(SessionIdPolicy::UseFirst);
    let mut session = Session::describe(camera.url.clone(), options).await.map_err(refused)?;
    let media = sdp::parse(session.sdp());
    let wanted = choose(&session, &media).map_err(Refusal::Final)?;
    let mut channels: Vec<Option<Channel>> = session.streams().iter().map(|_| None).collect();
    let mut index = 0;
    for (stream, media, described) in wanted {
        let transport = if udp {
            RetinaTransport::Udp(Default::default())
        } else {
            RetinaTransport::Tcp(Default::default())
        };
        match session.setup(stream, SetupOptions::default().transport(transport)).await {
            Ok(()) => {
                let clock_rate = media.clock_rate;
                channels[stream] =
                    Some(Channel { index, described, clock_rate, zero: None, reported: Losses::default() });
                index += 1;
            }
            // A camera that offers sound and then refuses it still has a picture.
            Err(error) if index > 0 && error.status_code().is_some_and(|status| status != 461) => {
                tracing::warn!(url = %camera.url, media = media.label(), reason = first_line(&error), "left out");
            }
            Err(error) => return Err(refused(error)),
        }
    }
    let options = PlayOptions::default()
        // A camera's `RTP-Info` is often absent or wrong; the timeline believes it only where it is near the truth.
        .initial_timestamp(InitialTimestampPolicy::Permissive)
        .initial_seq(InitialSequenceNumberPolicy::Ignore);
    let session = session.play(options).await.map_err(refused)?;
    Ok(Connection { session, channels, zero_told: false })
}

fn refusal(error: &retina::Error, has_credentials: bool) -> Refusal {
    let line = first_line(error);
    Refusal::Final(match error.status_code() {
        Some(401) if has_credentials => Failure::PasswordWrong,
        Some(401) => Failure::PasswordWanted,
        Some(404) => Failure::NoSuchStream,
        Some(461) => return Refusal::Transport(Failure::Refused(line)),
        // The library found the session description empty.
        Some(200..300) if line.contains("No parseable streams (and 0") => Failure::NoMedia,
        Some(200..300) => Failure::Nonsense(line),
        Some(_) => Failure::Refused(line),
        None => match line.strip_prefix("Unable to connect to RTSP server: ") {
            Some(reason) => Failure::Unreachable(reason.to_owned()),
            None => Failure::Broken(line),
        },
    })
}

/// The first video and the first audio stream that can be served.
fn choose<'a>(
    session: &Session<retina::client::Described>,
    media: &'a [Media],
) -> Result<Vec<(usize, &'a Media, Described)>, Failure> {
    let mut wanted: Vec<(usize, &Media, Described)> = Vec::new();
    let mut unsupported = Vec::new();
    // The library leaves out sections that it cannot read, so its streams are a subsequence of ours.
    let mut rest = media.iter();
    for (number, stream) in session.streams().iter().enumerate() {
        let same =
            |media: &&Media| media.kind == stream.media() && media.payload_type == stream.rtp_payload_type();
        let Some(media) = rest.find(same) else { break };
        if media.is_back_channel || !matches!(media.kind.as_str(), "video" | "audio") {
            continue;
        }
        match media.describe() {
            Some(described) if wanted.iter().all(|(_, other, _)| other.kind != media.kind) => {
                wanted.push((number, media, described));
            }
            Some(_) => {}
            None => unsupported.push(media.label()),
        }
    }
    // Video first: it leads the segments.
    wanted.sort_by_key(|(_, media, _)| media.kind != "video");
    match (wanted.is_empty(), unsupported.is_empty()) {
        (false, _) => Ok(wanted),
        (true, true) => Err(Failure::NoMedia),
        (true, false) => Err(Failure::UnsupportedCodec(unsupported.join(", "))),
    }
}

impl Connection {
    /// Receives until the connection is of no more use, and tells why.
    async fn receive(&mut self, read_timeout: Duration, live: &mut Live) -> Failure {
        live.begin(self.inputs());
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                item = self.session.next() => match item {
                    Some(Ok(PacketItem::Rtp(packet))) => {
                        heard = Instant::now();
                        self.take(packet, live);
                    }
                    Some(Ok(PacketItem::Rtcp(packet))) => self.report(&packet, live),
                    Some(Ok(_)) => {}
                    Some(Err(error)) => return Failure::Broken(first_line(&error)),
                    None => return Failure::Ended,
                },
                _ = tick.tick() => {
                    live.tick();
                    if heard.elapsed() > read_timeout {
                        return Failure::Silent(read_timeout);
                    }
                }
            }
        }
    }

    fn inputs(&self) -> Vec<Input> {
        let mut channels: Vec<&Channel> = self.channels.iter().flatten().collect();
        channels.sort_by_key(|channel| channel.index);
        channels
            .into_iter()
            .map(|channel| Input {
                format: channel.described.format,
                config: channel.described.config.clone(),
                clock_rate: channel.clock_rate,
            })
            .collect()
    }

    fn take(&mut self, packet: retina::rtp::ReceivedPacket, live: &mut Live) {
        let Some(Some(channel)) = self.channels.get_mut(packet.stream_id()) else { return };
        live.count_inbound(packet.raw().len());
        let timestamp = packet.header().timestamp();
        if channel.zero.is_none() {
            channel.zero = Some(packet.timestamp().start());
            self.zero_told |= packet.timestamp().elapsed() != 0;
            self.tell_zero(live);
        }
        let Some(Some(channel)) = self.channels.get_mut(packet.stream_id()) else { return };
        let (marker, missing) = (packet.mark(), packet.loss());
        let payload = packet.into_payload_bytes();
        let depacketiser = &mut channel.described.depacketiser;
        depacketiser.push(Packet { timestamp, marker, missing, payload });
        while let Some(unit) = depacketiser.poll() {
            live.push(channel.index, unit.timestamp, unit.data);
        }
        let losses = depacketiser.losses();
        if losses != channel.reported {
            live.count_losses(&channel.reported, &losses);
            channel.reported = losses;
        }
    }

    /// Passes on where `RTP-Info` says that the streams begin together. The library puts the first packet's timestamp where the camera
    /// said nothing, so only a first packet that lies elsewhere shows that it did.
    fn tell_zero(&self, live: &mut Live) {
        for channel in self.channels.iter().flatten().filter(|_| self.zero_told) {
            if let Some(zero) = channel.zero {
                live.common_zero(channel.index, zero);
            }
        }
    }

    fn report(&self, packet: &retina::rtcp::ReceivedCompoundPacket, live: &mut Live) {
        let Some(Some(channel)) = self.channels.get(packet.stream_id()) else { return };
        for part in packet.pkts() {
            if let Ok(Some(report)) = part.as_sender_report() {
                live.sender_report(channel.index, report.rtp_timestamp(), report.ntp_timestamp().0);
            }
        }
    }
}

/// The library's errors go on about the connection in further lines.
fn first_line(error: &retina::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// How long a camera has to answer to TEARDOWN.
const LEAVE: Duration = Duration::from_secs(1);

/// How often a stream is asked whether something is overdue.
const TICK: Duration = Duration::from_millis(250);

/// A connection that held this long was a good one.
const WORTHWHILE: Duration = Duration::from_secs(10);

/// At fifteen seconds a retry, every five minutes.
const REMIND_EVERY: u32 = 20;

#[cfg(test)]
#[path = "rtsp_test.rs"]
mod tests;
