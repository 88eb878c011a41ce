//! The body of the signed hop: the batch as the edge judged it.
//!
//! The batch's context stays beside the events, unmerged: merging it here would
//! send it once an event. Times are corrected already, so that the sender's
//! `sent_at` and `clock_offset_ms` do not travel on.

use tidemark_core::json::write_string;
use tidemark_core::judge::{JudgedBatch, Site};
use tidemark_core::time::format_rfc3339;

/// Writes the events at `open` of a judged batch, in order.
pub fn write(
    site: &Site,
    batch_name: Option<&str>,
    received_at_ms: i64,
    judged: &JudgedBatch,
    open: &[usize],
) -> String {
    let events = || open.iter().filter_map(|index| judged.events.get(*index));
    let bytes: usize = events().map(|event| event.text.len()).fold(0, usize::saturating_add);
    let mut out = String::with_capacity(bytes.saturating_add(1_024));
    out.push('{');
    if let Some(batch_name) = batch_name {
        out.push_str("\"batch_id\":");
        write_string(&mut out, batch_name);
        out.push(',');
    }
    out.push_str("\"tenant_id\":\"");
    site.tenant_id.push_to(&mut out);
    out.push_str("\",\"site_id\":\"");
    site.site_id.push_to(&mut out);
    out.push_str("\",\"received_at\":\"");
    format_rfc3339(received_at_ms, &mut out);
    out.push('"');
    if let Some(context) = &judged.context {
        out.push_str(",\"context\":");
        out.push_str(context);
    }
    out.push_str(",\"events\":[");
    for (position, event) in events().enumerate() {
        if position > 0 {
            out.push(',');
        }
        out.push_str(&event.text);
    }
    out.push_str("]}");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::batch::{Batch, Form};
    use tidemark_core::id::Uuid;
    use tidemark_core::judge::Judged;
    use tidemark_core::verdict::Verdict;

    #[test]
    fn the_collector_reads_what_is_written() {
        let site = Site { tenant_id: Uuid([1; 16]), site_id: Uuid([2; 16]), ..Site::default() };
        let event = |text: &str| Judged {
            event_id: None,
            verdict: Verdict::Accepted,
            fault: None,
            text: text.into(),
            findings: Vec::new(),
        };
        let judged = JudgedBatch {
            context: Some(r#"{"locale":"de"}"#.into()),
            events: vec![event(r#"{"n":0}"#), event(""), event(r#"{"n":2}"#)],
        };
        let body = write(&site, Some("b\"1"), 1_767_323_045_678, &judged, &[0, 2]);
        let batch = Batch::read(body.as_bytes(), Form::Hop).unwrap();
        assert_eq!(batch.batch_id.as_deref(), Some("b\"1"));
        assert_eq!((batch.tenant_id, batch.site_id), (Some(site.tenant_id), Some(site.site_id)));
        assert_eq!(batch.received_at_ms, Some(1_767_323_045_678));
        assert_eq!(batch.context.unwrap().raw(), r#"{"locale":"de"}"#);
        assert_eq!(
            batch.events.iter().map(|e| e.raw()).collect::<Vec<_>>(),
            [r#"{"n":0}"#, r#"{"n":2}"#]
        );
        let nameless = write(&site, None, 0, &JudgedBatch::default(), &[]);
        assert_eq!(Batch::read(nameless.as_bytes(), Form::Hop).unwrap().batch_id, None);
    }
}
