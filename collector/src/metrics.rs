//! What the collector counts about itself, for Prometheus.
//!
//! Every series exists from the start at zero, so that a rate can be computed
//! from the first scrape on. Names end in their unit; label values come from
//! closed sets alone, so that no sender can make series.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, describe_counter, describe_gauge};
use metrics::{describe_histogram, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tidemark_core::id::Uuid;
use tidemark_core::verdict::{Code, EventVerdict, Verdict};

use crate::refusal::Refused;

mod log;
mod writer;

use log::LogSeries;
pub use log::LogSnapshot;
use writer::WriterSeries;
pub use writer::WriterSnapshot;

/// Upper bounds in seconds: a local insert takes 5 to 50 ms, the time-out 20 s.
const INSERT_BUCKETS: [f64; 12] =
    [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 20.0];

/// Upper bounds in seconds: an answer is promised in 50 ms at the 99th percentile and
/// alerted at 200 ms, a query at 5 s; the longest request takes 40 s.
const REQUEST_BUCKETS: [f64; 12] =
    [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 40.0];

/// Upper bounds in seconds: an SSD syncs in 0.1 to 5 ms, a busy disk in 100.
const FSYNC_BUCKETS: [f64; 12] =
    [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];

/// Upper bounds in seconds from capture to storage: a block closes after 0.2, the
/// promise is 1; a page keeps events for up to six days.
const AGE_BUCKETS: [f64; 12] =
    [0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 600.0, 3_600.0, 86_400.0, 604_800.0];

/// Upper bounds in rows of a block, up to its bound of 50,000.
const ROW_BUCKETS: [f64; 10] =
    [1.0, 10.0, 100.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 25_000.0, 50_000.0];

/// Upper bounds in bytes of a block's records, up to its bound of 8 MiB.
const BYTE_BUCKETS: [f64; 7] =
    [1024.0, 16_384.0, 131_072.0, 524_288.0, 1_048_576.0, 4_194_304.0, 8_388_608.0];

const EVENTS: &str = "tidemark_events_total";
const RECEIVED: &str = "tidemark_events_received_total";
const BATCHES: &str = "tidemark_batches_total";
const REFUSED: &str = "tidemark_ingest_refused_total";
const SIGNATURE_FAILURES: &str = "tidemark_signature_failures_total";
const IN_FLIGHT: &str = "tidemark_ingest_in_flight";
const INSERT_SECONDS: &str = "tidemark_insert_duration_seconds";
const INSERT_FAILURES: &str = "tidemark_insert_failures_total";
const MISFITS: &str = "tidemark_attributes_misfit_total";
const REQUEST_SECONDS: &str = "tidemark_request_duration_seconds";
const DATA_FREE: &str = "tidemark_data_free_bytes";
const MIGRATION_REFUSED: &str = "tidemark_migration_refused";
const ERASURES: &str = "tidemark_erasures_unfinished";
const FSYNC_SECONDS: &str = "tidemark_fsync_duration_seconds";
const BLOCK_ROWS: &str = "tidemark_block_rows";
const BLOCK_BYTES: &str = "tidemark_block_bytes";
const PROCESSING_SECONDS: &str = "tidemark_processing_latency_seconds";

/// Why an insert failed, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertFailure {
    /// ClickHouse did not answer.
    Unavailable,
    /// ClickHouse refused.
    Refused,
}

/// What a request is for, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Events are sent.
    Ingest,
    /// Something is asked.
    Query,
    /// A prober or Prometheus.
    Probe,
}

impl Endpoint {
    const ALL: [(Self, &'static str); 3] =
        [(Self::Ingest, "ingest"), (Self::Query, "query"), (Self::Probe, "probe")];
}

/// How a request ended, as a label: the caller's fault, or ours.
const OUTCOMES: [&str; 3] = ["answered", "refused", "failed"];

/// The collector's own series.
pub struct Metrics {
    handle: PrometheusHandle,
    received: Counter,
    verdicts: [Counter; 2],
    faults: Vec<(Verdict, Code, Counter)>,
    batches: Counter,
    refused: Vec<(&'static str, Counter)>,
    stale_signatures: Counter,
    invalid_signatures: Counter,
    in_flight: Gauge,
    insert_seconds: Histogram,
    fsync_seconds: Histogram,
    block_rows: Histogram,
    block_bytes: Histogram,
    processing_seconds: Histogram,
    inserts_unavailable: Counter,
    inserts_refused: Counter,
    misfits: Counter,
    writer: WriterSeries,
    log: LogSeries,
    requests: Vec<(Endpoint, [Histogram; 3])>,
    data_free: Gauge,
    migration_refused: Gauge,
    erasures: Gauge,
}

/// The metrics cannot be set up; the cause is a bucket list that is no list.
#[derive(Debug, thiserror::Error)]
#[error("the metrics cannot be set up")]
pub struct MetricsError(#[from] metrics_exporter_prometheus::BuildError);

/// Counts one ingest call as under way for as long as it lives.
pub struct InFlight<'a>(&'a Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl Metrics {
    /// Registers every series at zero.
    ///
    /// # Errors
    /// [`MetricsError`] when the exporter refuses the buckets.
    pub fn new() -> Result<Self, MetricsError> {
        let buckets: [(&str, &[f64]); 6] = [
            (INSERT_SECONDS, &INSERT_BUCKETS),
            (REQUEST_SECONDS, &REQUEST_BUCKETS),
            (FSYNC_SECONDS, &FSYNC_BUCKETS),
            (BLOCK_ROWS, &ROW_BUCKETS),
            (BLOCK_BYTES, &BYTE_BUCKETS),
            (PROCESSING_SECONDS, &AGE_BUCKETS),
        ];
        let mut builder = PrometheusBuilder::new();
        for (name, bounds) in buckets {
            builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), bounds)?;
        }
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        Ok(with_local_recorder(&recorder, || Self::register(handle)))
    }

    fn register(handle: PrometheusHandle) -> Self {
        describe_counter!(RECEIVED, "Events of batches that were answered.");
        describe_counter!(
            EVENTS,
            "Events by verdict, and by code where there is one; their sum is the received."
        );
        describe_counter!(BATCHES, "Batches answered with verdicts.");
        describe_counter!(REFUSED, "Ingest calls refused as a whole, by code.");
        describe_counter!(
            SIGNATURE_FAILURES,
            "Ingest calls whose signature did not hold, by reason."
        );
        describe_gauge!(IN_FLIGHT, "Ingest calls under way.");
        describe_histogram!(
            INSERT_SECONDS,
            "Time of an insert that ClickHouse answered, in seconds."
        );
        describe_histogram!(FSYNC_SECONDS, "Time of an fsync of a file, in seconds.");
        describe_histogram!(BLOCK_ROWS, "Rows of a block that was inserted.");
        describe_histogram!(BLOCK_BYTES, "Bytes of the records of a block that was inserted.");
        describe_histogram!(
            PROCESSING_SECONDS,
            "Time from an event's capture to its row in ClickHouse, in seconds, of up to 100 events a block."
        );
        describe_counter!(INSERT_FAILURES, "Inserts that failed, by reason.");
        describe_counter!(MISFITS, "Attribute values that did not fit their column.");
        describe_histogram!(
            REQUEST_SECONDS,
            "Time from a request's head to its answer's, in seconds, by what it is for and how it ended."
        );
        describe_gauge!(DATA_FREE, "Bytes that may still be written below data.dir.");
        describe_gauge!(
            MIGRATION_REFUSED,
            "1 while the database does not go with this program, so that nothing is written."
        );
        describe_gauge!(ERASURES, "Erasures of people that are not finished.");
        let plain =
            |verdict: Verdict| counter!(EVENTS, "verdict" => verdict.as_str(), "code" => "");
        let faults = Code::ALL
            .iter()
            .filter_map(|code| {
                let verdict = code.verdict()?;
                let labels = [("verdict", verdict.as_str()), ("code", code.as_str())];
                Some((verdict, *code, counter!(EVENTS, &labels)))
            })
            .collect();
        Self {
            handle,
            received: counter!(RECEIVED),
            verdicts: [plain(Verdict::Accepted), plain(Verdict::Duplicate)],
            faults,
            batches: counter!(BATCHES),
            refused: Refused::codes()
                .map(|code| (code, counter!(REFUSED, "code" => code)))
                .collect(),
            stale_signatures: counter!(SIGNATURE_FAILURES, "reason" => "stale"),
            invalid_signatures: counter!(SIGNATURE_FAILURES, "reason" => "invalid"),
            in_flight: gauge!(IN_FLIGHT),
            insert_seconds: histogram!(INSERT_SECONDS),
            fsync_seconds: histogram!(FSYNC_SECONDS),
            block_rows: histogram!(BLOCK_ROWS),
            block_bytes: histogram!(BLOCK_BYTES),
            processing_seconds: histogram!(PROCESSING_SECONDS),
            inserts_unavailable: counter!(INSERT_FAILURES, "reason" => "unavailable"),
            inserts_refused: counter!(INSERT_FAILURES, "reason" => "refused"),
            misfits: counter!(MISFITS),
            writer: WriterSeries::register(),
            log: LogSeries::register(),
            requests: Endpoint::ALL
                .map(|(endpoint, name)| {
                    let series = |outcome| {
                        histogram!(REQUEST_SECONDS, "endpoint" => name, "outcome" => outcome)
                    };
                    (endpoint, OUTCOMES.map(series))
                })
                .into(),
            data_free: gauge!(DATA_FREE),
            migration_refused: gauge!(MIGRATION_REFUSED),
            erasures: gauge!(ERASURES),
        }
    }

    /// Notes a request that was answered with a status.
    pub fn answered(&self, endpoint: Endpoint, status: u16, took: Duration) {
        let series = self.requests.iter().find(|(of, _)| *of == endpoint);
        if let Some((_, [answered, refused, failed])) = series {
            match status {
                0..400 => answered.record(took),
                400..500 => refused.record(took),
                _ => failed.record(took),
            }
        }
    }

    /// Notes how much may still be written below the data directory.
    pub fn data_free(&self, bytes: u64) {
        self.data_free.set(bytes as f64);
    }

    /// Notes whether the database goes with this program.
    pub fn migration_refused(&self, refused: bool) {
        self.migration_refused.set(f64::from(u8::from(refused)));
    }

    /// Notes how many erasures are not finished.
    pub fn erasures(&self, unfinished: usize) {
        self.erasures.set(unfinished as f64);
    }

    /// Counts a call as under way until the guard goes.
    pub fn in_flight(&self) -> InFlight<'_> {
        self.in_flight.increment(1.0);
        InFlight(&self.in_flight)
    }

    /// Counts an answered batch and each of its verdicts.
    pub fn batch_answered(&self, verdicts: &[EventVerdict<Uuid>]) {
        self.batches.increment(1);
        self.received.increment(verdicts.len() as u64);
        // Counters are shared by all threads: one step a batch, not one an event.
        let (mut accepted, mut duplicate) = (0, 0);
        for event in verdicts {
            match event.verdict {
                Verdict::Accepted => accepted += 1,
                Verdict::Duplicate => duplicate += 1,
                Verdict::Rejected | Verdict::Dropped => self.count_fault(event),
            }
        }
        self.verdicts[0].increment(accepted);
        self.verdicts[1].increment(duplicate);
    }

    fn count_fault(&self, event: &EventVerdict<Uuid>) {
        let code = event.fault.as_ref().map(|fault| fault.code);
        let series = self
            .faults
            .iter()
            .find(|(verdict, of, _)| *verdict == event.verdict && Some(*of) == code);
        if let Some((_, _, counter)) = series {
            counter.increment(1);
        }
    }

    /// Counts a call that was refused as a whole.
    pub fn batch_refused(&self, refused: &Refused) {
        match refused {
            Refused::StaleSignature => self.stale_signatures.increment(1),
            Refused::InvalidSignature => self.invalid_signatures.increment(1),
            _ => {}
        }
        let code = refused.code();
        if let Some((_, counter)) = self.refused.iter().find(|(of, _)| *of == code) {
            counter.increment(1);
        }
    }

    /// Notes an insert that ClickHouse answered: its time, rows, and their records' bytes.
    #[expect(clippy::cast_precision_loss, reason = "a block's bounds are far below 2^53")]
    pub fn inserted(&self, took: Duration, rows: usize, bytes: usize) {
        self.insert_seconds.record(took);
        self.block_rows.record(rows as f64);
        self.block_bytes.record(bytes as f64);
    }

    /// Notes how long after its capture an event was in ClickHouse. A page's clock
    /// may be ahead: that is no time.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of centuries are below 2^53")]
    pub fn stored_after(&self, age_ms: i64) {
        self.processing_seconds.record(age_ms.max(0) as f64 / 1e3);
    }

    /// Notes how long an fsync took.
    pub fn synced(&self, took: Duration) {
        self.fsync_seconds.record(took);
    }

    /// Counts an insert that failed.
    pub fn insert_failed(&self, failure: InsertFailure) {
        match failure {
            InsertFailure::Unavailable => self.inserts_unavailable.increment(1),
            InsertFailure::Refused => self.inserts_refused.increment(1),
        }
    }

    /// Counts attribute values that went to the side column.
    pub fn misfits(&self, count: u64) {
        self.misfits.increment(count);
    }

    /// Takes over what the writers have counted.
    pub fn writers(&self, snapshot: &WriterSnapshot) {
        self.writer.take(snapshot);
    }

    /// Takes over what the log has counted.
    pub fn log(&self, snapshot: &LogSnapshot) {
        self.log.take(snapshot);
    }

    /// Every series in Prometheus' text format.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    /// Moves observed durations into their buckets; called now and then, so that
    /// they do not pile up where nobody scrapes.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

#[cfg(test)]
mod tests {
    use tidemark_core::verdict::Fault;

    use super::*;

    fn value(text: &str, series: &str) -> Option<f64> {
        let line = text.lines().find(|line| line.starts_with(series))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    #[test]
    fn every_series_exists_at_zero() {
        let text = Metrics::new().unwrap().render();
        for series in [
            "tidemark_events_received_total ",
            "tidemark_events_total{verdict=\"accepted\",code=\"\"}",
            "tidemark_events_total{verdict=\"rejected\",code=\"wrong_type\"}",
            "tidemark_events_total{verdict=\"dropped\",code=\"consent\"}",
            "tidemark_batches_total ",
            "tidemark_ingest_refused_total{code=\"store_unavailable\"}",
            "tidemark_signature_failures_total{reason=\"stale\"}",
            "tidemark_ingest_in_flight ",
            "tidemark_insert_failures_total{reason=\"refused\"}",
            "tidemark_attributes_misfit_total ",
            "tidemark_writer_violations_total ",
            "tidemark_invariant_violations_total{invariant=\"places_are_unique\"}",
            "tidemark_writer_old_copy_lanes ",
            "tidemark_migration_refused ",
            "tidemark_erasures_unfinished ",
            "tidemark_log_lag_entries ",
            "tidemark_log_unsent_bytes ",
            "tidemark_dedupe_hits_total ",
            "tidemark_dedupe_bytes_per_id ",
        ] {
            assert_eq!(value(&text, series), Some(0.0), "{series}\n{text}");
        }
    }

    #[test]
    fn verdicts_sum_up_to_the_received() {
        let metrics = Metrics::new().unwrap();
        let event = |verdict, code: Option<Code>| EventVerdict {
            event_id: None,
            verdict,
            fault: code.map(|code| Fault::new(code, "")),
        };
        metrics.batch_answered(&[
            event(Verdict::Accepted, None),
            event(Verdict::Rejected, Some(Code::WrongType)),
            event(Verdict::Dropped, Some(Code::Consent)),
            event(Verdict::Duplicate, None),
        ]);
        let text = metrics.render();
        let sum: f64 = text
            .lines()
            .filter(|line| line.starts_with("tidemark_events_total{"))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum();
        assert_eq!(Some(sum), value(&text, "tidemark_events_received_total "));
        assert_eq!(sum, 4.0);
    }

    #[test]
    fn the_call_under_way_ends_with_its_guard() {
        let metrics = Metrics::new().unwrap();
        let guard = metrics.in_flight();
        assert_eq!(value(&metrics.render(), "tidemark_ingest_in_flight "), Some(1.0));
        drop(guard);
        assert_eq!(value(&metrics.render(), "tidemark_ingest_in_flight "), Some(0.0));
    }

    #[test]
    fn a_request_counts_by_its_end() {
        let metrics = Metrics::new().unwrap();
        for status in [200, 404, 503, 503] {
            metrics.answered(Endpoint::Ingest, status, Duration::from_millis(30));
        }
        let text = metrics.render();
        let bucket = |outcome: &str, le: &str| {
            let labels = format!("endpoint=\"ingest\",outcome=\"{outcome}\",le=\"{le}\"");
            value(&text, &format!("{REQUEST_SECONDS}_bucket{{{labels}}}"))
        };
        assert_eq!((bucket("failed", "0.025"), bucket("failed", "0.05")), (Some(0.0), Some(2.0)));
        assert_eq!((bucket("answered", "0.05"), bucket("refused", "0.05")), (Some(1.0), Some(1.0)));
    }

    #[test]
    fn inserts_are_a_histogram() {
        let metrics = Metrics::new().unwrap();
        metrics.inserted(Duration::from_millis(7), 100, 90_000);
        metrics.stored_after(300);
        metrics.synced(Duration::from_micros(400));
        let text = metrics.render();
        assert_eq!(value(&text, "tidemark_block_rows_bucket{le=\"100\"}"), Some(1.0));
        assert_eq!(value(&text, "tidemark_block_rows_bucket{le=\"10\"}"), Some(0.0));
        assert_eq!(
            value(&text, "tidemark_processing_latency_seconds_bucket{le=\"0.25\"}"),
            Some(0.0)
        );
        assert_eq!(
            value(&text, "tidemark_fsync_duration_seconds_bucket{le=\"0.0005\"}"),
            Some(1.0)
        );
        let bucket = |le: &str| {
            value(&text, &format!("tidemark_insert_duration_seconds_bucket{{le=\"{le}\"}}"))
        };
        assert_eq!((bucket("0.005"), bucket("0.01")), (Some(0.0), Some(1.0)));
    }
}
