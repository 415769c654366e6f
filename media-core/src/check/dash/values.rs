//! Values of attributes: durations and dates of XML Schema, ranges.

/// `xs:duration` without years and months, in nanoseconds.
pub(super) fn duration(text: &str) -> Option<u64> {
    let rest = text.strip_prefix('P')?;
    let (days, time) = rest.split_once('T').map_or((rest, ""), |(days, time)| (days, time));
    let mut total = 0_u64;
    let mut parts = 0;
    let units: [(&str, &[(char, u64)]); 2] = [
        // A manifest may speak of years and months, of no length in particular: those of ISO 8601's profile for media, as players count.
        (days, &[('Y', 365 * 86_400), ('M', 30 * 86_400), ('D', 86_400)]),
        (time, &[('H', 3600), ('M', 60), ('S', 1)]),
    ];
    for (mut part, units) in units {
        for (unit, seconds) in units {
            let Some((number, rest)) = part.split_once(*unit) else { continue };
            part = rest;
            parts += 1;
            total = total.checked_add(decimal(number)?.checked_mul(*seconds)?)?;
        }
        if !part.is_empty() {
            return None;
        }
    }
    (parts > 0).then_some(total)
}

/// A decimal number, in billionths.
fn decimal(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let mut nanos = whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?;
    let mut unit = 100_000_000;
    for digit in fraction.bytes().take(9) {
        nanos = nanos.checked_add(u64::from(digit - b'0') * unit)?;
        unit /= 10;
    }
    Some(nanos)
}

/// `first-last`.
pub(super) fn range(text: &str) -> Option<(u64, u64)> {
    let (first, last) = text.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        assert_eq!(duration("PT1.5S"), Some(1_500_000_000));
        assert_eq!(duration("P1DT1H1M0.001S"), Some(90_060_001_000_000));
        assert_eq!(["P", "PT", "1S", "PT1", "PTS", "PT-1S", "PT1S1H"].map(duration), [None; 7]);
        assert_eq!((range("0-9"), range("9-0"), range("1")), (Some((0, 9)), None, None));
    }
}
