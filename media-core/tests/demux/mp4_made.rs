//! MP4 files that no real one in the collection is like: tables, edits, fragments and sample entries of every shape.

use bytes::Bytes;
use media_core::codec::{Config, Format, Key};
use media_core::demux::mp4::{Demuxer, Error, Faults, Reason};
use media_core::demux::{Demux, Source};
use media_core::track::{Language, Rotation};

use crate::mp4_writer::*;
use crate::tools::*;

/// Reads a file, and what was made good.
fn read(file: &File) -> (Read, Faults) {
    read_bytes(&file.bytes())
}

fn read_bytes(bytes: &Bytes) -> (Read, Faults) {
    let mut faults = Faults::default();
    let (read, result) =
        drive(Demuxer::new(seekable(bytes)), bytes, 4096, |demuxer, _| faults = *demuxer.faults());
    result.expect("a file that can be read");
    (read, faults)
}

/// PTS, DTS and duration of all packets.
fn times(read: &Read) -> Vec<(i64, i64, u32)> {
    let packets = read.packets.iter();
    packets.map(|packet| (packet.pts.ticks(), packet.dts.ticks(), packet.duration.unwrap_or(0))).collect()
}

fn texts(read: &Read) -> Vec<&str> {
    read.packets.iter().map(|packet| std::str::from_utf8(&packet.data).expect("text")).collect()
}

/// An IDR slice or another, of which only the type is right.
const IDR: &[u8] = b"\0\0\0\x02\x65\x80";
const OTHER: &[u8] = b"\0\0\0\x02\x41\x80";

const SOUND: [&[u8]; 4] = [b"zero", b"one", b"two", b"three"];

#[test]
fn priming_lies_before_zero_and_the_end_is_trimmed() {
    // ISO/IEC 14496-12 8.6.6: of 4096 ticks, those from 1024 on are played, 2500 long.
    let (found, _) = read(&File::sound(&SOUND).edited(&[(2500, 1024)]));
    assert_eq!(found.tracks[0].priming, 1024);
    assert_eq!(times(&found), [(-1024, -1024, 1024), (0, 0, 1024), (1024, 1024, 1024), (2048, 2048, 452)]);
    let (found, _) = read(&File::sound(&SOUND).edited(&[(2048, 0)]));
    assert_eq!(texts(&found), ["zero", "one"]);
    // A single sample less is no rounding where the movie's ticks are the track's.
    let (found, _) = read(&File::sound(&SOUND).edited(&[(2047, 0)]));
    assert_eq!(times(&found)[1], (1024, 1024, 1023));
}

#[test]
fn empty_edits_delay_in_the_movies_time_scale() {
    let mut file = File::sound(&SOUND).edited(&[(1000, -1), (500, -1), (0, 0)]);
    file.movie_timescale = 1000;
    let (found, _) = read(&file);
    assert_eq!(times(&found)[0], (72_000, 72_000, 1024));
    assert_eq!(found.packets.len(), 4);
}

#[test]
fn each_edit_plays_its_piece_at_its_time() {
    let samples: Vec<&[u8]> = (0..10).map(|index| if index % 5 == 0 { IDR } else { OTHER }).collect();
    let file = File::pictures(&samples).with(table(b"stss", 0, &[&[1], &[6]]));
    let (found, _) = read(&file.edited(&[(300, 0), (200, -1), (300, 700)]));
    // Pictures 5 and 6 are only decoded for 7: they are over before it is shown.
    let expected = [
        (0, 0, 100),
        (100, 100, 100),
        (200, 200, 100),
        (201, 201, 1),
        (202, 202, 1),
        (500, 500, 100),
        (600, 600, 100),
    ];
    assert_eq!(times(&found)[..7], expected);
    assert_eq!(found.packets[3].key, Key::Closed);
}

#[test]
fn an_edit_begins_with_the_key_picture_before_it() {
    let samples: Vec<&[u8]> = (0..10).map(|index| if index % 5 == 0 { IDR } else { OTHER }).collect();
    let file = File::pictures(&samples).with(table(b"stss", 0, &[&[1], &[6]]));
    let (found, _) = read(&file.edited(&[(0, 850)]));
    assert_eq!(times(&found), [-350, -250, -150, -50, 50].map(|pts| (pts, pts, 100)));
    assert_eq!(found.tracks[0].priming, 0, "pictures have none");
}

#[test]
fn many_short_edits_do_not_cost_more_than_some_times_the_table() {
    let samples = vec![OTHER; 3000];
    let edits: Vec<_> = (0..4000).map(|edit| (1, if edit % 2 == 0 { 299_000 } else { 0 })).collect();
    let file = File::pictures(&samples).with(table(b"stss", 0, &[&[1]])).edited(&edits);
    let (found, faults) = read(&file);
    assert!(faults.edits > 2900, "{faults:?}");
    assert!(found.packets.len() < 100_000);
}

#[test]
fn offsets_below_zero_move_dts_and_not_pts() {
    // Shown 0, 3, 1, 2 with signed offsets, ISO/IEC 14496-12 8.6.1.3.
    let offsets = [0, 200, -100, -100].map(i32::cast_unsigned);
    let rows: Vec<_> = offsets.iter().map(|offset| [1, *offset]).collect();
    let rows: Vec<&[u32]> = rows.iter().map(|row| &row[..]).collect();
    let samples = [IDR, OTHER, OTHER, OTHER];
    for version in [0, 1] {
        let (found, faults) = read(&File::pictures(&samples).with(table(b"ctts", version, &rows)));
        assert_eq!(times(&found), [(0, -100, 100), (300, 0, 100), (100, 100, 100), (200, 200, 100)]);
        assert_eq!(faults, Faults::default());
    }
}

#[test]
fn samples_lie_in_chunks_as_stsc_says() {
    // Two chunks of one sample and one of two; 64-bit offsets; sizes of 4 bits.
    let wide: Vec<u8> = [8_u64, 12, 15].iter().flat_map(|at| at.to_be_bytes()).collect();
    let file = File::sound(&SOUND).with(table(b"stsc", 0, &[&[1, 1, 1], &[3, 2, 1]])).with(full(
        b"stz2",
        0,
        0,
        &[&words(&[4, 4]), &[0x43, 0x35]],
    ));
    let mut file = file.with(full(b"co64", 0, 0, &[&words(&[3]), &wide]));
    file.tables.retain(|table| !matches!(&table[4..8], b"stsz" | b"stco"));
    assert_eq!(texts(&read(&file).0), ["zero", "one", "two", "three"]);
    for (bits, sizes) in [(8, &[4, 3, 3, 5][..]), (16, &[0, 4, 0, 3, 0, 3, 0, 5])] {
        let file = file.clone().with(full(b"stz2", 0, 0, &[&words(&[bits, 4]), sizes]));
        assert_eq!(texts(&read(&file).0), ["zero", "one", "two", "three"]);
    }
}

#[test]
fn nal_lengths_of_every_size_become_four_bytes() {
    for (size, sample) in
        [(1, &b"\x02\x65\x80"[..]), (2, b"\0\x02\x65\x80"), (3, b"\0\0\x02\x65\x80"), (4, IDR)]
    {
        let mut file = File::pictures(&[sample]);
        file.entries = vec![picture_entry(b"avc1", size, true)];
        assert_eq!(read(&file).0.packets[0].data, IDR, "{size}");
    }
    let mut file = File::pictures(&[b"\x02\x65\x80\x09\x41"]);
    file.entries = vec![picture_entry(b"avc1", 1, true)];
    let (found, faults) = read(&file);
    assert_eq!((&found.packets[0].data[..], faults.units), (IDR, 1));
}

#[test]
fn parameter_sets_may_come_in_band_only() {
    let set = |set: &[u8]| [&(set.len() as u32).to_be_bytes()[..], set].concat();
    // An IDR slice that can be read: first macroblock 0, I, set 0, frame 0, idr_pic_id 0.
    let slice = set(b"\x65\x88\x84\x00\x10");
    let first = [set(SPS), set(PPS), slice.clone()].concat();
    let mut file = File::pictures(&[OTHER, &first, &slice]);
    file.entries = vec![picture_entry(b"avc3", 4, false)];
    let (found, faults) = read(&file);
    assert_eq!(found.tracks[0].codec.codecs(), "avc1.42c00d");
    assert_eq!((found.packets.len(), faults.unconfigured), (2, 1));
    assert_eq!(found.packets[0].data, slice);
    assert_eq!(found.announced, 1);
}

#[test]
fn another_sample_entry_is_announced_before_its_first_packet() {
    let mut file = File::sound(&SOUND).with(table(b"stsc", 0, &[&[1, 1, 1], &[3, 1, 2]]));
    file.entries.push(bx(b"mp4a", &[&sound_fields(0), &esds(0x40, &[0x11, 0x88])]));
    let (found, _) = read(&file);
    assert_eq!((found.announced, found.tracks[0].codec.channels()), (2, Some(1)));
}

#[test]
fn quicktime_sound_descriptions_are_as_long_as_their_version_says() {
    let entries = [
        (0, bx(b"mp4a", &[&sound_fields(0), &esds(0x40, &[0x11, 0x90])])),
        (1, bx(b"mp4a", &[&sound_fields(1), &[0; 16], &bx(b"wave", &[&esds(0x40, &[0x11, 0x90]), &[0; 8]])])),
        (2, bx(b"mp4a", &[&sound_fields(2), &[0; 36], &esds(0x40, &[0x11, 0x90])])),
    ];
    for (version, entry) in entries {
        let mut file = File::sound(&SOUND);
        file.entries = vec![entry];
        let (found, _) = read(&file);
        assert_eq!(found.tracks[0].codec.sample_rate(), Some(48_000), "{version}");
    }
}

#[test]
fn mp3_and_ac3_in_esds_tell_themselves() {
    // Layer III, 128 kbit/s, 48 kHz, stereo.
    let mp3 = [&[0xff, 0xfb, 0x94, 0x00][..], &[0; 380]].concat();
    let mut file = File::sound(&[&mp3, &mp3]);
    file.entries = vec![bx(b"mp4a", &[&sound_fields(0), &esds(0x6b, &[])])];
    let (found, _) = read(&file);
    assert_eq!(found.tracks[0].codec.format(), Format::Mp3);
    assert_eq!(found.packets.len(), 2);
}

#[test]
fn rotation_and_language_are_the_tracks() {
    let one = 0x1_0000;
    let turns = [
        ([one, 0, 0, one], Rotation::None),
        ([0, one, -one, 0], Rotation::Quarter),
        ([-one, 0, 0, -one], Rotation::Half),
        ([0, -one, one, 0], Rotation::ThreeQuarters),
        ([-one, 0, 0, one], Rotation::None), // mirrored
    ];
    for ([a, b, c, d], rotation) in turns {
        let mut file = File::pictures(&[IDR]);
        (file.matrix[0], file.matrix[1], file.matrix[3], file.matrix[4]) = (a, b, c, d);
        file.language = (4 << 10) | (5 << 5) | 21;
        let (found, _) = read(&file);
        assert_eq!((found.tracks[0].rotation, found.tracks[0].language), (rotation, Language::new(*b"deu")));
    }
}

#[test]
fn tracks_that_are_not_read_are_told_with_the_reason() {
    let mut file = File::sound(&SOUND);
    let check = |file: &File, reason: &Reason, error: &Error| {
        let bytes = file.bytes();
        let mut skipped = Vec::new();
        let (_, result) = drive(Demuxer::new(seekable(&bytes)), &bytes, 4096, |demuxer, _| {
            skipped = demuxer.skipped().to_vec()
        });
        assert_eq!((&skipped[0].reason, result.as_ref()), (reason, Err(error)));
        assert!(!error.to_string().is_empty());
    };
    file.handler = *b"text";
    check(&file, &Reason::Handler, &Error::NoTracks { skipped: 1 });
    file.handler = *b"soun";
    file.timescale = 0;
    check(&file, &Reason::Timescale, &Error::NoTracks { skipped: 1 });
    file.timescale = 1;
    let entry = file.entries.pop().expect("one entry");
    check(&file, &Reason::Incomplete, &Error::NoTracks { skipped: 1 });
    let mut unknown = entry.clone();
    unknown[4..8].copy_from_slice(b"zzzz");
    file.entries = vec![unknown];
    check(&file, &Reason::Codec, &Error::NoTracks { skipped: 1 });
    let scheme = full(b"schm", 0, 0, &[b"cbcs", &[0, 1, 0, 0]]);
    file.entries = vec![bx(b"enca", &[&entry[8..], &bx(b"sinf", &[&bx(b"frma", &[b"mp4a"]), &scheme])])];
    check(&file, &Reason::Encrypted(*b"cbcs"), &Error::Encrypted { scheme: *b"cbcs" });
}

#[test]
fn groups_say_where_decoding_can_start() {
    let samples = [IDR, OTHER, OTHER, OTHER];
    let file = File::pictures(&samples).with(table(b"stss", 0, &[&[1]]));
    let rap = file.clone().with(full(b"sgpd", 1, 0, &[b"rap ", &words(&[1, 1]), &[0x80]])).with(full(
        b"sbgp",
        0,
        0,
        &[b"rap ", &words(&[2, 2, 0, 1, 1])],
    ));
    let keys = |file: &File| read(file).0.packets.iter().map(|packet| packet.key).collect::<Vec<_>>();
    assert_eq!(keys(&rap), [Key::Closed, Key::No, Key::Open, Key::No]);
    let roll = file.with(full(b"sgpd", 1, 0, &[b"roll", &words(&[2, 1]), &[0, 7]])).with(full(
        b"sbgp",
        0,
        0,
        &[b"roll", &words(&[2, 2, 0, 1, 1])],
    ));
    assert_eq!(keys(&roll)[2], Key::Roll { pictures: 7 });
}

#[test]
fn counts_are_held_against_the_bytes_there_are() {
    let claims = [
        full(b"stsz", 0, 0, &[&words(&[0, u32::MAX, 4, 3, 3, 5])]),
        full(b"stsz", 0, 0, &[&words(&[1, u32::MAX])]),
        full(b"stts", 0, 0, &[&words(&[u32::MAX, 4, 1024])]),
        full(b"stts", 0, 0, &[&words(&[1, u32::MAX, 1024])]),
        full(b"stco", 0, 0, &[&words(&[u32::MAX, 8, 12, 15, 18])]),
        full(b"stsc", 0, 0, &[&words(&[u32::MAX, 1, 1, 1])]),
        full(b"stsc", 0, 0, &[&words(&[1, 1, u32::MAX, 1])]),
        full(b"stss", 0, 0, &[&words(&[u32::MAX, 1])]),
    ];
    for claim in claims {
        let (found, _) = read(&File::sound(&SOUND).with(claim));
        assert!(found.packets.len() <= 400, "{} packets", found.packets.len());
    }
}

#[test]
fn overlapping_samples_end_the_tracks() {
    let samples: Vec<&[u8]> = vec![b"0123456789"; 1000];
    let file = File::sound(&samples)
        .with(full(b"stsz", 0, 0, &[&words(&[0, 1000]), &words(&[10_000; 1000])]))
        .with(full(b"stco", 0, 0, &[&words(&[1000]), &words(&[8; 1000])]));
    let (found, faults) = read(&file);
    assert_eq!(faults.overlapping, 1);
    assert!(found.packets.len() < 20, "{}", found.packets.len());
}

#[test]
fn durations_below_zero_are_one_tick() {
    let (found, faults) = read(&File::sound(&SOUND).with(table(b"stts", 0, &[&[1, u32::MAX], &[3, 10]])));
    assert_eq!(times(&found)[1], (1, 1, 10));
    assert_eq!(faults.durations, 1);
}

#[test]
fn samples_beyond_the_end_are_dropped_and_counted() {
    let bytes =
        File::sound(&SOUND).with(full(b"stco", 0, 0, &[&words(&[4, 8, 0x7fff_0000, 15, 18])])).bytes();
    let (found, faults) = read_bytes(&bytes);
    assert_eq!((texts(&found), faults.beyond_end), (vec!["zero", "two", "three"], 1));
}

#[test]
fn a_file_that_is_none_is_refused_at_once() {
    let mut demuxer = Demuxer::new(Source::Stream);
    let error = demuxer.push(Bytes::from_static(b"RIFF\x10\0\0\0WAVE")).unwrap_err();
    assert_eq!(error, Error::NotMp4 { found: *b"RIFF\x10\0\0\0" });
    assert_eq!(demuxer.wants(), None);
}

/// `moof` with these track fragments; `mdat` with these bytes.
fn fragment(trafs: &[Vec<u8>], media: &[u8]) -> Vec<u8> {
    let mfhd = full(b"mfhd", 0, 0, &[&words(&[1])]);
    [bx(b"moof", &[&mfhd, &trafs.concat()]), bx(b"mdat", &[media])].concat()
}

/// The header of a stream of fragments.
fn header(mut file: File) -> Vec<u8> {
    file.tables = vec![table(b"stts", 0, &[]), table(b"stsc", 0, &[]), table(b"stco", 0, &[])];
    file.extends = bx(b"mvex", &[&full(b"trex", 0, 0, &[&words(&[1, 1, 1024, 3, 0])])]);
    file.index()
}

#[test]
fn a_fragment_has_defaults_for_whatever_it_leaves_out() {
    let head = header(File::sound(&[]));
    let traf = |parts: &[&[u8]]| bx(b"traf", parts);
    // Nothing but the number of samples: duration and size of trex, data right behind moof.
    let bare = traf(&[&full(b"tfhd", 0, 0x2_0000, &[&words(&[1])]), &full(b"trun", 0, 0, &[&words(&[2])])]);
    // Defaults of tfhd, several runs, no offset at the second, a decode time of 64 bits.
    let rich = |offset| {
        traf(&[
            &full(b"tfhd", 0, 0x2_0018, &[&words(&[1, 500, 1])]),
            &full(b"tfdt", 1, 0, &[&words(&[0, 100_000])]),
            &full(b"trun", 0, 0x1, &[&words(&[2, offset])]),
            &full(b"trun", 0, 0x300, &[&words(&[1, 700, 2])]),
        ])
    };
    let moof = 8 + 16 + rich(0).len() as u32;
    let rich = rich(moof + 8 + 3);
    let rich = fragment(&[rich], b"...abcd");
    let file = Bytes::from([head, fragment(&[bare], b"onetwo"), rich].concat());
    for source in [seekable(&file), Source::Stream] {
        let (found, result) = drive(Demuxer::new(source), &file, 50, |_, _| {});
        assert_eq!(result, Ok(()));
        let times = times(&found);
        assert_eq!(times[..2], [(0, 0, 1024), (1024, 1024, 1024)]);
        assert_eq!(times[2..], [(100_000, 100_000, 500), (100_500, 100_500, 500), (101_000, 101_000, 700)]);
        assert_eq!(texts(&found), ["one", "two", "a", "b", "cd"]);
    }
}

#[test]
fn without_a_decode_time_fragments_follow_each_other() {
    let tfhd = full(b"tfhd", 0, 0x2_0000, &[&words(&[1])]);
    let traf = bx(b"traf", &[&tfhd, &full(b"trun", 0, 0, &[&words(&[1])])]);
    let one = fragment(&[traf], b"one");
    let file = Bytes::from([header(File::sound(&[]).edited(&[(0, 1024)])), one.clone(), one].concat());
    let (found, _) = read_bytes(&file);
    assert_eq!(times(&found), [(-1024, -1024, 1024), (0, 0, 1024)]);
    assert_eq!(found.tracks[0].priming, 1024);
}

#[test]
fn data_of_track_fragments_follow_each_other_by_the_first_edition() {
    // ISO/IEC 14496-12:2005 8.35.3: without default-base-is-moof the second begins where the first one's data end.
    let tfhd = full(b"tfhd", 0, 0, &[&words(&[1])]);
    let trun = |offset: &[u32]| full(b"trun", 0, offset.len() as u32, &[&words(&[1]), &words(offset)]);
    let first = bx(b"traf", &[&tfhd, &trun(&[16 + 2 * (8 + 16) + 20 + 16 + 16])]);
    let second = bx(b"traf", &[&tfhd, &trun(&[])]);
    let moof = 8 + 16 + first.len() + second.len();
    let first = bx(b"traf", &[&tfhd, &trun(&[moof as u32 + 8])]);
    let file = Bytes::from([header(File::sound(&[])), fragment(&[first, second], b"onetwo")].concat());
    let (found, _) = read_bytes(&file);
    assert_eq!(texts(&found), ["one", "two"]);
}

#[test]
fn a_capture_time_goes_with_the_packets() {
    let tfhd = full(b"tfhd", 0, 0x2_0000, &[&words(&[1])]);
    let tfdt = full(b"tfdt", 0, 0, &[&words(&[48_000])]);
    let traf = bx(b"traf", &[&tfhd, &tfdt, &full(b"trun", 0, 0, &[&words(&[2])])]);
    // 2208988800 is 1970 in NTP seconds, RFC 5905 figure 4.
    let prft = full(b"prft", 0, 0, &[&words(&[1, 2_208_988_800 + 7, 0, 48_000])]);
    let file = Bytes::from([header(File::sound(&[])), prft, fragment(&[traf], b"onetwo")].concat());
    let (found, _) = read_bytes(&file);
    let walls: Vec<_> = found.packets.iter().map(|packet| packet.wall.expect("told").nanos()).collect();
    assert_eq!(walls, [7_000_000_000, 7_021_333_333]);
}

#[test]
fn another_header_begins_a_stream_anew() {
    let tfhd = full(b"tfhd", 0, 0x2_0000, &[&words(&[1])]);
    let traf = bx(b"traf", &[&tfhd, &full(b"trun", 0, 0, &[&words(&[2])])]);
    let one = [header(File::sound(&[])), fragment(&[traf], b"onetwo")].concat();
    let mut mono = File::sound(&[]);
    mono.entries = vec![bx(b"mp4a", &[&sound_fields(0), &esds(0x40, &[0x11, 0x88])])];
    let two = [header(mono), one[header(File::sound(&[])).len()..].to_vec()].concat();
    let file = Bytes::from([one, two].concat());
    let (found, result) = drive(Demuxer::new(Source::Stream), &file, 64, |_, _| {});
    assert_eq!((result, found.announced, found.packets.len()), (Ok(()), 2, 4));
    assert!(matches!(&found.tracks[0].codec, Config::Aac(config) if config.channels() == 1));
}

#[test]
fn runs_without_rows_cost_nothing() {
    let tfhd = full(b"tfhd", 0, 0x2_0000, &[&words(&[1])]);
    let many = full(b"trun", 0, 0, &[&words(&[u32::MAX])]);
    let traf = bx(b"traf", &[&[&tfhd[..]], &vec![&many[..]; 200][..]].concat());
    let file = Bytes::from([header(File::sound(&[])), fragment(&[traf], b"onetwo")].concat());
    let (found, _) = read_bytes(&file);
    assert!(found.packets.len() < 2000, "{}", found.packets.len());
    let (found, _) = drive(Demuxer::new(Source::Stream), &file, 64, |_, _| {});
    assert!(found.packets.len() < 2000, "{}", found.packets.len());
}
