//! Shows how to
//! 1. read MP4, MOV, Matroska, WebM and transport streams with a demuxer that says which bytes it wants,
//! 2. put their packets into other containers without encoding: segments, or single files with an index,
//! 3. list what there is in a `Presentation`, and write its playlists and manifests.
//!
//! ```text
//! package-files FORM FOLDER INPUT...
//!
//! hls          fMP4 segments, HLS playlists             dash         fMP4 segments, a DASH manifest
//! hls-ts       transport streams, HLS playlists         on-demand    an fMP4 file per track with an index: DASH and HLS
//! hls-packed   the same, sound as packed audio          webm-dash    a WebM file per track with cues: WebM-DASH
//! cmaf         fMP4 segments, HLS and DASH              webm-live    WebM chunks by number: a live WebM-DASH manifest
//! ```
//!
//! Each INPUT adds its tracks: the sizes of a ladder, or languages. `INPUT:pictures` and `INPUT:sound` add only those. Memory does not
//! grow with the length of the inputs, but for a line per segment.

mod cutter;
mod file;
mod form;
mod input;
mod movie;
mod texts;
mod webm;

use std::error::Error;
use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};
use media_core::demux::Output;
use media_core::playlist::presentation::{Presentation, Type};

use crate::cutter::Cutter;
use crate::form::{Form, Take};
use crate::input::Input;
use crate::webm::Files;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(form), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err(format!("usage: package-files FORM FOLDER INPUT...; FORM is {}", Form::NAMES).into());
    };
    let form = Form::named(&form).ok_or_else(|| format!("form {form}, expected {}", Form::NAMES))?;
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder)?;
    let inputs: Vec<_> = arguments.map(|argument| Take::parse(&argument)).collect();
    let mut presentation = Presentation::new(Type::Vod);
    let progress = progress(&inputs)?;
    for (number, (path, take)) in inputs.iter().enumerate() {
        let name = name(path, number);
        progress.set_message(path.display().to_string());
        let input = Input::open(path, &progress)?;
        package(form, *take, input, &name, &folder, &mut presentation)
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    presentation.finish();
    texts::write(form, &presentation, &folder)?;
    progress.finish_and_clear();
    println!("{} renditions in {}", presentation.renditions().count(), folder.display());
    Ok(())
}

fn package(
    form: Form,
    take: Take,
    input: Input,
    name: &str,
    folder: &Path,
    presentation: &mut Presentation,
) -> Result<(), Box<dyn Error>> {
    if form == Form::WebmDash {
        let mut files = Files::new(take, name, folder, input.len());
        input.into_iter().try_for_each(|output| files.push(output?))?;
        return files.finish(presentation);
    }
    let mut cutters = Vec::new();
    for (format, of) in form.formats() {
        cutters.extend(take.and(*of).map(|take| Cutter::new(form, *format, take, name, folder)));
    }
    for output in input {
        let output: Output = output?;
        for cutter in &mut cutters {
            cutter.push(output.clone(), presentation)?;
        }
    }
    cutters.into_iter().try_for_each(|cutter| cutter.finish(presentation))
}

/// What the files of an input are named after: its own name, as far as it is plain.
fn name(path: &Path, number: usize) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    format!("{}{}", stem.chars().map(plain).collect::<String>(), number + 1)
}

fn progress(inputs: &[(PathBuf, Take)]) -> Result<ProgressBar, Box<dyn Error>> {
    let mut bytes = 0;
    for (path, _) in inputs {
        bytes += std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.len();
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {bytes_per_sec} {msg}")?;
    Ok(ProgressBar::new(bytes).with_style(style))
}
