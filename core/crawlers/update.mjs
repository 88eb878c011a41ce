// Writes ../src/endpoint/agent/list.rs and instances.txt from a release of crawler-user-agents:
//
//   npm pack crawler-user-agents@VERSION && tar xzf crawler-user-agents-VERSION.tgz
//   node core/crawlers/update.mjs package
//
// The release's patterns are regular expressions of a simple kind. Here they become plain texts, so that nobody
// needs an engine for them: classes of letters and alternatives are written out, anchors stay, and what cannot be
// written out is told and left out. instances.txt has the names that the release says each pattern must find.
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

/** What stands for patterns that cannot be written out: shorter texts that name nothing else. */
const BY_HAND = {
  'AdsBot-Google([^-]|$)': ['AdsBot-Google'],
  'BlogTraffic\\/\\d\\.\\d+ Feed-Fetcher': ['BlogTraffic/'],
  'ContextualBot[\\s\\S]*outcomes\\.net': ['ContextualBot'],
  'Spider[\\s\\S]*spider\\.com': ['spider.com'],
};

/** The texts of some crawlers, by where in a name they stand. */
function listOf(crawlers) {
  const found = { inside: new Set(), starts: new Set(), whole: new Set(), ends: new Set() };
  for (const { pattern } of crawlers) {
    const written = BY_HAND[pattern] ? [BY_HAND[pattern]] : alternatives(pattern).map(texts);
    if (written.includes(null)) console.log(`left out: ${pattern}`);
    else {
      for (const text of written.flat()) {
        const [start, end] = [text.startsWith('^'), text.endsWith('$')];
        const kind = start && end ? 'whole' : start ? 'starts' : end ? 'ends' : 'inside';
        found[kind].add(text.slice(start ? 1 : 0, end ? -1 : undefined));
      }
    }
  }
  return found;
}

/** An array of texts in Rust, in the order of their bytes. */
function rust(name, texts) {
  const sorted = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (sorted.length === 0) return `    ${name}: &[],\n`;
  const lines = sorted.map((text) => `        ${JSON.stringify(text)},\n`).join('');
  return `    ${name}: &[\n${lines}    ],\n`;
}

function constant(name, doc, list) {
  const members = Object.entries(list).map(([name, texts]) => rust(name, texts));
  return `\n/// ${doc}\npub(super) static ${name}: List = List {\n${members.join('')}};\n`;
}

const isLibrary = ({ tags = [] }) => tags.includes('http-library');
const head = `//! Names of automated clients, from crawler-user-agents ${version} (MIT: core/crawlers/LICENSE).
//! Written by core/crawlers/update.mjs.
#![cfg_attr(rustfmt, rustfmt_skip)]

use super::crawlers::List;
`;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
writeFileSync(
  here('../src/endpoint/agent/list.rs'),
  head +
    constant('CRAWLERS', 'Robots, crawlers, and browsers that a program drives.', listOf(crawlers.filter((crawler) => !isLibrary(crawler)))) +
    constant('LIBRARIES', 'Libraries of HTTP, with which a server sends as well.', listOf(crawlers.filter(isLibrary))),
);
const names = crawlers.filter((crawler) => !isLibrary(crawler)).flatMap(({ instances }) => instances.slice(0, 1));
const lines = names.filter((name) => !name.includes('\n'));
writeFileSync(here('instances.txt'), `${[...new Set(lines)].join('\n')}\n`);
