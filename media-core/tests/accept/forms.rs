//! Real files, in every form that we write.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use media_core::codec::Format as Codec;
use media_core::mux::fmp4::{Layout, Room};
use media_core::mux::webm::{self, DocType};
use media_core::mux::{mpegts, webm::Layout as Order};
use media_core::packet::Packet;
use media_core::segment::{self, Format, Segmenter};
use media_core::timeline;
use media_core::track::{Track, TrackId};

use crate::sources::{File, clean, one};
use crate::write;

/// A form that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Progressive,
    Faststart,
    Hybrid,
    Fragmented,
    OnDemand,
    /// Header and segments of a segmenter, joined.
    Cmaf,
    WebmCuesFirst,
    WebmLive,
    WebmSegments,
    MatroskaCuesLast,
    MatroskaLive,
    TsVariable,
    TsConstant,
    TsLatm,
    TsSegments,
}

impl Form {
    pub(crate) const MP4: [Self; 6] =
        [Self::Progressive, Self::Faststart, Self::Hybrid, Self::Fragmented, Self::OnDemand, Self::Cmaf];
    pub(crate) const WEBM: [Self; 5] =
        [Self::WebmCuesFirst, Self::WebmLive, Self::WebmSegments, Self::MatroskaCuesLast, Self::MatroskaLive];
    pub(crate) const TS: [Self; 4] = [Self::TsVariable, Self::TsConstant, Self::TsLatm, Self::TsSegments];

    pub(crate) fn ending(self) -> &'static str {
        match self {
            _ if Self::MP4.contains(&self) => "mp4",
            _ if Self::TS.contains(&self) => "ts",
            Self::MatroskaCuesLast | Self::MatroskaLive => "mkv",
            _ => "webm",
        }
    }

    fn takes(self, codec: Codec) -> bool {
        match self.ending() {
            "mp4" => codec != Codec::Vorbis,
            "ts" if self == Self::TsLatm => matches!(codec, Codec::H264 | Codec::H265 | Codec::Aac),
            "ts" => !matches!(codec, Codec::Vp8 | Codec::Vp9 | Codec::Av1 | Codec::Vorbis | Codec::Flac),
            "webm" => matches!(codec, Codec::Vp8 | Codec::Vp9 | Codec::Av1 | Codec::Vorbis | Codec::Opus),
            _ => true,
        }
    }

    /// Whether a file has one track.
    fn is_single(self) -> bool {
        matches!(self, Self::OnDemand | Self::Cmaf | Self::WebmSegments)
    }

    fn write(self, file: &File) -> Result<Bytes, Box<dyn std::error::Error>> {
        let webm = |layout| {
            let format = webm::Format { doc_type: Some(DocType::Webm), ..webm::Format::default() };
            webm::Config { format, ..webm::Config::new(layout) }
        };
        Ok(match self {
            Self::Progressive => write::mp4(file, Layout::Progressive)?,
            Self::Faststart => write::mp4(file, Layout::Faststart(Room::None))?,
            Self::Hybrid => write::mp4(file, Layout::Hybrid)?,
            Self::Fragmented => write::mp4(file, Layout::Fragmented)?,
            Self::OnDemand => write::mp4(file, Layout::OnDemand(Room::None))?,
            Self::Cmaf => segments(file, Format::Fmp4)?,
            Self::WebmCuesFirst => write::matroska(file, webm(Order::CuesFirst { points: 50 }))?,
            Self::WebmLive => write::matroska(file, webm(Order::Live))?,
            Self::WebmSegments => segments(file, Format::Webm)?,
            Self::MatroskaCuesLast => write::matroska(file, webm::Config::new(Order::CuesLast))?,
            Self::MatroskaLive => write::matroska(file, webm::Config::new(Order::Live))?,
            Self::TsVariable => write::ts(file, mpegts::Config::default())?,
            Self::TsConstant => {
                write::ts(file, mpegts::Config { mux_rate: Some(20_000_000), ..mpegts::Config::default() })?
            }
            Self::TsLatm => write::ts(
                file,
                mpegts::Config { aac: mpegts::AacFraming::Latm, ..mpegts::Config::default() },
            )?,
            Self::TsSegments => segments(file, Format::MpegTs)?,
        })
    }
}

/// The header and all segments, of a second each as far as key frames allow.
fn segments(file: &File, format: Format) -> Result<Bytes, segment::Error> {
    let mut segmenter = Segmenter::new(segment::Config { format, ..segment::Config::new(1_000_000_000) });
    let mut bytes = Vec::new();
    segmenter.push(timeline::Output::Tracks(Arc::from(&file.tracks[..])))?;
    for packet in &file.packets {
        segmenter.push(timeline::Output::Packet(packet.clone()))?;
    }
    let mut outputs: Vec<_> = std::iter::from_fn(|| segmenter.poll()).collect();
    outputs.extend(segmenter.finish()?);
    for output in outputs {
        match output {
            segment::Output::Init(init) => {
                init.headers.iter().for_each(|header| bytes.extend_from_slice(header))
            }
            segment::Output::Cut(cut) => {
                let pieces = cut.segments.iter().flat_map(|segment| segment.rope.pieces());
                pieces.for_each(|piece| bytes.extend_from_slice(piece));
            }
            _ => {}
        }
    }
    Ok(bytes.into())
}

/// What we wrote, and of what.
pub(crate) struct Written {
    pub(crate) form: Form,
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

/// Every codec, and what makes files peculiar: B pictures, edit lists, priming, HDR, odd sizes, several tracks.
const CHOSEN: [&str; 17] = [
    "mp4/sample.mp4",
    "mp4/silent-black-10s.mp4",
    "mp4/h265_bframes.mp4",
    "mp4/hlg10-color-test.mp4",
    "mp4/sample_av1.mp4",
    "mp4/sample_opus.mp4",
    "ts/sample_ac3.ts",
    "mp4/bbb_1ch_16kHz_aac.mp4",
    "fmp4/flac.mp4",
    "webm/vp8.webm",
    "webm/bear-vp9-odd-dimensions.webm",
    "webm/roadtrip-vp92-10bit.webm",
    "webm/bbb_480p_vp9_opus_1second.webm",
    "mkv/sample_with_vorbis_audio.mkv",
    "mkv/sample_av1.mkv",
    "ts/sample_latm.ts",
    "ts/sample_h265.ts",
];

/// The chosen files in a form, in a folder, as far as a reader `takes` their codecs. With ACCEPT_ALL all clean ones, which is for looking: what
/// readers say of damage and oddities in the files themselves then fails the test. `None`, said aloud, where there are no media.
pub(crate) fn written(form: Form, folder: &Path, takes: impl Fn(Codec) -> bool) -> Option<Vec<Written>> {
    let files: Vec<File> = match std::env::var_os("ACCEPT_ALL") {
        Some(_) => clean()?.collect(),
        None => CHOSEN.iter().map(|name| one(name)).collect::<Option<_>>()?,
    };
    let files = files.into_iter().filter_map(|file| file.only(|codec| form.takes(codec) && takes(codec)));
    let files = files.map(File::starting_at_zero).flat_map(|file| apart(form, file));
    let write = |(index, file): (usize, File)| {
        let bytes = form.write(&file).unwrap_or_else(|error| panic!("{} as {form:?}: {error}", file.name));
        let path = folder.join(format!("{index}.{}", form.ending()));
        std::fs::write(&path, bytes).expect("a file of ours");
        Written { form, file, path }
    };
    Some(files.enumerate().map(write).collect())
}

/// Whether a fault is `known`: of this file (or a track of it), and how it begins.
pub(crate) fn is_known(known: &[(&str, &str)], name: &str, fault: &str) -> bool {
    known.iter().any(|(file, what)| name.starts_with(file) && fault.starts_with(what))
}

/// A file per track, where the form has one; the track is the first: see what the packager makes of others.
fn apart(form: Form, file: File) -> Vec<File> {
    if !form.is_single() {
        return vec![file];
    }
    let of = |track: &Track| File {
        name: format!("{} track {}", file.name, track.id.get()),
        tracks: vec![Track { id: FIRST, ..track.clone() }],
        packets: file.of(track).into_iter().map(|packet| Packet { track: FIRST, ..packet.clone() }).collect(),
    };
    file.tracks.iter().map(of).collect()
}

const FIRST: TrackId = TrackId::new(1).expect("not zero");
