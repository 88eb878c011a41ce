// Reports audio and video that is played, paused, ended. What plays by itself and
// without sound is decoration.

import { nameOf, selectorOf } from './describe.js';

const EVENTS = { play: 'played', pause: 'paused', ended: 'ended' };

export const watchMedia = (tell) => {
  const begun = new WeakMap();
  const heard = ({ type }, media) => {
    const { localName, currentSrc, currentTime, duration, muted, autoplay, loop, ended } = media;
    // At its end a medium is paused as well.
    if (!(currentTime >= 0) || (muted && (autoplay || loop)) || (type === 'pause' && ended)) return;
    const now = performance.now();
    const ms = (seconds) => (seconds < Infinity ? Math.round(seconds * 1000) : undefined);
    const isPlay = type === 'play';
    tell('media', `media.${EVENTS[type]}`, {
      'media.kind': localName,
      selector: selectorOf(media),
      'media.title': nameOf(media) || undefined,
      'url.full': /^http/.test(currentSrc) ? currentSrc.split(/[?#]/)[0] : undefined,
      'media.position_ms': ms(currentTime),
      'media.duration_ms': ms(duration),
      'media.played_ms': isPlay ? undefined : Math.round(now - (begun.get(media) ?? now)),
    });
    if (isPlay) begun.set(media, now);
  };
  return { play: heard, pause: heard, ended: heard };
};
