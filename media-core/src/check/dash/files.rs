//! The files that a manifest names, ISO/IEC 23009-1 5.3.9.

use super::values::{duration, range};
use super::xml::{self, Node};
use crate::check::joined::{Address, End, Joined, Listed, SEGMENTS, resolve};

/// What every representation of every Period consists of. What is wrong in the manifest is the judge's matter: what can be made out counts.
pub fn files(text: &str) -> Vec<Joined> {
    let Some(mpd) = xml::read(text).ok().filter(|root| root.name == "MPD") else { return Vec::new() };
    let whole = mpd.get("mediaPresentationDuration").and_then(duration);
    let periods: Vec<&Node> = mpd.all("Period").collect();
    let mut all = Vec::new();
    let mut begins = 0;
    for (index, period) in periods.iter().enumerate() {
        begins = period.get("start").and_then(duration).unwrap_or(begins);
        let next = periods.get(index + 1).and_then(|next| duration(next.get("start")?));
        let lasts = period.get("duration").and_then(duration);
        let lasts = lasts.or_else(|| next.or(whole)?.checked_sub(begins));
        for set in period.all("AdaptationSet") {
            for own in set.all("Representation").take(REPRESENTATIONS) {
                let around = [own, set, period, &mpd];
                let base = around.iter().rev().filter_map(|node| node.child("BaseURL"));
                let base = base.fold(String::new(), |base, found| resolve(&base, found.text.trim()));
                let id = own.get("id").unwrap_or_default();
                let name = if periods.len() > 1 { format!("{id}, period {index}") } else { id.to_owned() };
                let of = Of { around, base, id, lasts };
                all.extend(of.files().map(|joined| Joined { name, ..joined }));
            }
        }
        begins = begins.saturating_add(lasts.unwrap_or(0));
    }
    all
}

/// A representation.
struct Of<'a> {
    /// With what is around it, the nearest first.
    around: [&'a Node; 4],
    base: String,
    id: &'a str,
    /// Nanoseconds of its Period.
    lasts: Option<u64>,
}

impl Of<'_> {
    fn files(&self) -> Option<Joined> {
        let nearest = |name: &'static str| self.around.iter().position(|node| node.child(name).is_some());
        let all = ["SegmentTemplate", "SegmentList", "SegmentBase"];
        let found = all.into_iter().filter_map(|name| Some((nearest(name)?, name))).min();
        let Some((_, name)) = found else {
            // A file without an index.
            let file = Listed { address: self.file(None), nanos: self.lasts.unwrap_or(0) };
            return (!self.base.is_empty()).then(|| self.joined(None, vec![file], End::Listed));
        };
        let nodes: Vec<&Node> = self.around.iter().filter_map(|node| node.child(name)).collect();
        match name {
            "SegmentTemplate" => self.template(&nodes),
            "SegmentList" => Some(self.list(&nodes)),
            _ => {
                let file = Listed { address: self.file(None), nanos: self.lasts.unwrap_or(0) };
                Some(self.joined(None, vec![file], End::Listed))
            }
        }
    }

    fn joined(&self, header: Option<Address>, segments: Vec<Listed>, end: End) -> Joined {
        Joined { name: self.id.to_owned(), header, segments, end }
    }

    /// The file that BaseURL names.
    fn file(&self, bytes: Option<&str>) -> Address {
        Address { uri: self.base.clone(), range: bytes.and_then(span) }
    }

    fn named(&self, name: &str) -> Address {
        Address { uri: resolve(&self.base, name), range: None }
    }

    fn list(&self, nodes: &[&Node]) -> Joined {
        let initial = nodes.iter().find_map(|node| node.child("Initialization"));
        let header = initial.map(|initial| Address {
            range: initial.get("range").and_then(span),
            ..initial.get("sourceURL").map_or_else(|| self.file(None), |name| self.named(name))
        });
        let lengths = lengths(nodes).into_iter().map(|(_, nanos)| nanos).chain(std::iter::repeat(0));
        let urls = nodes.iter().flat_map(|node| node.all("SegmentURL")).take(SEGMENTS);
        let segments = urls.zip(lengths).map(|(url, nanos)| {
            let file = url.get("media").map_or_else(|| self.file(None), |name| self.named(name));
            Listed { address: Address { range: url.get("mediaRange").and_then(span), ..file }, nanos }
        });
        self.joined(header, segments.collect(), End::Listed)
    }

    fn template(&self, nodes: &[&Node]) -> Option<Joined> {
        let said = |name: &str| nodes.iter().find_map(|node| node.get(name));
        let number = |name: &str| said(name).and_then(|text| text.trim().parse::<u64>().ok());
        let bandwidth = self.around[0].get("bandwidth").unwrap_or_default();
        let fill = |template: &str, number: u64, time: u64| {
            fill(template, &[("RepresentationID", self.id), ("Bandwidth", bandwidth)], number, time)
        };
        let header = said("initialization").map(|name| self.named(&fill(name, 0, 0)));
        let (media, first) = (said("media")?, number("startNumber").unwrap_or(1));
        let mut end = End::Listed;
        let mut spans = lengths(nodes);
        if let Some(ticks) = number("duration").filter(|ticks| *ticks > 0 && spans.is_empty()) {
            let scale = number("timescale").unwrap_or(1).max(1);
            let nanos = u64::try_from(u128::from(ticks) * 1_000_000_000 / u128::from(scale)).ok()?.max(1);
            let count = match self.lasts {
                // Half a segment is what starts may be off by.
                Some(lasts) => lasts.saturating_add(nanos / 2).checked_div(nanos)?.max(1),
                None => {
                    end = End::Missing;
                    u64::MAX
                }
            };
            let count = usize::try_from(count).unwrap_or(SEGMENTS).min(SEGMENTS);
            spans = (0..count as u64).map(|index| (index.saturating_mul(ticks), nanos)).collect();
        }
        let segments = (0..).zip(spans).map(|(index, (time, nanos))| {
            let name = fill(media, first.saturating_add(index), time);
            Listed { address: self.named(&name), nanos }
        });
        Some(self.joined(header, segments.collect(), end))
    }
}

/// Start in ticks and nanoseconds of each segment of a timeline.
fn lengths(nodes: &[&Node]) -> Vec<(u64, u64)> {
    let scale = nodes.iter().find_map(|node| node.get("timescale")?.parse::<u64>().ok()).unwrap_or(1).max(1);
    let timeline = nodes.iter().find_map(|node| node.child("SegmentTimeline"));
    let mut at = 0_u64;
    let mut all = Vec::new();
    let runs: Vec<&Node> = timeline.into_iter().flat_map(|timeline| timeline.all("S")).collect();
    for (index, run) in runs.iter().enumerate() {
        let number = |name: &str| run.get(name).and_then(|text| text.trim().parse::<u64>().ok());
        at = number("t").unwrap_or(at);
        let Some(ticks) = number("d").filter(|ticks| *ticks > 0) else { continue };
        let next = runs.get(index + 1).and_then(|next| next.get("t")?.parse::<u64>().ok());
        let repeats = run.get("r").and_then(|text| text.trim().parse::<i64>().ok()).unwrap_or(0);
        let repeats = u64::try_from(repeats)
            .unwrap_or_else(|_| next.map_or(0, |next| (next.saturating_sub(at) / ticks).saturating_sub(1)));
        let nanos = u128::from(ticks) * 1_000_000_000 / u128::from(scale);
        for _ in 0..=repeats {
            if all.len() == SEGMENTS {
                return all;
            }
            all.push((at, u64::try_from(nanos).unwrap_or(u64::MAX)));
            at = at.saturating_add(ticks);
        }
    }
    all
}

/// A template with its values, 5.3.9.4.4.
fn fill(template: &str, texts: &[(&str, &str)], number: u64, time: u64) -> String {
    let mut out = String::new();
    for (index, piece) in template.split('$').enumerate() {
        if index % 2 == 0 {
            out.push_str(piece);
            continue;
        }
        let (name, width) = piece.split_once('%').unwrap_or((piece, ""));
        let width = width.trim_start_matches('0').trim_end_matches(|c: char| !c.is_ascii_digit());
        let width = width.parse::<usize>().unwrap_or(0).min(20);
        match (name, texts.iter().find(|(known, _)| *known == name)) {
            ("", _) => out.push('$'),
            ("Number", _) => out.push_str(&format!("{number:0width$}")),
            ("Time", _) => out.push_str(&format!("{time:0width$}")),
            (_, Some((_, text))) => out.push_str(text),
            (_, None) => {}
        }
    }
    out
}

/// `first-last`, both in it.
fn span(text: &str) -> Option<std::ops::Range<u64>> {
    let (first, last) = range(text)?;
    Some(first..last.checked_add(1)?)
}

/// Representations of one set that are told.
const REPRESENTATIONS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled() {
        let texts = [("RepresentationID", "v"), ("Bandwidth", "9")];
        assert_eq!(
            fill("a/$RepresentationID$_$Number%05d$-$Bandwidth$$$.m4s", &texts, 7, 8),
            "a/v_00007-9$.m4s"
        );
        assert_eq!(fill("$Time$", &texts, 7, 8), "8");
    }
}
