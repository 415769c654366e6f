//! MPEG audio headers: those of real files, and bits after ISO/IEC 11172-3 2.4.1.3.

use super::*;
use crate::codec::media_test::media;
use crate::codec::{Format, Parser};

#[test]
fn headers_of_all_layers_and_versions() {
    // Header; layer, samples per second, channels, samples and bytes of a frame, object type.
    let cases = [
        (0xfffb_9064_u32, 3, 44_100, 2, 1152, Some(417), "mp4a.40.34", 0x6b),
        (0xfffb_92c4, 3, 44_100, 1, 1152, Some(418), "mp4a.40.34", 0x6b), // padded
        (0xfff3_40c4, 3, 22_050, 1, 576, Some(104), "mp4a.40.34", 0x69),  // 32 kbit/s, ffmpeg with libmp3lame
        (0xffe3_4864, 3, 8000, 2, 576, Some(288), "mp4a.40.34", 0x69),
        (0xfffd_8004, 2, 44_100, 2, 1152, Some(417), "mp4a.40.33", 0x6b),
        (0xfff5_8404, 2, 24_000, 2, 1152, Some(384), "mp4a.40.33", 0x69),
        (0xffff_c004, 1, 44_100, 2, 384, Some(416), "mp4a.40.32", 0x6b),
        (0xffff_c204, 1, 44_100, 2, 384, Some(420), "mp4a.40.32", 0x6b), // a slot is four bytes
        (0xfffb_0064, 3, 44_100, 2, 1152, None, "mp4a.40.34", 0x6b),     // free format
    ];
    for (word, layer, rate, channels, samples, length, codecs, object_type) in cases {
        let header = Header::parse(&word.to_be_bytes()).expect("a header");
        let config = header.config();
        let read = (config.layer(), config.sample_rate(), config.channels(), config.samples_per_frame());
        assert_eq!(read, (layer, rate, channels, samples), "{word:08x}");
        assert_eq!((header.frame_length(), &config.codecs()[..]), (length, codecs), "{word:08x}");
        assert_eq!(config.object_type_indication(), object_type, "{word:08x}");
    }
}

#[test]
fn what_is_no_header_is_refused() {
    for (word, error) in [
        (0xffda_9064_u32, Error::Sync),
        (0xffeb_9064, Error::Reserved(0xffeb_9064)), // version 1
        (0xfff9_9064, Error::Reserved(0xfff9_9064)), // layer 0
        (0xfffb_f064, Error::Reserved(0xfffb_f064)), // bit rate 15
        (0xfffb_9c64, Error::Reserved(0xfffb_9c64)), // sampling rate 3
    ] {
        assert_eq!(Config::from_frame(&word.to_be_bytes()), Err(error));
    }
    assert_eq!(Header::parse(&[0xff, 0xfb, 0x90]), Err(Error::End));
}

/// Frames as the headers delimit them, to the last byte of the file; counts as ffprobe has them, and one more where the first frame is the
/// encoder's "Xing" or "Info", which it leaves out.
#[test]
fn files_are_frames_from_end_to_end() {
    for (name, expected) in [
        ("audio/bear-cbr-constant-frame-size-no-seek-table.mp3", 116),
        ("audio/bear-vbr-xing-header.mp3", 118),
        ("audio/sfx.mp3", 11),
    ] {
        let Some(file) = media(name) else { continue };
        // Silence that is not even coded.
        let mut at = file.iter().position(|byte| *byte != 0).expect("not empty");
        if file.starts_with(b"ID3") {
            let size = file[6..10].iter().fold(0, |size, byte| size << 7 | usize::from(*byte));
            at = 10 + size;
        }
        let mut parser = Parser::waiting(Format::Mp3);
        let (mut frames, mut samples) = (0, 0);
        while at + 4 <= file.len() && !file[at..].starts_with(b"TAG") {
            let length = Header::parse(&file[at..]).expect(name).frame_length().expect("a bit rate");
            let unit = parser.parse(file.slice(at..(at + length).min(file.len())));
            assert_eq!(unit.config.is_some(), frames == 0, "{name}");
            (at, frames, samples) = (at + length, frames + 1, samples + unit.samples.expect("readable"));
        }
        assert_eq!(parser.faults().total(), 0, "{name}");
        assert_eq!((frames, samples), (expected, expected * 1152), "{name}");
    }
}
