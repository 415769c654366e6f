//! Manifests in the form of the WebM project, as `ffmpeg -f webm_dash_manifest` writes them: `webm-on-demand` over single files with Cues, and
//! live by the names of chunks.
//!
//! Where ffmpeg guesses, these say what is known: full `codecs` strings (`vp09.00.10.08` instead of `vp9`), the measured bandwidth, and the exact
//! duration. The namespace is that of the standard.

use super::super::language::tag;
use super::super::text::put_date_time;
use super::super::xml::Xml;
use super::dash::{Addressing, Error, is_aligned, is_same_coding};
use super::{Container, Files, Numbering, Presentation, Rendition, RenditionId, Stretch};
use crate::codec::{Config, Format};
use crate::segment::position::Position;
use crate::time::WallTime;
use crate::track::{Kind, Language};

/// What a live manifest says beside its chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// When the first chunk began.
    pub start: WallTime,
    /// Nanoseconds of every chunk; the encoder must keep to it, since no manifest tells how long one was.
    pub chunk_duration: i64,
    /// Nanoseconds for which chunks stay; `None` for ever.
    pub time_shift_buffer_depth: Option<i64>,
    /// How many nanoseconds later a player asks for the manifest again; `None` for never.
    pub minimum_update_period: Option<i64>,
}

/// The manifest of WebM files with Cues, `urn:mpeg:dash:profile:webm-on-demand:2012`; other renditions are left out.
///
/// # Errors
/// When it is not finished, there is no such rendition, or one is not a single file with Cues or goes on in a second stretch: this form has one
/// Period.
pub fn on_demand(presentation: &Presentation) -> Result<String, Error> {
    if !presentation.finished {
        return Err(Error::Growing);
    }
    let sets = sets(presentation)?;
    let ends = sets.iter().flat_map(|set| &set.members).filter_map(|member| {
        let last = member.stretch.segments.last()?;
        Some((member.stretch.intended()?, member.stretch.end(last)))
    });
    let (start, end) = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).ok_or(Error::Nothing)?;
    let mut xml = begin("urn:mpeg:dash:profile:webm-on-demand:2012", "static");
    xml.duration("mediaPresentationDuration", end.since(start)).duration("minBufferTime", BUFFER);
    xml.begin("Period").number("id", 0).duration("start", 0).duration("duration", end.since(start));
    for (number, set) in sets.iter().enumerate() {
        set.begin(&mut xml, number);
        for member in &set.members {
            let Files::One { name, header, index: Some(index) } = &member.stretch.files else {
                let id = member.rendition.id.clone();
                return Err(Error::Addressing { id, addressing: Addressing::Index });
            };
            member.begin(&mut xml, presentation);
            xml.leaf("BaseURL", name).begin("SegmentBase").range("indexRange", index);
            xml.begin("Initialization").range("range", header).end().end().end();
        }
        xml.end();
    }
    Ok(xml.finish())
}

/// The manifest of WebM chunks, as long as they grow; other renditions are left out. Names of the form `{name}_{id}_{number}` are
/// told once for a set, by `$RepresentationID$`.
///
/// # Errors
/// When there is no such rendition, or one has no header or no counted chunks, or goes on in a second stretch.
pub fn live(presentation: &Presentation, live: &Live) -> Result<String, Error> {
    let sets = sets(presentation)?;
    if sets.is_empty() {
        return Err(Error::Nothing);
    }
    let mut xml = begin("urn:mpeg:dash:profile:isoff-live:2011", "dynamic");
    xml.duration("minBufferTime", BUFFER);
    xml.attribute("availabilityStartTime", |out| put_date_time(out, live.start));
    if let Some(depth) = live.time_shift_buffer_depth {
        xml.duration("timeShiftBufferDepth", depth);
    }
    if let Some(period) = live.minimum_update_period {
        xml.duration("minimumUpdatePeriod", period);
    }
    xml.begin("Period").number("id", 0).duration("start", 0);
    let members = sets.iter().flat_map(|set| &set.members);
    let origin = members.filter_map(|member| member.stretch.intended()).min();
    for (number, set) in sets.iter().enumerate() {
        set.begin(&mut xml, number);
        let chunks = set.members.iter().map(Member::chunks).collect::<Result<Vec<_>, _>>()?;
        let kind = if set.kind == Kind::Video { "video" } else { "audio" };
        xml.begin("ContentComponent").number("id", 1).text("type", kind).end();
        let alike = chunks.iter().all(|other| *other == chunks[0]);
        if alike {
            put_template(&mut xml, live, &chunks[0], origin);
        }
        for (member, chunks) in set.members.iter().zip(&chunks) {
            member.begin(&mut xml, presentation);
            if !alike {
                put_template(&mut xml, live, chunks, origin);
            }
            xml.end();
        }
        xml.end();
    }
    Ok(xml.finish())
}

fn begin(profile: &str, kind: &str) -> Xml {
    let mut xml = Xml::new();
    xml.begin("MPD").text("xmlns", "urn:mpeg:dash:schema:mpd:2011").text("type", kind);
    xml.text("profiles", profile);
    xml
}

/// Names of chunks as a template has them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Chunks {
    header: String,
    media: String,
    first: u64,
}

/// `origin` is where the first medium begins, which ffmpeg takes to be zero.
fn put_template(xml: &mut Xml, live: &Live, chunks: &Chunks, origin: Option<Position>) {
    let millis = (live.chunk_duration.max(0).unsigned_abs() + 500_000) / 1_000_000;
    xml.begin("SegmentTemplate").number("timescale", 1000).number("duration", millis.max(1));
    let nanos = origin.map_or(0, |origin| origin.base.to_nanos(origin.time.ticks()));
    let offset = (nanos.max(0).unsigned_abs() + 500_000) / 1_000_000;
    if offset > 0 {
        xml.number("presentationTimeOffset", offset);
    }
    xml.text("media", &chunks.media).number("startNumber", chunks.first);
    xml.text("initialization", &chunks.header).end();
}

/// Renditions of one AdaptationSet: one coding in one language.
struct Set<'a> {
    kind: Kind,
    format: Format,
    language: Option<Language>,
    members: Vec<Member<'a>>,
}

struct Member<'a> {
    id: RenditionId,
    rendition: &'a Rendition,
    stretch: &'a Stretch,
}

fn sets(presentation: &Presentation) -> Result<Vec<Set<'_>>, Error> {
    let mut sets: Vec<Set<'_>> = Vec::new();
    for (id, rendition) in presentation.renditions() {
        let Some(stretch) = rendition.stretches.first().filter(|_| rendition.container == Container::Webm)
        else {
            continue;
        };
        if rendition.stretches.len() > 1 {
            return Err(Error::Broken { id: rendition.id.clone(), stretches: rendition.stretches.len() });
        }
        let track = stretch.leader();
        let (kind, format, language) = (track.kind(), track.codec.format(), rendition.language());
        let member = Member { id, rendition, stretch };
        match sets.iter_mut().find(|set| set.format == format && set.language == language) {
            Some(set) => set.members.push(member),
            None => sets.push(Set { kind, format, language, members: vec![member] }),
        }
    }
    Ok(sets)
}

impl Set<'_> {
    fn begin(&self, xml: &mut Xml, number: usize) {
        let Some(first) = self.members.first() else { return };
        let stretches: Vec<_> =
            self.members.iter().map(|member| (member.rendition, member.stretch)).collect();
        let same = |value: fn(&Stretch) -> Option<u32>| {
            let first = value(first.stretch);
            first.filter(|_| stretches.iter().all(|(_, stretch)| value(stretch) == first))
        };
        let switching = stretches.iter().all(|(_, stretch)| switches(stretch, first.stretch));
        let independent =
            stretches.iter().all(|(_, stretch)| stretch.segments.iter().all(|segment| segment.independent));
        xml.begin("AdaptationSet").number("id", number as u64);
        xml.text("mimeType", if self.kind == Kind::Video { "video/webm" } else { "audio/webm" });
        xml.text("codecs", &first.stretch.leader().codec.codecs());
        if let Some(language) = self.language {
            xml.text("lang", tag(&language));
        }
        for (name, value) in [
            ("width", same(|stretch| Some(stretch.leader().codec.size()?.0))),
            ("height", same(|stretch| Some(stretch.leader().codec.size()?.1))),
            ("audioSamplingRate", same(|stretch| stretch.leader().codec.sample_rate())),
        ] {
            if let Some(value) = value.filter(|_| stretches.len() > 1 || name == "audioSamplingRate") {
                xml.number(name, value.into());
            }
        }
        xml.text("bitstreamSwitching", if switching { "true" } else { "false" });
        xml.text("subsegmentAlignment", if is_aligned(&stretches) { "true" } else { "false" });
        if independent {
            xml.text("subsegmentStartsWithSAP", "1");
        }
    }
}

/// Whether a decoder goes from one to the other without being set up anew: a key picture of VP8 and VP9 says its own size.
fn switches(one: &Stretch, other: &Stretch) -> bool {
    match (&one.leader().codec, &other.leader().codec) {
        (Config::Vp8(_), Config::Vp8(_)) => true,
        (Config::Vp9(one), Config::Vp9(other)) => {
            let (one, other) = (one.parts(), other.parts());
            (one.profile, one.bit_depth, one.colour) == (other.profile, other.bit_depth, other.colour)
        }
        _ => is_same_coding(one, other),
    }
}

impl Member<'_> {
    fn begin(&self, xml: &mut Xml, presentation: &Presentation) {
        let codec = &self.stretch.leader().codec;
        let guess = if codec.kind() == Kind::Video { 1_000_000 } else { 128_000 };
        let bandwidth = presentation.bandwidth(self.id).map_or(guess, |rate| rate.peak);
        xml.begin("Representation").text("id", &self.rendition.id);
        xml.number("bandwidth", bandwidth.clamp(1, u32::MAX.into())).text("codecs", &codec.codecs());
        if let Some((width, height)) = codec.size() {
            xml.number("width", width.into()).number("height", height.into());
        }
        if let Some(rate) = codec.sample_rate() {
            xml.number("audioSamplingRate", rate.into());
        }
    }

    fn chunks(&self) -> Result<Chunks, Error> {
        let id = &self.rendition.id;
        let Files::Many { header: Some(header), names } = &self.stretch.files else {
            return Err(Error::Addressing { id: id.clone(), addressing: Addressing::Duration });
        };
        let Numbering::Number { first } = names.numbering else {
            return Err(Error::Addressing { id: id.clone(), addressing: Addressing::Duration });
        };
        let stem = names.before.strip_suffix(&format!("_{id}_"));
        let end = stem.and_then(|stem| header.strip_prefix(&format!("{stem}_{id}")));
        Ok(match stem.zip(end) {
            Some((stem, end)) => Chunks {
                header: format!("{stem}_$RepresentationID${end}"),
                media: format!("{stem}_$RepresentationID$_$Number${}", names.after),
                first,
            },
            None => Chunks { header: header.clone(), media: names.pattern(), first },
        })
    }
}

/// What ffmpeg says.
const BUFFER: i64 = 1_000_000_000;
