// The page's side of the SDK: context, consent, watchers, functions.
//
// It watches from the start and loads the engine at the first grant: before it
// nothing is requested and nothing is read from storage. Everything that enters
// goes through `run`, which contains what is thrown: by us, or by a page that
// replaced what we rely on.

import { createGate } from './gate.js';
import { json } from './json.js';
import { watchClicks } from './watch/clicks.js';
import { watchExit } from './watch/exit.js';
import { watchPages } from './watch/pages.js';

/** How long nothing is said of held events: a banner answers sooner. */
const HINT_MS = 2000;
/** Where the rejected ones are in the counts of mod.rs. */
const REJECTED = 3;

const decision = (granted) => (granted === true ? 1 : granted === false ? 2 : 0);

/** JSON text of what stays the same while the page lives. */
const told = ({ app, gtm }) =>
  json({
    device: {
      user_agent: navigator.userAgent,
      viewport: { width: innerWidth, height: innerHeight },
    },
    locale: navigator.language,
    app: { version: app.version, environment: app.environment },
    gtm: { container_id: gtm.containerId },
  });

/** Removes what host.js keeps, while there is no engine to ask for it. */
const forgetStored = () => {
  try {
    ['tidemark', 'tidemark.kept'].forEach((key) => localStorage.removeItem(key));
  } catch {
    // Blocked storage keeps nothing.
  }
};

export const createPage = (load, report) => {
  const run = (call) => {
    try {
      return call();
    } catch (error) {
      report('internal', error);
    }
  };
  const gate = createGate(run, report);
  const { enter, lost } = gate;
  const pages = watchPages(enter, run);
  let options, loading, host, analytics, ads;
  let before = [...lost];

  const tellDecision = () => enter('decide', [], decision(analytics), decision(ads));
  const begin = async () => {
    try {
      const loaded = await load();
      const { engine } = loaded;
      ({ host } = loaded);
      host.bind({
        engine,
        run,
        report,
        url: `${options.endpoint}/v1/events/batch?write_key=${encodeURIComponent(options.writeKey)}`,
        onVerdicts: options.onVerdicts,
      });
      engine.give(told(options));
      engine.start(
        options.flushIntervalMs,
        options.maxBatchEvents,
        options.capture.rageClicks !== false,
        ...crypto.getRandomValues(new Uint32Array(4)),
      );
      gate.open(engine);
      tellDecision();
    } catch (error) {
      gate.forget(true);
      report('load_failed', error);
    }
  };
  const decide = () => {
    if (gate.isOpen()) tellDecision();
    else if (analytics === false) {
      gate.forget();
      forgetStored();
    } else gate.hold();
    if (options && analytics === true) loading ??= begin();
  };

  return {
    start: (chosen) => {
      options = chosen;
      const { consent, capture } = options;
      const wants = (part) => capture[part] !== false;
      analytics ??= consent.analytics;
      ads ??= consent.ads;
      run(decide);
      run(() => pages.watch(wants('pages')));
      if (wants('clicks') || wants('rageClicks')) {
        run(() => watchClicks(enter, run, pages.sync, wants('clicks')));
      }
      run(() => watchExit(() => gate.isOpen() && enter('leave'), run));
      setTimeout(() => {
        const held = run(gate.held);
        if (held && analytics === undefined) report('consent_pending', held);
      }, HINT_MS);
    },
    track: (name, attributes, at) => {
      pages.sync();
      if (typeof name !== 'string') {
        lost[REJECTED]++;
        return report('invalid_event_name', name);
      }
      let text;
      try {
        text = attributes ? json(attributes) : '';
      } catch {
        // A cycle or a BigInt is no JSON object, which the engine counts.
        text = '!';
      }
      enter('track', [name, text], at);
    },
    setConsent: (choice) => {
      analytics = choice.analytics ?? analytics;
      ads = choice.ads ?? ads;
      decide();
    },
    flush: async () => {
      await loading;
      const done = host?.flushed();
      if (gate.isOpen()) enter('flush');
      await done;
      const after = gate.counts();
      const [sent, accepted, duplicate, rejected, dropped] = after.map(
        (count, which) => count - before[which],
      );
      before = after;
      return { sent, accepted, duplicate, rejected, dropped, held: gate.held() };
    },
  };
};
