//! A session whose packets come in the RTSP connection itself: the `retina` crate's, which knows the habits of many cameras.

use std::sync::Arc;

use futures_util::StreamExt;
use retina::client::{
    Credentials, Described, InitialSequenceNumberPolicy, InitialTimestampPolicy, PacketItem, PlayOptions,
    Playing, Session, SessionGroup, SessionIdPolicy, SessionOptions, SetupOptions,
};

use super::{Arrival, Channel, Choice, Failure, Refusal, choose};
use crate::config::Camera;
use crate::source::rtp::Packet;
use crate::source::sdp::{self, Media};

/// A playing session.
pub(super) struct Interleaved {
    session: Session<Playing>,
    /// Our number of each of the library's streams; `None` for those that were not set up.
    indices: Vec<Option<usize>>,
    /// Whether a packet of our stream has come.
    begun: Vec<bool>,
}

impl Interleaved {
    /// What comes next. May be dropped at any time without losing anything.
    pub(super) async fn next(&mut self) -> Result<Arrival, Failure> {
        loop {
            let arrival = match self.session.next().await {
                Some(Ok(PacketItem::Rtp(packet))) => self.packet(packet),
                Some(Ok(PacketItem::Rtcp(compound))) => self.report(&compound),
                Some(Ok(_)) => None,
                Some(Err(error)) => return Err(Failure::Broken(first_line(&error))),
                None => return Err(Failure::Ended),
            };
            if let Some(arrival) = arrival {
                return Ok(arrival);
            }
        }
    }

    fn packet(&mut self, packet: retina::rtp::ReceivedPacket) -> Option<Arrival> {
        let stream = (*self.indices.get(packet.stream_id())?)?;
        let is_first = !std::mem::replace(&mut self.begun[stream], true);
        // Where the camera said nothing, the library takes the first packet for the beginning.
        let zero = (is_first && packet.timestamp().elapsed() != 0).then(|| packet.timestamp().start());
        let (timestamp, marker, missing) = (packet.header().timestamp(), packet.mark(), packet.loss());
        let payload = packet.into_payload_bytes();
        Some(Arrival::Packet { stream, packet: Packet { timestamp, marker, missing, payload }, zero })
    }

    fn report(&self, compound: &retina::rtcp::ReceivedCompoundPacket) -> Option<Arrival> {
        let stream = (*self.indices.get(compound.stream_id())?)?;
        compound.pkts().find_map(|packet| {
            let report = packet.as_sender_report().ok()??;
            let (timestamp, ntp) = (report.rtp_timestamp(), report.ntp_timestamp().0);
            Some(Arrival::Report { stream, timestamp, ntp })
        })
    }
}

/// Describes, sets up and starts.
pub(super) async fn open(
    camera: &Camera,
    group: &Arc<SessionGroup>,
) -> Result<(Interleaved, Vec<Channel>, Option<String>), Refusal> {
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
    let Choice { wanted, lacks } = choose(numbered(&session, &media)).map_err(Refusal::Final)?;
    let mut indices = vec![None; session.streams().len()];
    let mut channels = Vec::new();
    for (stream, media, described) in wanted {
        match session.setup(stream, SetupOptions::default()).await {
            Ok(()) => {
                indices[stream] = Some(channels.len());
                channels.push(Channel::new(media, described));
            }
            // A camera that offers sound and then refuses it still has a picture.
            Err(error) if !channels.is_empty() && error.status_code().is_some_and(|status| status != 461) => {
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
    Ok((Interleaved { session, indices, begun: vec![false; channels.len()] }, channels, lacks))
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

/// The streams of the library and what we read of them. It leaves out sections that it cannot read, so its streams are a subsequence
/// of ours.
fn numbered<'a>(
    session: &Session<Described>,
    media: &'a [Media],
) -> impl Iterator<Item = (usize, &'a Media)> {
    let mut rest = media.iter();
    session.streams().iter().enumerate().map_while(move |(number, stream)| {
        let same =
            |media: &&Media| media.kind == stream.media() && media.payload_type == stream.rtp_payload_type();
        Some((number, rest.find(same)?))
    })
}

/// The library's errors go on about the connection in further lines.
fn first_line(error: &retina::Error) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}
