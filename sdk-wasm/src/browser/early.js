// What waits for a module that has not come when the page is left: it goes by a
// plain beacon, which the edge sanitises first. Only what was tracked, with its name,
// its own attributes and its time; the page by its path; no id of anybody.

const EVENT_NAME = /^[a-z]\w*(\.[a-z]\w*)*$/;

/**
 * @param {string} url where to
 * @param {[string, string, number][]} tracked names, attributes as JSON text, times
 */
export const sendEarly = (url, tracked, ads) => {
  const path = location.pathname;
  const page = JSON.stringify({ url: location.origin + path, path });
  const events = tracked
    .filter(([name]) => EVENT_NAME.test(name))
    .map(
      ([name, attributes, at]) =>
        `{"event_name":"${name}","occurred_at":"${new Date(at).toISOString()}","source":"web","attributes":${attributes || '{}'}}`,
    );
  const consent = JSON.stringify({ analytics: true, ads, mode: 'full' });
  return (
    !events.length ||
    navigator.sendBeacon(
      url,
      `{"sent_at":"${new Date().toISOString()}","context":{"page":${page},"consent":${consent}},"events":[${events}]}`,
    )
  );
};
