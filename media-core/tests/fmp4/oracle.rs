//! `mp4-atom` reads what we write: every box known to it, none too short or too long, with the values that went in.

use media_core::codec::{Colour, Config, aac, ac3, av1, flac, opus, vp8, vp9};
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track, TrackId};
use mp4_atom::{Any, Codec, Colr, DecodeMaybe, Moof, Moov};

use crate::source::{self, Source};

/// All top-level boxes; panics where one is not understood.
fn atoms(mut file: &[u8]) -> Vec<Any> {
    let next = || Any::decode_maybe(&mut file).expect("boxes as mp4-atom knows them");
    let atoms: Vec<Any> = std::iter::from_fn(next).collect();
    assert!(!atoms.iter().any(|atom| matches!(atom, Any::Unknown(..))));
    assert!(file.is_empty(), "{} bytes are left", file.len());
    atoms
}

/// Reads `file` and compares it with the source it was muxed from.
pub(crate) fn check(file: &[u8], source: &Source) {
    let atoms = atoms(file);
    let [Any::Ftyp(ftyp), Any::Moov(moov), fragments @ ..] = atoms.as_slice() else { panic!("no header") };
    assert_eq!(ftyp.major_brand, b"iso6".into());
    check_header(moov, &source.track);
    let mut packets = source.packets.as_slice();
    let mut decode_time = None;
    for fragment in fragments.chunks(2) {
        let [Any::Moof(moof), Any::Mdat(mdat)] = fragment else { panic!("no fragment") };
        let [traf] = moof.traf.as_slice() else { panic!("one track") };
        let [trun] = traf.trun.as_slice() else { panic!("one run") };
        let (own, rest) = packets.split_at(trun.samples.len());
        packets = rest;
        let sizes =
            trun.samples.iter().map(|sample| sample.size.or(traf.tfhd.default_sample_size).expect("a size"));
        assert!(sizes.eq(own.iter().map(|packet| packet.data.len() as u32)));
        assert!(mdat.data == own.iter().flat_map(|packet| packet.data.to_vec()).collect::<Vec<u8>>());
        let begins = traf.tfdt.as_ref().expect("tfdt").base_media_decode_time;
        assert_eq!(begins, decode_time.unwrap_or(begins), "exactly where the last fragment ended");
        decode_time = Some(begins + duration(moof));
    }
    assert!(packets.is_empty());
}

fn duration(moof: &Moof) -> u64 {
    let (traf, samples) = (&moof.traf[0], moof.traf[0].trun[0].samples.iter());
    let duration = |own: Option<u32>| own.or(traf.tfhd.default_sample_duration).expect("a duration");
    samples.map(|sample| u64::from(duration(sample.duration))).sum()
}

fn check_header(moov: &Moov, track: &Track) {
    let [trak] = moov.trak.as_slice() else { panic!("one track") };
    assert_eq!((trak.tkhd.track_id, trak.mdia.mdhd.timescale), (track.id.get(), track.time_base.den()));
    assert_eq!((moov.mvhd.duration, trak.tkhd.duration, trak.mdia.mdhd.duration), (0, 0, 0));
    let mvex = moov.mvex.as_ref().expect("mvex");
    assert!(mvex.mehd.is_none());
    assert_eq!(mvex.trex[0].track_id, track.id.get());
    let edits = trak.edts.as_ref().and_then(|edts| edts.elst.as_ref()).map_or(&[][..], |elst| &elst.entries);
    let media_times: Vec<Option<u64>> = edits.iter().map(|edit| edit.media_time).collect();
    let priming = Some(u64::from(track.priming)).filter(|ticks| *ticks > 0);
    assert_eq!(media_times, priming.map(Some).into_iter().collect::<Vec<_>>());
    let [entry] = trak.mdia.minf.stbl.stsd.codecs.as_slice() else { panic!("one sample entry") };
    check_entry(entry, &track.codec);
    if track.kind() == Kind::Video {
        let shown = track.codec.display_size().expect("a size");
        let size = (trak.tkhd.width.integer().into(), trak.tkhd.height.integer().into());
        assert!(shown.0.abs_diff(size.0) <= 1 && shown.1 == size.1, "{shown:?} {size:?}");
    }
}

fn check_entry(entry: &Codec, codec: &Config) {
    let shape = codec.sample_aspect_ratio().filter(|shape| shape.0 != shape.1);
    match (entry, codec) {
        (Codec::Avc1(entry), Config::H264(config)) => {
            assert_eq!((entry.visual.width.into(), entry.visual.height.into()), config.size());
            assert_eq!(entry.avcc.sequence_parameter_sets, config.sps());
            assert_eq!(entry.avcc.picture_parameter_sets, config.pps());
            assert_eq!(entry.avcc.length_size, 4);
            assert_eq!(entry.colr.as_ref().map(colour), config.colour());
            assert_eq!(entry.pasp.as_ref().map(|pasp| (pasp.h_spacing, pasp.v_spacing)), shape);
        }
        (Codec::Hvc1(entry), Config::H265(config)) => {
            assert_eq!((entry.visual.width.into(), entry.visual.height.into()), config.size());
            assert_eq!(entry.hvcc.length_size_minus_one, 3);
            let sets: Vec<_> =
                entry.hvcc.arrays.iter().flat_map(|array| array.nalus.iter().cloned()).collect();
            let expected = [config.vps(), config.sps(), config.pps()].concat();
            assert_eq!(sets, expected);
            assert_eq!(entry.colr.as_ref().map(colour), config.colour());
            assert_eq!(entry.pasp.as_ref().map(|pasp| (pasp.h_spacing, pasp.v_spacing)), shape);
        }
        (Codec::Vp09(entry), Config::Vp9(config)) => {
            let (vpcc, parts) = (&entry.vpcc, config.parts());
            assert_eq!((entry.visual.width.into(), entry.visual.height.into()), config.size());
            assert_eq!((vpcc.profile, vpcc.bit_depth), (parts.profile, parts.bit_depth));
            assert_eq!(entry.colr.as_ref().map(colour), parts.colour);
            let inside = Colour {
                primaries: vpcc.color_primaries,
                transfer: vpcc.transfer_characteristics,
                matrix: vpcc.matrix_coefficients,
                full_range: vpcc.video_full_range_flag,
            };
            assert_eq!(inside, parts.colour.unwrap_or(Colour::UNSPECIFIED));
            assert!(vpcc.codec_initialization_data.is_empty());
        }
        (Codec::Vp08(entry), Config::Vp8(config)) => {
            assert_eq!((entry.visual.width.into(), entry.visual.height.into()), config.size());
        }
        (Codec::Mp4a(entry), Config::Aac(config)) => {
            let decoder = &entry.esds.es_desc.dec_config;
            assert_eq!((decoder.object_type_indication, decoder.stream_type), (0x40, 5));
            assert_eq!(decoder.dec_specific.as_ref().expect("AudioSpecificConfig").raw, config.asc());
            assert_eq!(entry.audio.channel_count, config.channels());
            assert_eq!(u32::from(entry.audio.sample_rate.integer()), config.sample_rate());
        }
        (Codec::Opus(entry), Config::Opus(config)) => {
            assert_eq!(entry.dops.pre_skip, config.pre_skip());
            assert_eq!(u16::from(entry.dops.output_channel_count), config.channels());
            assert_eq!(
                (entry.audio.channel_count, entry.audio.sample_rate.integer()),
                (config.channels(), 48_000)
            );
        }
        (Codec::Av01(entry), Config::Av1(config)) => {
            let (av1c, header) = (&entry.av1c, config.sequence());
            assert_eq!((entry.visual.width.into(), entry.visual.height.into()), config.size());
            assert_eq!(
                (av1c.seq_profile, av1c.seq_level_idx_0, av1c.seq_tier_0),
                (header.profile, header.level, header.tier)
            );
            assert_eq!(av1c.config_obus, config.record()[4..]);
            assert_eq!(entry.colr.as_ref().map(colour), config.colour());
        }
        (Codec::Flac(entry), Config::Flac(config)) => {
            assert_eq!(entry.audio.channel_count, config.channels());
            assert_eq!(entry.audio.sample_size, u16::from(config.bits_per_sample()));
            assert_eq!(config.sample_rate() % u32::from(entry.audio.sample_rate.integer()), 0);
            assert_eq!(entry.dfla.blocks.len(), 1);
        }
        (Codec::Ac3(entry), Config::Ac3(config)) => {
            let dac3 = &entry.dac3;
            assert_eq!((dac3.fscod, dac3.bsid, dac3.bit_rate_code), (0, 8, 15));
            assert_eq!((dac3.acmod, dac3.lfeon, entry.audio.channel_count), (7, true, config.channels()));
        }
        (Codec::Eac3(entry), Config::Eac3(config)) => {
            assert_eq!(entry.dec3.data_rate, config.data_rate());
            let [substream] = &entry.dec3.substreams[..] else { panic!("one programme") };
            let own = &config.substreams()[0];
            assert_eq!(
                (substream.num_dep_sub, substream.chan_loc),
                (own.dependents, (own.dependents > 0).then_some(own.locations))
            );
            assert_eq!(entry.audio.channel_count, config.channels());
        }
        (entry, codec) => panic!("{entry:?} for {codec:?}"),
    }
}

fn colour(colr: &Colr) -> Colour {
    let Colr::Nclx { colour_primaries, transfer_characteristics, matrix_coefficients, full_range_flag } =
        *colr
    else {
        panic!("nclx")
    };
    let narrow = |code: u16| u8::try_from(code).expect("a code point");
    Colour {
        primaries: narrow(colour_primaries),
        transfer: narrow(transfer_characteristics),
        matrix: narrow(matrix_coefficients),
        full_range: full_range_flag,
    }
}

/// Twelve packets of no meaning, two of them keys.
fn made_up(codec: Config, priming: u32) -> Source {
    let id = TrackId::new(1).expect("1 is not zero");
    let packet = |n: i64| media_core::packet::Packet {
        track: id,
        pts: Timestamp::new(n * 1000),
        dts: Timestamp::new(n * 1000),
        duration: None,
        key: if n % 6 == 0 { media_core::codec::Key::Closed } else { media_core::codec::Key::No },
        data: bytes::Bytes::from(vec![8; 10 + n as usize]),
        wall: None,
    };
    let track = Track { priming, ..Track::new(id, TimeBase::hz(48_000), codec) };
    Source { track, packets: (0..12).map(packet).collect(), end: Timestamp::new(12_000) }
}

#[test]
fn every_sample_entry_is_understood() {
    let mut parts = vp9::Parts::new(640, 360);
    parts.colour = Some(Colour { primaries: 1, transfer: 1, matrix: 1, full_range: true });
    let codecs = [
        Config::Vp9(vp9::Config::from_parts(parts).expect("profile 0")),
        Config::Vp9(vp9::Config::from_parts(vp9::Parts::new(2, 2)).expect("profile 0")),
        Config::Vp8(vp8::Config::new(176, 144).expect("a size")),
        Config::Aac(aac::Config::new(44_100, 2).expect("AAC-LC")),
        Config::Aac(aac::Config::new(48_000, 6).expect("AAC-LC")),
        Config::Opus(opus::Config::new(2).expect("stereo").with_pre_skip(312)),
        Config::Opus(opus::Config::new(6).expect("5.1")),
        Config::Av1(av1::Config::from_record(AV1C).expect("4:2:0 of libaom")),
        Config::Flac(flac::Config::from_record(DFLA).expect("96 kHz")),
        Config::Ac3(ac3::Config::from_record(&[0x10, 0x3d, 0xe0]).expect("5.1")),
        Config::Eac3(ac3::EnhancedConfig::from_record(&[0x07, 0xc0, 0x20, 0x0f, 0x00]).expect("5.1")),
        Config::Eac3(ac3::EnhancedConfig::from_record(&[0x01, 0, 0x20, 0x0f, 0x02, 0x02]).expect("7.1")),
    ];
    for codec in codecs {
        for priming in [0, 312].into_iter().filter(|priming| *priming == 0 || codec.kind() == Kind::Audio) {
            let source = made_up(codec.clone(), priming);
            check(&source::mux(&source, 5), &source);
        }
    }
}

/// Ten bits, BT.2020, PQ.
const AV1C: &[u8] = b"\x81\x00\x4c\x00\x0a\x0d\0\0\0\x02\xaf\xff\x9b\x5f\x2a\x12\x20\x12\x08";

/// Mono at 96 kHz.
const DFLA: &[u8] = b"\x80\0\0\x22\x20\0\x20\0\0\x03\x1b\0\x08\x93\x17\x70\0\xf0\0\0\x4b\0\x6b\xb3\x62\x8b\x76\x19\xc2\x3d\x0d\0\x23\xa4\x38\x1f\x1a\x48";
