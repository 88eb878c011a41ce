// The entry for servers, workers and tests: the same functions, and silence.

import type { Flushed, Tidemark } from './types.js';

const nothing = (): void => {};

export const init: Tidemark['init'] = nothing;
export const track: Tidemark['track'] = nothing;
export const page: Tidemark['page'] = nothing;
export const setConsent: Tidemark['setConsent'] = nothing;
export const optOut: Tidemark['optOut'] = nothing;
export const optIn: Tidemark['optIn'] = nothing;
export const identify: Tidemark['identify'] = nothing;
export const reset: Tidemark['reset'] = nothing;
export const register: Tidemark['register'] = nothing;
export const timeEvent: Tidemark['timeEvent'] = nothing;
export const trackVoiceMetrics: Tidemark['trackVoiceMetrics'] = nothing;
export const trackToolExecution: Tidemark['trackToolExecution'] = nothing;
export const trackKBSearch: Tidemark['trackKBSearch'] = nothing;
export const trackChat: Tidemark['trackChat'] = nothing;
export const flush = (): Promise<Flushed> =>
  Promise.resolve({ sent: 0, accepted: 0, duplicate: 0, rejected: 0, dropped: 0, held: 0 });
