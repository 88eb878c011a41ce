// The page may end: hidden is the last moment that mobile browsers tell.

export const watchExit = (left, run) => {
  const leave = () => run(left);
  addEventListener('pagehide', leave, true);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') leave();
  });
};
