//! What the log was told: a `tracing` subscriber that keeps lines, or panics over them.

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

#[derive(Clone, Default)]
pub struct Lines {
    kept: Arc<Mutex<Vec<(Level, String)>>>,
    panics: bool,
}

impl Lines {
    pub fn panicking() -> Self {
        Self { panics: true, ..Self::default() }
    }

    pub fn of(&self, level: Level) -> Vec<String> {
        let kept = self.kept.lock().unwrap();
        kept.iter().filter(|(of, _)| *of == level).map(|(_, line)| line.clone()).collect()
    }
}

impl Subscriber for Lines {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        self.kept.lock().unwrap().push((*event.metadata().level(), text.0));
        assert!(!self.panics, "a subscriber that panics");
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!("{field}={value:?} ");
    }
}
