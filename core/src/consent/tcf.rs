//! IAB TCF 2.2, as a `__tcfapi('addEventListener', 2, …)` callback tells it.
//!
//! Read of its `TCData`: `gdprApplies`, `cmpStatus`, `eventStatus`,
//! `purpose.consents`, `publisher.legitimateInterests`, and where the site names a
//! vendor `vendor.consents[id]`. Not read: `tcString` (its content is in the
//! object), `purpose.legitimateInterests` and `publisher.restrictions` (they speak
//! of vendors of the global list, which a site's own analytics is not),
//! `publisher.consents` (most consent tools leave it empty),
//! `purposeOneTreatment` (storage wants consent whatever a country's law),
//! `outOfBand`, `specialFeatureOptins`.
//!
//! Source: IAB Tech Lab, "Consent Management Platform API" (TCData,
//! addEventListener, "What does the gdprApplies value mean?"); IAB Europe,
//! "Transparency & Consent Framework Policies", appendix A (purposes, and which
//! of them a legitimate interest may carry).

/// Purpose 1: store and access information on a device. Consent only.
const STORE: u16 = 1 << 1;
/// Purposes 8, 9 and 10, which behaviour analytics pursues: measure content,
/// understand audiences through statistics, develop and improve services.
const MEASURE: u16 = 1 << 8 | 1 << 9 | 1 << 10;
/// Purposes 2, 3, 4 and 7: select advertising, profile for it, select by
/// profiles, measure it.
const ADVERTISE: u16 = 1 << 2 | 1 << 3 | 1 << 4 | 1 << 7;
/// Purposes that a publisher's legitimate interest may carry instead of consent:
/// those that measure. The framework allows it for 2 too; we do not take it.
const INTEREST: u16 = MEASURE | 1 << 7;

/// How far the consent tool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TcfStatus {
    /// It is there, and has not said anything yet.
    Loading,
    /// Its dialogue is open: what was chosen before stands until it is answered.
    Asking,
    /// The visitor has chosen, now or on an earlier page.
    Chosen,
    /// It failed: it says nothing, and nobody waits for it.
    Failed,
}

impl TcfStatus {
    /// Reads `cmpStatus` and `eventStatus`.
    pub fn read(cmp_status: &str, event_status: &str) -> Self {
        match (cmp_status, event_status) {
            ("error", _) => Self::Failed,
            (_, "tcloaded" | "useractioncomplete") => Self::Chosen,
            (_, "cmpuishown") => Self::Asking,
            _ => Self::Loading,
        }
    }
}

/// What one callback told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tcf {
    /// `gdprApplies`; `None` is not known yet.
    pub gdpr_applies: Option<bool>,
    /// How far the consent tool is.
    pub status: TcfStatus,
    /// `purpose.consents`: bit n is purpose n.
    pub consents: u16,
    /// `publisher.legitimateInterests`: bit n is purpose n.
    pub legitimate_interests: u16,
    /// `vendor.consents[id]` where the site names a vendor.
    pub vendor: Option<bool>,
}

impl Tcf {
    /// Whether the choice lets behaviour be measured under ids in storage.
    pub const fn analytics(self) -> bool {
        self.allows(STORE | MEASURE)
    }

    /// Whether the choice lets data be used for advertising.
    pub const fn ads(self) -> bool {
        self.allows(STORE | ADVERTISE)
    }

    const fn allows(self, purposes: u16) -> bool {
        let allowed = self.consents | self.legitimate_interests & INTEREST;
        allowed & purposes == purposes && !matches!(self.vendor, Some(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(consents: &[u16], interests: &[u16]) -> Tcf {
        let bits = |purposes: &[u16]| purposes.iter().fold(0, |bits, purpose| bits | 1 << purpose);
        Tcf {
            gdpr_applies: Some(true),
            status: TcfStatus::Chosen,
            consents: bits(consents),
            legitimate_interests: bits(interests),
            vendor: None,
        }
    }

    #[test]
    fn every_set_of_purposes_has_its_answer() {
        for consents in 0..1_u16 << 12 {
            for interests in [0, 0b1111 << 7, !0] {
                let tcf = Tcf { consents, legitimate_interests: interests, ..chosen(&[], &[]) };
                let has = |purpose: u16| consents >> purpose & 1 == 1;
                let may = |purpose: u16| has(purpose) || interests >> purpose & 1 == 1;
                assert_eq!(tcf.analytics(), has(1) && may(8) && may(9) && may(10), "{consents:b}");
                let ads = has(1) && has(2) && has(3) && has(4) && may(7);
                assert_eq!(tcf.ads(), ads, "{consents:b}");
                let unlisted = Tcf { vendor: Some(false), ..tcf };
                assert!(!unlisted.analytics() && !unlisted.ads());
                assert_eq!(Tcf { vendor: Some(true), ..tcf }.analytics(), tcf.analytics());
            }
        }
    }

    #[test]
    fn an_interest_carries_measurement_and_never_storage() {
        assert!(chosen(&[1], &[8, 9, 10]).analytics());
        assert!(!chosen(&[8, 9, 10], &[1]).analytics());
        assert!(!chosen(&[1, 7], &[2, 3, 4]).ads());
    }

    #[test]
    fn statuses_are_read() {
        for (cmp, event, status) in [
            ("loaded", "tcloaded", TcfStatus::Chosen),
            ("loaded", "useractioncomplete", TcfStatus::Chosen),
            ("loaded", "cmpuishown", TcfStatus::Asking),
            ("error", "tcloaded", TcfStatus::Failed),
            ("stub", "", TcfStatus::Loading),
            ("loading", "", TcfStatus::Loading),
            ("loaded", "something_new", TcfStatus::Loading),
        ] {
            assert_eq!(TcfStatus::read(cmp, event), status, "{cmp} {event}");
        }
    }
}
