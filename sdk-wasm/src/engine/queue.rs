//! Events that wait: for consent, for their batch, for the network.
//!
//! Bounded by count and bytes. When it is full the oldest goes first, counted:
//! what a person does now explains what they do next. What an event says is
//! fixed when it enters; who it is from is added only once consent allows it.

use alloc::{string::String, vec::Vec};

use tidemark_core::id::Uuid;

use super::{event, push};

/// Events that wait at most: ten full batches.
pub const MAX_EVENTS: usize = 1000;
/// Bytes that wait at most: 1,000 events of a usual 500 bytes.
pub const MAX_BYTES: usize = 512 * 1024;

/// One event's JSON text, without the brace that closes it: ids may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The open JSON text.
    pub text: String,
    /// Whether session_id and anonymous_id are in it.
    pub identified: bool,
    /// The chunk of the durable queue that holds it; 0 for none.
    pub chunk: u32,
}

/// What is older is not sent: the receiver would refuse it after seven days.
pub const MAX_AGE_MS: i64 = 6 * 86_400_000;

impl Waiting {
    /// When it happened, by its id: Unix milliseconds.
    fn at_ms(&self) -> Option<i64> {
        let id = Uuid::parse(self.text.get(ID..ID + 36)?)?;
        Some(id.0.iter().take(6).fold(0, |ms, byte| ms << 8 | i64::from(*byte)))
    }
}

/// Where the id stands in an event's text: behind `{"event_id":"`.
const ID: usize = 13;

/// The events that wait, oldest first.
#[derive(Debug, Default)]
pub struct Queue {
    events: Vec<Waiting>,
    bytes: usize,
}

impl Queue {
    /// How many events wait.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// How many bytes they are.
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The events, oldest first.
    pub fn events(&self) -> &[Waiting] {
        &self.events
    }

    /// Takes that no chunk holds the events any more.
    pub fn unsave(&mut self) {
        for event in &mut self.events {
            event.chunk = 0;
        }
    }

    /// Adds the newest event and returns the old ones that had to go for it.
    pub fn push(&mut self, event: Waiting) -> Vec<Waiting> {
        self.bytes += event.text.len();
        self.events.push(event);
        self.excess()
    }

    /// Takes the oldest events as far as there are too many.
    pub fn excess(&mut self) -> Vec<Waiting> {
        let (mut count, mut bytes) = (0, self.bytes);
        for old in &self.events {
            if self.events.len() - count <= MAX_EVENTS && bytes <= MAX_BYTES {
                break;
            }
            bytes -= old.text.len();
            count += 1;
        }
        self.take(count, usize::MAX)
    }

    /// Takes the oldest events as far as they are older than [`MAX_AGE_MS`].
    pub fn expired(&mut self, now_ms: i64) -> Vec<Waiting> {
        let is_old = |event: &Waiting| event.at_ms().is_some_and(|at| now_ms - at > MAX_AGE_MS);
        let count = self.events.iter().position(|event| !is_old(event));
        self.take(count.unwrap_or(self.events.len()), usize::MAX)
    }

    /// Takes the oldest events: at most `max_events`, and no more than fit into
    /// `max_bytes` with a comma each; but always one, when there is one.
    pub fn take(&mut self, max_events: usize, max_bytes: usize) -> Vec<Waiting> {
        let mut count = 0;
        let mut bytes = 0;
        for event in self.events.iter().take(max_events) {
            // The closing brace and the comma.
            bytes += event.text.len() + 2;
            if count > 0 && bytes > max_bytes {
                break;
            }
            count += 1;
        }
        // One by one: `split_off` brings an allocator of its own. A batch moves the rest
        // a hundred times, 20 bytes an event.
        let mut taken = Vec::new();
        for _ in 0..count {
            let event = self.events.remove(0);
            self.bytes -= event.text.len();
            taken.push(event);
        }
        taken
    }

    /// Puts events that could not leave back to the front.
    pub fn put_back(&mut self, mut events: Vec<Waiting>) {
        for event in &events {
            self.bytes += event.text.len();
        }
        while !self.events.is_empty() {
            events.push(self.events.remove(0));
        }
        self.events = events;
    }

    /// How many events the durable queue does not hold yet.
    pub fn unsaved(&self) -> u32 {
        self.events.iter().filter(|event| event.chunk == 0).count() as u32
    }

    /// The events that no chunk holds, a closed line each, which `chunk` holds now.
    pub fn save(&mut self, chunk: u32) -> String {
        let mut out = String::new();
        for event in &mut self.events {
            if event.chunk == 0 {
                event.chunk = chunk;
                push(&mut out, &[&event.text, "}\n"]);
            }
        }
        out
    }

    /// The events in lines that [`Queue::save`] wrote. A line that is no object is
    /// passed over, and what else is no JSON the page leaves out (storage.js): it
    /// would cost its whole batch, and storage is anybody's on the page's origin.
    pub fn read(mut lines: &str) -> Vec<Waiting> {
        let mut events = Vec::new();
        // By hand: `split` costs a page 700 bytes.
        while let Some(end) = lines.bytes().position(|byte| byte == b'\n') {
            let line = lines.get(..end).unwrap_or_default();
            lines = lines.get(end + 1..).unwrap_or_default();
            if let Ok(mut text) = event::clean_object(line)
                && !line.is_empty()
                && text.ends_with("}")
            {
                text.truncate(text.len() - 1);
                events.push(Waiting { text, identified: true, chunk: 0 });
            }
        }
        events
    }

    /// Appends `ids` to every event that has none yet.
    pub fn identify(&mut self, ids: &str) {
        for event in &mut self.events {
            if !event.identified {
                event.text.push_str(ids);
                event.identified = true;
                self.bytes += ids.len();
            }
        }
    }

    /// Forgets every event and returns how many there were.
    pub fn clear(&mut self) -> u32 {
        self.bytes = 0;
        core::mem::take(&mut self.events).len() as u32
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;
    use alloc::{collections::VecDeque, string::ToString};
    use proptest::prelude::*;

    #[derive(Clone, Debug)]
    enum Step {
        Push(usize),
        Take(usize, usize),
        TakeAndPutBack(usize),
        Identify,
        Clear,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            8 => (0..3000_usize).prop_map(Step::Push),
            2 => (60_000..70_000_usize).prop_map(Step::Push),
            2 => (0..200_usize, 0..70_000_usize).prop_map(|(n, bytes)| Step::Take(n, bytes)),
            1 => (0..200_usize).prop_map(Step::TakeAndPutBack),
            1 => Just(Step::Identify),
            1 => Just(Step::Clear),
        ]
    }

    fn event(number: usize, length: usize) -> Waiting {
        let mut text = number.to_string();
        text.extend(core::iter::repeat_n('x', length));
        Waiting { text, identified: false, chunk: 0 }
    }

    /// The queue again, as plainly as it can be said.
    #[derive(Default)]
    struct Model(VecDeque<Waiting>);

    impl Model {
        fn bytes(&self) -> usize {
            self.0.iter().map(|event| event.text.len()).sum()
        }

        fn take(&mut self, max_events: usize, max_bytes: usize) -> Vec<Waiting> {
            let mut taken: Vec<Waiting> = Vec::new();
            while let Some(event) = self.0.front() {
                let bytes: usize = taken.iter().map(|taken| taken.text.len() + 2).sum();
                let fits = taken.is_empty() || bytes + event.text.len() + 2 <= max_bytes;
                if taken.len() >= max_events || !fits {
                    break;
                }
                taken.extend(self.0.pop_front());
            }
            taken
        }
    }

    proptest! {
        #[test]
        fn the_queue_does_what_its_model_does(steps in prop::collection::vec(step(), 0..300)) {
            let (mut queue, mut model) = (Queue::default(), Model::default());
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Push(length) => {
                        let gone = queue.push(event(number, length));
                        model.0.push_back(event(number, length));
                        let mut expected = Vec::new();
                        while model.0.len() > MAX_EVENTS || model.bytes() > MAX_BYTES {
                            expected.extend(model.0.pop_front());
                        }
                        prop_assert_eq!(gone, expected);
                    }
                    Step::Take(events, bytes) => {
                        prop_assert_eq!(queue.take(events, bytes), model.take(events, bytes));
                    }
                    Step::TakeAndPutBack(events) => {
                        let taken = queue.take(events, MAX_BYTES);
                        queue.put_back(taken);
                    }
                    Step::Identify => {
                        queue.identify(",id");
                        for event in model.0.iter_mut().filter(|event| !event.identified) {
                            event.text.push_str(",id");
                            event.identified = true;
                        }
                    }
                    Step::Clear => {
                        prop_assert_eq!(queue.clear() as usize, model.0.len());
                        model.0.clear();
                    }
                }
                prop_assert_eq!(&queue.events, &Vec::from_iter(model.0.iter().cloned()));
                prop_assert_eq!(queue.bytes, model.bytes());
            }
        }
    }

    #[test]
    fn what_was_written_is_read_again_and_nothing_else() {
        let mut queue = Queue::default();
        for number in 0..3 {
            let text = ["{\"n\":", &number.to_string()].concat();
            queue.push(Waiting { text, identified: true, chunk: 0 });
        }
        assert_eq!(queue.unsaved(), 3);
        let lines = queue.save(7);
        assert_eq!(queue.unsaved(), 0);
        let torn = &lines[..4];
        let read = Queue::read(&["no json\n[1]\n", &lines, torn].concat());
        let texts: Vec<&str> = read.iter().map(|event| &*event.text).collect();
        assert_eq!(texts, ["{\"n\":0", "{\"n\":1", "{\"n\":2"]);
        assert!(queue.events.iter().all(|event| event.chunk == 7));
        assert!(read.iter().all(|event| event.chunk == 0 && event.identified));
    }

    #[test]
    fn what_is_older_than_six_days_goes() {
        let now_ms = 1_795_262_400_000;
        let mut queue = Queue::default();
        for age_ms in [MAX_AGE_MS + 1, MAX_AGE_MS, 0, -1000] {
            let mut text = String::from("{\"event_id\":\"");
            Uuid::v7(now_ms - age_ms, [7; 10]).push_to(&mut text);
            text.push('"');
            queue.push(Waiting { text, identified: true, chunk: 0 });
        }
        assert_eq!(queue.expired(now_ms).len(), 1);
        assert_eq!(queue.len(), 3);
        assert_eq!(queue.expired(now_ms + 1).len(), 1);
    }

    #[test]
    fn one_event_larger_than_a_batch_still_leaves() {
        let mut queue = Queue::default();
        queue.push(event(1, 61_000));
        queue.push(event(2, 10));
        assert_eq!(queue.take(100, 60_000).len(), 1);
        assert_eq!(queue.len(), 1);
    }
}
