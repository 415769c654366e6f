//! Segments of a track in one MP4 file, with an index before them.

use std::error::Error;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use media_core::mux::fmp4::{self, Access, Subsegment};
use media_core::playlist::presentation::{Files, Presentation, RenditionId, Segment};
use media_core::segment;
use media_core::time::Timestamp;
use media_core::track::Track;

use crate::file;

/// A file that gets its index when all segments are known: they are written behind each other, and copied behind the index at the end.
pub(crate) struct Movie {
    name: String,
    path: PathBuf,
    media: File,
    media_path: PathBuf,
    track: Track,
    header: Bytes,
    /// As ranges of the media alone.
    segments: Vec<Segment>,
    len: u64,
}

impl Movie {
    pub(crate) fn create(
        folder: &Path,
        name: &str,
        track: &Track,
        header: &Bytes,
    ) -> Result<Self, Box<dyn Error>> {
        let name = format!("{name}.mp4");
        let (path, media_path) = (folder.join(&name), folder.join(format!("{name}.media")));
        let media = File::create(&media_path)?;
        let (track, header) = (track.clone(), header.clone());
        Ok(Self { name, path, media, media_path, track, header, segments: Vec::new(), len: 0 })
    }

    pub(crate) fn push(&mut self, segment: &segment::Segment) -> Result<(), Box<dyn Error>> {
        file::append(&mut self.media, &segment.rope)?;
        let segment = Segment::range(segment, self.len);
        self.len = segment.range.end;
        self.segments.push(segment);
        Ok(())
    }

    pub(crate) fn finish(
        self,
        presentation: &mut Presentation,
        id: RenditionId,
    ) -> Result<(), Box<dyn Error>> {
        let index = self.index()?;
        let header = 0..self.header.len() as u64;
        let place = header.end..header.end + index.len() as u64;
        let mut file = File::create(&self.path)?;
        file.write_all(&self.header)?;
        file.write_all(&index)?;
        std::io::copy(&mut File::open(&self.media_path)?, &mut file)?;
        std::fs::remove_file(&self.media_path)?;
        let files = Files::One { name: self.name, header, index: Some(place.clone()) };
        presentation.begin(id, &[self.track], files)?;
        for segment in self.segments {
            presentation.push(id, segment.later_in_file(place.end))?;
        }
        Ok(())
    }

    /// A subsegment lasts until the next one begins.
    fn index(&self) -> Result<Bytes, Box<dyn Error>> {
        let starts = self.segments.iter().skip(1).map(|next| Some(next.start)).chain([None]);
        let rows: Result<Vec<_>, Box<dyn Error>> = (self.segments.iter().zip(starts))
            .map(|(segment, next)| {
                let duration = next.map_or(segment.duration as i64, |next| next.since(segment.start));
                Ok(Subsegment {
                    size: u32::try_from(segment.range.end - segment.range.start)?,
                    duration: u32::try_from(duration)?,
                    access: segment.independent.then_some(Access::CLOSED),
                })
            })
            .collect();
        let earliest = self.segments.first().map_or(Timestamp::ZERO, |first| first.start);
        Ok(fmp4::segment_index(self.track.id, self.track.time_base, earliest, &rows?, 0)?)
    }
}
