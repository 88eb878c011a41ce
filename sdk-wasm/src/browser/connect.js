// Between a module and the page's JavaScript: what it imports, and its exports with
// texts. Texts are written into the module's own memory; see host.rs.

import {
  beacon,
  bind,
  flushed,
  leaving,
  now,
  remove,
  returned,
  save,
  send,
  store,
  stored,
  wake,
} from './host.js';

/** What the module imports. */
export const imports = { host: { now, send, beacon, stored, store, save, remove, wake } };

/** What a started module or its twin offers to page.js, by its exports. */
export const connect = (exports) => ({
  engine: {
    ...exports,
    give: (text) => {
      const bytes = new TextEncoder().encode(text);
      const at = exports.room(bytes.length);
      new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
    },
  },
  host: { bind, flushed, leaving, returned },
});
