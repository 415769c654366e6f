//! Shows how to
//! 1. read MP4, MOV, Matroska, WebM and transport streams with a demuxer that says which bytes it wants,
//! 2. put their packets into other containers without encoding: segments, or single files with an index,
//! 3. list what there is in a `Presentation`, and write its playlists and manifests.
//!
//! Memory does not grow with the length of the inputs, but for a line per segment.
//!
//! ```text
#![doc = include_str!("help.txt")]
//! ```

mod arguments;
mod cutter;
mod file;
mod folder;
mod form;
mod input;
mod line;
mod movie;
mod summary;
mod texts;
mod webm;

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use indicatif::{ProgressBar, ProgressStyle};
use media_core::playlist::presentation::{Presentation, Type};

use crate::arguments::{Job, Request, Sequence};
use crate::cutter::Cutter;
use crate::form::Form;
use crate::input::Input;
use crate::webm::Files;

fn main() -> ExitCode {
    let arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    let job = match Request::parse(arguments) {
        Ok(Request::Package(job)) => job,
        Ok(Request::Help) => return say(include_str!("help.txt")),
        Err(error) => {
            eprintln!(
                "package-files: {error}\nusage: package-files [--overwrite] FORM FOLDER INPUT...; --help says more"
            );
            return ExitCode::from(2);
        }
    };
    match run(&job) {
        Ok(presentation) => say(&summary::of(job.form, &presentation, &job.folder)),
        Err(error) => {
            eprintln!("package-files: {}", told(&*error));
            ExitCode::FAILURE
        }
    }
}

fn run(job: &Job) -> Result<Presentation, Box<dyn Error>> {
    let progress = progress(&job.inputs)?;
    folder::prepare(&job.folder, job.overwrite)?;
    let made = make(job, &progress);
    // An error has a line of its own.
    progress.finish_and_clear();
    made
}

fn make(job: &Job, progress: &ProgressBar) -> Result<Presentation, Box<dyn Error>> {
    let mut presentation = Presentation::new(Type::Vod);
    let mut starts = vec![ORIGIN];
    for sequence in &job.inputs {
        match job.form {
            Form::WebmDash => webm_files(job, sequence, progress, &mut presentation)?,
            _ => segments(job, sequence, &mut starts, progress, &mut presentation)?,
        }
    }
    presentation.finish();
    texts::write(job.form, &presentation, &job.folder)?;
    Ok(presentation)
}

/// Segments of files one behind the other. `starts` is where each begins, in nanoseconds: at the same instants in all renditions.
fn segments(
    job: &Job,
    sequence: &Sequence,
    starts: &mut Vec<i64>,
    progress: &ProgressBar,
    presentation: &mut Presentation,
) -> Result<(), Box<dyn Error>> {
    let takes = job.form.formats().iter().filter_map(|(format, of)| Some((*format, sequence.take.and(*of)?)));
    let mut cutters: Vec<_> = takes
        .map(|(format, take)| Cutter::new(job.form, format, take, &sequence.name, &job.folder))
        .collect();
    for (place, path) in sequence.paths.iter().enumerate() {
        let of = |error: Box<dyn Error>| format!("{}: {}", path.display(), told(&*error));
        let mut input = Input::open(path, sequence.take, progress).map_err(of)?;
        cutters.iter_mut().for_each(|cutter| cutter.go_on(starts[place]));
        for output in &mut input {
            let output = output.map_err(of)?;
            for cutter in &mut cutters {
                cutter.push(output.clone(), presentation).map_err(of)?;
            }
        }
        input.check().map_err(of)?;
        if starts.len() == place + 1 {
            let end = cutters.iter().map(Cutter::end).max().unwrap_or(0);
            starts.push((end / SECOND + 1) * SECOND);
        }
    }
    cutters.into_iter().try_for_each(|cutter| cutter.finish(presentation))
}

/// A WebM file for each track of a file.
fn webm_files(
    job: &Job,
    sequence: &Sequence,
    progress: &ProgressBar,
    presentation: &mut Presentation,
) -> Result<(), Box<dyn Error>> {
    for path in &sequence.paths {
        let of = |error: Box<dyn Error>| format!("{}: {}", path.display(), told(&*error));
        let mut input = Input::open(path, sequence.take, progress).map_err(of)?;
        let mut files = Files::new(sequence.take, &sequence.name, &job.folder, input.len());
        for output in &mut input {
            output.and_then(|output| files.push(output)).map_err(of)?;
        }
        input.check().map_err(of)?;
        files.finish(presentation).map_err(of)?;
    }
    Ok(())
}

/// An error and what caused it, in one line.
fn told(error: &(dyn Error + 'static)) -> String {
    let mut all = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        all.push(cause.to_string());
        next = cause.source();
    }
    all.dedup();
    all.join(": ")
}

/// Nobody may be reading.
fn say(text: &str) -> ExitCode {
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

/// Shown on a terminal only.
fn progress(inputs: &[Sequence]) -> Result<ProgressBar, Box<dyn Error>> {
    let mut bytes = 0;
    for path in inputs.iter().flat_map(|sequence| &sequence.paths) {
        bytes += input::len(path)?;
    }
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} % {bytes_per_sec} {eta} {wide_msg}")?;
    Ok(ProgressBar::new(bytes).with_style(style))
}

/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
/// Where the media begin, in nanoseconds: pictures are decoded before they are shown, and no container counts below zero. Whole seconds,
/// which are whole ticks of every track.
const ORIGIN: i64 = 10 * SECOND;
