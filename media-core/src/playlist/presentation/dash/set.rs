//! AdaptationSet and Representation, ISO/IEC 23009-1 5.3.3 and 5.3.5.

use super::super::super::language::tag;
use super::super::super::xml::Xml;
use super::super::{Container, Images, Numbering, Presentation, Purpose, Rendition, Role, Stretch};
use super::{Addressing, Error, Period, place};
use crate::codec::{self, Colour};
use crate::playlist::pictures;
use crate::track::{Kind, Language, Track};

type Member<'a> = (&'a Rendition, &'a Stretch);

/// What renditions of one set have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Likeness {
    kind: Kind,
    container: Container,
    formats: Vec<codec::Format>,
    language: Option<Language>,
    roles: Vec<Role>,
    label: Option<String>,
    purpose: Purpose,
    colour: Option<Colour>,
}

impl Likeness {
    fn of((rendition, stretch): &Member<'_>) -> Self {
        let leader = stretch.leader();
        Self {
            kind: leader.kind(),
            container: rendition.container,
            formats: stretch.tracks.iter().map(|track| track.codec.format()).collect(),
            language: rendition.language.or(leader.language),
            roles: rendition.roles.clone(),
            label: rendition.label.clone().filter(|_| leader.kind() == Kind::Audio),
            purpose: rendition.purpose,
            colour: leader.codec.colour().filter(|_| pictures::is_hdr(leader)),
        }
    }
}

pub(super) fn put_sets(
    xml: &mut Xml,
    presentation: &Presentation,
    period: &Period<'_>,
    addressing: Addressing,
) -> Result<(), Error> {
    let mut sets: Vec<(Likeness, Vec<Member<'_>>)> = Vec::new();
    for member in &period.stretches {
        let likeness = Likeness::of(member);
        match sets.iter_mut().find(|(of, _)| *of == likeness) {
            Some((_, members)) => members.push(*member),
            None => sets.push((likeness, vec![*member])),
        }
    }
    let main = sets.iter().position(|(of, _)| of.kind == Kind::Video && of.purpose == Purpose::Play);
    for (number, (likeness, members)) in sets.iter().enumerate() {
        put_set(xml, number, likeness, members, addressing);
        if likeness.purpose == Purpose::Trick {
            let of = main.unwrap_or(0).to_string();
            xml.descriptor("EssentialProperty", "http://dashif.org/guidelines/trickmode", &of);
        }
        for (scheme, value) in pictures::colour_properties(members[0].1.leader()) {
            xml.descriptor("EssentialProperty", scheme, &value.to_string());
        }
        if let Some(label) = &likeness.label {
            xml.leaf("Label", label);
        }
        if likeness.roles.contains(&Role::Description) {
            xml.descriptor("Accessibility", "urn:tva:metadata:cs:AudioPurposeCS:2007", "1");
        }
        for role in &likeness.roles {
            xml.descriptor("Role", "urn:mpeg:dash:role:2011", role.value());
        }
        for member in members {
            put_representation(xml, presentation, period, member, addressing)?;
        }
        xml.end();
    }
    // Sheets are counted from the start of the presentation, numbers from that of the Period.
    let fits = addressing != Addressing::Index && presentation.periods() == 1;
    let images = presentation.images.iter().filter(|_| fits);
    images.enumerate().for_each(|(index, images)| put_images(xml, sets.len() + index, images));
    Ok(())
}

fn put_set(
    xml: &mut Xml,
    number: usize,
    likeness: &Likeness,
    members: &[Member<'_>],
    addressing: Addressing,
) {
    xml.begin("AdaptationSet").number("id", number as u64);
    xml.text("contentType", if likeness.kind == Kind::Video { "video" } else { "audio" });
    xml.text("mimeType", mime(likeness));
    if let Some(language) = likeness.language {
        xml.text("lang", tag(&language));
    }
    let on_demand = addressing == Addressing::Index;
    let (aligned, begins) = match on_demand {
        true => ("subsegmentAlignment", "subsegmentStartsWithSAP"),
        false => ("segmentAlignment", "startWithSAP"),
    };
    if is_aligned(members) {
        xml.text(aligned, "true");
    }
    if members.len() > 1 && members.iter().all(|member| is_same_coding(member.1, members[0].1)) {
        xml.text("bitstreamSwitching", "true");
    }
    if members.iter().all(|(_, stretch)| stretch.segments.iter().all(|segment| segment.independent)) {
        xml.text(begins, "1");
    }
}

/// Whether a player can change over at each segment: all begin at the same instants, 23009-1 5.3.3.2.
pub(in super::super) fn is_aligned(members: &[Member<'_>]) -> bool {
    let Some(((_, first), others)) = members.split_first() else { return true };
    let starts = |stretch: &Stretch| {
        let starts: Vec<_> = stretch.segments.iter().map(|segment| stretch.start(segment)).collect();
        starts
    };
    others.iter().all(|(_, other)| starts(other) == starts(first))
}

/// Whether segments of both can follow each other without a header between them.
pub(in super::super) fn is_same_coding(one: &Stretch, other: &Stretch) -> bool {
    let same = |(one, other): (&Track, &Track)| {
        (one.id, one.time_base, &one.codec, one.priming, one.rotation)
            == (other.id, other.time_base, &other.codec, other.priming, other.rotation)
    };
    one.tracks.len() == other.tracks.len() && one.tracks.iter().zip(&other.tracks).all(same)
}

fn mime(likeness: &Likeness) -> &'static str {
    match (likeness.container, likeness.kind) {
        (Container::MpegTs, _) => "video/mp2t",
        (Container::Webm, Kind::Video) => "video/webm",
        (Container::Webm, Kind::Audio) => "audio/webm",
        (_, Kind::Video) => "video/mp4",
        (_, Kind::Audio) => "audio/mp4",
    }
}

fn put_representation(
    xml: &mut Xml,
    presentation: &Presentation,
    period: &Period<'_>,
    member: &Member<'_>,
    addressing: Addressing,
) -> Result<(), Error> {
    let (rendition, stretch) = *member;
    let track = stretch.leader();
    let rate =
        presentation.rate_of(rendition, |segment| segment.range.end.saturating_sub(segment.range.start));
    let peak = rate.bandwidth().map_or(1, |rate| rate.peak);
    let codecs: Vec<_> = stretch.tracks.iter().map(|track| track.codec.codecs()).collect();
    xml.begin("Representation").text("id", &rendition.id);
    xml.number("bandwidth", peak.clamp(1, u32::MAX.into())).text("codecs", &codecs.join(","));
    if let Some((width, height)) = track.codec.size() {
        xml.number("width", width.into()).number("height", height.into());
    }
    if let Some((num, den)) = track.codec.sample_aspect_ratio() {
        xml.text("sar", &format!("{num}:{den}"));
    }
    if let Some((num, den)) = track.codec.frame_rate().filter(|_| rendition.purpose == Purpose::Play) {
        xml.text("frameRate", &if den == 1 { num.to_string() } else { format!("{num}/{den}") });
    }
    if let Some(rate) = track.codec.sample_rate() {
        xml.number("audioSamplingRate", rate.into());
    }
    if rendition.purpose == Purpose::Trick {
        xml.text("codingDependency", "false");
    }
    if let Some(channels) = track.codec.channels() {
        let scheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011";
        xml.descriptor("AudioChannelConfiguration", scheme, &channels.to_string());
    }
    place::put(xml, period, *member, addressing)?;
    xml.end();
    Ok(())
}

/// DASH-IF IOP 6.2.6: sheets of small pictures.
fn put_images(xml: &mut Xml, number: usize, images: &Images) {
    let millis = (images.duration.max(0).unsigned_abs() + 500_000) / 1_000_000;
    let bandwidth = u128::from(images.bytes) * 8000 / u128::from(millis.max(1));
    xml.begin("AdaptationSet").number("id", number as u64).text("contentType", "image");
    xml.text("mimeType", &images.mime);
    xml.begin("SegmentTemplate").number("timescale", 1000).number("duration", millis.max(1));
    if let Numbering::Number { first } = images.names.numbering {
        xml.number("startNumber", first);
    }
    xml.text("media", &images.names.pattern()).end();
    xml.begin("Representation").text("id", &images.id);
    xml.number("bandwidth", bandwidth.clamp(1, u32::MAX.into()) as u64);
    xml.number("width", images.width.into()).number("height", images.height.into());
    let tiles = format!("{}x{}", images.columns.max(1), images.rows.max(1));
    xml.descriptor("EssentialProperty", "http://dashif.org/guidelines/thumbnail_tile", &tiles);
    xml.end().end();
}
