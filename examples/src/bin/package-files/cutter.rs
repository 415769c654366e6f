//! Packets of an input into segments.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use media_core::demux::Output;
use media_core::packet::Packet;
use media_core::playlist::Suffix;
use media_core::playlist::presentation::{Container, Presentation, Rendition};
use media_core::segment::{self, Config, Cut, Format, Init, Segmenter};
use media_core::timeline;
use media_core::track::{Kind, Track, TrackId};

use crate::form::{Form, Take};
use crate::line::Line;

/// Cuts the tracks of inputs, each behind the one before.
pub(crate) struct Cutter<'a> {
    form: Form,
    take: Take,
    name: &'a str,
    folder: &'a Path,
    segmenter: Segmenter,
    /// Those of the input, and what they are in what is written.
    tracks: Vec<(TrackId, Track)>,
    /// Those that inputs after the first go on with.
    first: Option<Arc<[Track]>>,
    lines: Vec<Line>,
    /// Stretches that every line has.
    stretches: usize,
    /// Whether a stretch was begun and no cut came since.
    is_fresh: bool,
    /// Where this input begins, in nanoseconds.
    start: i64,
    /// Where its last packet ends.
    end: i64,
}

impl<'a> Cutter<'a> {
    pub(crate) fn new(form: Form, format: Format, take: Take, name: &'a str, folder: &'a Path) -> Self {
        let config = Config {
            format,
            target_duration: LONGEST,
            max_bytes: 256 << 20,
            follower_lag: 5_000_000_000,
            ..Config::new(TARGET)
        };
        Self {
            form,
            take,
            name,
            folder,
            segmenter: Segmenter::new(config),
            tracks: Vec::new(),
            first: None,
            lines: Vec::new(),
            stretches: 0,
            is_fresh: false,
            start: 0,
            end: 0,
        }
    }

    /// The next input comes, and begins at `start` nanoseconds.
    pub(crate) fn go_on(&mut self, start: i64) {
        self.first = self.first.take().or_else(|| (!self.tracks.is_empty()).then(|| self.written()));
        self.start = start;
    }

    /// Where the last packet ends, in nanoseconds.
    pub(crate) const fn end(&self) -> i64 {
        self.end
    }

    pub(crate) fn push(
        &mut self,
        output: Output,
        presentation: &mut Presentation,
    ) -> Result<(), Box<dyn Error>> {
        match output {
            Output::Tracks(tracks) => self.tracks(&tracks)?,
            Output::Packet(packet) => self.packet(packet)?,
        }
        while let Some(output) = self.segmenter.poll() {
            self.take_in(output, presentation)?;
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, presentation: &mut Presentation) -> Result<(), Box<dyn Error>> {
        let segmenter = std::mem::replace(&mut self.segmenter, Segmenter::new(Config::new(TARGET)));
        for output in segmenter.finish()? {
            self.take_in(output, presentation)?;
        }
        self.lines.iter_mut().try_for_each(|line| line.end(presentation))
    }

    fn tracks(&mut self, tracks: &[Track]) -> Result<(), Box<dyn Error>> {
        let taken: Vec<_> = tracks.iter().filter(|track| self.take.takes(track)).cloned().collect();
        self.tracks = match &self.first {
            Some(first) => continued(first, &taken)?,
            None => taken.into_iter().map(|track| (track.id, track)).collect(),
        };
        if !self.tracks.is_empty() {
            self.segmenter.push(timeline::Output::Tracks(self.written()))?;
        }
        Ok(())
    }

    fn written(&self) -> Arc<[Track]> {
        self.tracks.iter().map(|(_, track)| track.clone()).collect()
    }

    fn packet(&mut self, mut packet: Packet) -> Result<(), Box<dyn Error>> {
        let Some((_, track)) = self.tracks.iter().find(|(id, _)| *id == packet.track) else { return Ok(()) };
        let later = track.time_base.from_nanos(self.start);
        packet.track = track.id;
        packet.pts = packet.pts.saturating_add(later);
        packet.dts = packet.dts.saturating_add(later);
        let end = packet.pts.saturating_add(packet.duration.unwrap_or(0).into());
        self.end = self.end.max(track.time_base.to_nanos(end.ticks()));
        self.segmenter.push(timeline::Output::Packet(packet))?;
        Ok(())
    }

    fn take_in(
        &mut self,
        output: segment::Output,
        presentation: &mut Presentation,
    ) -> Result<(), Box<dyn Error>> {
        match output {
            segment::Output::Init(init) => self.begin(&init, presentation),
            segment::Output::Cut(cut) => self.cut(&cut, presentation),
            segment::Output::Part(_) | segment::Output::NeedKey(_) => Ok(()),
        }
    }

    /// Another stretch of every rendition, of those too that have nothing in it: all of them break at the same places.
    fn begin(&mut self, init: &Init, presentation: &mut Presentation) -> Result<(), Box<dyn Error>> {
        for (track, tracks, header) in files(init) {
            let index = match self.lines.iter().position(|line| line.track == track) {
                Some(index) => index,
                None => self.add(init, track, tracks, &header, presentation)?,
            };
            self.lines[index].set(tracks, header);
        }
        self.stretch(presentation)
    }

    fn stretch(&mut self, presentation: &mut Presentation) -> Result<(), Box<dyn Error>> {
        (self.stretches, self.is_fresh) = (self.stretches + 1, true);
        self.lines.iter_mut().try_for_each(|line| line.begin(self.folder, presentation))
    }

    /// A rendition; where it joins late, without anything up to now.
    fn add(
        &mut self,
        init: &Init,
        track: TrackId,
        tracks: &[Track],
        header: &Bytes,
        presentation: &mut Presentation,
    ) -> Result<usize, Box<dyn Error>> {
        let leader = tracks.iter().find(|other| other.id == track).unwrap_or(&tracks[0]);
        let kind = if leader.kind() == Kind::Video { "v" } else { "a" };
        let name = match self.form {
            // As ffmpeg's chunks are called: a name for all, and the rendition's.
            Form::WebmLive => format!("{}{kind}{}", self.name, track.get()),
            _ => format!("{}_{kind}{}", self.name, track.get()),
        };
        let rendition = presentation.add(Rendition::new(&name, container(init.format)))?;
        let mut line = Line::new(self.form, name, Suffix::of(init.format, leader), track, rendition);
        line.set(tracks, header.clone());
        (0..self.stretches).try_for_each(|_| line.begin(self.folder, presentation))?;
        self.lines.push(line);
        Ok(self.lines.len() - 1)
    }

    fn cut(&mut self, cut: &Cut, presentation: &mut Presentation) -> Result<(), Box<dyn Error>> {
        if cut.discontinuity && !self.is_fresh {
            self.lines.iter_mut().for_each(Line::break_off);
            self.stretch(presentation)?;
        }
        self.is_fresh = false;
        for segment in cut.segments.iter().filter(|segment| !segment.gap) {
            if let Some(line) = self.lines.iter_mut().find(|line| line.track == segment.track) {
                line.push(self.folder, segment, presentation)?;
            }
        }
        Ok(())
    }
}

/// Each of the `first` input's tracks goes on with one of `tracks`: the first of pictures with the first of pictures, and so on.
fn continued(first: &[Track], tracks: &[Track]) -> Result<Vec<(TrackId, Track)>, Box<dyn Error>> {
    let mut left: Vec<&Track> = tracks.iter().collect();
    let mut all = Vec::new();
    for before in first {
        let Some(index) = left.iter().position(|track| track.kind() == before.kind()) else {
            let what = if before.kind() == Kind::Video { "pictures" } else { "sound" };
            return Err(
                format!("no {what} to go on with: files one behind the other have the same tracks").into()
            );
        };
        let track = left.remove(index);
        all.push((track.id, Track { id: before.id, ..track.clone() }));
    }
    Ok(all)
}

/// The files of a generation, those without a header too.
fn files(init: &Init) -> Vec<(TrackId, &[Track], Bytes)> {
    if init.format.has_header() {
        return init.files().map(|(id, tracks, header)| (id, tracks, header.clone())).collect();
    }
    if init.format.is_shared() {
        return vec![(init.leader, &init.tracks, Bytes::new())];
    }
    init.tracks.iter().map(|track| (track.id, std::slice::from_ref(track), Bytes::new())).collect()
}

const fn container(format: Format) -> Container {
    match format {
        Format::Fmp4 => Container::Fmp4,
        Format::MpegTs => Container::MpegTs,
        Format::Webm => Container::Webm,
        Format::PackedAudio => Container::PackedAudio,
    }
}

/// Nanoseconds that segments are about as long as.
const TARGET: i64 = 4_000_000_000;
/// Seconds that a key frame is waited for: every segment of a finished film is to begin with one.
const LONGEST: u32 = 30;
