//! `matroska-demuxer` as an independent reader, of what we write and of real files.

use std::io::Cursor;
use std::path::Path;

use bytes::Bytes;
use matroska_demuxer::{Frame, MatroskaFile};
use media_core::codec::{Config, Key, opus, vp8, vp9};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Track, TrackId};

use crate::elements;
use crate::script::Scripted;

/// All frames and the header.
pub(crate) fn read(file: &[u8]) -> (MatroskaFile<Cursor<&[u8]>>, Vec<Frame>) {
    let mut reader = MatroskaFile::open(Cursor::new(file)).expect("a file as matroska-demuxer knows it");
    let mut frames = Vec::new();
    loop {
        let mut frame = Frame::default();
        if !reader.next_frame(&mut frame).expect("a frame") {
            return (reader, frames);
        }
        frames.push(frame);
    }
}

/// That it reads the same blocks as our own reader.
pub(crate) fn check(bytes: &[u8], read: &elements::File) {
    let (header, frames) = self::read(bytes);
    assert_eq!(header.ebml_header().doc_type(), read.doc_type);
    assert_eq!(header.info().timestamp_scale().get(), read.timestamp_scale);
    assert_eq!(header.info().duration(), read.duration);
    assert_eq!(header.tracks().len(), read.tracks.len());
    assert_eq!(frames.len(), read.blocks().count());
    for (frame, block) in frames.iter().zip(read.blocks()) {
        assert_eq!((frame.track, frame.timestamp as i64), (block.track, block.time));
        assert!(frame.data == bytes[block.data.clone()]);
        assert_eq!(frame.duration, block.duration);
        // It does not look for references in a group.
        assert_eq!(frame.is_keyframe.unwrap_or(block.is_key), block.is_key);
    }
}

/// The tracks of a real WebM file that we have a codec for, in milliseconds. What `CodecDelay` takes back is priming.
pub(crate) fn source(file: &Path) -> Vec<Scripted> {
    let bytes = std::fs::read(file).expect("a readable file");
    let (header, frames) = read(&bytes);
    assert_eq!(header.info().timestamp_scale().get(), 1_000_000);
    let mut scripts = Vec::new();
    for entry in header.tracks() {
        let number = entry.track_number().get();
        let own: Vec<&Frame> = frames.iter().filter(|frame| frame.track == number).collect();
        let codec = match entry.codec_id() {
            "V_VP8" => Config::Vp8(vp8::Config::from_key_frame(&own[0].data).expect("VP8")),
            "V_VP9" => Config::Vp9(vp9::Config::from_key_frame(&own[0].data).expect("VP9")),
            "A_OPUS" => {
                let head = entry.codec_private().expect("OpusHead");
                Config::Opus(opus::Config::from_head(head).expect("OpusHead"))
            }
            _ => continue,
        };
        let id = TrackId::new(number as u32).expect("not zero");
        let pre_skip = if let Config::Opus(config) = &codec { config.pre_skip().into() } else { 0 };
        // A clock with room between two milliseconds: hidden pictures may be stamped as the one that follows.
        let mut earliest = i64::MIN;
        let mut packet = |frame: &Frame| {
            let ticks = (frame.timestamp as i64 * 48 - i64::from(pre_skip)).max(earliest);
            earliest = ticks + 1;
            let at = Timestamp::new(ticks);
            Packet {
                track: id,
                pts: at,
                dts: at,
                duration: None,
                key: if is_key(frame, &codec) { Key::Closed } else { Key::No },
                data: Bytes::copy_from_slice(&frame.data),
                wall: None,
            }
        };
        let packets = own.into_iter().map(&mut packet).collect();
        let track = Track { priming: pre_skip, ..Track::new(id, TimeBase::hz(48_000), codec) };
        scripts.push(Scripted { track, packets });
    }
    scripts
}

/// As the block says, or in a group, where it is not told, the first byte of the picture.
fn is_key(frame: &Frame, codec: &Config) -> bool {
    frame.is_keyframe.unwrap_or_else(|| match codec {
        Config::Vp8(_) => frame.data[0] & 1 == 0,
        Config::Vp9(_) => frame.data[0] & 4 == 0,
        _ => true,
    })
}
