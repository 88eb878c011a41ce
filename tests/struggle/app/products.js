// How each product is started as its documentation says, with all that it has to find
// struggle switched on, and what its events are called here.

/** Names of events, by kind. */
const named = (events, names) => {
  const told = new Set();
  for (const name of events) {
    for (const kind in names) if (names[kind] === name) told.add(kind);
  }
  return told;
};

export const products = {
  Tidemark: {
    finds: ['rage', 'dead', 'error', 'slow', 'thrash', 'back', 'abandoned'],
    start: (sink) =>
      `tidemark.init({ writeKey: 'wk', endpoint: '${sink}', consent: { analytics: true }, flushIntervalMs: 200, capture: { abandonedForms: true, frames: true } });`,
    ready: 'tidemark.flush().then(() => true)',
    /** Kinds in the bodies that came. A dead click that is withdrawn was a slow one. */
    told: (bodies) => {
      const events = bodies.flatMap((body) => JSON.parse(body).events);
      const withdrawn = new Set(
        events.filter(({ event_name }) => event_name === 'ui.slow_click').map(({ attributes }) => attributes.dead_click_id),
      );
      const names = events.filter(({ event_id }) => !withdrawn.has(event_id)).map(({ event_name }) => event_name);
      return named(names, {
        rage: 'ui.rage_click', dead: 'ui.dead_click', error: 'ui.error_click', slow: 'ui.slow_click',
        thrash: 'ui.cursor_thrashed', back: 'ui.backtrack', abandoned: 'form.abandoned',
      });
    },
    reasons: (bodies) =>
      bodies
        .flatMap((body) => JSON.parse(body).events)
        .filter(({ attributes }) => attributes?.reason)
        .map(({ event_name, attributes }) => `${event_name} ${attributes.selector ?? ''}: ${attributes.reason}`),
  },
  PostHog: {
    finds: ['rage', 'dead'],
    // It takes a headless browser for a robot, and sends nothing; its dead clicks come by a script of their own.
    source: `import 'posthog-js/dist/dead-clicks-autocapture'; import posthog from 'posthog-js'; window.product = posthog;`,
    start: (sink) =>
      `product.init('phc_bench', { api_host: '${sink}', defaults: '2025-05-24', opt_out_useragent_filter: true,
        rageclick: true, capture_dead_clicks: true, disable_compression: true, request_batching: false,
        advanced_disable_flags: true, disable_session_recording: true });`,
    told: (bodies) =>
      named(bodies.flatMap((body) => body.match(/\$(rageclick|dead_click)/g) ?? []), { rage: '$rageclick', dead: '$dead_click' }),
  },
  Amplitude: {
    finds: ['rage', 'dead', 'error'],
    source: `import * as amplitude from '@amplitude/analytics-browser'; window.product = amplitude;`,
    start: (sink) =>
      `product.init('bench', undefined, { serverUrl: '${sink}/2/httpapi', flushIntervalMillis: 200,
        autocapture: { elementInteractions: true, frustrationInteractions: { rageClicks: true, deadClicks: true, errorClicks: true } } });`,
    told: (bodies) =>
      named(bodies.flatMap((body) => body.match(/\[Amplitude\] (Rage|Dead|Error) Click/g) ?? []), {
        rage: '[Amplitude] Rage Click', dead: '[Amplitude] Dead Click', error: '[Amplitude] Error Click',
      }),
  },
};
