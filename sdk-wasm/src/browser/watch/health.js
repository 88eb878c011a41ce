// Says once a page, when it is first left, what was not seen and what went wrong; nothing
// where all is well.

/**
 * @param {Set<string>} blind what was found to be out of sight
 * @param {() => number[]} counts the events of mod.rs, those that found no place, and errors of ours
 */
export const watchHealth = (tell, blind, counts) => {
  const startedAt = performance.now();
  let isTold;
  return () => {
    if (isTold) return;
    const isHidden = (frame) => !frame.contentDocument && frame.offsetWidth > 1;
    if ([...document.querySelectorAll('iframe')].some(isHidden)) blind.add('cross_origin_frame');
    if (!/native code/.test(Function.prototype.toString.call(fetch))) blind.add('replaced_fetch');
    const [sent, , , rejected, , lost, failures] = counts();
    if (!(blind.size || rejected || lost || failures)) return;
    isTold = true;
    tell('health', 'sdk.health', {
      uptime_ms: Math.round(performance.now() - startedAt),
      sent_count: sent,
      rejected_count: rejected,
      dropped_queue_full_count: lost,
      errors_count: failures,
      blind_spots: [...blind],
    });
  };
};
