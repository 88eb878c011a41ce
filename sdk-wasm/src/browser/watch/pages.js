// Which page is shown: told to the engine when it changes, and viewed when its
// path does. A query or a fragment alone is the same page.

import { json } from '../json.js';
import { TRAIL } from '../storage.js';

/** @param {() => boolean} mayStore */
export const watchPages = (enter, run, mayStore) => {
  let href, title, path, referrer;
  let clicks = () => 0;
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
  const follow = () => {
    trail = JSON.parse(kept((store) => store.getItem(TRAIL)) || 'null') ?? trail;
    const now = Date.now();
    const [before, via] = trail.slice(-2);
    trail = [...trail.slice(-2), [path, now, clicks()]];
    kept((store) => store.setItem(TRAIL, JSON.stringify(trail)));
    if (via && before[0] === path && via[0] !== path) {
      const words = json({ from_path: path, via_path: via[0] }).slice(1, -1);
      // A page that was loaded anew counts its own clicks from nothing.
      enter('came_back', [words], now, now - via[1], Math.max(clicks() - via[2], 0));
    }
  };

  /** Tells the engine what the page is now, when that changed. */
  const sync = () => {
    if (href === location.href && title === document.title) return;
    if (href !== location.href) referrer = href ?? document.referrer;
    ({ href } = location);
    ({ title } = document);
    enter('show', [
      json({ url: href, path: location.pathname, referrer: referrer || undefined, title }),
    ]);
  };

  const view = (kind) => {
    path = location.pathname;
    sync();
    enter('track', ['page.viewed', `{"kind":"${kind}"}`], Date.now());
    run(follow);
  };

  const watch = (views, counted) => {
    clicks = counted;
    sync();
    if (!views) return;
    view('load');
    // A task later: routers write the title after the address.
    const moved = () =>
      setTimeout(() => run(() => path === location.pathname || view('route')));
    for (const name of ['pushState', 'replaceState']) {
      const original = history[name];
      history[name] = function (...args) {
        const result = original.apply(this, args);
        moved();
        return result;
      };
    }
    addEventListener('popstate', moved);
    addEventListener('pageshow', (event) => event.persisted && run(() => view('load')));
  };
  return { sync, watch };
};
