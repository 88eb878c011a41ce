// The page may end: hidden is the last moment that mobile browsers tell. And it
// may come back, from a tab in the background or from the back/forward cache.

/**
 * @param {(gone: boolean) => void} left
 * @param {(cached: boolean) => void} back
 */
export const watchExit = (left, back, run) => {
  addEventListener('pagehide', () => run(() => left(true)), true);
  addEventListener('pageshow', ({ persisted }) => persisted && run(() => back(true)));
  document.addEventListener('freeze', () => run(() => left(false)));
  document.addEventListener('visibilitychange', () =>
    run(() => (document.visibilityState === 'hidden' ? left(false) : back(false))),
  );
};
