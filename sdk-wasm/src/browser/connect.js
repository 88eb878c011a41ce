// What a started module offers to page.js: its exports, and the host.js that it
// imports (there is only one).

export const connect = (engine, host) => ({ engine, host });
