// What is captured beyond pages, clicks, errors and struggle: a file of its own, loaded
// where one of its parts is switched on.

import { watchForms } from './forms.js';
import { watchFrames } from './frames.js';
import { watchHealth } from './health.js';
import { watchLinks } from './links.js';
import { watchMedia } from './media.js';
import { watchRoots } from './roots.js';

/**
 * Watches from now on. What it returns hears that the page, or a route of it, is left.
 * @param {object} page what page.js lends; by names that the build does not shorten, each file by itself
 * @returns {((kind: string) => void)[]}
 */
export const watchMore = ({ enter, run, tell, wants, syncPage, errors, blind, countAll, endpoint, idleMs }) => {
  const forms = watchForms(enter, run, tell, endpoint, idleMs);
  const parts = [forms, watchLinks(run, tell), watchMedia(tell), errors, watchFrames(tell)];
  watchRoots(parts, run, syncPage, blind, wants('frames'));
  return [forms.left, watchHealth(tell, blind, countAll)];
};
