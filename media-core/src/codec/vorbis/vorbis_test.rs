//! Vorbis headers and packets of real files: `CodecPrivate` out of WebM and Matroska, packets and their times out of Ogg.

use super::*;
use crate::codec::media_test::media;
use crate::codec::{Config as Codec, Format, Parser};

const FILES: [(&str, u32, u16); 5] = [
    ("mkv/sample_with_vorbis_audio.mkv", 44_100, 1),
    ("mkv/simple.mkv", 48_000, 6),
    ("mkv/bbb.mkv", 48_000, 2),
    ("webm/test-av-384k-44100Hz-1ch-320x240-30fps-10kfr.webm", 44_100, 1),
    ("webm/test-vp8-vorbis-webvtt.webm", 44_100, 2),
];

/// The first `CodecPrivate` of Vorbis in a file: element 0x63a2, a length of one to eight bytes, the content.
fn private(file: &Bytes) -> Option<Bytes> {
    memchr::memmem::find_iter(file, &[0x63, 0xa2]).find_map(|at| {
        let rest = file.get(at + 2..)?;
        let width = rest.first()?.leading_zeros() as usize + 1;
        let length =
            rest.get(..width)?.iter().fold(0, |length: usize, byte| length << 8 | usize::from(*byte));
        let length = length & ((1 << (7 * width)) - 1);
        let from = at + 2 + width;
        let content = (from + length <= file.len()).then(|| file.slice(from..from + length))?;
        (content.first() == Some(&2) && memchr::memmem::find(&content, b"\x01vorbis").is_some())
            .then_some(content)
    })
}

/// A page of Ogg, RFC 3533 section 6: packets that end on it, and what position they end at.
fn ogg(file: &Bytes) -> Vec<(Vec<Bytes>, i64)> {
    let (mut reader, mut pages, mut open) = (Reader::new(file), Vec::new(), Vec::new());
    while let Ok(head) = reader.array::<27>() {
        assert_eq!(head[..4], *b"OggS");
        let granule = i64::from_le_bytes(head[6..14].try_into().unwrap());
        let mut packets = Vec::new();
        for &length in reader.bytes(head[26].into()).unwrap().to_vec().iter() {
            open.extend_from_slice(reader.bytes(length.into()).unwrap());
            if length < 255 {
                packets.push(Bytes::from(std::mem::take(&mut open)));
            }
        }
        pages.push((packets, granule));
    }
    pages
}

#[test]
fn private_data_of_real_files_comes_back_to_the_byte() {
    for (name, sample_rate, channels) in FILES {
        let Some(file) = media(name) else { continue };
        let private = private(&file).expect(name);
        let config = Config::from_record(&private).expect(name);
        assert_eq!(config.record(), private, "{name}");
        assert_eq!((config.sample_rate(), config.channels()), (sample_rate, channels), "{name}");
        let (short, long) = config.block_sizes();
        assert!((64..=long).contains(&short) && long <= 8192, "{name}: {short}, {long}");
        assert_eq!(Config::from_headers(config.headers().clone()).as_ref(), Ok(&config));
        assert_eq!(config.codecs(), "vorbis");
        for cut in (0..private.len()).step_by(7) {
            assert!(Config::from_record(&private[..cut]).is_err(), "{name}: {cut} bytes");
        }
    }
}

/// The position of each page is that of the end of its last packet, "Embedding Vorbis into an Ogg stream" (Vorbis I annex A.2); the last page may cut the end off.
#[test]
fn samples_of_packets_add_up_to_the_positions_of_their_pages() {
    let mut seen = 0;
    for name in ["audio/bear_vorbis.ogg", "audio/sfx-vorbis.ogg"] {
        let Some(file) = media(name) else { continue };
        let mut parser = Parser::waiting(Format::Vorbis);
        let (mut total, mut packets) = (None, 0);
        let pages = ogg(&file);
        for (number, (page, granule)) in pages.iter().enumerate() {
            for packet in page {
                let unit = parser.parse(packet.clone());
                if unit.data.is_empty() {
                    continue; // a header
                }
                packets += 1;
                // Nothing comes out of the first.
                total = Some(total.map_or(0, |total| total + i64::from(unit.samples.expect("readable"))));
            }
            let Some(total) = total else { continue };
            match number + 1 < pages.len() {
                true => assert_eq!(total, *granule, "{name}: page {number}"),
                false => assert!((*granule..*granule + 8192).contains(&total), "{name}: {total}, {granule}"),
            }
            seen += 1;
        }
        assert!(packets > 5 && parser.faults().total() == 0, "{name}");
    }
    assert!(seen > 3 || media("audio/bear_vorbis.ogg").is_none());
}

#[test]
fn headers_in_band_are_the_configuration_and_no_packets() {
    let Some(file) = media("audio/bear_vorbis.ogg") else { return };
    let packets: Vec<Bytes> = ogg(&file).into_iter().flat_map(|(packets, _)| packets).collect();
    let mut parser = Parser::waiting(Format::Vorbis);
    let units: Vec<_> = packets[..5].iter().map(|packet| parser.parse(packet.clone())).collect();
    assert!(units[..3].iter().all(|unit| unit.data.is_empty() && unit.samples.is_none()));
    let Some(Codec::Vorbis(config)) = &units[2].config else { panic!("a configuration") };
    assert_eq!(config.headers()[..], packets[..3]);
    let (short, _) = config.block_sizes();
    let first = config.block_size(&packets[3]).expect("a packet");
    assert_eq!(units[3].samples, Some((short + first) / 4), "as if behind a short block");
    // Once more the same is no news; a set without its first header is a fault.
    assert!(packets[..3].iter().all(|packet| parser.parse(packet.clone()).config.is_none()));
    assert_eq!(parser.faults().total(), 0);
    for packet in [&packets[1], &packets[1], &packets[2]] {
        parser.parse(packet.clone());
    }
    assert_eq!(parser.faults().sets, 1);
    // A packet of a mode that is not there, and an empty one.
    assert_eq!(config.block_size(&[]), Err(Error::End));
    assert_eq!(config.block_size(&packets[0]), Err(Error::Packet));
}

#[test]
fn what_contradicts_itself_is_refused() {
    let Some(file) = media(FILES[0].0) else { return };
    let config = Config::from_record(&private(&file).unwrap()).unwrap();
    let with = |number: usize, at: usize, byte: u8| {
        let mut headers = config.headers().clone();
        let mut header = headers[number].to_vec();
        header[at] = byte;
        headers[number] = header.into();
        Config::from_headers(headers).expect_err("a contradiction")
    };
    assert_eq!(with(0, 0, 3), Error::Header { found: 3, expected: 1 });
    assert_eq!(with(1, 2, b'V'), Error::Header { found: 3, expected: 3 });
    assert!(matches!(with(0, 7, 1), Error::Identification { version: 1, .. }));
    assert!(matches!(with(0, 11, 0), Error::Identification { channels: 0, .. }));
    assert!(matches!(with(0, 28, 0x5b), Error::Identification { blocks: 0x5b, .. }), "long below short");
    assert!(matches!(with(0, 29, 0), Error::Identification { .. }), "framing bit");
    assert_eq!(with(2, 8, 0), Error::Setup("codebook"));
    assert_eq!(Config::from_record(&[1, 1, 1]), Err(Error::Count(2)));
}

/// Section 9.2.3, by its definition.
#[test]
fn lookup_values_are_the_root_of_the_entries() {
    for (entries, dimensions) in
        [(0, 1), (1, 5), (81, 4), (80, 4), (256, 8), (255, 8), (6561, 8), (1 << 24, 1), (100, 40)]
    {
        let root = setup::lookup1_values(entries, dimensions);
        let power = |value: u32| {
            (0..dimensions)
                .try_fold(1_u64, |power, _| power.checked_mul(value.into()).filter(|power| *power < 1 << 40))
        };
        assert!(power(root).is_some_and(|power| power <= entries.into()), "{entries}, {dimensions}");
        assert!(power(root + 1).is_none_or(|power| power > entries.into()), "{entries}, {dimensions}");
    }
}

/// Single bits of a real file's.
#[test]
fn mutated_headers_never_panic() {
    let Some(file) = media(FILES[2].0) else { return };
    let private = private(&file).unwrap();
    for at in (0..private.len() * 8).step_by(61) {
        let mut mutated = private.to_vec();
        mutated[at / 8] ^= 1 << (at % 8);
        if let Ok(config) = Config::from_record(&mutated) {
            assert_eq!(Config::from_record(&config.record()).as_ref(), Ok(&config));
            let _ = (config.block_size(&[0]), config.block_size(&[0xfe, 0xff]));
        }
    }
}
