// One client a page. Whatever a page hands in, nothing is thrown back into it.

import { connect } from 'tidemark-engine';
import { createPage } from '../../../sdk-wasm/src/browser/page.js';
import { load } from './load.js';
import { type Chosen, readOptions } from './options.js';
import { reporter } from './report.js';
import type { Attributes, Consent, Flushed, Options, Tidemark } from './types.js';

const NOTHING: Flushed = { sent: 0, accepted: 0, duplicate: 0, rejected: 0, dropped: 0, held: 0 };

/** Makes the client; `wasmUrl` is where the module lies, asked for at the first grant. */
export function createClient(wasmUrl: () => string | URL): Tidemark {
  let report = reporter({});
  let started = false;
  const engine = createPage<Chosen, Flushed>(
    async () => connect(await load(wasmUrl())),
    (code, detail) => report(code, detail),
  );
  const contain = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      report('internal', error);
    }
  };

  return {
    init(options: Options): void {
      const tell = reporter(options ?? {});
      try {
        if (started) return tell('already_started', 'init was called before');
        const chosen = readOptions(options, (detail) => tell('invalid_options', detail));
        if (!chosen) return;
        started = true;
        report = tell;
        engine.start(chosen);
      } catch (error) {
        tell('invalid_options', error);
      }
    },
    track(name: string, attributes?: Attributes): void {
      contain(() => engine.track(name, attributes, Date.now()));
    },
    page(): void {
      contain(() => engine.track('page.viewed', undefined, Date.now()));
    },
    setConsent(consent: Consent): void {
      contain(() => {
        if (Object(consent) === consent) engine.setConsent(consent);
        else report('invalid_options', 'setConsent needs an object');
      });
    },
    flush(): Promise<Flushed> {
      return engine.flush().catch((error: unknown) => {
        report('internal', error);
        return NOTHING;
      });
    },
  };
}
