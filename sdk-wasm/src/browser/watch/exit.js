// The page may end: hidden is the last moment that mobile browsers tell.

export const watchExit = (engine, run) => {
  const leave = () => run(engine.leave);
  addEventListener('pagehide', leave, true);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'hidden') leave();
  });
};
