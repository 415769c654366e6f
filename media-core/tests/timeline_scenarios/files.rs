//! Real files without their DTS: the timeline has to find them again.

use std::path::PathBuf;

use bytes::Bytes;
use media_core::bits::Reader;
use media_core::codec::{self, Parser, annexb, h264, h265};
use media_core::time::TimeBase;
use media_core::timeline::Announced;
use media_core::track::Track;

use crate::bench::*;

/// The file's bytes; `None`, said aloud, where the media are not there.
fn read(name: &str) -> Option<Bytes> {
    let media = std::env::var_os("MEDIA_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/media"), PathBuf::from);
    let read = std::fs::read(media.join(name));
    if let Err(error) = &read {
        println!("skipped: {}: {error}; set MEDIA_DIR", media.join(name).display());
    }
    read.ok().map(Bytes::from)
}

/// The video track of an MP4 file: what a sample table says (ISO/IEC 14496-12 8.6 and 8.7), for one chunk layout or many.
struct Movie {
    config: codec::Config,
    scale: u32,
    samples: Vec<Bytes>,
    dts: Vec<i64>,
    pts: Vec<i64>,
}

fn boxes(mut data: Bytes) -> impl Iterator<Item = ([u8; 4], Bytes)> {
    std::iter::from_fn(move || {
        let size = u32::from_be_bytes(data.get(..4)?.try_into().ok()?) as usize;
        let name = data.get(4..8)?.try_into().ok()?;
        let payload = data.slice(8..size);
        data = data.slice(size..);
        Some((name, payload))
    })
}

fn child(data: &Bytes, path: &[&[u8; 4]]) -> Option<Bytes> {
    let Some((first, rest)) = path.split_first() else { return Some(data.clone()) };
    boxes(data.clone()).filter(|(name, _)| name == *first).find_map(|(_, payload)| child(&payload, rest))
}

/// The entries of a full box that counts them, `N` numbers each.
fn table<const N: usize>(data: &Bytes) -> Vec<[u32; N]> {
    let mut reader = Reader::new(&data[4..]);
    let count = reader.u32().unwrap();
    (0..count).map(|_| std::array::from_fn(|_| reader.u32().unwrap())).collect()
}

impl Movie {
    fn read(name: &str) -> Option<Self> {
        let file = read(name)?;
        let moov = child(&file, &[b"moov"]).unwrap();
        let video = boxes(moov)
            .filter(|(name, _)| name == b"trak")
            .find(|(_, trak)| child(trak, &[b"mdia", b"minf", b"vmhd"]).is_some())
            .unwrap()
            .1;
        let table_of = |name: &[u8; 4]| child(&video, &[b"mdia", b"minf", b"stbl", name]);
        let mdhd = child(&video, &[b"mdia", b"mdhd"]).unwrap();
        let scale = u32::from_be_bytes(mdhd[12..16].try_into().unwrap());
        let entry = table_of(b"stsd").unwrap().slice(16..);
        let config =
            match &boxes(entry.slice(78..)).find(|(name, _)| name == b"avcC" || name == b"hvcC").unwrap() {
                (name, record) if name == b"avcC" => {
                    codec::Config::H264(h264::Config::from_record(record).unwrap())
                }
                (_, record) => codec::Config::H265(h265::Config::from_record(record).unwrap()),
            };

        let sizes = table_of(b"stsz").unwrap();
        let sizes = table::<1>(&[&sizes[..4], &sizes[8..]].concat().into());
        let chunks = table::<1>(&table_of(b"stco").unwrap());
        let runs = table::<3>(&table_of(b"stsc").unwrap());
        let mut sizes = sizes.into_iter().map(|[size]| size as usize);
        let mut samples = Vec::new();
        for (n, &[offset]) in (1_u32..).zip(&chunks) {
            let [_, count, _] = runs.iter().rev().find(|[first, ..]| *first <= n).unwrap();
            let mut at = offset as usize;
            for size in sizes.by_ref().take(*count as usize) {
                samples.push(file.slice(at..at + size));
                at += size;
            }
        }

        let repeat = |name: &[u8; 4]| {
            let entries = table_of(name).map_or(Vec::new(), |data| table::<2>(&data));
            entries
                .into_iter()
                .flat_map(|[count, value]| std::iter::repeat_n(i64::from(value as i32), count as usize))
        };
        let mut dts = vec![0];
        for delta in repeat(b"stts") {
            dts.push(dts.last().unwrap() + delta);
        }
        dts.truncate(samples.len());
        let offsets = repeat(b"ctts").chain(std::iter::repeat(0));
        let pts = dts.iter().zip(offsets).map(|(dts, offset)| dts + offset).collect();
        Some(Self { config, scale, samples, dts, pts })
    }

    /// Plays the samples to a timeline that is told PTS only. `config` is what the track is announced with.
    fn play(&self, config: &codec::Config) -> Bench {
        let base = TimeBase::hz(self.scale);
        let mut bench = Bench::new([Announced::from(Track::new(id(VIDEO), base, config.clone()))]);
        let mut parser = Parser::new(config);
        for (sample, (pts, dts)) in self.samples.iter().zip(self.pts.iter().zip(&self.dts)) {
            bench.now = base.to_nanos(*dts);
            let outputs = bench.push(VIDEO, *pts, None, parser.parse(sample.clone()));
            assert!(!outputs.is_empty(), "a picture is put out when it comes");
        }
        bench
    }
}

/// Files with one constant frame time, in which DTS are the sorted PTS some frames earlier.
const FILES: [&str; 4] = [
    "mp4/bbb_800x640_768kbps_30fps_avc_pyramid_3b.mp4",
    "mp4/bbb_800x640_768kbps_30fps_avc_2b_firstpts_10_sec.mp4",
    "mp4/h265_bframes.mp4",
    "mp4/sample.mp4",
];

#[test]
fn dts_of_real_files_are_found_again() {
    for name in FILES {
        let Some(movie) = Movie::read(name) else { continue };
        let bench = movie.play(&movie.config);
        let packets = bench.packets(VIDEO);
        assert_eq!(packets.len(), movie.samples.len(), "{name}");
        // The origin is where the first picture is shown.
        let shift = packets[0].pts.ticks() - movie.pts[0];
        let wanted = movie.pts.iter().map(|pts| pts + shift).collect::<Vec<_>>();
        assert_eq!(pts(&packets), wanted, "{name}");
        let found = dts(&packets);
        // Files may put all DTS a constant earlier or later than need be; the distances are what counts.
        let depth = usize::from(movie.config.reorder_depth().unwrap_or(0)) + 1;
        assert_eq!(steps(&found)[depth..], steps(&movie.dts)[depth..], "{name}");
        assert_eq!(bench.repairs(VIDEO).squeezed_dts, 0, "{name}: {:?}", bench.counted(VIDEO));
    }
}

#[test]
fn dts_of_real_files_are_learnt_without_a_declared_depth() {
    for name in FILES {
        let Some(movie) = Movie::read(name) else { continue };
        // The same pictures, announced by a configuration that does not tell.
        let undeclared = match &movie.config {
            codec::Config::H264(_) => h264(None),
            other => other.clone(),
        };
        // Finer ticks than some of these files have: there must be room between two pictures.
        let finer = |ticks: &Vec<i64>| ticks.iter().map(|ticks| ticks * 1000).collect::<Vec<_>>();
        let (base, shown, decoded) = (TimeBase::hz(movie.scale * 1000), finer(&movie.pts), finer(&movie.dts));
        let mut bench = Bench::new([Announced::from(Track::new(id(VIDEO), base, undeclared))]);
        let mut parser = Parser::new(&movie.config);
        for (sample, (pts, dts)) in movie.samples.iter().zip(shown.iter().zip(&decoded)) {
            bench.now = base.to_nanos(*dts);
            bench.push(VIDEO, *pts, None, parser.parse(sample.clone()));
        }
        let packets = bench.packets(VIDEO);
        let shift = packets[0].pts.ticks() - shown[0];
        assert_eq!(pts(&packets), shown.iter().map(|pts| pts + shift).collect::<Vec<_>>(), "{name}");
        assert_eq!(steps(&dts(&packets))[20..], steps(&decoded)[20..], "{name}");
    }
}

#[test]
fn an_elementary_stream_gets_a_dts_for_every_picture() {
    // Access units begin at a slice whose first_mb_in_slice is 0 (a 1 bit after the NAL header) or at what precedes it.
    let Some(file) = read("es/test-25fps.h264") else { return };
    let mut units = vec![Vec::new()];
    let mut has_slice = false;
    for nal in annexb::nals(&file) {
        let slice = matches!(nal[0] & 0x1f, 1 | 5);
        let starts = if slice { nal[1] & 0x80 != 0 } else { matches!(nal[0] & 0x1f, 6..=9) };
        if starts && has_slice {
            units.push(Vec::new());
            has_slice = false;
        }
        has_slice |= slice;
        let unit = units.last_mut().unwrap();
        unit.extend((nal.len() as u32).to_be_bytes());
        unit.extend(nal);
    }
    // ffprobe counts 250 pictures, shown at 25 a second.
    assert_eq!(units.len(), 250);
    let mut parser = Parser::waiting(codec::Format::H264);
    let units = units.into_iter().map(|unit| parser.parse(unit.into())).collect::<Vec<_>>();
    let first = units.iter().position(|unit| unit.key.is_sync()).unwrap();

    // PTS as a camera would send them: the rank of each picture in display order.
    let mut era = 0;
    let orders = units.iter().map(|unit| {
        let order = unit.order.unwrap();
        era += i64::from(order.restarts);
        (era, order.count)
    });
    let orders = orders.collect::<Vec<_>>();
    let rank = |order: &(i64, i32)| orders.iter().filter(|other| *other < order).count() as i64;
    let mut bench = Bench::new([unknown(VIDEO, media_core::track::Kind::Video, 90_000)]);
    for (n, unit) in units.iter().enumerate() {
        bench.now = n as i64 * 40 * MS;
        bench.push(VIDEO, rank(&orders[n]) * 3600, None, unit.clone());
    }
    let packets = bench.packets(VIDEO);
    assert!(packets.len() + first + 2 >= 250, "{} pictures: {:?}", packets.len(), bench.counted(VIDEO));
    assert_eq!(steps(&dts(&packets))[2..], vec![3600; packets.len() - 3]);
}
