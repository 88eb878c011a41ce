// What npm/web calls of page.js.

/** The page's side of the SDK; `Options` and `Flushed` are those of npm/web. */
export interface Page<Options, Flushed> {
  /** Begins to watch. Loads the engine once something may leave. */
  start(options: Options): void;
  track(name: unknown, attributes: unknown, at: number): void;
  setConsent(consent: { analytics?: boolean; ads?: boolean }): void;
  optOut(): void;
  optIn(): void;
  identify(user: string): void;
  reset(): void;
  register(attributes: object): void;
  timeEvent(name: string): void;
  flush(): Promise<Flushed>;
}

/** `load` is called once, at the first grant after `start`; `files` where they are switched on, after that. */
export declare function createPage<Options, Flushed>(
  load: () => Promise<unknown>,
  report: (code: string, detail: unknown) => void,
  files: Record<'capture' | 'vitals', () => Promise<unknown>>,
): Page<Options, Flushed>;
