// The page's side of the SDK: context, consent, watchers, functions.
//
// It watches from the start and loads the engine at the first grant: before it
// nothing is requested and nothing is read from storage. Everything that enters
// goes through `run`, which contains what is thrown: by us, or by a page that
// replaced what we rely on.

import { CANNOT_SAVE, COME_BY, DECIDE, DISOWN, FLUSH, IDENTIFY, LEAVE, NETWORK, RESET, RESUME, START, TRACK, TRUST, TUNE } from './calls.js';
import { createConsent } from './consent.js';
import { sendEarly } from './early.js';
import { createGate } from './gate.js';
import { sha256 } from './hash.js';
import { json } from './json.js';
import { follow, listen, listens } from './listen.js';
import { numberOf } from './number.js';
import { askSettings } from './settings.js';
import { watchSignals } from './signals.js';
import { createStorage } from './storage.js';
import { blind } from './watch/blind.js';
import { watchClicks } from './watch/clicks.js';
import { watchErrors } from './watch/errors.js';
import { watchExit } from './watch/exit.js';
import { watchPages } from './watch/pages.js';

/** How long nothing is said of held events: a banner answers sooner. */
const HINT_MS = 2000;
/** Where the rejected and the dropped ones are in the counts of mod.rs. */
const [REJECTED, DROPPED] = [3, 4];
/** Parts that are off unless they are switched on: they are loaded apart. */
const APART = 'health forms frames media downloads links abandonedForms vitals'.split(' ');
/** The one thing that is kept without consent: that the visitor wants nothing kept. */
const OPTED_OUT = 'tidemark.out';
const CAMPAIGN = { source: 'source', medium: 'medium', name: 'campaign', term: 'term', content: 'content' };

const decision = (granted) => (granted === true ? 1 : granted === false ? 2 : 0);

/** The parameters that an advert's link has, by the names of the envelope. */
const campaignOf = () => {
  const query = new URLSearchParams(location.search);
  const found = {};
  for (const name in CAMPAIGN) found[name] = query.get(`utm_${CAMPAIGN[name]}`)?.slice(0, 256) || undefined;
  return found;
};

/** What is found, as the engine's bits, and the thresholds in the engine's order. */
const FINDS = 'rageClicks deadClicks errorClicks cursor backtracks abandonedForms'.split(' ');
const TUNED = 'rageClicks rageGapMs rageRadiusPx answerMs momentMs deadMs slowMs errorMs thrashTurns backMs'.split(' ');

const optedOut = (change) => {
  try {
    return change(localStorage);
  } catch {
    // Blocked storage keeps nothing.
  }
};

/** Whether analytics hold unasked where the visitor is, as core's region.rs finds it. */
const isOptOut = ({ region, optInRegions = [], optOutRegions = [] }) => {
  for (const wanted of [region, region?.split('-')[0]]) {
    if (!wanted || optInRegions.includes(wanted)) return false;
    if (optOutRegions.includes(wanted)) return true;
  }
  return false;
};

export const createPage = (load, report, files) => {
  const run = (call) => {
    try {
      return call();
    } catch (error) {
      failures++;
      report('internal', error);
    }
  };
  const gate = createGate(run, report);
  const { enter, first, lost } = gate;
  /** What the site says, once it has: filled in place, for whoever holds it. */
  const settings = {};
  /** Whether a part is switched on: by the page, else by the site, else as built. */
  const wants = (part) => (options.capture[part] ?? settings.capture?.[part] ?? !APART.includes(part)) !== false;
  const found = () => FINDS.reduce((bits, name, at) => bits | (wants(name) << at), 0);
  const tell = (part, name, attributes) => wants(part) && enter(TRACK, [name, json(attributes)], Date.now());
  const pages = watchPages(enter, run, () => consent.now()[0], tell);
  const consent = createConsent();
  const storage = createStorage(
    () => {
      report('storage_failed', 'memory alone');
      if (gate.isOpen()) enter(CANNOT_SAVE);
    },
    (changes) => options.step?.('save', changes),
  );
  let options, loading, host, errors, clicks, root;
  let choices = [];
  let registered = {};
  let timers = Object.create(null);
  let before = [...lost];
  let told = [];
  let isGone = false;
  let failures = 0;
  /** Hear that a page, or a route of it, is left. */
  const leaving = [pages.leave];
  /** What is loaded apart, by its name. */
  const parts = {};

  const url = () =>
    `${options.endpoint}/v1/events/batch?write_key=${encodeURIComponent(options.writeKey)}`;
  const isCookieless = () => options.consent.mode === 'cookieless' && !consent.now()[2];
  const sampled = () => Math.round(options.sampleRate * 65_536);

  /** JSON text of what stays the same while the page lives. */
  const context = (campaign) => {
    const { app, gtm } = options;
    return json({
      device: {
        user_agent: navigator.userAgent,
        viewport: { width: innerWidth, height: innerHeight },
        // Only where it is so: programs that drive a browser say it.
        automated: navigator.webdriver || undefined,
      },
      locale: navigator.language,
      app: { version: app.version, environment: app.environment },
      gtm: { container_id: gtm.containerId },
      campaign,
    });
  };
  const tellDecision = (engine) => {
    const [analytics, ads] = consent.now();
    engine[DECIDE](decision(analytics), decision(ads), isCookieless());
  };
  const begin = async () => {
    try {
      const loaded = await load();
      const { engine } = loaded;
      ({ host } = loaded);
      const { onVerdicts, beforeSend, gzip, step } = options;
      host.bind({ engine, run, report, url: url(), storage, onVerdicts, beforeSend, gzip, step });
      const campaign = campaignOf();
      engine.give(context(campaign));
      engine[START](
        options.flushIntervalMs,
        options.maxBatchEvents,
        found(),
        sampled(),
        ...crypto.getRandomValues(new Uint32Array(4)),
      );
      const text = json(campaign);
      engine[COME_BY](text === '{}' ? 0 : numberOf(text));
      engine[NETWORK](navigator.onLine !== false);
      tellDecision(engine);
      gate.open(engine);
      tune();
      loadParts();
      adopt();
      askSettings(options).then((told) => {
        Object.assign(settings, told);
        run(tune);
        run(loadParts);
      });
    } catch (error) {
      gate.forget(true);
      report('load_failed', error);
    }
  };
  /** Loads what is switched on and not there yet. */
  const loadParts = () => {
    const add = (name, start) => {
      parts[name] ??= files[name]().then(start).catch((error) => report('load_failed', error));
    };
    if (wants('vitals')) add('vitals', ({ watchVitals }) => watchVitals(tellLate));
    if (APART.slice(0, -1).some(wants)) {
      add('capture', ({ watchMore }) => {
        leaving.push(...watchMore({
          enter, first, run, tell, wants, syncPage: pages.sync, errors, blind, exempt, listens, options, settings, answers: clicks && clicks.lookedOn,
          countAll: () => [...gate.counts(), lost[DROPPED], failures],
        }));
      });
    }
  };
  /** The page's text is written anew: with the old one all listeners are gone. */
  const written = () => {
    if (root === (root = document.documentElement)) return;
    blind.add('document_write');
    listens.forEach(run);
  };
  /** What separates struggle from use: what the page says goes before what the site says. */
  const tune = () => {
    const all = { ...settings.struggle, ...options.struggle };
    if (!gate.isOpen()) return;
    TUNED.forEach((name, which) => all[name] >= 0 && enter(TUNE, [], which, all[name]));
    enter(TUNE, [], TUNED.length, found());
  };
  /** A selector of what is not judged. */
  const exempt = () => [options.struggle.exempt, settings.struggle?.exempt].filter(Boolean).join();
  const adopt = () => {
    if (gate.isOpen() && consent.now()[0]) {
      storage.adopt((lines) => enter(RESUME, [lines]), () => enter(TRUST));
    }
  };
  /** Does what a change of consent asks for. */
  const decide = (source) => {
    const [analytics, ads] = consent.now();
    const [hadAnalytics, hadAds] = told;
    if (analytics === hadAnalytics && ads === hadAds && told.length) return;
    told = [analytics, ads];
    options.step?.('consent', analytics, ads, isCookieless());
    const mayLeave = analytics || isCookieless();
    if (gate.isOpen()) {
      enter(DECIDE, [], decision(analytics), decision(ads), isCookieless());
      if (analytics && !hadAnalytics) adopt();
    } else if (analytics === false) {
      storage.forget();
      if (!mayLeave) gate.forget();
    } else gate.hold();
    if (mayLeave) {
      loading ??= begin();
      // A choice that the page knew at its start is no news.
      if (source && analytics && (!hadAnalytics || (ads && !hadAds))) {
        enter(TRACK, ['consent.changed', json({ analytics, ads, signal: source })], Date.now());
      }
    }
  };
  const hear = (source, say) =>
    run(() => {
      say();
      if (options) decide(source);
    });
  const choose = (say) => (options ? hear('call', say) : choices.push(say));

  const leave = (kind) => leaving.forEach((left) => run(() => left(kind)));
  /** What is known only when the page is left: it goes with it. */
  const tellLate = (vital) => {
    tell('vitals', 'web_vitals', vital);
    if (gate.isOpen() && (isGone || document.hidden)) enter(LEAVE, [], isGone);
  };
  const left = (gone) => {
    // A page that is gone is told to be hidden as well, after its last word.
    if (isGone) return;
    isGone = gone;
    leave(gone ? 'unload' : 'hidden');
    if (gate.isOpen()) {
      const isTrusted = host.leaving(gone);
      enter(LEAVE, [], gone);
      if (gone) storage.suspend(isTrusted);
    } else if (gone && consent.now()[0] && loading) {
      sendEarly(url(), gate.tracked(), consent.now()[1]);
      gate.forget();
    }
  };
  const back = (cached) => {
    isGone = false;
    pages.see();
    if (cached && storage.resume() && gate.isOpen()) enter(DISOWN);
    host?.returned();
    adopt();
  };

  return {
    start: (chosen) => {
      // A server that picked the build for browsers has no page.
      if (!globalThis.document) return;
      consent.region(isOptOut(chosen.consent));
      run(() => watchSignals(consent, hear, chosen.consent));
      if (optedOut((kept) => kept.getItem(OPTED_OUT))) consent.optOut();
      consent.call(chosen.consent);
      choices.forEach(run);
      choices = [];
      options = chosen;
      gate.watch(chosen.step);
      run(decide);
      clicks =
        (wants('clicks') || FINDS.slice(0, 5).some(wants)) &&
        run(() =>
          watchClicks(enter, run, pages.sync, first, {
            isOpen: gate.isOpen, told: () => wants('clicks'), thrash: wants('cursor'),
            exempt,
          }));
      errors = run(() => watchErrors(enter, run, pages.sync, () => clicks && clicks.isHandled(), tell));
      leaving.push(errors.left);
      run(() => watchExit(left, back, run));
      // After that: what comes back disowns what another page adopted before it is viewed.
      run(() => pages.watch(wants('pages'), clicks ? clicks.count : () => 0, leave));
      const network = () => gate.isOpen() && enter(NETWORK, [], navigator.onLine !== false);
      listen(run, 'online', network);
      listen(run, 'offline', network);
      root = document.documentElement;
      follow(run, document, ['open', 'write', 'writeln'], written);
      setTimeout(() => {
        const held = run(gate.held);
        if (held && consent.now()[0] === undefined) report('consent_pending', held);
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
        const begun = timers[name];
        delete timers[name];
        const more = begun && { duration_ms: Math.round(performance.now() - begun) };
        const isObject = attributes === undefined || Object.getPrototypeOf(Object(attributes)) === Object.prototype;
        const all = isObject ? { ...registered, ...more, ...attributes } : attributes;
        text = all ? json(all) : '';
      } catch {
        // A cycle or a BigInt is no JSON object, which the engine counts.
        text = '!';
      }
      enter(TRACK, [name, text], at);
    },
    setConsent: (choice) => {
      const { analytics, ads } = choice;
      choose(() => consent.call({ analytics, ads }));
    },
    optOut: () => {
      optedOut((kept) => kept.setItem(OPTED_OUT, '1'));
      choose(consent.optOut);
    },
    optIn: () => {
      optedOut((kept) => kept.removeItem(OPTED_OUT));
      choose(consent.optIn);
    },
    identify: (user) => {
      const id = user.trim();
      const hash = `s1:${sha256(id.replace(/[A-Z]/g, (letter) => letter.toLowerCase()))}`;
      enter(IDENTIFY, [json(id), json(hash)]);
    },
    reset: () => {
      registered = {};
      timers = Object.create(null);
      enter(RESET);
    },
    register: (attributes) => {
      registered = { ...registered, ...attributes };
    },
    timeEvent: (name) => {
      timers[name] = performance.now();
    },
    flush: async () => {
      await loading;
      // What was put off would end the waiting before the flush begins.
      first();
      if (gate.isOpen()) {
        const done = host.flushed();
        enter(FLUSH);
        await done;
      }
      const after = gate.counts();
      const [sent, accepted, duplicate, rejected, dropped] = after.map(
        (count, which) => count - before[which],
      );
      before = after;
      return { sent, accepted, duplicate, rejected, dropped, held: gate.held() };
    },
  };
};
