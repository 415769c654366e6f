use super::*;
use crate::test_media::media;

/// One line for each `m=` section: what it is called, and how it would be announced.
fn summary(sdp: &[u8]) -> Vec<String> {
    parse(sdp)
        .iter()
        .map(|media| {
            let label = media.label();
            match media.describe() {
                None if media.is_back_channel => format!("{label} back channel"),
                None => format!("{label} no"),
                Some(described) => {
                    format!("{label} {}", described.config.map_or("in band".to_owned(), |c| c.codecs()))
                }
            }
        })
        .collect()
}

/// The expected `avc1` and `mp4a` strings were read off the bytes of `sprop-parameter-sets` and `config` with Python's base64.
#[test]
fn recorded_cameras() {
    let onvif = "application/VND.ONVIF.METADATA no";
    for (file, expected) in [
        ("retina/bunny_describe.txt", &["audio/MPEG4-GENERIC mp4a.40.2", "video/H264 avc1.42c01e"][..]),
        (
            "retina/dahua_describe_h264_aac_onvif.txt",
            &["video/H264 avc1.64001e", "audio/MPEG4-GENERIC mp4a.40.2", onvif],
        ),
        ("retina/foscam_describe.txt", &["video/H264 avc1.4d001f", "audio/PCMU no"]),
        ("retina/geovision_sdp.txt", &["video/H264 avc1.4d4032", onvif]),
        ("retina/gw_main_describe.txt", &["video/H264 avc1.4d002a", "audio/PCMU no"]),
        ("retina/hikvision_describe.txt", &["video/H264 avc1.4d0029", onvif]),
        ("retina/reolink_describe.txt", &["video/H264 avc1.640033", "audio/MPEG4-GENERIC mp4a.40.2"]),
        (
            "retina/ubiquiti_sdp.txt",
            &["audio/MPEG4-GENERIC mp4a.40.2", "audio/OPUS opus", "video/H264 avc1.4d402a"],
        ),
        ("go2rtc/rtsp_TestBugSDP1.sdp", &["video/H264 avc1.42001e", "audio/MPEG4-GENERIC mp4a.40.2"]),
        // The picture's format parameters stand in the section of the sound.
        ("go2rtc/rtsp_TestBugSDP2.sdp", &["video/H264 avc1.42001f", "audio/PCMA no"]),
        (
            "go2rtc/rtsp_TestBugSDP3.sdp",
            &["video/H264 avc1.640033", "audio/MPEG4-GENERIC mp4a.40.2", "audio/PCMA back channel"],
        ),
        ("go2rtc/rtsp_TestBugSDP5.sdp", &["video/H264 avc1.42a029", "audio/MPEG4-GENERIC mp4a.40.2"]),
        // The configuration of the sound is not hexadecimal.
        ("gortsplib/session_96.sdp", &["video/H265 hvc1.1.6.L120.B0", "audio/MPEG4-GENERIC no"]),
        ("gortsplib/session_96_6a96.sdp", &["video/H264 in band", "audio/PCMU no"]),
        ("gortsplib/session_key_mgmt_in_media.sdp", &["encrypted video/H264 no"]),
        ("gortsplib/session_multiple_formats_for_each_media_2.sdp", &["video/H264 avc1.4d002a"]),
        ("gortsplib/session_multiple_formats_for_each_media_2b64.sdp", &["audio/OPUS opus", "video/VP8 no"]),
    ] {
        let Some(sdp) = media(&format!("rtsp/{file}")) else { continue };
        assert_eq!(summary(&sdp), expected, "{file}");
    }
}

#[test]
fn h265_cameras_have_their_parameter_sets() {
    for file in ["retina/dahua_describe_h265_pcma.txt", "retina/tplink_sdp.txt"] {
        let Some(sdp) = media(&format!("rtsp/{file}")) else { continue };
        let tracks = summary(&sdp);
        assert!(tracks[0].starts_with("video/H265 hvc1."), "{file}: {tracks:?}");
        assert_eq!(tracks[1], "audio/PCMA no");
    }
}

#[test]
fn mono_opus_is_mono() {
    let sdp = b"v=0\r\nm=audio 0 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 sprop-stereo=0\r\n";
    let described = parse(sdp)[0].describe().expect("opus");
    let Some(codec::Config::Opus(config)) = described.config else { panic!("not opus") };
    assert_eq!(config.channels(), 1);
}

#[test]
fn nonsense_is_survived() {
    for sdp in [
        &b""[..],
        b"m=",
        b"m=video",
        b"m=video 0 RTP/AVP 999",
        b"m=video 0 RTP/AVP x\na=rtpmap:x H264/90000",
        b"m=video 0 RTP/AVP 96\na=rtpmap:96\na=fmtp:96\na=rtpmap\n",
        b"m=video 0 RTP/AVP 96\na=rtpmap:96 H264/0",
        b"m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=,,!!,AAAAAQ==",
        b"m=audio 0 RTP/AVP 96\na=rtpmap:96 mpeg4-generic/44100/2\na=fmtp:96 config=\xff\xff",
        b"m=audio 0 RTP/AVP 96\na=rtpmap:96 mpeg4-generic/44100/2\na=fmtp:96 config=1210;sizelength=99999",
        b"\xff\xfe\x00m=video",
    ] {
        for media in parse(sdp) {
            let _ = (media.describe(), media.label());
        }
    }
}
