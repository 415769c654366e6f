//! The multivariant playlist, RFC 8216bis 4.4.6.

use super::super::super::language::tag;
use super::super::super::rate::Bandwidth;
use super::super::super::text::{put_number, put_padded};
use super::super::{Presentation, Rendition, RenditionId, Role};
use super::group::{self, Group, groups};
use super::{DECIMALS, has_iframes, iframes, is_listed, version};
use crate::codec::{Colour, Config};
use crate::track::Kind;

/// The multivariant playlist; `None` when no rendition is for HLS or none has a segment.
///
/// A variant per rendition with pictures and group of sound; without pictures, one per rendition of sound. BANDWIDTH is the measured peak of
/// the variant, its group's largest sound included; AVERAGE-BANDWIDTH likewise. Where key pictures can be had by themselves, a
/// rendition has an EXT-X-I-FRAME-STREAM-INF.
pub fn multivariant(presentation: &Presentation) -> Option<String> {
    let all: Vec<_> = presentation
        .renditions()
        .filter(|(id, rendition)| is_listed(rendition) && presentation.bandwidth(*id).is_some())
        .collect();
    let needed = all.iter().map(|(_, rendition)| version(rendition)).max()?;
    let mut out = String::with_capacity(1024);
    out.push_str("#EXTM3U\n#EXT-X-VERSION:");
    put_number(&mut out, needed.max(DECIMALS));
    out.push('\n');
    if all.iter().all(|(_, rendition)| rendition.segments().all(|segment| segment.independent)) {
        out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    let of = |kind| all.iter().filter(move |(_, rendition)| rendition.kind() == Some(kind));
    if of(Kind::Video).next().is_none() {
        of(Kind::Audio).for_each(|(id, rendition)| put_variant(&mut out, presentation, *id, rendition, None));
        return Some(out);
    }
    let groups = groups(presentation);
    groups.iter().for_each(|group| put_group(&mut out, presentation, group));
    let is_hdr = of(Kind::Video).any(|(_, rendition)| range_of(rendition) != Some("SDR"));
    let video = Video { is_hdr };
    for (id, rendition) in of(Kind::Video) {
        if rendition.is_mixed() || groups.is_empty() {
            put_variant(&mut out, presentation, *id, rendition, Some((&video, None)));
        }
        for group in groups.iter().filter(|_| !rendition.is_mixed()) {
            put_variant(&mut out, presentation, *id, rendition, Some((&video, Some(group))));
        }
    }
    for (_, rendition) in of(Kind::Video).filter(|(_, rendition)| has_iframes(rendition)) {
        put_iframes(&mut out, presentation, rendition, &video);
    }
    Some(out)
}

/// What holds for all variants with pictures.
struct Video {
    /// Whether some are of high dynamic range: then each says its range.
    is_hdr: bool,
}

fn put_group(out: &mut String, presentation: &Presentation, group: &Group) {
    let main = |id: &RenditionId| {
        presentation.rendition(*id).is_some_and(|rendition| rendition.roles.contains(&Role::Main))
    };
    let default = group.members.iter().position(main).unwrap_or(0);
    for (index, id) in group.members.iter().enumerate() {
        let Some(rendition) = presentation.rendition(*id) else { continue };
        out.push_str("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"");
        out.push_str(&group.name);
        put_quoted(out, "\",NAME", &group::name(rendition, index));
        if let Some(language) = rendition.language() {
            put_quoted(out, ",LANGUAGE", tag(&language));
        }
        out.push_str(if index == default { ",DEFAULT=YES" } else { ",DEFAULT=NO" });
        out.push_str(if rendition.roles.contains(&Role::Commentary) {
            ",AUTOSELECT=NO"
        } else {
            ",AUTOSELECT=YES"
        });
        if rendition.roles.contains(&Role::Description) {
            put_quoted(out, ",CHARACTERISTICS", "public.accessibility.describes-video");
        }
        if let Some(channels) = rendition.leader().and_then(|track| track.codec.channels()) {
            put_quoted(out, ",CHANNELS", &channels.to_string());
        }
        put_quoted(out, ",URI", &rendition.playlist());
        out.push('\n');
    }
}

fn put_variant(
    out: &mut String,
    presentation: &Presentation,
    id: RenditionId,
    rendition: &Rendition,
    with: Option<(&Video, Option<&Group>)>,
) {
    let Some(own) = presentation.bandwidth(id) else { return };
    let group = with.and_then(|(_, group)| group);
    let sound = group.map_or(NOTHING, |group| largest(presentation, group));
    out.push_str("#EXT-X-STREAM-INF:BANDWIDTH=");
    put_number(out, own.peak.saturating_add(sound.peak).max(1));
    out.push_str(",AVERAGE-BANDWIDTH=");
    put_number(out, own.average.saturating_add(sound.average).max(1));
    let mut codecs = rendition.codecs();
    let members = group.iter().flat_map(|group| &group.members);
    for codec in members.filter_map(|id| presentation.rendition(*id)).flat_map(Rendition::codecs) {
        if !codecs.contains(&codec) {
            codecs.push(codec);
        }
    }
    put_quoted(out, ",CODECS", &codecs.join(","));
    if let Some((video, _)) = with {
        put_pictures(out, rendition, video, true);
    }
    if let Some(group) = group {
        put_quoted(out, ",AUDIO", &group.name);
    }
    out.push('\n');
    out.push_str(&rendition.playlist());
    out.push('\n');
}

/// EXT-X-I-FRAME-STREAM-INF, its BANDWIDTH measured over the pictures of the I-frame playlist.
fn put_iframes(out: &mut String, presentation: &Presentation, rendition: &Rendition, video: &Video) {
    let longest = i64::from(presentation.target_duration()) * 1_000_000_000;
    let mut rate = super::super::super::rate::Rate::default();
    for stretch in &rendition.stretches {
        for key in iframes(stretch) {
            rate.push(key.range.end.saturating_sub(key.range.start), key.end.since(key.start), longest);
        }
    }
    let Some(own) = rate.bandwidth() else { return };
    out.push_str("#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=");
    put_number(out, own.peak);
    out.push_str(",AVERAGE-BANDWIDTH=");
    put_number(out, own.average);
    put_quoted(out, ",CODECS", &rendition.leading_codecs().join(","));
    put_pictures(out, rendition, video, false);
    put_quoted(out, ",URI", &rendition.iframe_playlist());
    out.push('\n');
}

/// What holds for the pictures of all stretches: the largest and the most a second.
fn put_pictures(out: &mut String, rendition: &Rendition, video: &Video, with_rate: bool) {
    let coded = || rendition.stretches.iter().map(|stretch| &stretch.leader().codec);
    let area = |(width, height): &(u32, u32)| u64::from(*width) * u64::from(*height);
    if let Some((width, height)) = coded().filter_map(Config::display_size).max_by_key(area) {
        out.push_str(",RESOLUTION=");
        put_number(out, u64::from(width));
        out.push('x');
        put_number(out, u64::from(height));
    }
    let rates = coded().filter_map(Config::frame_rate).filter(|(_, den)| with_rate && *den != 0);
    let thousandths = |(num, den)| (u64::from(num) * 1000 + u64::from(den) / 2) / u64::from(den);
    if let Some(thousandths) = rates.map(thousandths).max() {
        out.push_str(",FRAME-RATE=");
        put_number(out, thousandths / 1000);
        out.push('.');
        put_padded(out, thousandths % 1000, 3);
    }
    if let Some(range) = range_of(rendition).filter(|_| video.is_hdr) {
        out.push_str(",VIDEO-RANGE=");
        out.push_str(range);
    }
}

/// VIDEO-RANGE by the transfer function, RFC 8216bis 4.4.6.2; `None` for sound.
fn range_of(rendition: &Rendition) -> Option<&'static str> {
    let track = rendition.leader().filter(|track| track.kind() == Kind::Video)?;
    Some(match track.codec.colour().unwrap_or(Colour::UNSPECIFIED).transfer {
        16 => "PQ",
        18 => "HLG",
        _ => "SDR",
    })
}

/// The most that a group's sound takes.
fn largest(presentation: &Presentation, group: &Group) -> Bandwidth {
    let rates = group.members.iter().filter_map(|id| presentation.bandwidth(*id));
    rates.fold(NOTHING, |most, rate| Bandwidth {
        peak: most.peak.max(rate.peak),
        average: most.average.max(rate.average),
    })
}

fn put_quoted(out: &mut String, name: &str, value: &str) {
    out.push_str(name);
    out.push_str("=\"");
    out.push_str(value);
    out.push('"');
}

const NOTHING: Bandwidth = Bandwidth { peak: 0, average: 0 };
