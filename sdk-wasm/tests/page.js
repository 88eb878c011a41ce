// What page.rs needs of a page: `fetch` and beacons that are recorded and never
// answer, and a look into storage.

let posts = [];
let beacons = [];
let line = '';
const records = new Map();
let isBlocked = false;

/** Forgets what was recorded, and records from now on. */
export const fresh = () => {
  posts = [];
  beacons = [];
  line = '';
  records.clear();
  window.fetch = (url, { body, keepalive, method }) => {
    posts.push({ url, body, keepalive, method });
    return new Promise(() => {});
  };
  navigator.sendBeacon = (url, body) => beacons.push({ url, body }) > 0;
};

/** What host.js is bound to, by the letters of src/browser/calls.js; its callbacks are the test's to make. */
export const page = ({ memory, t: room }) => ({
  url: 'https://events.example/v1/events/batch?write_key=wk_test',
  engine: {
    memory,
    give: (text) => {
      const bytes = new TextEncoder().encode(text);
      const at = room(bytes.length);
      new Uint8Array(memory.buffer, at, bytes.length).set(bytes);
    },
    b() {},
    a() {},
  },
  run: (call) => call(),
  storage: {
    stored: () => (isBlocked ? '' : line),
    store: (text) => {
      if (!isBlocked) line = text;
    },
    save: (chunk, lines) => records.set(chunk, lines),
    remove: (chunk) => records.delete(chunk),
    forget: () => {
      line = '';
      records.clear();
    },
  },
});

export const posted = () => JSON.stringify(posts);
export const beaconed = () => JSON.stringify(beacons);
export const stored_keys = () => (line ? 'tidemark' : '');
export const chunks = () => [...records.values()].join();
export const block_storage = () => {
  isBlocked = true;
};
export const unblock_storage = () => {
  isBlocked = false;
};

const real = Date.now;

/** Sets the page's clock ahead of the real one. */
export function advance(ms) {
  Date.now = () => real() + ms;
}
