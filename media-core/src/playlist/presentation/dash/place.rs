//! Where the segments of a Representation are, ISO/IEC 23009-1 5.3.9.

use super::super::super::runs::Runs;
use super::super::super::xml::Xml;
use super::super::{Files, Numbering, Rendition, Stretch, Template};
use super::{Addressing, Error, Period};

pub(super) fn put(
    xml: &mut Xml,
    period: &Period<'_>,
    (rendition, stretch): (&Rendition, &Stretch),
    addressing: Addressing,
) -> Result<(), Error> {
    let id = || rendition.id.clone();
    let base = stretch.base();
    let offset = period.origin.rescale(base).ticks();
    let first = stretch.segments.first().map_or(0, |first| first.start.ticks());
    if base.num() != 1 || offset < 0 || first < 0 {
        return Err(Error::Ticks { id: id() });
    }
    let clock = Clock { timescale: u64::from(base.den()), offset: offset.unsigned_abs() };
    match (addressing, &stretch.files) {
        (Addressing::Timeline, Files::Many { names, .. }) => {
            begin_template(xml, &clock, stretch, names);
            put_timeline(xml, stretch);
            xml.end();
        }
        (Addressing::Duration, Files::Many { names, .. })
            if matches!(names.numbering, Numbering::Number { .. }) =>
        {
            let duration = duration(stretch, clock.offset).map_err(|(index, duration)| Error::Uneven {
                id: id(),
                index,
                duration,
            })?;
            begin_template(xml, &clock, stretch, names).number("duration", duration).end();
        }
        (Addressing::List, files) => put_list(xml, &clock, stretch, files),
        (Addressing::Index, Files::One { name, header, index: Some(index) }) => {
            xml.leaf("BaseURL", name);
            xml.begin("SegmentBase").range("indexRange", index).text("indexRangeExact", "true");
            clock.put(xml);
            xml.begin("Initialization").range("range", header).end().end();
        }
        _ => return Err(Error::Addressing { id: id(), addressing }),
    }
    Ok(())
}

struct Clock {
    timescale: u64,
    /// `presentationTimeOffset`.
    offset: u64,
}

impl Clock {
    fn put(&self, xml: &mut Xml) {
        xml.number("timescale", self.timescale);
        if self.offset > 0 {
            xml.number("presentationTimeOffset", self.offset);
        }
    }
}

fn begin_template<'x>(xml: &'x mut Xml, clock: &Clock, stretch: &Stretch, names: &Template) -> &'x mut Xml {
    xml.begin("SegmentTemplate");
    clock.put(xml);
    if let Numbering::Number { first } = names.numbering {
        xml.number("startNumber", first);
    }
    if let Some((header, _)) = stretch.files.header() {
        xml.text("initialization", header);
    }
    xml.text("media", &names.pattern())
}

fn put_timeline(xml: &mut Xml, stretch: &Stretch) {
    xml.begin("SegmentTimeline");
    for run in Runs::new(stretch.spans()) {
        xml.begin("S");
        if let Some(time) = run.time {
            xml.number("t", time);
        }
        xml.number("d", run.duration);
        if run.repeats > 0 {
            xml.number("r", run.repeats);
        }
        xml.end();
    }
    xml.end();
}

fn put_list(xml: &mut Xml, clock: &Clock, stretch: &Stretch, files: &Files) {
    if let Files::One { name, .. } = files {
        xml.leaf("BaseURL", name);
    }
    xml.begin("SegmentList");
    clock.put(xml);
    match files.header() {
        Some((name, None)) => xml.begin("Initialization").text("sourceURL", name).end(),
        Some((_, Some(range))) => xml.begin("Initialization").range("range", range).end(),
        None => xml,
    };
    put_timeline(xml, stretch);
    for (index, segment) in stretch.segments.iter().enumerate() {
        xml.begin("SegmentURL");
        match files.of(index, segment) {
            (name, false) => xml.text("media", &name),
            (_, true) => xml.range("mediaRange", &segment.range),
        };
        xml.end();
    }
    xml.end();
}

/// The one duration of a template: that of the first segment, or the mean where this puts one of them too far off.
///
/// # Errors
/// Which segment is more than half a duration off its place with the better one, and that duration.
fn duration(stretch: &Stretch, offset: u64) -> Result<u64, (usize, u64)> {
    let spans: Vec<_> = stretch.spans().collect();
    let Some((first, last)) = spans.first().zip(spans.last()) else { return Ok(1) };
    let check = |duration: u64| {
        let off = |index: usize, start: u64| {
            let place = u128::from(offset) + index as u128 * u128::from(duration);
            place.abs_diff(u128::from(start)) * 2 > u128::from(duration)
        };
        match spans.iter().enumerate().find(|(index, (start, _))| off(*index, *start)) {
            Some((index, _)) => Err((index, duration)),
            None => Ok(duration),
        }
    };
    let others = (spans.len() as u64 - 1).max(1);
    let mean = if spans.len() > 1 { ((last.0 - first.0) + others / 2) / others } else { first.1 };
    check(first.1).or_else(|_| check(mean.max(1)))
}
