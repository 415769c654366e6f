//! HLS playlists, RFC 8216bis (draft-pantos-hls-rfc8216bis).
//!
//! Each track has a media playlist. The multivariant playlist has a variant per video track, all with the same audio group; a stream
//! without pictures has a variant per audio track.
//!
//! EXT-X-PROGRAM-DATE-TIME stands at every segment. EXTINF has six decimals and is the difference of two positions rounded to
//! microseconds, so that a sum over any number of segments is off by less than one. EXT-X-INDEPENDENT-SEGMENTS is said until a segment
//! was [not independent](crate::segment::Segment::independent), and never again after that.

use super::listed::Listed;
use super::placed::Placed;
use super::text::{put_date_time, put_micros, put_number, put_padded};
use super::{Bandwidth, Names, Window};
use crate::time::{TimeBase, WallTime};
use crate::track::{Kind, Track, TrackId};

/// The media playlist of a track; `None` when the stream [never had](Window::known_tracks) it.
///
/// A cut of a generation that did not have the track is listed as a gap, so that numbers and discontinuities are the same in all
/// playlists, and a player that knows the track from before finds its playlist for as long as the stream lasts. Before the first cut there is a playlist without segments; a server does better to let its client wait.
pub fn media_playlist(window: &Window, track: TrackId, names: &Names) -> Option<String> {
    if !window.known.iter().any(|known| known.id == track) {
        return None;
    }
    let mut out = String::with_capacity(256 + 144 * window.cuts.len());
    let gaps = window.cuts.iter().any(|cut| cut.line(track).is_none_or(|line| line.gap));
    out.push_str("#EXTM3U\n#EXT-X-VERSION:");
    out.push_str(if gaps { WITH_GAP } else { WITH_MAP });
    if window.independent {
        out.push_str("\n#EXT-X-INDEPENDENT-SEGMENTS");
    }
    out.push_str("\n#EXT-X-TARGETDURATION:");
    put_number(&mut out, u64::from(window.config.target_duration.max(1)));
    out.push_str("\n#EXT-X-MEDIA-SEQUENCE:");
    put_number(&mut out, window.cuts.front().map_or(0, |cut| cut.number));
    out.push_str("\n#EXT-X-DISCONTINUITY-SEQUENCE:");
    put_number(&mut out, window.discontinuity_sequence);
    out.push('\n');
    let stem = names.stem(track);
    let mut map = None;
    for cut in &window.cuts {
        put_tags(&mut out, cut, track, names, &mut map);
        out.push_str(&stem);
        out.push_str(&cut.line_end);
    }
    if window.finished {
        out.push_str("#EXT-X-ENDLIST\n");
    }
    Some(out)
}

/// What stands above a segment's URI; `map` is the generation of the last EXT-X-MAP.
fn put_tags(out: &mut String, cut: &Listed, track: TrackId, names: &Names, map: &mut Option<u32>) {
    if cut.discontinuity {
        out.push_str("#EXT-X-DISCONTINUITY\n");
    }
    let line = cut.line(track);
    if line.is_some() && *map != Some(cut.generation) {
        *map = Some(cut.generation);
        out.push_str("#EXT-X-MAP:URI=\"");
        out.push_str(&names.init(track, cut.generation));
        out.push_str("\"\n");
    }
    let Some(tagged) = line.or(cut.lines.first()) else { return };
    out.push_str(&tagged.tags);
    if line.is_none_or(|line| line.gap) {
        out.push_str("#EXT-X-GAP\n");
    }
}

/// EXT-X-PROGRAM-DATE-TIME and EXTINF of a segment whose start was captured at `wall`.
pub(super) fn segment_tags(placed: &Placed<'_>, wall: WallTime) -> String {
    let mut tags = String::with_capacity(72);
    tags.push_str("#EXT-X-PROGRAM-DATE-TIME:");
    put_date_time(&mut tags, wall);
    tags.push_str("\n#EXTINF:");
    let (start, end) = (placed.start().rescale(MICROS), placed.end().rescale(MICROS));
    put_micros(&mut tags, end.since(start).max(1).unsigned_abs());
    tags.push_str(",\n");
    tags
}

/// The multivariant playlist; `None` before the tracks are known.
///
/// BANDWIDTH is the measured peak of the variant, its largest sound included; AVERAGE-BANDWIDTH likewise. Before a track's first
/// segment was measured, both are a guess: 4 Mbit/s for pictures, 192 kbit/s for sound.
pub fn multivariant(window: &Window, names: &Names) -> Option<String> {
    let tracks = window.tracks();
    let of = |kind: Kind| tracks.iter().filter(move |track| track.kind() == kind);
    if tracks.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(512);
    out.push_str("#EXTM3U\n#EXT-X-VERSION:");
    out.push_str(WITH_MAP);
    out.push('\n');
    if window.independent {
        out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    if of(Kind::Video).next().is_none() {
        of(Kind::Audio).for_each(|audio| put_variant(&mut out, window, names, audio, None));
        return Some(out);
    }
    of(Kind::Audio).enumerate().for_each(|(index, audio)| put_audio(&mut out, names, audio, index));
    let loudest =
        of(Kind::Audio).map(|audio| (audio, bandwidth(window, audio))).max_by_key(|(_, rate)| rate.peak);
    of(Kind::Video).for_each(|video| put_variant(&mut out, window, names, video, loudest));
    Some(out)
}

fn put_audio(out: &mut String, names: &Names, audio: &Track, index: usize) {
    out.push_str("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"audio\",NAME=\"Audio ");
    put_number(out, index as u64 + 1);
    out.push_str(if index == 0 { "\",DEFAULT=YES,AUTOSELECT=YES" } else { "\",DEFAULT=NO,AUTOSELECT=YES" });
    if let Some(channels) = audio.codec.channels() {
        out.push_str(",CHANNELS=\"");
        put_number(out, u64::from(channels));
        out.push('"');
    }
    out.push_str(",URI=\"");
    out.push_str(&names.media(audio));
    out.push_str("\"\n");
}

fn put_variant(
    out: &mut String,
    window: &Window,
    names: &Names,
    track: &Track,
    audio: Option<(&Track, Bandwidth)>,
) {
    let own = bandwidth(window, track);
    let (peak, average) = audio.map_or((0, 0), |(_, rate)| (rate.peak, rate.average));
    out.push_str("#EXT-X-STREAM-INF:BANDWIDTH=");
    put_number(out, own.peak.saturating_add(peak));
    out.push_str(",AVERAGE-BANDWIDTH=");
    put_number(out, own.average.saturating_add(average));
    out.push_str(",CODECS=\"");
    out.push_str(&codecs(window, track, audio.is_some()));
    out.push('"');
    if let Some((width, height)) = track.codec.display_size() {
        out.push_str(",RESOLUTION=");
        put_number(out, u64::from(width));
        out.push('x');
        put_number(out, u64::from(height));
    }
    if let Some((num, den)) = track.codec.frame_rate()
        && den != 0
    {
        let thousandths = (u64::from(num) * 1000 + u64::from(den) / 2) / u64::from(den);
        out.push_str(",FRAME-RATE=");
        put_number(out, thousandths / 1000);
        out.push('.');
        put_padded(out, thousandths % 1000, 3);
    }
    if audio.is_some() {
        out.push_str(",AUDIO=\"audio\"");
    }
    out.push('\n');
    out.push_str(&names.media(track));
    out.push('\n');
}

/// Every format that a variant can need: its own, and those of all sound in its group.
fn codecs(window: &Window, track: &Track, with_audio: bool) -> String {
    let mut all = vec![track.codec.codecs()];
    for audio in window.tracks().iter().filter(|other| with_audio && other.kind() == Kind::Audio) {
        let codecs = audio.codec.codecs();
        if !all.contains(&codecs) {
            all.push(codecs);
        }
    }
    all.join(",")
}

/// What a track takes, or a guess.
pub(super) fn bandwidth(window: &Window, track: &Track) -> Bandwidth {
    window.bandwidth(track.id).unwrap_or(match track.kind() {
        Kind::Video => Bandwidth { peak: 4_000_000, average: 4_000_000 },
        Kind::Audio => Bandwidth { peak: 192_000, average: 192_000 },
    })
}

const MICROS: TimeBase = TimeBase::hz(1_000_000);
/// EXT-X-MAP outside of an I-frame playlist needs version 6, RFC 8216bis section 8.
const WITH_MAP: &str = "6";
/// Drafts up to 13 ask for version 8 where EXT-X-GAP is used; later ones do not. 8 is right by both.
const WITH_GAP: &str = "8";
