//! What was asked for.

use std::error::Error;
use std::path::{Path, PathBuf};

use crate::form::{Form, Take};

/// What to do.
pub(crate) enum Request {
    Help,
    Package(Job),
}

/// What to make of what, and where.
pub(crate) struct Job {
    pub(crate) form: Form,
    pub(crate) folder: PathBuf,
    pub(crate) overwrite: bool,
    pub(crate) inputs: Vec<Sequence>,
}

/// An argument: files, each behind the one before, and what of them.
pub(crate) struct Sequence {
    pub(crate) paths: Vec<PathBuf>,
    pub(crate) take: Take,
    /// What its files are named after.
    pub(crate) name: String,
}

impl Request {
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let (options, others): (Vec<_>, Vec<_>) = arguments.partition(|argument| argument.starts_with('-'));
        let mut overwrite = false;
        for option in options {
            match option.as_str() {
                "-h" | "--help" => return Ok(Self::Help),
                "--overwrite" => overwrite = true,
                _ => return Err(format!("unknown option {option}, expected --overwrite or --help").into()),
            }
        }
        let [form, folder, inputs @ ..] = &others[..] else {
            return Err(format!("{} arguments, expected FORM FOLDER INPUT...", others.len()).into());
        };
        let found = Form::named(form);
        let form = found.ok_or_else(|| format!("form {form:?}, expected {}", Form::NAMES))?;
        let inputs: Vec<_> =
            inputs.iter().enumerate().map(|(index, input)| Sequence::parse(input, index + 1)).collect();
        check(form, &inputs)?;
        Ok(Self::Package(Job { form, folder: folder.into(), overwrite, inputs }))
    }
}

/// What can be said before any file is opened.
fn check(form: Form, inputs: &[Sequence]) -> Result<(), Box<dyn Error>> {
    let Some(first) = inputs.first() else { return Err("no INPUT, expected one file or more".into()) };
    if let Some(other) = inputs.iter().find(|other| other.paths.len() != first.paths.len()) {
        let (all, few) = (first.paths.len(), other.paths.len());
        let message =
            format!("{few} files one behind the other in {}, expected {all} as in the first", other.name);
        return Err(format!("{message}: all renditions break at the same places").into());
    }
    if first.paths.len() > 1 && matches!(form, Form::WebmDash | Form::WebmLive) {
        return Err("files one behind the other, expected one: a manifest of WebM-DASH has one Period".into());
    }
    Ok(())
}

impl Sequence {
    fn parse(argument: &str, number: usize) -> Self {
        let (files, take) = Take::parse(argument);
        let paths = split(files, Path::is_file);
        let name = name(&paths[0], number);
        Self { paths, take, name }
    }
}

/// The files of `a+b`. A plus sign belongs to a name where there is a file of that name.
fn split(files: &str, is_file: impl Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut rest = files;
    while !rest.is_empty() {
        let ends = rest.match_indices('+').map(|(at, _)| at).chain([rest.len()]);
        let whole = ends.clone().filter(|end| is_file(Path::new(&rest[..*end]))).max();
        let end = whole.or_else(|| ends.min()).unwrap_or(rest.len());
        paths.push(PathBuf::from(&rest[..end]));
        rest = rest[end..].strip_prefix('+').unwrap_or_default();
    }
    if paths.is_empty() { vec![PathBuf::from(files)] } else { paths }
}

/// What the files of an input are named after: its own name, as far as it is plain.
fn name(path: &Path, number: usize) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = |character: char| if character.is_ascii_alphanumeric() { character } else { '-' };
    format!("{}{number}", stem.chars().map(plain).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plus_signs_divide_files_or_belong_to_their_names() {
        let files = ["a.mp4", "b.mp4", "c++.mp4", "d+a.mp4"];
        let of = |argument| -> Vec<String> {
            let is_file = |path: &Path| files.iter().any(|file| Path::new(file) == path);
            split(argument, is_file).iter().map(|path| path.display().to_string()).collect()
        };
        assert_eq!(of("a.mp4"), ["a.mp4"]);
        assert_eq!(of("a.mp4+b.mp4+a.mp4"), ["a.mp4", "b.mp4", "a.mp4"]);
        assert_eq!(of("c++.mp4+b.mp4"), ["c++.mp4", "b.mp4"]);
        assert_eq!(of("d+a.mp4"), ["d+a.mp4"]);
        assert_eq!(of("a.mp4+absent.mp4"), ["a.mp4", "absent.mp4"]);
        assert_eq!(of(""), [""]);
    }
}
