//! One thing broken in what our muxer wrote, and that thing found.

use media_core::check::fmp4::Checker;
use media_core::codec::{Config, Key, opus};
use media_core::mux::fmp4;
use media_core::packet::Packet;
use media_core::track::Track;

use crate::fmp4::{check, mux};
use crate::patch::{boxed, find, insert, remove, set};
use crate::{made_up, media};

/// Two fragments of six pictures of H.264, 25 a second, the first a key frame.
fn pictures() -> Vec<u8> {
    let track = made_up::h264(1);
    let key = |n| if n % 6 == 0 { Key::Closed } else { Key::No };
    let packets: Vec<Packet> =
        (0..12).map(|n| made_up::picture(&track, n * 3600, n * 3600, key(n), 40 + n as usize)).collect();
    mux(&track, &packets, 3600, &[6])
}

/// The same with pictures shown in another order.
fn reordered() -> Vec<u8> {
    let track = made_up::h264(1);
    let ahead = [2, 4, 0, 0, 2, 1];
    let key = |n| if n % 6 == 0 { Key::Closed } else { Key::No };
    let packet = |n: i64| {
        let dts = n * 3600;
        made_up::picture(&track, dts + 3600 * ahead[n as usize % 6], dts, key(n), 40)
    };
    mux(&track, &(0..12).map(packet).collect::<Vec<_>>(), 3600, &[6])
}

fn sound(track: &Track, step: i64) -> Vec<u8> {
    let packets: Vec<Packet> = (0..20).map(|n| made_up::frame(track, n * step, 50)).collect();
    mux(track, &packets, step, &[10])
}

fn opus() -> Vec<u8> {
    let config = opus::Config::new(2).expect("stereo").with_pre_skip(312);
    let mut track = Track { codec: Config::Opus(config), ..made_up::opus(1) };
    track.priming = 312;
    sound(&track, 960)
}

fn aac() -> Vec<u8> {
    let track = Track { priming: 1024, ..made_up::aac(1, 48_000) };
    sound(&track, 1024)
}

/// All rules broken, whatever their severity.
fn broken(file: &[u8]) -> Vec<&'static str> {
    let report = check(file);
    let mut names: Vec<_> = report.counts().map(|(rule, _)| rule.name).collect();
    names.sort_unstable();
    names
}

#[test]
fn what_is_to_be_broken_is_whole() {
    for file in [pictures(), reordered(), opus(), aac()] {
        assert_eq!(broken(&file), [""; 0], "{}", media::told(&check(&file)));
    }
}

#[test]
fn trap_01_tfdt_is_the_exact_sum_of_durations_before_it() {
    // ISO/IEC 14496-12 8.8.12: the second fragment begins at 6 * 3600.
    assert_eq!(broken(&set(&pictures(), b"tfdt", 1, 12, &21_599_u64.to_be_bytes())), ["tfdt-overlap"]);
    assert_eq!(broken(&set(&pictures(), b"tfdt", 1, 12, &21_601_u64.to_be_bytes())), ["tfdt-gap"]);
}

#[test]
fn trap_03_an_edit_list_and_signed_offsets_are_one_too_many() {
    // ISO/IEC 14496-12 8.6.1.3, 8.6.6; ISO/IEC 23000-19 7.7 for brand cmf2.
    let elst = |time: u32| {
        boxed(b"elst", &[[0, 0, 0, 0], [0, 0, 0, 1], [0; 4], time.to_be_bytes(), [0, 1, 0, 0]].concat())
    };
    let edited = insert(&reordered(), &[b"moov", b"trak"], &boxed(b"edts", &elst(7200)));
    assert_eq!(broken(&edited), ["cmf2", "edit-and-signed"]);
    let unclaimed = set(&edited, b"cmf2", 0, 4, b"iso6");
    assert_eq!(broken(&unclaimed), ["edit-and-signed"]);
}

#[test]
fn trap_04_edits_have_units() {
    // ISO/IEC 14496-12 8.6.6: the media time of an edit is -1 or not negative. The box is 8 + 4 + 4 + 4 bytes in.
    assert_eq!(broken(&set(&aac(), b"elst", 0, 20, &(-2_i32).to_be_bytes())), ["elst-media-time"]);
}

#[test]
fn trap_06_dops_is_big_endian() {
    // Opus-in-ISOBMFF 4.3.2: PreSkip at 10, InputSampleRate at 12 of the box.
    let swapped = set(&opus(), b"dOps", 0, 12, &48_000_u32.to_le_bytes());
    assert_eq!(broken(&swapped), ["dops-endian"]);
    assert_eq!(broken(&set(&opus(), b"dOps", 0, 10, &14_337_u16.to_be_bytes())), ["pre-skip-edit"]);
}

#[test]
fn trap_07_roll_distances_count_packets_and_stand_in_each_fragment() {
    // Opus-in-ISOBMFF 4.3.6: 80 ms are 4 packets of 20 ms; 3840 are samples.
    let distance = |distance: i16| set(&opus(), b"sgpd", 1, 24, &distance.to_be_bytes());
    assert_eq!(broken(&distance(-3840)), ["roll-distance"]);
    assert_eq!(broken(&distance(-3)), ["roll-distance"]);
    assert_eq!(broken(&set(&opus(), b"sbgp", 1, 12, b"rolx")), ["roll-missing"]);
    assert_eq!(broken(&set(&aac(), b"sbgp", 0, 12, b"rolx")), ["roll-aac"]);
}

#[test]
fn roll_distances_are_judged_by_what_packets_decode_to_and_pictures_count_forwards() {
    // Opus-in-ISOBMFF 4.3.6: a last packet that is played for 300 samples only is one of 20 ms all the same.
    let track = made_up::opus(1);
    let packets: Vec<Packet> = (0..20).map(|n| made_up::frame(&track, n * 960, 50)).collect();
    assert_eq!(broken(&mux(&track, &packets, 300, &[19, 1])), [""; 0]);
    // ISO/IEC 14496-12 10.1: pictures until the first one is whole, at least one.
    let track = made_up::h264(1);
    let first = made_up::picture(&track, 0, 0, Key::Roll { pictures: 5 }, 40);
    let file = mux(&track, &[first, made_up::picture(&track, 3600, 3600, Key::No, 40)], 3600, &[2]);
    assert_eq!(broken(&file), ["sync-unsaid"], "its bytes are those of an IDR picture");
    assert_eq!(broken(&set(&file, b"sgpd", 0, 24, &[0, 0])), ["roll-distance", "sync-unsaid"]);
}

/// A `sidx` of one subsegment per fragment, put before the first one.
fn indexed(file: &[u8], time: u32, first_duration: u32, sap: u32, longer: u32) -> Vec<u8> {
    let (one, two) = (find(file, b"moof", 0), find(file, b"moof", 1));
    let sizes = [(two - one) as u32 + longer, (file.len() - two) as u32 - longer];
    let words = [0, 1, 90_000, time, 0, 2, sizes[0], first_duration, sap << 28, sizes[1], 21_600, sap << 28];
    let sidx = boxed(b"sidx", &words.map(u32::to_be_bytes).concat());
    [&file[..one], &sidx, &file[one..]].concat()
}

#[test]
fn trap_08_an_index_points_at_fragments_and_says_when_they_are_shown() {
    // ISO/IEC 14496-12 8.16.3. SAP type 1 is 9: it starts with one.
    let index = |time, duration, sap, longer| broken(&indexed(&pictures(), time, duration, sap, longer));
    assert_eq!(index(0, 21_600, 9, 0), [""; 0]);
    assert_eq!(index(5, 21_595, 9, 0), ["sidx-time"]);
    assert_eq!(index(0, 21_500, 9, 0), ["sidx-time"]);
    assert_eq!(index(0, 21_600, 8, 0), ["sidx-sap"]);
    assert_eq!(index(0, 21_600, 9, 4), ["sidx-offset"]);
}

#[test]
fn trap_09_sync_samples_are_idr_pictures() {
    // ISO/IEC 14496-12 8.6.2: the first picture of the second fragment becomes one that depends on others (NAL unit type 1, slice_type P).
    let file = pictures();
    let mdat = find(&file, b"mdat", 1);
    let mut other = file.clone();
    other[mdat + 12..mdat + 14].copy_from_slice(&[0x41, 0xe0]);
    assert_eq!(broken(&other), ["sync-sample"]);
    // ue(0), ue(7): slice_type I.
    other[mdat + 13] = 0b1000_1000;
    assert_eq!(broken(&other), ["sync-open"]);
    // 8.8.8: first_sample_flags of a fragment that begins with a key frame; then it is said to be none.
    let unsaid = set(&file, b"trun", 1, 20, &0x0101_0000_u32.to_be_bytes());
    assert_eq!(broken(&unsaid), ["sync-unsaid"]);
}

#[test]
fn trap_10_avc1_has_no_parameter_sets_in_samples() {
    // ISO/IEC 14496-15 5.3.2. The second sample becomes a parameter set, the first a known one.
    let file = pictures();
    let mdat = find(&file, b"mdat", 0);
    let mut other = file.clone();
    other[mdat + 12 + 40 + 4] = 0x67;
    assert_eq!(broken(&other), ["parameter-sets-changed"]);
    let mut repeated = file.clone();
    let pps = made_up::PPS;
    let at = mdat + 12 + 40;
    // A PPS of 5 bytes and a slice of the rest: 41 = 4 + 5 + 32 with its length.
    repeated[at..at + 4].copy_from_slice(&5_u32.to_be_bytes());
    repeated[at + 4..at + 9].copy_from_slice(pps);
    repeated[at + 9..at + 13].copy_from_slice(&32_u32.to_be_bytes());
    repeated[at + 13] = 0x41;
    assert_eq!(broken(&repeated), ["parameter-sets-repeated"]);
}

#[test]
fn trap_11_nal_units_fill_samples_and_none_is_empty() {
    // ISO/IEC 14496-15 5.3.4.2, H.264 7.3.1.
    let file = pictures();
    let nal = find(&file, b"mdat", 0) + 8;
    let with = |at: usize, bytes: &[u8]| {
        let mut other = file.clone();
        other[at..at + bytes.len()].copy_from_slice(bytes);
        broken(&other)
    };
    assert_eq!(with(nal, &41_u32.to_be_bytes()), ["nal-length"]);
    assert_eq!(with(nal, &1_u32.to_be_bytes()), ["start-code"]);
    // The second sample: an empty NAL unit, and one of the 37 bytes left.
    let second = nal + 44;
    assert_eq!(with(second, &[0, 0, 0, 0, 0, 0, 0, 37, 0x41]), ["nal-empty"]);
    assert_eq!(with(second + 4, &[0x09]), ["access-unit-delimiter"]);
}

#[test]
fn trap_12_samples_lie_in_mdat() {
    // ISO/IEC 14496-12 8.8.8: data_offset is 16 bytes into trun.
    let file = pictures();
    let at = find(&file, b"trun", 0) + 16;
    let offset = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
    // One byte early, and all NAL units are read one byte early too.
    let early = broken(&set(&file, b"trun", 0, 16, &(offset - 1).to_be_bytes()));
    assert_eq!(early, ["data-offset", "nal-length"]);
    assert_eq!(
        broken(&set(&file, b"trun", 0, 16, &(offset + 8).to_be_bytes())).first(),
        Some(&"data-offset")
    );
    // 8.8.7: default-base-is-moof is 0x020000 of the flags.
    let flags = file[find(&file, b"tfhd", 0) + 9];
    assert_eq!(flags & 2, 2);
    assert!(broken(&set(&file, b"tfhd", 0, 9, &[flags & !2])).contains(&"cmaf"));
    // Bytes that are no sample's.
    let mut longer = file.clone();
    let mdat = find(&file, b"mdat", 1);
    longer.extend([0; 3]);
    let size = (longer.len() - mdat) as u32;
    longer[mdat..mdat + 4].copy_from_slice(&size.to_be_bytes());
    assert_eq!(broken(&longer), ["mdat-unused"]);
}

#[test]
fn trap_13_durations_that_are_not_known_are_not_said() {
    // ISO/IEC 14496-12 8.8.2, 8.2.2.
    let mehd = |duration: u32| boxed(b"mehd", &[[0; 4], duration.to_be_bytes()].concat());
    let with = |duration| broken(&insert(&pictures(), &[b"moov", b"mvex"], &mehd(duration)));
    assert_eq!(with(0), ["mehd"]);
    assert_eq!(with(43_200), [""; 0]);
    assert_eq!(with(430_200), ["mehd"]);
    assert_eq!(broken(&set(&pictures(), b"mvhd", 0, 24, &900_000_u32.to_be_bytes())), ["mvhd-duration"]);
}

#[test]
fn trap_14_records_say_what_the_bitstream_says() {
    // ISO/IEC 14496-15 5.3.3: AVCLevelIndication is 3 bytes into avcC.
    assert_eq!(broken(&set(&pictures(), b"avcC", 0, 11, &[99])), ["configuration-differs"]);
}

#[test]
fn trap_15_codecs_are_those_of_the_sample_entry() {
    // RFC 6381 3.3.
    let of = |file: &[u8], codecs: &str| {
        let mut checker = Checker::new();
        checker.push(file);
        checker.expect_codecs(codecs);
        media::errors(&checker.finish())
    };
    assert_eq!(of(&pictures(), "avc1.42c00d,mp4a.40.2"), [""; 0]);
    assert_eq!(of(&pictures(), "avc1.42c01e"), ["codecs"]);
    assert_eq!(of(&aac(), "mp4a.40.5"), ["codecs"]);
    assert_eq!(of(&opus(), "Opus"), [""; 0]);
}

#[test]
fn boxes_are_whole_and_where_they_belong() {
    let file = pictures();
    assert_eq!(broken(&file[..file.len() - 1]), ["truncated"]);
    assert_eq!(broken(&remove(&file, &[b"moof"], b"mfhd", 0)).first(), Some(&"box-missing"));
    let twice = insert(&file, &[b"moov", b"trak", b"mdia", b"minf", b"stbl"], &boxed(b"stts", &[0; 8]));
    assert_eq!(broken(&twice), ["box-twice"]);
    let odd = insert(&file, &[b"moov", b"trak"], &[0, 0, 0]);
    assert_eq!(broken(&odd), ["box-size"]);
    assert_eq!(broken(&set(&file, b"mfhd", 1, 12, &1_u32.to_be_bytes())), ["sequence-number"]);
    let breaks = |file: &[u8], name| assert!(broken(file).contains(&name), "{name}: {:?}", broken(file));
    breaks(&set(&file, b"tfhd", 1, 12, &7_u32.to_be_bytes()), "unknown-track");
    breaks(&set(&file, b"trex", 0, 12, &7_u32.to_be_bytes()), "trex");
    breaks(&set(&file, b"mdhd", 0, 20, &[0; 4]), "timescale");
    breaks(&set(&file, b"ftyp", 0, 8, b"isom"), "brand");
    breaks(&file[find(&file, b"moof", 0)..], "not-examined");
    breaks(&[boxed(b"free", &[]), file.clone()].concat(), "ftyp");
    breaks(&set(&file, b"trun", 0, 12, &9_u32.to_be_bytes()), "box-fields");
}

/// One picture that lasts 100 ticks and is shown 500 after it is decoded, in a file without fragments whose edit begins at `time`.
fn delayed(time: u32) -> Vec<u8> {
    let track = made_up::h264(1);
    let mut writer = fmp4::Writer::new(&[(&track).into()], fmp4::Config::new(fmp4::Layout::Progressive))
        .expect("a writer");
    let picture = made_up::picture(&track, 0, -500, Key::Closed, 40);
    writer.push(Packet { duration: Some(100), ..picture }).expect("a picture");
    let mut file = writer.poll().expect("the beginning of the file").rope.to_bytes().to_vec();
    writer.finish().apply(&mut file);
    set(&file, b"elst", 0, 20, &time.to_be_bytes())
}

#[test]
fn edits_begin_within_what_is_shown_which_may_be_behind_all_that_is_decoded() {
    // ISO/IEC 14496-12 8.6.6: media_time is composition time. The picture is shown from 500 to 600.
    assert_eq!(broken(&delayed(500)), [""; 0]);
    assert_eq!(broken(&delayed(600)), [""; 0]);
    assert_eq!(broken(&delayed(601)), ["elst-media-time"]);
}

/// Two fragments and their `mfra`.
fn listed() -> Vec<u8> {
    let track = made_up::h264(1);
    let config = fmp4::Config { random_access_index: true, ..fmp4::Config::new(fmp4::Layout::Fragmented) };
    let mut writer = fmp4::Writer::new(&[(&track).into()], config).expect("a writer");
    for n in 0..2 {
        writer.push(made_up::picture(&track, n * 90_000, n * 90_000, Key::Closed, 40)).expect("a picture");
    }
    let mut file = Vec::new();
    writer.finish().apply(&mut file);
    file
}

#[test]
fn random_access_points_are_fragments_and_found_from_the_end() {
    // ISO/IEC 14496-12 8.8.10: the second row is 24 + 22 bytes into tfra, its moof_offset 8 further; 8.8.11.
    assert_eq!(broken(&listed()), [""; 0]);
    let at = find(&listed(), b"moof", 1) as u64;
    assert_eq!(broken(&set(&listed(), b"tfra", 0, 24 + 22 + 8, &at.to_be_bytes())), [""; 0]);
    assert_eq!(broken(&set(&listed(), b"tfra", 0, 24 + 22 + 8, &(at + 1).to_be_bytes())), ["tfra"]);
    let long = listed().len() as u32;
    assert_eq!(broken(&set(&listed(), b"mfro", 0, 12, &long.to_be_bytes())), ["mfro"]);
}
