// What is captured beyond pages, clicks, errors and struggle: a file of its own, loaded
// where one of its parts is switched on.

import { watchForms } from './forms.js';
import { watchFrames } from './frames.js';
import { watchHealth } from './health.js';
import { watchLinks } from './links.js';
import { watchMedia } from './media.js';
import { watchRoots } from './roots.js';

/** Who did nothing more for so long has left a form: half of what ends a visit (GA4, PostHog). */
const ABANDON_MS = 900_000;

/**
 * Watches from now on. What it returns hears that the page, or a route of it, is left.
 * @param {object} page what page.js lends; by names that the build does not shorten, each file by itself
 * @returns {((kind: string) => void)[]}
 */
export const watchMore = (page) => {
  const { enter, run, tell, wants, syncPage, errors, blind, countAll, listens, options, settings } = page;
  const idleMs = () => options.struggle.abandonMs ?? settings.struggle?.abandonMs ?? ABANDON_MS;
  const forms = watchForms(enter, run, tell, options.endpoint, idleMs);
  const frames = wants('frames') ? watchFrames(page) : undefined;
  const parts = [forms, watchLinks(run, tell), watchMedia(tell), errors, ...(frames ? [frames.parts] : [])];
  listens.push(watchRoots(parts, run, syncPage, blind, frames?.enter));
  return [forms.left, watchHealth(tell, blind, countAll)];
};
