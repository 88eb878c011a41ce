// A scenario is a page with a comment at its head: what kind of widget it shows, what a
// careful human would say of the person's visit, which part of the set it is in, and
// what the person does, a line a step (person.js).

import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../pages');

/**
 * The parts of the set: pages that were looked at while rules were made, pages that were not, and pages
 * by somebody who had seen neither the rules nor what they are made of.
 */
export const PARTS = ['tuned', 'held-out', 'blind'];

/** What is judged; each page says of each kind whether it is there. */
export const KINDS = ['rage', 'dead', 'error', 'slow', 'thrash', 'back', 'abandoned'];

const read = (file) => {
  const html = readFileSync(join(folder, file), 'utf8');
  const head = /^<!--\n([\s\S]*?)\n-->/.exec(html)?.[1];
  if (!head) throw new Error(`${file} begins with no comment that describes it`);
  const lines = head.split('\n');
  const value = (name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2).trim();
  const says = (value('says') ?? 'nothing').split(' ').filter((kind) => kind !== 'nothing');
  const unknown = says.find((kind) => !KINDS.includes(kind));
  if (unknown) throw new Error(`${file} says ${unknown}, which is no kind`);
  return {
    name: file.replace('.html', ''),
    widget: value('widget'),
    because: value('because'),
    half: value('half'),
    says,
    steps: lines.filter((line) => line.startsWith('- ')).map((line) => line.slice(2)),
    html,
  };
};

export const scenarios = readdirSync(folder).filter((file) => file.endsWith('.html')).sort().map(read);
