// Writes list.txt from a release of crawler-user-agents:
//
//   npm pack crawler-user-agents@VERSION && tar xzf crawler-user-agents-VERSION.tgz
//   node edge-worker/crawlers/update.mjs package
//
// The release's patterns are regular expressions of a simple kind. Here they become plain texts, so that the
// edge needs no engine for them: classes of letters and alternatives are written out, anchors stay (`^`, `$`),
// and what cannot be written out is told and left out.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const [folder] = process.argv.slice(2);
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const crawlers = JSON.parse(readFileSync(join(folder, 'crawler-user-agents.json'), 'utf8'));

/** The alternatives of a pattern outside of parentheses. */
function alternatives(pattern) {
  const parts = [''];
  let depth = 0;
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern[at];
    if (sign === '\\') {
      parts[parts.length - 1] += sign + pattern[(at += 1)];
      continue;
    }
    depth += sign === '(' ? 1 : sign === ')' ? -1 : 0;
    if (sign === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += sign;
  }
  return parts;
}

/** Every text that a pattern stands for; `null` when they cannot be written out. */
function texts(pattern) {
  let out = [''];
  const append = (choices) => (out = out.flatMap((text) => choices.map((choice) => text + choice)));
  for (let at = 0; at < pattern.length; at += 1) {
    const sign = pattern[at];
    if (sign === '\\') {
      const escaped = pattern[(at += 1)];
      if (/[a-zA-Z0-9]/.test(escaped)) return null;
      append([escaped]);
    } else if (sign === '[') {
      const end = pattern.indexOf(']', at);
      const letters = pattern.slice(at + 1, end);
      if (!/^[a-zA-Z]+$/.test(letters)) return null;
      append([...letters]);
      at = end;
    } else if (sign === '(') {
      const end = pattern.indexOf(')', at);
      const inner = alternatives(pattern.slice(at + 1, end)).map(texts);
      if (inner.includes(null)) return null;
      append(inner.flat());
      at = end;
    } else if ('*+?{'.includes(sign)) {
      return null;
    } else {
      append([sign]);
    }
  }
  return out;
}

const list = new Set();
for (const { pattern } of crawlers) {
  const found = alternatives(pattern).map(texts);
  if (found.includes(null)) console.log(`left out: ${pattern}`);
  else for (const text of found.flat()) list.add(text);
}
const head = `# Automated clients, from crawler-user-agents ${version} (MIT, LICENSE beside this file). Written by update.mjs.\n`;
writeFileSync(fileURLToPath(new URL('list.txt', import.meta.url)), `${head}${[...list].sort().join('\n')}\n`);
