// Which page is shown: told to the engine when it changes, viewed when its path does,
// and left, with how long it was seen and how far down. A query or a fragment alone is
// the same page, but for a fragment that is a path: a router's.

import { CAME_BACK, SHOW } from '../calls.js';
import { json } from '../json.js';
import { follow, listen } from '../listen.js';
import { TRAIL } from '../storage.js';

/** The path, with a router's behind it: `/faq` of `/#/faq` and `/#!/faq`. */
const route = () => (location.pathname + location.hash).replace(/\/?#!?(?=\/)|[?#].*/g, '');

/**
 * @param {() => boolean} mayStore
 * @param {(part: string, name: string, attributes: object) => void} tell an event of a part that is switched on
 */
export const watchPages = (enter, run, mayStore, tell) => {
  let href, title, path, referrer;
  let clicks = () => 0;
  /** When it came, since when it is seen (not at all while it is hidden), the deepest share that was. */
  let viewedAt, seenAt, depth;
  /** The last pages: path, when it came, clicks that were made before it came. */
  let trail = [];
  const kept = (change) => {
    try {
      return mayStore() && change(sessionStorage);
    } catch {
      // Blocked storage keeps nothing.
    }
  };
  /** Tells the engine when the person is back where they were. */
  const compare = () => {
    trail = kept((store) => JSON.parse(store.getItem(TRAIL))) || trail;
    const now = Date.now();
    const [before, via] = trail.slice(-2);
    trail = [...trail.slice(-2), [path, now, clicks()]];
    kept((store) => store.setItem(TRAIL, JSON.stringify(trail)));
    if (via && before[0] === path && via[0] !== path) {
      const words = json({ from_path: path, via_path: via[0] }).slice(1, -1);
      // A page that was loaded anew counts its own clicks from nothing.
      enter(CAME_BACK, [words], now, now - via[1], Math.max(clicks() - via[2], 0));
    }
  };

  const deepOf = ({ scrollTop, clientHeight, scrollHeight }) => Math.min((scrollTop + clientHeight) / scrollHeight, 1) || 0;
  const scrolled = ({ target }) => {
    const box = target.scrollingElement ?? target;
    // An app often scrolls an element of its own; a list inside of a page is not the page.
    if (box.clientHeight * 2 > innerHeight) depth = Math.max(depth, deepOf(box));
  };
  const see = () => {
    seenAt = document.hidden ? undefined : performance.now();
  };
  /** Tells how long it was seen, once until it is seen again. */
  const leave = (kind) => {
    if (!viewedAt || seenAt === undefined) return;
    const now = performance.now();
    tell('leaves', 'page.left', {
      kind,
      visible_ms: Math.round(now - seenAt),
      duration_ms: Math.round(now - viewedAt),
      scroll_depth: Math.round((depth || deepOf(document.scrollingElement)) * 100) / 100,
    });
    seenAt = undefined;
  };

  let watched = () => {};
  /** Tells the engine what the page is now, when that changed. */
  const sync = () => {
    if (href === location.href && title === document.title) return;
    if (path && path !== route()) {
      path = undefined;
      // What happens at the leaving happens on the page that is left.
      run(() => watched('route'));
    }
    if (href !== location.href) referrer = href ?? document.referrer;
    ({ href } = location);
    ({ title } = document);
    enter(SHOW, [
      json({ url: href, path: route(), referrer: referrer || undefined, title }),
    ]);
  };

  const view = (kind) => {
    sync();
    path = route();
    depth = 0;
    viewedAt = performance.now();
    see();
    tell('pages', 'page.viewed', { kind });
    run(compare);
  };

  /** @param {(kind: string) => void} left hears of a route that is left, while it is the page */
  const watch = (views, counted, left) => {
    clicks = counted;
    watched = left;
    sync();
    if (!views) return;
    view('load');
    // A task later: routers write the title after the address.
    const moved = () => {
      if (path === route()) return;
      // What was never scrolled is measured while it is still there.
      depth ||= deepOf(document.scrollingElement);
      setTimeout(() => run(() => path === route() || view('route')));
    };
    if (window.navigation) navigation.addEventListener('currententrychange', () => run(moved));
    else {
      follow(run, history, ['pushState', 'replaceState'], moved);
      listen(run, 'popstate', moved);
    }
    listen(run, 'scroll', scrolled);
    listen(run, 'pageshow', (event) => event.persisted && view('load'));
  };
  return { sync, watch, leave, see };
};
