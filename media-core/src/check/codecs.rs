//! Codecs parameters, RFC 6381 and the codecs' own: whether one is written as it must be.

/// Why a single codec of a codecs parameter is not right; `None` where it is, or is of a codec that is not known here.
pub(super) fn fault(codec: &str) -> Option<&'static str> {
    let mut parts = codec.split('.');
    let name = parts.next().unwrap_or("");
    let fields: Vec<&str> = parts.collect();
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let digits = |text: &&str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    match name {
        "avc1" | "avc3" => match fields[..] {
            [field] if field.len() == 6 && hex(field) => None,
            _ => Some("avc1 has six hexadecimal digits: profile, constraints, level"),
        },
        "hvc1" | "hev1" => {
            let compatible = |text: &str| (1..=8).contains(&text.len()) && hex(text);
            let level = |text: &str| {
                let number = text.strip_prefix(['L', 'H']);
                number.is_some_and(|number| number.parse::<u8>().is_ok())
            };
            let profile = |text: &str| {
                let text = text.strip_prefix(['A', 'B', 'C']).unwrap_or(text);
                text.parse::<u8>().is_ok_and(|idc| idc < 32)
            };
            match fields[..] {
                [space, flags, tier, ref rest @ ..]
                    if profile(space)
                        && compatible(flags)
                        && level(tier)
                        && rest.len() <= 6
                        && rest.iter().all(|byte| (1..=2).contains(&byte.len()) && hex(byte)) =>
                {
                    None
                }
                _ => Some("hvc1 has profile, compatibility, tier and level, constraints"),
            }
        }
        "vp08" | "vp09" => {
            let long = fields.len() == 3 || (5..=8).contains(&fields.len());
            (!(long && fields.iter().all(digits)))
                .then_some("vp09 has profile, level and depth of two digits each")
        }
        "av01" => match fields[..] {
            [profile, level, depth, ..]
                if matches!(profile, "0" | "1" | "2")
                    && level.len() == 3
                    && level.ends_with(['M', 'H'])
                    && digits(&depth) =>
            {
                None
            }
            _ => Some("av01 has profile, level and tier, depth"),
        },
        "mp4a" => match fields[..] {
            [kind, ..] if kind.len() == 2 && hex(kind) => None,
            _ => Some("mp4a has an object type of two hexadecimal digits"),
        },
        "" => Some("no name"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn codecs_are_as_their_standards_write_them() {
        for right in [
            "avc1.64001f",
            "hvc1.1.6.L93.B0",
            "hvc1.2.4.H120.90.0",
            "vp09.00.31.08",
            "vp09.02.10.10.01.09.16.09.01",
            "av01.0.04M.08",
            "mp4a.40.2",
            "opus",
            "stpp.ttml.im1t",
        ] {
            assert_eq!(fault(right), None, "{right}");
        }
        // The last is what an encoder wrote that could not count.
        for wrong in ["avc1.4", "avc1", "hvc1.4.L.B01", "vp09.0.10.8", "vp09", "av01.0.4M.8", "mp4a", ""] {
            assert!(fault(wrong).is_some(), "{wrong}");
        }
    }
}
