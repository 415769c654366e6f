//! A rendition on its way: its segments into files.

use std::error::Error;
use std::path::Path;

use bytes::Bytes;
use media_core::playlist::Suffix;
use media_core::playlist::presentation::{Files, Numbering, Presentation, RenditionId, Segment, Template};
use media_core::segment;
use media_core::track::{Track, TrackId};

use crate::file;
use crate::form::Form;
use crate::movie::Movie;

/// One rendition.
pub(crate) struct Line {
    pub(crate) track: TrackId,
    form: Form,
    name: String,
    suffix: Suffix,
    rendition: RenditionId,
    tracks: Vec<Track>,
    header: Bytes,
    /// Segments so far.
    count: u64,
    /// Stretches so far: a rendition goes on in another one where time or its configuration breaks.
    stretches: u64,
    /// Where all segments of a stretch go into one file.
    movie: Option<Movie>,
}

impl Line {
    pub(crate) fn new(
        form: Form,
        name: String,
        suffix: Suffix,
        track: TrackId,
        rendition: RenditionId,
    ) -> Self {
        let (tracks, header) = (Vec::new(), Bytes::new());
        Self { track, form, name, suffix, rendition, tracks, header, count: 0, stretches: 0, movie: None }
    }

    /// Another header from the next stretch on.
    pub(crate) fn set(&mut self, tracks: &[Track], header: Bytes) {
        (self.tracks, self.header) = (tracks.to_vec(), header);
    }

    /// Time breaks, the sound goes on: nothing lies before it.
    pub(crate) fn break_off(&mut self) {
        self.tracks.iter_mut().for_each(|track| track.priming = 0);
    }

    pub(crate) fn begin(
        &mut self,
        folder: &Path,
        presentation: &mut Presentation,
    ) -> Result<(), Box<dyn Error>> {
        self.end(presentation)?;
        self.stretches += 1;
        if self.form == Form::OnDemand {
            let name = match self.stretches {
                1 => self.name.clone(),
                number => format!("{}_{number}", self.name),
            };
            self.movie = Some(Movie::create(folder, &name, &self.tracks[0], &self.header)?);
            return Ok(());
        }
        let header = (!self.header.is_empty()).then(|| self.header_name());
        if let Some(name) = &header {
            file::create(&folder.join(name), &self.header.clone().into())?;
        }
        let mut names = Template::numbered(&self.before(), self.after());
        names.numbering = Numbering::Number { first: self.count + 1 };
        presentation.begin(self.rendition, &self.tracks, Files::Many { header, names })?;
        Ok(())
    }

    pub(crate) fn push(
        &mut self,
        folder: &Path,
        segment: &segment::Segment,
        presentation: &mut Presentation,
    ) -> Result<(), Box<dyn Error>> {
        self.count += 1;
        if let Some(movie) = &mut self.movie {
            return movie.push(segment);
        }
        let name = format!("{}{}{}", self.before(), self.count, self.after());
        file::create(&folder.join(name), &segment.rope)?;
        presentation.push(self.rendition, Segment::file(segment))?;
        Ok(())
    }

    /// What is done when a stretch has all its segments.
    pub(crate) fn end(&mut self, presentation: &mut Presentation) -> Result<(), Box<dyn Error>> {
        self.movie.take().map_or(Ok(()), |movie| movie.finish(presentation, self.rendition))
    }

    fn before(&self) -> String {
        match self.form {
            Form::WebmLive => format!("chunk_{}_", self.name),
            _ => format!("{}_", self.name),
        }
    }

    const fn after(&self) -> &'static str {
        match self.form {
            Form::WebmLive => ".chk",
            _ => self.suffix.as_str(),
        }
    }

    /// Another one for each stretch: those before are still listed.
    fn header_name(&self) -> String {
        match self.form {
            Form::WebmLive => format!("chunk_{}.hdr", self.name),
            _ => format!("{}_init{}.mp4", self.name, self.stretches - 1),
        }
    }
}
