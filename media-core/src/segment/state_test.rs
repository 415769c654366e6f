use super::*;

const STATE: State = State {
    number: 7,
    discontinuities: 1,
    generation: 2,
    target_duration: 4,
    part: None,
    format: Format::MpegTs,
    end: None,
};

#[test]
fn lines_read_back() {
    for part in [None, Some(i64::MAX)] {
        for end in [None, Some(-1)] {
            for format in [Format::Fmp4, Format::MpegTs, Format::Webm, Format::PackedAudio] {
                let state = State { part, end, format, ..STATE };
                assert_eq!(state.to_string().parse(), Ok(state));
            }
        }
    }
}

#[test]
fn what_is_no_state_is_refused() {
    let refused = |line: &str| line.parse::<State>().unwrap_err();
    assert_eq!(refused(""), ParseStateError::Version { found: String::new() });
    assert!(matches!(refused("segment-state-2 number=1"), ParseStateError::Version { .. }));
    assert_eq!(refused("segment-state-1 number=-1"), ParseStateError::Value { key: "number" });
    let line = STATE.to_string().replace("mpegts", "avi");
    assert_eq!(refused(&line), ParseStateError::Value { key: "format" });
}

#[test]
fn other_targets_do_not_fit() {
    let config = Config { target_duration: 4, format: Format::MpegTs, ..Config::new(1) };
    assert_eq!(STATE.fits(&config), Ok(()));
    let other = Config { target_duration: 5, ..config.clone() };
    assert_eq!(STATE.fits(&other), Err(ResumeError::TargetDuration { found: 5, expected: 4 }));
    let other = Config { part: Some(1), ..config.clone() };
    assert_eq!(STATE.fits(&other), Err(ResumeError::Part { found: Some(1), expected: None }));
    let other = Config { format: Format::Fmp4, ..config };
    let error = ResumeError::Format { found: Format::Fmp4, expected: Format::MpegTs };
    assert_eq!(STATE.fits(&other), Err(error));
}
