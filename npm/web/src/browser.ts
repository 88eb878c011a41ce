// The entry for bundlers: the module lies beside this file, where they find it.

import { createClient } from './client.js';
import type { Tidemark } from './types.js';

export type * from './types.js';

const client = createClient(() => new URL('./tidemark.wasm', import.meta.url));

export const init: Tidemark['init'] = client.init;
export const track: Tidemark['track'] = client.track;
export const page: Tidemark['page'] = client.page;
export const setConsent: Tidemark['setConsent'] = client.setConsent;
export const flush: Tidemark['flush'] = client.flush;
