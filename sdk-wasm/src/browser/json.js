// JSON text of whatever a page holds.

/**
 * The JSON text of a value; the word "undefined" for one that has none. Half of a surrogate
 * pair, which no text can hold and every part would refuse, becomes U+FFFD, as it
 * does wherever text is encoded: JSON.stringify escapes such halves and nothing
 * else in that range.
 */
export const json = (value) => `${JSON.stringify(value)}`.replace(/\\ud[89a-f]../g, '\\ufffd');
