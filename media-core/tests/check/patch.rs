//! Breaking exactly one thing in boxes that are right.

/// Where the `nth` box of that kind begins: its size, then its kind.
pub(crate) fn find(file: &[u8], kind: &[u8; 4], nth: usize) -> usize {
    let mut all = file.windows(4).enumerate().filter(|(_, window)| window == kind).map(|(at, _)| at - 4);
    all.nth(nth).unwrap_or_else(|| panic!("no {} of number {nth}", kind.escape_ascii()))
}

/// The file with bytes replaced `offset` bytes into the `nth` box of that kind.
pub(crate) fn set(file: &[u8], kind: &[u8; 4], nth: usize, offset: usize, bytes: &[u8]) -> Vec<u8> {
    let at = find(file, kind, nth) + offset;
    let mut file = file.to_vec();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

/// The file with a box put at the end of the box at the end of a path, whose sizes grow.
pub(crate) fn insert(file: &[u8], path: &[&[u8; 4]], new: &[u8]) -> Vec<u8> {
    let mut file = file.to_vec();
    let (mut from, mut end) = (0, file.len());
    for kind in path {
        let at = from + find(&file[from..end], kind, 0);
        let size = u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"));
        file[at..at + 4].copy_from_slice(&(size + new.len() as u32).to_be_bytes());
        (from, end) = (at + 8, at + size as usize);
    }
    file.splice(end..end, new.iter().copied());
    file
}

/// The file without the `nth` box of that kind in the box at the end of a path, whose sizes shrink.
pub(crate) fn remove(file: &[u8], path: &[&[u8; 4]], kind: &[u8; 4], nth: usize) -> Vec<u8> {
    let mut file = file.to_vec();
    let at = find(&file, kind, nth);
    let size = u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"));
    for outer in path {
        // The last box of that kind that begins before.
        let outer = (0..).map_while(|nth| {
            let all = file.windows(4).enumerate().filter(|(_, window)| window == outer);
            all.map(|(at, _)| at - 4).nth(nth)
        });
        let outer = outer.take_while(|outer| *outer < at).last().expect("a box around it");
        let whole = u32::from_be_bytes(file[outer..outer + 4].try_into().expect("four bytes"));
        file[outer..outer + 4].copy_from_slice(&(whole - size).to_be_bytes());
    }
    file.drain(at..at + size as usize);
    file
}

/// A box.
pub(crate) fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(8 + body.len() as u32).to_be_bytes(), &kind[..], body].concat()
}
