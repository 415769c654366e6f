//! `/metrics` in the Prometheus text format. What MediaMTX has too bears the same name.

use std::fmt;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use super::App;
use crate::stream::Path;

pub(super) async fn metrics(State(app): State<App>) -> Response {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(app));
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &registry) {
        Ok(()) => ([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text)
            .into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Collector for App {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut out = Families { app: self, encoder };
        out.each("paths", "Paths, by state", |path, out| {
            out.gauge(&[("name", path.name()), ("state", path.status().state.name())], 1)
        })?;
        out.counters("paths_inbound_bytes", "Bytes from the source", |path| path.stats.inbound_bytes.get())?;
        out.counters("paths_outbound_bytes", "Bytes to readers", |path| path.stats.outbound_bytes.get())?;
        out.counters("paths_inbound_frames", "Access units from the source", |path| path.stats.frames.get())?;
        out.counters("paths_reconnects", "Connections to the source after the first", |path| {
            path.stats.reconnects.get()
        })?;
        out.gauges("paths_readers", "Readers of the last seconds", |path| path.readers.count() as f64)?;
        out.gauges("paths_fps", "Pictures per second", |path| {
            path.stats.measured().millihertz as f64 / 1000.0
        })?;
        out.gauges("paths_bitrate_bps", "Media bits per second", |path| {
            path.stats.measured().bitrate as f64
        })?;
        out.gauges("paths_gop_seconds", "Distance of the last two key frames", |path| {
            path.stats.measured().gop_millis as f64 / 1000.0
        })?;
        out.gauges("paths_stored_bytes", "Segments in memory", |path| {
            path.stats.measured().stored_bytes as f64
        })?;
        out.each("paths_timestamp_repairs", "Timestamps repaired, by cause", |path, out| {
            let repairs = path.stats.measured().repairs;
            repairs.iter().try_for_each(|(cause, count)| {
                out.counter(&[("name", path.name()), ("cause", cause)], *count)
            })
        })?;
        out.each("paths_drops", "Units not handed on, by cause", |path, out| {
            let drops = path.stats.drops();
            drops.iter().try_for_each(|(cause, count)| {
                out.counter(&[("name", path.name()), ("cause", cause)], *count)
            })
        })
    }
}

/// Writes one family after the other, each with a line or more for every path.
struct Families<'a, 'e> {
    app: &'a App,
    encoder: DescriptorEncoder<'e>,
}

/// Collects the lines of a family: the encoder wants the type before the first, and all of one family together.
#[derive(Default)]
struct Lines {
    counters: Vec<(Vec<(String, String)>, u64)>,
    gauges: Vec<(Vec<(String, String)>, f64)>,
}

impl Lines {
    fn counter(&mut self, labels: &[(&str, &str)], value: u64) -> fmt::Result {
        self.counters.push((owned(labels), value));
        Ok(())
    }

    fn gauge(&mut self, labels: &[(&str, &str)], value: u32) -> fmt::Result {
        self.gauges.push((owned(labels), f64::from(value)));
        Ok(())
    }
}

fn owned(labels: &[(&str, &str)]) -> Vec<(String, String)> {
    labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

impl Families<'_, '_> {
    fn counters(&mut self, name: &str, help: &str, value: impl Fn(&Path) -> u64) -> fmt::Result {
        self.each(name, help, |path, lines| lines.counter(&[("name", path.name())], value(path)))
    }

    fn gauges(&mut self, name: &str, help: &str, value: impl Fn(&Path) -> f64) -> fmt::Result {
        self.each(name, help, |path, lines| {
            lines.gauges.push((owned(&[("name", path.name())]), value(path)));
            Ok(())
        })
    }

    fn each(
        &mut self,
        name: &str,
        help: &str,
        line: impl Fn(&Path, &mut Lines) -> fmt::Result,
    ) -> fmt::Result {
        let mut lines = Lines::default();
        for path in self.app.paths.values() {
            line(path, &mut lines)?;
        }
        if !lines.counters.is_empty() {
            let kind = ConstCounter::new(0_u64).metric_type();
            let mut family = self.encoder.encode_descriptor(name, help, None, kind)?;
            for (labels, value) in &lines.counters {
                ConstCounter::new(*value).encode(family.encode_family(labels)?)?;
            }
        }
        if !lines.gauges.is_empty() {
            let kind = ConstGauge::new(0.0).metric_type();
            let mut family = self.encoder.encode_descriptor(name, help, None, kind)?;
            for (labels, value) in &lines.gauges {
                ConstGauge::new(*value).encode(family.encode_family(labels)?)?;
            }
        }
        Ok(())
    }
}
