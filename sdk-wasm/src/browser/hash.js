// SHA-256, for a user_id that is personal data: in the page, and at once, because
// what is tracked next is that user's already (crypto.subtle answers later, and not
// at all on a page without TLS).
//
// Source: FIPS 180-4. Its constants are the first 32 bits behind the point of the
// square and cube roots of the first primes, and are made here instead of carried.

const fraction = (root) => ((root % 1) * 2 ** 32) | 0;

const roundConstants = () => {
  const start = [];
  const rounds = [];
  for (let candidate = 2; rounds.length < 64; candidate++) {
    let divisor = 2;
    while (candidate % divisor) divisor++;
    if (divisor < candidate) continue;
    if (start.length < 8) start.push(fraction(candidate ** 0.5));
    rounds.push(fraction(Math.cbrt(candidate)));
  }
  return [start, rounds];
};

const turn = (word, bits) => (word >>> bits) | (word << (32 - bits));

/** The digest of a text's UTF-8, in hex. */
export const sha256 = (text) => {
  const [state, rounds] = roundConstants();
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array(((bytes.length + 72) >> 6) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  const words = new Int32Array(64);
  for (let block = 0; block < padded.length; block += 64) {
    let [a, b, c, d, e, f, g, h] = state;
    for (let at = 0; at < 64; at++) {
      if (at < 16) words[at] = view.getInt32(block + at * 4);
      else {
        const [far, near] = [words[at - 15], words[at - 2]];
        words[at] =
          words[at - 16] +
          (turn(far, 7) ^ turn(far, 18) ^ (far >>> 3)) +
          words[at - 7] +
          (turn(near, 17) ^ turn(near, 19) ^ (near >>> 10));
      }
      const mixed =
        h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + rounds[at] + words[at];
      const majority = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + mixed) | 0, c, b, a, (mixed + majority) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, at) => {
      state[at] = (state[at] + word) | 0;
    });
  }
  return state.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
};
