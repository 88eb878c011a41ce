// What the site tells its pages: thresholds, exemptions, switches.
//
// Asked once a page, when something may leave (it is a request), beside everything
// else: nothing waits for it, and without an answer all is as built. The edge lets a
// browser keep the answer for five minutes. It stays in memory.

/** Resolves to what the site says; to nothing where it says nothing or cannot be asked. */
export const askSettings = async ({ endpoint, writeKey }) => {
  try {
    const key = encodeURIComponent(writeKey);
    const response = await fetch(`${endpoint}/v1/site-settings?write_key=${key}`, { credentials: 'omit' });
    const told = response.ok && (await response.json());
    return Object(told) === told ? told : {};
  } catch {
    return {};
  }
};
