use super::*;

#[test]
fn t2_codes_that_no_header_lists_have_a_text() {
    for code in [VERY_NEW, c::VPX_CODEC_MEM_ERROR] {
        let Error::Codec { detail, .. } = context::failure("vpx_codec_encode", code, "") else { panic!() };
        assert!(!detail.is_empty());
    }
}

#[test]
fn a_beat_counts_from_the_last_key_frame() {
    let mut beat = Beat { every: 3, since: 0 };
    // The first frame is a key frame by itself.
    let keys: Vec<bool> = (0..10).map(|number| beat.next(number == 5)).collect();
    let at: Vec<usize> = (0..10).filter(|number| keys[*number]).collect();
    assert_eq!(at, [3, 5, 8]);
}

const VERY_NEW: c::vpx_codec_err_t = 4711;
