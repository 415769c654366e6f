//! Pulls from an RTSP camera (RFC 2326), for ever: a camera that goes away is connected to again.
//!
//! Over TCP the protocol is the `retina` crate's ([`interleaved`]); over UDP it is ours ([`datagrams`]), for the sake of the order of the
//! packets. Both give raw packets, which go through our own [payload formats](super::rtp). Transport `automatic` asks for TCP, which
//! loses nothing and passes every firewall that let the connection through, and for UDP only when the camera refuses TCP (status 461).

mod control;
mod datagrams;
mod interleaved;

use std::sync::Arc;
use std::time::Duration;

use retina::client::SessionGroup;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

use self::datagrams::Datagrams;
use self::interleaved::Interleaved;
use super::backoff::Backoff;
use super::rtp::{Losses, Packet};
use super::sdp::{Described, Media};
use crate::config::{Camera, Transport};
use crate::receivers::Awake;
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
    // A camera that is asked for UDP from the start is not received where one naps.
    let asked = transport;
    let mut awake = None;
    live.set_state(State::Connecting);
    loop {
        let failure = match connect(camera, &mut transport, read_timeout, group).await {
            Ok(mut connection) => {
                if transport != asked {
                    awake.get_or_insert_with(Awake::keep);
                }
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
    session: Session,
    /// By the number of the stream.
    channels: Vec<Channel>,
    lacks: Option<String>,
    /// The camera has said which timestamps are the same instant.
    zero_told: bool,
}

/// How the packets come.
enum Session {
    Interleaved(Interleaved),
    Datagrams(Box<Datagrams>),
}

/// Something that has come.
enum Arrival {
    Packet {
        stream: usize,
        packet: Packet,
        /// With the first packet of a stream: the timestamp at which all streams begin together, where the camera says so.
        zero: Option<u32>,
    },
    /// An RTCP sender report.
    Report { stream: usize, timestamp: u32, ntp: u64 },
}

/// A stream that was set up.
struct Channel {
    described: Described,
    clock_rate: u32,
    /// The timestamp that stands for the beginning.
    zero: Option<u32>,
    /// What has been reported of the depacketiser's losses.
    reported: Losses,
}

impl Channel {
    fn new(media: &Media, described: Described) -> Self {
        Self { described, clock_rate: media.clock_rate, zero: None, reported: Losses::default() }
    }
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
    let (session, channels, lacks) = if udp {
        let (session, channels, lacks) = datagrams::open(camera).await?;
        (Session::Datagrams(Box::new(session)), channels, lacks)
    } else {
        let (session, channels, lacks) = interleaved::open(camera, group).await?;
        (Session::Interleaved(session), channels, lacks)
    };
    Ok(Connection { session, channels, lacks, zero_told: false })
}

/// What of a camera is served.
struct Choice<'a> {
    /// With whatever number each has.
    wanted: Vec<(usize, &'a Media, Described)>,
    /// What its owner will miss, and why.
    lacks: Option<String>,
}

/// The first video and the first audio stream that can be served of these media.
fn choose<'a>(media: impl Iterator<Item = (usize, &'a Media)>) -> Result<Choice<'a>, Failure> {
    let mut wanted: Vec<(usize, &Media, Described)> = Vec::new();
    let mut unsupported = Vec::new();
    for (number, media) in media {
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
        (false, _) => Ok(Choice { lacks: lacks(&wanted, &unsupported), wanted }),
        (true, true) => Err(Failure::NoMedia),
        (true, false) => Err(Failure::UnsupportedCodec(unsupported.join(", "))),
    }
}

/// A camera without pictures, or one of whose streams cannot be served. That it has no sound is nothing to tell.
fn lacks(wanted: &[(usize, &Media, Described)], unsupported: &[String]) -> Option<String> {
    let has = |kind: &str| wanted.iter().any(|(_, media, _)| media.kind == kind);
    let left_out = |kind: &str| unsupported.iter().find(|label| !has(kind) && label.contains(kind));
    match (has("video"), left_out("video"), left_out("audio")) {
        (_, Some(video), _) => Some(format!("no video: the camera's is {video}, an unsupported codec")),
        (false, None, _) => Some("no video: the camera offers sound alone".to_owned()),
        (true, None, Some(audio)) => Some(format!("no audio: the camera's is {audio}, an unsupported codec")),
        (true, None, None) => None,
    }
}

impl Connection {
    /// Receives until the connection is of no more use, and tells why.
    async fn receive(&mut self, read_timeout: Duration, live: &mut Live) -> Failure {
        live.begin(self.inputs(), self.lacks.take());
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            tokio::select! {
                arrival = self.session.next() => match arrival {
                    Ok(Arrival::Packet { stream, packet, zero }) => {
                        heard = Instant::now();
                        self.take(stream, packet, zero, live);
                    }
                    Ok(Arrival::Report { stream, timestamp, ntp }) => live.sender_report(stream, timestamp, ntp),
                    Err(failure) => return failure,
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
        let input = |channel: &Channel| Input {
            format: channel.described.format,
            config: channel.described.config.clone(),
            clock_rate: channel.clock_rate,
        };
        self.channels.iter().map(input).collect()
    }

    fn take(&mut self, stream: usize, packet: Packet, zero: Option<u32>, live: &mut Live) {
        live.count_inbound(packet.payload.len() + RTP_HEADER);
        let timestamp = packet.timestamp;
        let Some(channel) = self.channels.get_mut(stream) else { return };
        if channel.zero.is_none() {
            channel.zero = Some(zero.unwrap_or(timestamp));
            self.zero_told |= zero.is_some();
            self.tell_zero(live);
        }
        let Some(channel) = self.channels.get_mut(stream) else { return };
        let depacketiser = &mut channel.described.depacketiser;
        depacketiser.push(packet);
        while let Some(unit) = depacketiser.poll() {
            live.push(stream, unit.timestamp, unit.data);
        }
        let losses = depacketiser.losses();
        if losses != channel.reported {
            live.count_losses(&channel.reported, &losses);
            channel.reported = losses;
        }
    }

    /// Passes on where the streams begin together, if the camera has said it of any.
    fn tell_zero(&self, live: &mut Live) {
        for (stream, channel) in self.channels.iter().enumerate().filter(|_| self.zero_told) {
            if let Some(zero) = channel.zero {
                live.common_zero(stream, zero);
            }
        }
    }
}

impl Session {
    /// What comes next. May be dropped at any time without losing anything.
    async fn next(&mut self) -> Result<Arrival, Failure> {
        match self {
            Self::Interleaved(session) => session.next().await,
            Self::Datagrams(session) => session.next().await,
        }
    }
}

/// The usual header of an RTP packet, RFC 3550 section 5.1.
const RTP_HEADER: usize = 12;

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
