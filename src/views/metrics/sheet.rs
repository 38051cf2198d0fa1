//! A sheet of metrics that is written at once, without keeping any between two scrapes.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::Unit;

use crate::domain::Durations;

/// Labels of one series: names and values.
pub(super) type Labels<'l, const N: usize> = [(&'static str, &'l str); N];

/// What a metric is called, less `camdock_` before it and its unit and kind after it; what it says; and in which unit.
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) unit: Option<Unit>,
}

impl Metric {
    pub(super) const fn of(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: None }
    }

    pub(super) const fn bytes(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: Some(Unit::Bytes) }
    }

    pub(super) const fn seconds(name: &'static str, help: &'static str) -> Self {
        Self { name, help, unit: Some(Unit::Seconds) }
    }
}

/// Where metrics are written, one after another.
pub(super) struct Sheet<'e>(pub(super) DescriptorEncoder<'e>);

impl Sheet<'_> {
    /// What is so now.
    pub(super) fn gauge<'l, const N: usize>(
        &mut self,
        Metric { name, help, unit }: Metric,
        series: impl IntoIterator<Item = (Labels<'l, N>, u64)>,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Gauge)?;
        series.into_iter().try_for_each(|(labels, value)| metric.encode_family(&labels)?.encode_gauge(&value))
    }

    /// What only grows.
    pub(super) fn counter<'l, const N: usize>(
        &mut self,
        Metric { name, help, unit }: Metric,
        series: impl IntoIterator<Item = (Labels<'l, N>, u64)>,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Counter)?;
        let no_example: Option<&Exemplar<NoLabelSet, u64>> = None;
        series
            .into_iter()
            .try_for_each(|(labels, value)| metric.encode_family(&labels)?.encode_counter(&value, no_example))
    }

    /// How long something took, each time.
    pub(super) fn durations<'l, 'd, const N: usize>(
        &mut self,
        Metric { name, help, unit }: Metric,
        series: impl IntoIterator<Item = (Labels<'l, N>, &'d Durations)>,
    ) -> fmt::Result {
        let mut metric = self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Histogram)?;
        series.into_iter().try_for_each(|(labels, durations)| {
            let bounds = Durations::BOUNDS.into_iter().map(f64::from).zip(durations.within);
            // That is how the library knows the last one, which has no bound.
            let classes: Vec<_> = bounds.chain([(f64::MAX, durations.longer)]).collect();
            let total = durations.total.as_secs_f64();
            metric.encode_family(&labels)?.encode_histogram::<NoLabelSet>(total, durations.times(), &classes, None)
        })
    }

    /// What is told in words.
    pub(super) fn info<const N: usize>(
        &mut self,
        Metric { name, help, unit }: Metric,
        words: &Labels<'_, N>,
    ) -> fmt::Result {
        self.0.encode_descriptor(name, help, unit.as_ref(), MetricType::Info)?.encode_info(words)
    }
}
