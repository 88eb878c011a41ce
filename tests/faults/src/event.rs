//! The events that are sent: what each holds, so that it can be counted without
//! asking anybody.

use serde_json::{Value, json};
use tidemark_stack::Random;
use tidemark_stack::hop::{now_ms, rfc3339};
use tidemark_stack::stack::TENANTS;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// The id of nobody.
pub const NIL: &str = "00000000-0000-0000-0000-000000000000";

/// What an event has in its attributes that somebody counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// `action`, of thread_lifecycle.
    pub action: Option<&'static str>,
    /// `agent.id`.
    pub agent_id: Option<String>,
    /// `response_time_ms`.
    pub response_time_ms: Option<u32>,
    /// `duration_ms`.
    pub duration_ms: Option<u32>,
    /// `tokens_consumed`.
    pub tokens: Option<u32>,
    /// `satisfaction_score`.
    pub satisfaction: Option<u32>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which of the tenants.
    pub tenant: usize,
    /// Its id.
    pub id: String,
    /// What happened.
    pub name: &'static str,
    /// When, Unix milliseconds.
    pub occurred_ms: i64,
    /// When the edge received it, Unix milliseconds.
    pub received_ms: i64,
    /// Its session.
    pub session: Option<String>,
    /// Its visitor.
    pub visitor: Option<String>,
    /// Its user; empty for none.
    pub user: String,
    /// The path of its page, and that path's screen.
    pub page: Option<(&'static str, &'static str)>,
    /// Whether it says the consent to analytics, without the one to ads.
    pub consents: bool,
    /// What is counted of its attributes.
    pub facts: Facts,
}

impl Event {
    /// A new event of somebody. `held` makes one that the edge received in an
    /// earlier month, so that a block has two partitions.
    pub fn new(random: &mut Random, tenant: usize, held: bool) -> Self {
        let names = [
            "chat_interaction",
            "thread_lifecycle",
            "message.sent",
            "conversation.started",
            "agent.error",
            "workflow.executed",
            "performance_metric",
            "page.viewed",
            "ui.clicked",
            "ui.rage_click",
        ];
        let name = random.pick(&names).copied().unwrap_or("page.viewed");
        let back = if held { 33 * DAY_MS } else { 0 };
        let received_ms = now_ms().saturating_sub_unsigned(back);
        let late =
            if random.one_in(4) { random.below(3 * DAY_MS) } else { random.below(MINUTE_MS) };
        let person = random.below(40);
        let id_of = |kind: u64| format!("0190f5f6-7e2a-7c3b-{kind:04x}-{person:012x}");
        let pages = [("/pricing", "/pricing"), ("/orders/1234", "/orders/*"), ("/", "/")];
        let agent_id = Some(format!("agent-{}", random.below(5)));
        let number = |random: &mut Random, end| u32::try_from(random.below(end)).ok();
        let facts = match name {
            "chat_interaction" => Facts {
                response_time_ms: number(random, 5_000),
                tokens: number(random, 900),
                ..Facts::default()
            },
            "thread_lifecycle" => Facts {
                action: random.pick(&["created", "continued", "completed"]).copied(),
                ..Facts::default()
            },
            "message.sent" => Facts {
                agent_id,
                response_time_ms: number(random, 5_000),
                tokens: number(random, 900),
                satisfaction: number(random, 6),
                ..Facts::default()
            },
            "conversation.started" | "agent.error" | "workflow.executed" => {
                Facts { agent_id, ..Facts::default() }
            }
            "performance_metric" => {
                Facts { duration_ms: number(random, 10_000), ..Facts::default() }
            }
            _ => Facts::default(),
        };
        Self {
            tenant,
            id: random.uuid(),
            name,
            occurred_ms: received_ms.saturating_sub_unsigned(late),
            received_ms,
            session: (!random.one_in(5)).then(|| id_of(0x8001)),
            visitor: (!random.one_in(5)).then(|| id_of(0x8002)),
            user: if random.one_in(2) { format!("u-{person}") } else { String::new() },
            page: random.pick(&pages).copied().filter(|_| !random.one_in(4)),
            consents: random.one_in(2),
            facts,
        }
    }

    /// Its tenant's id.
    pub fn tenant_id(&self) -> &'static str {
        TENANTS[self.tenant].0
    }

    /// Its site's id.
    pub fn site_id(&self) -> &'static str {
        TENANTS[self.tenant].1
    }

    fn attributes(&self) -> Value {
        let mut attributes = match self.name {
            "chat_interaction" => json!({
                "thread_id": "t-1", "message_id": "m-1", "message_type": "ai_response",
                "prompt_length": 7, "is_follow_up": false,
            }),
            "thread_lifecycle" => json!({"thread_id": "t-1", "action": self.facts.action}),
            "performance_metric" => json!({"metric_type": "api_call", "success": true}),
            "ui.clicked" => json!({"selector": "button.buy"}),
            "ui.rage_click" => json!({"selector": "button.buy", "click_count": 4}),
            _ => json!({}),
        };
        if self.name == "ui.rage_click" {
            attributes["duration_ms"] = json!(300);
        }
        let facts = &self.facts;
        let numbers = [
            ("response_time_ms", facts.response_time_ms),
            ("duration_ms", facts.duration_ms),
            ("tokens_consumed", facts.tokens),
            ("satisfaction_score", facts.satisfaction),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                attributes[name] = json!(number);
            }
        }
        if let Some(agent_id) = &facts.agent_id {
            attributes["agent.id"] = json!(agent_id);
        }
        attributes
    }

    /// As the edge forwards it.
    pub fn json(&self) -> Value {
        let mut event = json!({
            "event_id": self.id,
            "event_name": self.name,
            "occurred_at": rfc3339(self.occurred_ms),
            "received_at": rfc3339(self.received_ms),
            "tenant_id": self.tenant_id(),
            "site_id": self.site_id(),
            "source": "web",
            "attributes": self.attributes(),
        });
        if let Some(session) = &self.session {
            event["session_id"] = json!(session);
        }
        if let Some(visitor) = &self.visitor {
            event["anonymous_id"] = json!(visitor);
        }
        if !self.user.is_empty() {
            event["user_id"] = json!(self.user);
        }
        if let Some((path, _)) = self.page {
            event["context"]["page"] =
                json!({"url": format!("https://shop.example{path}"), "path": path});
        }
        if self.consents {
            event["context"]["consent"] = json!({"analytics": true, "ads": false, "mode": "full"});
        }
        event
    }
}

/// A batch of events of one tenant, as the edge forwards it.
pub fn batch(events: &[Event]) -> Vec<u8> {
    let (tenant, site) = TENANTS[events.first().map_or(0, |event| event.tenant)];
    let events: Vec<Value> = events.iter().map(Event::json).collect();
    json!({"batch_id": "b", "tenant_id": tenant, "site_id": site,
           "received_at": rfc3339(now_ms()), "events": events})
    .to_string()
    .into_bytes()
}
