//! One data point a call for Analytics Engine: who was counted, and how much.
//!
//! Its places are a contract with the queries that read them (docs/deploying-the-edge.md):
//! new ones are appended. Nothing of an event or a person is in it.

use tidemark_core::id::Uuid;
use tidemark_core::judge::Site;
use tidemark_core::verdict::{Code, EventVerdict, Tally};

/// A data point; `received` is always the sum of the four verdicts.
#[derive(Clone, Debug, PartialEq)]
pub struct DataPoint {
    /// `index1`: the tenant's id, `-` where the call did not get that far.
    pub index: String,
    /// `blob1` the site's id, `blob2` `answered` or `refused`, `blob3` the refusal's code.
    pub blobs: [String; 3],
    /// `double1` received, then accepted, duplicate, rejected, dropped.
    pub doubles: [f64; 5],
}

impl DataPoint {
    /// Of a call that was answered with verdicts.
    pub fn answered(site: &Site, verdicts: &[EventVerdict<Uuid>]) -> Self {
        let mut tally = Tally::default();
        verdicts.iter().for_each(|line| tally.count(line.verdict));
        let counts = [tally.accepted, tally.duplicate, tally.rejected, tally.dropped];
        let [accepted, duplicate, rejected, dropped] = counts.map(|count| count as f64);
        let received = verdicts.len() as f64;
        Self {
            index: site.tenant_id.to_string(),
            blobs: [site.site_id.to_string(), String::from("answered"), String::new()],
            doubles: [received, accepted, duplicate, rejected, dropped],
        }
    }

    /// Of a call that was refused as a whole.
    pub fn refused(code: Code) -> Self {
        Self {
            index: String::from("-"),
            blobs: [String::new(), String::from("refused"), String::from(code.as_str())],
            doubles: [0.0; 5],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidemark_core::verdict::Verdict;

    #[test]
    fn received_is_the_sum_of_the_verdicts() {
        let line = |verdict| EventVerdict { event_id: None, verdict, fault: None };
        let site = Site { tenant_id: Uuid([1; 16]), site_id: Uuid([2; 16]), ..Site::default() };
        let verdicts = [
            line(Verdict::Accepted),
            line(Verdict::Accepted),
            line(Verdict::Duplicate),
            line(Verdict::Rejected),
            line(Verdict::Dropped),
        ];
        let point = DataPoint::answered(&site, &verdicts);
        assert_eq!(point.doubles, [5.0, 2.0, 1.0, 1.0, 1.0]);
        assert_eq!(point.index, site.tenant_id.to_string());
        let [site_id, outcome, code] = point.blobs;
        assert_eq!(
            (site_id, outcome.as_str(), code.as_str()),
            (site.site_id.to_string(), "answered", "")
        );
    }

    #[test]
    fn a_refusal_tells_its_code_alone() {
        let point = DataPoint::refused(Code::InvalidJson);
        assert_eq!(point.index, "-");
        assert_eq!(point.blobs, ["", "refused", "invalid_json"].map(String::from));
        assert_eq!(point.doubles, [0.0; 5]);
    }
}
