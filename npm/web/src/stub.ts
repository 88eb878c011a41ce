// What a page holds inline: `window.tidemark` at once, the script when there is time.
//
// Each function queues its call. The script comes when the browser is idle after
// `init`, or at once when something wants to leave. A page that is left before sends
// what was tracked by a plain beacon if the page itself granted consent, else forgets it.

import { sendEarly } from '../../../sdk-wasm/src/browser/early.js';
import type { Queued } from './queued.js';
import type { Flushed, Options, Tidemark } from './types.js';

const NAMES =
  'init track page setConsent optOut optIn identify reset register timeEvent ' +
  'trackVoiceMetrics trackToolExecution trackKBSearch trackChat flush';

const queue: Queued[] = [];
const stub: Record<string, unknown> = { q: queue };
let options: (Options & { script?: string; integrity?: string }) | undefined;
let analytics: unknown;
let ads: unknown;
let isLoading = false;

const load = (): void => {
  if (isLoading || !options) return;
  isLoading = true;
  const url = options.script ?? `${options.endpoint}/sdk/tidemark.js`;
  const script = document.createElement('script');
  const { trustedTypes } = window as unknown as {
    trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): string } };
  };
  const policy = trustedTypes?.createPolicy('tidemark', { createScriptURL: (given: string) => given });
  script.async = true;
  if (options.integrity) {
    script.integrity = options.integrity;
    script.crossOrigin = 'anonymous';
  }
  script.src = policy ? policy.createScriptURL(url) : url;
  document.head.append(script);
};

const decide = (choice: Options['consent']): void => {
  analytics = choice?.analytics ?? analytics;
  ads = choice?.ads ?? ads;
};

const note = (name: string, [given]: unknown[]): void => {
  if (name === 'init') {
    options = given as Options;
    decide(options.consent);
    (window.requestIdleCallback ?? setTimeout)(load);
  }
  if (name === 'setConsent') decide(given as Options['consent']);
  if (name === 'optIn' || name === 'optOut') analytics = name === 'optIn';
  if (name === 'flush') load();
};

NAMES.split(' ').forEach((name) => {
  stub[name] = (...args: unknown[]) => {
    let answer: Promise<Flushed> | undefined;
    const call: Queued = [name as keyof Tidemark, args, Date.now()];
    if (name === 'flush') answer = new Promise((resolve) => (call[3] = resolve));
    queue.push(call);
    try {
      note(name, args);
    } catch {
      // What is wrong with it the script will tell.
    }
    return answer;
  };
});

if (!window.tidemark) {
  window.tidemark = stub;
  addEventListener('pagehide', () => {
    if (window.tidemark !== stub || !options || analytics !== true) return;
    try {
      if (localStorage.getItem('tidemark.out')) return;
    } catch {
      // Where nothing can be read nothing was kept.
    }
    const tracked = queue
      .splice(0)
      .filter(([name]) => name === 'track')
      .map(([, [name, attributes], at]) => [name, JSON.stringify(attributes ?? {}), at]);
    const url = `${options.endpoint}/v1/events/batch?write_key=${encodeURIComponent(options.writeKey)}`;
    sendEarly(url, tracked as [string, string, number][], ads === true || undefined);
  });
}
