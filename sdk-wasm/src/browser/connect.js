// Connects a started engine to the page: context, consent, watchers, functions.
//
// Everything that enters the engine from the page goes through `run`, which
// contains what is thrown: by us, or by a page that replaced what we rely on.

import { json } from './json.js';
import { watchClicks } from './watch/clicks.js';
import { watchExit } from './watch/exit.js';
import { watchPages } from './watch/pages.js';

/** The engine's numbers for its refusals, see refusal() in mod.rs. */
const REFUSALS = ['', 'invalid_event_name', 'event_too_large', 'consent', 'invalid_attributes'];

/** How long nothing is said of held events: a banner answers sooner. */
const HINT_MS = 2000;

const decision = (granted) => (granted === true ? 1 : granted === false ? 2 : 0);

/** JSON text of what stays the same while the page lives. */
const told = ({ app, gtm }) =>
  json({
    device: {
      user_agent: navigator.userAgent,
      viewport: { width: innerWidth, height: innerHeight },
    },
    locale: navigator.language,
    app: app && { version: app.version, environment: app.environment },
    gtm: gtm && { container_id: gtm.containerId },
  });

/**
 * @param {object} engine the exports of mod.rs; texts are given before the call that takes them
 * @param {object} host the module host.js that the engine imports
 * @param {object} options as `init` takes them
 * @param {(code: string, detail: unknown) => void} report tells the developer
 */
export const connect = (engine, host, options, report) => {
  const { consent = {}, capture = {} } = options;
  const run = (call) => {
    try {
      return call();
    } catch (error) {
      report('internal', error);
    }
  };
  const wants = (part) => capture[part] !== false;

  host.bind({
    engine,
    run,
    url: `${options.endpoint}/v1/events/batch?write_key=${encodeURIComponent(options.writeKey)}`,
    onVerdicts: options.onVerdicts,
  });
  const seed = crypto.getRandomValues(new Uint32Array(4));
  engine.give(told(options));
  engine.start(
    options.flushIntervalMs ?? 5000,
    options.maxBatchEvents ?? 100,
    wants('rageClicks'),
    ...seed,
  );

  let { analytics, ads } = consent;
  const decide = () => engine.decide(decision(analytics), decision(ads));
  decide();

  const pages = watchPages(engine, run, wants('pages'));
  const track = (name, attributes, at) => {
    pages.sync();
    let text;
    try {
      text = attributes ? json(attributes) : '';
    } catch {
      // A cycle or a BigInt is no JSON object, which the engine counts.
      text = '!';
    }
    engine.give(`${name}`);
    engine.give(text);
    const refused = REFUSALS[engine.track(at)];
    // A denial is the visitor's, not the developer's, to be told of.
    if (refused && refused !== 'consent') report(refused, name);
  };
  const page = (at) => {
    pages.sync();
    engine.give('page.viewed');
    engine.give('');
    engine.track(at);
  };

  if (wants('clicks') || wants('rageClicks')) {
    watchClicks(engine, run, pages.sync, wants('clicks'));
  }
  watchExit(engine, run);

  setTimeout(() => {
    const held = run(() => engine.count(5));
    if (held && analytics === undefined) report('consent_pending', held);
  }, HINT_MS);

  const counts = () => [0, 1, 2, 3, 4].map((which) => engine.count(which));
  let before = counts();
  return {
    track,
    page,
    setConsent: (choice) => {
      analytics = choice.analytics ?? analytics;
      ads = choice.ads ?? ads;
      decide();
    },
    flush: async () => {
      const done = host.flushed();
      engine.flush();
      await done;
      const after = counts();
      const [sent, accepted, duplicate, rejected, dropped] = after.map(
        (count, which) => count - before[which],
      );
      before = after;
      return { sent, accepted, duplicate, rejected, dropped, held: engine.count(5) };
    },
  };
};
