// The page's side of Tidemark: the stub queue, the script tag, and the way from consent to the SDK.
//
// Holds: before consent nothing of Tidemark is loaded, so nothing can be stored or sent. After a
// withdrawal the SDK stays loaded and is told; it is never called with an event while denied.
// Does not: judge, sanitise or batch anything. That is the SDK's.

const METHODS = ['init', 'track', 'page', 'setConsent', 'flush'];

let granted = false;
let loaded = false;

/** Whether the visitor allows analytics at this moment. */
export function isGranted() {
  return granted;
}

/**
 * Passes the visitor's choice on. The first grant loads the SDK; every later choice is told to it.
 * `onVerdicts(answer, events)` receives the edge's answer to each batch with the batch's events;
 * `onTrouble(words)` is called when the SDK cannot be loaded.
 */
export function setConsent(analytics, { onVerdicts, onTrouble }) {
  granted = analytics;
  if (loaded) {
    window.tidemark.setConsent({ analytics, ads: false });
    return;
  }
  if (analytics) {
    loaded = true;
    load(onVerdicts, onTrouble);
  }
}

/** Records an event, when the visitor allows it. */
export function track(name, attributes) {
  if (granted) {
    window.tidemark.track(name, attributes);
  }
}

function load(onVerdicts, onTrouble) {
  const config = window.TIDEMARK_DEMO;
  if (!config) {
    onTrouble('/config.js did not say where the edge is');
    return;
  }
  stub();
  window.tidemark.init({
    writeKey: config.write_key,
    endpoint: config.endpoint,
    consent: { analytics: true, ads: false },
    // A shop would keep the default of five seconds; here somebody is watching the panel.
    flushIntervalMs: 1000,
    app: { version: '1.0.0', environment: 'demo' },
    onVerdicts,
  });
  const script = document.createElement('script');
  script.async = true;
  script.src = `${config.endpoint.replace(/\/+$/, '')}/sdk/tidemark.js`;
  script.onerror = () => onTrouble('the edge did not serve the SDK');
  document.head.append(script);
}

/** Calls made before the script has arrived wait in `window.tidemark.q`, in order. */
function stub() {
  const queue = { q: [] };
  for (const method of METHODS) {
    queue[method] = (...args) => {
      queue.q.push([method, args]);
    };
  }
  window.tidemark = queue;
}
