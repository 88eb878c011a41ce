// JSON text of whatever a page holds.

/**
 * The JSON text of a value; the word "undefined" for one that has none. Half of a surrogate
 * pair, which no text can hold and every part would refuse, becomes U+FFFD, as it
 * does wherever text is encoded: JSON.stringify escapes such halves and nothing
 * else in that range.
 */
export const json = (value) => {
  // What a page gives every object to write itself by is not ours, and may throw.
  const own = Object.getOwnPropertyDescriptor(Object.prototype, 'toJSON');
  if (own) delete Object.prototype.toJSON;
  try {
    return `${JSON.stringify(value)}`.replace(/\\ud[89a-f]../g, '\\ufffd');
  } finally {
    if (own) Object.defineProperty(Object.prototype, 'toJSON', own);
  }
};
