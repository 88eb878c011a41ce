// The entry for bundlers: the module lies beside this file, where they find it.

import { createClient } from './client.js';
import type { Tidemark } from './types.js';

export type * from './types.js';

const client = createClient({
  wasm: () => new URL('./tidemark.wasm', import.meta.url),
  // As an address: a bundler copies the file, and does not make it part of what is loaded.
  // The build adds what tells bundlers so.
  twin: () => import(new URL('./tidemark.twin.js', import.meta.url).href),
  capture: () => import(new URL('./tidemark.capture.js', import.meta.url).href),
  vitals: () => import(new URL('./tidemark.vitals.js', import.meta.url).href),
  inspector: () => import(new URL('./tidemark.inspector.js', import.meta.url).href),
});

export const init: Tidemark['init'] = client.init;
export const track: Tidemark['track'] = client.track;
export const page: Tidemark['page'] = client.page;
export const setConsent: Tidemark['setConsent'] = client.setConsent;
export const optOut: Tidemark['optOut'] = client.optOut;
export const optIn: Tidemark['optIn'] = client.optIn;
export const identify: Tidemark['identify'] = client.identify;
export const reset: Tidemark['reset'] = client.reset;
export const register: Tidemark['register'] = client.register;
export const timeEvent: Tidemark['timeEvent'] = client.timeEvent;
export const trackVoiceMetrics: Tidemark['trackVoiceMetrics'] = client.trackVoiceMetrics;
export const trackToolExecution: Tidemark['trackToolExecution'] = client.trackToolExecution;
export const trackKBSearch: Tidemark['trackKBSearch'] = client.trackKBSearch;
export const trackChat: Tidemark['trackChat'] = client.trackChat;
export const flush: Tidemark['flush'] = client.flush;
