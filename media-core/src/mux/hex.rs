//! Boxes and elements as a person writes them down, for tests.

/// Bytes from hexadecimal digits with spaces between, and names of boxes in single quotes; `#` begins a comment.
pub(in crate::mux) fn bytes(text: &str) -> Vec<u8> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let mut out = Vec::new();
    for (index, part) in lines.collect::<String>().split('\'').enumerate() {
        if index % 2 == 1 {
            out.extend_from_slice(part.as_bytes());
            continue;
        }
        let digits: Vec<char> = part.chars().filter(|char| !char.is_whitespace()).collect();
        let pairs = digits.chunks(2).map(|pair| pair.iter().collect::<String>());
        out.extend(pairs.map(|pair| u8::from_str_radix(&pair, 16).expect("two hexadecimal digits")));
    }
    out
}
