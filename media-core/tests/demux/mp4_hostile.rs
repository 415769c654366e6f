//! MP4 files made to cost much or to be mistaken for others: what they cost stays within some times their length, and what is not ours is left
//! out and counted.

use bytes::Bytes;
use media_core::codec::Key;
use media_core::demux::mp4::{Demuxer, Faults};
use media_core::demux::{Demux, Source};

use crate::mp4_writer::*;
use crate::tools::*;

/// Reads a file, and what was made good.
fn read(source: Source, file: &Bytes) -> (Read, Faults) {
    let mut faults = Faults::default();
    let (read, result) = drive(Demuxer::new(source), file, 4096, |demuxer, _| faults = *demuxer.faults());
    result.expect("a file that can be read");
    (read, faults)
}

fn texts(read: &Read) -> Vec<&str> {
    read.packets.iter().map(|packet| std::str::from_utf8(&packet.data).expect("text")).collect()
}

/// `moov` first, and what its samples are behind it.
fn front(file: &File) -> Bytes {
    [file.index(), bx(b"mdat", &[&file.media])].concat().into()
}

const TFHD: [u32; 1] = [1];

/// The header of a stream of fragments: samples of 1024 ticks and three bytes.
fn header(mut file: File) -> Vec<u8> {
    file.tables.clear();
    file.extends = bx(b"mvex", &[&full(b"trex", 0, 0, &[&words(&[1, 1, 1024, 3, 0])])]);
    file.index()
}

fn fragment(trafs: &[Vec<u8>], media: &[u8]) -> Vec<u8> {
    [bx(b"moof", &[&trafs.concat()]), bx(b"mdat", &[media])].concat()
}

const IDR: &[u8] = b"\0\0\0\x02\x65\x80";
const OTHER: &[u8] = b"\0\0\0\x02\x41\x80";

/// ISO/IEC 14496-12 8.9: there may be groups of several kinds, their descriptions in any order.
#[test]
fn groups_go_with_descriptions_of_their_kind() {
    let rolls = full(b"sgpd", 1, 0, &[b"roll", &words(&[2, 1]), &[0, 7]]);
    let rolled = full(b"sbgp", 0, 0, &[b"roll", &words(&[2, 2, 0, 1, 1])]);
    let raps = full(b"sgpd", 1, 0, &[b"rap ", &words(&[1, 1]), &[0x80]]);
    let rapped = full(b"sbgp", 0, 0, &[b"rap ", &words(&[2, 1, 0, 1, 1])]);
    let others = full(b"sgpd", 1, 0, &[b"tele", &words(&[1, 1]), &[0x80]]);
    let other = full(b"sbgp", 0, 0, &[b"tele", &words(&[1, 4, 1])]);
    let expected = [Key::Closed, Key::Open, Key::Roll { pictures: 7 }, Key::No];
    let tables = [&other, &others, &rapped, &rolled, &rolls, &raps];
    let mut file = File::pictures(&[IDR, OTHER, OTHER, OTHER]).with(table(b"stss", 0, &[&[1]]));
    file.tables.extend(tables.map(Vec::clone));
    let (found, _) = read(Source::Stream, &front_at(&file));
    let keys: Vec<_> = found.packets.iter().map(|packet| packet.key).collect();
    assert_eq!(keys, expected);
    // The same in a fragment, whose own descriptions are numbered from 0x10001 on.
    let own = |kind: &[u8; 4], rows: &[u32]| full(b"sbgp", 0, 0, &[kind, &words(rows)]);
    let tables = [
        full(b"tfhd", 0, 0x2_0000, &[&words(&TFHD)]),
        full(b"trun", 0, 0x604, &[&words(&[4, 0]), &words(&[6, 0, 6, 0x1_0000, 6, 0x1_0000, 6, 0x1_0000])]),
        own(b"tele", &[1, 4, 0x1_0001]),
        others,
        own(b"rap ", &[2, 1, 0, 1, 0x1_0001]),
        own(b"roll", &[2, 2, 0, 1, 0x1_0001]),
        rolls,
        raps,
    ];
    let media = [IDR, OTHER, OTHER, OTHER].concat();
    let stream = [header(File::pictures(&[])), fragment(&[bx(b"traf", &[&tables.concat()])], &media)];
    let (found, _) = read(Source::Stream, &stream.concat().into());
    let keys: Vec<_> = found.packets.iter().map(|packet| packet.key).collect();
    assert_eq!(keys, expected);
}

/// With offsets into the `mdat` that follows.
fn front_at(file: &File) -> Bytes {
    let mut file = file.clone();
    let at = file.index().len() as u32;
    for table in file.tables.iter_mut().filter(|table| table[4..8] == *b"stco") {
        for row in table[16..].chunks_exact_mut(4) {
            let offset = u32::from_be_bytes([row[0], row[1], row[2], row[3]]) + at;
            row.copy_from_slice(&offset.to_be_bytes());
        }
    }
    front(&file)
}

/// Content whose first seconds are clear has two sample entries, of which one is encrypted.
#[test]
fn samples_of_an_entry_that_is_not_read_are_dropped_and_counted() {
    let mut file = File::sound(&[b"zero", b"one", b"two", b"three"]).with(table(
        b"stsc",
        0,
        &[&[1, 1, 1], &[2, 1, 2], &[4, 1, 1]],
    ));
    let mut encrypted = sound_entry();
    encrypted[4..8].copy_from_slice(b"enca");
    file.entries.push(encrypted);
    let (found, faults) = read(Source::Stream, &front_at(&file));
    assert_eq!((texts(&found), faults.entries), (vec!["zero", "three"], 2));
    assert_eq!(found.announced, 1);
    // A number without an entry is a mistake of many writers: there is but one coding.
    let file = File::sound(&[b"zero", b"one"]).with(table(b"stsc", 0, &[&[1, 1, 0], &[2, 1, 9]]));
    let (found, _) = read(Source::Stream, &front_at(&file));
    assert_eq!(texts(&found), ["zero", "one"]);
}

/// ISO/IEC 14496-12:2005 8.35.3: where nothing says where data begin, they follow those of the track fragment before, even of one that is not
/// read.
#[test]
fn data_follow_those_of_a_track_that_is_not_read() {
    let mut file = File::sound(&[]);
    file.tables.clear();
    let trex = |id: u32, size: u32| full(b"trex", 0, 0, &[&words(&[id, 1, 1024, size, 0])]);
    file.extends = bx(b"mvex", &[&trex(1, 3), &trex(2, 5)]);
    let run = |id: u32| {
        bx(b"traf", &[&full(b"tfhd", 0, 0, &[&words(&[id])]), &full(b"trun", 0, 0, &[&words(&[1])])])
    };
    let stream = [file.index(), fragment(&[run(2), run(1)], b"titleone")];
    let (found, faults) = read(Source::Stream, &stream.concat().into());
    assert_eq!((texts(&found), faults.fragments), (vec!["one"], 1));
}

#[test]
fn samples_of_one_size_that_never_come_cost_a_stream_no_time() {
    let claim = |size| full(b"stsz", 0, 0, &[&words(&[size, u32::MAX])]);
    let layout = table(b"stsc", 0, &[&[1, 1, 1], &[2, u32::MAX, 1]]);
    let times = table(b"stts", 0, &[&[u32::MAX, 1]]);
    let sound = || File::sound(&[b"zero", b"one"]).with(layout.clone()).with(times.clone());
    // An edit that begins behind four thousand million samples.
    let far = sound().with(claim(1)).with(table(b"stsc", 0, &[&[1, u32::MAX, 1]])).edited(&[(0, i32::MAX)]);
    let (_, faults) = read(Source::Stream, &front_at(&far));
    assert_eq!(faults.edits, 1);
    // A first sample that comes, and all the others where the stream has been.
    let mut rows = vec![0_u32; 5000];
    rows[0] = 25_000;
    let places: Vec<&[u32]> = rows.chunks(1).collect();
    let behind = sound()
        .with(claim(1))
        .with(table(b"stsc", 0, &[&[1, 1, 1], &[2, 20_000, 1]]))
        .with(table(b"stco", 0, &places));
    let (_, faults) = read(Source::Stream, &[behind.index(), bx(b"mdat", &[&[0; 50_000]])].concat().into());
    assert!(faults.behind < 600_000 && faults.overlapping == 1, "{faults:?}");
    // Samples too large to be taken.
    let (_, faults) = read(Source::Stream, &front_at(&sound().with(claim(0x1000_0000))));
    assert!(faults.oversized < 600_000 && faults.overlapping == 1, "{faults:?}");
    // The same in a fragment, whose runs without rows cost 16 bytes each.
    for (size, offset) in [(1, 0), (0x1000_0000, 0x1000_0000)] {
        let tfhd = full(b"tfhd", 0, 0x11, &[&words(&[1, 0, offset, size])]);
        let run = full(b"trun", 0, 0, &[&words(&[u32::MAX])]);
        let runs = vec![&full(b"trun", 0, 1, &[&words(&[u32::MAX, 0])])[..]; 500].concat();
        let traf = bx(b"traf", &[&tfhd, &run, &runs]);
        let stream = [header(File::sound(&[])), fragment(&[traf], &[0; 20_000])];
        let stream = Bytes::from(stream.concat());
        let (found, faults) = read(Source::Stream, &stream);
        let looked_at = found.packets.len() + faults.total() as usize;
        assert!(looked_at <= 4 * stream.len() + 70_000, "{looked_at} of {} bytes", stream.len());
    }
}

/// Each edit that leads back is looked up from the front, and rows that count no samples lie there.
#[test]
fn rows_without_samples_cost_edits_no_more_than_some_times_the_table() {
    let rows = vec![[0_u32, 1]; 30_000];
    let mut rows: Vec<&[u32]> = rows.iter().map(|row| &row[..]).collect();
    rows.push(&[4, 1024]);
    let edits: Vec<_> = (0..1000).map(|edit| (1, if edit % 2 == 0 { 3000 } else { 0 })).collect();
    let file = File::pictures(&[IDR, OTHER, OTHER, OTHER]).with(table(b"stts", 0, &rows)).edited(&edits);
    let (_, faults) = read(Source::Stream, &front_at(&file));
    assert!(faults.edits > 900, "{faults:?}");
}

/// A segment index without references tells where the next one may lie.
#[test]
fn many_segment_indexes_are_read_in_one_pass() {
    let mut stream = header(File::sound(&[]));
    let tfhd = full(b"tfhd", 0, 0x2_0000, &[&words(&[1])]);
    let traf = bx(b"traf", &[&tfhd, &full(b"trun", 0, 0, &[&words(&[1])])]);
    stream.extend(fragment(&[traf], b"one"));
    for number in 0..40_000_u32 {
        stream.extend(full(b"sidx", 0, 0, &[&words(&[1, 48_000, 1000 + number, 0, 0])]));
    }
    let file = Bytes::from(stream);
    let mut demuxer = Demuxer::new(seekable(&file));
    let mut pushes = 0;
    let mut pump = |demuxer: &mut Demuxer| {
        while let Some(at) = demuxer.wants() {
            let at = at as usize;
            demuxer.push(file.slice(at..file.len().min(at + (1 << 20)))).expect("a sound file");
            pushes += 1;
        }
    };
    pump(&mut demuxer);
    assert!(demuxer.seek(1_000_000_000));
    pump(&mut demuxer);
    assert!(pushes < 20, "{pushes}");
}

/// A track that never comes is waited for as long as media last; here they last no time.
#[test]
fn fragments_that_last_no_time_do_not_pile_up() {
    let mut file = File::sound(&[]);
    file.tables.clear();
    file.extends = bx(b"mvex", &[&full(b"trex", 0, 0, &[&words(&[1, 1, 0, 1, 0])])]);
    let one = file.index();
    let trak_at = one.windows(4).position(|kind| kind == b"trak").expect("a track") - 4;
    let trex_at = one.windows(4).position(|kind| kind == b"mvex").expect("defaults") - 4;
    let mut second = one[trak_at..trex_at].to_vec();
    second[8 + 8 + 4 + 8 + 3] = 2; // track_ID of tkhd
    let moov = bx(b"moov", &[&one[8..trex_at], &second, &one[trex_at..]]);
    let tfhd = full(b"tfhd", 0, 0x2_0000, &[&words(&[1])]);
    let tfdt = full(b"tfdt", 0, 0, &[&words(&[0])]);
    let run = full(b"trun", 0, 0x1, &[&words(&[100, 0])]);
    let moof = bx(b"moof", &[&bx(b"free", &[&[0; 5000]]), &bx(b"traf", &[&tfhd, &tfdt, &run])]);
    let stream = Bytes::from([moov, moof.repeat(2000)].concat());
    for source in [Source::Stream, seekable(&stream)] {
        let mut first = None;
        let (_, result) = drive(Demuxer::new(source), &stream, 65_536, |_, read| {
            if !read.packets.is_empty() && first.is_none() {
                first = Some(read.pushed);
            }
        });
        assert_eq!(result, Ok(()));
        let waited = first.expect("packets before the end");
        assert!(waited < stream.len() as u64 / 2, "{waited} of {} bytes", stream.len());
    }
}

/// A second header comes before the first one's tracks were known.
#[test]
fn packets_of_a_header_before_are_never_behind_another_headers_tracks() {
    let mut pictures = File::pictures(&[]);
    pictures.entries = vec![picture_entry(b"avc3", 4, false)];
    pictures.tables.clear();
    let sound = File::sound(&[]);
    let trak = |file: &File, id: u8| {
        let index = file.index();
        let at = index.windows(4).position(|kind| kind == b"trak").expect("a track") - 4;
        let len = u32::from_be_bytes(index[at..at + 4].try_into().expect("four bytes")) as usize;
        let mut trak = index[at..at + len].to_vec();
        trak[8 + 8 + 4 + 8 + 3] = id;
        trak
    };
    let mvhd = full(b"mvhd", 0, 0, &[&words(&[0, 0, 1000, 0]), &[0; 80]]);
    let trex = |id: u32| full(b"trex", 0, 0, &[&words(&[id, 1, 1024, 3, 0])]);
    let moov = |traks: &[Vec<u8>], trexes: &[Vec<u8>]| {
        bx(b"moov", &[&mvhd, &traks.concat(), &bx(b"mvex", &[&trexes.concat()])])
    };
    let traf = |id: u32| {
        bx(b"traf", &[&full(b"tfhd", 0, 0x2_0000, &[&words(&[id])]), &full(b"trun", 0, 0, &[&words(&[1])])])
    };
    let stream = [
        moov(&[trak(&pictures, 1), trak(&sound, 2)], &[trex(1), trex(2)]),
        fragment(&[traf(2)], b"one"),
        moov(&[trak(&sound, 3)], &[trex(3)]),
        fragment(&[traf(3)], b"two"),
    ];
    let stream = Bytes::from(stream.concat());
    let read = crate::read::read(Demuxer::new(Source::Stream), &stream, 64);
    read.check();
    let texts: Vec<_> = read.packets().map(|packet| packet.data.clone()).collect();
    assert_eq!(texts, ["one", "two"]);
}
