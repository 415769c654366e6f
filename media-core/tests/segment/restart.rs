//! A segmenter that goes on where another one was.

use media_core::segment::{Config, Output, ResumeError, Segmenter, State};
use media_core::timeline;

use crate::stream::{SECOND, camera, mixed, pictures, tracks};

fn config() -> Config {
    Config { first_number: 100, part: Some(SECOND / 5), ..Config::new(2 * SECOND) }
}

fn run(segmenter: &mut Segmenter, stream: impl IntoIterator<Item = timeline::Output>) -> Vec<Output> {
    let mut outputs = Vec::new();
    for output in stream {
        segmenter.push(output).unwrap();
        outputs.extend(std::iter::from_fn(|| segmenter.poll()));
    }
    outputs
}

fn cuts(outputs: &[Output]) -> Vec<(u64, u32, bool)> {
    let cut = |output: &Output| match output {
        Output::Cut(cut) => Some((cut.number, cut.generation, cut.discontinuity)),
        _ => None,
    };
    outputs.iter().filter_map(cut).collect()
}

#[test]
fn numbers_go_on_behind_a_discontinuity() {
    let stream = || [tracks([pictures()])].into_iter().chain(mixed(camera(0..5000, 2000)));
    let mut segmenter = Segmenter::new(config());
    assert_eq!(segmenter.state().number, 100);
    let before = run(&mut segmenter, stream());
    assert_eq!(cuts(&before), [(100, 0, false), (101, 0, false)]);
    let state: State = segmenter.state().to_string().parse().unwrap();
    assert_eq!((state.number, state.discontinuities, state.generation), (102, 0, 1));
    assert_eq!(state.end, Some(14 * SECOND));
    drop(segmenter);

    let mut segmenter = Segmenter::resume(config(), &state).unwrap();
    let after = run(&mut segmenter, stream());
    let part =
        after.iter().find_map(|output| if let Output::Part(part) = output { Some(part) } else { None });
    let part = part.unwrap();
    assert_eq!((part.number, part.index, part.generation, part.discontinuity), (102, 0, 1, true));
    assert_eq!(cuts(&after), [(102, 1, true), (103, 1, false)]);
    assert_eq!(segmenter.state(), State { number: 104, discontinuities: 1, generation: 2, ..state });
}

#[test]
fn a_stream_that_had_not_begun_begins() {
    let state = Segmenter::new(config()).state();
    let mut segmenter = Segmenter::resume(config(), &state).unwrap();
    let outputs = run(&mut segmenter, [tracks([pictures()])].into_iter().chain(mixed(camera(0..3000, 2000))));
    assert_eq!(cuts(&outputs), [(100, 0, false)]);
}

#[test]
fn other_targets_are_refused() {
    let state = Segmenter::new(config()).state();
    let other = Config { target_duration: 9, ..config() };
    let error = ResumeError::TargetDuration { found: 9, expected: 4 };
    assert_eq!(Segmenter::resume(other, &state).unwrap_err(), error);
    assert_eq!(error.to_string(), "target duration of 9 s, the stream began with 4 s");
}
