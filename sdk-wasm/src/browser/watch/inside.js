// Clicks of one frame. The build makes this file and what it imports into a function of a
// window, `view`: what is global in them is that window's. Timers alone are the page's,
// because a frame may go while one runs.

import { listens } from '../listen.js';
import { blind } from './blind.js';
import { watchClicks } from './clicks.js';

/**
 * Watches clicks and the pointer.
 * @param {(spot: string) => void} tellBlind hears what cannot be seen
 * @returns {Function[]} what listens anew, then press, release and wait: see clicks.js
 */
export const watchInside = (enter, run, sync, first, wants, exempt, tellBlind) => {
  blind.add = tellBlind;
  const told = () => wants('clicks');
  const { lookedOn } = watchClicks(enter, run, sync, first, { isOpen: () => true, told, exempt, thrash: wants('cursor') });
  return [() => listens.forEach((add) => add()), ...lookedOn];
};
