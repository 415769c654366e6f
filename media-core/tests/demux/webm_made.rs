//! What few writers write and RFC 8794 and RFC 9559 allow, byte by byte.

use bytes::Bytes;
use media_core::codec::{aac, opus};
use media_core::demux::Source;
use media_core::demux::webm::{Counts, Demuxer, Reason};
use media_core::packet::Key;

use crate::read::{Read, read_with};

fn element(id: &[u8], body: &[u8]) -> Vec<u8> {
    let size = (body.len() as u64 | 1 << 56).to_be_bytes();
    [id, &size, body].concat()
}

/// An element of unknown size.
fn endless(id: &[u8], body: &[u8]) -> Vec<u8> {
    [id, &[0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], body].concat()
}

const SEGMENT: &[u8] = &[0x18, 0x53, 0x80, 0x67];
const CLUSTER: &[u8] = &[0x1f, 0x43, 0xb6, 0x75];
const TRACKS: &[u8] = &[0x16, 0x54, 0xae, 0x6b];

fn header() -> Vec<u8> {
    element(&[0x1a, 0x45, 0xdf, 0xa3], &element(&[0x42, 0x82], b"matroska"))
}

fn track(number: u8, kind: u8, codec: &str, private: &[u8], more: &[u8]) -> Vec<u8> {
    let parts = [
        element(&[0xd7], &[number]),
        element(&[0x83], &[kind]),
        element(&[0x86], codec.as_bytes()),
        element(&[0x63, 0xa2], private),
        more.to_vec(),
    ];
    element(&[0xae], &parts.concat())
}

fn sound(number: u8, more: &[u8]) -> Vec<u8> {
    let asc = aac::Config::new(48_000, 2).expect("AAC-LC").asc();
    track(number, 2, "A_AAC", &asc, more)
}

fn cluster_time(time: u8) -> Vec<u8> {
    element(&[0xe7], &[time])
}

/// A `SimpleBlock` of track 1.
fn block(time: i16, flags: u8, data: &[u8]) -> Vec<u8> {
    element(&[0xa3], &[&[0x81], &time.to_be_bytes()[..], &[flags], data].concat())
}

fn read(file: Vec<u8>, source: fn(u64) -> Source) -> (Read, Counts, Vec<Reason>) {
    let file = Bytes::from(file);
    let mut told = None;
    let read = read_with(Demuxer::new(source(file.len() as u64)), &file, 7, |demuxer| {
        let reasons = demuxer.refused().iter().map(|refused| refused.reason.clone()).collect();
        told = Some((demuxer.counts(), reasons));
    });
    read.check();
    let (counts, reasons) = told.expect("it was looked at");
    (read, counts, reasons)
}

fn stream(_: u64) -> Source {
    Source::Stream
}

fn data(read: &Read) -> Vec<&[u8]> {
    read.packets().map(|packet| &packet.data[..]).collect()
}

#[test]
fn an_element_of_unknown_size_ends_where_one_begins_that_cannot_be_in_it() {
    let first = [cluster_time(0), block(0, 0x80, b"a")].concat();
    let second = [cluster_time(21), block(0, 0x80, b"b")].concat();
    let tags = element(&[0x12, 0x54, 0xc3, 0x67], b"\xec\x80");
    let segment =
        [element(TRACKS, &sound(1, &[])), endless(CLUSTER, &first), tags, endless(CLUSTER, &second)];
    let file = [header(), endless(SEGMENT, &segment.concat())].concat();
    let (one, counts, _) = read(file.clone(), stream);
    assert_eq!((data(&one), counts.total()), (vec![&b"a"[..], b"b"], 0));
    // Another file behind it, as chained live streams have: its time begins anew.
    let read = read_with(Demuxer::new(Source::Stream), &[file.clone(), file].concat().into(), 7, |_| {});
    assert_eq!(data(&read), [b"a", b"b", b"a", b"b"]);
    let announced =
        read.outputs.iter().filter(|output| matches!(output, media_core::demux::Output::Tracks(_)));
    assert_eq!(announced.count(), 2);
}

#[test]
fn laced_sound_lies_on_the_line_of_samples() {
    // Three frames of 21.3 ms in a block, by EBML lacing: 2, 1 and what is left.
    let first = block(0, 0x86, b"\x02\x82\xbeaabccc");
    let second = block(64, 0x80, b"d");
    let cluster = element(CLUSTER, &[cluster_time(0), first, second].concat());
    let file = [header(), element(SEGMENT, &[element(TRACKS, &sound(1, &[])), cluster].concat())].concat();
    let (read, counts, _) = read(file, stream);
    assert_eq!(data(&read), [&b"aa"[..], b"b", b"ccc", b"d"]);
    let stamps: Vec<i64> = read.packets().map(|packet| packet.pts.ticks()).collect();
    assert_eq!((stamps, counts.total()), (vec![0, 1024, 2048, 3072], 0));
}

#[test]
fn stripped_headers_are_put_back_and_other_compression_is_refused() {
    let compression = |algorithm: u8, settings: &[u8]| {
        let body = [element(&[0x42, 0x54], &[algorithm]), element(&[0x42, 0x55], settings)].concat();
        element(&[0x6d, 0x80], &element(&[0x62, 0x40], &element(&[0x50, 0x34], &body)))
    };
    let tracks = [
        sound(1, &compression(3, b"he")),
        sound(2, &compression(0, b"")),
        sound(3, &element(&[0x6d, 0x80], &element(&[0x62, 0x40], &element(&[0x50, 0x35], b"")))),
        track(4, 17, "S_TEXT/UTF8", b"", &[]),
        track(5, 1, "V_MS/VFW/FOURCC", b"", &[]),
    ];
    let cluster = element(CLUSTER, &[cluster_time(0), block(0, 0x80, b"ad")].concat());
    let file = [header(), element(SEGMENT, &[element(TRACKS, &tracks.concat()), cluster].concat())].concat();
    let (read, _, reasons) = read(file, stream);
    assert_eq!(data(&read), [b"head"]);
    assert_eq!(reasons, [Reason::Compression(0), Reason::Encrypted, Reason::Type(17), Reason::Codec]);
}

#[test]
fn blocks_may_lie_before_their_cluster_and_groups_say_what_they_refer_to() {
    let reference = element(&[0xfb], &[0xff]);
    let group = |time: i16, more: &[u8]| {
        let block = element(&[0xa1], &[&[0x81], &time.to_be_bytes()[..], &[0], b"x"].concat());
        element(&[0xa0], &[&block, more].concat())
    };
    let video = element(&[0xe0], &[element(&[0xb0], &[16]), element(&[0xba], &[16])].concat());
    let tracks = element(TRACKS, &track(1, 1, "V_VP8", b"", &video));
    let cluster = element(CLUSTER, &[cluster_time(100), group(-100, &[]), group(0, &reference)].concat());
    let file = [header(), element(SEGMENT, &[tracks, cluster].concat())].concat();
    let (read, ..) = read(file, stream);
    let packets: Vec<_> = read.packets().map(|packet| (packet.pts.ticks(), packet.key)).collect();
    assert_eq!(packets, [(0, Key::Closed), (9000, Key::No)]);
}

/// Tracks behind the media are found by `SeekHead` in a file, and in a stream their media is lost and counted.
#[test]
fn tracks_behind_the_media_are_sought() {
    let cluster = element(CLUSTER, &[cluster_time(0), block(0, 0x80, b"a")].concat());
    let tracks = element(TRACKS, &sound(1, &[]));
    let seek_head = |position: u64| {
        let seek = [element(&[0x53, 0xab], TRACKS), element(&[0x53, 0xac], &position.to_be_bytes())].concat();
        element(&[0x11, 0x4d, 0x9b, 0x74], &element(&[0x4d, 0xbb], &seek))
    };
    let at = (seek_head(0).len() + cluster.len()) as u64;
    let file = [header(), element(SEGMENT, &[seek_head(at), cluster, tracks].concat())].concat();
    let (sought, counts, _) = read(file.clone(), |len| Source::Seekable { len });
    assert_eq!((data(&sought), counts.total()), (vec![&b"a"[..]], 0));
    let (streamed, counts, _) = read(file, stream);
    assert_eq!((data(&streamed).len(), counts.lost), (0, 1));
}

#[test]
fn what_cannot_be_read_is_passed_over_up_to_the_next_cluster() {
    let cluster =
        |time: u8, data: &[u8]| element(CLUSTER, &[cluster_time(time), block(0, 0x80, data)].concat());
    let junk = [0x00, 0x01, 0x02, 0x03];
    // A block that reaches beyond its cluster.
    let mut beyond = cluster(21, b"lost");
    let size_at = beyond.len() - 4 - 4 - 1;
    beyond[size_at] += 50;
    let encrypted = element(CLUSTER, &[cluster_time(0), element(&[0xaf], b"secret")].concat());
    let parts = [
        element(TRACKS, &sound(1, &[])),
        cluster(0, b"a"),
        junk.to_vec(),
        beyond,
        encrypted,
        cluster(64, b"b"),
    ];
    let (read, counts, _) = read([header(), endless(SEGMENT, &parts.concat())].concat(), stream);
    assert_eq!(data(&read), [b"a", b"b"]);
    assert_eq!((counts.damage, counts.encrypted, counts.gaps), (2, 1, 1));
}

#[test]
fn errors_name_what_was_found() {
    let error = |file: Vec<u8>| read(file, stream).0.error.expect("an error");
    assert_eq!(
        error(b"RIFFxxxx".to_vec()),
        "first bytes are [52, 49, 46, 46], expected 1a 45 df a3 of an EBML header"
    );
    let doc_type = element(&[0x1a, 0x45, 0xdf, 0xa3], &element(&[0x42, 0x82], b"other"));
    assert_eq!(error(doc_type), "EBML document of type \"other\", expected webm or matroska");
    assert_eq!(error(header()), "file ended before its tracks");
    let tracks = element(TRACKS, &track(1, 1, "V_THEORA", b"", &[]));
    let file = [header(), endless(SEGMENT, &tracks)].concat();
    assert_eq!(error(file), "no track can be read of 1 in the file; track 1 (V_THEORA): codec is not known");
}

/// Opus without `CodecDelay` has the pre-skip of its header.
#[test]
fn opus_that_forgot_its_delay_has_that_of_its_header() {
    let head = opus::Config::new(2).expect("stereo").with_pre_skip(312).head();
    let cluster = element(CLUSTER, &[cluster_time(0), block(0, 0x80, b"\xfcx")].concat());
    let tracks = element(TRACKS, &track(1, 2, "A_OPUS", &head, &[]));
    let (read, ..) = read([header(), endless(SEGMENT, &[tracks, cluster].concat())].concat(), stream);
    let packet = read.packets().next().expect("a packet");
    assert_eq!((read.tracks()[0].priming, packet.pts.ticks(), packet.duration), (312, -312, Some(960)));
}

/// VP8 tells what it is in its first frame, Opus in the header.
#[test]
fn tracks_are_told_in_the_order_of_the_file() {
    let head = opus::Config::new(2).expect("stereo").head();
    let video = element(&[0xe0], &[element(&[0xb0], &[16]), element(&[0xba], &[16])].concat());
    let entries = [track(2, 1, "V_VP8", b"", &video), track(1, 2, "A_OPUS", &head, &[])];
    let picture = element(&[0xa3], b"\x82\0\0\x80\x10\0\0\x9d\x01\x2a\x10\0\x10\0");
    let cluster = element(CLUSTER, &[cluster_time(0), block(0, 0x80, b"\xfcx"), picture].concat());
    let file = [header(), endless(SEGMENT, &[element(TRACKS, &entries.concat()), cluster].concat())].concat();
    let (read, ..) = read(file, stream);
    let numbers: Vec<u32> = read.tracks().iter().map(|track| track.id.get()).collect();
    assert_eq!(numbers, [2, 1]);
}
