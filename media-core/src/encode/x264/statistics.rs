//! The text in which libx264 keeps what a first pass learned: one line of options, one line for each picture.
//!
//! libx264 reads it with `sscanf`, works with whatever numbers it finds, and a second pass of more frames reads memory that is not there.
//! Statistics may come from another process, so they are looked through before they get that far.

use std::collections::HashSet;
use std::str::FromStr;

/// How many frames the first pass had, of pictures of `size`; `None` for anything that libx264 does not write.
pub(super) fn frames(text: &[u8], size: (u32, u32)) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('\n')?;
    let mut lines = text.split('\n');
    check_options(lines.next()?, size)?;
    let mut seen = HashSet::new();
    for (number, line) in lines.enumerate() {
        seen.insert(shown_as(line, number)?);
    }
    // Each number below the count, once.
    let count = seen.len();
    (count > 0 && count == text.split('\n').count() - 1 && seen.into_iter().all(|number| number < count))
        .then_some(count)
}

fn check_options(line: &str, (width, height): (u32, u32)) -> Option<()> {
    let options = line.strip_prefix("#options: ")?;
    let sized = options.starts_with(&format!("{width}x{height} "));
    let printable = options.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b';');
    // The one option that is taken over as it is.
    let mut lookahead = options.split(' ').filter_map(|option| option.strip_prefix("rc_lookahead="));
    let bounded = lookahead.all(|frames| within(frames, 0, MAX_LOOKAHEAD).is_some());
    (sized && printable && bounded).then_some(())
}

/// The place in display order of the picture that the line `number` is about.
fn shown_as(line: &str, number: usize) -> Option<usize> {
    let line = line.strip_suffix(';')?;
    let mut fields = line.split(' ');
    let mut value = |name: &str| fields.next()?.strip_prefix(name)?.strip_prefix(':');
    let shown = value("in")?.parse().ok()?;
    let coded: usize = value("out")?.parse().ok()?;
    let kind = value("type")?;
    for name in ["dur", "cpbdur"] {
        within(value(name)?, 1, i64::from(i32::MAX))?;
    }
    for name in ["q", "aq"] {
        within(value(name)?, -100.0, 200.0)?;
    }
    for name in ["tex", "mv", "misc", "imb", "pmb", "smb"] {
        // What is left of a picture beside coefficients and vectors is a difference.
        let least = if name == "misc" { -MAX_COUNT } else { 0 };
        within(value(name)?, least, MAX_COUNT)?;
    }
    let direct = value("d")?;
    let known = matches!(kind, "I" | "i" | "P" | "B" | "b") && matches!(direct, "-" | "s" | "t");
    if !known || coded != number {
        return None;
    }
    check_references(value("ref")?, fields)?;
    Some(shown)
}

/// How often each reference was used, and the weights of the first: `12 0 3 w:5,69,-19,5,63,-124,64,-128 `.
fn check_references<'a>(first: &'a str, rest: impl Iterator<Item = &'a str>) -> Option<()> {
    let mut fields: Vec<&str> =
        std::iter::once(first).chain(rest).filter(|field| !field.is_empty()).collect();
    if let Some(weights) = fields.last().and_then(|last| last.strip_prefix("w:")) {
        fields.pop();
        let weights: Vec<&str> = weights.split(',').collect();
        for (index, weight) in weights.iter().enumerate() {
            // Denominators stand in front of luma and of both chroma planes.
            let (least, most) = if matches!(index, 0 | 3) { (0, 7) } else { (-128, 127) };
            within(weight, least, most)?;
        }
        matches!(weights.len(), 3 | 8).then_some(())?;
    }
    let counted = fields.iter().all(|count| within(count, 0, MAX_COUNT).is_some());
    (counted && fields.len() <= 16).then_some(())
}

fn within<T: FromStr + PartialOrd>(text: &str, least: T, most: T) -> Option<T> {
    text.parse().ok().filter(|number| (least..=most).contains(number))
}

/// Bits of a picture, or blocks: libx264 adds them up in `int`s.
const MAX_COUNT: i64 = 1 << 30;
/// `X264_LOOKAHEAD_MAX`.
const MAX_LOOKAHEAD: i64 = 250;

#[cfg(test)]
mod tests {
    use super::*;

    /// From x264 0.164.3095, `--preset slow --slow-firstpass --pass 1`; options cut short.
    const TEXT: &str = "#options: 320x180 fps=25/1 timebase=1/25 bitdepth=8 rc_lookahead=50 rc=abr
in:0 out:0 type:I dur:2 cpbdur:2 q:35.97 aq:21.00 tex:158 mv:188 misc:6022 imb:240 pmb:0 smb:0 d:- ref:;
in:2 out:1 type:P dur:2 cpbdur:2 q:35.67 aq:24.33 tex:2001 mv:1019 misc:444 imb:99 pmb:53 smb:88 d:- ref:177 22 13 0 w:5,69,-19,5,63,-124,64,-128 ;
in:1 out:2 type:b dur:2 cpbdur:2 q:35.19 aq:21.57 tex:367 mv:363 misc:230 imb:25 pmb:65 smb:150 d:t ref:12 0 0 ;
";
    const SIZE: (u32, u32) = (320, 180);

    #[test]
    fn frames_are_counted() {
        assert_eq!(frames(TEXT.as_bytes(), SIZE), Some(3));
        assert_eq!(frames(TEXT.as_bytes(), (320, 176)), None, "of pictures of another size");
    }

    #[test]
    fn what_libx264_does_not_write_is_not_read() {
        let changes = [
            ("rc_lookahead=50", "rc_lookahead=99999999"),
            ("in:1 ", "in:2 "),
            ("in:1 ", "in:3 "),
            ("in:1 ", "in:-1 "),
            ("out:2", "out:1"),
            ("type:b", "type:x"),
            ("dur:2 cpbdur:2 q:35.19", "dur:0 cpbdur:2 q:35.19"),
            ("q:35.19", "q:nan"),
            ("q:35.19", "q:1e9"),
            ("tex:367", "tex:-1"),
            ("smb:150", "smb:99999999999"),
            ("d:t", "d:tt"),
            ("w:5,", "w:31,"),
            (",64,-128", ",64,-32768"),
            (",64,-128", ""),
            ("ref:12 0 0", "ref:12 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"),
            ("ref:12 0 0 ;\n", "ref:12 0 0 ;"),
            ("rc=abr", "rc=abr;"),
        ];
        for (from, to) in changes {
            let changed = TEXT.replace(from, to);
            assert_ne!(changed, TEXT, "{from}");
            assert_eq!(frames(changed.as_bytes(), SIZE), None, "{to}");
        }
        assert_eq!(frames(b"#options: 320x180 \n", SIZE), None);
        assert_eq!(frames(b"", SIZE), None);
    }
}
