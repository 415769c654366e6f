//! Files, written anew.

use bytes::Bytes;
use media_core::mux::{fmp4, mpegts, webm};

use crate::sources::File;

pub(crate) fn mp4(file: &File, layout: fmp4::Layout) -> Result<Bytes, fmp4::Error> {
    let tracks: Vec<fmp4::TrackEntry> = file.tracks.iter().map(fmp4::TrackEntry::from).collect();
    let mut writer = fmp4::Writer::new(&tracks, fmp4::Config::new(layout))?;
    let mut bytes = Vec::new();
    for packet in &file.packets {
        writer.push(packet.clone())?;
        while let Some(output) = writer.poll() {
            output.rope.pieces().iter().for_each(|piece| bytes.extend_from_slice(piece));
        }
    }
    writer.finish().apply(&mut bytes);
    Ok(bytes.into())
}

pub(crate) fn matroska(file: &File, config: webm::Config) -> Result<Bytes, webm::Error> {
    let tracks: Vec<webm::TrackEntry> = file.tracks.iter().map(webm::TrackEntry::from).collect();
    let mut writer = webm::Writer::new(&tracks, config)?;
    let mut bytes = writer.init().to_vec();
    for packet in &file.packets {
        writer.push(packet.clone())?;
        while let Some(output) = writer.poll() {
            output.rope.pieces().iter().for_each(|piece| bytes.extend_from_slice(piece));
        }
    }
    let ending = writer.finish();
    ending.rope.pieces().iter().for_each(|piece| bytes.extend_from_slice(piece));
    ending.patches.iter().for_each(|patch| patch.apply(&mut bytes));
    Ok(bytes.into())
}

/// With the tracks' languages.
pub(crate) fn ts(file: &File, config: mpegts::Config) -> Result<Bytes, mpegts::Error> {
    let languages = file.tracks.iter().filter_map(|track| Some((track.id, track.language?.code())));
    let config = mpegts::Config { languages: languages.collect(), ..config };
    mpegts::Muxer::new(&file.tracks, config)?.segment(&file.packets)
}
