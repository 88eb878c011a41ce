// Precision and recall of what was told, with Wilson's 95 % intervals (1927).

const Z = 1.96;

/** A share of `of`, and the interval in which it lies. */
export const share = (part, of) => {
  if (!of) return { share: 1, low: 0, high: 1, part, of };
  const p = part / of;
  const middle = p + (Z * Z) / (2 * of);
  const spread = Z * Math.sqrt((p * (1 - p)) / of + (Z * Z) / (4 * of * of));
  const whole = 1 + (Z * Z) / of;
  return { share: p, low: (middle - spread) / whole, high: (middle + spread) / whole, part, of };
};

/** Of one kind: what was told and right, and what was there and told. A page counts once. */
export const score = (results, kind) => {
  const has = (list) => list.includes(kind);
  const right = results.filter(({ scenario, told }) => has(scenario.says) && has(told)).length;
  const told = results.filter((result) => has(result.told)).length;
  const there = results.filter(({ scenario }) => has(scenario.says)).length;
  return { precision: share(right, told), recall: share(right, there), there, traps: results.length - there };
};

export const words = ({ share: value, low, high, part, of }) =>
  `${value.toFixed(2)} (${part}/${of}; ${low.toFixed(2)} to ${high.toFixed(2)})`;
