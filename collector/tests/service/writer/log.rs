//! A log in memory: what stands in front of the writer is not what is tested here.

use std::sync::Mutex;

use bytes::Bytes;
use tidemark_collector::log::{Content, Item, LogError, LogReader, Ownership, Stored};
use tidemark_collector::place::{Lane, LogId};
use tidemark_collector::record::{Encoder, Record, RecordView, Rejection};
use uuid::Uuid;

pub struct MemoryLog {
    id: LogId,
    lanes: Vec<Mutex<Vec<Item>>>,
}

impl MemoryLog {
    pub fn new(lanes: usize) -> Self {
        Self { id: Uuid::new_v4(), lanes: (0..lanes).map(|_| Mutex::default()).collect() }
    }

    pub fn push(&self, lane: usize, record: &Record<'_>) {
        let mut payload = Vec::new();
        Encoder::new().event(record, &mut payload);
        self.append(lane, payload);
    }

    pub fn push_rejection(&self, lane: usize, rejection: &Rejection<'_>) {
        let mut payload = Vec::new();
        Encoder::new().rejection(rejection, &mut payload);
        self.append(lane, payload);
    }

    fn append(&self, lane: usize, payload: Vec<u8>) {
        let view = RecordView::read(&payload).unwrap();
        let (tenant_id, event_id) = (view.tenant_id().0, view.event_id().0);
        let received_at_ms = view.received_at_ms();
        let mut items = self.lanes[lane].lock().unwrap();
        let offset = items.len() as u64;
        items.push(Item {
            offset,
            content: Content::Entry(Stored {
                tenant_id: Uuid::from_bytes(tenant_id),
                event_id: Uuid::from_bytes(event_id),
                received_at_ms,
                payload: Bytes::from(payload),
            }),
        });
    }
}

impl LogReader for MemoryLog {
    fn log_id(&self) -> LogId {
        self.id
    }

    fn ownership(&self) -> Ownership {
        let lanes = u16::try_from(self.lanes.len()).unwrap();
        Ownership { epoch: 0, lanes: (0..lanes).collect() }
    }

    fn durable_end(&self, lane: Lane) -> u64 {
        self.lanes[usize::from(lane)].lock().unwrap().len() as u64
    }

    fn begin(&self, _lane: Lane) -> u64 {
        0
    }

    fn read(
        &self,
        lane: Lane,
        from: u64,
        max_entries: usize,
        max_bytes: usize,
    ) -> Result<Vec<Item>, LogError> {
        let items = self.lanes[usize::from(lane)].lock().unwrap();
        let mut bytes = 0;
        let after = items.iter().skip(usize::try_from(from).unwrap()).take(max_entries);
        let fitting = after.take_while(|item| {
            let fits = bytes < max_bytes;
            if let Content::Entry(stored) = &item.content {
                bytes += stored.payload.len();
            }
            fits
        });
        Ok(fitting.cloned().collect())
    }

    fn release(&self, _lane: Lane, _offset: u64) -> Result<(), LogError> {
        Ok(())
    }
}
