// The page may end: hidden is the last moment that mobile browsers tell. And it
// may come back, from a tab in the background or from the back/forward cache.

import { listen } from '../listen.js';

/**
 * @param {(gone: boolean) => void} left
 * @param {(cached: boolean) => void} back
 */
export const watchExit = (left, back, run) => {
  listen(run, 'pagehide', () => left(true));
  listen(run, 'pageshow', ({ persisted }) => persisted && back(true));
  listen(run, 'freeze', () => left(false));
  listen(run, 'visibilitychange', () => (document.hidden ? left : back)(false));
};
