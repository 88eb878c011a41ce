// What npm/web's stub calls of early.js.

/** Sends what was tracked by one plain beacon; names, attributes as JSON text, times. */
export declare function sendEarly(url: string, tracked: [string, string, number][], ads?: boolean): boolean;
