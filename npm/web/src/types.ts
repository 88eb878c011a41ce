// The public surface: what a page may say, and what it hears back.

import type { Track } from './generated/events.js';

export type { EventName, Events } from './generated/events.js';

/** What the visitor decided. A member that is absent is not decided yet. */
export interface Consent {
  /** Measurement of behaviour. Nothing leaves the page before it is `true`. */
  analytics?: boolean;
  /** Use for advertising. */
  ads?: boolean;
}

/** A JSON value, as attributes may hold it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** An event's own data: a JSON object. */
export type Attributes = { readonly [key: string]: Json | undefined };

/** The server's answer to one batch: a verdict an event, in order. */
export interface Answer {
  readonly batch_id: string | null;
  readonly verdicts: readonly EventVerdict[];
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly dropped: number;
}

/** What became of one event. */
export interface EventVerdict {
  readonly event_id: string | null;
  readonly verdict: 'accepted' | 'duplicate' | 'rejected' | 'dropped';
  /** Why it was rejected or dropped; stable. */
  readonly code?: string;
  /** The same in words. */
  readonly detail?: string;
  /** Where in the event, as a JSON pointer. */
  readonly pointer?: string;
}

/** An event as it was sent. */
export interface SentEvent {
  readonly event_id: string;
  readonly event_name: string;
  readonly occurred_at: string;
  readonly attributes: Attributes;
  readonly [member: string]: unknown;
}

/** What `init` takes. */
export interface Options {
  /** The site's public key. */
  writeKey: string;
  /** The origin that receives, such as `https://events.example.com`. */
  endpoint: string;
  /** The decision, where it is known already. */
  consent?: Consent;
  /** The longest that an event waits for company, in milliseconds; 5000 by default. */
  flushIntervalMs?: number;
  /** Events in one batch, at most; 100 by default. */
  maxBatchEvents?: number;
  /** What is captured without a call; everything by default. */
  capture?: { pages?: boolean; clicks?: boolean; rageClicks?: boolean };
  /** The application that the page belongs to. */
  app?: { version?: string; environment?: string };
  /** The tag manager's container that loaded the SDK. */
  gtm?: { containerId?: string };
  /** Hears each batch's answer, with the events as they were sent. */
  onVerdicts?: (answer: Answer, events: readonly SentEvent[]) => void;
  /** Hears what went wrong. Nothing is ever thrown into the page. */
  onError?: (error: TidemarkError) => void;
}

/** What became of events since the flush before: each is counted once. */
export interface Flushed {
  /** Events that left the page. */
  readonly sent: number;
  readonly accepted: number;
  readonly duplicate: number;
  readonly rejected: number;
  readonly dropped: number;
  /** Events that still wait: for consent, or for another attempt. */
  readonly held: number;
}

/** Stable names of what can go wrong in the page. */
export type ErrorCode =
  | 'invalid_options'
  | 'invalid_event_name'
  | 'invalid_attributes'
  | 'event_too_large'
  | 'already_started'
  | 'load_failed'
  | 'unknown_write_key'
  | 'origin_not_allowed'
  | 'internal';

/** What went wrong, for a developer to read and a program to match. */
export interface TidemarkError extends Error {
  readonly code: ErrorCode;
}

/** The SDK's functions; none of them throws. */
export interface Tidemark {
  /** Starts, once a page. What was called before waits for it. */
  init(options: Options): void;
  /** Takes an event: one of the catalogue, its attributes checked, or one of your own. */
  track: Track;
  /** Takes that a page is viewed, for routers that change no path. */
  page(): void;
  /** Takes the visitor's decision. A member that is absent stays as it was. */
  setConsent(consent: Consent): void;
  /** Sends what may leave and tells what became of it. */
  flush(): Promise<Flushed>;
}
