// One client a page: calls wait here, bounded, until the engine is loaded.

import { connect, type Connected } from 'tidemark-engine';
import { load } from './load.js';
import { reporter } from './report.js';
import type { Attributes, Consent, Flushed, Options, Tidemark } from './types.js';

/** Calls that wait for the engine, at most; as many as its queue holds. */
const WAITING_MAX = 1000;

const NOTHING: Flushed = { sent: 0, accepted: 0, duplicate: 0, rejected: 0, dropped: 0, held: 0 };

/** Makes the client; `wasmUrl` is where the module lies, asked for at `init`. */
export function createClient(wasmUrl: () => string | URL): Tidemark {
  let report = reporter({});
  let started = false;
  let connected: Connected | undefined;
  let waiting: ((engine: Connected) => void)[] = [];

  const call = (run: (engine: Connected) => void): void => {
    if (connected) {
      try {
        run(connected);
      } catch (error) {
        report('internal', error);
      }
    } else if (waiting.length < WAITING_MAX) {
      waiting.push(run);
    }
  };

  const start = async (options: Options): Promise<void> => {
    try {
      connected = connect(await load(wasmUrl()), options, report);
      waiting.forEach(call);
    } catch (error) {
      report('load_failed', error);
    }
    waiting = [];
  };

  return {
    init(options: Options): void {
      report = reporter(options ?? {});
      if (typeof options?.writeKey !== 'string' || typeof options.endpoint !== 'string') {
        report('invalid_options', 'init needs writeKey and endpoint');
      } else if (started) {
        report('already_started', 'init was called before');
      } else {
        started = true;
        void start({ ...options, endpoint: options.endpoint.replace(/\/+$/, '') });
      }
    },
    track(name: string, attributes?: Attributes): void {
      const at = Date.now();
      call((engine) => engine.track(name, attributes, at));
    },
    page(): void {
      const at = Date.now();
      call((engine) => engine.page(at));
    },
    setConsent(consent: Consent): void {
      call((engine) => engine.setConsent(consent ?? {}));
    },
    flush(): Promise<Flushed> {
      if (!started) return Promise.resolve({ ...NOTHING, held: waiting.length });
      return new Promise((resolve) => {
        call((engine) => engine.flush().then(resolve, () => resolve(NOTHING)));
      });
    },
  };
}
