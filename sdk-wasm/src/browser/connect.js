// Between a module and the page's JavaScript: what it imports, and its exports with
// texts. Texts are written into the module's own memory; see host.rs.

import { ROOM } from './calls.js';
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

/** What the module imports, by the letters of host.rs. */
export const imports = { h: { a: now, b: send, c: beacon, d: stored, e: store, f: save, g: remove, h: wake } };

/** What a started module or its twin offers to page.js, by its exports. */
export const connect = (exports) => ({
  engine: {
    ...exports,
    give: (text) => {
      const bytes = new TextEncoder().encode(text);
      const at = exports[ROOM](bytes.length);
      new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
    },
  },
  host: { bind, flushed, leaving, returned },
});
