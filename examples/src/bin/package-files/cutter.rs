//! Packets of an input into segments, and these into files.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use media_core::demux::Output;
use media_core::playlist::Suffix;
use media_core::playlist::presentation::{
    Container, Files, Numbering, Presentation, Rendition, RenditionId, Segment, Template,
};
use media_core::segment::{self, Config, Cut, Format, Init, Segmenter};
use media_core::timeline;
use media_core::track::{Kind, Track, TrackId};

use crate::file;
use crate::form::{Form, Take};
use crate::movie::Movie;

/// Cuts the tracks of an input.
pub(crate) struct Cutter<'a> {
    form: Form,
    take: Take,
    name: &'a str,
    folder: &'a Path,
    segmenter: Segmenter,
    tracks: Arc<[Track]>,
    lines: Vec<Line>,
}

/// One rendition on its way.
struct Line {
    track: TrackId,
    tracks: Vec<Track>,
    header: Bytes,
    name: String,
    suffix: Suffix,
    rendition: RenditionId,
    /// Segments so far.
    count: u64,
    /// Where all segments go into one file.
    movie: Option<Movie>,
}

impl<'a> Cutter<'a> {
    pub(crate) fn new(form: Form, format: Format, take: Take, name: &'a str, folder: &'a Path) -> Self {
        let config =
            Config { format, max_bytes: 256 << 20, follower_lag: 5_000_000_000, ..Config::new(TARGET) };
        let segmenter = Segmenter::new(config);
        Self { form, take, name, folder, segmenter, tracks: Arc::new([]), lines: Vec::new() }
    }

    pub(crate) fn push(
        &mut self,
        output: Output,
        presentation: &mut Presentation,
    ) -> Result<(), Box<dyn Error>> {
        match output {
            Output::Tracks(tracks) => {
                self.tracks = tracks.iter().filter(|track| self.take.takes(track)).cloned().collect();
                if !self.tracks.is_empty() {
                    self.segmenter.push(timeline::Output::Tracks(self.tracks.clone()))?;
                }
            }
            Output::Packet(mut packet) => {
                let Some(track) = self.tracks.iter().find(|track| track.id == packet.track) else {
                    return Ok(());
                };
                let later = track.time_base.from_nanos(ORIGIN);
                packet.pts = packet.pts.saturating_add(later);
                packet.dts = packet.dts.saturating_add(later);
                self.segmenter.push(timeline::Output::Packet(packet))?;
            }
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
        for line in &mut self.lines {
            if let Some(movie) = line.movie.take() {
                movie.finish(presentation, line.rendition)?;
            }
        }
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

    /// A rendition for each file of the first generation; a stretch of it for each later one.
    fn begin(&mut self, init: &Init, presentation: &mut Presentation) -> Result<(), Box<dyn Error>> {
        for (track, tracks, header) in files(init) {
            let index = match self.lines.iter().position(|line| line.track == track) {
                Some(index) => index,
                None => self.add(init, track, tracks, presentation)?,
            };
            let line = &mut self.lines[index];
            (line.tracks, line.header) = (tracks.to_vec(), header);
            line.begin(self.folder, self.form, presentation)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        init: &Init,
        track: TrackId,
        tracks: &[Track],
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
        let suffix = Suffix::of(init.format, leader);
        self.lines.push(Line {
            track,
            tracks: Vec::new(),
            header: Bytes::new(),
            name,
            suffix,
            rendition,
            count: 0,
            movie: None,
        });
        Ok(self.lines.len() - 1)
    }

    fn cut(&mut self, cut: &Cut, presentation: &mut Presentation) -> Result<(), Box<dyn Error>> {
        for segment in cut.segments.iter().filter(|segment| !segment.gap) {
            let Some(line) = self.lines.iter_mut().find(|line| line.track == segment.track) else { continue };
            let begun =
                presentation.rendition(line.rendition).and_then(|rendition| rendition.stretches().last());
            if cut.discontinuity && begun.is_some_and(|stretch| !stretch.segments().is_empty()) {
                line.begin(self.folder, self.form, presentation)?;
            }
            line.push(self.folder, self.form, segment, presentation)?;
        }
        Ok(())
    }
}

impl Line {
    fn begin(
        &mut self,
        folder: &Path,
        form: Form,
        presentation: &mut Presentation,
    ) -> Result<(), Box<dyn Error>> {
        if form == Form::OnDemand {
            if self.movie.is_some() {
                return Err("time or configuration break: one file cannot hold that".into());
            }
            self.movie = Some(Movie::create(folder, &self.name, &self.tracks[0], &self.header)?);
            return Ok(());
        }
        let header = (!self.header.is_empty()).then(|| self.header_name(form));
        if let Some(name) = &header {
            file::create(&folder.join(name), &self.header.clone().into())?;
        }
        let mut names = Template::numbered(&self.before(form), self.after(form));
        names.numbering = Numbering::Number { first: self.count + 1 };
        presentation.begin(self.rendition, &self.tracks, Files::Many { header, names })?;
        Ok(())
    }

    fn push(
        &mut self,
        folder: &Path,
        form: Form,
        segment: &segment::Segment,
        presentation: &mut Presentation,
    ) -> Result<(), Box<dyn Error>> {
        self.count += 1;
        if let Some(movie) = &mut self.movie {
            return movie.push(segment);
        }
        file::create(&self.path(folder, form), &segment.rope)?;
        presentation.push(self.rendition, Segment::file(segment))?;
        Ok(())
    }

    fn path(&self, folder: &Path, form: Form) -> PathBuf {
        folder.join(format!("{}{}{}", self.before(form), self.count, self.after(form)))
    }

    fn before(&self, form: Form) -> String {
        match form {
            Form::WebmLive => format!("chunk_{}_", self.name),
            _ => format!("{}_", self.name),
        }
    }

    const fn after(&self, form: Form) -> &'static str {
        match form {
            Form::WebmLive => ".chk",
            _ => self.suffix.as_str(),
        }
    }

    /// Another one for each stretch: those before are still listed.
    fn header_name(&self, form: Form) -> String {
        match form {
            Form::WebmLive => format!("chunk_{}.hdr", self.name),
            _ => format!("{}_init{}.mp4", self.name, self.count),
        }
    }
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
/// Where the media begin, in nanoseconds: pictures are decoded before they are shown, and no container counts below zero.
const ORIGIN: i64 = 10_000_000_000;
