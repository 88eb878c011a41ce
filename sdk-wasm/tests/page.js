// What page.rs needs of a page: `fetch` and beacons that are recorded and never
// answer, and a look into storage.

let posts = [];
let beacons = [];

/** Forgets what was recorded, and records from now on. */
export const fresh = () => {
  posts = [];
  beacons = [];
  localStorage.clear();
  window.fetch = (url, { body, keepalive, method }) => {
    posts.push({ url, body, keepalive, method });
    return new Promise(() => {});
  };
  navigator.sendBeacon = (url, body) => beacons.push({ url, body }) > 0;
};

/** What host.js is bound to; its callbacks are the test's to make. */
export const page = () => ({
  url: 'https://events.example/v1/events/batch?write_key=wk_test',
  engine: { tick() {}, answered() {} },
  run: (call) => call(),
});

export const posted = () => JSON.stringify(posts);
export const beaconed = () => JSON.stringify(beacons);
export const stored_keys = () => Object.keys(localStorage).join();

const { getItem, setItem } = Storage.prototype;
const blocked = () => {
  throw new DOMException('blocked', 'SecurityError');
};
export const block_storage = () => Object.assign(Storage.prototype, { getItem: blocked, setItem: blocked });
export const unblock_storage = () => Object.assign(Storage.prototype, { getItem, setItem });
