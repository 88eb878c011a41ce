// The public surface: what a page may say, and what it hears back.

import type { Events, Track } from './generated/events.js';

export type { EventName, Events } from './generated/events.js';

/** What the visitor decided. A member that is absent is not decided yet. */
export interface Consent {
  /** Measurement of behaviour. Nothing leaves the page before it is `true`. */
  analytics?: boolean;
  /** Use for advertising. */
  ads?: boolean;
}

/** What the site says about consent at the start. */
export interface ConsentOptions extends Consent {
  /** `cookieless` measures those who have not granted, without any id; the site must allow it. */
  mode?: 'full' | 'cookieless';
  /** Where the visitor is, as an ISO 3166 code: `US-CA`. Not known is opt-in. */
  region?: string;
  /** Regions where nothing is measured before a grant; they win over `optOutRegions`. */
  optInRegions?: readonly string[];
  /** Regions where analytics hold until a denial. */
  optOutRegions?: readonly string[];
  /** The site's own number among TCF's vendors, where it has one. */
  vendor?: number;
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

/** Thresholds of struggle, and what is exempt from it. */
export interface Struggle {
  /** A CSS selector: clicks in there are never judged. Beside `data-tidemark="no-struggle"`. */
  exempt?: string;
  /** Unanswered clicks in a series; 3. */
  rageClicks?: number;
  /** The longest pause inside of a series; 1000. */
  rageGapMs?: number;
  /** How far apart its clicks may lie; 30. */
  rageRadiusPx?: number;
  /** A later answer does not help a person who clicks again; 1000. */
  answerMs?: number;
  /** What is taken back sooner is no answer; 700. */
  momentMs?: number;
  /** A control without an answer for so long is dead; 2000. */
  deadMs?: number;
  /** A later answer withdraws nothing; 10000. */
  slowMs?: number;
  /** From a click to an error that it caused; 1000. */
  errorMs?: number;
  /** Turns of a pointer that is shaken; 8. */
  thrashTurns?: number;
  /** A page that is left for the one before within this is a wrong turn; 7000. */
  backMs?: number;
  /** A form at which nothing more is done for so long is left; 900000. */
  abandonMs?: number;
}

/** What `init` takes. */
export interface Options {
  /** The site's public key. */
  writeKey: string;
  /** The origin that receives, such as `https://events.example.com`. */
  endpoint: string;
  /** The decision, where it is known already, and what holds without one. */
  consent?: ConsentOptions;
  /** The longest that an event waits for company, in milliseconds; 5000 by default. */
  flushIntervalMs?: number;
  /** Events in one batch, at most; 100 by default. */
  maxBatchEvents?: number;
  /**
   * What is captured without a call. What is not said here the site's settings may say.
   * Off unless one of them switches it on, and loaded apart, is what says so; all else is on.
   * docs/capture.md has what each part records.
   */
  capture?: {
    pages?: boolean;
    /** How long a page was seen, and how far down. */
    leaves?: boolean;
    clicks?: boolean;
    /** Errors and rejections that nothing caught, and files that did not load. */
    errors?: boolean;
    /** Forms that are begun and submitted; never what is typed. Loaded apart. */
    forms?: boolean;
    /** Links that lead out of the site. Loaded apart. */
    links?: boolean;
    /** Files that are followed to. Loaded apart. */
    downloads?: boolean;
    /** Audio and video. Loaded apart. */
    media?: boolean;
    /** What happens inside of frames of the page's origin. Loaded apart. */
    frames?: boolean;
    /** Once a page, what the SDK could not see or do. Loaded apart. */
    health?: boolean;
    /** Core Web Vitals. Loaded apart. */
    vitals?: boolean;
    rageClicks?: boolean;
    /** Dead clicks, and the slow ones that withdraw them. */
    deadClicks?: boolean;
    errorClicks?: boolean;
    /** A pointer that is shaken to and fro. */
    cursor?: boolean;
    /** Pages that are left at once for the one before. */
    backtracks?: boolean;
    /** Forms that are begun and left. Loaded apart. */
    abandonedForms?: boolean;
  };
  /** What separates struggle from use; docs/struggle.md has the defaults and their reasons. */
  struggle?: Struggle;
  /** The application that the page belongs to. */
  app?: { version?: string; environment?: string };
  /** The tag manager's container that loaded the SDK. */
  gtm?: { containerId?: string };
  /** The share of visitors that is measured, from 0 to 1; everybody by default. */
  sampleRate?: number;
  /** Whether batches over 4 KB are compressed; they are, unless `false`, where the browser can. */
  gzip?: boolean;
  /**
   * Takes the engine's JavaScript twin at once, which is larger and slower. Without it the
   * twin is taken where wasm is refused, after one report to the page's security policy.
   */
  twin?: boolean;
  /**
   * Loads the inspector: a panel in the page that shows what becomes of each event, and
   * lines in the console that tell what is wrong with one. For developers: it weighs more
   * than the SDK, is loaded at once, also before consent, and needs WebAssembly.
   */
  debug?: boolean;
  /** Sees each event before it leaves: what it returns goes, nothing keeps it back. */
  beforeSend?: (event: SentEvent) => SentEvent | null | undefined;
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
  | 'invalid_user_id'
  | 'storage_failed'
  | 'unknown_write_key'
  | 'origin_not_allowed'
  | 'internal';

/** What went wrong, for a developer to read and a program to match. */
export interface TidemarkError extends Error {
  readonly code: ErrorCode;
}

/** What a turn of a voice conversation measured, in milliseconds. */
export interface VoiceMetrics {
  readonly firstResponseMs?: number;
  readonly bargeInMs?: number;
  readonly asrLatencyMs?: number;
  readonly sessionId?: string;
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
  /** Takes the visitor's wish that nothing at all is measured. It is kept. */
  optOut(): void;
  /** Takes that back, and grants analytics. */
  optIn(): void;
  /** Takes who the visitor is, from now on. An id that is personal data is hashed first. */
  identify(userId: string): void;
  /** Forgets who the visitor was: new ids, no registered attributes. */
  reset(): void;
  /** Adds attributes to every event that is tracked on this page from now on. */
  register(attributes: Attributes): void;
  /** Begins to measure: the next `track` of that name has `duration_ms`. */
  timeEvent(name: string): void;
  /** Takes what a turn of a voice conversation measured: an event a figure. */
  trackVoiceMetrics(metrics: VoiceMetrics): void;
  /** Takes that the assistant ran a tool. */
  trackToolExecution(tool: string, category: string, ms: number, success: boolean, conversationId?: string): void;
  /** Takes that the knowledge base was searched. */
  trackKBSearch(query: string, results: number, ms: number, topScore?: number, conversationId?: string): void;
  /** Takes a message of a chat. */
  trackChat(message: Events['chat_interaction']): void;
  /** Sends what may leave and tells what became of it. */
  flush(): Promise<Flushed>;
}
