// Answers that leave no trace in a document: dialogs, tabs and downloads, sound, the
// clipboard, what is drawn. The functions that make them are listened to while a click
// is pending, and are the page's own again after it. A page that replaces one meanwhile
// keeps its own.

import { blind } from './blind.js';

const AWAY = 6;
const MEDIA = 7;
const SELECTION = 5;
const DRAWS = 'clearRect fillRect fill stroke fillText drawImage putImageData drawArrays drawElements';

/**
 * @param {(what: number) => void} answered
 * @param {(timer: unknown, args: unknown[]) => void} cause hears of timers, and may put another call into theirs
 * @param {(canvas: Element) => void} drawn
 * @returns {() => void} takes the hooks away
 */
export const hookAnswers = (answered, cause, drawn) => {
  const undo = [];
  const hook = (owner, names, told) => {
    for (const name of names.split(' ')) {
      const original = owner?.[name];
      if (typeof original !== 'function') continue;
      const ours = function (...args) {
        if (told.call) told(this, args);
        else answered(told);
        return original.apply(this, args);
      };
      try {
        owner[name] = ours;
        undo.push(() => {
          if (owner[name] === ours) owner[name] = original;
        });
      } catch {
        // A frozen one stays as it is.
        blind.add('frozen_prototype');
      }
    }
  };
  const hookAll = (name, names, told) => hook(window[name]?.prototype, names, told);
  hook(window, 'setTimeout setInterval requestAnimationFrame', cause);
  hook(window, 'alert confirm prompt open print', AWAY);
  hookAll('Element', 'requestFullscreen', AWAY);
  // What is as before when it ends was a moment's.
  hookAll('Element', 'animate', (element, [, how]) => how?.fill && drawn(element));
  hookAll('HTMLElement', 'click', (element) => element.matches('a,input') && answered(AWAY));
  hookAll('HTMLMediaElement', 'play pause', MEDIA);
  hookAll('AudioScheduledSourceNode', 'start', MEDIA);
  hookAll('Clipboard', 'writeText write', SELECTION);
  for (const name of ['CanvasRenderingContext2D', 'WebGLRenderingContext', 'WebGL2RenderingContext']) {
    hookAll(name, DRAWS, ({ canvas }) => canvas instanceof Element && drawn(canvas));
  }
  return () => undo.forEach((one) => one());
};
