//! Byte ranges (RFC 9110 section 14): a single one is served, several are not worth a multipart body.

use std::ops::Range;

/// What a `Range` header asks of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: no header, one we do not serve, or one that makes no sense, all of which RFC 9110 section 14.2 says to ignore.
    All,
    /// These bytes, at least one.
    Part(Range<u64>),
    /// Nothing that is there: status 416.
    Nothing,
}

/// Reads `header` for a body of `length` bytes.
pub(super) fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let Some((first, last)) = header.and_then(|header| header.strip_prefix("bytes=")?.split_once('-')) else {
        return Wanted::All;
    };
    let (first, last) = (first.trim(), last.trim());
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first > last => Wanted::All,
        (Ok(first), _) if first >= length && (last.is_empty() || last.parse::<u64>().is_ok()) => {
            Wanted::Nothing
        }
        (Ok(first), Ok(last)) => Wanted::Part(first..last.saturating_add(1).min(length)),
        (Ok(first), Err(_)) if last.is_empty() => Wanted::Part(first..length),
        (Err(_), Ok(suffix)) if first.is_empty() => match suffix.min(length) {
            0 => Wanted::Nothing,
            suffix => Wanted::Part(length - suffix..length),
        },
        _ => Wanted::All,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        let part = |range| Wanted::Part(range);
        for (header, expected) in [
            ("bytes=0-0", part(0..1)),
            ("bytes=2-5", part(2..6)),
            ("bytes=7-", part(7..10)),
            ("bytes=-3", part(7..10)),
            ("bytes=-30", part(0..10)),
            ("bytes=5-999", part(5..10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=10-20", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-2", Wanted::All),
            ("bytes=0-1,4-5", Wanted::All),
            ("bytes=a-b", Wanted::All),
            ("bytes=-", Wanted::All),
            ("chunks=0-1", Wanted::All),
        ] {
            assert_eq!(wanted(Some(header), 10), expected, "{header}");
        }
        assert_eq!(wanted(None, 10), Wanted::All);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Nothing);
        assert_eq!(wanted(Some("bytes=0-18446744073709551615"), 10), part(0..10));
    }
}
