// One client a page. Whatever a page hands in, nothing is thrown back into it.

import { connect } from 'tidemark-engine';
import { createPage } from '../../../sdk-wasm/src/browser/page.js';
import { createHelpers } from './helpers.js';
import { load, type Place, type Steps } from './load.js';
import { type Chosen, readOptions } from './options.js';
import { reporter } from './report.js';
import type { Flushed, Options, Tidemark } from './types.js';

const NOTHING: Flushed = { sent: 0, accepted: 0, duplicate: 0, rejected: 0, dropped: 0, held: 0 };

type Call = (...args: never[]) => void;

/** Makes the client; `place` is asked at the first grant. */
export function createClient(place: Place): Tidemark {
  let twin = false;
  let report = reporter({});
  let started = false;
  const engine = createPage<Chosen, Flushed>(
    async () => connect(await load(place, twin)),
    (code, detail) => report(code, detail),
    place,
  );
  const start = (options: Options): void => {
    const tell = reporter(options ?? {});
    try {
      if (started) return tell('already_started', 'init twice');
      const chosen = readOptions(options, (detail) => tell('invalid_options', detail));
      if (!chosen) return;
      started = true;
      report = tell;
      twin = chosen.twin;
      if (options.debug) {
        const steps: Steps = [];
        chosen.step = (...of) => steps.push([Date.now(), ...of]);
        place.inspector().then(({ inspect }) => inspect(steps)).catch((error) => tell('load_failed', error));
      }
      engine.start(chosen);
    } catch (error) {
      tell('invalid_options', error);
    }
  };
  /** What a stub queued brings its own time. */
  const track = (name: string, attributes?: object, at?: number): void =>
    engine.track(name, attributes, typeof at === 'number' ? at : Date.now());
  /** Takes only objects, which is what these functions read. */
  const ofObject =
    (code: string, call: (given: never) => void) =>
    (given: object): void => {
      if (Object(given) === given) call(given as never);
      else report(code, 'it is no object');
    };
  const calls: Record<Exclude<keyof Tidemark, 'flush'>, Call> = {
    init: start,
    track,
    page: () => track('page.viewed'),
    setConsent: ofObject('invalid_options', engine.setConsent),
    optOut: engine.optOut,
    optIn: engine.optIn,
    identify: (user: unknown) => {
      if (typeof user === 'string' && user.trim()) engine.identify(user);
      else report('invalid_user_id', user);
    },
    reset: engine.reset,
    register: ofObject('invalid_attributes', engine.register),
    timeEvent: engine.timeEvent,
    ...createHelpers(track),
  };
  const contained = Object.entries(calls).map(([name, call]) => [
    name,
    (...args: never[]): void => {
      try {
        call(...args);
      } catch (error) {
        report('internal', error);
      }
    },
  ]);
  return {
    ...Object.fromEntries(contained),
    flush: () =>
      engine.flush().catch((error: unknown) => {
        report('internal', error);
        return NOTHING;
      }),
  };
}
