// Which page is shown: told to the engine when it changes, and viewed when its
// path does. A query or a fragment alone is the same page.

import { json } from '../json.js';

export const watchPages = (enter, run) => {
  let href, title, path, referrer;

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
  };

  const watch = (views) => {
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
