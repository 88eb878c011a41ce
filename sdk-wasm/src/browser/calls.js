// The engine's functions, by the letters that are their names in the module (mod.rs): a page
// loads each of them twice. What they take, mod.rs says. `a` and `b` are called in host.js.

export const CAME_BACK = 'c';
export const CANNOT_SAVE = 'd';
export const CLICK = 'e';
export const COME_BY = 'f';
export const COUNT = 'g';
export const DECIDE = 'h';
export const DISOWN = 'i';
export const FAILED = 'j';
export const FLUSH = 'k';
export const IDENTIFY = 'l';
export const LEAVE = 'm';
export const LEFT_FORM = 'n';
export const MOVED = 'o';
export const NETWORK = 'p';
export const RESET = 'q';
export const RESUME = 'r';
export const REVERTED = 's';
export const ROOM = 't';
export const SAW = 'u';
export const SHOW = 'v';
export const START = 'w';
export const TRACK = 'x';
export const TRUST = 'y';
export const TUNE = 'z';
export const WATCH = 'A';
