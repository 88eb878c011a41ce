// Answers that leave no trace in a document: dialogs, tabs and downloads, sound, the
// clipboard, what is drawn. The functions that make them are listened to while a click
// is pending, and are the page's own again after it. A page that replaces one meanwhile
// keeps its own.

import { blind } from './blind.js';

const AWAY = 6;
const MEDIA = 7;
const SELECTION = 5;
const CONTEXTS = ['WebGL2RenderingContext', 'WebGLRenderingContext', 'CanvasRenderingContext2D'];
const DRAWS = 'stroke fill drawElements fillText putImageData clearRect drawArrays fillRect drawImage';

/**
 * @param {(what: number) => void} answered
 * @param {(timer: unknown, args: unknown[]) => void} cause hears of timers, and may put another call into theirs
 * @param {(canvas: Element) => void} drawn
 * @param {boolean} isDrawnOn whether the page has a canvas
 * @returns {() => void} takes the hooks away
 */
export const hookAnswers = (answered, cause, drawn, isDrawnOn) => {
  const undo = [];
  const hook = (owner, names, told) => {
    for (const name of names.split(' ')) {
      const original = owner?.[name];
      if (!original) continue;
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
  hook(window, 'open prompt print alert confirm', AWAY);
  hookAll('Element', 'requestFullscreen', AWAY);
  // What is as before when it ends was a moment's.
  hookAll('Element', 'animate', (element, [, how]) => how?.fill && drawn(element));
  hookAll('HTMLElement', 'click', (element) => element.matches('a,input') && answered(AWAY));
  hookAll('HTMLMediaElement', 'play pause', MEDIA);
  hookAll('AudioScheduledSourceNode', 'start', MEDIA);
  hookAll('SpeechSynthesis', 'speak', MEDIA);
  hookAll('Clipboard', 'writeText write', SELECTION);
  // Of what it hooks of WebGL a browser has nothing ready: that takes it milliseconds.
  for (const name of isDrawnOn ? CONTEXTS : []) hookAll(name, DRAWS, ({ canvas }) => canvas instanceof Element && drawn(canvas));
  return () => undo.forEach((one) => one());
};
