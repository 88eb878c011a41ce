// What `init` was given, read once: what cannot be used is told and replaced by
// its default, so that a slip in one option does not cost the others.

import type { Options } from './types.js';

/** Options with nothing left out. */
export type Chosen = Required<Pick<Options, 'writeKey' | 'endpoint' | 'consent' | 'capture' | 'struggle' | 'app' | 'gtm'>> &
  Pick<Options, 'onVerdicts' | 'beforeSend' | 'gzip'> & {
    flushIntervalMs: number;
    maxBatchEvents: number;
    sampleRate: number;
    twin: boolean;
    /** Hears each step of each event, where an inspector was asked for. */
    step?: (...of: unknown[]) => void;
  };

/** Reads the options; nothing when they name no key or no endpoint. */
export function readOptions(options: Options, refuse: (detail: string) => void): Chosen | undefined {
  const { writeKey, endpoint, onVerdicts, beforeSend, gzip } = options ?? {};
  if (typeof writeKey !== 'string' || typeof endpoint !== 'string') {
    refuse('init needs writeKey and endpoint');
    return;
  }
  const part = (name: 'consent' | 'capture' | 'struggle' | 'app' | 'gtm'): object => {
    const value: unknown = options[name];
    if (value !== undefined && Object(value) !== value) refuse(`${name} is no object`);
    return { ...(value as object) };
  };
  const number = (
    name: 'flushIntervalMs' | 'maxBatchEvents' | 'sampleRate',
    min: number,
    max: number,
    usual: number,
  ): number => {
    const value: unknown = options[name] ?? usual;
    if (Number.isFinite(value) && (value as number) >= min) return Math.min(value as number, max);
    refuse(`${name} is no number from ${min}`);
    return usual;
  };
  return {
    writeKey,
    endpoint: endpoint.replace(/\/+$/, ''),
    ...(onVerdicts && { onVerdicts }),
    ...(beforeSend && { beforeSend }),
    twin: !!options.twin,
    gzip: gzip !== false && 'CompressionStream' in globalThis,
    consent: part('consent'),
    capture: part('capture'),
    struggle: part('struggle'),
    app: part('app'),
    gtm: part('gtm'),
    // A day; and as many events as the server takes.
    flushIntervalMs: number('flushIntervalMs', 0, 86_400_000, 5000),
    maxBatchEvents: number('maxBatchEvents', 1, 500, 100),
    sampleRate: number('sampleRate', 0, 1, 1),
  };
}
