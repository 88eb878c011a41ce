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
  /** Settles, never fails, when the engine runs or cannot. */
  let ready: Promise<void> | undefined;
  let connected: Connected | undefined;
  /** Gone once the engine runs or cannot. */
  let waiting: ((engine: Connected) => void)[] | undefined = [];

  const call = (run: (engine: Connected) => void): void => {
    if (connected) {
      try {
        run(connected);
      } catch (error) {
        report('internal', error);
      }
    } else if (waiting && waiting.length < WAITING_MAX) {
      waiting.push(run);
    }
  };

  const start = async (options: Options): Promise<void> => {
    try {
      connected = connect(await load(wasmUrl()), options, report);
      waiting?.forEach(call);
    } catch (error) {
      report('load_failed', error);
    }
    waiting = undefined;
  };

  return {
    init(options: Options): void {
      const tell = reporter(options ?? {});
      if (typeof options?.writeKey !== 'string' || typeof options.endpoint !== 'string') {
        tell('invalid_options', 'init needs writeKey and endpoint');
      } else if (ready) {
        tell('already_started', 'init was called before');
      } else {
        report = tell;
        ready = start({ ...options, endpoint: options.endpoint.replace(/\/+$/, '') });
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
    async flush(): Promise<Flushed> {
      if (!ready) return { ...NOTHING, held: waiting?.length ?? 0 };
      await ready;
      return connected?.flush().catch(() => NOTHING) ?? NOTHING;
    },
  };
}
