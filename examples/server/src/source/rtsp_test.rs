use std::net::Ipv4Addr;

use media_core::codec::Format;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::*;
use crate::test_media::media;

/// Answers a request (its first line and its headers) with the text of a response, of which `CSeq` is put right.
type Answer = Box<dyn FnMut(&str, &str) -> String + Send>;

/// A camera on the loopback interface that speaks as told, one connection after the other.
async fn camera(mut answer: Answer) -> Camera {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let _ = converse(connection, &mut answer).await;
        }
    });
    Camera { url: Url::parse(&format!("rtsp://127.0.0.1:{port}/stream")).expect("a URL"), credentials: None }
}

async fn converse(connection: TcpStream, answer: &mut Answer) -> std::io::Result<()> {
    let (read, mut write) = connection.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Some(request) = lines.next_line().await? {
        let mut headers = String::new();
        while let Some(line) = lines.next_line().await?.filter(|line| !line.is_empty()) {
            headers += &format!("{line}\n");
        }
        let number = header(&headers, "CSeq");
        let response = answer(&request, &headers);
        let with_number: String = response
            .split_inclusive('\n')
            .map(
                |line| if line.starts_with("CSeq") { format!("CSeq: {number}\r\n") } else { line.to_owned() },
            )
            .collect();
        write.write_all(with_number.as_bytes()).await?;
    }
    Ok(())
}

fn header(headers: &str, name: &str) -> String {
    let line = headers.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    line.unwrap_or_default().to_owned()
}

fn status(line: &str) -> String {
    format!("RTSP/1.0 {line}\r\nCSeq: 0\r\n\r\n")
}

/// Describes itself with `sdp` and agrees to everything else.
fn agreeable(sdp: &'static str) -> impl FnMut(&str, &str) -> String + Send {
    move |request, headers| match request.split(' ').next().unwrap_or_default() {
        "DESCRIBE" => format!(
            "RTSP/1.0 200 OK\r\nCSeq: 0\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
            sdp.len()
        ),
        "SETUP" => {
            let transport = header(headers, "Transport");
            format!(
                "RTSP/1.0 200 OK\r\nCSeq: 0\r\nSession: 7\r\nTransport: {transport};server_port=9000-9001\r\n\r\n"
            )
        }
        _ => "RTSP/1.0 200 OK\r\nCSeq: 0\r\nSession: 7\r\n\r\n".to_owned(),
    }
}

async fn attempt(camera: &Camera, mut transport: Transport) -> Result<Vec<Input>, Failure> {
    let connection = connect(camera, &mut transport, PATIENCE, &Arc::default()).await?;
    Ok(connection.inputs())
}

async fn failure(answer: impl FnMut(&str, &str) -> String + Send + 'static, password: bool) -> String {
    let mut camera = camera(Box::new(answer)).await;
    camera.credentials = password.then(|| ("me".to_owned(), "secret".to_owned()));
    attempt(&camera, Transport::Tcp).await.expect_err("this must fail").to_string()
}

/// A recorded camera: its own words for DESCRIBE, SETUP (with the channels asked for) and PLAY.
async fn recorded(describe: &str, setup: &str, play: &str) -> Option<Vec<Input>> {
    let text =
        |name: &str| Some(String::from_utf8_lossy(&media(&format!("rtsp/retina/{name}"))?).into_owned());
    let (describe, setup, play) = (text(describe)?, text(setup)?, text(play)?);
    let session = setup.lines().find(|line| line.starts_with("Session")).unwrap_or_default().to_owned();
    let camera =
        camera(Box::new(move |request, headers| match request.split(' ').next().unwrap_or_default() {
            "DESCRIBE" => describe.clone(),
            "SETUP" => {
                let channels =
                    header(headers, "Transport").rsplit_once("interleaved=").map(|(_, c)| c.to_owned());
                setup.replace("interleaved=0-1", &format!("interleaved={}", channels.unwrap_or_default()))
            }
            // The recordings are of several sessions.
            "PLAY" => {
                let own = play
                    .lines()
                    .map(|line| if line.starts_with("Session") { session.as_str() } else { line });
                own.collect::<Vec<_>>().join("\r\n") + "\r\n\r\n"
            }
            _ => status("200 OK"),
        }))
        .await;
    Some(attempt(&camera, Transport::Tcp).await.expect("the recorded camera is understood"))
}

fn tracks(inputs: &[Input]) -> Vec<(Format, Option<String>, u32)> {
    inputs
        .iter()
        .map(|i| (i.format, i.config.as_ref().map(media_core::codec::Config::codecs), i.clock_rate))
        .collect()
}

/// Codec strings as in the tests of the session description; clock rates from `rtpmap`.
#[tokio::test]
async fn recorded_dialogues_give_the_expected_tracks() {
    let h264 = |codecs: &str| (Format::H264, Some(codecs.to_owned()), 90_000);
    let aac = |rate| (Format::Aac, Some("mp4a.40.2".to_owned()), rate);
    for (describe, setup, play, expected) in [
        ("bunny_describe.txt", "bunny_setup.txt", "bunny_play.txt", vec![h264("avc1.42c01e"), aac(12_000)]),
        (
            "dahua_describe_h264_aac_onvif.txt",
            "dahua_setup.txt",
            "dahua_play.txt",
            vec![h264("avc1.64001e"), aac(48_000)],
        ),
        ("hikvision_describe.txt", "hikvision_setup.txt", "hikvision_play.txt", vec![h264("avc1.4d0029")]),
        (
            "reolink_describe.txt",
            "reolink_setup.txt",
            "reolink_play.txt",
            vec![h264("avc1.640033"), aac(16_000)],
        ),
        ("gw_main_describe.txt", "gw_main_setup_video.txt", "gw_main_play.txt", vec![h264("avc1.4d002a")]),
    ] {
        let Some(inputs) = recorded(describe, setup, play).await else { continue };
        assert_eq!(tracks(&inputs), expected, "{describe}");
    }
}

#[tokio::test]
async fn a_camera_without_parameter_sets_is_taken() {
    let camera =
        camera(Box::new(agreeable("v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"))).await;
    let inputs = attempt(&camera, Transport::Tcp).await.expect("a session");
    assert_eq!(tracks(&inputs), [(Format::H264, None, 90_000)]);
}

#[tokio::test]
async fn failures_say_what_is_wrong() {
    let basic = || status("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"camera\"");
    let wanted = failure(move |_, _| basic(), false).await;
    assert_eq!(wanted, "the camera asks for a user name and password, and the source has none");
    let digest = || status("401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"camera\", nonce=\"1234\"");
    let wrong = failure(move |_, _| digest(), true).await;
    assert_eq!(wrong, "the camera refuses the user name or password");
    let missing = failure(|_, _| status("404 Not Found"), false).await;
    assert_eq!(missing, "the camera has no stream at this address (status 404)");
    let broken = failure(|_, _| status("503 Service Unavailable"), false).await;
    assert!(broken.starts_with("the camera refused the request: 503"), "{broken}");
    let silent = failure(agreeable("v=0\r\n"), false).await;
    assert_eq!(silent, "the camera offers neither video nor audio");
    let page = |_: &str, _: &str| status("200 OK\r\nContent-Type: text/html");
    assert!(failure(page, false).await.starts_with("the camera's answer cannot be understood: 200"));
    let unknown = "v=0\r\nm=video 0 RTP/AVP 26\r\nm=audio 0 RTP/AVP 0\r\n";
    assert_eq!(
        failure(agreeable(unknown), false).await,
        "unsupported codec: the camera sends video/JPEG, audio/PCMU; H.264, H.265, AAC and Opus can be served"
    );
    let metadata = "v=0\r\nm=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n";
    assert_eq!(failure(agreeable(metadata), false).await, "the camera offers neither video nor audio");
}

#[tokio::test]
async fn a_closed_port_is_told() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let camera =
        Camera { url: Url::parse(&format!("rtsp://127.0.0.1:{port}/")).expect("a URL"), credentials: None };
    let failure = attempt(&camera, Transport::Tcp).await.expect_err("nobody is there").to_string();
    assert!(failure.starts_with("cannot reach the camera: Connection refused"), "{failure}");
}

#[tokio::test]
async fn basic_credentials_are_given_when_asked_for() {
    let mut agreed = agreeable("v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
    let mut camera = camera(Box::new(move |request, headers| {
        // "me:secret" in base64, from `printf me:secret | base64`.
        if header(headers, "Authorization") == "Basic bWU6c2VjcmV0" {
            agreed(request, headers)
        } else {
            status("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"camera\"")
        }
    }))
    .await;
    camera.credentials = Some(("me".to_owned(), "secret".to_owned()));
    assert!(attempt(&camera, Transport::Tcp).await.is_ok());
}

#[tokio::test]
async fn udp_is_tried_when_tcp_is_refused() {
    let mut agreed = agreeable("v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
    let camera = camera(Box::new(move |request, headers| {
        if header(headers, "Transport").contains("TCP") {
            return status("461 Unsupported Transport");
        }
        agreed(request, headers)
    }))
    .await;
    assert!(attempt(&camera, Transport::Automatic).await.is_ok());
    let refused = attempt(&camera, Transport::Tcp).await.expect_err("only TCP was allowed");
    assert!(refused.to_string().starts_with("the camera refused the request: 461"), "{refused}");
}

#[tokio::test]
async fn a_camera_that_refuses_its_sound_still_has_a_picture() {
    let mut agreed = agreeable(
        "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:v\r\n\
         m=audio 0 RTP/AVP 97\r\na=rtpmap:97 opus/48000/2\r\na=control:a\r\n",
    );
    let camera = camera(Box::new(move |request, headers| {
        if request.starts_with("SETUP") && request.contains("/a ") {
            return status("500 Internal Server Error");
        }
        agreed(request, headers)
    }))
    .await;
    let inputs = attempt(&camera, Transport::Tcp).await.expect("a picture");
    assert_eq!(tracks(&inputs), [(Format::H264, None, 90_000)]);
}

#[test]
fn the_same_complaint_is_made_once() {
    let mut complaint = Complaint::default();
    let silent = Failure::Silent(PATIENCE);
    for expected in 0..5 {
        complaint.about("cam", &silent, PATIENCE);
        assert_eq!(complaint.repeated, expected);
    }
    complaint.about("cam", &Failure::Ended, PATIENCE);
    assert_eq!(complaint.repeated, 0);
    complaint.settled("cam");
    assert_eq!(complaint.last, None);
}

/// Far more than a loopback connection takes.
const PATIENCE: Duration = Duration::from_secs(20);
