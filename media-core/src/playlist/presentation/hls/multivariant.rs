//! The multivariant playlist, RFC 8216bis 4.4.6.

use super::super::super::language::tag;
use super::super::super::rate::Bandwidth;
use super::super::super::text::put_number;
use super::super::{Presentation, Rendition, RenditionId, Role, Stretch};
use super::group::{Group, Member, Preference, groups};
use super::{DECIMALS, has_iframes, iframes, is_listed, version};
use crate::playlist::pictures;
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
    let leaders = || of(Kind::Video).filter_map(|(_, rendition)| rendition.leader());
    let video = Video { is_hdr: leaders().any(pictures::is_hdr) };
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
    for Member { id, name, preference } in &group.members {
        let Some(rendition) = presentation.rendition(*id) else { continue };
        out.push_str("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"");
        out.push_str(&group.name);
        put_quoted(out, "\",NAME", name);
        if let Some(language) = rendition.language() {
            put_quoted(out, ",LANGUAGE", tag(&language));
        }
        out.push_str(match preference {
            Preference::Default => ",DEFAULT=YES,AUTOSELECT=YES",
            Preference::Fits => ",DEFAULT=NO,AUTOSELECT=YES",
            Preference::Chosen => ",DEFAULT=NO,AUTOSELECT=NO",
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
    let members = group.into_iter().flat_map(|group| group.renditions(presentation));
    for codec in members.flat_map(Rendition::codecs) {
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
        for key in iframes(stretch, presentation.kind) {
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

fn put_pictures(out: &mut String, rendition: &Rendition, video: &Video, with_rate: bool) {
    let leaders = || rendition.stretches.iter().map(Stretch::leader);
    pictures::put_size(out, leaders());
    if with_rate {
        pictures::put_rate(out, leaders());
    }
    if video.is_hdr {
        pictures::put_range(out, leaders());
    }
}

/// The most that a group's sound takes.
fn largest(presentation: &Presentation, group: &Group) -> Bandwidth {
    let rates = group.members.iter().filter_map(|member| presentation.bandwidth(member.id));
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
