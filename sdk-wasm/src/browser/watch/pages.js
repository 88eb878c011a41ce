// Which page is shown: told to the engine when it changes, and viewed when its
// path does. A query or a fragment alone is the same page.

import { json } from '../json.js';

export const watchPages = (engine, run, views) => {
  let href, title, path, referrer;
  let before = document.referrer;

  /** Tells the engine what the page is now, when that changed. */
  const sync = () => {
    if (href === location.href && title === document.title) return;
    if (href !== undefined && href !== location.href) before = href;
    ({ href } = location);
    ({ title } = document);
    referrer = before;
    engine.give(
      json({ url: href, path: location.pathname, referrer: referrer || undefined, title }),
    );
    engine.show();
  };

  const view = (kind) => {
    path = location.pathname;
    sync();
    engine.give('page.viewed');
    engine.give(`{"kind":"${kind}"}`);
    engine.track(Date.now());
  };

  sync();
  if (views) {
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
  }
  return { sync };
};
