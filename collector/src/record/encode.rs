//! Writes payloads.

use tidemark_core::consent::Mode;
use tidemark_core::id::Uuid;
use tidemark_core::noticed::DeviceClass;
use tidemark_core::sanitise::screen;

use super::attributes::Attributes;
use super::column::{push_text, push_truth, push_uuid, push_var};
use super::{Kind, Record, Rejection, VERSION};

/// What writing a payload found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Encoded {
    /// Attribute values that did not fit their column, and stand beside it.
    pub misfits: u64,
}

/// Writes payloads; keeps its buffers, and the last path's screen, because the
/// events of a batch mostly come from one page.
#[derive(Debug, Default)]
pub struct Encoder {
    attributes: Attributes,
    path: String,
    screen: String,
}

impl Encoder {
    /// An encoder with empty buffers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends an event's payload to `out`.
    pub fn event(&mut self, record: &Record<'_>, out: &mut Vec<u8>) -> Encoded {
        let context = &record.context;
        if self.screen.is_empty() || self.path != context.page_path {
            self.path.clear();
            self.path.push_str(&context.page_path);
            self.screen = if self.path.is_empty() { String::new() } else { screen(&self.path) };
        }
        let misfits = self.attributes.split(record.attributes);

        out.extend_from_slice(&[VERSION, Kind::Event as u8]);
        push_uuid(out, record.tenant_id.0);
        push_uuid(out, record.site_id.0);
        push_uuid(out, record.event_id.0);
        push_uuid(out, or_nil(record.session_id));
        push_uuid(out, or_nil(record.anonymous_id));
        out.extend_from_slice(&record.occurred_at_ms.to_le_bytes());
        out.extend_from_slice(&record.received_at_ms.to_le_bytes());
        out.extend_from_slice(&record.expires_at.to_le_bytes());
        push_text(out, &record.event_name);
        push_text(out, &record.user_id);
        push_text(out, &context.page_path);
        push_text(out, &self.screen);
        push_text(out, &context.page_url);
        push_text(out, &context.page_referrer);
        push_text(out, &context.page_title);
        push_text(out, &record.schema_version);
        push_text(out, &record.source);
        push_text(out, &context.user_agent);
        for size in [
            context.viewport_width,
            context.viewport_height,
            context.screen_width,
            context.screen_height,
        ] {
            out.extend_from_slice(&size.to_le_bytes());
        }
        push_text(out, &context.locale);
        push_truth(out, context.consent.analytics);
        push_truth(out, context.consent.ads);
        push_text(
            out,
            match (context.consent_mode_said, context.consent.mode) {
                (false, _) => "",
                (true, Mode::Full) => "full",
                (true, Mode::Cookieless) => "cookieless",
            },
        );
        let seldom = [
            &context.app_version,
            &context.environment,
            &context.gtm_container_id,
            &context.campaign_source,
            &context.campaign_medium,
            &context.campaign_name,
            &context.campaign_term,
            &context.campaign_content,
            &context.sdk_name,
            &context.sdk_version,
        ];
        if seldom.iter().all(|text| text.is_empty()) {
            out.extend_from_slice(&[0; 10]);
        } else {
            seldom.iter().for_each(|text| push_text(out, text));
        }
        push_var(out, context.sdk_detects.len());
        for name in &context.sdk_detects {
            push_text(out, name);
        }
        push_text(out, &record.country);
        push_text(out, &record.region);
        push_text(out, &record.client_ip_prefix);
        push_text(out, self.attributes.misfit());
        self.attributes.push_column(out);
        push_var(out, record.flags.words().count());
        for word in record.flags.words() {
            push_text(out, word);
        }
        push_text(out, record.device_class.map_or("", DeviceClass::as_str));
        Encoded { misfits }
    }

    /// Appends a rejection's payload to `out`.
    pub fn rejection(&mut self, rejection: &Rejection<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&[VERSION, Kind::Rejection as u8]);
        push_uuid(out, rejection.tenant_id.0);
        push_uuid(out, rejection.site_id.0);
        push_uuid(out, or_nil(rejection.event_id));
        out.extend_from_slice(&rejection.received_at_ms.to_le_bytes());
        out.extend_from_slice(&rejection.expires_at.to_le_bytes());
        push_text(out, rejection.verdict.as_str());
        push_text(out, rejection.code.as_str());
        push_text(out, &rejection.pointer);
        push_text(out, rejection.hop.as_str());
    }
}

fn or_nil(id: Option<Uuid>) -> [u8; 16] {
    id.unwrap_or_default().0
}
